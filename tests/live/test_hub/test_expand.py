"""Rows with related rows in them stay live: by changes of them, of what lies between, and of what decides who may see them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from channels_binding import dispatch
from channels_binding.calls import Call
from channels_binding.consumers import AsyncBinding, Binding
from channels_binding.protocol import codecs
from tests.conftest import Connect
from tests.live.test_hub.shown import Shown, in_thread
from tests.project.zoo.models import Label, Note, Person
from tests.throwaway import throwaway

pytestmark = pytest.mark.usefixtures("transactional_db", "hub_ended")
STREAM = "tests.Expanding"
DATA = {"expand": ["parent.labels", "labels", "note_set", "owner"], "order": "id", "labels": True}


@pytest.fixture
def streams() -> Iterator[None]:
    with throwaway("zoo.Note", "zoo.Label"):

        class Expanding(AsyncBinding):
            stream, model, fields = STREAM, Note, ("id", "title", "parent")
            expandable = {
                "parent.labels": {}, "labels": {"limit": 2, "order": "name"}, "note_set": {"limit": 2}, "owner": {},
            }  # fmt: skip

        class Friendly(Binding):
            """Who is shown depends on another table."""

            stream, model, fields = "tests.Friendly", get_user_model(), ("id", "username")

            def get_queryset(self) -> Any:
                return get_user_model().objects.filter(username__in=Person.objects.values("name"))

        yield


def everything(user: Any) -> list[Any]:
    reading: Any = dispatch.perform(Call(STREAM, "search", {**DATA, "live": False}, user))
    return [codecs.parse(row.body) for row in reading.rows]


WRITES: dict[str, Callable[[], Any]] = {
    "a related row changes": lambda: Label.objects.filter(name="x").update(name="w"),
    "one is added": lambda: Note.objects.get(title="low").labels.add(Label.objects.get(name="y")),
    "one is taken away": lambda: Note.objects.get(title="top").labels.clear(),
    "the relation leads elsewhere": lambda: Note.objects.filter(title="low").update(
        parent=Note.objects.get(title="top")
    ),
    "what it leads to changes": lambda: Note.objects.filter(title="top").update(title="TOP"),
    "what it leads to is deleted": lambda: Note.objects.get(title="middle").delete(),
    "another row leads here": lambda: Note.objects.create(title="new", parent=Note.objects.get(title="low")),
    "one of several changes": lambda: Note.objects.filter(title="middle").update(title="MIDDLE"),
    "one may be seen by now": lambda: Person.objects.create(name="eve"),
    "and no longer": lambda: Person.objects.all().delete(),
}


@in_thread
def make(*persons: str) -> None:
    labels = [Label.objects.create(name=name) for name in "xy"]
    top = Note.objects.create(title="top", owner=get_user_model().objects.create_user("eve"))
    middle = Note.objects.create(title="middle", parent=top)
    Note.objects.create(title="low", parent=middle)
    top.labels.set(labels)
    for name in persons:
        Person.objects.create(name=name)


@pytest.mark.parametrize("name", WRITES)
async def test_it_is_shown_when(name: str, connect: Connect, user: Any, streams: None) -> None:
    await make("cid", *(["eve"] if name != "one may be seen by now" else []))
    socket = await connect(user)
    shown = await Shown(socket, f"{STREAM}.search").open(**DATA)
    before = shown.rows
    await in_thread(WRITES[name])()
    wanted = await in_thread(everything)(user)
    assert wanted != before
    while shown.rows != wanted:
        await shown.take()
    assert await socket.silent(0.05)


async def test_a_row_asked_for_by_its_key_follows_its_related_rows(connect: Connect, user: Any, streams: None) -> None:
    await make()
    socket = await connect(user)
    key = (await Note.objects.aget(title="top")).pk
    answer = await socket.call(f"{STREAM}.retrieve", {"id": key, "expand": ["labels", "owner"]})
    assert answer["data"]["expand"]["owner"] is None
    await in_thread(Person.objects.create)(name="eve")
    push = await socket.receive()
    assert push["data"]["patch"][0][1]["expand"]["owner"]["username"] == "eve"


async def test_a_change_of_a_related_row_that_is_not_shown_is_not_sent(
    connect: Connect, user: Any, streams: None
) -> None:
    await make()
    socket = await connect(user)
    await Shown(socket, f"{STREAM}.search").open(**DATA)
    await in_thread(Label.objects.create)(name="unrelated")
    assert await socket.silent(0.2)
