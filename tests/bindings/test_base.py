"""What a binding declares, and what of it reaches a client."""

import json
from typing import Any

from asgiref.sync import sync_to_async
from rest_framework import serializers
from rest_framework.permissions import BasePermission

from channels_binding.bindings import AsyncBinding, Binding, bind
from channels_binding.exceptions import Forbidden
from tests.conftest import Connect
from tests.project.zoo.models import Note

in_thread = sync_to_async


class IsBob(BasePermission):
    message = "Only bob."

    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user.username == "bob")


class SeesWhatDrfSees(BasePermission):
    """Notes what a permission class of a DRF project would look at."""

    seen: Any = ()

    def has_permission(self, request: Any, view: Any) -> bool:
        type(self).seen = (
            request.method,
            view.action,
            request.user.username,
            view.kwargs,
            request.META.get("HTTP_HOST"),
        )
        return True


class MixedBinding(AsyncBinding):
    """Hooks of both kinds, overridden actions, events with permissions of their own."""

    stream = "zoo.Mixed"
    model = Note
    fields = ("id", "title", "rank", "owner")
    read_only_fields = ("owner",)
    actions = ("retrieve", "search", "create", "update", "save", "form")
    permission_class = SeesWhatDrfSees

    async def get_queryset(self) -> Any:
        self.count = await Note.objects.acount()
        return Note.objects.filter(rank__gte=0)

    async def perform_create(self, serializer: Any) -> None:
        await Note.objects.acreate(title="made on the way")
        await sync_to_async(serializer.save)(owner=self.user)
        if serializer.instance.title == "fail":
            raise Forbidden()

    @bind("update")
    async def update(self, data: dict[str, Any]) -> dict[str, Any]:
        answer = await super().update({**data, "title": data["title"].upper()})
        return {**answer, "shouted": True}

    @bind(permission_classes=[IsBob])
    async def for_bob(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"hello": "bob"}

    @bind("rows")
    async def rows_of_mine(self, data: dict[str, Any]) -> dict[str, Any]:
        reading = await self.search({"live": False, "order": "-rank"})
        return {"titles": [self.decoded(row)["title"] for row in reading.rows]}


class ShortSerializer(serializers.ModelSerializer[Note]):
    shout = serializers.SerializerMethodField()
    code = serializers.CharField(write_only=True, source="secret_code", required=False)

    class Meta:
        model = Note
        fields = ("title", "shout", "code")

    def get_shout(self, note: Note) -> str:
        return f"{note.title}! {self.context['request'].user.username} {self.context['view'].action}"


class SerializedBinding(Binding):
    stream = "zoo.Serialized"
    model = Note
    serializer_class = ShortSerializer


async def test_the_bare_user_binding_shows_a_password_nowhere(connect: Connect, user: Any) -> None:
    modern, seed = await connect(user), await connect(user, modern=False)
    stored = user.password
    heard = [await modern.call(f"zoo.BareUser.{action}#h", {"id": user.pk} if action in ("retrieve", "form") else {})
             for action in ("retrieve", "search", "list", "form", "describe", "subscribe")]  # fmt: skip
    await seed.call("zoo.BareUser.retrieve", {"id": user.pk})
    await seed.call("zoo.BareUser.subscribe", {})

    def change() -> None:
        user.first_name = "Anna"
        user.save()

    await in_thread(change)()
    heard += [await seed.receive(), await seed.receive(), *[await modern.receive() for _ in range(3)]]
    refused = [
        await modern.call("zoo.BareUser.search", {"order": "password"}),
        await modern.call("zoo.BareUser.search", {"filters": {"password__startswith": "m"}}),
        await modern.call("zoo.BareUser.search", {"fields": ["password"]}),
        await modern.call("zoo.BareUser.update", {"id": user.pk, "password": "x"}),
        await modern.call("zoo.BareUser.form", {"id": user.pk, "submit": {"password": "x"}}),
    ]
    assert all(answer["error"]["code"] == "invalid" for answer in refused)
    assert stored not in json.dumps(heard)
    assert "password" not in json.dumps([message.get("data") for message in heard])


async def test_rights_of_an_account_are_not_written_unless_fields_names_them(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    answer = await socket.call("zoo.BareUser.update", {"id": user.pk, "is_superuser": True, "first_name": "A"})
    assert answer["data"]["success"] is True
    await in_thread(user.refresh_from_db)()
    assert (user.is_superuser, user.first_name) == (False, "A")
    form = await socket.call("zoo.BareUser.form", {"id": user.pk})
    assert not {"is_superuser", "groups", "user_permissions"} & {field["name"] for field in form["data"]["fields"]}


async def test_a_hook_may_be_a_coroutine_and_shares_the_transaction(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    made = await socket.call("zoo.Mixed.create", {"title": "mine"})
    assert made["data"]["owner"] == user.pk
    assert await Note.objects.acount() == 2
    refused = await socket.call("zoo.Mixed.create", {"title": "fail"})
    assert refused["error"]["code"] == "forbidden"
    assert await Note.objects.acount() == 2  # what the hook wrote was rolled back with the rest
