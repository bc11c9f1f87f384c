"""This process's way out: messages are numbered and handed over by a thread of its own.

So a dead broker neither breaks nor delays a write. Once it has published, it beats: a message with a number
of its own, after every half a second of silence.
"""

import asyncio
import atexit
import os
import queue
import threading
import uuid
from contextlib import suppress
from typing import Any

from channels_binding.conf import Settings, get_settings
from channels_binding.live.broker.outage import Outage
from channels_binding.live.transport import Message, Transport, make_transport

BEAT_SECONDS = 0.5
SEND_SECONDS = 10.0
RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)
OUTBOX = 10_000
"""Most messages waiting to be published by one process; beyond that the oldest are dropped (a gap, which is noticed)."""

KEPT = f"They are kept, the last {OUTBOX:,} of them, and sent once it does. Writes go on."
LOST = "They are lost to other processes, which notice the gap and read again what they show. Writes go on."


class Publisher:
    """Numbers messages and sends them in order. Any thread may publish."""

    def __init__(self) -> None:
        self.id = uuid.uuid4().hex
        self.number = 0
        self._queue: queue.Queue[dict[str, Any]] = queue.Queue(OUTBOX)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._idle = threading.Event()
        self._outage = Outage("The broker takes no messages", "The broker takes messages again")
        self._asked: tuple[Settings, Transport] | None = None
        """What is asked whether it reaches other processes, and the settings that it was made by."""

    def reaches_others(self) -> bool:
        """Whether anybody is there to publish to. It is asked at each statement, so the transport is kept for it.

        Raises:
            ImproperlyConfigured: Settings are wrong.
        """
        settings = get_settings()
        if self._asked is None or self._asked[0] is not settings:
            self._asked = settings, make_transport()
        return self._asked[1].reaches_others()

    def publish(self, message: Message) -> None:
        """Queue a message for every other process. Never blocks; raises only where settings are wrong."""
        if not self.reaches_others():
            return
        with self._lock:
            self.number += 1
            self._idle.clear()
            self._put({**message, "from": self.id, "n": self.number})
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="channels-binding-publisher", daemon=True)
                self._thread.start()

    def _put(self, message: dict[str, Any]) -> None:
        try:
            self._queue.put_nowait(message)
        except queue.Full:
            self._queue.get_nowait()
            self._queue.put_nowait(message)

    def drain(self, timeout_seconds: float = 2.0) -> bool:
        """Wait until everything is handed over, as a process does before it ends. Returns whether it was."""
        return self._thread is None or self._idle.wait(timeout_seconds)

    def _run(self) -> None:
        loop = asyncio.new_event_loop()
        transport = make_transport()
        try:
            while True:
                loop.run_until_complete(self._deliver(transport, self._next()))
                with self._lock:  # or a message put in between would count as handed over
                    if self._queue.empty():
                        self._idle.set()
        finally:
            loop.run_until_complete(transport.close())
            loop.close()

    def _next(self) -> dict[str, Any]:
        with suppress(queue.Empty):
            return self._queue.get(timeout=BEAT_SECONDS)
        with self._lock:
            if not self._queue.empty():  # put in between: it has the lower number
                return self._queue.get_nowait()
            self.number += 1
            return {"kind": "beat", "from": self.id, "n": self.number}

    async def _deliver(self, transport: Transport, message: Message) -> None:
        """Send one message; again and again where that helps. Whatever waits behind it is bounded by ``OUTBOX``."""
        attempts = 0
        while await self._should_retry(transport, message):
            await asyncio.sleep(RETRY_SECONDS[min(attempts, len(RETRY_SECONDS) - 1)])
            attempts += 1

    async def _should_retry(self, transport: Transport, message: Message) -> bool:
        try:
            await asyncio.wait_for(transport.send(message), SEND_SECONDS)
        except Exception as error:
            is_kept = isinstance(error, transport.retried)
            self._outage.note(error, KEPT if is_kept else LOST)
            return is_kept
        self._outage.end()
        return False


_publisher = Publisher()


def current() -> Publisher:
    """This process's publisher. A forked worker is one of its own: two that number alike would look like duplicates."""
    return _publisher


def publish(message: Message) -> None:
    """Queue a message for every other process. Any thread, never blocks."""
    _publisher.publish(message)


def _after_fork() -> None:
    global _publisher
    _publisher = Publisher()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(lambda: _publisher.drain())
