"""One beat a second for every open socket of an event loop: thousands of idle sockets need no timer each."""

import asyncio
import contextvars
import logging
from collections.abc import Callable
from typing import ClassVar, Protocol
from weakref import WeakKeyDictionary

logger = logging.getLogger("channels_binding")

AT_ONCE = 256
"""So many are called before others have a turn on the loop."""


class HasBeat(Protocol):
    """Who is called."""

    def beat(self) -> None:
        """What is to be done from time to time. On the loop; it may not block."""


class Heartbeat:
    """The beat of one event loop. It runs while anybody wants it."""

    _of: ClassVar["WeakKeyDictionary[asyncio.AbstractEventLoop, Heartbeat]"] = WeakKeyDictionary()

    def __init__(self, interval_seconds: Callable[[], float]) -> None:
        self._interval_seconds = interval_seconds
        self._wanted: dict[HasBeat, None] = {}
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def current(cls, interval_seconds: Callable[[], float]) -> "Heartbeat":
        """The pulse of the running loop. ``interval_seconds`` is asked before every beat."""
        return cls._of.setdefault(asyncio.get_running_loop(), cls(interval_seconds))

    def add(self, beating: HasBeat) -> None:
        """Call it from now on, for the first time after an interval."""
        self._wanted[beating] = None
        if self._task is None:
            # in an empty context: it outlives the socket that came first
            self._task = asyncio.get_running_loop().create_task(self._run(), context=contextvars.Context())

    def remove(self, beating: HasBeat) -> None:
        """No longer. Who was never added may be removed."""
        self._wanted.pop(beating, None)
        if not self._wanted and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._interval_seconds())
            for number, beating in enumerate([*self._wanted]):
                if number % AT_ONCE == AT_ONCE - 1:
                    await asyncio.sleep(0)
                if beating in self._wanted:
                    _call(beating)


def _call(beating: HasBeat) -> None:
    try:
        beating.beat()
    except Exception:  # one socket's trouble stays on that socket
        logger.exception("A socket could not be looked after")
