"""What belongs to the driver's cursor: writes that pass by Django's execute wrappers, and when a statement has ended.

``cursor.callproc("close_month")`` → any row of every captured model may have changed; ``cursor.copy("COPY zoo_note FROM
STDIN")`` → any row of ``zoo.Note``, once the block around it has ended. Noted even if they fail: what came before the failure
may stand. What is done with the driver's connection itself, past Django's cursors, is not seen.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from itertools import islice
from typing import Any

from channels_binding.live.capture.recorder import note_any
from channels_binding.live.capture.statements import Kept, any_label, labels_in, labels_written, text_of


class Fetched:
    """A cursor of SQLite that has fetched its rows: without that its statement is not at its end, nor committed.

    ``INSERT … RETURNING`` in autocommit mode is committed with its last row, and what is committed later than it is published
    would be overlooked by whoever reads in between.
    """

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self.cursor = cursor
        self._rows = iter(cursor.fetchall())

    def fetchone(self) -> Any:
        return next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        return [*islice(self._rows, self.cursor.arraysize if size is None else size)]

    def fetchall(self) -> list[Any]:
        return [*self._rows]

    def __iter__(self) -> Iterator[Any]:
        return self._rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cursor, name)


def begin(cursor: Any) -> None:
    """Before a statement of Django's cursor: what was fetched of the one before is over."""
    if type(cursor.cursor) is Fetched:
        cursor.cursor = cursor.cursor.cursor


def end(connection: Any, cursor: Any, sql: Any) -> None:
    """After a statement outside of a transaction: bring it to its end, so that it is committed."""
    if connection.vendor == "sqlite" and may_return(text_of(sql)) and isinstance(cursor.cursor, sqlite3.Cursor):
        with connection.wrap_database_errors:
            cursor.cursor = Fetched(cursor.cursor)


@Kept
def may_return(sql: str) -> bool:
    """Whether a statement writes and may return rows. A read is fetched as its reader likes: in chunks, perhaps."""
    text = sql.lstrip().upper()
    return "RETURNING" in text and not text.startswith("SELECT")  # one that only names a column so has nothing to fetch


def watch(connection: Any) -> None:
    """Have the cursors that a connection makes from now on note what they write otherwise than by ``execute``."""
    for name in ("make_cursor", "make_debug_cursor"):
        setattr(connection, name, partial(_made_watched, getattr(connection, name), connection))


def _made_watched(make: Callable[[Any], Any], connection: Any, cursor: Any) -> Any:
    made = make(cursor)
    own: Any = type(made)
    kind = _watched(own)
    try:
        made.__class__ = kind
    except TypeError:  # of a class with slots, or one that is not written in Python
        made = kind(cursor, connection)
    return made


@cache
def _watched(base: Any) -> Any:
    """A kind of cursor, with the methods in ``_METHODS`` where it or the driver has them."""
    return type(base.__name__, (base,), {name: _noting(base, name, call) for name, call in _METHODS.items()})


def _noting(base: Any, name: str, call: Callable[..., Any]) -> property:
    def method(cursor: Any) -> Any:
        found = getattr(base, name).__get__(cursor) if hasattr(base, name) else getattr(cursor.cursor, name)
        return partial(call, cursor.db, found)

    return property(method)


def _procedure(connection: Any, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return call(*args, **kwargs)
    finally:
        note_any(connection, any_label())


def _script(connection: Any, call: Callable[..., Any], sql: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        return call(sql, *args, **kwargs)
    finally:
        note_any(connection, labels_written(text_of(sql)))


def _copy_from(connection: Any, call: Callable[..., Any], file: Any, table: str, *args: Any, **kwargs: Any) -> Any:
    try:
        return call(file, table, *args, **kwargs)
    finally:
        note_any(connection, labels_in(table))


@contextmanager
def _copy(connection: Any, call: Callable[..., Any], sql: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
    try:
        with call(sql, *args, **kwargs) as copy:
            yield copy
    finally:
        note_any(connection, labels_written(text_of(sql)))


def _stream(connection: Any, call: Callable[..., Any], sql: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
    try:
        yield from call(sql, *args, **kwargs)
    finally:
        note_any(connection, labels_written(text_of(sql)))


_METHODS: dict[str, Callable[..., Any]] = {
    "callproc": _procedure,
    "executescript": _script,  # sqlite3
    "copy": _copy,  # psycopg 3
    "stream": _stream,
    "copy_expert": _script,  # psycopg2
    "copy_from": _copy_from,
}
