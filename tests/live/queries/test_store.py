"""QueryStore: who shares one, who asks for the next, what a failed or a late one leaves behind, how long they are kept."""

import asyncio
import threading
from typing import Any

import pytest
from django.db import OperationalError

from channels_binding.consumers import AsyncBinding
from channels_binding.live.capture import recorder
from channels_binding.live.hub import Hub
from channels_binding.live.queries import store
from channels_binding.live.queries.evaluation import evaluate
from channels_binding.testing import BindingCommunicator
from tests.conftest import Connect
from tests.live.test_hub.shown import Shown, evaluations, hold_the_next_round, in_thread, make_notes
from tests.project.zoo.models import Label, Note


class ChoosyNoteBinding(AsyncBinding):
    """Which rows there are may be looked up in another table beforehand."""

    stream = "tests.ChoosyNote"
    model = Note
    fields = ("id", "title", "rank")
    is_choosy = False

    def get_queryset(self) -> Any:
        if not self.is_choosy:
            return Note.objects.order_by("rank")
        return Note.objects.filter(rank=1 if Label.objects.filter(name="x").exists() else 2)


async def test_subscribers_of_one_query_cost_one_evaluation(connect: Connect, user: Any, stranger: Any) -> None:
    await make_notes(1)
    sockets = [await connect(each) for each in (user, stranger, user, stranger, user)]
    for number, socket in enumerate(sockets):
        await socket.call(f"zoo.Note.search#h{number}", {"order": "rank"})
    groups = [group for group in Hub.current().groups.values() if group.subscriptions]
    assert len(groups) == 1
    before = groups[0].started
    await make_notes(2)
    for socket in sockets:
        assert (await socket.receive())["data"]["count"] == 2
    assert groups[0].started == before + 1


async def test_two_users_share_nothing_where_the_answer_depends_on_the_user(
    connect: Connect, user: Any, stranger: Any
) -> None:
    for each in (user, stranger):
        socket = await connect(each)
        await socket.call("zoo.OwnNote.search#h", {})
    assert len(Hub.current().groups) == 2


