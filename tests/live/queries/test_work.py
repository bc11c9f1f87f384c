"""The work of one commit, counted and not timed: it does not grow with subscribers, other lists and rows."""

from dataclasses import dataclass
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from channels_binding.live.queries import group
from channels_binding.protocol import messages
from tests.live.queries.test_invalidation import Desk, create
from tests.live.queries.test_invalidation import desk as desk  # the fixture
from tests.live.test_hub.shown import hold_the_next_round, make_notes
from tests.project.zoo.models import Label, Note

pytestmark = pytest.mark.usefixtures("transactional_db", "hub_ended")


@dataclass
class Work:
    """What a commit has cost the hub."""

    statements: int
    evaluations: int
    bytes_encoded: int


class Counter:
    """Counts what the hub does."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk = desk
        self.bytes_encoded = 0
        frame = messages.frame

        def counted(event: str, tail: bytes) -> bytes:
            made = frame(event, tail)
            self.bytes_encoded += len(made)
            return made

        monkeypatch.setattr(group, "frame", counted)

    async def of_a_new_row(self) -> Work:
        """A row that enters the list of rank 7, and is gone again."""
        await self.desk.hub.ready()  # once it is, everything is read again
        await self.desk.rest()
        groups = self.desk.hub.groups.values()
        before, self.bytes_encoded = sum(each.started for each in groups), 0
        statements = await self.desk.cost(create(rank=7, title="new"))
        work = Work(len(statements), sum(each.started for each in groups) - before, self.bytes_encoded)
        await self.desk.cost(Note.objects.filter(title="new").delete)
        return work


@pytest.fixture
def counter(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Counter:
    return Counter(desk, monkeypatch)


async def test_with_subscribers(desk: Desk, counter: Counter) -> None:
    await desk.listen(1, filters={"rank": 7}, fields=["title"])
    few = await counter.of_a_new_row()
    await desk.listen(1000, filters={"rank": 7}, fields=["title"])
    assert few == await counter.of_a_new_row()
    assert (few.statements, few.evaluations) == (2, 1)
    assert 0 < few.bytes_encoded < 300


async def test_with_other_lists(desk: Desk, counter: Counter) -> None:
    await desk.listen(1, filters={"rank": 7}, fields=["title"])
    few = await counter.of_a_new_row()
    for rank in range(100, 400):
        await desk.listen(1, filters={"rank": rank}, fields=["title"])
        await desk.listen(1, filters={"rank__gte": rank}, fields=["title"])
    assert few == await counter.of_a_new_row()
    assert few.evaluations == 1


async def test_with_rows(desk: Desk, counter: Counter) -> None:
    await make_notes(7, 7, 7, 7)
    await desk.listen(1, filters={"rank": 7}, order="-id", fields=["title"])
    few = await counter.of_a_new_row()
    notes = [Note(title="old", rank=number % 10) for number in range(3000)]
    await sync_to_async(Note.objects.bulk_create)(notes)
    await desk.rest()
    many = await counter.of_a_new_row()
    assert (many.statements, many.evaluations) == (few.statements, few.evaluations)
    assert abs(many.bytes_encoded - few.bytes_encoded) < 16, "keys and numbers have more digits"


async def test_with_readers_of_an_aggregate(desk: Desk) -> None:
    asked: dict[str, Any] = {"measures": ["count", "sum:rank"], "by": ["done"]}
    await desk.hub.ready()
    listener = await desk.listen(1000, action="aggregate", **asked)
    assert len(await desk.cost(create(rank=7))) == 1
    pushed = len(listener.told)

    def several() -> None:
        for rank in range(5):
            Note.objects.create(title="more", rank=rank)

    await desk.rest()
    hold_the_next_round(desk.hub, 0.2)
    statements = await desk.cost(several)
    assert len(statements) == 1, "several commits are one reading"
    assert len(listener.told) == pushed + 1
    assert (await desk.cost(Note.objects.filter(rank=7).delete))[0].startswith("SELECT"), "a row that has left"
    assert await desk.cost(lambda: Label.objects.create(name="x")) == [], "rows of another model"


async def test_with_new_rows_that_an_aggregate_does_not_count(desk: Desk) -> None:
    await desk.hub.ready()
    await desk.listen(1, action="aggregate", filters={"rank": 7})
    assert await desk.cost(create(rank=8)) == [], "it was not there before, and is not among them"
    assert len(await desk.cost(create(rank=7))) == 1
    assert len(await desk.cost(lambda: Note.objects.filter(rank=7).update(rank=8))) == 1, "one that was among them"
