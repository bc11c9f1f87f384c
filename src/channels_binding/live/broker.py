"""The receiving side of what processes tell each other. Gaps are noticed.

Each publisher numbers its messages and beats once a second with its last number. Who sees a gap, or no longer hears
the own beat, says so (``lost``), and the hub reads its live queries again.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Protocol

from channels_binding.live import publisher
from channels_binding.live.sequences import Sequence
from channels_binding.live.transport import Message, make_transport

logger = logging.getLogger("channels_binding")

DEAF_SECONDS = 5.0
"""Without hearing its own beat for this long, a process takes the broker for lost."""
DEAF_AGAIN_SECONDS = 2.0
"""While it is lost, this is how often everything is read again."""
CLOSE_SECONDS = 1.0
JOIN_SECONDS = 2.0
RETRY_SECONDS = 2.0


class Listener(Protocol):
    """Who receives: the hub of an event loop."""

    def receive(self, message: Message) -> None:
        """A message of another process, or of this one by way of the broker."""

    def lost(self) -> None:
        """Messages may be missing: what is shown must be read again."""


class Broker:
    """Listens for one hub, on its event loop."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.heard: dict[str, Sequence] = {}
        self.heard_self_at = 0.0
        """Loop seconds at which a message of this process last came back."""
        self.joined = asyncio.Event()
        """Set once messages are heard, or after JOIN_SECONDS without: the first connections wait for it."""
        self._transport = make_transport()
        self._retry_seconds = 0.1
        self._listening_since = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        """Who listens, and who watches that it does."""

    def start(self) -> None:
        """Begin to listen, on the running loop."""
        if not self._transport.reaches_others():
            self.joined.set()
            return
        loop = asyncio.get_running_loop()
        loop.call_later(JOIN_SECONDS, self.joined.set)
        self._listening_since = self.heard_self_at = loop.time()
        self._tasks = [loop.create_task(self._listen()), loop.create_task(self._watch())]

    async def stop(self) -> None:
        """Listen no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(Exception):
            await asyncio.wait_for(self._transport.close(), CLOSE_SECONDS)

    async def _listen(self) -> None:
        while True:
            try:
                await self._transport.listen(self.take, self._joined)
            except Exception as error:
                logger.warning("The broker does not answer; trying again in %.1f s: %s", self._retry_seconds, error)
                await asyncio.sleep(self._retry_seconds)
                self._retry_seconds = min(self._retry_seconds * 2, RETRY_SECONDS)

    def _joined(self, complete: bool) -> None:
        if not complete:
            self.listener.lost()
        self.joined.set()

    def take(self, message: Message) -> None:
        """One message: check its number, drop the own ones, hand on the rest."""
        self._retry_seconds = 0.1
        origin, number, kind = message["from"], message["n"], message["kind"]
        if origin == publisher.current().id:
            self.heard_self_at = asyncio.get_running_loop().time()
            return
        heard = self.heard.setdefault(origin, Sequence())
        if not (heard.take_beat(number) if kind == "beat" else heard.take(number)):
            self.listener.lost()
        if kind not in ("beat", "hello"):
            self.listener.receive(message)

    async def _watch(self) -> None:
        """Notice that nothing comes back any more; say so, and listen anew, until something does."""
        publisher.publish({"kind": "hello"})  # from now on this process beats
        told_at = 0.0
        while True:
            await asyncio.sleep(publisher.BEAT_SECONDS)
            now = asyncio.get_running_loop().time()
            if now - max(self.heard_self_at, told_at) > (
                DEAF_AGAIN_SECONDS if told_at > self.heard_self_at else DEAF_SECONDS
            ):
                told_at = now
                self.listener.lost()
                self._listen_anew(now)

    def _listen_anew(self, now: float) -> None:
        """A connection that hangs says nothing; the next one may."""
        if now - self._listening_since > DEAF_SECONDS:
            self._listening_since = now
            self._tasks[0].cancel()
            self._tasks[0] = asyncio.get_running_loop().create_task(self._listen())
