"""PostgreSQL as the way between processes, for projects that have it and no Redis.

    CHANNELS_BINDING = {"BROKER": "postgres", "BROKER_OPTIONS": {"database": "default"}}

Each message is a row of one table, and a ``NOTIFY`` tells its number. A listener then reads the table from where it was, as it
does every second and after it was cut off. Numbers are given and committed in one order: who adds holds a lock until then.
The table is unlogged, so a message costs no write to the disk; a crash of the server empties it, which the next number shows.
"""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, cast
from zlib import crc32

import psycopg
from django.db import connections
from psycopg.sql import SQL, Composed, Identifier, Literal

from channels_binding.contrib.postgres_connections import parameters
from channels_binding.live.messages import MOST_BYTES
from channels_binding.live.transport import Message, Transport, is_cancelled
from channels_binding.protocol import codecs

POLL_SECONDS = 1.0
"""How often the table is read where nothing is notified: a ``NOTIFY`` may be lost with its connection."""
ANSWER_SECONDS = 5.0
"""Longest wait for any answer."""
CLEAN_SECONDS = 30.0
BATCH = 500
_IS_THERE = "SELECT to_regclass({name}) IS NOT NULL"
_CREATE_SEQUENCE = "CREATE SEQUENCE IF NOT EXISTS {sequence}"
"""One that a crash does not set back; that of an unlogged table's own column would be."""
_CREATE_TABLE = """
CREATE UNLOGGED TABLE IF NOT EXISTS {table} (
    id bigint PRIMARY KEY DEFAULT nextval({sequence_name}),
    sent_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    message text NOT NULL
)
"""
_SEND = """
WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock({lock})),
added AS (INSERT INTO {table} (message) SELECT %(message)s FROM turn RETURNING id)
SELECT pg_notify({channel}, id::text) FROM added
"""
_READ = "SELECT id, message FROM {table} WHERE id > %(place)s ORDER BY id LIMIT {batch}"
_MARK = "SELECT EXISTS (SELECT FROM {table} WHERE id = %(place)s)"
_LOCK = "SELECT pg_advisory_xact_lock({lock})"
_NEWEST = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"
_CLEAN = "DELETE FROM {table} WHERE sent_at < clock_timestamp() - make_interval(secs => %(seconds)s)"


