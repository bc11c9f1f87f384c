"""With a replica that lags: what is live asks the primary, and so do the checks of who may read it."""

from copy import copy
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from rest_framework.permissions import BasePermission

from channels_binding.consumers import AsyncBinding
from channels_binding.live import needs_primary
from channels_binding.live.hub import Hub
from channels_binding.live.primary import asking_primary
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
