"""What a binding declares, and what of it reaches a client."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser, User
from rest_framework import serializers
from rest_framework.permissions import BasePermission

from channels_binding.bindings import AsyncBinding, Binding, bind
from channels_binding.calls import Call
from channels_binding.exceptions import Forbidden
from channels_binding.registry import registry
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
        type(self).seen = type(self).seen or (
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


def asked(stream: str, action: str = "search", user: Any = None, **data: Any) -> Any:
    return registry.get(stream)(Call(stream, action, data, user or AnonymousUser()))


class Paged(Binding):
    stream = "base.Paged"
    model = Note
    fields = ("id", "title", "labels")
    filterset_fields = {"title": ["exact"], "owner__username": ["exact"], "labels": ["exact"]}
    search_fields = ("title",)
    ordering = ("-rank",)
    query_params = ("tenant",)
    page_size = 20
    max_page_size = 10


def test_what_a_search_takes_is_what_the_class_declares(settings: Any) -> None:
    binding = asked("base.Paged")
    assert (binding.get_page_size(), binding.get_max_page_size()) == (10, 10)
    assert (binding.get_search_fields(), binding.get_ordering(), binding.get_query_params()) == (
        ("title",),
        ("-rank",),
        ("tenant",),
    )
    assert [*binding.get_ordering_fields()] == ["id", "title"], "the shown columns, unless it names others"
    assert binding.get_pagination_class() is None
    assert binding.filter_paths() == {"title", "owner__username", "labels"}
    assert {*binding.get_filterset_class().base_filters} == {"title", "owner__username", "labels"}
    settings.CHANNELS_BINDING = {"DEFAULT_PAGE_SIZE": 7, "MAX_PAGE_SIZE": 9}
    assert (asked("zoo.Label").get_page_size(), asked("zoo.Label").get_max_page_size()) == (7, 9)
    assert asked("zoo.Label").get_filterset_class() is None


def test_a_filterset_of_the_project_names_its_paths() -> None:
    class Declared(Binding):
        stream = "base.Declared"
        model = Note
        filterset_class = registry.get("base.Paged")(Call("base.Paged", "search", {}, None)).get_filterset_class()
        ordering_fields = ("rank",)

    assert Declared.filter_paths() == {"title", "owner__username", "labels"}
    binding = Declared(Call("base.Declared", "search", {}, None))
    assert binding.get_filterset_class() is Declared.filterset_class
    assert binding.get_ordering_fields() == ("rank",)


def test_other_streams_are_asked_for_texts_and_for_what_filters_name() -> None:
    def streams(**data: Any) -> list[str]:
        return [each.get_stream() for each in asked("base.Paged", **data).streams_asked()]

    assert streams() == []
    assert streams(labels=True) == ["zoo.Label"]
    assert streams(filters={"labels": 1, "title": "x"}) == ["zoo.Label"]
    assert streams(labels=True, filters={"labels": 1}) == ["zoo.Label"], "each once"


def test_an_audience_is_everybody_unless_the_answer_may_ask_who_calls() -> None:
    ann, bob = (User(pk=pk, username=name) for pk, name in ((1, "ann"), (2, "bob")))
    assert asked("zoo.Note", user=ann).get_audience() == ("all",)
    own = [asked("zoo.OwnNote", user=user).get_audience() for user in (ann, bob)]
    assert own[0] != own[1]
    assert own[0] == asked("zoo.OwnNote", user=ann).get_audience()


def test_a_handler_that_is_called_from_code_is_told_how_to_reach_clients() -> None:
    binding = asked("base.Paged")
    for send in (binding.reflect, binding.dispatch, binding.broadcast):
        with pytest.raises(RuntimeError, match=r"use channels_binding\.live\.send\(\)"):
            send("x", {})


def test_who_signs_in_is_the_user_of_the_call_its_request_and_what_authenticates_it() -> None:
    class Messages:
        became: Any = None

        def become(self, user: Any) -> None:
            self.became = user

    messages, bob = Messages(), User(pk=2, username="bob")
    call = Call("base.Paged", "enter", {}, User(pk=1, username="ann"), handler_messages=messages)  # type: ignore[arg-type]
    binding = Paged(call)
    assert binding.request.user.username == "ann"
    binding.login(bob, backend="django.contrib.auth.backends.ModelBackend")
    assert messages.became is bob
    assert bob.backend == "django.contrib.auth.backends.ModelBackend"
    assert (binding.user, binding.call.user, binding.request.user) == (bob, bob, bob)
