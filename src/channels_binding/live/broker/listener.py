"""The receiving side of the messages between processes. Gaps are noticed.

Each publisher numbers its messages and beats after every half a second of silence; its own messages come back to each process
like those of others. A process that sees a gap, no longer receives its own messages, or has stood still for so long that
messages may have been dropped meanwhile, reports it (``lost``), and the hub reads its live queries again.
"""

import asyncio
import time
from contextlib import suppress
from typing import Protocol

from channels_binding.live import messages
from channels_binding.live.broker import publisher
from channels_binding.live.broker.gaps import Sequence
from channels_binding.live.broker.outage import Outage
from channels_binding.live.transport import Message, is_cancelled, make_transport

SILENT_SECONDS = 1.0
"""Without hearing its own beat for this long, a process may have missed that somebody lost a right: whoever is about to be sent
something is looked up first."""
DEAF_SECONDS = 5.0
"""Without hearing its own beat for this long, a process takes the broker for lost."""
DEAF_AGAIN_SECONDS = 2.0
"""While it is lost, this is how often everything is read again."""
STALL_SECONDS = 1.0
"""An event loop that stood still for this long may have let messages pile up until they were dropped: a writer that has
ended since leaves no beat that would tell."""
LOOK_SECONDS = 0.25
"""How often it is looked what has come back."""
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
        self.sequences: dict[str, Sequence] = {}
        self.own_message_at = 0.0
        """Loop seconds at which a message of this process last came back."""
        self._looked_at = 0.0
        """Loop seconds at which it was last looked whether one has."""
        self._spent = 0.0
        """CPU seconds of this process by then."""
        self._excused_at = 0.0
        """Loop seconds at which the event loop last came out of a turn in which it had too much to do to read anything."""
        self.joined = asyncio.Event()
        """Set once messages arrive, or after JOIN_SECONDS without: the first connections wait for it."""
        self._transport = make_transport()
        self._retry_seconds = 0.1
        self._nonsense = Outage("The broker carries what is not ours", "")
        self._outage = Outage("The broker does not answer", "The broker answers again")
        self._listening_since = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        """Who listens, and who watches that it does."""

    def is_silent(self) -> bool:
        """Whether messages of other processes may be missing, before the broker counts as lost.

        A loop that is overloaded (thousands of sockets come back at once) reads its own beat late, as it reads everything:
        that is no silence of the broker. One that stood still without doing anything was stopped, and may well have missed
        something.
        """
        if not self._transport.reaches_others() or not self._tasks:
            return False
        late_seconds, is_busy = self._lateness()
        was_stopped = late_seconds > SILENT_SECONDS and not is_busy
        return was_stopped or self._looked_at - max(self.own_message_at, self._excused_at) > SILENT_SECONDS

    def _lateness(self) -> tuple[float, bool]:
        """By how much it is later than it should be looked again, and whether this process worked for most of that time."""
        late_seconds = asyncio.get_running_loop().time() - self._looked_at - LOOK_SECONDS
        return late_seconds, time.process_time() - self._spent > late_seconds / 2

    def start(self) -> None:
        """Begin to listen, on the running loop."""
        if not self._transport.reaches_others():
            self.joined.set()
            return
        loop = asyncio.get_running_loop()
        loop.call_later(JOIN_SECONDS, self.joined.set)
        self._listening_since = self.own_message_at = self._looked_at = loop.time()
        self._tasks = [loop.create_task(self._listen()), loop.create_task(self._watch())]

    async def stop(self) -> None:
        """Listen no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(Exception):
            await asyncio.wait_for(self._transport.close(), CLOSE_SECONDS)

    async def _listen(self) -> None:
        while not is_cancelled():
            try:
                await self._transport.listen(self.take, self._joined)
            except Exception as error:
                self._outage.note(error, "It is tried again until it does; what is shown is read again then.")
                await asyncio.sleep(self._retry_seconds)
                self._retry_seconds = min(self._retry_seconds * 2, RETRY_SECONDS)

    def _joined(self, complete: bool) -> None:
        if not complete:
            own = publisher.current()
            self.sequences[own.id] = Sequence(own.number)  # what was sent before may have been sent to others only
            self.listener.lost()
        self.joined.set()

    def take(self, message: Message) -> None:
        """One message: check its number, hand it on unless it is this process's own. Ignore what is none."""
        if not messages.is_numbered(message):
            self._nonsense.note(ValueError("something that is no message came by it"), "It is ignored.")
            return
        self._retry_seconds = 0.1
        self._outage.end()
        origin, kind = message["from"], message["kind"]
        if not self.sequences.setdefault(origin, Sequence()).take(message["n"]):
            self.listener.lost()
        if origin == publisher.current().id:
            self.own_message_at = asyncio.get_running_loop().time()
        elif kind not in ("beat", "hello"):
            self.listener.receive(message)

    async def _watch(self) -> None:
        """Notice that nothing comes back any more; say so, and listen anew, until something does."""
        publisher.publish({"kind": "hello"})  # from now on this process beats
        loop, reported_at = asyncio.get_running_loop(), 0.0
        self._looked_at, self._spent = loop.time(), time.process_time()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now, (late_seconds, is_busy) = loop.time(), self._lateness()
            if late_seconds > LOOK_SECONDS and is_busy:
                self._excused_at = now
            self._looked_at, self._spent = now, time.process_time()
            patience = DEAF_AGAIN_SECONDS if reported_at > self.own_message_at else DEAF_SECONDS
            is_deaf = now - max(self.own_message_at, reported_at) > patience
            if is_deaf:
                reported_at = now
                self._listen_anew(now)
            if is_deaf or (self._transport.drops_when_full and late_seconds > STALL_SECONDS):
                self.listener.lost()

    def _listen_anew(self, now: float) -> None:
        """A connection that hangs says nothing; the next one may."""
        if now - self._listening_since > DEAF_SECONDS:
            self._listening_since = now
            self._tasks[0].cancel()
            self._tasks[0] = asyncio.get_running_loop().create_task(self._listen())
