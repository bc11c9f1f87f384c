"""A live query: a Call kept alive. One group serves all connections that ask the same as the same audience."""

import asyncio
from collections.abc import Hashable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from channels_binding.calls.call import Call, Reading
from channels_binding.exceptions import BindingError
from channels_binding.live.capture.changes import Changes, Fact
from channels_binding.live.queries.diff import diff, gone, same_as, snapshot
from channels_binding.live.queries.prefilter import Prefilter
from channels_binding.live.queries.why import NO_COST, Causes, Cost
from channels_binding.protocol.messages import Body, frame
from channels_binding.querysets.conditions import Conditions
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
    is_told: bool = False
    """Whether its client was told that it cannot be read just now, and has not been told yet that it can again."""

    @property
    def explains(self) -> bool:
        """Whether its messages say why they are sent (``"why": true``): to the staff alone, whoever was that when it asked."""
        return self.call.data.get("why") is True and bool(getattr(self.subscriber.user, "is_staff", False))

    @property
    def caller(self) -> Hashable:
        """Who reads, as far as callers can be distinguished."""
        return self.call.as_user(self.subscriber.user).caller

    @property
    def rows(self) -> int:
        """How many it shows."""
        return 0 if self.sent is None else len(self.sent.rows)

    def shown(self) -> Reading | None:
        """What it is to show now."""
        return self.group.reading

    def push(self) -> bytes | None:
        """The message that brings its client up to date, or None if it is. Encoded once for all alike."""
        push = self.group.push_to(self)
        if push is None and self.is_told and (shown := self.shown()) is not None:
            push = frame(self.event, same_as(shown).tail())
        self.is_told = False
        return push

    def end(self) -> None:
        """It is over."""

    def readings(self) -> dict[int, int]:
        """What is kept in memory for it, what the client shows and what it is to show: by ``id``, each with its bytes."""
        return {id(each): each.size for each in (self.sent, self.shown()) if each is not None}

    def kept_bytes(self) -> int:
        """The sum of these bytes."""
        sent, shown = self.sent, self.shown()
        kept = 0 if sent is None else sent.size
        return kept if shown is None or shown is sent else kept + shown.size


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
    apart: frozenset[str] = frozenset()
    """Many-to-many tables among the labels that are read otherwise than from a row on one of their sides: the keys of both
    sides do not say what has changed."""
    prefilter: Prefilter | None = None
    """Tells which changes of rows cannot matter; None where each may."""
    conditions: Conditions = field(default_factory=Conditions)
    """What a row must be to be counted in an aggregate: a new one that is not changes nothing. Empty for all else."""
    keys: frozenset[Hashable] | None = None
    """Rows asked for by key (``retrieve``): no change of another row matters. None for lists."""
    writes: frozenset[str] = frozenset()
    """Models that are written while it is read: what the project's hooks note there would have it read again for ever."""
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
    related_labels: frozenset[str] = frozenset()
    """Those among ``labels`` of which a changed row matters only to rows that show it (``expand``) or lead to it."""
    touched: dict[str, set[Any]] = field(default_factory=dict)
    """Keys of such rows that changed since, by their labels."""
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
    rests_until: float = float("-inf")
    """Loop seconds before which it is not read again for those who listen: a slow query rests as long as it took."""
    read_at: float = 0.0
    """Loop seconds of the last evaluation."""
    retry_at: float = float("-inf")
    """Loop seconds before which it is not read again for those who listen: its last evaluation failed."""
    failures: int = 0
    """Evaluations that failed in a row, for the backoff."""
    failure: BindingError | None = None
    """What the last one failed with; None once one has succeeded."""
    causes: Causes | None = None
    """What has made it stale; None where nobody asks."""
    cost: Cost = NO_COST
    """What the last evaluation took."""
    _steps: "Steps" = field(default_factory=lambda: Steps())

    def question(self, asker: Subscription | None) -> Call:
        """The group's call, asked by one of its subscribers, who belong to its audience now; None where nobody listens."""
        if asker is None:
            return self.call
        return self.call.asked_by(asker.call.as_user(asker.subscriber.user))

    async def until_free(self) -> None:
        """Wait until no evaluation is under way at the moment of returning."""
        while not self.is_free.is_set():
            await self.is_free.wait()

    def take(self, evaluation: "Evaluation") -> None:
        """What it answers now."""
        self.failure, self.failures, self.retry_at = None, 0, float("-inf")
        if self.completed == 0 or not same(self.reading, evaluation.reading):
            self.reading = evaluation.reading
        # What was asked for rows that were not read again now still matters to them.
        self.labels = evaluation.labels | (set() if evaluation.is_whole else self.labels or set())
        self.related_labels = evaluation.related & (evaluation.related if evaluation.is_whole else self.related_labels)
        self.apart = evaluation.apart | (frozenset() if evaluation.is_whole else self.apart)
        self.prefilter, self.is_entangled = evaluation.prefilter, evaluation.is_entangled
        self.cost = evaluation.cost
        self.writes |= evaluation.writes
        self.conditions = evaluation.conditions

    def has_made(self, changes: Changes) -> bool:
        """Whether all that matters to it in these changes, which several readings may have made, may come from its own."""
        if not changes.is_of_reading:
            return False
        labels = changes.keys.keys() if self.labels is None else self.labels & changes.keys.keys()
        return bool(labels) and labels <= self.writes

    def touch(self, keys: Set[Any] | None) -> None:
        """A change matters: of the rows with these keys, or of anything (None)."""
        self.is_stale = True
        if keys is None:
            self.changed = None
        elif self.changed is not None:
            self.changed |= keys

    def touch_related(self, label: str, keys: Set[Any]) -> None:
        """Related rows changed: of one of ``related_labels``."""
        self.is_stale = True
        self.touched.setdefault(label, set()).update(keys)

    def touch_by(self, changes: Changes) -> None:
        """Take note of changes while it is being read, when what it shows decides nothing."""
        if self.labels is None:
            self.touch(None)
            return
        for label in self.labels & changes.keys.keys():
            keys = changes.keys[label]
            if self.takes_as_related(label, changes):
                self.touch_related(label, keys or set())
            elif (
                self.looks_at(label, changes)
                or keys is None
                or (keys and (label not in self.row_labels or self.is_entangled))
            ):
                self.touch(None)
            elif keys and (self.keys is None or self.keys & keys):
                self.touch(keys)

    def takes_as_related(self, label: str, changes: Changes) -> bool:
        """Whether changes of a model matter only to rows that show the changed ones or lead to them, and these are known."""
        return label in self.related_labels and label not in changes.joins and bool(changes.keys[label])

    def looks_at(self, label: str, changes: Changes) -> bool:
        """Whether rows of a many-to-many table that came or went matter otherwise than by the keys of both its sides."""
        return label in changes.joins and label in self.declared | self.row_labels | self.apart

    def heeded(self, keys: set[Any], facts: Mapping[Any, Fact]) -> set[Any]:
        """Changed rows that may matter, of a query without a prefilter: a row that was there before may have been in it."""
        if not (self.conditions.allowed or self.conditions.bounds):
            return keys
        return {key for key in keys if not self._passes_by(facts.get(key, Fact()))}

    def _passes_by(self, fact: Fact) -> bool:
        return fact.is_new and not self.conditions.admit(fact.values)

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
        if meta.get("page", 1) != 1:
            return True
        return _has_more(meta) or meta.get("count", len(self.reading.rows)) != len(self.reading.rows)

    @property
    def known_count(self) -> "KnownCount | None":
        """How many rows it must have for what is shown to be right; None where it has to be read again to know."""
        assert self.reading is not None
        meta, shown = self.reading.meta, len(self.reading.rows)
        if "count_is" in meta:
            return None
        if "count" in meta:
            return KnownCount(meta["count"])
        if meta.get("page", 1) != 1:  # another row in front of the page moves all of it
            return None
        return KnownCount(shown + _has_more(meta), most=shown + 1)

    def push_to(self, subscription: Subscription) -> bytes | None:
        """The message that brings one subscription up to date, or None if it is. Encoded once for all alike."""
        old, new = subscription.sent, self.reading
        if old is new:
            return None
        subscription.sent = new
        return self._steps.message(old, new, subscription.event)

    def why(self) -> dict[str, Any]:
        """Why its last message was sent, and what it cost."""
        causes = {"models": {}} if self.causes is None else self.causes.said_before(self.completed)
        cost = {"took_ms": self.cost.milliseconds, "statements": self.cost.statements, "whole": self.cost.is_whole}
        return {**causes, "group": self.key, "readers": len(self.subscriptions), **cost}

    def forget_bodies(self) -> None:
        """The round is over: nobody else will need the same step."""
        self._steps.clear()
        if self.causes is not None:
            self.causes.forget_before(self.completed)


