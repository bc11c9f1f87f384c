"""One message per commit to every process. Gaps are noticed.

Channel layers deliver at most once, drop in silence when full, and may reorder. So each publisher numbers its
messages and beats once a second with its last number. Who sees a gap, or no longer hears the own beat, says so
(``lost``), and the hub reads its live queries again.
"""

import asyncio
import atexit
import logging
import os
import queue
import threading
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from channels.layers import InMemoryChannelLayer, channel_layers, get_channel_layer

from channels_binding.conf import get_settings

logger = logging.getLogger("channels_binding")

GROUP = "channels_binding"
BEAT_SECONDS = 1.0
DEAF_SECONDS = 5.0
"""Without hearing its own beat for this long, a process takes the broker for lost."""
SEND_SECONDS = 10.0
CLOSE_SECONDS = 1.0
JOIN_SECONDS = 2.0
OUTBOX = 10_000
"""Most messages waiting to be published by one process; beyond that the oldest are dropped (a gap, which is noticed)."""

Message = Mapping[str, Any]


class Listener(Protocol):
    """Who receives: the hub of an event loop."""

    def receive(self, message: Message) -> None:
        """A message of another process, or of this one by way of the broker."""

    def lost(self) -> None:
        """Messages may be missing: what is shown must be read again."""


@dataclass(slots=True)
class Sequence:
    """What was heard of one publisher.

    >>> heard = Sequence()
    >>> [heard.take(number) for number in (1, 2, 4, 3)]
    [True, True, False, True]
    """

    last: int = 0
    """The highest number heard. Publishers begin at 1: one first heard at 5 may have said something in between."""

    def take(self, number: int) -> bool:
        """Whether nothing is missing before message ``number``. Duplicates and late ones are fine: the gap was told."""
        complete = number <= self.last + 1
        self.last = max(self.last, number)
        return complete

    def take_beat(self, number: int) -> bool:
        """Whether message ``number``, the publisher's last, was heard."""
        complete = number <= self.last
        self.last = max(self.last, number)
        return complete


class Publisher:
    """This process's way out: numbers messages and hands them to the channel layer from a thread of its own.

    So a dead broker neither breaks nor delays a write. Once it has published, it beats.
    """

    def __init__(self) -> None:
        self.id = uuid.uuid4().hex
        self.number = 0
        self._queue: queue.Queue[dict[str, Any]] = queue.Queue(OUTBOX)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._idle = threading.Event()

    def publish(self, message: Message) -> None:
        """Queue a message for every other process. Any thread, never blocks, never raises."""
        if not has_layer():
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
        layer = own_layer()
        while True:
            try:
                message = self._queue.get(timeout=BEAT_SECONDS)
            except queue.Empty:
                message = {"kind": "beat", "from": self.id, "n": self.number}
            loop.run_until_complete(self._send(layer, message))
            with self._lock:  # or a message put in between would count as handed over
                if self._queue.empty():
                    self._idle.set()

    async def _send(self, layer: Any, message: Message) -> None:
        try:
            await asyncio.wait_for(
                layer.group_send(GROUP, {"type": "channels_binding", "message": message}), SEND_SECONDS
            )
        except Exception as error:
            logger.warning("The channel layer did not take a message: %s", error)


publisher = Publisher()
atexit.register(lambda: publisher.drain())


def _after_fork() -> None:
    """A forked worker is a publisher of its own: two that number alike would look like duplicates."""
    global publisher
    publisher = Publisher()


os.register_at_fork(after_in_child=_after_fork)


def own_layer() -> Any:
    """A channel layer of one's own: channels_redis ties parts of a layer to the event loop that used it first."""
    return channel_layers.make_backend(get_settings().CHANNEL_LAYER)


async def close_layer(layer: Any) -> None:
    """Give a layer's connections back (channels_redis' two layers call it differently; core's flush would empty Redis)."""
    for name in ("close_pools", "flush"):
        if hasattr(type(layer), name):
            await getattr(layer, name)()
            return


def has_layer() -> bool:
    """Whether other processes can be reached: the in-memory layer and no layer at all reach none."""
    layer = get_channel_layer(get_settings().CHANNEL_LAYER)
    return layer is not None and not isinstance(layer, InMemoryChannelLayer)


class LayerBroker:
    """The receiving side, one per hub: the only member of the group in its process and loop."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.heard: dict[str, Sequence] = {}
        self.heard_self_at = 0.0
        """Loop seconds at which a message of this process last came back."""
        self.joined = asyncio.Event()
        """Set once messages are heard, or after JOIN_SECONDS without: the first connections wait for it."""
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to listen, on the running loop."""
        if not has_layer():
            self.joined.set()
        else:
            asyncio.get_running_loop().call_later(JOIN_SECONDS, self.joined.set)
            self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._watch())]

    async def stop(self) -> None:
        """Listen no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self) -> None:
        layer = own_layer()
        try:
            await self._listen_on(layer)
        finally:
            with suppress(Exception):
                await asyncio.wait_for(close_layer(layer), CLOSE_SECONDS)

    async def _listen_on(self, layer: Any) -> None:
        delay = 0.1
        while True:
            try:
                channel = await layer.new_channel("channels_binding")
                await layer.group_add(GROUP, channel)
                try:
                    self.listener.lost()  # what was published before the group had us is not known
                    self.joined.set()
                    while True:
                        self.take((await layer.receive(channel))["message"])
                        delay = 0.1
                finally:
                    with suppress(Exception):  # a broker that hangs forgets the channel by itself, later
                        await asyncio.wait_for(layer.group_discard(GROUP, channel), CLOSE_SECONDS)
            except Exception as error:
                logger.warning("The channel layer does not answer; trying again in %.1f s: %s", delay, error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 2.0)

    def take(self, message: Message) -> None:
        """One message of the layer: check its number, drop the own ones, hand on the rest."""
        origin, number, kind = message["from"], message["n"], message["kind"]
        if origin == publisher.id:
            self.heard_self_at = asyncio.get_running_loop().time()
            return
        heard = self.heard.setdefault(origin, Sequence())
        if not (heard.take_beat(number) if kind == "beat" else heard.take(number)):
            self.listener.lost()
        if kind not in ("beat", "hello"):
            self.listener.receive(message)

    async def _watch(self) -> None:
        """Notice that nothing comes back any more; say so every two seconds until it does."""
        loop = asyncio.get_running_loop()
        self.heard_self_at = loop.time()
        publisher.publish({"kind": "hello"})  # from now on this process beats
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            if loop.time() - self.heard_self_at > DEAF_SECONDS:
                self.listener.lost()
                self.heard_self_at = loop.time() - DEAF_SECONDS + 2.0
