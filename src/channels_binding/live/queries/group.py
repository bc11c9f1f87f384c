"""A live query: a Call kept alive. One group serves all connections that ask the same as the same audience."""

import asyncio
from collections.abc import Hashable, Set
from dataclasses import dataclass, field
from typing import Any

from channels_binding.calls.call import Call, Reading
from channels_binding.live.capture.changes import Changes
from channels_binding.live.queries.diff import diff, gone, snapshot
from channels_binding.live.queries.prefilter import Prefilter
from channels_binding.protocol.messages import Body
from channels_binding.types import Audience, Subscriber


@dataclass(eq=False, slots=True)
class Subscription:
    """One connection's share in a group: what it is called there, and what was last sent."""

    subscriber: Subscriber
    event: str
    """Name of the pushes: ``app.Order.search#h1``."""
    call: Call
    group: "Group"
    sent: Reading | None
    """What the client shows; None once it was sent that the row is gone."""
    is_behind: bool = False
    """Whether pushes were held back because the connection is slow."""
    is_pending: bool = False
    """Whether a round has not sent its difference yet: its query is being read, or its reader's identity is being checked."""

    @property
    def rows(self) -> int:
        """How many it shows."""
        return 0 if self.sent is None else len(self.sent.rows)

    def readings(self) -> dict[int, int]:
        """What is kept in memory for it, what the client shows and what it is to show: by ``id``, each with its bytes."""
        return {id(each): each.size for each in (self.sent, self.group.reading) if each is not None}


@dataclass(eq=False)
class Group:
    """One live query: its call, what it last answered, and who is sent the differences.

    Everything but ``evaluate`` happens on the event loop.
    """

    key: str
    call: Call
    audience: Audience
    labels: set[str] | None = None
    """Models by whose changes the answer may become another: label, as in ``desk.Ticket``. None before the first reading."""
    row_labels: frozenset[str] = frozenset()
    """Those among them that hold the rows themselves: the model, and its parents with multi-table inheritance."""
    declared: frozenset[str] = frozenset()
    """Labels of its binding's ``depends_on``, where its audience may depend on them too."""
    may_move: bool = False
    """Whether a project says who belongs to its audience, so that a reader may belong to another one later."""
    is_entangled: bool = False
    """Whether a row can depend on another row of the same model, so that each change of one may change all."""
    prefilter: Prefilter | None = None
    """Tells which changes of rows cannot matter; None where each may."""
    keys: frozenset[Hashable] | None = None
    """Rows asked for by key (``retrieve``): no change of another row matters. None for lists."""
    reading: Reading | None = None
    """What it last answered; None before the first time, and where the row of a ``retrieve`` is not there."""
    is_stale: bool = True
    """Whether something changed that the reading does not know of yet."""
    is_unsent: bool = False
    """Whether it was read for a newcomer, and those who were there before have not been sent the difference yet."""
    is_free: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while no evaluation is under way."""
    changed: set[Any] | None = None
    """Keys of the rows that changed since the last evaluation began; None if anything may have."""
    started: int = 0
    """Evaluations begun so far: the number of the latest."""
    completed: int = 0
    """Number of the latest evaluation that was made without a failure."""
    subscriptions: set[Subscription] = field(default_factory=set)
    idle_since: float | None = None
    """Loop seconds since when it has no subscribers; None while it has."""
    began_at: float = float("-inf")
    """Loop seconds at which the last evaluation began: what was committed before is known."""
    counted_at: float = float("-inf")
    """Loop seconds at which its rows were last counted, with the same result."""
    read_at: float = 0.0
    """Loop seconds of the last evaluation."""
    failures: int = 0
    """Evaluations that failed in a row, for the backoff."""
    _bodies: dict[tuple[int, int], tuple[Body | None, bytes]] = field(default_factory=dict)

    def question(self) -> Call:
        """The group's call, asked by somebody who belongs to its audience now: one of its subscribers."""
        for subscription in [*self.subscriptions]:
            return self.call.asked_by(subscription.call.as_user(subscription.subscriber.user))
        return self.call

    async def until_free(self) -> None:
        """Wait until no evaluation is under way at the moment of returning."""
        while not self.is_free.is_set():
            await self.is_free.wait()

    def take(self, evaluation: "Evaluation") -> None:
        """What it answers now."""
        if self.completed == 0 or not same(self.reading, evaluation.reading):
            self.reading = evaluation.reading
        # What was asked for rows that were not read again now still matters to them.
        self.labels = evaluation.labels | (set() if evaluation.is_whole else self.labels or set())
        self.prefilter, self.is_entangled = evaluation.prefilter, evaluation.is_entangled

    def touch(self, keys: Set[Any] | None) -> None:
        """A change matters: of the rows with these keys, or of anything (None)."""
        self.is_stale = True
        if keys is None:
            self.changed = None
        elif self.changed is not None:
            self.changed |= keys

    def touch_by(self, changes: Changes) -> None:
        """Take note of changes while it is being read, when what it shows decides nothing."""
        if self.labels is None:
            self.touch(None)
            return
        for label in self.labels & changes.keys.keys():
            keys = changes.keys[label]
            if keys is None or (keys and (label not in self.row_labels or self.is_entangled)):
                self.touch(None)
            elif keys and (self.keys is None or self.keys & keys):
                self.touch(keys)

    def shown(self) -> frozenset[Hashable]:
        """Keys of the rows that it shows; of a ``retrieve`` those asked for, there or not."""
        if self.keys is not None:
            return self.keys
        return frozenset(row.pk for row in self.reading.rows) if self.reading else frozenset()

    @property
    def is_partial(self) -> bool:
        """Whether there are rows in the list that are not shown, so that their number can change unseen."""
        if self.reading is None or self.keys is not None:
            return False
        meta = self.reading.meta
        return meta.get("page", 1) != 1 or meta.get("count") != len(self.reading.rows)

    def push_to(self, subscription: Subscription) -> bytes | None:
        """The message tail that brings one subscription up to date, or None if it is. Encoded once for all alike."""
        old, new = subscription.sent, self.reading
        if old is new:
            return None
        at = (id(old), id(new))
        if at not in self._bodies:
            body = _step(old, new)
            self._bodies[at] = (body, b"" if body is None else body.tail())
        subscription.sent = new
        body, tail = self._bodies[at]
        return None if body is None else tail

    def forget_bodies(self) -> None:
        """The round is over: nobody else will need the same step."""
        self._bodies.clear()


def _step(old: Reading | None, new: Reading | None) -> Body | None:
    if new is None:
        return gone()
    if old is None:
        return snapshot(new)
    return diff(old, new)


def same(old: Reading | None, new: Reading | None) -> bool:
    """Whether two readings would be sent alike."""
    if old is None or new is None:
        return old is new
    return (old.version, old.meta, old.extra) == (new.version, new.meta, new.extra)


class AudienceChanged(Exception):
    """Whom a group was to be read as belongs to another audience by now; what was read must be shown to nobody."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a live query answers, and what can make it answer otherwise."""

    reading: Reading | None
    """None where the row of a ``retrieve`` is not there."""
    labels: set[str]
    """Models that it touches."""
    is_entangled: bool
    prefilter: Prefilter | None
    no_prefilter: str | None
    """Why it has none."""
    is_whole: bool = True
    """Whether all of it was read, and not only what had changed."""
