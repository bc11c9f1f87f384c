"""Tokens of open connections are looked up again; who holds one that is no longer good loses the connection (4401)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from channels_binding.exceptions import Unauthenticated
from channels_binding.live.contexts import identified
from channels_binding.live.held_messages import HeldMessages
from channels_binding.live.identity.pending_checks import PendingChecks
from channels_binding.protocol.names import CloseCode
from channels_binding.repeated import Repeated
from channels_binding.types import Subscriber

_not_checked = Repeated(logging.getLogger("channels_binding"), "A token could not be checked: %s")

CHECKS_AT_ONCE = 2
"""Tokens that are looked up side by side; the other threads stay free for calls."""


@dataclass(eq=False)
class TokenChecks:
    """Looks up the tokens of one hub's connections, beside everything else. Everything happens on its event loop."""

    pending: PendingChecks
    held: HeldMessages
    spawn: Callable[[Any], Any]
    changed: Callable[[Subscriber], Awaitable[None]]
    """A connection has another user by what its token says now."""
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def check(self, subscribers: Iterable[Subscriber], *, sends_wait: bool = False) -> None:
        """Look the tokens of these connections up again; whose token is no longer good is ended.

        Args:
            sends_wait: Nothing is sent to these connections before that.
        """
        waiting = [*subscribers]
        if sends_wait:
            self.pending.running.update(waiting)
        for _ in range(min(CHECKS_AT_ONCE, len(waiting))):
            task = self.spawn(self._check(waiting, sends_wait))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def until_done(self, seconds: float) -> None:
        """Wait for the checks that are under way, but no longer than this."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    async def _check(self, waiting: list[Subscriber], sends_wait: bool) -> None:
        while waiting:
            subscriber = waiting.pop()
            try:
                if await identified(subscriber):
                    await self.changed(subscriber)
            except Unauthenticated:
                subscriber.end(CloseCode.UNAUTHENTICATED, "the token is no longer good")
            except Exception as exception:
                _not_checked(exception)
            finally:
                if sends_wait:
                    self.pending.end([subscriber])
        self.held.release()
