"""The end of a token that a connection was opened with: a timer by the wall clock."""

import asyncio
import time
from collections.abc import Callable


class Expiry:
    """Calls ``on_expired`` once the moment that was set has passed. Everything happens on the event loop."""

    __slots__ = ("_loop", "_on_expired", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, on_expired: Callable[[], object]) -> None:
        self._loop = loop
        self._on_expired = on_expired
        self._timer: asyncio.TimerHandle | None = None

    def set(self, moment: float | None) -> None:
        """Expire at this moment, in seconds since the epoch, and at no other; None: never."""
        self.cancel()
        if moment is not None:
            self._timer = self._loop.call_later(max(0.0, moment - time.time()), self._expire, moment)

    def cancel(self) -> None:
        """Calling it twice does no harm."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def _expire(self, moment: float) -> None:
        if time.time() < moment:  # the loop's clock and the wall's go apart
            self.set(moment)
        else:
            self._on_expired()
