"""Reads the log that the triggers write, and hands its entries to one hub.

It is read when ``NOTIFY`` says so, when a write of this process asks for it, and every two seconds; so a lost connection of
the listener costs two seconds at most. While the log cannot be read nothing is covered, and capture and broker are believed.
"""

import asyncio
import logging
from collections import deque
from contextlib import suppress
from typing import Any

import orjson
import psycopg
from django.db import connections

from channels_binding.contrib.postgres_connections import parameters
from channels_binding.contrib.postgres_triggers import sql
from channels_binding.contrib.postgres_triggers.tables import covered
from channels_binding.live.capture.changes import Changes
from channels_binding.live.capture.source import Done, Source, split
from channels_binding.live.hub import Hub
from channels_binding.threads import run

logger = logging.getLogger("channels_binding")

POLL_SECONDS = 2.0
KEEP_SECONDS = 300.0
"""How long entries of the log are kept. Whoever has not read for half of it reads everything again."""
CLEAN_SECONDS = 60.0
CHECK_SECONDS = 10.0
"""How often it is looked whether all triggers are there, in case somebody has dropped one by hand."""
RETRY_SECONDS = 1.0


class TriggerSource(Source):
    """The log of one database, for one hub."""

    def __init__(self, hub: Hub, alias: str) -> None:
        self.hub = hub
        self.alias = alias
        self._since: str | None = None
        """The snapshot up to which the log was read; None before the first time."""
        self._is_well = True
        """Whether the last reading succeeded."""
        self._read_at = 0.0
        """Loop seconds of the last reading."""
        self._checked_at = 0.0
        self._cleaned_at = 0.0
        self._snapshots: deque[tuple[float, str]] = deque()
        """Snapshots of the last minutes with their loop seconds: up to where the log may be cleaned, one day."""
        self._asked: list[tuple[Changes, Done]] = []
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [self.hub.loop.create_task(self._run()), self.hub.loop.create_task(self._listen())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def ask(self, changes: Changes, done: Done) -> None:
        self._asked.append((changes, done))
        self._wake.set()

    # Reading

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
            self._wake.clear()
            asked, self._asked = self._asked, []
            try:
                await self._take(asked)
            except Exception as error:
                if self._is_well:
                    logger.warning("The log of the triggers cannot be read: %s", error)
                self._is_well = False
                self.covered = frozenset()
                self._answer(asked)
                await asyncio.sleep(RETRY_SECONDS)

    async def _take(self, asked: list[tuple[Changes, Done]]) -> None:
        """Note what is new in the log, then answer those who asked."""
        now = self.hub.loop.time()
        is_first, is_late = self._since is None, now - self._read_at > KEEP_SECONDS / 2
        entries = await run(self._read, now)
        self._read_at, self._is_well = now, True
        if is_first or is_late or entries is None:
            self.hub.lost()
        changes = Changes()
        for label, keys in entries or ():
            if label:
                changes.note(label, keys)
        if changes:
            self.hub.note(changes)
        self._answer(asked)

    def _answer(self, asked: list[tuple[Changes, Done]]) -> None:
        for changes, done in asked:
            uncovered, _ = split(changes, self.covered)
            if uncovered:
                self.hub.note(uncovered)
            done()

    # In a worker thread

    def _read(self, now: float) -> list[Any] | None:
        """Entries that became visible since the last reading; None where they are not known."""
        with connections[self.alias].cursor() as cursor:
            if self._since is None:
                return self._begin(cursor, now)
            cursor.execute(sql.READ, {"since": self._since})
            snapshot, text = cursor.fetchone()
            entries = orjson.loads(text) if text else []
            is_older = _end_of(snapshot) < _end_of(self._since)  # another server, or a backup
            self._since = snapshot
            if not self._is_well or now - self._checked_at > CHECK_SECONDS or any(not label for label, _ in entries):
                self._check(cursor, now)
            if now - self._cleaned_at > CLEAN_SECONDS:
                self._clean(cursor, now)
            return None if is_older or len(entries) > sql.LIMIT else entries

    def _begin(self, cursor: Any, now: float) -> list[Any]:
        if not sql.is_installed(cursor):
            raise LookupError("it is not there (manage.py bindings_triggers install)")
        cursor.execute("SELECT pg_current_snapshot()::text")
        (self._since,) = cursor.fetchone()
        self._check(cursor, now)
        return []

    def _check(self, cursor: Any, now: float) -> None:
        self.covered = covered(sql.present(cursor))
        self._checked_at = now

    def _clean(self, cursor: Any, now: float) -> None:
        """Delete what everyone has read who is not given up. Long transactions only delay it."""
        assert self._since is not None
        self._snapshots.append((now, self._since))
        self._cleaned_at = now
        while now - self._snapshots[0][0] > KEEP_SECONDS:
            _, snapshot = self._snapshots.popleft()
            if now - self._snapshots[0][0] <= KEEP_SECONDS:
                cursor.execute(sql.CLEAN, {"before": snapshot})

    # Being woken

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except (psycopg.Error, OSError) as error:
                logger.warning("PostgreSQL does not notify; the log is read every %s s: %s", POLL_SECONDS, error)
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen_once(self) -> None:
        connection = await psycopg.AsyncConnection.connect(**await run(parameters, self.alias), autocommit=True)
        async with connection:
            await connection.execute(f"LISTEN {sql.CHANNEL}")
            self._wake.set()
            async for _ in connection.notifies():
                self._wake.set()


def _end_of(snapshot: str) -> int:
    """``"10:20:10,14"`` → 20: transactions from this number on had not begun."""
    return int(snapshot.split(":")[1])
