"""A point of the contract, and how one is registered; and what says that a point does not hold."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from channels_binding_conformance.comparing import differences

TOKENS = {"tok-ann": "ann", "tok-bob": "bob"}
"""Token → name of its user, in every fixture."""
NOTES: list[dict[str, Any]] = [
    {"id": 1, "title": "one", "rank": 10, "owner": "ann"},
    {"id": 2, "title": "two", "rank": 20, "weight": 4, "owner": "bob"},
    {"id": 3, "title": "three", "rank": 30, "owner": "ann"},
    {"id": 4, "title": "four", "rank": 40, "weight": 1, "owner": "bob"},
    {"id": 5, "title": "locked", "rank": 50, "owner": "ann"},
]
"""The notes that a point finds unless it says otherwise."""


class Failure(Exception):
    """A point does not hold.

    Args:
        expected: What the contract says, in words or as a value.
        came: What the server did.
    """

    def __init__(self, expected: Any, came: Any) -> None:
        self.expected, self.came = _text(expected), _text(came)
        super().__init__(f"expected {self.expected}, came {self.came}")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def expect(holds: Any, expected: Any, came: Any) -> None:
    """Fail unless ``holds``."""
    if not holds:
        raise Failure(expected, came)


def expect_equal(expected: Any, came: Any, of: str = "") -> None:
    """Fail unless ``came`` is what was recorded, with the placeholders and the order of keys of the transcripts."""
    found = differences(expected, came)
    if found:
        raise Failure(f"{of + ': ' if of else ''}{_text(expected)}", f"{_text(came)} ({'; '.join(found[:3])})")


def expect_error(code: str, message: Mapping[str, Any]) -> dict[str, Any]:
    """The error of a reply, which must be ``code``."""
    error = message.get("error")
    if not isinstance(error, dict) or error.get("code") != code:
        raise Failure(f"an error {code}", dict(message))
    return error


Check = Callable[[Any], Awaitable[None]]


@dataclass(frozen=True)
class Point:
    """One sentence of the contract that is tried."""

    name: str
    """``live.exact``"""
    section: str
    """Of ``spec/protocol.md``: ``§3``."""
    says: str
    """What the server must do, in one sentence."""
    check: Check
    fixture: Mapping[str, Any] = field(default_factory=dict)
    needs_http: bool = False


POINTS: dict[str, Point] = {}
"""Every point, in the order in which they are tried."""


def point(name: str, section: str, *, fixture: Mapping[str, Any] | None = None) -> Callable[[Check], Check]:
    """Register a function as a point; the first line of its docstring is what it says."""

    def register(check: Check) -> Check:
        says = (check.__doc__ or "").strip().splitlines()[0]
        made = {"notes": NOTES} if fixture is None else fixture
        POINTS[name] = Point(name, section, says, check, made, needs_http=name.startswith("http."))
        return check

    return register
