"""Pending identity checks: nothing is sent to a connection before it is known again whose it is."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from channels_binding.calls.sessions import key_shown
from channels_binding.types import Subscriber


class PendingChecks:
    """The identity checks that are still to be made, and those that are being made."""

    def __init__(self, checked_at: float) -> None:
        self.users: set[str] = set()
        """Keys of users who may have changed."""
        self.sessions: set[str] = set()
        self.everyone = False
        self.audiences: set[Subscriber] = set()
        """Those who may belong to another audience now, or may read no longer, by what a binding's ``depends_on`` declares."""
        self.unread: set[Subscriber] = set()
        """Those whose live reads could not be read again as whoever they belong to now."""
        self.running: Counter[Subscriber] = Counter()
        """Those who are being checked now, and how many times at once."""
        self.checked_at = checked_at
        """Loop seconds at which everyone was last to be checked."""
        self._ended: asyncio.Future[None] | None = None
        """Done when the next check ends, if somebody waits for that."""

    def __bool__(self) -> bool:
        """Whether a check is yet to be begun."""
        return bool(self.everyone or self.users or self.sessions or self.audiences or self.unread)

    def concern(self, subscriber: Subscriber) -> bool:
        """Whether a check of this connection is yet to be begun."""
        user_key = str(getattr(subscriber.user, "pk", None))
        is_named = user_key in self.users or subscriber in self.audiences
        return self.everyone or is_named or key_shown(subscriber.scope) in self.sessions

    def holds(self, subscriber: Subscriber) -> bool:
        """Whether nothing may be sent to a connection yet. Who is not signed in has no session or membership to lose."""
        is_signed_in = bool(getattr(subscriber.user, "is_authenticated", False))
        is_unfinished = subscriber in self.running or subscriber in self.unread or subscriber in self.audiences
        return is_unfinished or (is_signed_in and self.concern(subscriber))

    def clear(self) -> None:
        """The checks are begun. Changes from now on ask for others."""
        self.users, self.sessions, self.audiences, self.unread = set(), set(), set(), set()
        self.everyone = False

    @contextmanager
    def run(self, subscribers: Iterable[Subscriber]) -> Iterator[None]:
        """Around a check of these connections."""
        checked = [*subscribers]
        self.running.update(checked)
        try:
            yield
        finally:
            self.end(checked)

    def end(self, subscribers: Iterable[Subscriber]) -> None:
        """These have been checked (once, if several checks are under way)."""
        for each in subscribers:
            self.running[each] -= 1
            if self.running[each] <= 0:
                del self.running[each]
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)
        self._ended = None

    async def until_one_ends(self, timeout_seconds: float) -> None:
        """Wait until a check has ended, of whomever; at most so long."""
        if self._ended is None:
            self._ended = asyncio.get_running_loop().create_future()
        await asyncio.wait([self._ended], timeout=timeout_seconds)
