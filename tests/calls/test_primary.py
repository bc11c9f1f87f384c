"""With a replica that lags: what is live or may write asks the primary, and so do the checks of who may read it."""

from copy import copy
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from rest_framework.permissions import BasePermission

from channels_binding.calls.primary import asking_primary, is_live, writing
from channels_binding.consumers import AsyncBinding, bind
from channels_binding.live import needs_primary
from channels_binding.live.hub import Hub
from channels_binding.testing import BindingClient
from tests.conftest import Connect
from tests.live.test_hub.shown import in_thread
from tests.project.zoo.models import Label, Note, Precious

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "archive"])


class Replicas:
    """The second database stands for a replica that has nothing yet of these."""

    depends_on_caller = False
    lagging: tuple[type, ...] = (Note, Label, Precious)

    def db_for_read(self, model: Any, **_: Any) -> str | None:
        return "archive" if model in self.lagging and not needs_primary() else "default"

    def db_for_write(self, model: Any, **_: Any) -> str:
        return "default"

    def allow_relation(self, *_: Any, **__: Any) -> bool:
        return True


class AllOfThem(Replicas):
    lagging = (*Replicas.lagging, get_user_model())


class IsListed(BasePermission):
    """A right that is a row."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return Precious.objects.filter(name=request.user.username).exists()


class ReplicatedNoteBinding(AsyncBinding):
    stream = "tests.ReplicatedNote"
    model = Note
    fields = ("id", "title", "labels")
    filterset_fields = ("done",)

    def get_queryset(self) -> Any:
        return Note.objects.exclude(title="hidden")


class ListedNoteBinding(AsyncBinding):
    stream = "tests.ListedNote"
    model = Note
    fields = ("id", "title")
    permission_classes = (IsListed,)


@pytest.mark.parametrize("data", [{}, {"filters": {"done": True}}, {"limit": 1, "order": "-id"}], ids=str)
async def test_live_lists_show_what_is_written(
    data: dict[str, Any], connect: Connect, user: Any, settings: Any
) -> None:
    settings.DATABASE_ROUTERS = [Replicas()]
    await in_thread(Note.objects.create)(title="before", done=True)
    socket = await connect(user)
    live = await socket.live("tests.ReplicatedNote.search#a", data)
    assert [row["title"] for row in live.rows] == ["before"]
    note = await in_thread(Note.objects.create)(title="after", done=True)
    live.apply(await socket.receive())
    assert "after" in [row["title"] for row in live.rows]
    label = await in_thread(Label.objects.create)(name="x")
    await in_thread(note.labels.add)(label)
    live.apply(await socket.receive())
    assert next(row["labels"] for row in live.rows if row["title"] == "after") == [label.pk]
    answer = await socket.call("tests.ReplicatedNote.search", {"live": False})
    assert answer["data"]["rows"] == [], "others are asked of the replica"


async def test_so_do_those_who_subscribe(connect: Connect, user: Any, settings: Any) -> None:
    settings.DATABASE_ROUTERS = [Replicas()]
    note = await in_thread(Note.objects.create)(title="before")
    socket = await connect(user)
    await socket.call("tests.ReplicatedNote.subscribe")
    await in_thread(Note.objects.filter(pk=note.pk).update)(title="after")
    assert (await socket.receive())["data"]["title"] == "after"
    await in_thread(Note.objects.filter(pk=note.pk).update)(title="hidden")
    assert await socket.receive() == {"event": "tests.ReplicatedNote.delete", "data": {"id": note.pk}}


async def test_a_right_that_is_lost_is_not_found_on_a_replica(connect: Connect, user: Any, settings: Any) -> None:
    await in_thread(Precious.objects.using("archive").create)(name=user.username)  # which still has it
    right = await in_thread(Precious.objects.create)(name=user.username)
    settings.DATABASE_ROUTERS = [Replicas()]
    socket = await connect(user)
    await socket.live("tests.ListedNote.search#a")
    await in_thread(right.delete)()
    assert (await socket.receive())["error"]["code"] == "forbidden"


async def test_who_is_deactivated_is_not_found_active_on_a_replica(connect: Connect, user: Any, settings: Any) -> None:
    await in_thread(copy(user).save)(using="archive", force_insert=True)
    settings.DATABASE_ROUTERS = [AllOfThem()]
    socket = await connect(user)
    await socket.live("tests.ReplicatedNote.search#a")
    await in_thread(get_user_model().objects.using("default").filter(pk=user.pk).update)(is_active=False)
    with pytest.raises(ConnectionError):
        await socket.receive()
    assert socket.close_code == 4401


async def test_what_the_hub_begins_needs_the_primary_and_nothing_else_does(hub_ended: None) -> None:
    async def ask() -> bool:
        return needs_primary()

    assert [await Hub.current().spawn(ask()), needs_primary()] == [True, False]
    with asking_primary():
        assert needs_primary()


class NeverAsked(Replicas):
    """As Django's documentation has it."""

    def db_for_read(self, model: Any, **_: Any) -> str | None:
        return "archive" if model in self.lagging else "default"


