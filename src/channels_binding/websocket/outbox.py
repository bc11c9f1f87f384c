"""What leaves one socket: in order, one message after the other, and never far ahead of what the client has taken in.

How far is known in two ways. A server that has back-pressure (uvicorn) takes the next message only when the client reads.
A client of ``cb.1`` acknowledges, by answering the pings that come after every quarter of the bound; that holds on servers
that take everything at once (Daphne) as well.
"""

import asyncio
import contextvars
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from channels_binding.live.writer import Begun, Writer, begin
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
    asked: int = 0
    """Bytes that a ping asks about: those of the last one."""
    number: int = 0
    waiting_since: float | None = None
    """Loop seconds since when an acknowledgement is awaited: of the first ping without one, or of the last that came."""

    @property
    def since_ping(self) -> int:
        """Bytes that no ping asks about yet."""
        return self.unacknowledged - self.asked

    def ping(self, now: float) -> int:
        self.number += 1
        self.awaited[self.number] = self.asked = self.unacknowledged
        self.waiting_since = now if self.waiting_since is None else self.waiting_since
        return self.number

    def pong(self, number: int, now: float) -> None:
        acknowledged = self.awaited.get(number)
        if acknowledged is None:
            return
        self.unacknowledged -= acknowledged
        self.asked -= acknowledged
        self.awaited = {n: size - acknowledged for n, size in self.awaited.items() if n > number}
        self.waiting_since = now if self.awaited else None


