"""What a commit costs: which queries are asked and in how many statements; and that nothing is missed for it."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from django.db import OperationalError, transaction
from django.db.models import F
from rest_framework import serializers

from channels_binding.calls import Call
from channels_binding.consumers import AsyncBinding
from channels_binding.live.broker import publisher
from channels_binding.live.capture import signals
from channels_binding.live.capture.changes import MAX_KEYS, Changes
from channels_binding.live.hub import Hub
from channels_binding.live.queries import invalidation, prefilter
from channels_binding.live.queries.group import Group
from channels_binding.live.queries.invalidation import Invalidation
from channels_binding.protocol import codecs
from tests.conftest import Connect
from tests.live.queries.test_evaluation import ParentNoteBinding
from tests.live.test_hub.shown import Shown, hold_the_next_round, in_thread, make_notes
from tests.project.zoo.models import Note

pytestmark = pytest.mark.usefixtures("transactional_db", "hub_ended")


class Listener:
    """A connection as the hub sees it, and what it was sent."""

    dialect = "cb.1"
    transport = "ws"
    session_key = None
    has_token = False
    revision = 0
    scope: Mapping[str, Any] = {}
    congested = False
    subscriptions: Sequence[Any] = ()

    def __init__(self, user: Any) -> None:
        self.user = user
        self.streams: dict[str, str] = {}
        self.told: list[Any] = []

    def push(self, frames: Sequence[bytes]) -> None:
        self.told += [codecs.parse(frame) for frame in frames]

    def refresh_user(self, user: Any) -> None:
        self.user = user

    def drop(self, subscription: Any) -> None:
        raise AssertionError("its reads go on")

    def end(self, code: int, reason: str) -> None:
        raise AssertionError("it stays")


class Desk:
    """A hub, its listeners, and the SQL that a commit makes it run."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.hub = Hub.current()
        self.statements: list[str] = []

    async def listen(
        self, count: int = 1, /, stream: str = "zoo.Note", action: str = "search", **data: Any
    ) -> Listener:
        """``count`` connections that read the same; returns one of them."""
        for _ in range(count):
            call = Call(stream, action, {"limit": 3, **data}, self.user)
            listener = Listener(self.user)
            self.hub.join(listener)  # type: ignore[arg-type]
            self.hub.delivery.subscribe(await self.hub.open(call), listener, f"{stream}.{action}#h", call)  # type: ignore[arg-type]
        return listener

    async def rest(self) -> None:
        """Until all that was committed is sent."""
        await asyncio.sleep(0)
        while not self.is_at_rest:
            await asyncio.sleep(0.002)

    @property
    def is_at_rest(self) -> bool:
        hub, groups = self.hub, self.hub.groups.values()
        is_read = not any(group.is_stale or group.is_unsent or not group.is_free.is_set() for group in groups)
        is_told = not any(each.is_pending for group in groups for each in group.subscriptions)
        return is_read and is_told and hub.invalidation.is_at_rest and hub.rounds.is_idle

    async def cost(self, write: Callable[[], Any]) -> list[str]:
        """The hub's statements that follow from a write."""
        await self.rest()
        self.statements.clear()
        await in_thread(write)()
        await self.rest()
        return [*self.statements]


