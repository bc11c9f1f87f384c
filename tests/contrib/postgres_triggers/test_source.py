"""What the log says reaches the hub: all of it, once, and whatever happens to the database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from channels_binding import threads
from channels_binding.contrib import postgres_connections
from channels_binding.contrib.postgres_triggers import source, sql
from channels_binding.contrib.postgres_triggers.source import TriggerSource
from channels_binding.live.capture.changes import Changes
from tests.services import Postgres


class Hub:
    """A hub that collects what it receives."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.noted = Changes()
        self.times = 0
        self.losses = 0

    def note(self, changes: Changes, number: int | None = None) -> None:
        self.noted.merge(changes)
        self.times += 1

    def lost(self) -> None:
        self.losses += 1

    def taken(self) -> dict[str, Any]:
        taken, self.noted = self.noted, Changes()
        return taken.keys


class Django:
    """As much of Django's connection as a source needs, on psycopg alone."""

    def __init__(self, url: str) -> None:
        self.url = url

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        with psycopg.connect(self.url, autocommit=True) as connection, connection.cursor() as cursor:
            yield cursor

    def get_connection_params(self) -> dict[str, Any]:
        return {**psycopg.conninfo.conninfo_to_dict(self.url), "cursor_factory": psycopg.ClientCursor, "context": None}


@pytest.fixture(autouse=True)
def labels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here every table that is watched covers a model."""
    names = {"note": "zoo.Note", "pair": "zoo.Pair", "note_labels": "zoo.Note_labels"}
    monkeypatch.setattr(source, "covered", lambda present: frozenset(names[table] for table in present))


class Watching:
    """A source under test and the hub that receives its changes."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.source = TriggerSource(self.hub, "triggers")  # type: ignore[arg-type]
        self.source.start()

    async def until(self, condition: Callable[[], Any], seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)

    async def ask(self, changes: Changes) -> None:
        done = asyncio.Event()
        self.source.ask(changes, done.set)
        await asyncio.wait_for(done.wait(), 10)


@pytest.fixture
async def watching(database: Any, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watching]:
    aliases = {"triggers": Django(postgres.url)}
    for module in (source, postgres_connections):
        monkeypatch.setattr(module, "connections", aliases)
    monkeypatch.setattr(source, "RETRY_SECONDS", 0.05)
    threads.shut_down()  # those of a test before this one may have connections, which may not be used here
    begun = Watching()
    await begun.until(lambda: begun.source.covered)
    yield begun
    await begun.source.stop()


