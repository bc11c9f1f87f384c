"""What is open on one socket: calls in flight, live reads, streams, the rate. No Django, no I/O, no clock of its own."""

from dataclasses import dataclass, field
from typing import Any

from channels_binding.exceptions import BadRequest, LimitExceeded, Throttled
from channels_binding.protocol.messages import CallId, Request
from channels_binding.protocol.states import CONNECTION, Act, Event, State
from channels_binding.types import Dialect


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection may have; ``cb.hello`` announces it."""

    frame_bytes: int
    subscriptions: int
    window_rows: int
    calls_in_flight: int
    messages_per_second: int
    depth: int
    refusals: int
    held_bytes: int
    connections: int


@dataclass(slots=True)
class Refusals:
    """How a client that is refused again and again is distinguished from one that makes a mistake.

    Two bounds. ``most`` messages in a row that are none (malformed, too large, before ``cb.auth``, a wrong token): no
    client that works sends them. And a rate for everything that is no call: refusals of every kind, pings and pongs.
    ``throttled`` and ``limit_exceeded`` count to the rate alone: a client that sends a burst learns of them afterwards.
    """

    most: int
    rate: "Rate"
    in_a_row: int = 0

    def count(self, now: float, *, is_message: bool) -> bool:
        """Account for one message that is no call. Returns whether the client has had its chances.

        Args:
            now: Seconds, monotonic.
            is_message: Whether it is a message that may be sent: a ping, a call that comes too soon.
        """
        self.in_a_row += not is_message
        try:
            self.rate.take(now)
        except Throttled:
            return True
        return self.in_a_row >= self.most

    def end_row(self) -> None:
        """A call was accepted."""
        self.in_a_row = 0


@dataclass(slots=True)
class Rate:
    """Token bucket: ``per_second`` sustained, bursts of the same number or of ``burst``."""

    per_second: int
    burst: int | None = None
    """So many at once, where that is another number."""
    tokens: float = field(init=False)
    filled_at: float | None = None
    """Seconds of the clock at the last message; None before the first."""

    def __post_init__(self) -> None:
        self.tokens = self._most

    @property
    def _most(self) -> float:
        return float(self.per_second if self.burst is None else self.burst)

    def take(self, now: float) -> None:
        """Account for one message at ``now`` (seconds, monotonic).

        Raises:
            Throttled: The bucket is empty; ``retry_after`` says when it is not.
        """
        self.check(now)
        self.tokens -= 1

    def charge(self, messages: int) -> None:
        """Account for what cost as much as so many messages. The next ones wait until it is made up for."""
        self.tokens -= messages

    def check(self, now: float) -> None:
        """Whether a message may come at ``now``.

        Raises:
            Throttled: As ``take``.
        """
        elapsed = 0.0 if self.filled_at is None else now - self.filled_at
        self.tokens = min(self._most, self.tokens + elapsed * self.per_second)
        self.filled_at = now
        if self.tokens < 1:
            raise Throttled(retry_after=round((1 - self.tokens) / self.per_second, 3))


@dataclass(slots=True)
class Session:
    """One connection's memory. The consumer asks it before it acts, and reports to it afterwards."""

    dialect: Dialect
    limits: Limits
    rate: Rate
    state: State = State.OPEN
    """Where the connection stands; ``on`` moves it."""
    in_flight: set[CallId] = field(default_factory=set)
    unnamed_in_flight: int = 0
    """Calls without an id that are not finished."""
    reads: dict[str, Any] = field(default_factory=dict)
    """Name of a live read → its subscription."""

    def on(self, event: Event) -> Act:
        """Something has arrived, or happened. Returns what is to be done about it."""
        act, self.state = CONNECTION[self.state][event]
        return act

    def begin(self, request: Request, now: float) -> None:
        """A call arrives.

        Raises:
            Throttled: Faster than ``messages_per_second``.
            BadRequest: Its id is still in flight.
            LimitExceeded: More than ``calls_in_flight`` are unanswered.
        """
        self.rate.take(now)
        if request.id is not None and request.id in self.in_flight:
            raise BadRequest(f"The id {request.id!r} belongs to a call that is not answered yet.")
        if len(self.in_flight) + self.unnamed_in_flight >= self.limits.calls_in_flight:
            raise LimitExceeded(
                f"{self.limits.calls_in_flight} calls are in flight.", limit=self.limits.calls_in_flight
            )
        if request.id is None:
            self.unnamed_in_flight += 1
        else:
            self.in_flight.add(request.id)

    def finish(self, request: Request) -> None:
        """The call that ``begin`` accepted is answered."""
        if request.id is None:
            self.unnamed_in_flight -= 1
        else:
            self.in_flight.discard(request.id)

    @property
    def is_busy(self) -> bool:
        """Whether calls are not answered yet."""
        return bool(self.in_flight) or self.unnamed_in_flight > 0

    def check_room(self, name: str, rows: int = 1) -> None:
        """Whether one more live read of this name fits, that shows so many rows.

        Raises:
            LimitExceeded: ``subscriptions`` others are open, or they show too much for all to be ``window_rows``.
        """
        others = [read for present, read in self.reads.items() if present != name]
        if len(others) >= self.limits.subscriptions:
            raise LimitExceeded(f"{self.limits.subscriptions} live reads are open.", limit=self.limits.subscriptions)
        shown, most = sum(read.rows for read in others), self.limits.window_rows
        if shown + rows > most:
            why = f"The live reads of a connection may show {most} rows (MAX_WINDOW_ROWS); {shown} are shown already."
            raise LimitExceeded(why, limit=most)


def read_name(request: Request) -> str:
    """The name under which a read stays live (§3): a second read under the same name takes the first one's place.

    ``app.Order.search#h1`` → itself; ``app.Order.retrieve`` of id 7 → ``app.Order.retrieve/7``.
    """
    if request.action == "retrieve" and request.hash is None:
        key = request.data.get("id")
        return f"{request.event}/{request.data.get('ids') if key is None else key}"
    return request.event
