"""Per-loop scheduler of live queries: changes come in, each connection is sent one frame a round.

A round: take what changed, find the groups that it can touch, evaluate each once on the thread pool, and send every
connection what that means for it, in one frame. The first change is answered at once; under load rounds begin
``COALESCE_SECONDS`` apart, so a burst of commits is one round.
"""

import asyncio
import itertools
import logging
import threading
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from django.core.signals import setting_changed

from channels_binding.calls.call import Call
from channels_binding.conf import get_settings
from channels_binding.exception_handler import as_error
from channels_binding.exceptions import BindingError, Internal, Unavailable
from channels_binding.live import identity, messages, unheard
from channels_binding.live.broker import listener, publisher
from channels_binding.live.capture import recorder, signals, source
from channels_binding.live.capture.changes import Changes
from channels_binding.live.connection_limits import ConnectionLimits
from channels_binding.live.delivery import Delivery, Frames
from channels_binding.live.identity import IdentityChecks
from channels_binding.live.presence import HeldMessages, Subscribers
from channels_binding.live.queries.evaluation import normalized
from channels_binding.live.queries.group import AudienceChanged, Group, Subscription
from channels_binding.live.queries.invalidation import Invalidation
from channels_binding.live.queries.store import QueryStore, jitter
from channels_binding.live.rooms.rooms import Rooms
from channels_binding.live.streams import StreamGroups
from channels_binding.live.totals import Totals
from channels_binding.live.watchers import Watchers
from channels_binding.protocol.messages import failure, message
from channels_binding.protocol.names import PRESENCE
from channels_binding.types import Subscriber

logger = logging.getLogger("channels_binding")

AddFrames = Callable[[Frames], None]
"""What a task of a round returns: adds the messages that follow from it, at the moment they are sent."""

EVALUATIONS_AT_ONCE = 3
"""Evaluations of one round that run side by side; the other threads stay free for calls."""
ROUND_PATIENCE_SECONDS = 0.1
"""How long a round waits for its slowest query before it sends what the others answered."""
RETRY_SECONDS = (0.5, 1.0, 2.0, 5.0)
CHECK_SECONDS = 10.0
"""How long a call waits until it is checked again who a connection belongs to, where that is to be checked."""


