"""The rooms of one hub: who of its connections is where, who watches, and what they are sent.

A connection that watches or is there holds a share in a live query (``bindings.presence``), which says whether it may, still:
by what it answers the connection leaves a room, or comes back.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from channels_binding.bindings.presence import PresenceMixin, member_key
from channels_binding.calls.call import Call, Reading
from channels_binding.conf import get_settings
from channels_binding.dispatch.perform import find
from channels_binding.exceptions import LimitExceeded
from channels_binding.live.contexts import as_asked
from channels_binding.live.delivery import Delivery, Frames
from channels_binding.live.queries.group import Group, Subscription
from channels_binding.live.rooms.exchange import Change, Exchange
from channels_binding.live.rooms.room import NOBODY, PACE_SECONDS, Member, Room, RoomKey
from channels_binding.protocol import codecs
from channels_binding.threads import run, settle
from channels_binding.types import Subscriber

logger = logging.getLogger("channels_binding")

SILENT_CHECK_SECONDS = 1.0
"""While the broker is silent, how long the last answer counts by which a watcher may see a row."""
MAX_USER_BYTES = 4096
"""Longest of what is shown of a user, as JSON."""


@dataclass(eq=False, slots=True)
class Watch(Subscription):
    """Somebody watches a room: what it shows, and nothing once its row may not be seen."""

    room: Room = field(kw_only=True)
    rooms: "Rooms" = field(kw_only=True)

    @property
    def rows(self) -> int:
        """They are none of the database's, and everybody who watches a room shares them."""
        return 0

    @property
    def is_certain(self) -> bool:
        """Whether nothing is known to have changed since by which its row may not be seen any more."""
        return not self.group.is_stale and self.group.is_free.is_set()

    def shown(self) -> Reading | None:
        """Who is there; what was sent already, while it is not certain that it may be told more. What it lacks by then
        is sent by the round that asks."""
        if not self.is_certain:
            return self.sent
        return None if self.group.reading is None else self.room.reading

    def push(self) -> bytes | None:
        self.rooms.doubt_in_silence(self.group)
        old, new = self.sent, self.shown()
        if old is new:
            return None
        self.sent = new
        return self.room.steps.message(old, new, self.event)

    def end(self) -> None:
        self.rooms.unwatch(self)


@dataclass(eq=False, slots=True)
class Stay(Subscription):
    """Somebody is in a room, as long as its row may be seen and the connection is heard of."""

    key: RoomKey = field(kw_only=True)
    rooms: "Rooms" = field(kw_only=True)
    tab: str = field(kw_only=True)
    meta: Mapping[str, Any] = field(kw_only=True)
    user: Mapping[str, Any] | None = field(kw_only=True)
    """What others see of the user (``Rooms.describe``)."""
    whose: str = field(kw_only=True)
    """Whose connection it was when its user was described (``member_key``)."""
    revision: int = field(kw_only=True)
    """Of the connection, when its user was described."""
    since: str = field(kw_only=True)
    is_silent: bool = False
    """Whether the client has not been heard of for too long."""
    is_over: bool = False

    @property
    def rows(self) -> int:
        return 0

    def shown(self) -> Reading | None:
        return None

    def push(self) -> bytes | None:
        """Nothing: whether it is there is what follows from a new answer."""
        self.rooms.settle(self)
        return None

    def end(self) -> None:
        self.is_over = True
        self.rooms.settle(self)

    @property
    def user_key(self) -> str:
        """By which tabs of one user are one. Whose user is not to be shown is one of its own, and no key tells who it is."""
        return self.whose if self.user is not None else member_key(None, self.tab)

    @property
    def is_there(self) -> bool:
        """Whether it is to be seen in the room."""
        may = self.group.reading is not None and member_key(self.subscriber.user, self.tab) == self.whose
        return may and not (self.is_silent or self.is_over)

    def member(self) -> Member:
        return Member(self.tab, self.user_key, self.user, self.since, self.meta)