class Steps:
    """What brings clients from one reading to another, each made and encoded once."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, int], tuple[Reading | None, Reading | None, _Step]] = {}
        """By the ``id`` of both readings, which are kept for as long."""

    def message(self, old: Reading | None, new: Reading | None, event: str) -> bytes | None:
        """What is sent under this name to who has ``old``; None where nothing differs."""
        at = (id(old), id(new))
        made = self._made.get(at)
        if made is None:
            made = self._made[at] = (old, new, _Step(_step(old, new)))
        return made[2].message(event)

    def clear(self) -> None:
        """Nobody else will need the same ones."""
        self._made.clear()


class _Step:
    """What brings a client from one reading to another, as each names it."""

    __slots__ = ("_messages", "_tail")

    def __init__(self, body: Body | None) -> None:
        self._tail = None if body is None else body.tail()
        self._messages: dict[str, bytes] = {}

    def message(self, event: str) -> bytes | None:
        """The message under this name; None where nothing differs."""
        if self._tail is None:
            return None
        found = self._messages.get(event)
        if found is None:
            found = self._messages[event] = frame(event, self._tail)
        return found


def _step(old: Reading | None, new: Reading | None) -> Body | None:
    if new is None:
        return gone()
    if old is None:
        return snapshot(new)
    return diff(old, new)


def _has_more(meta: Mapping[str, Any]) -> bool:
    return bool(meta.get("has_next") or meta.get("has_previous"))


def same(old: Reading | None, new: Reading | None) -> bool:
    """Whether two readings would be sent alike."""
    if old is None or new is None:
        return old is new
    return (old.version, old.meta, old.extra) == (new.version, new.meta, new.extra)


@dataclass(frozen=True, slots=True)
class KnownCount:
    """How many rows a list has."""

    count: int
    most: int | None = None
    """Up to how many they are counted; None for all."""


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
    conditions: Conditions = field(default_factory=Conditions)
    """What a row must be to be counted in it, of an aggregate."""
    apart: frozenset[str] = frozenset()
    """Many-to-many tables that are read otherwise than from a row on one of their sides."""
    is_whole: bool = True
    """Whether all of it was read, and not only what had changed."""
    cost: Cost = NO_COST
    related: frozenset[str] = frozenset()
    """Models of which a changed row matters only to rows that show it or lead to it."""
    writes: frozenset[str] = frozenset()
    """Models that were written meanwhile, by the project's hooks."""