class Hub:
    """The hub of one event loop. ``Hub.current()`` gives the running loop's."""

    _numbers = itertools.count(1)
    _of_loops: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = weakref.WeakKeyDictionary()
    _lock = threading.Lock()

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        signals.connect()
        self.loop = loop
        self.thread = threading.get_ident()
        self.subscribers = Subscribers()
        self.connection_limits = ConnectionLimits()
        self.watchers = Watchers()
        self.is_in_round = False
        self.settled = 0
        """Number of the last batch of changes whose consequences are sent."""
        self._noted = 0
        self._incomplete: set[int] = set()
        """Numbers of batches whose changes the source has not delivered completely yet."""
        self._pending = Changes()
        self._wake = asyncio.Event()
        self._has_logged_unsound = False
        """Whether a message of the broker that is not valid has been logged: the first one is."""
        self._waiters: list[tuple[int, Subscriber, asyncio.Future[None]]] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._round_ended_at = float("-inf")
        self._rest_seconds = 0.0
        self.invalidation = Invalidation(loop, self._wake.set)
        self.totals = Totals()
        self.store = QueryStore(self.invalidation, self.spawn, self.totals)
        self.groups = self.store.groups
        self.held = HeldMessages(self._is_pending, self._wake.set)
        self.delivery = Delivery(
            self.subscribers, self.store, self._is_pending, self._wake.set, lambda: self.identity.is_anyone_pending()
        )
        self.stream_groups = StreamGroups(self.subscribers, self.held, self._note_again, self.recheck)
        self.rooms = Rooms(loop, self.delivery, publish_message, self.spawn, self.misses_messages)
        self.identity = IdentityChecks(
            loop, self.subscribers, self.store, self.delivery, self.stream_groups, self.held,
            spawn=self.spawn, wake=self._wake.set, misses_messages=self.misses_messages,
        )  # fmt: skip
        self._evaluators = asyncio.Semaphore(EVALUATIONS_AT_ONCE)
        self._broker = listener.Broker(self)
        self.spawn(self._run())
        self.spawn(self._maintain())
        self._broker.start()
        self._source = source.make_source(self)
        if self._source is not None:
            self._source.start()

    # One hub a loop

    @classmethod
    def current(cls) -> "Hub":
        """The running loop's hub, made at first use."""
        loop = asyncio.get_running_loop()
        with cls._lock:
            hub = cls._of_loops.get(loop)
            if hub is None:
                hub = cls._of_loops[loop] = cls(loop)
                _look_again()
            return hub

    @classmethod
    def all(cls) -> "list[Hub]":
        """Every hub of this process."""
        with cls._lock:
            return [hub for hub in cls._of_loops.values() if not hub.loop.is_closed()]

    async def stop(self) -> None:
        """End the hub's tasks and forget it."""
        with self._lock:
            self._of_loops.pop(self.loop, None)
            _look_again()
        self.rooms.stop()
        await self._broker.stop()
        if self._source is not None:
            await self._source.stop()
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def ready(self) -> None:
        """Wait until changes of other processes arrive, so that the first reads need not be made twice."""
        await self._broker.joined.wait()

    def spawn(self, coroutine: Any) -> "asyncio.Task[Any]":
        """Run something beside; its failure is logged, and it ends with the hub."""
        task: asyncio.Task[Any] = self.loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("A task of the hub failed", exc_info=task.exception())

    # Connections

    def join(self, subscriber: Subscriber) -> None:
        self.subscribers.add(subscriber)
        self.identity.check_newcomer(subscriber)

    def leave(self, subscriber: Subscriber, subscriptions: Iterable[Subscription]) -> None:
        """A connection is gone, with all its reads."""
        self.subscribers.discard(subscriber)
        for subscription in subscriptions:
            self.delivery.unsubscribe(subscription)
        self.stream_groups.leave(subscriber)
        self.held.forget(subscriber)
        self.connection_limits.remove(subscriber)

    # Reads

    def subscribe(self, group: Group, subscriber: Subscriber, event: str, call: Call) -> Subscription:
        """Send ``subscriber`` what changes from now on, of a read that was opened for it."""
        subscribe = self.rooms.watch if call.action == PRESENCE else self.delivery.subscribe
        return subscribe(group, subscriber, event, call)

    async def open(self, call: Call) -> Group:
        """The group that a read belongs to, read after this call began (so that who has written sees it).

        Raises:
            Exception: Whatever refuses the read.
        """
        return await self.store.open(call)

    async def open_for(self, subscriber: Subscriber, make_call: Callable[[], Call]) -> tuple[Group, Call] | None:
        """As ``open``, for whoever the connection belongs to when the reading is complete; None if it is gone by then.

        A caller who meanwhile signs in as another, or loses a permission, is answered as who it is now. What follows is to be
        done without an ``await``.

        Args:
            make_call: The read, asked by whoever the connection belongs to at that moment.

        Raises:
            Exception: Whatever refuses the read.
        """
        call = make_call()
        while True:
            presence = self.subscribers.presence(subscriber)
            group = await self.open(call)
            await self.until_checked(subscriber)
            if self.subscribers.is_present(presence):
                return group, call
            if subscriber not in self.subscribers:
                return None
            call = replace(make_call(), is_counted=call.is_counted)

    def _is_pending(self, subscriber: Subscriber) -> bool:
        return self.identity.is_pending(subscriber)

    async def until_checked(self, subscriber: Subscriber) -> None:
        """Wait until the pending check of a subscriber's user is made (in a round), or the subscriber is gone.

        Raises:
            Unavailable: It cannot be checked: the database does not answer.
        """
        deadline = self.loop.time() + CHECK_SECONDS
        while subscriber in self.subscribers and self._is_pending(subscriber):
            if self.loop.time() > deadline:
                raise Unavailable("It cannot be checked who this is.")
            self._wake.set()
            await self.identity.pending.until_one_ends(deadline - self.loop.time())

    # Changes arrive

    def receive_changes(self, changes: Changes, number: int | None = None) -> None:
        """Take in changes from capture or the broker. Those of models that a source covers are left to the source."""
        theirs = Changes()
        if self._source is not None:
            changes, theirs = source.split(changes, self._source.covered)
        if self._source is None or not theirs:
            self.note(changes, number)
            return
        self.note(changes)
        if number is not None:
            self._incomplete.add(number)
        self._source.ask(theirs, lambda: self._source_has_all(number))

    def _source_has_all(self, number: int | None) -> None:
        """The source has delivered all that was committed with a batch of changes."""
        if number is not None:
            self._incomplete.discard(number)
            self.note(Changes(), number)

    def note(self, changes: Changes, number: int | None = None) -> None:
        """Take in changes; the next round answers them."""
        self.watchers.note(changes)
        self._noted = max(self._noted, number or 0)
        if self._is_at_rest and not self._concern_anybody(changes):
            self.settled = max(self.settled, self._noted)  # nothing waits before it, and nothing follows from it
            self._settle()
            return
        noted = normalized(changes, self.invalidation.labels | self.stream_groups.labels)
        self._pending.merge(noted)
        self.identity.note(changes)
        self.identity.note_declared(self.invalidation.index.declaring(noted))
        self.invalidation.note(noted)
        self.store.note_causes(noted, number)
        self._wake.set()

    @property
    def _is_at_rest(self) -> bool:
        """Whether no round is under way or awaited, and the consequences of all that was noted before are sent."""
        return not (self._wake.is_set() or self.is_in_round or self._pending or self._incomplete)

    def _concern_anybody(self, changes: Changes) -> bool:
        """Whether changes can matter to anything that is read here, or to whose a connection is."""
        return any(
            self.invalidation.heeds(label) or self.stream_groups.heeds(label) or identity.heeds(label)
            for label in changes.keys
        )

    def _note_again(self, label: str, keys: "Iterable[Any] | None") -> None:
        """Rows that are to be looked at in the next round as well."""
        self._pending.note(label, keys)

    def misses_messages(self) -> bool:
        """Whether messages of other processes may have been lost without its being known yet."""
        return self._broker.is_silent()

    def receive(self, arrived: Mapping[str, Any]) -> None:
        """A message of another process (broker). One that is not what it should be may have been about anything."""
        if not messages.is_sound(arrived):
            if not self._has_logged_unsound:
                logger.warning(
                    "A message of the broker is ignored, and everything read again: it is not what it should be"
                )
            self._has_logged_unsound = True
            self.lost()
            return
        if arrived["kind"] == "presence":
            self.rooms.receive(arrived)
        elif arrived["kind"] == "changes":
            self.receive_changes(Changes.from_message(arrived["changes"]))
        elif arrived["kind"] == "event":
            self.deliver(arrived)
        elif arrived["kind"] == "identity":
            self.identity.receive(arrived)

    def lost(self) -> None:
        """Messages may have been lost: whatever is shown is read again."""
        self.watchers.lost()
        self.store.lost()
        self.rooms.lost()
        self.stream_groups.lost()
        self.identity.lost()

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

    # Rounds

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            pause = self._round_ended_at + self._rest_seconds - self.loop.time()
            if pause > 0:
                await asyncio.sleep(pause)
            self._wake.clear()
            began = self.loop.time()
            self.is_in_round = True
            try:
                await self._round()
            except Exception:
                logger.exception("A round failed; everything is read again")
                await asyncio.sleep(1.0)
                self.lost()
            self.is_in_round = False
            self._round_ended_at = self.loop.time()
            self._rest_seconds = rest_seconds(self._round_ended_at - began, get_settings().COALESCE_SECONDS)

    async def _round(self) -> None:
        """Bring everyone up to date with everything noted so far."""
        number = min([self._noted, *(asked - 1 for asked in self._incomplete)])
        changes = self._pending
        self._pending = Changes()
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
        await group.until_free()
        if group.is_stale:
            try:
                await self.store.evaluate(group, group.question())
            except Exception as exception:
                failed = exception
                return lambda frames: self._failed(group, failed, frames)
        return lambda frames: self._add_group(group, frames)

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

    def _settle(self) -> None:
        """Resolve the futures of those who wait for what has been sent by now."""
        for number, subscriber, future in self._waiters:
            if not future.done() and self._has_sent(number, subscriber):
                future.set_result(None)
        self._waiters = [waiter for waiter in self._waiters if not waiter[2].done()]

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
            self.recheck(subscription.subscriber for subscription in group.subscriptions)
            return
        for subscription in group.subscriptions:
            subscription.is_pending = False
        error = as_error(exception)
        if error.retry or isinstance(error, Internal):
            delay = RETRY_SECONDS[min(group.failures, len(RETRY_SECONDS) - 1)]
            group.failures += 1
            group.is_stale = True
            self.loop.call_later(delay * jitter(), self._wake.set)
            return
        self._end(group, error, frames)

    def recheck(self, subscribers: Iterable[Subscriber]) -> None:
        """One of these belongs to another audience by now: the next round looks who it is."""
        self.identity.recheck(subscribers)
        self._wake.set()

    def _end(self, group: Group, error: BindingError, frames: Frames) -> None:
        for subscription in [*group.subscriptions]:
            frames[subscription.subscriber].append(failure(error, subscription.event))
            subscription.subscriber.drop(subscription)
            self.delivery.unsubscribe(subscription)
        self.store.forget(group)

    # Between the rounds

    async def _maintain(self) -> None:
        """Once a second: forget queries that nobody has asked for in a while, and audit the others."""
        while True:
            await asyncio.sleep(1.0)
            now = self.loop.time()
            self.store.maintain(now)
            self.identity.maintain(now)
            self.rooms.maintain(now)

    # Messages of handlers

    def deliver(self, event: Mapping[str, Any]) -> None:
        """``dispatch``, ``broadcast`` and ``send_to``: to whom it concerns of this loop's connections."""
        to, name = event["to"], event["name"]
        encoded = message(event["event"], event["data"])
        for subscriber in [*self.subscribers]:
            if _concerns(subscriber, to, name):
                self.deliver_to(subscriber, event["event"], encoded, partial(_concerns, subscriber, to, name))

    def deliver_to(self, subscriber: Subscriber, event: str, frame: bytes, is_due: Callable[[], bool]) -> None:
        """Send a message that is not part of a live read: at once, or after the check of whose the connection is."""
        if subscriber.congested:
            subscriber.overflow(event)
        elif not self.held.keeps(subscriber, event, frame, is_due):
            subscriber.push([frame])


