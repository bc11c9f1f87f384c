"""What leaves one socket: in order, by one writer, and never far ahead of what the client has taken in.

How far is known in two ways. A server that has back-pressure (uvicorn) takes the next message only when the client reads.
A client of ``cb.1`` acknowledges, by answering the pings that come after every quarter of the bound; that holds on servers
that take everything at once (Daphne) as well.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from channels_binding.protocol.messages import message
from channels_binding.types import Dialect, Send

logger = logging.getLogger("channels_binding")

CLOSE_SECONDS = 5.0
"""How long a closing frame may wait behind what the client does not read; then the socket is given up without one."""


@dataclass(slots=True)
class Flow:
    """What is on its way to the client and not acknowledged."""

    unacknowledged: int = 0
    """Bytes sent since the last acknowledged ping."""
    awaited: dict[int, int] = field(default_factory=dict)
    """Ping number → bytes that its pong acknowledges."""
    number: int = 0
    waiting_since: float | None = None
    """Loop seconds since when an acknowledgement is awaited: of the first ping without one, or of the last that came."""

    @property
    def since_ping(self) -> int:
        """Bytes that no ping asks about yet."""
        return self.unacknowledged - max(self.awaited.values(), default=0)

    def ping(self, now: float) -> int:
        self.number += 1
        self.awaited[self.number] = self.unacknowledged
        self.waiting_since = now if self.waiting_since is None else self.waiting_since
        return self.number

    def pong(self, number: int, now: float) -> None:
        acknowledged = self.awaited.get(number)
        if acknowledged is None:
            return
        self.unacknowledged -= acknowledged
        self.awaited = {n: size - acknowledged for n, size in self.awaited.items() if n > number}
        self.waiting_since = now if self.awaited else None


class Outbox:
    """Messages of one socket on their way out. Everything happens on its event loop."""

    def __init__(self, send: Send, dialect: Dialect, bound: int, moved: Callable[[], None]) -> None:
        """``moved`` is called when something was written or acknowledged: there may be room again."""
        self.bound = bound
        self.flow = Flow()
        self.queued = 0
        """Bytes that wait for the server to take them."""
        self.closed_with: tuple[int, str] | None = None
        self.is_written = asyncio.Event()
        """Set while nothing waits."""
        self.is_written.set()
        self.is_over = asyncio.Event()
        """Set once nothing will leave any more."""
        self._send = send
        self._acknowledges = dialect == "cb.1"
        self._moved = moved
        self._waiting: list[bytes] = []
        self._has_output = asyncio.Event()
        self._has_moved = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._sending_since: float | None = None
        """Loop seconds since when the server holds a message back; None while it does not."""
        self._writer: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._writer = self._loop.create_task(self._write())

    @property
    def is_full(self) -> bool:
        """Whether the client is as far behind as it may be: what can wait must."""
        return self.queued + self.flow.unacknowledged > self.bound

    def stalled_seconds(self) -> float:
        """For how long nothing has moved although something should."""
        begun = [since for since in (self.flow.waiting_since, self._sending_since) if since is not None]
        return self._loop.time() - min(begun) if begun else 0.0

    async def room(self) -> None:
        """Wait until it is not full, or closed."""
        while self.is_full and self.closed_with is None:
            self._has_moved.clear()
            await self._has_moved.wait()

    def put(self, text: bytes) -> None:
        """Send a frame after all that was put before."""
        if self.closed_with is None:
            self._waiting.append(text)
            self.queued += len(text)
            self.is_written.clear()
            self._has_output.set()

    def ping(self) -> None:
        """Ask for an acknowledgement of all that was sent."""
        self.put(message("cb.ping", {"n": self.flow.ping(self._loop.time())}))

    def pong(self, number: object) -> None:
        """The client has taken in all that was sent before ping ``number``."""
        if isinstance(number, int):
            self.flow.pong(number, self._loop.time())
        self._progress()

    def close(self, code: int, reason: str) -> None:
        """Close the socket after the message that is being sent; what waits behind it is dropped."""
        if self.closed_with is None:
            self.closed_with = (code, reason)
            self._waiting.clear()
            self._has_output.set()
            self._has_moved.set()
            self._loop.call_later(CLOSE_SECONDS, self._abandon)

    def _abandon(self) -> None:
        if self._writer is not None:
            self._writer.cancel()

    async def end(self) -> None:
        """The socket is gone."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    def _progress(self) -> None:
        self._has_moved.set()
        self._moved()

    async def _write(self) -> None:
        try:
            while self.closed_with is None:
                await self._has_output.wait()
                self._has_output.clear()
                await self._write_waiting()
                self._progress()
            code, reason = self.closed_with
            # a plain number: Daphne closes with no other type, not even an IntEnum
            await self._send({"type": "websocket.close", "code": int(code), "reason": reason})
        except Exception as error:  # the peer is gone; the receiving side gets a disconnect
            logger.debug("A socket could not be written to: %s", error)
        finally:
            self.is_over.set()

    async def _write_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for text in waiting:
            if self.closed_with is not None:
                return
            self._sending_since = self._loop.time()
            await self._send({"type": "websocket.send", "text": text.decode()})
            self._sending_since = None
            self.queued -= len(text)
            self._account(len(text))
        if not self._waiting:
            self.is_written.set()

    def _account(self, size: int) -> None:
        if self._acknowledges:
            self.flow.unacknowledged += size
            if self.flow.since_ping > self.bound // 4:
                self.ping()