class PostgresBroker(Transport):
    """By a table of a PostgreSQL database of the project.

    Args:
        database: Its alias in ``DATABASES``. A pooler between them must keep sessions (pgbouncer: ``pool_mode = session``).
        table: Its name. Projects that share a database need different ones. It is made when it is first used.
        keep_seconds: How long a message is kept: so long a process may be cut off and still read on.

    Raises:
        ValueError: There is no such database, or it is no PostgreSQL.
    """

    retried = (psycopg.OperationalError, psycopg.InterfaceError, OSError, TimeoutError)
    drops_when_full = False

    def __init__(
        self, database: str = "default", table: str = "channels_binding_messages", keep_seconds: float = 300.0
    ) -> None:
        if database not in connections:
            raise ValueError(f"DATABASES has no {database!r}")
        if connections[database].vendor != "postgresql":
            raise ValueError(f"DATABASES[{database!r}] is {connections[database].display_name}")
        self.database = database
        self.table = table
        self.keep_seconds = keep_seconds
        self._sending: psycopg.AsyncConnection[Any] | None = None
        self._cleaned_at = 0.0
        self._place: int | None = None
        """Number of the message read last; None before the first."""
        self._names = {
            "table": Identifier(table),
            "name": Literal(Identifier(table).as_string()),
            "sequence": Identifier(f"{table}_seq"),
            "sequence_name": Literal(Identifier(f"{table}_seq").as_string()),
            "channel": Literal(table),
            "lock": Literal(crc32(table.encode()) - 2**31),
            "batch": Literal(BATCH),
        }

    async def send(self, message: Message) -> None:
        if self._sending is None or self._sending.closed:
            self._sending = await self._connect()
        try:
            await self._clean(self._sending)  # before: a message that is sent must not fail, or it is sent again
            await self._execute(self._sending, _SEND, message=codecs.encode(message).decode())
        except BaseException:  # an answer that is still to come is nobody's
            await self.close()
            raise

    async def listen(self, receive: Callable[[Message], None], joined: Callable[[bool], None]) -> None:
        connection = await self._connect()
        try:
            await self._execute(connection, "LISTEN {table}")
            await self._listen_on(connection, receive, joined)
        finally:
            await connection.close()

    async def close(self) -> None:
        sending, self._sending = self._sending, None
        if sending is not None:
            await sending.close()

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        """A connection to a database that has the table."""
        opening = psycopg.AsyncConnection.connect(
            **parameters(self.database), autocommit=True, prepare_threshold=None, connect_timeout=int(ANSWER_SECONDS)
        )
        connection = await asyncio.wait_for(opening, ANSWER_SECONDS)
        try:
            ((is_there,),) = await self._execute(connection, _IS_THERE)
            if not is_there:
                await self._execute(connection, _LOCK, _CREATE_SEQUENCE, _CREATE_TABLE)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _execute(
        self, connection: psycopg.AsyncConnection[Any], *statements: str, **values: Any
    ) -> Sequence[tuple[Any, ...]]:
        """Rows of the last of some statements, which are one transaction.

        Raises:
            TimeoutError: There is no answer. The connection is closed then, and where this is cancelled.
        """
        composed = [SQL(cast("Any", statement)).format(**self._names) for statement in statements]
        asking = asyncio.create_task(_rows(connection, composed, values))
        try:
            await asyncio.wait([asking], timeout=ANSWER_SECONDS)
            if not asking.done():
                raise TimeoutError(f"PostgreSQL has not answered for {ANSWER_SECONDS:g} s")
            return asking.result()
        finally:
            if not asking.done():
                await _hang_up(connection, asking)

    async def _clean(self, connection: psycopg.AsyncConnection[Any]) -> None:
        now = time.monotonic()
        if now - self._cleaned_at > CLEAN_SECONDS:
            self._cleaned_at = now
            await self._execute(connection, _CLEAN, seconds=self.keep_seconds)

    # Reading

    async def _listen_on(
        self,
        connection: psycopg.AsyncConnection[Any],
        receive: Callable[[Message], None],
        joined: Callable[[bool], None],
    ) -> None:
        if self._place is None:
            self._place = await self._newest(connection)
            joined(False)
        else:
            await self._read_on(connection, receive, joined)
        while not is_cancelled():
            notified = [each async for each in connection.notifies(timeout=POLL_SECONDS, stop_after=1)]
            if not notified or any(_number(each) > self._place for each in notified):
                await self._read_on(connection, receive, joined)

    async def _read_on(
        self,
        connection: psycopg.AsyncConnection[Any],
        receive: Callable[[Message], None],
        joined: Callable[[bool], None],
    ) -> None:
        """Read the table from the last place on, to its end, and say whether nothing was missing."""
        while True:
            place = newest = self._place or 0
            rows = await self._execute(connection, _READ, place=place)
            is_complete = bool(rows) and rows[0][0] == place + 1
            if not is_complete:
                # asked later than the rows: where it is there still, so is all that follows it
                ((is_complete,),) = await self._execute(connection, _MARK, place=place)
            if not (rows or is_complete):
                newest = await self._newest(connection)
                rows = await self._execute(connection, _READ, place=place)
                is_complete = rows[0][0] == place + 1 if rows else newest == place
            for number, text in rows:
                self._place = number
                receive(_message(text))
            if not rows:
                self._place = newest
            joined(is_complete)
            if len(rows) < BATCH:
                return

    async def _newest(self, connection: psycopg.AsyncConnection[Any]) -> int:
        """The number of the last message; whoever is about to add one is waited for."""
        ((newest,),) = await self._execute(connection, _LOCK, _NEWEST)
        return int(newest)


async def _rows(
    connection: psycopg.AsyncConnection[Any], statements: Sequence[Composed], values: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    cursor = await connection.execute(SQL("; ").join(statements), values or None)
    while cursor.nextset():  # several travel as one: a client that stops in between would keep the lock from all others
        pass
    return await cursor.fetchall() if cursor.description else []


async def _hang_up(connection: psycopg.AsyncConnection[Any], asking: asyncio.Task[Any]) -> None:
    """End a connection whose answer a task waits for. (Cancelled, the task would wait for the server's answer to that.)

    The task sees the end before the descriptor is closed: otherwise the event loop goes on watching its number, which is the
    next socket's by then. That one was broken, and uvloop hung or aborted the process.
    """
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as same:
        same.shutdown(socket.SHUT_RDWR)
    asking.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # nobody asks what it fails with
    await asyncio.wait([asking], timeout=ANSWER_SECONDS)
    await connection.close()


def _number(notification: psycopg.Notify) -> int:
    """Of the message that was added; whoever may connect to the database can notify, so that is all that is believed."""
    payload = notification.payload
    return int(payload) if payload.isascii() and payload.isdigit() and len(payload) < 20 else 0


def _message(text: str) -> Any:
    """What an entry says; None, which is no message, of one that nobody of ours has written."""
    try:
        return codecs.parse(text.encode()) if len(text) <= 2 * MOST_BYTES else None
    except ValueError:
        return None