def _concerns(subscriber: Subscriber, to: str, name: Any) -> bool:
    if to == "stream":
        return name in subscriber.streams
    if to == "user":
        return str(getattr(subscriber.user, "pk", None)) == str(name)
    return True


def rest_seconds(took_seconds: float, coalesce_seconds: float) -> float:
    """How long to rest after a round: until it is ``coalesce_seconds`` since it began, and as long as it took.

    So a commit every 50 ms need not wait, and under load rounds get rarer and take more with them: calls keep half of the time.
    """
    return max(coalesce_seconds - took_seconds, took_seconds)


def publish_changes(changes: Changes) -> int | None:
    """Hand changes to every hub of this process at once, and to every other process through the broker. From any thread.

    Returns the number of this batch, for ``Hub.wait_settled``; None where no hub runs.
    """
    if publisher.current().reaches_others():
        publisher.publish({"kind": "changes", "changes": messages.portable(changes)})
    hubs = Hub.all()
    if not hubs:
        unheard.note_changes(changes.keys)
    with Hub._lock:  # so that numbers arrive in their order
        number = next(Hub._numbers)
        for hub in hubs:
            hub.loop.call_soon_threadsafe(hub.receive_changes, changes, number)
    return number if hubs else None


_is_heard: bool | None = None
"""What ``is_heard`` has found; None where it has to look again."""