async def test_what_anybody_commits_is_noted_as_soon_as_it_is_committed(
    database: Any, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert watching.hub.losses == 1, "what was written before it began is not known"
    await asyncio.sleep(0.3)
    monkeypatch.setattr(source, "POLL_SECONDS", 60.0)
    await watching.ask(Changes())
    await asyncio.to_thread(database.execute, "INSERT INTO note VALUES (1), (2)")
    await watching.until(lambda: watching.hub.noted, 1.0)
    assert watching.hub.taken() == {"zoo.Note": {"1", "2"}}
    assert watching.hub.losses == 1


async def test_who_asks_is_answered_after_all_that_was_committed_before(database: Any, watching: Watching) -> None:
    for number in range(20):
        await asyncio.to_thread(database.execute, "INSERT INTO note VALUES (%s)", [number])
        await watching.ask(Changes({"zoo.Note": {number}}))
        assert watching.hub.taken() == {"zoo.Note": {str(number)}}, "once, and from the log alone"


async def test_without_notifications_it_is_a_matter_of_seconds(
    database: Any, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching.source._tasks[1].cancel()
    monkeypatch.setattr(source, "POLL_SECONDS", 0.1)
    await watching.ask(Changes())
    await asyncio.to_thread(database.execute, "INSERT INTO note VALUES (1)")
    await watching.until(lambda: watching.hub.noted, 3.0)


async def test_a_database_that_restarts_is_read_on_where_it_was(
    database: Any, watching: Watching, postgres: Postgres, connect: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(postgres.kill)
    await watching.ask(Changes({"zoo.Note": {7}}))
    assert watching.hub.taken() == {"zoo.Note": {7}}, "nothing is covered: others are believed"
    assert watching.source.covered == frozenset()
    monkeypatch.setattr(source, "RETRY_SECONDS", 60.0)  # asleep while somebody writes
    await asyncio.sleep(0.2)
    await asyncio.to_thread(postgres.start)
    await asyncio.to_thread(connect().execute, "INSERT INTO note VALUES (5)")
    monkeypatch.setattr(source, "RETRY_SECONDS", 0.05)
    await watching.source.stop()
    watching.source.start()
    await watching.until(lambda: watching.hub.noted)
    assert watching.hub.taken() == {"zoo.Note": {"5"}}
    await watching.until(lambda: watching.source.covered)
    assert watching.hub.losses == 1


async def test_triggers_that_are_removed_cover_nothing_from_then_on(database: Any, watching: Watching) -> None:
    def remove() -> None:
        with database.transaction(), database.cursor() as cursor:
            sql.remove(cursor, ["note"])

    await asyncio.to_thread(remove)
    await asyncio.to_thread(database.execute, "INSERT INTO note VALUES (1)")
    await watching.ask(Changes({"zoo.Note": {1}}))
    assert watching.hub.taken() == {"zoo.Note": {1}}
    assert watching.source.covered == {"zoo.Pair", "zoo.Note_labels"}


async def test_a_trigger_that_somebody_drops_by_hand_is_missed_after_a_while(
    database: Any, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "CHECK_SECONDS", 0.05)
    await asyncio.to_thread(database.execute, "DROP TRIGGER channels_binding_update ON note")
    await asyncio.sleep(0.1)
    await watching.ask(Changes({"zoo.Note": {1}}))
    assert watching.hub.taken() == {"zoo.Note": {1}}


async def test_a_log_that_is_gone_covers_nothing_and_one_that_comes_back_does(
    database: Any, watching: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    def change(work: Any) -> None:
        with database.transaction(), database.cursor() as cursor:
            work(cursor)

    await asyncio.to_thread(change, sql.remove_all)
    await watching.ask(Changes({"zoo.Note": {1}}))
    assert watching.hub.taken() == {"zoo.Note": {1}}
    assert "cannot be read" in caplog.text
    from tests.contrib.postgres_triggers.conftest import TABLES

    await asyncio.to_thread(change, lambda cursor: sql.install(cursor, TABLES, "public"))
    await watching.until(lambda: watching.source.covered)


async def test_more_entries_than_one_reading_takes_are_a_loss(
    database: Any, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "LIMIT", 3)

    def write() -> None:
        with database.transaction():
            for number in range(5):
                database.execute("INSERT INTO note VALUES (%s)", [number])

    await asyncio.to_thread(write)
    await watching.until(lambda: watching.hub.losses == 2)


async def test_who_has_not_read_for_long_reads_everything_again(
    database: Any, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "KEEP_SECONDS", 0.1)
    await asyncio.sleep(0.2)
    await watching.ask(Changes())
    assert watching.hub.losses >= 2


async def test_a_database_that_was_set_back_is_read_from_anew(database: Any, watching: Watching) -> None:
    watching.source._since = "99999999:99999999:"
    await watching.until(lambda: watching.hub.losses == 2)
    await asyncio.to_thread(database.execute, "INSERT INTO note VALUES (1)")
    await watching.until(lambda: watching.hub.noted)


async def test_the_log_is_cleaned_of_what_everyone_has_read(
    database: Any, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    def entries() -> int:
        return int(database.execute(f"SELECT count(*) FROM {sql.LOG}").fetchone()[0])

    for number in range(5):
        await asyncio.to_thread(database.execute, "INSERT INTO note VALUES (%s)", [number])
    assert entries() > 4
    monkeypatch.setattr(source, "KEEP_SECONDS", 0.3)
    monkeypatch.setattr(source, "CLEAN_SECONDS", 0.02)
    async with asyncio.timeout(10):
        while entries():
            await watching.ask(Changes())
            await asyncio.sleep(0.02)
    await asyncio.to_thread(database.execute, "INSERT INTO note VALUES (9)")
    await watching.until(lambda: "9" in (watching.hub.noted.keys.get("zoo.Note") or ()))
