"""Writes that pass by Django's execute wrappers, since they belong to the driver's cursor: procedures, ``COPY``, scripts.

``cursor.callproc("close_month")`` → any row of every captured model may have changed; ``cursor.copy("COPY zoo_note FROM
STDIN")`` → any row of ``zoo.Note``, once the block around it has ended. Noted even if they fail: what came before the failure
may stand. What is done with the driver's connection itself, past Django's cursors, is not seen.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

from channels_binding.live.capture.recorder import note_any
from channels_binding.live.capture.statements import any_label, labels_in, labels_written, text_of


def watch(connection: Any) -> None:
    """Have the cursors that a connection makes from now on note what they write otherwise than by ``execute``."""
    for name in ("make_cursor", "make_debug_cursor"):
        setattr(connection, name, partial(_made_watched, getattr(connection, name), connection))


def _made_watched(make: Callable[[Any], Any], connection: Any, cursor: Any) -> Any:
    kind: Any = type(make(cursor))
    return _watched(kind)(cursor, connection)


@cache
def _watched(base: Any) -> Any:
    """A kind of cursor, with the methods in ``_METHODS`` where it or the driver has them."""
    return type(base.__name__, (base,), {name: _noting(base, name, call) for name, call in _METHODS.items()})


def _noting(base: Any, name: str, call: Callable[..., Any]) -> property:
    def method(cursor: Any) -> Any:
        found = getattr(base, name).__get__(cursor) if hasattr(base, name) else getattr(cursor.cursor, name)
        return partial(call, cursor.db.alias, found)

    return property(method)


def _procedure(alias: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return call(*args, **kwargs)
    finally:
        note_any(alias, any_label())


def _script(alias: str, call: Callable[..., Any], sql: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        return call(sql, *args, **kwargs)
    finally:
        note_any(alias, labels_written(text_of(sql)))


def _copy_from(alias: str, call: Callable[..., Any], file: Any, table: str, *args: Any, **kwargs: Any) -> Any:
    try:
        return call(file, table, *args, **kwargs)
    finally:
        note_any(alias, labels_in(table))


@contextmanager
def _copy(alias: str, call: Callable[..., Any], sql: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
    try:
        with call(sql, *args, **kwargs) as copy:
            yield copy
    finally:
        note_any(alias, labels_written(text_of(sql)))


def _stream(alias: str, call: Callable[..., Any], sql: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
    try:
        yield from call(sql, *args, **kwargs)
    finally:
        note_any(alias, labels_written(text_of(sql)))


_METHODS: dict[str, Callable[..., Any]] = {
    "callproc": _procedure,
    "executescript": _script,  # sqlite3
    "copy": _copy,  # psycopg 3
    "stream": _stream,
    "copy_expert": _script,  # psycopg2
    "copy_from": _copy_from,
}
