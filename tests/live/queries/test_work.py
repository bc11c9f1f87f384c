"""The work of one commit, counted and not timed: it does not grow with subscribers, other lists and rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from channels_binding.calls.call import Row
from channels_binding.consumers import Binding
from channels_binding.live.queries import group
from channels_binding.protocol import messages
from tests.live.queries.test_invalidation import Desk, create
from tests.live.queries.test_invalidation import desk as desk  # the fixture
from tests.live.test_hub.shown import hold_the_next_round, make_notes
from tests.project.zoo.models import Chapter, Label, Note, Novel
from tests.throwaway import throwaway

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
    many = await counter.of_a_new_row()
    assert (many.statements, many.evaluations) == (few.statements, few.evaluations)
    assert abs(many.bytes_encoded - few.bytes_encoded) < 4, "a key may have a digit more"
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


@pytest.fixture
def library() -> Iterator[None]:
    with throwaway("zoo.Label"):

        class Novels(Binding):
            stream, model, fields = "tests.Novels", Novel, ("id", "title")
            expandable = ("chapters",)

        class Chapters(Binding):
            stream, model, fields = "tests.Chapters", Chapter, ("id", "title")
            expandable = ("novel",)

        yield


def fill_library() -> None:
    novels = Novel.objects.bulk_create([Novel(title="x") for _ in range(60)])
    Chapter.objects.bulk_create([Chapter(novel=novel, title="x", _order=at) for novel in novels for at in range(5)])


@pytest.mark.parametrize("readers", [1, 1000])
@pytest.mark.usefixtures("library")
async def test_with_a_related_row(desk: Desk, readers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 50 rows with five others in each, that which shows the changed row is read, with its own five."""
    await sync_to_async(fill_library)()
    await desk.hub.ready()
    await desk.listen(readers, stream="tests.Novels", limit=50, order="id", expand=["chapters"])
    made, make = [0], Row.__init__

    def counted(self: Row, *given: Any, **named: Any) -> None:
        made[0] += 1
        make(self, *given, **named)

    monkeypatch.setattr(Row, "__init__", counted)
    first, last = await Chapter.objects.order_by("pk").afirst(), await Chapter.objects.order_by("pk").alast()
    assert first is not None
    assert last is not None

    async def cost(write: Any) -> tuple[int, int]:
        made[0] = 0
        return len(await desk.cost(write)), made[0]

    def rename(chapter: Chapter) -> Any:
        return lambda: Chapter.objects.filter(pk=chapter.pk).update(title="other")

    assert await cost(rename(first)) == (5, 1 + 5 + 1), "who leads there, keys, the row, its links, what they lead to"
    assert await cost(rename(last)) == (2, 0), "who leads there, keys: a chapter of a novel that is on no page"
    assert await cost(lambda: Novel.objects.filter(pk=first.novel_id).update(title="other")) == (4, 1 + 5 + 1)


@pytest.mark.usefixtures("library")
async def test_with_a_row_that_leads_to_another(desk: Desk) -> None:
    """Where a foreign key leads is a column of the row: another row changes nothing of it."""
    await sync_to_async(fill_library)()
    await desk.hub.ready()
    await desk.listen(1, stream="tests.Chapters", limit=5, order="id", filters={}, expand=["novel"])
    (kept,) = [each for each in desk.hub.groups.values() if each.call.stream == "tests.Chapters"]
    assert not kept.is_entangled
    last = await Chapter.objects.order_by("pk").alast()
    assert last is not None
    assert len(await desk.cost(lambda: Chapter.objects.filter(pk=last.pk).update(title="other"))) == 1, "keys alone"
