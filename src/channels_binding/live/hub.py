"""The hub of an event loop: its connections, its live reads, and what arrives for them, put together.

Changes of this process and messages of the others come in here; ``rounds`` answers the changes.
"""

import asyncio
import itertools
import logging
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from django.core.signals import setting_changed

from channels_binding.calls.call import Call
from channels_binding.calls.primary import is_live
from channels_binding.conf import get_settings
from channels_binding.exceptions import Unavailable
from channels_binding.live import contexts, messages, unheard
from channels_binding.live.broker import listener, publisher
from channels_binding.live.capture import recorder, signals, source
from channels_binding.live.capture.changes import Changes
from channels_binding.live.capture.statements import with_shared_tables
from channels_binding.live.connection_limits import ConnectionLimits
from channels_binding.live.delivery import Delivery
from channels_binding.live.held_messages import HeldMessages, send_or_report
from channels_binding.live.identity import checks as identity_checks
from channels_binding.live.identity.checks import IdentityChecks
from channels_binding.live.presence import Subscribers
from channels_binding.live.queries.group import Group, Subscription
from channels_binding.live.queries.invalidation import Invalidation
from channels_binding.live.queries.store import QueryStore
from channels_binding.live.rooms.rooms import Rooms
from channels_binding.live.rounds import Rounds
from channels_binding.live.streams import StreamGroups
from channels_binding.live.totals import Totals
from channels_binding.live.watchers import Watchers
from channels_binding.protocol.messages import message
from channels_binding.protocol.names import PRESENCE
from channels_binding.types import Subscriber

logger = logging.getLogger("channels_binding")

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
        self._wake = asyncio.Event()
        self._has_logged_unsound = False
        """Whether a message of the broker that is not valid has been logged: the first one is."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self.invalidation = Invalidation(loop, self._wake.set)
        self.totals = Totals()
        self.store = QueryStore(self.invalidation, self.spawn, self.totals)
        self.groups = self.store.groups
        self.held = HeldMessages(self._is_pending, self._wake.set, lambda: get_settings().UNACKNOWLEDGED_BYTES)
        self.delivery = Delivery(
            self.subscribers, self.store, self._is_pending, self._wake.set, lambda: self.identity.is_anyone_pending()
        )
        self.stream_groups = StreamGroups(self.subscribers, self.held, self._note_again, self.recheck, self._wake.set)
        self.rooms = Rooms(loop, self.delivery, publish_message, self.spawn, self.misses_messages)
        self.identity = IdentityChecks(
            loop, self.subscribers, self.store, self.delivery, self.stream_groups, self.held,
            spawn=self.spawn, wake=self._wake.set, misses_messages=self.misses_messages,
        )  # fmt: skip
        self.rounds = Rounds(
            loop, self._wake, self.identity, self.invalidation, self.store, self.delivery, self.stream_groups, self.held,
            spawn=self.spawn, lost=self.lost,
        )  # fmt: skip
        self._broker = listener.Broker(self)
        self.spawn(self.rounds.run())
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
        task: asyncio.Task[Any] = self.loop.create_task(coroutine, context=contexts.of_hub())
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
        self.identity.forget(subscriber)
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
        if number is None:
            self._source.ask(theirs, lambda: None)
            return
        self.rounds.note_incomplete(number)
        self._source.ask(theirs, lambda: self.rounds.note_complete(number))

    def note(self, changes: Changes, number: int | None = None) -> None:
        """Take in changes; the next round answers them."""
        changes = with_shared_tables(changes)
        self.watchers.note(changes)
        self.rounds.note(changes, number)

    def _note_again(self, label: str, keys: "Iterable[Any] | None") -> None:
        """Rows that are to be looked at in the next round as well."""
        self.rounds.pending.is_of_reading = False
        self.rounds.pending.note(label, keys)

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
            changes = Changes.from_message(arrived["changes"])
            changes.is_elsewhere = arrived.get("elsewhere", False)
            changes.is_of_reading = arrived.get("reading", False)
            self.receive_changes(changes)
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

    # Between the rounds

    def recheck(self, subscribers: Iterable[Subscriber]) -> None:
        """One of these belongs to another audience by now: the next round looks who it is."""
        self.identity.recheck(subscribers)
        self._wake.set()

    async def _maintain(self) -> None:
        """Once a second: forget queries that nobody has asked for in a while, audit the others, and look who may stay.

        What fails is tried again, and keeps nothing else from being done: sessions end by this.
        """
        while True:
            await asyncio.sleep(1.0)
            parts = (self.store.maintain, self.stream_groups.maintain, self.identity.maintain, self.rooms.maintain)
            for maintain in parts:
                try:
                    maintain(self.loop.time())
                except Exception:
                    logger.exception("Part of what is done each second failed; it is tried again")

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
        if not self.held.keeps(subscriber, event, frame, is_due):
            send_or_report(subscriber, event, frame)


def _concerns(subscriber: Subscriber, to: str, name: Any) -> bool:
    if to == "stream":
        return name in subscriber.streams
    if to == "user":
        return str(getattr(subscriber.user, "pk", None)) == str(name)
    return True


def publish_changes(changes: Changes) -> int | None:
    """Hand changes to every hub of this process at once, and to every other process through the broker. From any thread.

    Returns the number of this batch, for ``Rounds.wait_settled``; None where no hub runs.
    """
    changes.is_of_reading = is_live()
    if publisher.current().reaches_others():
        about = {"elsewhere": changes.is_elsewhere, "reading": changes.is_of_reading}
        said = {name: True for name, is_so in about.items() if is_so}
        publisher.publish({"kind": "changes", "changes": messages.portable(changes), **said})
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
    identity_checks.install(publish_message)
