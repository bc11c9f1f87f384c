"""A source that covers a model is believed instead of capture and broker, and a reply still comes after its own diffs."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async

from channels_binding.live.broker import publisher
from channels_binding.live.capture import source
from channels_binding.live.capture.changes import Changes
from channels_binding.live.capture.source import Done, Source, make_source, split
from channels_binding.live.hub import Hub
from tests.conftest import Connect
from tests.project.zoo.models import Note

create = sync_to_async(Note.objects.create)


class FakeSource(Source):
    """Covers notes. What it is asked waits until the test answers."""

    covered = frozenset({"zoo.Note", "zoo.Note_labels"})

    def __init__(self) -> None:
        self.asked: list[tuple[Changes, Done]] = []
        self.started = self.stopped = 0

    def start(self) -> None:
        self.started += 1

    async def stop(self) -> None:
        self.stopped += 1

    def ask(self, changes: Changes, done: Done) -> None:
        self.asked.append((changes, done))


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeSource:
    fake = FakeSource()
    monkeypatch.setattr(source, "make_source", lambda hub: fake)
    return fake


def test_changes_are_split_by_who_covers_them() -> None:
    others, theirs = split(Changes({"a.A": {1}, "a.B": None}), frozenset({"a.B", "a.C"}))
    assert (others.keys, theirs.keys) == ({"a.A": {1}}, {"a.B": None})


def test_without_the_setting_there_is_none(settings: Any) -> None:
    settings.CHANNELS_BINDING = {}
    assert make_source(object()) is None


async def test_with_the_setting_it_is_the_one_of_the_triggers(settings: Any) -> None:
    from channels_binding.contrib.postgres_triggers.source import TriggerSource

    settings.CHANNELS_BINDING = {"TRIGGERS_DATABASE": "default"}
    made = make_source(object())
    assert isinstance(made, TriggerSource)
    assert made.alias == "default"


async def test_a_reply_waits_for_what_the_source_tells_and_nothing_is_read_for_twice(
    fake: FakeSource, connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels_binding.websocket.connection.OWN_DIFFS_SECONDS", 5.0)
    note = await create(title="one")
    socket = await connect(user)
    await socket.call("zoo.Note.search#h", {})
    hub = Hub.current()
    assert fake.started == 1
    group = next(iter(hub.groups.values()))
    before = group.started
    await socket.send({"event": "zoo.Note.update", "id": 9, "data": {"id": note.pk, "rank": 5}})
    assert await socket.silent(0.3), "neither the diff nor the reply: the source has not told yet"
    assert group.started == before
    (changes, done) = fake.asked.pop()
    assert changes.keys == {"zoo.Note": {note.pk}}
    hub.note(Changes({"zoo.Note": {str(note.pk)}}))
    done()
    diff, reply = await socket.receive(), await socket.receive()
    assert diff["data"]["patch"][0][1] == {"rank": 5}
    assert reply["id"] == 9
    assert group.started == before + 1


async def test_what_the_broker_says_of_covered_models_is_asked_about_and_of_others_believed(
    fake: FakeSource, connect: Connect, user: Any
) -> None:
    await connect(user)
    hub = Hub.current()
    fake.asked.clear()
    hub.rounds.concern_anybody = lambda changes: True  # type: ignore[method-assign]
    hub.receive({"kind": "changes", "changes": {"zoo.Note": [1], "zoo.Token": ["x"]}})
    assert [changes.keys for changes, _ in fake.asked] == [{"zoo.Note": {1}}]
    assert "zoo.Token" in hub.rounds.pending.keys
    fake.asked[0][1]()
    assert "zoo.Note" not in hub.rounds.pending.keys


async def test_what_is_written_in_another_database_is_asked_of_no_source(
    fake: FakeSource, connect: Connect, user: Any
) -> None:
    await connect(user)
    hub = Hub.current()
    fake.asked.clear()
    hub.rounds.concern_anybody = lambda changes: True  # type: ignore[method-assign]
    hub.receive({"kind": "changes", "changes": {"zoo.Note": [1]}, "elsewhere": True})
    hub.receive_changes(Changes({"zoo.Note": {2}}, is_elsewhere=True))
    assert fake.asked == []
    assert hub.rounds.pending.keys == {"zoo.Note": {1, 2}}


@pytest.mark.django_db(transaction=True, databases=["default", "archive"])
async def test_so_other_processes_are_told_where_it_was_written(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(publisher, "publish", sent.append)
    settings.CHANNELS_BINDING = {"TRIGGERS_DATABASE": "default"}
    monkeypatch.setattr(publisher, "current", lambda: Elsewhere())
    for alias in ("archive", "default"):
        await sync_to_async(Note.objects.using(alias).create)(title="a")
    assert [each.get("elsewhere") for each in sent] == [True, None]


class Elsewhere:
    def reaches_others(self) -> bool:
        return True


async def test_later_batches_do_not_release_who_waits_for_an_earlier_one(
    fake: FakeSource, connect: Connect, user: Any
) -> None:
    await connect(user)
    hub = Hub.current()
    hub.receive_changes(Changes({"zoo.Note": {1}}), 1_000_001)
    hub.receive_changes(Changes({"zoo.Token": {"x"}}), 1_000_002)
    while hub.rounds.settled < 1_000_000:
        await _turn(hub)
    assert hub.rounds.settled == 1_000_000
    fake.asked[-1][1]()
    while hub.rounds.settled < 1_000_002:
        await _turn(hub)


async def _turn(hub: Hub) -> None:
    import asyncio

    hub._wake.set()
    await asyncio.sleep(0.02)


def test_what_a_reading_has_written_is_said_to_be_of_one_on_both_sides() -> None:
    changes = Changes({"zoo.Note": {1}, "sessions.Session": {"x"}}, is_of_reading=True)
    others, theirs = split(changes, frozenset({"zoo.Note"}))
    assert (others.keys, others.is_of_reading) == ({"sessions.Session": {"x"}}, True)
    assert (theirs.keys, theirs.is_of_reading) == ({"zoo.Note": {1}}, True)
    assert not split(Changes({"zoo.Note": {1}}), frozenset())[0].is_of_reading