@pytest.fixture
async def desk(user: Any, monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(user)
    noted = signals._note_statement

    def note(alias: str, sql: str, params: Any, many: bool) -> Any:
        if threading.current_thread().name.startswith("channels-binding"):
            made.statements.append(sql)
        return noted(alias, sql, params, many)

    monkeypatch.setattr(signals, "_note_statement", note)
    # Telling 10,000 may take so long that messages of others may have been lost meanwhile: everyone is looked up again then.
    await made.hub.ready()
    await made.hub._broker.stop()
    monkeypatch.setattr(made.hub._broker, "is_silent", lambda: False)
    return made


def save(note: Note, **values: Any) -> Callable[[], None]:
    """As views and the built-in actions do it: in a transaction."""

    def saving() -> None:
        for name, value in values.items():
            setattr(note, name, value)
        with transaction.atomic():
            note.save()

    return saving


def create(**values: Any) -> Callable[[], object]:
    return lambda: Note.objects.create(**{"title": "new", **values})


# One query


@pytest.mark.parametrize("subscribers", [1, 100, 10_000])
async def test_what_a_commit_costs_does_not_depend_on_how_many_read(desk: Desk, subscribers: int) -> None:
    notes = await make_notes(1, 2, 3, 4)
    listener = await desk.listen(subscribers, order="rank", fields=["title", "rank"])
    assert len(await desk.cost(save(notes[1], title="other"))) == 2  # keys with their number, and the row
    assert len(listener.told) == 1
    assert len(await desk.cost(create(rank=0))) == 2
    assert len(await desk.cost(lambda: notes[0].delete())) <= 2
    numbers = [push["data"].get("count", "same") for push in listener.told]
    assert numbers == ["same", 5, 4], (desk.statements, listener.told)


async def test_a_commit_costs_nothing_where_the_index_excludes_every_query(desk: Desk) -> None:
    notes = await make_notes(1, 2)
    await desk.listen(filters={"done": True})
    await desk.listen(filters={"rank": 7})
    assert await desk.cost(create(done=False, rank=1)) == []
    assert await desk.cost(save(notes[0], title="other")) == []


async def test_a_new_row_that_the_index_excludes_costs_nothing_even_where_rows_are_not_shown(desk: Desk) -> None:
    await make_notes(1, 2, 3, 4, 5)
    await desk.listen(filters={"done": False})
    assert await desk.cost(create(done=True, rank=1)) == []


async def test_a_commit_costs_nothing_without_a_listener(desk: Desk) -> None:
    (note,) = await make_notes(1)
    assert await desk.cost(save(note, title="other")) == []
    listener = await desk.listen()
    for subscription in [each for group in desk.hub.groups.values() for each in group.subscriptions]:
        desk.hub.delivery.unsubscribe(subscription)
    desk.statements.clear()
    await in_thread(save(note, title="third"))()
    await asyncio.sleep(0.1)
    assert desk.statements == []
    assert listener.told == []


async def test_a_commit_is_one_message_to_the_other_processes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(publisher, "publish", sent.append)
    monkeypatch.setattr(publisher.Publisher, "reaches_others", lambda _: True)
    await desk.listen(100)

    def write() -> None:
        with transaction.atomic():
            for rank in range(50):
                Note.objects.create(title="new", rank=rank)

    await desk.cost(write)
    assert [each["kind"] for each in sent] == ["changes"]


async def test_to_join_a_query_that_others_read_costs_nothing(desk: Desk) -> None:
    await make_notes(1, 2, 3)
    await desk.listen(filters={"done": False}, labels=True)
    await desk.rest()
    desk.statements.clear()
    await desk.listen(50, filters={"done": False}, labels=True)
    assert desk.statements == []


# Many queries


async def test_of_many_queries_one_statement_finds_those_that_a_row_enters(desk: Desk) -> None:
    await make_notes(*range(20))
    listeners = [
        await desk.listen(filters={"title__icontains": f"t{number}."}, order="-id", fields=["rank"])
        for number in range(60)
    ]
    statements = await desk.cost(create(title="t2.t40.t59."))
    assert statements[0].count("UNION ALL") == 59
    assert len(statements) == 1 + 2 * 3  # one question, and the answers of three queries
    assert [number for number, listener in enumerate(listeners) if listener.told] == [2, 40, 59]


async def test_of_many_queries_only_those_are_asked_about_within_whose_bounds_a_row_is(desk: Desk) -> None:
    await make_notes(*range(20))
    listeners = [
        await desk.listen(filters={"rank__gte": rank, "title__icontains": "n"}, order="-id", fields=["rank"])
        for rank in range(60)
    ]
    statements = await desk.cost(create(rank=2))
    assert statements[0].count("UNION ALL") == 2
    assert len(statements) == 1 + 2 * 3
    assert [bool(listener.told) for listener in listeners] == [True] * 3 + [False] * 57


async def test_values_that_no_save_has_told_are_read_once_for_all_queries(desk: Desk) -> None:
    notes = await make_notes(*range(10))
    listeners = [await desk.listen(filters={"rank": rank}, fields=["rank"]) for rank in range(20, 60)]
    statements = await desk.cost(lambda: Note.objects.filter(pk=notes[0].pk).update(rank=30))
    assert len(statements) == 1 + 2
    assert [number for number, listener in enumerate(listeners) if listener.told] == [10]


async def test_values_that_only_the_database_knows_are_not_taken_from_the_instance(desk: Desk) -> None:
    (note,) = await make_notes(29)
    listeners = [await desk.listen(filters={"rank": rank}) for rank in (29, 30)]
    await desk.cost(save(note, rank=F("rank") + 1))
    assert [len(listener.told) for listener in listeners] == [1, 1]


async def test_a_row_saved_in_part_may_have_other_values_than_its_instance(desk: Desk) -> None:
    (note,) = await make_notes(1)
    listener = await desk.listen(filters={"done": True})
    await desk.listen(filters={"done": True, "rank": 5})

    def write() -> None:
        Note.objects.filter(pk=note.pk).update(done=True)
        with transaction.atomic():
            note.title = "other"
            note.save(update_fields=["title"])

    await desk.cost(write)
    assert listener.told


# Rows that are not shown


async def test_a_row_that_leaves_unseen_is_missed_in_the_number(desk: Desk, connect: Connect, user: Any) -> None:
    notes = await make_notes(1, 2, 3, 4, 5)
    shown = await Shown(await connect(user), "zoo.Note.search#h").open(limit=2, order="rank", filters={"done": False})
    assert shown.meta["count"] == 5
    await in_thread(save(notes[4], done=True))()
    assert await shown.take() == {"count": 4}
    await in_thread(notes[3].delete)()
    assert await shown.take() == {"count": 3}


async def test_a_row_that_leaves_before_the_page_moves_it(desk: Desk, connect: Connect, user: Any) -> None:
    notes = await make_notes(1, 2, 3, 4, 5)
    shown = await Shown(await connect(user), "zoo.Note.search#h").open(
        limit=2, page=2, order="rank", filters={"done": False}
    )
    assert shown.column("rank") == [3, 4]
    await in_thread(save(notes[0], done=True))()
    await shown.take()
    assert shown.column("rank") == [4, 5]


async def test_numbers_are_counted_at_once_and_then_in_one_statement_a_second(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invalidation, "RECOUNT_SECONDS", 30.0)
    notes = await make_notes(*range(1, 31))
    listeners = [await desk.listen(filters={"rank__gte": -rank, "done": False}, order="rank") for rank in range(40)]
    statements = await desk.cost(save(notes[29], done=True))
    assert [statement.count("COUNT(*)") for statement in statements] == [40] + [1] * 40  # then each reads its keys
    assert all(listener.told[-1]["data"] == {"count": 29} for listener in listeners)
    for note in notes[20:29]:
        await in_thread(save(note, done=True))()
    await asyncio.sleep(0.2)
    assert all(len(listener.told) == 1 for listener in listeners)
    assert not desk.hub.invalidation.is_at_rest


async def test_who_asks_meanwhile_is_answered_with_what_is_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invalidation, "RECOUNT_SECONDS", 30.0)
    notes = await make_notes(*range(1, 9))
    for _ in range(2):
        await desk.listen(filters={"done": False}, order="rank")
        await in_thread(save(notes.pop(), done=True))()
        await asyncio.sleep(0.1)
    call = Call("zoo.Note", "search", {"limit": 3, "filters": {"done": False}, "order": "rank"}, desk.user)
    group = await desk.hub.open(call)
    assert group.reading is not None
    assert group.reading.meta["count"] == 6


