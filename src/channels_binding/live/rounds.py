"""Rounds: what changed is taken together, read once for each group, and sent to each connection in one frame.

A round: take what changed, find the groups that it can touch, evaluate each once on the thread pool, and send every
connection what that means for it, in one frame. The first change is answered at once; under load rounds begin
``COALESCE_SECONDS`` apart, so a burst of commits is one round.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any

from channels_binding.conf import get_settings
from channels_binding.exception_handler import foreseen
from channels_binding.exceptions import REFUSALS, BindingError, Internal
from channels_binding.live.capture.changes import Changes
from channels_binding.live.delivery import Delivery, Frames
from channels_binding.live.failures import delay_seconds, passing
from channels_binding.live.held_messages import HeldMessages
from channels_binding.live.identity import models as identity_models
from channels_binding.live.identity.checks import IdentityChecks
from channels_binding.live.presence import Presence
from channels_binding.live.queries.evaluation import normalized
from channels_binding.live.queries.group import AudienceChanged, Group, Subscription
from channels_binding.live.queries.invalidation import Invalidation
from channels_binding.live.queries.store import QueryStore
from channels_binding.live.streams import StreamGroups
from channels_binding.live.writer import Writer
from channels_binding.protocol.messages import failure
from channels_binding.types import Subscriber

logger = logging.getLogger("channels_binding")

AddFrames = Callable[[Frames], None]
"""What a task of a round returns: adds the messages that follow from it, at the moment they are sent."""
Refused = dict[Subscription, tuple[Presence, BindingError]]
"""Live reads that are over: whose they were when they were refused, and why."""
Spawn = Callable[[Coroutine[Any, Any, Any]], "asyncio.Task[Any]"]

EVALUATIONS_AT_ONCE = 3
"""Evaluations of one round that run side by side; the other threads stay free for calls."""
ROUND_PATIENCE_SECONDS = 0.1
"""How long a round waits for its slowest query before it sends what the others answered."""
MOST_ECHOES = 10
"""Rounds in a row that answer nothing but what reading for the one before has written; from then on they are rare."""
ECHO_SECONDS = 1.0
TOLD_AFTER_FAILURES = 3
"""Failures of the database in a row before the readers are told; of what nobody foresaw they are told at once."""


class Rounds:
    """The rounds of one hub: changes are noted here, and who has written may wait until what follows from it is sent."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, wake: asyncio.Event, identity: IdentityChecks, invalidation: Invalidation,
        store: QueryStore, delivery: Delivery, stream_groups: StreamGroups, held: HeldMessages,
        *, spawn: Spawn, lost: Callable[[], None],
    ) -> None:  # fmt: skip
        """
        Args:
            wake: Set by whoever has something for the next round.
            spawn: Runs a coroutine beside, for as long as the hub.
            lost: Has everything read again; called after a round that failed.
        """
        self.loop = loop
        self.identity = identity
        self.invalidation = invalidation
        self.store = store
        self.delivery = delivery
        self.stream_groups = stream_groups
        self.held = held
        self.spawn = spawn
        self.lost = lost
        self.settled = 0
        """Number of the last batch of changes whose consequences are sent."""
        self.noted = 0
        """Number of the last batch of changes that was taken in."""
        self.pending = Changes()
        """What the next round answers."""
        self._incomplete: set[int] = set()
        """Numbers of batches whose changes the source has not delivered completely yet."""
        self._waiters: list[tuple[int, Subscriber, asyncio.Future[None]]] = []
        self._wake = wake
        self._is_running = False
        self._ended_at = float("-inf")
        self._rest_seconds = 0.0
        self._evaluators = asyncio.Semaphore(EVALUATIONS_AT_ONCE)
        self._echoes = 0
        """Rounds in a row that had nothing to answer but what reading for the last one has written."""
        self._is_written = asyncio.Event()
        """Set once something else is to be answered."""

    # Changes arrive

    def note(self, changes: Changes, number: int | None = None) -> None:
        """Take in changes; the next round answers them. Changes that concern nobody need no round."""
        self.noted = max(self.noted, number or 0)
        concerns_admitted = self.identity.note_admitted(changes)
        if self._has_nothing_before() and not (concerns_admitted or self.concern_anybody(changes)):
            self.settled = max(self.settled, self.noted)  # nothing waits before it, and nothing follows from it
            self._settle()
            return
        if not changes.is_of_reading:
            self._is_written.set()
        noted = normalized(changes, self.invalidation.labels | self.stream_groups.labels | identity_models.all_labels())
        self.pending.merge(noted)
        self.identity.note(noted)
        self.identity.note_declared(self.invalidation.index.declaring(noted))
        self.identity.check_soon(self.stream_groups.declaring(noted))
        self.invalidation.note(noted)
        self.store.note_causes(noted, number)
        self._wake.set()

    def note_incomplete(self, number: int) -> None:
        """A batch of which more is to come: it is not settled before ``note_complete``."""
        self._incomplete.add(number)

    def note_complete(self, number: int) -> None:
        """All that was committed with a batch of changes has been noted."""
        self._incomplete.discard(number)
        self.note(Changes(), number)

    def concern_anybody(self, changes: Changes) -> bool:
        """Whether changes can matter to anything that is read here, or to whose a connection is."""
        return any(
            self.invalidation.heeds(label) or self.stream_groups.heeds(label) or identity_models.heeds(label)
            for label in changes.keys
        )

    @property
    def is_idle(self) -> bool:
        """Whether no round is under way or asked for."""
        return not (self._wake.is_set() or self._is_running)

    def _has_nothing_before(self) -> bool:
        """Whether the consequences of all that was noted before are sent."""
        return self.is_idle and not self.pending and not self._incomplete

    # Who waits for what they have written

    async def wait_settled(self, numbers: Iterable[int], subscriber: Subscriber, seconds: float) -> None:
        """Until a subscriber is sent the consequences of these changes, or ``seconds`` have passed."""
        last = max(numbers, default=0)
        if self._has_sent(last, subscriber):
            return
        future: asyncio.Future[None] = self.loop.create_future()
        self._waiters.append((last, subscriber, future))
        await asyncio.wait([future], timeout=seconds)
        future.cancel()

    def _has_sent(self, number: int, subscriber: Subscriber) -> bool:
        return number <= self.settled and not any(each.is_pending for each in subscriber.subscriptions)

    def _settle(self) -> None:
        """Resolve the futures of those who wait for what has been sent by now."""
        for number, subscriber, future in self._waiters:
            if not future.done() and self._has_sent(number, subscriber):
                future.set_result(None)
        self._waiters = [waiter for waiter in self._waiters if not waiter[2].done()]

    # A round

    async def run(self) -> None:
        """One round after another, each as soon as there is something for it and the rest after the last is over."""
        while True:
            await self._wake.wait()
            pause = self._ended_at + self._rest_seconds - self.loop.time()
            if pause > 0:
                await asyncio.sleep(pause)
            await self._rest_between_echoes()
            self._wake.clear()
            began = self.loop.time()
            self._is_running = True
            try:
                await self._round()
                await Writer.current().written()  # most of what a round of many readers costs
            except Exception:
                logger.exception("A round failed; everything is read again")
                await asyncio.sleep(1.0)
                self.lost()
            self._is_running = False
            self._ended_at = self.loop.time()
            self._rest_seconds = rest_seconds(self._ended_at - began, get_settings().COALESCE_SECONDS)

    async def _rest_between_echoes(self) -> None:
        """Two lists whose hooks write, while they are read, what the other one shows would read each other without end.

        Each time that is a change like any other; but what comes of nothing else comes once a second.
        """
        if not self.pending:
            return
        self._echoes = self._echoes + 1 if self.pending.is_of_reading else 0
        self._is_written.clear()
        if self._echoes <= MOST_ECHOES:
            return
        if self._echoes == MOST_ECHOES + 1:
            logger.warning(
                "Live reads write what others show, and are read again by that: %s. Write less, or where nothing is read.",
                ", ".join(self._echoing()),
            )
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_written.wait(), ECHO_SECONDS)

    def _echoing(self) -> Iterable[str]:
        """``["shop.Order writes shop.Visit", …]``"""
        read: list[Any] = [*self.store.present(), *self.stream_groups.by_key.values()]
        return sorted(
            {f"{each.call.stream} writes {label}" for each in read for label in each.writes & {*self.pending.keys}}
        )

    async def _round(self) -> None:
        """Bring everyone up to date with everything noted so far."""
        number = min([self.noted, *(asked - 1 for asked in self._incomplete)])
        changes = self.pending
        self.pending = Changes()
        await self.identity.refresh()
        self.held.release()
        await self.invalidation.invalidate()
        self.invalidation.count_again(self.spawn)
        due = self.store.due()
        for group in due:
            for subscription in group.subscriptions:
                subscription.is_pending = True
        tasks = [self.spawn(self._refresh(group)) for group in due]
        if self.stream_groups.are_touched(changes):
            tasks.append(self.spawn(self.stream_groups.refresh(changes)))
        done, late = await asyncio.wait(tasks, timeout=ROUND_PATIENCE_SECONDS) if tasks else (set(), set())
        await self.identity.refresh_in_silence()
        self._send_results(done)
        for task in late:
            task.add_done_callback(self._ended_late)
        self.settled = max(self.settled, number)
        self._settle()

    async def _refresh(self, group: Group) -> AddFrames:
        """Evaluate a stale group; returns what is to be sent once the round is complete."""
        async with self._evaluators:
            return await self._refreshed(group)

    async def _refreshed(self, group: Group) -> AddFrames:
        refused: Refused = {}
        failed: Exception | None = None
        try:
            await self._read_as_somebody(group, refused)
        except Exception as exception:
            failed = exception

        def add(frames: Frames) -> None:
            self._end(group, refused, frames)
            if failed is not None:
                self._failed(group, failed, frames)
            else:
                self._add_group(group, frames)

        return add

    async def _read_as_somebody(self, group: Group, refused: Refused) -> None:
        """Read a stale group as one of its subscribers. Those to whom that is refused are put aside, and the next one asks:
        of an audience that a project names, some may have lost a permission that others have.

        Raises:
            Exception: What the read fails with, whoever asks.
        """
        await group.until_free()
        while group.is_stale:
            waiting = [each for each in group.subscriptions if each not in refused]
            # Whose identity is being looked into may not belong to this audience any more: rather somebody else.
            certain = (each for each in waiting if not self.delivery.is_pending(each.subscriber))
            asker = next(certain, waiting[0] if waiting else None)
            if asker is None and refused:
                return
            try:
                await self.store.evaluate(group, group.question(asker))
            except AudienceChanged:
                raise
            except Exception as exception:
                error = foreseen(exception)
                if asker is None or error is None or not isinstance(error, REFUSALS):
                    raise
                for each in waiting:
                    if each.caller == asker.caller:
                        refused[each] = self.delivery.subscribers.presence(each.subscriber), error
            await group.until_free()

    def _add_group(self, group: Group, frames: Frames) -> None:
        group.is_unsent = False
        self.delivery.bring_up_to_date(group.subscriptions, frames)

    def _send_results(self, tasks: "Iterable[asyncio.Task[AddFrames]]") -> None:
        """Send what the tasks found, to each connection in one frame. Nothing is awaited in between, so order holds."""
        frames: Frames = defaultdict(list)
        for task in tasks:
            if not task.cancelled() and task.exception() is None:
                task.result()(frames)
        self.delivery.send(frames)
        self._settle()

    def _ended_late(self, task: "asyncio.Task[AddFrames]") -> None:
        if not task.cancelled():  # as the hub stops
            self.spawn(self._send_late(task))

    async def _send_late(self, task: "asyncio.Task[AddFrames]") -> None:
        """Send what a task found that its round has not waited for."""
        await self.identity.refresh_in_silence()
        self._send_results([task])

    def _failed(self, group: Group, exception: Exception, frames: Frames) -> None:
        """A query that can no longer be read: over, if its reader may not; again later, if the database did not answer."""
        if isinstance(exception, AudienceChanged):
            group.touch(None)
            self.identity.recheck(subscription.subscriber for subscription in group.subscriptions)
            self._wake.set()
            return
        for subscription in group.subscriptions:
            subscription.is_pending = False
        error = foreseen(exception)
        if error is None or error.retry or isinstance(error, Internal):
            self._later(group, exception, frames)
            return
        presence = self.delivery.subscribers.presence
        self._end(group, {each: (presence(each.subscriber), error) for each in group.subscriptions}, frames)

    def _retry(self, group: Group, retry_at: float) -> None:
        """Its pause is over, though the clock may lack a millisecond of it: uvloop's timers fire that early."""
        if group.retry_at == retry_at:
            group.retry_at = float("-inf")
        self._wake.set()

    def _later(self, group: Group, exception: Exception, frames: Frames) -> None:
        """It is tried again after a while. Its readers are told once, and so is the log: the read goes on."""
        delay = delay_seconds(group.failures)
        group.failures += 1
        group.is_stale = True
        group.retry_at = self.loop.time() + delay
        self.loop.call_later(delay, self._retry, group, group.retry_at)
        error = foreseen(exception)
        if group.failure is None:
            group.failure = passing(exception)
        if error is not None and error.retry and group.failures < TOLD_AFTER_FAILURES:
            return
        for subscription in group.subscriptions:
            if not (subscription.is_told or self.delivery.is_pending(subscription.subscriber)):
                subscription.is_told = True
                frames[subscription.subscriber].append(failure(group.failure, subscription.event))

    def _end(self, group: Group, refused: Refused, frames: Frames) -> None:
        """Say that live reads are over, and why. A group that nobody reads any more is forgotten."""
        for subscription, (presence, error) in refused.items():
            is_theirs_still = self.delivery.subscribers.is_present(presence)
            if subscription not in group.subscriptions or not is_theirs_still:
                continue  # over, or moved, or read again as somebody else
            frames[subscription.subscriber].append(failure(error, subscription.event))
            subscription.subscriber.drop(subscription)
            self.delivery.unsubscribe(subscription)
        if refused and not group.subscriptions:
            self.store.forget(group)


def rest_seconds(took_seconds: float, coalesce_seconds: float) -> float:
    """How long to rest after a round: until it is ``coalesce_seconds`` since it began, and as long as it took, until written.

    So a commit every 50 ms need not wait, and under load rounds get rarer and take more with them: calls keep half of the time.
    """
    return max(coalesce_seconds - took_seconds, took_seconds)
