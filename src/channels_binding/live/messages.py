"""Validation of the messages between processes: whatever else arrives (of another program, of an attacker) is ignored."""

from collections.abc import Mapping
from typing import Any

from channels_binding.live.capture.changes import MAX_KEYS, Changes
from channels_binding.protocol import codecs

MOST_BYTES = 1_048_576
"""Largest message, as JSON."""
LABELS = 1_000
"""Most models of one message."""
MEMBERS_AT_ONCE = 100
"""Most of those who are in rooms, of one message; the others follow in the next."""
TEXT = 512
"""Longest name, event, key or session."""


def is_numbered(message: Any) -> bool:
    """Whether it says whose message it is, and its number: ``{"from": "3f2a…", "n": 7, "kind": "changes", …}``."""
    return (
        isinstance(message, Mapping)
        and _is_text(message.get("from"))
        and _is_text(message.get("kind"))
        and type(message.get("n")) is int
        and message["n"] >= 0
    )


def is_sound(message: Mapping[str, Any]) -> bool:
    """Whether the members that its kind has are what they should be. What has a kind that is not known is not looked at."""
    check = _BODIES.get(message["kind"])
    return check is None or check(message)


def portable(changes: Changes) -> dict[str, Any]:
    """Changes as they travel; where that would be too large, "any row" of their models."""
    message = changes.to_message()
    fits = _changes({"changes": message}) and len(codecs.encode(message)) <= MOST_BYTES
    return message if fits else dict.fromkeys(message)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= TEXT


def _is_key(value: Any) -> bool:
    return type(value) is int or _is_text(value)


def _changes(message: Mapping[str, Any]) -> bool:
    changes = message.get("changes")
    return (
        isinstance(changes, Mapping)
        and isinstance(message.get("elsewhere", False), bool)
        and isinstance(message.get("reading", False), bool)
        and len(changes) <= LABELS
        and all(_is_text(label) and (rows is None or _are_rows(rows)) for label, rows in changes.items())
    )


def _are_rows(rows: Any) -> bool:
    if not isinstance(rows, list) or len(rows) > MAX_KEYS + ([] in rows):
        return False
    return all(row == [] or _is_key(row) or _is_fact(row) for row in rows)


def _is_fact(row: Any) -> bool:
    """``[9, {"status": "open"}, true]``."""
    if not isinstance(row, list) or len(row) != 3:
        return False
    key, values, is_new = row
    return (
        _is_key(key)
        and isinstance(is_new, bool)
        and isinstance(values, Mapping)
        and all(_is_text(name) and isinstance(value, int | str | None) for name, value in values.items())
    )


def _event(message: Mapping[str, Any]) -> bool:
    name = message.get("name")
    return (
        message.get("to") in ("stream", "user", "all")
        and (name is None or _is_text(name))
        and _is_text(message.get("event"))
        and isinstance(message.get("data"), Mapping)
        and _is_json(message["data"])
    )


def _is_json(data: Any) -> bool:
    try:
        return len(codecs.encode(data)) <= MOST_BYTES
    except (TypeError, ValueError, RecursionError):
        return False


def _identity(message: Mapping[str, Any]) -> bool:
    return _is_text(message.get("session"))


def _presence(message: Mapping[str, Any]) -> bool:
    if not _is_text(message.get("node")):
        return False
    if message.get("asks") or message.get("bye"):
        return True
    put, removed = message.get("put", []), message.get("remove", [])
    return (
        type(message.get("number")) is int
        and type(message.get("ttl")) in (int, float)
        and message["ttl"] > 0
        and isinstance(put, list)
        and isinstance(removed, list)
        and len(put) + len(removed) <= MEMBERS_AT_ONCE
        and all(_is_place(each, 3) for each in removed)
        and all(_is_place(each, 7) and _is_member(*each[3:]) for each in put)
        and _is_json({"put": put})
    )


def _is_place(value: Any, length: int) -> bool:
    """``["desk.Ticket", 7, "Vx…", …]``."""
    return (
        isinstance(value, list)
        and len(value) == length
        and all(map(_is_text, (value[0], value[2])))
        and _is_key(value[1])
    )


def _is_member(user_key: Any, user: Any, since: Any, meta: Any) -> bool:
    return (
        _is_text(user_key)
        and _is_text(since)
        and (user is None or isinstance(user, Mapping))
        and isinstance(meta, Mapping)
    )


_BODIES = {"changes": _changes, "event": _event, "identity": _identity, "presence": _presence}