async def test_who_asks_while_a_change_is_looked_into_is_answered_with_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_notes(*range(5))
    for rank in range(3):
        await desk.listen(filters={"rank__gte": rank, "title__icontains": "n"})
    asked, go_on = asyncio.Event(), asyncio.Event()
    probed = desk.hub.invalidation._probe

    async def slowly(*args: Any) -> Any:
        asked.set()
        await go_on.wait()
        return await probed(*args)

    monkeypatch.setattr(desk.hub.invalidation, "_probe", slowly)
    await in_thread(create(rank=9))()
    await asyncio.wait_for(asked.wait(), 5)
    call = Call("zoo.Note", "search", {"limit": 3, "filters": {"rank__gte": 0, "title__icontains": "n"}}, desk.user)
    group = await desk.hub.open(call)
    assert group.reading is not None
    assert group.reading.meta["count"] == 6
    go_on.set()
    await desk.rest()


async def test_a_database_that_does_not_say_lets_every_query_ask_for_itself(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_notes(*range(5))
    listeners = [await desk.listen(filters={"rank__gte": rank, "title__icontains": "n"}) for rank in range(3)]

    def down(*_: Any) -> Any:
        raise OperationalError("gone")

    monkeypatch.setattr(prefilter, "probe", down)
    monkeypatch.setattr(prefilter, "counts", down)
    monkeypatch.setattr(prefilter, "values_of", down)
    await desk.cost(create(rank=9))
    assert all(listener.told for listener in listeners)
    await desk.cost(lambda: Note.objects.filter(rank=9).delete())
    assert [listener.told[-1]["data"]["count"] for listener in listeners] == [5, 4, 3]


async def test_what_is_noted_during_a_reading_matters_for_what_it_was_found_to_read() -> None:
    judging = Invalidation(asyncio.get_running_loop(), lambda: None)
    group = Group("k", Call("zoo.Note", "search", {}, user=None), ("all",), row_labels=frozenset({"zoo.Note"}))
    group.labels, group.is_stale = {"zoo.Note"}, False
    judging.begin(group)
    judging.note(Changes({"zoo.Precious": {1}}))
    assert not group.is_stale
    group.labels = {"zoo.Note", "zoo.Precious"}
    judging.end(group)
    assert group.is_stale


# Several changes between two rounds


async def shown_and_right(desk: Desk) -> tuple[list[Any], list[int]]:
    """What the one list shows once all is at rest, and what its query answers."""
    await desk.rest()
    await asyncio.sleep(0.1)
    (group,) = desk.hub.groups.values()
    assert group.reading is not None
    right = [note.pk async for note in Note.objects.order_by("-rank", "pk")[:3]]
    return [row.pk for row in group.reading.rows], right


async def test_a_row_that_enters_after_a_bulk_update_and_a_newcomers_read_is_shown(desk: Desk) -> None:
    notes = await make_notes(*range(6))
    await desk.listen(order="-rank")
    await desk.rest()
    hold_the_next_round(desk.hub, seconds=0.3)
    await in_thread(Note.objects.update)(done=True)  # any row: whoever is read by now is stale
    await asyncio.sleep(0)
    await desk.listen(order="-rank")  # a newcomer reads the list before the round: it is fresh
    await in_thread(Note.objects.filter(pk=notes[0].pk).update)(rank=9)
    shown, right = await shown_and_right(desk)
    assert shown == right


async def test_a_row_that_enters_among_more_commits_than_keys_are_kept_is_shown(desk: Desk) -> None:
    await make_notes(*range(3))
    low = await make_notes(*[-1] * (MAX_KEYS + 1))
    await desk.listen(order="-rank")
    await desk.rest()
    hold_the_next_round(desk.hub, seconds=0.3)
    await in_thread(Note.objects.filter(pk=low[0].pk).update)(rank=9)
    for note in low[1:]:
        desk.hub.note(Changes({"zoo.Note": {note.pk}}))
    shown, right = await shown_and_right(desk)
    assert shown == right


async def test_rows_that_enter_by_two_transactions_of_some_hundred_are_shown(desk: Desk) -> None:
    await make_notes(*range(3))
    low = [note.pk for note in await make_notes(*[-1] * 600)]
    await desk.listen(order="-rank")
    await desk.rest()
    hold_the_next_round(desk.hub, seconds=0.3)
    for half in (low[:300], low[300:]):
        await in_thread(Note.objects.filter(pk__in=half).update)(rank=9)
    shown, right = await shown_and_right(desk)
    assert shown == right


async def test_the_number_of_rows_is_right_after_more_commits_than_keys_are_kept(desk: Desk) -> None:
    await make_notes(*range(6))
    hidden = await make_notes(*[-1] * (MAX_KEYS + 1))
    await desk.listen(order="-rank", filters={"rank__gte": -1})
    await desk.rest()
    hold_the_next_round(desk.hub, seconds=0.3)
    for note in hidden:
        await in_thread(Note.objects.filter(pk=note.pk).update)(rank=-2)
    await desk.rest()
    (group,) = desk.hub.groups.values()
    assert group.reading is not None
    assert group.reading.meta["count"] == 6


async def test_what_was_read_after_the_last_of_them_is_not_read_again(desk: Desk) -> None:
    await make_notes(*range(6))
    await desk.listen(order="-rank")
    await desk.rest()
    hold_the_next_round(desk.hub, seconds=0.3)
    await in_thread(Note.objects.update)(done=True)
    await asyncio.sleep(0)
    await desk.listen(order="-rank")
    (group,) = desk.hub.groups.values()
    before = group.started
    await desk.rest()
    assert group.started == before


# Queries whose rows depend on each other


async def test_a_row_that_depends_on_another_of_its_table_is_kept_fresh(connect: Connect, user: Any) -> None:
    parents = await make_notes(1, 2)
    children = await make_notes(5, parent=parents[0])
    shown = await Shown(await connect(user), f"{ParentNoteBinding.stream}.search#h").open(
        filters={"parent__title": "n1"}
    )
    assert shown.column("id") == [children[0].pk]
    await in_thread(save(parents[0], title="other"))()
    await shown.take()
    assert shown.rows == []
    await in_thread(save(parents[1], title="n1"))()
    await in_thread(save(children[0], parent=parents[1]))()
    await shown.take()
    assert shown.column("id") == [children[0].pk]


class ParentSerializer(serializers.ModelSerializer[Note]):
    class Meta:
        model = Note
        fields = ("id", "title")


class KinSerializer(serializers.ModelSerializer[Note]):
    parent = ParentSerializer()

    class Meta:
        model = Note
        fields = ("id", "title", "parent")


class KinNoteBinding(AsyncBinding):
    stream = "tests.KinNote"
    model = Note
    serializer_class = KinSerializer


async def test_a_text_of_another_row_of_its_table_is_kept_fresh(connect: Connect, user: Any) -> None:
    (parent,) = await make_notes(1)
    await make_notes(5, parent=parent)
    shown = await Shown(await connect(user), "tests.KinNote.search#h").open(order="-id", limit=1)
    assert shown.rows[0]["parent"]["title"] == "n1"
    await in_thread(save(parent, title="other"))()
    await shown.take()
    assert shown.rows[0]["parent"]["title"] == "other"
