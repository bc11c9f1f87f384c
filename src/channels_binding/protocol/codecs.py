"""Bytes ↔ JSON. Strict on the way in, safe on the way out. Knows no message and no Django."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from channels_binding.exceptions import BadRequest, TooLarge

Fragment = orjson.Fragment
"""Bytes that are JSON already, to be laid into a larger document as they are."""

SAFE_INTEGER = 2**53 - 1
"""The largest integer a browser reads exactly (ECMA-262, Number.MAX_SAFE_INTEGER)."""

MAX_NUMBER = sys.float_info.max

_TO_INSPECT = re.compile(rb"\\u0000|[0-9][eE][+]?[0-9]{3}|[0-9]{100}")
"""What a text must hold somewhere for ``_inspect`` to find U+0000 or a number that no double holds (above 1.8e308)."""

_LONG = re.compile(rb"[0-9]{19}")
"""What a text must hold somewhere for a whole number not to fit into 64 bits, of which orjson makes a double."""

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
"""Outside of these, each colon stands behind a name."""

_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME


class Unfit(BadRequest):
    """JSON that is refused for what it holds. ``value`` is what it says all the same."""

    value: Any = None


def decode(text: str | bytes, *, max_bytes: int, max_depth: int) -> Any:
    """``'{"event": "a.b"}'`` → ``{"event": "a.b"}``.

    Raises:
        TooLarge: More than ``max_bytes`` bytes.
        BadRequest: Not JSON (RFC 8259; no NaN).
        Unfit: Nested deeper than ``max_depth``, a number no double holds, a NUL, a name twice in one object: a proxy or a
            firewall in front may have looked at the other one.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > max_bytes:
        raise TooLarge.than(max_bytes)
    try:
        value = orjson.loads(raw)
        if _LONG.search(raw):
            value = json.loads(raw.decode())  # keeps every digit
    except ValueError:
        raise BadRequest("This is not JSON.") from None
    try:
        _check(raw, value, max_depth)
    except Unfit as error:
        error.value = value
        raise
    return value


def _check(raw: bytes, value: Any, max_depth: int) -> None:
    if raw.count(b"[") + raw.count(b"{") > max_depth or _TO_INSPECT.search(raw):
        _inspect(value, max_depth)
    names = _names_in(value)
    if raw.count(b":") != names and _STRING.sub(b"", raw).count(b":") != names:
        raise Unfit("An object holds a name twice.")


def _names_in(value: Any) -> int:
    """How many names all the objects of a value have together."""
    if isinstance(value, dict):
        return len(value) + sum(_names_in(member) for member in value.values() if isinstance(member, (dict, list)))
    if isinstance(value, list):
        return sum(_names_in(member) for member in value if isinstance(member, (dict, list)))
    return 0


def _inspect(value: Any, depth: int) -> None:
    """Refuse what a database or a browser would choke on later."""
    if isinstance(value, dict):
        inner = _deeper(depth)
        for key, member in value.items():
            _inspect(key, inner)
            _inspect(member, inner)
    elif isinstance(value, list):
        inner = _deeper(depth)
        for member in value:
            _inspect(member, inner)
    elif isinstance(value, str) and "\x00" in value:
        raise Unfit("Text may not hold the character U+0000.")
    elif isinstance(value, (int, float)) and not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise Unfit("A number is too large.")


def _deeper(depth: int) -> int:
    if depth <= 0:
        raise Unfit("The message is nested too deeply.")
    return depth - 1


def encode(value: Any) -> bytes:
    """Any JSON value → bytes. Integers beyond 2^53 become strings; what JSON lacks becomes its text."""
    try:
        return orjson.dumps(value, default=_fallback, option=_OPTIONS | orjson.OPT_STRICT_INTEGER)
    except TypeError:
        return orjson.dumps(_spell_out(value), default=_fallback, option=_OPTIONS)


def fitted(text: bytes) -> bytes:
    """A copy, for what is kept: orjson leaves a short text the 4 KiB that it was written in."""
    return bytes(memoryview(text))


def encode_each(values: Sequence[Any]) -> list[bytes]:
    """As ``encode``, of many values."""
    option, dumps = _OPTIONS | orjson.OPT_STRICT_INTEGER, orjson.dumps
    try:
        return [fitted(dumps(value, _fallback, option)) for value in values]
    except TypeError:
        return [fitted(encode(value)) for value in values]


def _fallback(value: Any) -> Any:
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    if isinstance(value, (bytes, memoryview)):
        raise TypeError("bytes are not JSON")
    if hasattr(value, "isoformat"):
        text = str(value.isoformat())
        return text[:-6] + "Z" if text.endswith("+00:00") else text  # as REST framework's encoder
    return str(value)


def _spell_out(value: Any, most: int = SAFE_INTEGER) -> Any:
    """The slow way, taken only where an integer is too large for a browser, or for orjson."""
    if isinstance(value, dict):
        return {_spell_out(key, most): _spell_out(member, most) for key, member in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_spell_out(member, most) for member in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > most:
        return str(value)
    return value


def parse(raw: bytes) -> Any:
    """Our own bytes back into a value."""
    return orjson.loads(raw)


def joined(parts: Iterable[bytes]) -> bytes:
    """Encoded values → one encoded array of them."""
    return b"[" + b",".join(parts) + b"]"


def canonical(value: Any) -> bytes:
    """Equal values give equal bytes: keys sorted, no spaces.

    Raises:
        TypeError: If ``value`` holds something JSON cannot order.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return orjson.dumps(_spell_out(value, 2**63), option=orjson.OPT_SORT_KEYS)