@pytest.fixture
def changed(user: Any) -> Any:
    """A row that is stored as it was on the replica."""
    note = Note.objects.create(title="before", rank=1)
    copy(note).save(using="archive", force_insert=True)
    Note.objects.filter(pk=note.pk).update(rank=2)
    return note


@pytest.mark.parametrize("router", [Replicas, NeverAsked])
@pytest.mark.parametrize("action", ["update", "form"])
def test_a_row_is_changed_as_it_is_and_not_written_back_as_a_replica_has_it(
    action: str, router: Any, changed: Any, user: Any, settings: Any
) -> None:
    settings.DATABASE_ROUTERS = [router()]
    given = {"title": "after"}
    asked = {"id": changed.pk, "submit": given} if action == "form" else {"id": changed.pk, **given}
    assert BindingClient(user).call(f"tests.ReplicatedNote.{action}", asked)["success"]
    assert Note.objects.using("default").values_list("title", "rank").get() == ("after", 2)


async def test_a_row_that_a_replica_lacks_is_written_and_named(connect: Connect, user: Any, settings: Any) -> None:
    settings.DATABASE_ROUTERS = [Replicas()]
    socket = await connect(user)
    ops: list[Any] = [
        {"event": "zoo.Label.create", "data": {"name": "x"}, "as": "label"},
        {
            "event": "tests.ReplicatedNote.create",
            "data": {"title": "x", "labels": [{"$ref": "label.id"}]},
            "as": "note",
        },
        {"event": "tests.ReplicatedNote.update", "data": {"id": {"$ref": "note.id"}, "title": "y"}},
        {"event": "tests.ReplicatedNote.search", "data": {}},
    ]
    results = (await socket.call("cb.batch", {"ops": ops}))["data"]["results"]
    assert [row["title"] for row in results[-1]["data"]["rows"]] == ["y"]
    note = results[1]["data"]["id"]
    assert (await socket.call("tests.ReplicatedNote.delete", {"id": note}))["data"]["success"]


class AskingBinding(AsyncBinding):
    stream = "tests.asking"

    @bind
    def plain(self, data: Any) -> Any:
        return {"needs": needs_primary(), "is_live": is_live()}

    @bind
    async def coroutine(self, data: Any) -> Any:
        return {"needs": needs_primary(), "is_live": is_live()}

    @bind(method="GET")
    async def read(self, data: Any) -> Any:
        return {"needs": needs_primary(), "is_live": is_live()}


async def test_what_may_write_needs_the_primary_and_is_no_live_read(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    for action, needs in (("plain", True), ("coroutine", True), ("read", False), ("coroutine", True)):
        answer = await socket.call(f"tests.asking.{action}")
        assert answer["data"] == {"needs": needs, "is_live": False}, action
    with writing():
        assert (needs_primary(), is_live()) == (True, False)
    assert not needs_primary()
