"""Limits per caller: how many connections are open on one hub, and how much memory these hold together."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping
from typing import Any, Protocol

from channels_binding.conf import Settings


class Member(Protocol):
    """A connection, as far as it is counted."""

    @property
    def held_bytes(self) -> int:
        """What is kept in memory for it: what its live reads show, and what waits to be sent."""


def owner_of(user: Any, scope: Mapping[str, Any]) -> Hashable:
    """Whose connections are counted together: a user's; of anonymous ones, an address's.

    ``<User 7>`` → ``("user", "auth.user", "7")``; anonymous at 192.0.2.1 → ``("address", "192.0.2.1")``. Where the server names
    no address (a Unix socket) there is none: ``None``.
    """
    key = getattr(user, "pk", None)
    if key is not None:
        return ("user", type(user).__name__, str(key))
    address = (scope.get("client") or (None,))[0]
    return None if address is None else ("address", str(address))


def most_connections_of(user: Any, settings: Settings) -> int:
    """How many connections there may be of this user; of anonymous ones, of an address."""
    is_user = getattr(user, "pk", None) is not None
    return settings.MAX_CONNECTIONS_PER_USER if is_user else settings.MAX_CONNECTIONS_PER_ADDRESS


class ConnectionLimits:
    """The connections of one hub by their owner. Everything happens on its event loop."""

    def __init__(self) -> None:
        self._members: dict[Hashable, dict[Member, int]] = defaultdict(dict)
        """Owner → connections, and what each held when it was last asked."""
        self._totals: Counter[Hashable] = Counter()
        """Owner → the sum of these."""
        self._owners: dict[Member, Hashable] = {}
        self._most_together = 1
        """So many connections no owner has ever had more than."""

    def count(self, owner: Hashable) -> int:
        return len(self._members.get(owner, ()))

    def admit(self, member: Member, owner: Hashable, most: int) -> bool:
        """Count a connection as this owner's from now on, and no longer as another's. False, where it would be one too many."""
        if self._owners.get(member) == owner and member in self._owners:
            return True
        if owner is not None and self.count(owner) >= most:
            return False
        self.remove(member)
        self._owners[member] = owner
        if owner is not None:
            self._members[owner][member] = 0
            self._most_together = max(self._most_together, self.count(owner))
        return True

    def remove(self, member: Member) -> None:
        """The connection is gone. Calling it twice does no harm."""
        owner = self._owners.pop(member, None)
        members = self._members.get(owner, {})
        self._totals[owner] -= members.pop(member, 0)
        if not members:
            self._members.pop(owner, None)
            del self._totals[owner]

    def hold_more_than(self, most: int, member: Member) -> bool:
        """Whether a connection, together with the user's other ones if it is a user's, holds more than so many bytes."""
        owner = self._owners.get(member)
        if not _is_user(owner):
            return member.held_bytes > most
        members = self._members[owner]
        self._note(owner, member)
        if self._totals[owner] > most / 2:  # what the others held may be otherwise by now: as there are many, only here
            for each in members:
                self._note(owner, each)
        return self._totals[owner] > most

    def _note(self, owner: Hashable, member: Member) -> None:
        members, held = self._members[owner], member.held_bytes
        self._totals[owner] += held - members[member]
        members[member] = held

    def exceeds_its_share(self, member: Member, most: int) -> bool:
        """Whether more is held than may be, and more for this connection than its even share. Asked with each push."""
        held = member.held_bytes
        if held * self._most_together <= most:
            return False
        owner = self._owners.get(member)
        sharing = len(self._members[owner]) if _is_user(owner) else 1
        return held * sharing > most and self.hold_more_than(most, member)


def _is_user(owner: Hashable) -> bool:
    return isinstance(owner, tuple) and owner[0] == "user"
