"""What a binding declares, and what of it reaches a client."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from rest_framework import serializers
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated

from channels_binding.bindings import AsyncBinding, BaseBinding, Binding, bind
from channels_binding.calls import Call, Reading
from channels_binding.dispatch import perform
from channels_binding.exceptions import Forbidden, Invalid, NotFound
from channels_binding.registry import registry
from tests.conftest import Connect
from tests.project.zoo.models import Cafe, Note, Token

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


def test_the_stream_is_named_after_the_model_unless_it_has_a_name() -> None:
    assert registry.get("zoo.Note").get_stream() == "zoo.Note"
    assert registry.get("zoo.OwnNote").find_model() is Note
    with pytest.raises(ImproperlyConfigured, match="must define 'stream' or 'model'"):
        BaseBinding.get_stream()
    with pytest.raises(ImproperlyConfigured, match="must define 'model' or 'queryset'"):
        BaseBinding.get_model()


async def test_a_hook_may_be_a_coroutine_and_shares_the_transaction(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    made = await socket.call("zoo.Mixed.create", {"title": "mine"})
    assert made["data"]["owner"] == user.pk
    assert await Note.objects.acount() == 2
    refused = await socket.call("zoo.Mixed.create", {"title": "fail"})
    assert refused["error"]["code"] == "forbidden"
    assert await Note.objects.acount() == 2  # what the hook wrote was rolled back with the rest


async def test_a_built_in_action_can_be_overridden_by_a_coroutine_that_awaits_it(connect: Connect, user: Any) -> None:
    note = await Note.objects.acreate(title="x", rank=1)
    socket = await connect(user)
    assert (await socket.call("zoo.Mixed.update", {"id": note.pk, "title": "loud"}))["data"] == {
        "success": True,
        "id": note.pk,
        "shouted": True,
    }
    assert (await socket.call("zoo.Mixed.rows"))["data"] == {"titles": ["LOUD"]}
    assert (await socket.call("zoo.Mixed.save", {"id": note.pk, "title": "again"}))["data"]["shouted"] is True


async def test_actions_that_are_not_offered_are_refused_on_both_ways_in(connect: Connect, user: Any) -> None:
    note = await Note.objects.acreate(title="x")
    socket = await connect(user)
    for action in ("delete", "list", "describe"):
        assert (await socket.call(f"zoo.Mixed.{action}", {"id": note.pk}))["error"]["code"] == "method_not_allowed"
    assert await Note.objects.acount() == 1


async def test_an_event_may_have_permissions_of_its_own(connect: Connect, user: Any, stranger: Any) -> None:
    ann, bob = await connect(user), await connect(stranger)
    assert (await bob.call("zoo.Mixed.for_bob"))["data"] == {"hello": "bob"}
    refused = (await ann.call("zoo.Mixed.for_bob"))["error"]
    assert (refused["code"], refused["message"]) == ("forbidden", "Only bob.")


async def test_who_was_refused_does_not_hear_the_stream(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.call("zoo.Mixed.for_bob")
    from channels_binding.live.outlet import send

    send("zoo.Mixed.news", {"canary": True})
    assert await socket.silent()
    await socket.call("zoo.Mixed.rows")
    send("zoo.Mixed.news", {"heard": True})
    assert (await socket.receive())["data"] == {"heard": True}


@pytest.mark.parametrize(
    ("action", "data", "seen"),
    [
        ("search", {}, ("GET", "list")),
        ("retrieve", {"id": 1}, ("GET", "retrieve")),
        ("create", {}, ("POST", "create")),
        ("update", {"id": 1, "title": "x"}, ("PATCH", "partial_update")),
        ("save", {"id": 1, "title": "x"}, ("PATCH", "partial_update")),
        ("save", {"title": "x"}, ("POST", "create")),
        ("rows", {}, ("POST", "rows")),
    ],
)
async def test_a_permission_class_sees_a_request_as_drf_has_it(
    action: str, data: dict[str, Any], seen: tuple[str, str], connect: Connect, user: Any
) -> None:
    from channels_binding.testing import BindingCommunicator

    socket = BindingCommunicator("/ws/", user=user, headers=[(b"host", b"testserver")])
    await socket.open()
    SeesWhatDrfSees.seen = ()
    await socket.call(f"zoo.Mixed.{action}", data)
    kwargs = {"pk": "1"} if "id" in data else {}  # as DRF's router makes them of a path
    assert SeesWhatDrfSees.seen == (*seen, "ann", kwargs, "testserver")
    await socket.close()


async def test_a_serializer_of_the_project_s_own_decides_what_is_shown_and_written(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    made = await socket.call("zoo.Serialized.create", {"title": "x", "code": "hidden"})
    note = await Note.objects.aget()
    assert made["data"] == {"success": True, "id": note.pk, "title": "x", "shout": "x! ann create"}
    assert note.secret_code == "hidden"
    row = await socket.call("zoo.Serialized.retrieve", {"id": note.pk})
    assert row["data"] == {"id": note.pk, "title": "x", "shout": "x! ann retrieve"}


def test_users_share_an_answer_only_where_nothing_depends_on_who_asks() -> None:
    def audience(cls: Any) -> Any:
        user = type("User", (), {"pk": 7, "is_authenticated": True})()
        return cls(Call(cls.get_stream(), "search", {}, user)).get_audience()

    class Blind(AsyncBinding):
        stream = "zoo.Blind"
        model = Note
        permission_classes = (IsAuthenticated, AllowAny)

    assert audience(Blind) == ("all",)
    for name in ("zoo.OwnNote", "zoo.GuardedNote", "zoo.Mixed", "zoo.Serialized"):
        assert audience(registry.get(name)) == ("user", 7)


@pytest.mark.parametrize("value", [True, None, 1.5, [1], {"a": 1}, "", "x", "١", "1 ", "0x1", "1\n"])
def test_a_key_is_read_strictly(value: Any) -> None:
    binding = registry.get("zoo.Note")(Call("zoo.Note", "retrieve", {}, None))
    with pytest.raises(Invalid):
        binding.key_of({"id": value})


@pytest.mark.parametrize(("stream", "value", "key"), [("zoo.Note", "7", 7), ("zoo.Note", 7, 7), ("zoo.Cafe", "7", 7)])
def test_a_key_may_travel_as_text(stream: str, value: Any, key: Any) -> None:
    assert registry.get(stream)(Call(stream, "retrieve", {}, None)).key_of({"id": value}) == key


@pytest.mark.django_db
def test_a_missing_row_is_not_found_whatever_the_key(user: Any) -> None:
    binding = registry.get("zoo.Token")(Call("zoo.Token", "retrieve", {}, user))
    token = Token.objects.create(name="x")
    assert binding.get_object(token.pk) == token
    with pytest.raises(NotFound):
        registry.get("zoo.Note")(Call("zoo.Note", "retrieve", {}, user)).get_object(2**70)


@pytest.mark.django_db
def test_a_child_of_multi_table_inheritance_shows_its_parent_s_fields(user: Any) -> None:
    cafe = Cafe.objects.create(name="x", seats=3)
    binding = registry.get("zoo.Cafe")(Call("zoo.Cafe", "retrieve", {"id": cafe.pk}, user))
    (row,) = binding.perform("retrieve", {"id": cafe.pk}).rows
    assert binding.decoded(row)["name"] == "x"
    assert binding.decoded(row)["id"] == cafe.pk


@pytest.mark.parametrize("stream", ["zoo.Note", "zoo.GuardedNote"])
def test_rows_are_read_without_instances_only_where_no_permission_looks_at_them(stream: str, user: Any) -> None:
    hidden, shown = Note.objects.create(title="locked"), Note.objects.create(title="open")
    asked = Call(stream, "retrieve", {"ids": [hidden.pk, shown.pk]}, user)
    is_guarded = stream == "zoo.GuardedNote"
    assert registry.get(stream)(asked).sees_every_row() is not is_guarded
    answer = perform(asked)
    assert isinstance(answer, Reading)
    assert [row.pk for row in answer.rows] == ([shown.pk] if is_guarded else [hidden.pk, shown.pk])


def test_a_binding_that_finds_or_serializes_rows_its_own_way_is_asked() -> None:
    class Own(Binding):
        stream = "test.own_way"
        model = Note
        fields = ("id", "title")

        def get_object(self, key: Any, reader: Any = None, *, lock: bool = False) -> Any:
            return Note(pk=key, title="mine")

        def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
            serializer = super().get_serializer(*args, **kwargs)
            serializer.fields.pop("title", None)
            return serializer

    binding = Own(Call("test.own_way", "retrieve", {}, AnonymousUser()))
    reader = binding.make_reader({})
    assert reader.plan is None
    assert binding.get_row(7, reader).body == b'{"id":7}'
