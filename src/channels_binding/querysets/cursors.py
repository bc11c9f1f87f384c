"""Cursors: the place of a row in an order, as text that its holder can neither read nor make.

``Place(("-due",), (date(2026, 1, 31), 7))`` → ``"kQ3v…"``. It holds values, and not the row's key alone, so that it stays good
when the row has moved or is gone. A column may be ordered by and not be shown, so its value is sealed: whoever could read it
would see the column, and whoever could make one would find every value by comparing (docs/decisions/0038-cursors.md).
"""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from channels_binding.exceptions import Invalid
from channels_binding.protocol.names import CURSORS
from channels_binding.security.sealing import seal, unsealed

MAX_CHARACTERS = 4096
"""Longest cursor: rows that are ordered by longer text have no places."""

PADDED_BYTES = 64
_PLAIN = (bool, int, float, str)
_MARKED: Mapping[type, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    datetime: ("t", datetime.isoformat, datetime.fromisoformat),
    date: ("d", date.isoformat, date.fromisoformat),
    time: ("c", time.isoformat, time.fromisoformat),
    timedelta: ("s", lambda value: [value.days, value.seconds, value.microseconds], lambda parts: timedelta(*parts)),
    Decimal: ("n", str, Decimal),
    uuid.UUID: ("u", lambda value: value.hex, uuid.UUID),
}
"""Type → the letter that marks it, how it is written as JSON, and how it is read again."""
_READ = {mark: read for mark, _, read in _MARKED.values()}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: the order in which it stands there, and what it has in each of its terms, the key's last."""

    order: tuple[str, ...]
    """Names as they were asked for; those of the binding where the call named none."""
    values: tuple[Any, ...]

    def cursor(self, stream: str) -> str:
        """The place as text.

        Raises:
            Invalid: A value has no exact text, or too long a one.
        """
        written = [self.order, [_written(value) for value in self.values]]
        text = json.dumps(written, separators=(",", ":"), ensure_ascii=False)  # escaped, an emoji takes twelve bytes
        sealed = seal(_padded(text.encode("utf-8", "surrogatepass")), _purpose(stream))
        if len(sealed) > MAX_CHARACTERS:
            raise no_places()
        return sealed


@dataclass(frozen=True, slots=True)
class Span:
    """Between which places a window lies: ``{"after": "kQ3v…", "until": "b7x…"}``."""

    after: Place | None = None
    until: Place | None = None
    before: Place | None = None
    is_backward: bool = False
    """Whether it is the last rows in front of ``before``; where that is None, of the whole list."""

    def check(self, order: Sequence[str]) -> None:
        """Whether its places are of this order.

        Raises:
            Invalid: One is not.
        """
        for name in CURSORS:
            place: Place | None = getattr(self, name)
            if place is not None and place.order != tuple(order):
                raise Invalid.field(name, "invalid", f"{name!r} is a cursor of another order.")


def read_span(data: Mapping[str, Any], stream: str) -> Span | None:
    """``{"after": "kQ3v…"}`` → its Span; None where no window by cursors is asked for.

    Raises:
        Invalid: What is no cursor of this stream; names that exclude each other.
    """
    given = {name: data[name] for name in CURSORS if data.get(name) is not None}
    if not given:
        return None
    if "before" in given and len(given) > 1:
        raise Invalid.field("before", "invalid", "'before' stands by itself.")
    if data.get("page") is not None:
        raise Invalid.field("page", "invalid", "There are no pages where cursors are asked by.")
    if data.get("count") not in (None, False):
        raise Invalid.field("count", "invalid", "Rows are not counted where cursors are asked by.")
    places = {name: _place(name, value, stream) for name, value in given.items()}
    return Span(**places, is_backward="before" in given)


def _place(name: str, value: Any, stream: str) -> Place | None:
    if value == "":
        return None
    sealed = value if isinstance(value, str) and len(value) <= MAX_CHARACTERS else ""
    text = unsealed(sealed, _purpose(stream)) if sealed.isascii() else None
    if text is None:
        raise Invalid.field(name, "invalid", f"{name!r} is a cursor that an answer of this stream has brought.")
    order, values = json.loads(text)
    return Place(tuple(order), tuple(map(_read_value, values)))


def _padded(text: bytes) -> bytes:
    """JSON with blanks behind it, so that the length of a cursor says little about what a row holds."""
    return text + b" " * (-len(text) % PADDED_BYTES)


def _purpose(stream: str) -> str:
    return f"cursor {stream}"


def _written(value: Any) -> Any:
    if value is None or type(value) in _PLAIN:
        return value
    marked = _MARKED.get(type(value))
    if marked is None:
        raise no_places()
    mark, write, _ = marked
    return {mark: write(value)}


def _read_value(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    [(mark, written)] = value.items()
    return _READ[mark](written)


def no_places() -> Invalid:
    return Invalid.field(
        "order", "invalid", "In this order rows have no places: ask by pages, or order by something else."
    )
