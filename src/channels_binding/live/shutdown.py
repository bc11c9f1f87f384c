"""Graceful shutdown: on SIGTERM clients are asked to reconnect elsewhere, a few at a time, before the server closes.

Servers close all sockets at once, or simply break them, before the application learns of the shutdown: lifespan's shutdown
comes last. So SIGTERM is handled first here, and handed on to the server when everyone has gone, or ``DRAIN_SECONDS`` are over.
Meanwhile calls are answered as ever.
"""

import asyncio
import logging
import random
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from channels_binding.conf import get_settings
from channels_binding.live.hub import Hub
from channels_binding.protocol.names import CloseCode
from channels_binding.types import Subscriber

logger = logging.getLogger("channels_binding")

REASON = "shutdown"
CLIENTS_PER_SECOND = 200
"""How many clients are sent away in a second, where ``DRAIN_SECONDS`` allow: 20 are gone in 0.1 s, 2,000 in 10."""
LEAVE_SECONDS = 1.0
"""How long a client that was asked to reconnect may take to leave by itself."""
PATIENCE_SECONDS = 5.0
"""How long calls in flight are waited for beyond that."""

Handler = Callable[[int, FrameType | None], Any]


async def drain(hub: Hub) -> None:
    """Send every client of a hub away, and return when all have gone or their time is over."""
    hub.watchers.end()
    subscribers = [*hub.subscribers]
    random.shuffle(subscribers)
    spread_seconds = min(get_settings().DRAIN_SECONDS, len(subscribers) / CLIENTS_PER_SECOND)
    leaving = []
    for place, subscriber in enumerate(subscribers):
        after_seconds = spread_seconds * place / len(subscribers)
        subscriber.go_away(REASON, after_seconds)
        leaving.append(hub.spawn(_wait_until_gone(hub, subscriber, after_seconds)))
    if leaving:
        await asyncio.wait(leaving)


async def _wait_until_gone(hub: Hub, subscriber: Subscriber, after_seconds: float) -> None:
    """Wait for a client to leave by itself; close what is left of it."""
    until = hub.loop.time() + after_seconds + LEAVE_SECONDS
    while subscriber in hub.subscribers and hub.loop.time() < until:  # noqa: ASYNC110 (leaving makes no noise)
        await asyncio.sleep(0.05)
    if subscriber not in hub.subscribers:
        return
    try:
        await asyncio.wait_for(subscriber.retire(CloseCode.GOING_AWAY, REASON), PATIENCE_SECONDS)
    except TimeoutError:
        subscriber.end(CloseCode.GOING_AWAY, REASON)


class GracefulShutdown:
    """SIGTERM as this process takes it."""

    def __init__(self) -> None:
        self.is_under_way = False
        self._server: Handler | None = None
        """What the server does on SIGTERM."""
        self._loop: asyncio.AbstractEventLoop | None = None

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Handle SIGTERM before the server does, where a server handles it. Elsewhere nothing is changed."""
        present = signal.getsignal(signal.SIGTERM)
        if present == self.begin or not callable(present):
            return
        self._server, self._loop = present, loop
        signal.signal(signal.SIGTERM, self.begin)

    def begin(self, number: int, frame: FrameType | None) -> None:
        """The signal. A second one, or one with nobody to send away, is the server's at once."""
        if (
            self.is_under_way
            or self._loop is None
            or self._loop.is_closed()
            or not any(h.subscribers or h.watchers for h in Hub.all())
        ):
            self._hand_on(number, frame)
            return
        self.is_under_way = True
        asyncio.run_coroutine_threadsafe(self._drain_all(number), self._loop)

    async def _drain_all(self, number: int) -> None:
        logger.info("Sending clients elsewhere before the server shuts down")
        try:
            await asyncio.gather(*(_drain_on_its_loop(hub) for hub in Hub.all()))
        finally:
            self._hand_on(number, None)

    def _hand_on(self, number: int, frame: FrameType | None) -> None:
        if self._server is not None:
            self._server(number, frame)


async def _drain_on_its_loop(hub: Hub) -> None:
    """Drain a hub on its own loop."""
    await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(drain(hub), hub.loop))


graceful_shutdown = GracefulShutdown()


def watch(hub: Hub, subscriber: Subscriber) -> None:
    """Called for each new connection: there is somebody to send away from now on; at once, if that is under way."""
    if graceful_shutdown.is_under_way:
        subscriber.end(CloseCode.GOING_AWAY, REASON)
    elif get_settings().DRAIN_SECONDS > 0 and threading.current_thread() is threading.main_thread():
        graceful_shutdown.watch(hub.loop)


def watch_hub(hub: Hub) -> None:
    """Called for each who watches models (``watchers``): told at once that it is over, if the process is about to end."""
    if graceful_shutdown.is_under_way:
        hub.watchers.end()
    elif get_settings().DRAIN_SECONDS > 0 and threading.current_thread() is threading.main_thread():
        graceful_shutdown.watch(hub.loop)
