"""One room: who is there, and the reading that all who watch it share. Pure: no loop, no connections, no other processes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from channels_binding.calls.call import Reading, Row
from channels_binding.live.queries.group import Steps
from channels_binding.types import Pk

RoomKey: TypeAlias = tuple[str, Pk]
"""``("desk.Ticket", 7)``, ``("desk.lobby", "")``."""

PACE_SECONDS = 0.1
"""Shortest time between two differences of a room that are sent."""
NOBODY = Reading((), {"count": 0})
"""Nobody is there."""
MEMBERS_AT_PACE = 100
"""A room of more members is sent as many times rarer as it has more: everybody in it is told of everybody."""


@dataclass(frozen=True, slots=True)
class Member:
    """One tab of one user."""

    tab: str
    user_key: str
    """By which tabs of one user are one: ``"7"``."""
    user: Mapping[str, Any] | None
    """What others see of the user: ``{"id": 7, "username": "ann"}``."""
    since: str
    """ISO 8601, UTC: ``"2026-03-01T09:30:00.120Z"``."""
    meta: Mapping[str, Any]

    def shown(self) -> dict[str, Any]:
        return {"id": self.tab, "since": self.since, "meta": self.meta}


class Room:
    """Who is in one room. What changes is put into ``reading`` by ``renew``."""

    def __init__(self, key: RoomKey) -> None:
        self.key = key
        self.members: dict[str, Member] = {}
        """By tab."""
        self.reading = NOBODY
        """What those who watch are shown: a row for each user."""
        self.steps = Steps()
        self.rests_until = float("-inf")
        """Loop seconds before which no difference is sent."""
        self._tabs: dict[str, dict[str, Member]] = {}
        """By user, and by tab."""
        self._rows: dict[str, Row] = {}
        self._changed: set[str] = set()
        """Users of whom something has changed since the reading was made."""

    def put(self, member: Member) -> None:
        """Somebody is there, from now on or with something else than before."""
        self.remove(member.tab)
        self.members[member.tab] = member
        self._tabs.setdefault(member.user_key, {})[member.tab] = member
        self._changed.add(member.user_key)

    def remove(self, tab: str) -> None:
        """Somebody is there no more. Who was not there may be removed."""
        member = self.members.pop(tab, None)
        if member is not None:
            tabs = self._tabs[member.user_key]
            del tabs[tab]
            if not tabs:
                del self._tabs[member.user_key]
            self._changed.add(member.user_key)

    def renew(self) -> bool:
        """Make the reading anew; returns whether it is another one."""
        for user_key in self._changed:
            tabs = self._tabs.get(user_key)
            if tabs is None:
                self._rows.pop(user_key, None)
            else:
                self._rows[user_key] = _row(user_key, [*tabs.values()])
        if not self._changed:
            return False
        self._changed.clear()
        rows = tuple(self._rows[user_key] for user_key in sorted(self._rows, key=self._place))
        if rows == self.reading.rows:
            return False
        self.reading = Reading(rows, {"count": len(rows)})
        return True

    def _place(self, user_key: str) -> tuple[str, str]:
        return min(member.since for member in self._tabs[user_key].values()), user_key

    @property
    def pace_seconds(self) -> float:
        """How long it rests after a difference."""
        return PACE_SECONDS * max(1.0, len(self.members) / MEMBERS_AT_PACE)


def _row(user_key: str, tabs: list[Member]) -> Row:
    tabs.sort(key=lambda member: (member.since, member.tab))
    return Row.of(user_key, {"id": user_key, "user": tabs[-1].user, "tabs": [member.shown() for member in tabs]})