class Outbox:
    """Messages of one socket on their way out. Everything happens on its event loop.

    What the server takes at once the loop's ``Writer`` sends. Where the server holds a message back, the writer's task becomes
    the outbox's own: it waits for that, and ends when nothing waits any more.
    """

    __slots__ = (
        *("_acknowledges", "_context", "_is_due", "_is_started", "_loop", "_moved", "_send", "_sending_since", "_task"),
        *(
            "_waiters",
            "_waiting",
            "_was_full",
            "_writer",
            "bound",
            "closed_with",
            "flow",
            "is_over",
            "queued",
            "when_over",
        ),
    )

    def __init__(self, send: Send, dialect: Dialect, bound: int, moved: Callable[[], None]) -> None:
        """``moved`` is called when it was full, and something was written or acknowledged: there may be room again."""
        self.bound = bound
        self.flow = Flow()
        self.queued = 0
        """Bytes that wait for the server to take them."""
        self.closed_with: tuple[int, str] | None = None
        self.is_over = False
        """Whether nothing will leave any more."""
        self.when_over: Callable[[], object] | None = None
        """Called once when it is over."""
        self._send = send
        self._acknowledges = dialect == "cb.1"
        self._moved = moved
        self._waiting: deque[bytes] | None = None
        """None while there is nothing: an empty deque takes 600 bytes."""
        self._loop = asyncio.get_running_loop()
        self._writer = Writer.current()
        self._context = contextvars.copy_context()
        """Of the socket: what it sends, it sends in that, whoever has caused it."""
        self._is_started = False
        self._is_due = False
        """Whether the loop's writer comes by."""
        self._was_full = False
        self._sending_since: float | None = None
        """Loop seconds since when the server holds a message back; None while it does not."""
        self._task: asyncio.Task[None] | None = None
        """Waits for the server, and sends what has come meanwhile."""
        self._waiters: list[asyncio.Future[None]] = []

    def start(self) -> None:
        """Messages may leave from now on."""
        self._is_started = True
        if self._waiting is not None or self.closed_with is not None:
            self._be_written()

    @property
    def is_full(self) -> bool:
        """Whether the client is as far behind as it may be: what can wait must."""
        is_full = self.queued + self.flow.unacknowledged > self.bound
        self._was_full |= is_full
        return is_full

    def tell_when_moved(self) -> None:
        """Call ``moved`` after the next message that leaves, even where it was not full."""
        self._was_full = True

    @property
    def is_written(self) -> bool:
        """Whether nothing waits for the server."""
        return self.queued == 0

    def stalled_seconds(self) -> float:
        """For how long nothing has moved although something should."""
        begun = [since for since in (self.flow.waiting_since, self._sending_since) if since is not None]
        return self._loop.time() - min(begun) if begun else 0.0

    async def room(self) -> None:
        """Wait until it is not full, or closed."""
        while self.is_full and self.closed_with is None and not self.is_over:
            await self._progressed()

    async def written(self) -> None:
        """Wait until nothing waits for the server, or it is over."""
        while not (self.is_written or self.is_over):
            await self._progressed()

    async def over(self) -> None:
        """Wait until nothing will leave any more."""
        while not self.is_over:
            await self._progressed()

    def _progressed(self) -> "asyncio.Future[None]":
        future = self._loop.create_future()
        self._waiters.append(future)
        return future

    def put(self, text: bytes) -> bool:
        """Send a frame after all that was put before. Returns whether it is full now."""
        if self.closed_with is not None or self.is_over:
            return False
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(text)
        self.queued += len(text)
        self._be_written()
        return self.is_full

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
            self.queued -= sum(map(len, self._waiting or ()))
            self._waiting = None
            self._be_written()
            self._wake()
            self._loop.call_later(CLOSE_SECONDS, self._abandon)

    async def end(self) -> None:
        """The socket is gone."""
        task = self._task
        self._abandon()
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)

    def _abandon(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._end()

    def _end(self) -> None:
        if self.is_over:
            return
        self.is_over = True
        self.queued, self._waiting, self._sending_since = 0, None, None
        self._wake()
        if self.when_over is not None:
            self.when_over()

    def _progress(self) -> None:
        if self._waiters:
            self._wake()
        if self._was_full:
            self._was_full = False  # unless ``moved`` finds it full again
            self._moved()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for each in waiters:
            if not each.done():
                each.set_result(None)

    # Writing

    def _be_written(self) -> None:
        """Have the loop's writer come by, unless it is to anyway, or the outbox's own task sends."""
        if self._is_started and not (self._is_due or self._task or self.is_over):
            self._is_due = True
            self._writer.add(self)

    def write(self) -> Coroutine[Any, Any, None] | None:
        """Send what waits, as far as the server takes it at once; the rest is for this task to await."""
        try:
            while (following := self._next()) is not None:
                event, size = following
                rest = begin(self._send(event), self._context)
                if rest is not None:
                    self._sending_since = self._loop.time()
                    self._task = asyncio.current_task()
                    self._is_due = False
                    return self._go_on(rest, size)
                self._sent(size)
            self._is_due = False
            self._progress()
        except (Exception, asyncio.CancelledError) as error:  # of the send's own: this task waits for nothing here
            self._lose(error)
        return None

    async def _go_on(self, rest: Begun, size: int) -> None:
        """Wait until the server has taken a message, then send what has come meanwhile."""
        try:
            await rest
            self._sent(size)
            while (following := self._next()) is not None:
                self._progress()
                event, size = following
                self._sending_since = self._loop.time()
                held_back = begin(self._send(event), self._context)
                if held_back is not None:
                    await held_back
                self._sent(size)
            self._task = self._sending_since = None
            self._progress()
        except Exception as error:
            self._lose(error)
        except asyncio.CancelledError as error:
            self._lose(error)
            raise

    def _next(self) -> tuple[dict[str, Any], int] | None:
        """What is to be sent now, as an ASGI event, and its size in bytes; None where nothing is."""
        if self._waiting is not None:
            text = self._waiting.popleft()
            if not self._waiting:
                self._waiting = None
            return {"type": "websocket.send", "text": text.decode()}, len(text)
        if self.closed_with is None or self.is_over:
            return None
        code, reason = self.closed_with
        # a plain number: Daphne closes with no other type, not even an IntEnum
        return {"type": "websocket.close", "code": int(code), "reason": reason}, 0

    def _sent(self, size: int) -> None:
        """The server has taken it: a message of so many bytes, or the close (0)."""
        if size == 0:
            self._end()
            return
        self.queued -= size
        if self._acknowledges:
            flow = self.flow
            flow.unacknowledged += size
            if flow.unacknowledged - flow.asked > self.bound // 4:
                self.ping()

    def _lose(self, error: BaseException) -> None:
        """The peer is gone; the receiving side gets a disconnect."""
        logger.debug("A socket could not be written to: %s", error)
        self._task = None
        self._end()