def is_heard() -> bool:
    """Whether changes would reach anybody: a hub of this process, another process, or the log, which has yet to say that they
    reach nobody (``unheard``). Asked at each statement."""
    global _is_heard
    is_heard = _is_heard
    if is_heard is None:
        with Hub._lock:  # or a hub that begins meanwhile would be overlooked
            is_open = any(not loop.is_closed() for loop in Hub._of_loops)
            is_heard = _is_heard = is_open or publisher.current().reaches_others()
        if is_heard:
            signals.connect()
    return is_heard or unheard.is_awaited()


def _look_again(**_: Any) -> None:
    global _is_heard
    _is_heard = None


setting_changed.connect(_look_again)


def publish_message(published: Mapping[str, Any]) -> None:
    """Hand any other message to every hub and every process. From any thread."""
    hubs = Hub.all()
    for hub in hubs:
        hub.loop.call_soon_threadsafe(hub.receive, published)
    if not hubs and published["kind"] == "event":
        unheard.note_event()
    publisher.publish(published)


def install() -> None:
    """Connect capture with the hubs. Called once, when the app is ready."""
    if publish_changes not in recorder._publishers:
        recorder.publish_with(publish_changes, listens=lambda: bool(Hub.all()), is_heard=is_heard)
    identity.install(publish_message)