class Rooms:
    """All rooms that anybody of this hub watches or anybody at all is in. Everything happens on the hub's loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        delivery: Delivery,
        publish: Callable[[Mapping[str, Any]], None],
        spawn: Callable[[Any], Any],
        misses_messages: Callable[[], bool],
    ) -> None:
        self.loop = loop
        self.by_key: dict[RoomKey, Room] = {}
        self.exchange = Exchange(publish, lambda: get_settings().PRESENCE_SECONDS)
        self._delivery = delivery
        self._spawn = spawn
        self._misses_messages = misses_messages
        """Whether messages of other processes may have been lost."""
        self._watches: dict[RoomKey, set[Watch]] = defaultdict(set)
        self._stays: dict[Subscriber, set[Stay]] = defaultdict(set)
        self._changed: dict[Room, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._rests_until = float("-inf")
        self._has_asked = False

    # Who watches

    def watch(self, group: Group, subscriber: Subscriber, event: str, call: Call) -> Watch:
        """Send ``subscriber`` who is in the room that ``group`` lets it see, from now on."""
        room = self._room(_key(group))
        watch = Watch(subscriber, event, call, group, sent=NOBODY, room=room, rooms=self)
        watch.sent = watch.shown()
        try:
            self._delivery.enlist(watch)
            self._watches[room.key].add(watch)
        finally:
            self._forget_if_empty(room)
        self._ask_once()
        return watch

    def unwatch(self, watch: Watch) -> None:
        self._watches[watch.room.key].discard(watch)
        self._forget_if_empty(watch.room)

    def doubt_in_silence(self, group: Group) -> None:
        """While changes made elsewhere may not be heard of, have it asked anew whether a row may be seen still."""
        is_long_ago = self.loop.time() - group.read_at > SILENT_CHECK_SECONDS
        if is_long_ago and not group.is_stale and self._misses_messages():
            group.touch(None)
            self._delivery.wake()

    # Who is there

    async def describe(self, call: Call) -> Mapping[str, Any] | None:
        """What others see of who calls."""
        return await run(_described, call)

    def find(self, subscriber: Subscriber, key: RoomKey) -> Stay | None:
        """Whether a connection is in a room."""
        return next((stay for stay in self._stays.get(subscriber, ()) if stay.key == key), None)

    def is_anywhere(self, subscriber: Subscriber) -> bool:
        return bool(self._stays.get(subscriber))

    def enter(
        self,
        group: Group,
        subscriber: Subscriber,
        event: str,
        call: Call,
        *,
        tab: str,
        meta: Mapping[str, Any],
        user: Mapping[str, Any] | None,
    ) -> Stay:
        """A connection is in the room that ``group`` lets it see, from now on.

        Raises:
            LimitExceeded: There are as many as there may be.
        """
        key, most = _key(group), get_settings().MAX_PRESENCE_MEMBERS
        if key in self.by_key and len(self.by_key[key].members) >= most:
            raise LimitExceeded(f"{most} tabs are in this room (MAX_PRESENCE_MEMBERS).", limit=most)
        stay = Stay(
            subscriber, event, call, group, sent=None, key=key, rooms=self, tab=tab, meta=meta, user=user,
            whose=member_key(subscriber.user, tab), revision=subscriber.revision, since=_now(),
        )  # fmt: skip
        self._delivery.enlist(stay)
        self._stays[subscriber].add(stay)
        self._ask_once()
        self.settle(stay)
        return stay

    def change(self, stay: Stay, meta: Mapping[str, Any]) -> None:
        """What others see of what it does there."""
        stay.meta = meta
        self.settle(stay)

    def heed(self, subscriber: Subscriber, *, is_silent: bool) -> None:
        """Whether a connection has been heard of lately."""
        for stay in self._stays.get(subscriber, ()):
            if stay.is_silent != is_silent:
                stay.is_silent = is_silent
                self.settle(stay)

    def settle(self, stay: Stay) -> None:
        """Have it seen in its room, as it is, or not at all."""
        if stay.is_over:
            stays = self._stays[stay.subscriber]
            stays.discard(stay)
            if not stays:
                del self._stays[stay.subscriber]
        elif stay.revision != stay.subscriber.revision:
            stay.revision = stay.subscriber.revision
            self._spawn(self._describe_again(stay))
        member = stay.member() if stay.is_there else None
        if member != self.exchange.own.get((stay.key, stay.tab)):
            self.exchange.note(stay.key, stay.tab, member)
            self._place((stay.key, stay.tab, member))

    async def _describe_again(self, stay: Stay) -> None:
        """The user of its connection is another one, or a changed one."""
        revision, user = stay.revision, stay.subscriber.user
        call = stay.call.as_user(user, stay.subscriber.scope)
        shown = await self.describe(call)
        if revision == stay.subscriber.revision and not stay.is_over:
            stay.user, stay.whose = shown, member_key(user, stay.tab)
            self.settle(stay)

    # Rooms

    def _room(self, key: RoomKey) -> Room:
        return self.by_key.setdefault(key, Room(key))

    def _place(self, change: Change) -> None:
        key, tab, member = change
        room = self._room(key)
        if member is None:
            room.remove(tab)
        else:
            room.put(member)
        self._changed[room] = None
        self._flush_at(max(room.rests_until, self._rests_until))

    def _forget_if_empty(self, room: Room) -> None:
        if not (room.members or self._watches.get(room.key) or room in self._changed):
            self._watches.pop(room.key, None)
            self.by_key.pop(room.key, None)

    def _flush_at(self, moment: float) -> None:
        if self._timer is not None and self._timer.when() <= moment and not self._timer.cancelled():
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(max(moment, self.loop.time()), self._flush)

    def _flush(self) -> None:
        """Tell other hubs, and all who watch, what has changed. What rests is told later."""
        self._timer, began = None, self.loop.time()
        self.exchange.flush(began)
        frames: Frames = defaultdict(list)
        for room in [room for room in self._changed if room.rests_until <= began]:
            del self._changed[room]
            room.rests_until = began + room.pace_seconds
            if room.renew():
                self._delivery.bring_up_to_date([*self._watches.get(room.key, ())], frames)
                room.steps.clear()
            self._forget_if_empty(room)
        self._delivery.send(frames)
        took_seconds = self.loop.time() - began
        self._rests_until = self.loop.time() + max(PACE_SECONDS, took_seconds)
        if self._changed:
            self._flush_at(max(self._rests_until, min(room.rests_until for room in self._changed)))

    # Other hubs

    def receive(self, message: Mapping[str, Any]) -> None:
        """What another hub says."""
        self._take(self.exchange.receive(message, self.loop.time()))
        if self.exchange.is_due:
            self._flush_at(self._rests_until)

    def _take(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._place(change)

    def _ask_once(self) -> None:
        """Of those who came before it, a hub knows nothing until it asks."""
        if not self._has_asked:
            self._has_asked = True
            self.lost()

    def lost(self) -> None:
        """Messages may be missing."""
        if self._has_asked:
            self.exchange.ask()
            self._flush_at(self._rests_until)

    def maintain(self, now: float) -> None:
        """Once a second."""
        self._take(self.exchange.maintain(now))

    def stop(self) -> None:
        self.exchange.stop()
        if self._timer is not None:
            self._timer.cancel()


def _key(group: Group) -> RoomKey:
    (key,) = group.keys or ("",)
    assert isinstance(key, int | str)
    return (group.call.stream, key)


@as_asked
def _described(call: Call) -> Mapping[str, Any] | None:
    binding = find(call)[0]
    assert isinstance(binding, PresenceMixin)
    shown = settle(binding.get_presence_user())
    text = codecs.encode(shown)
    plain = codecs.parse(text)
    if not (plain is None or isinstance(plain, dict)) or len(text) > MAX_USER_BYTES:
        name = type(binding).__name__
        raise ImproperlyConfigured(
            f"{name}.get_presence_user() returns a dict of at most {MAX_USER_BYTES} bytes, or None."
        )
    return plain


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
