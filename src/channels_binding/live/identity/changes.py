"""Changes of users, sessions and tokens, kept for a while: a connection may join whose identity was read before them."""

import asyncio
from collections import deque
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from channels_binding.calls.sessions import key_shown
from channels_binding.live.capture.changes import Changes
from channels_binding.live.identity.models import holds, labels, token_labels
from channels_binding.live.users import forget_shared
from channels_binding.types import Subscriber

REMEMBERED_SECONDS = 60.0
"""Longer than it takes from reading a user until a connection is theirs: a handshake, a handler's ``login``."""
MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _IdentityChange:
    """One change of a user, a session, a membership or a token."""

    at: float
    """Loop seconds."""
    users: frozenset[str]
    sessions: frozenset[str]
    everyone: bool
    tokens: Mapping[str, Set[Any] | None]
    """Label of a token's model → keys of changed rows; None for any."""

    def concerns(self, subscriber: Subscriber) -> bool:
        named = str(getattr(subscriber.user, "pk", None)) in self.users or key_shown(subscriber.scope) in self.sessions
        return self.everyone or named


class RecentChanges:
    """Those of the last ``REMEMBERED_SECONDS``, and not more than ``MOST_REMEMBERED``."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._kept: deque[_IdentityChange] = deque(maxlen=MOST_REMEMBERED)

    def note(self, changes: Changes) -> None:
        """Keep those among the changes that say whose a connection is."""
        user_label, membership_labels, session_label = labels()
        named = {label: keys for label, keys in changes.keys.items() if label in {user_label, session_label}}
        tokens = {label: keys for label, keys in changes.keys.items() if label in token_labels}
        memberships = [changes.keys[label] for label in membership_labels & changes.keys.keys()]
        if user_label in named or memberships:
            forget_shared()
        if named or tokens or memberships:
            users, sessions = (
                frozenset(map(str, named.get(label) or ())) for label in (user_label, session_label or "")
            )
            everyone = None in named.values() or any(keys is None or keys for keys in memberships)
            self._add(_IdentityChange(self.loop.time(), users, sessions, everyone, tokens))

    def note_signed_out(self, session_key: str) -> None:
        """Keep that a session is over."""
        self._add(_IdentityChange(self.loop.time(), frozenset(), frozenset({session_key}), False, {}))

    def may_concern(self, subscriber: Subscriber) -> bool:
        """Whether the user of a connection may have been read before one of these."""
        self._forget_old()
        return len(self._kept) == MOST_REMEMBERED or any(each.concerns(subscriber) for each in self._kept)

    def are_of_token_of(self, subscriber: Subscriber) -> bool:
        """Whether one of them is of the row that is a connection's token."""
        self._forget_old()
        return any(holds(subscriber, label, keys) for each in self._kept for label, keys in each.tokens.items())

    def _add(self, change: _IdentityChange) -> None:
        self._forget_old()
        self._kept.append(change)

    def _forget_old(self) -> None:
        while self._kept and self.loop.time() - self._kept[0].at > REMEMBERED_SECONDS:
            self._kept.popleft()
