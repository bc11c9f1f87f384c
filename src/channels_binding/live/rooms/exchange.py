"""What hubs tell each other of who is where. Every hub has members of its own, and knows those of all others.

A hub says what has changed, numbered; now and then, while it has members, that it is there; and all of its members when it is
asked, because somebody came later or lacks a number. Who was not heard of for as long as it has announced is gone.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from channels_binding.live.messages import MEMBERS_AT_ONCE
from channels_binding.live.rooms.room import Member, RoomKey

Place: TypeAlias = tuple[RoomKey, str]
"""A tab in a room."""
Change: TypeAlias = tuple[RoomKey, str, Member | None]
"""Who is in a room from now on; None: the tab has left it."""

ASK_SECONDS = 1.0
"""Others are asked for all that they know, and tell it, no more often than this."""
MOST_TTL_SECONDS = 86_400.0
"""No hub is believed for longer after its last word, whatever it announces."""
BEATS = 3
"""So many signs of life fit into the time after which a hub counts as gone."""


@dataclass(slots=True)
class _Node:
    """What another hub has said."""

    number: int
    heard_at: float
    ttl_seconds: float
    is_whole: bool = False
    """Whether it has told all of its members, and no message is missing since."""
    places: set[Place] = field(default_factory=set)


class Exchange:
    """The members of one hub, and what is known of those of others. It does no I/O but ``publish``."""

    def __init__(self, publish: Callable[[Mapping[str, Any]], None], ttl_seconds: Callable[[], float]) -> None:
        self.id = secrets.token_hex(8)
        self.own: dict[Place, Member] = {}
        self._publish = publish
        self._ttl_seconds = ttl_seconds
        self._number = 0
        self._said_at = float("-inf")
        self._told_at = float("-inf")
        self._asked_at = float("-inf")
        self._out: dict[Place, Member | None] = {}
        self._nodes: dict[str, _Node] = {}
        self._lacks = False
        """Whether others are to be asked for all that they know."""
        self._is_asked = False

    # Of this hub

    def note(self, key: RoomKey, tab: str, member: Member | None) -> None:
        """One of this hub's own is in a room, or has left it."""
        if member is None:
            self.own.pop((key, tab), None)
        else:
            self.own[key, tab] = member
        self._out[key, tab] = member

    @property
    def is_due(self) -> bool:
        """Whether others are to be asked, or to be answered."""
        return self._lacks or self._is_asked

    def ask(self) -> None:
        """Something may be missing: have everybody tell everything."""
        self._lacks = True

    def flush(self, now: float) -> None:
        """Say what has changed, ask, and answer, as far as it is time for it."""
        if self._is_asked and now - self._told_at >= ASK_SECONDS:
            self._is_asked, self._told_at = False, now
            self._out.clear()
            self._say(now, [(*place, member) for place, member in self.own.items()], reset=True)
        elif self._out:
            changes = [(*place, member) for place, member in self._out.items()]
            self._out.clear()
            self._say(now, changes)
        if self._lacks and now - self._asked_at >= ASK_SECONDS:
            self._lacks, self._asked_at = False, now
            self._publish({"kind": "presence", "node": self.id, "asks": True})

    def _say(self, now: float, changes: list[Change], *, reset: bool = False) -> None:
        self._said_at = now
        parts = [changes[start : start + MEMBERS_AT_ONCE] for start in range(0, len(changes), MEMBERS_AT_ONCE)] or [[]]
        for number, part in enumerate(parts):
            self._number += 1
            put = [[*key, *_said(member)] for key, _, member in part if member is not None]
            removed = [[*key, tab] for key, tab, member in part if member is None]
            self._publish({**self._head(), "reset": reset and not number, "put": put, "remove": removed})

    def _head(self) -> dict[str, Any]:
        return {"kind": "presence", "node": self.id, "number": self._number, "ttl": self._ttl_seconds()}

    def maintain(self, now: float) -> list[Change]:
        """Once a second: say that this hub is there; find out who is gone."""
        if self.own and now - self._said_at >= self._ttl_seconds() / BEATS:
            self._said_at = now
            self._publish(self._head())
        if self.is_due:
            self.flush(now)
        gone = [name for name, node in self._nodes.items() if now - node.heard_at > node.ttl_seconds]
        return [change for name in gone for change in self._forget(name)]

    def stop(self) -> None:
        """This hub is over, and its members with it."""
        if self.own:
            self._publish({"kind": "presence", "node": self.id, "bye": True})

    # Of others

    def receive(self, message: Mapping[str, Any], now: float) -> list[Change]:
        """What another hub says (``messages.is_sound``) → who is where by that."""
        name = message["node"]
        if name == self.id:
            return []
        if message.get("asks"):
            self._is_asked = bool(self.own)
            return []
        return [*self._forget(name)] if message.get("bye") else self._heard(name, message, now)

    def _heard(self, name: str, message: Mapping[str, Any], now: float) -> list[Change]:
        number, is_reset, says = message["number"], bool(message.get("reset")), "put" in message
        node = self._nodes.get(name)
        if node is None:
            node = self._nodes[name] = _Node(number - says, now, MOST_TTL_SECONDS)
        node.is_whole = is_reset or (node.is_whole and number == node.number + says)
        node.number, node.heard_at, node.ttl_seconds = number, now, min(message["ttl"], MOST_TTL_SECONDS)
        self._lacks |= not node.is_whole
        changes = [each for each in _read(message) if self._may_say(node, each)]
        if is_reset:
            kept = {(key, tab) for key, tab, _ in changes}
            changes = [*((key, tab, None) for key, tab in node.places - kept), *changes]
        for key, tab, member in changes:
            (node.places.discard if member is None else node.places.add)((key, tab))
        return changes

    def _may_say(self, node: _Node, change: Change) -> bool:
        """A hub speaks of its own members: neither of those here, nor do others leave by its word."""
        key, tab, member = change
        return (key, tab) not in self.own and (member is not None or (key, tab) in node.places)

    def _forget(self, name: str) -> Iterable[Change]:
        node = self._nodes.pop(name, None)
        return () if node is None else [(key, tab, None) for key, tab in node.places]


def _said(member: Member) -> list[Any]:
    return [member.tab, member.user_key, member.user, member.since, member.meta]


def _read(message: Mapping[str, Any]) -> Iterator[Change]:
    for stream, key, tab in message.get("remove", ()):
        yield (stream, key), tab, None
    for stream, key, *said in message.get("put", ()):
        yield (stream, key), said[0], Member(*said)