async def test_a_change_that_a_round_passed_by_before_its_reader_was_subscribed_is_told(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Hub.open

    async def slowly(hub: Hub, call: Any) -> Any:
        group = await opened(hub, call)
        await make_notes(1)
        while not group.is_stale or not hub.rounds.is_idle:
            await asyncio.sleep(0.001)
        return group

    monkeypatch.setattr(Hub, "open", slowly)
    socket = await connect(user)
    shown = await Shown(socket, "zoo.Note.search#h").open()
    assert shown.rows == []
    await shown.take()
    assert shown.column("rank") == [1]


async def test_a_retrieve_is_not_evaluated_for_other_rows(connect: Connect, user: Any) -> None:
    first, second = await make_notes(1, 2)
    socket = await connect(user)
    await socket.call("zoo.Note.retrieve#r", {"id": first.pk})
    evaluated = await evaluations(socket)

    def touch(note: Note) -> None:
        note.rank += 1
        note.save()
        note.labels.add(Label.objects.create(name="x"))

    await in_thread(touch)(second)
    assert await socket.silent()
    assert await evaluations(socket) == evaluated


async def test_only_rows_that_changed_are_read_again(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = await make_notes(*range(10), owner=user)
    socket = await connect(user)
    shown = await Shown(socket, "zoo.Note.search#h").open(order="rank", limit=8, labels=True)
    from channels_binding.bindings.reader import Reader

    read: list[Any] = []
    real = Reader.rows

    def rows(reader: Reader, queryset: Any) -> Any:
        found = real(reader, queryset)
        read.extend(row.pk for row in found)
        return found

    monkeypatch.setattr(Reader, "rows", rows)
    await in_thread(lambda: Note.objects.filter(pk=notes[3].pk).update(title="new"))()
    await shown.take()
    assert read == [notes[3].pk]
    read.clear()
    await in_thread(lambda: Note.objects.filter(pk=notes[0].pk).update(rank=99))()
    await shown.take()
    assert read == [notes[8].pk]  # the one that entered; the one that left is not needed
    assert shown.column("rank") == [1, 2, 3, 4, 5, 6, 7, 8]
    assert shown.meta["labels"]["owner"] == {str(user.pk): "ann"}


class Gate:
    """Holds evaluations in their worker thread: the first that passes fails or answers once it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> None:
        self.entered, self.opened, self.left = threading.Event(), threading.Event(), threading.Event()
        self.error = error
        monkeypatch.setattr(store, "evaluate", self.evaluate)

    def evaluate(self, *args: Any) -> Any:
        if self.entered.is_set():
            return evaluate(*args)
        answer = evaluate(*args)
        self.entered.set()
        self.opened.wait(5)
        self.left.set()
        if self.error is not None:
            raise self.error
        return answer

    async def until_entered(self) -> None:
        await asyncio.to_thread(self.entered.wait, 5)


async def test_who_joins_while_a_reading_fails_is_answered_by_one_of_its_own(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_notes(1)
    first, second = await connect(user), await connect(user)
    await first.call("zoo.Note.search#h", {})
    gate = Gate(monkeypatch, OperationalError("the connection is gone"))
    await make_notes(2)
    await gate.until_entered()
    await second.send({"event": "zoo.Note.search#h", "id": 1, "data": {}})
    await asyncio.sleep(0.05)
    gate.opened.set()
    answer = await second.receive()
    assert sorted(row["rank"] for row in answer["data"]["rows"]) == [1, 2]


async def test_a_reading_whose_asker_is_gone_never_replaces_a_newer_one(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_notes(1)
    keeper, leaver = await connect(user), await connect(user)
    shown = await Shown(keeper, "zoo.Note.search#h").open()
    (group,) = Hub.current().groups.values()
    gate = Gate(monkeypatch)
    group.is_stale, group.changed = True, None
    await leaver.send({"event": "zoo.Note.search#h", "id": 1, "data": {}})
    await gate.until_entered()
    await leaver.close()
    await make_notes(2)
    await asyncio.sleep(0.2)  # a round that would not wait for the reading of the leaver has read by now
    gate.opened.set()
    while len(shown.rows) < 2:
        await shown.take()
    await asyncio.to_thread(gate.left.wait, 5)
    await asyncio.sleep(0.1)
    assert group.reading is not None
    assert [row.pk for row in group.reading.rows] == shown.column("id")


async def test_those_who_listen_are_sent_what_was_read_for_a_newcomer_that_has_left(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_notes(1)
    shown = await Shown(await connect(user), "zoo.Note.search#h").open()
    hub = Hub.current()
    (group,) = hub.groups.values()
    gate = Gate(monkeypatch)
    hold_the_next_round(hub, seconds=0.3)
    await make_notes(2)
    opening = asyncio.ensure_future(hub.open(group.call))
    await gate.until_entered()
    opening.cancel()  # its socket is closed
    await asyncio.gather(opening, return_exceptions=True)
    gate.opened.set()
    await shown.take()
    assert shown.column("rank") == [1, 2]


async def test_a_reading_for_a_newcomer_that_fails_is_made_again_for_those_who_listen(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_notes(1)
    shown = await Shown(await connect(user), "zoo.Note.search#h").open()
    hub = Hub.current()
    (group,) = hub.groups.values()
    gate = Gate(monkeypatch, OperationalError("the connection is gone"))
    hold_the_next_round(hub, seconds=0.1)
    await make_notes(2)
    opening = asyncio.ensure_future(hub.open(group.call))
    await gate.until_entered()
    while not hub.rounds.is_idle:  # the round that the change has asked for has passed the group by
        await asyncio.sleep(0.005)
    gate.opened.set()
    await asyncio.gather(opening, return_exceptions=True)
    await shown.take()
    assert shown.column("rank") == [1, 2]


async def test_a_change_of_what_a_reading_was_found_to_depend_on_is_answered_by_a_further_round(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The round that the change itself has asked for comes while the reading is under way, and knows nothing of it."""
    await make_notes(1, 2, 3)
    await Label.objects.acreate(name="x")
    shown = await Shown(await connect(user), f"{ChoosyNoteBinding.stream}.search#h").open()
    monkeypatch.setattr(ChoosyNoteBinding, "is_choosy", True)
    gate, hub = Gate(monkeypatch), Hub.current()
    await make_notes(4)
    await gate.until_entered()
    await in_thread(Label.objects.filter(name="x").update)(name="y")
    while not hub.rounds.is_idle:
        await asyncio.sleep(0.005)
    gate.opened.set()
    while shown.column("rank") != [2]:
        await shown.take()


async def test_who_waits_for_a_first_reading_that_fails_shares_the_group_of_those_who_come_later(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_notes(1)
    sockets = [await connect(user) for _ in range(3)]
    gate = Gate(monkeypatch, OperationalError("the connection is gone"))
    await sockets[0].send({"event": "zoo.Note.search#h", "id": 1, "data": {}})
    await gate.until_entered()
    await sockets[1].send({"event": "zoo.Note.search#h", "id": 1, "data": {}})
    await asyncio.sleep(0.05)
    gate.opened.set()
    await sockets[2].send({"event": "zoo.Note.search#h", "id": 1, "data": {}})
    assert (await sockets[0].receive())["error"]["code"] == "unavailable"
    for socket in sockets[1:]:
        assert len((await socket.receive())["data"]["rows"]) == 1
    (group,) = Hub.current().groups.values()
    assert len(group.subscriptions) == 2


async def test_readers_at_several_hosts_share_what_shows_none(hub_ended: None, user: Any) -> None:
    for host in ("testserver", "localhost"):
        socket = BindingCommunicator("/ws/", user=user, headers=[(b"host", host.encode())])
        await socket.open()
        await socket.call("zoo.Note.search#h")
        await socket.close()
    assert len([key for key in Hub.current().groups if key.startswith("zoo.Note/")]) == 1


async def test_a_group_that_was_read_while_nobody_listened_is_at_rest(connect: Connect, user: Any) -> None:
    """A new subscription begins with that reading: nobody is left to be sent it."""
    socket = await connect(user)
    await socket.call("zoo.Note.search#h", {})
    await socket.call("zoo.Note.unsubscribe#h", {})
    hub = Hub.current()
    (group,) = hub.groups.values()
    group.is_stale, group.changed = True, None
    await hub.store.ensure_read(group, group.started + 1, group.call)
    await asyncio.sleep(0.1)  # the round that the reading asked for
    await socket.call("zoo.Note.search#h", {})
    assert not group.is_unsent


async def test_a_query_that_nobody_asks_for_any_more_is_forgotten_after_a_while(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await connect(user)
    await socket.call("zoo.Note.search#h", {})
    await socket.call("zoo.Note.search#left", {"limit": 1})
    await socket.call("zoo.Note.unsubscribe#left", {})
    hub = Hub.current()
    now = hub.loop.time()
    hub.store.maintain(now + store.LINGER_SECONDS - 1)
    assert len(hub.groups) == 2, "who comes back finds it warm"
    hub.store.maintain(now + store.LINGER_SECONDS + 1)
    (group,) = hub.groups.values()
    assert group.subscriptions
    await make_notes(1)
    assert (await socket.receive())["event"] == "zoo.Note.search#h"


async def test_a_change_of_which_no_message_came_is_found_by_the_audit(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"AUDIT_SECONDS": 60.0}
    shown = await Shown(await connect(user), "zoo.Note.search#h").open()
    hub = Hub.current()
    with monkeypatch.context() as quiet:
        quiet.setattr(recorder, "_publishers", [])
        await make_notes(1)
    (group,) = hub.groups.values()
    hub.store.maintain(group.read_at + 40)
    assert not group.is_stale, "nothing is due yet"
    hub.store.maintain(group.read_at + 80)
    await shown.take()
    assert shown.column("rank") == [1]


async def test_a_slow_query_rests_as_long_as_it_took_and_is_read_then(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SLOW_SECONDS", 0.0)
    socket = await connect(user)
    shown = await Shown(socket, "zoo.Note.search#h").open()
    (group,) = Hub.current().groups.values()
    assert group.rests_until > group.read_at > group.began_at
    before, group.rests_until = group.started, asyncio.get_running_loop().time() + 60
    await make_notes(1)
    assert await socket.silent(0.1)
    assert (group.started, group.is_stale) == (before, True)
    assert all(subscription.is_pending for subscription in group.subscriptions), "a writer's reply waits for it"
    group.rests_until = float("-inf")
    Hub.current()._wake.set()
    await shown.take()
    assert (group.started, shown.column("rank")) == (before + 1, [1])


async def test_queries_that_threads_open_meanwhile_disturb_no_round_and_no_maintenance(connect: Connect) -> None:
    """Worker threads add groups at any moment: here at each look at one."""
    hub = Hub.current()
    unset = asyncio.Event()

    class Opening:
        """A group at rest."""

        def __getattr__(self, name: str) -> Any:
            other: Any = Opening()
            hub.groups[f"opened {len(hub.groups)}"] = other
            return unset if name == "is_free" else None

    first: Any = Opening()
    hub.groups["first"] = first
    assert hub.store.due() == []
    hub.store.maintain(hub.loop.time())
    assert len(hub.groups) > 4
    hub.groups.clear()
