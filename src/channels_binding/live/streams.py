"""Streams subscribed to as a whole: every saved row as ``retrieve``, every vanished one as ``delete`` (protocol.md §7)."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from channels_binding.calls import locales
from channels_binding.calls.call import Call, Row
from channels_binding.dispatch.perform import admit, find
from channels_binding.exception_handler import as_error
from channels_binding.exceptions import REFUSALS, LimitExceeded, Unavailable
from channels_binding.live.capture.changes import Changes
from channels_binding.live.delivery import Frames
from channels_binding.live.presence import HeldMessages, Presence, Subscribers
from channels_binding.live.queries.evaluation import (
    audience_of,
    belongs,
    confirm,
    declared_labels,
    has_own_audience,
    identity_of,
    row_labels,
)
from channels_binding.live.queries.group import AudienceChanged
from channels_binding.protocol import codecs
from channels_binding.protocol.messages import Body, failure, frame, message
from channels_binding.serializers.keys import as_pk, from_pk
from channels_binding.threads import run
from channels_binding.types import Audience, Pk, Subscriber

MAX_KEYS = 100_000
"""Rows whose keys a group remembers; of rows beyond it, a delete is sent only if the row was sent before."""
MAX_CHECKED = 1000
"""The same, where an object permission has to be asked about each row."""
MAX_ROWS = 1000
"""Rows that one change of unknown extent may send; beyond it the subscriber is sent an error that says to search again."""


@dataclass(eq=False)
class StreamGroup:
    """The subscribers of one stream who see the same of it: one audience, one language."""

    key: str
    call: Call
    audience: Audience
    labels: frozenset[str]
    """The model and its parents: whose changes are sent."""
    declared: frozenset[str] = frozenset()
    """Labels of its binding's ``depends_on``, where its audience may depend on them too."""
    may_move: bool = False
    """Whether a project says who belongs to its audience, so that a subscriber may belong to another one later."""
    known: dict[Pk, str | None] = field(default_factory=dict)
    """Rows that the audience may see → the etag last sent, None if none was."""
    subscribers: set[Subscriber] = field(default_factory=set)
    is_loaded: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once ``known`` holds the rows that were there when the first subscriber came."""
    is_loading: asyncio.Lock = field(default_factory=asyncio.Lock)
    begun: int = 0
    """Readings of what is there that were begun for later subscribers."""
    done: int = 0
    """Number of the latest of them that has succeeded."""
    is_looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    unsent: list[tuple[str, bytes]] = field(default_factory=list)
    """What was found and is yet to be sent, as (event, tail), in that order: one round may overtake another."""

    def touched_keys(self, changes: Changes) -> set[Any] | bool | None:
        """Which rows to look at: keys, None for all, False if the changes do not matter."""
        touched = [changes.keys[label] for label in self.labels & changes.keys.keys()]
        if not touched:
            return False
        is_any = self.labels & changes.joins or any(keys is None for keys in touched)
        return None if is_any else {key for keys in touched for key in keys or ()}

    # In a worker thread

    def question(self, subscriber: Subscriber) -> Call:
        """The call of the group, asked by one of those who are sent the rows, who belong to its audience now."""
        return self.call.as_user(subscriber.user, self.call.in_its_locale(subscriber.scope))

    def look(self, question: Call, keys: set[Any] | None) -> "list[tuple[str, bytes]]":
        """Read changed rows as this audience may see them → messages, as (event, tail).

        Raises:
            Unauthenticated, Forbidden: Who asks may not read any longer.
            AudienceChanged: Who asks belongs to another audience by now; what was read is for nobody.
        """
        with locales.active(question.locale):
            return self._look(question, keys)

    def _look(self, question: Call, keys: set[Any] | None) -> "list[tuple[str, bytes]]":
        binding, _ = find(question)
        binding.check_permissions()
        queryset = binding.reading_queryset().order_by("pk")
        if keys is not None:
            queryset = queryset.filter(pk__in=[from_pk(queryset.model, key) for key in keys])
        rows = binding.visible_rows(queryset[: MAX_ROWS + 1], binding.make_reader({}))
        confirm(binding, self.audience)
        if keys is None and len(rows) > MAX_ROWS:
            error = LimitExceeded(f"More than {MAX_ROWS} rows may have changed; search again.", limit=MAX_ROWS)
            return [("retrieve", Body(error=error).tail())]
        return self._news(rows, None if keys is None else {as_pk(key) for key in keys}, binding.post_save_retrieve)

    def _news(self, rows: Iterable[Row], looked_at: set[Pk] | None, sends_rows: bool) -> list[tuple[str, bytes]]:
        seen = {row.pk: row for row in rows}
        vanished = [
            pk for pk in (self.known if looked_at is None else looked_at) if pk in self.known and pk not in seen
        ]
        changed = [row for row in seen.values() if looked_at is not None or self.known.get(row.pk) != row.etag]
        self.known.update({pk: row.etag for pk, row in seen.items()})
        for pk in vanished:
            del self.known[pk]
        news = [("retrieve", Body(row.body).tail()) for row in changed] if sends_rows else []
        return news + [("delete", Body(codecs.encode({"id": pk})).tail()) for pk in vanished]


class StreamGroups:
    """The groups of one hub: who is sent the changed rows of which stream."""

    def __init__(
        self,
        subscribers: Subscribers,
        held: HeldMessages,
        note_again: Callable[[str, Any], None],
        recheck: Callable[[Iterable[Subscriber]], None],
    ) -> None:
        """``note_again`` has rows of a model looked at in the next round, ``recheck`` whose connections are."""
        self.subscribers = subscribers
        self.held = held
        self._note_again = note_again
        self._recheck = recheck
        self.by_key: dict[str, StreamGroup] = {}

    @property
    def labels(self) -> set[str]:
        return {label for group in self.by_key.values() for label in group.labels}

    def heeds(self, label: str) -> bool:
        """Whether rows of a model are sent to anybody, or say to whom those of another are."""
        return any(label in group.labels or label in group.declared for group in self.by_key.values())

    def declaring(self, changes: Changes) -> set[Subscriber]:
        """Those who may belong to another audience now, or may subscribe no longer, by what their bindings declare."""
        labels = {label for label, keys in changes.keys.items() if keys is None or keys} | changes.joins
        return {each for group in self.by_key.values() if labels & group.declared for each in group.subscribers}

    def has(self, subscriber: Subscriber) -> bool:
        """Whether somebody is sent the rows of any stream."""
        return any(subscriber in group.subscribers for group in self.by_key.values())

    async def open(self, call: Call) -> StreamGroup:
        """The group of a stream for who calls. To be joined (``join``) before anything else is awaited.

        Raises:
            Exception: Whatever refuses it.
        """
        return await run(self._open, call)

    async def join(self, asked: StreamGroup, subscriber: Subscriber) -> int:
        """Send ``subscriber`` the rows from now on. Join before reading what is visible, so that no change falls between.

        Returns how many keys are remembered for it.

        Raises:
            RuntimeError: The connection is gone: what is enlisted for it would never be taken off again.
        """
        self.subscribers.check_here(subscriber)
        group = self.by_key.setdefault(asked.key, asked)
        is_new = subscriber not in group.subscribers
        group.subscribers.add(subscriber)
        if group is asked:
            await self._load(group)
        else:
            await group.is_loaded.wait()
        if self.by_key.get(group.key) is not group:  # it could not be loaded
            raise Unavailable()
        if group is not asked:
            try:
                await self._load_again(group, asked.call)
            except BaseException:
                if is_new:
                    self._remove(group, subscriber)
                raise
        return len(group.known)

    async def _load_again(self, group: StreamGroup, call: Call) -> None:
        """Learn which rows a later subscriber may have read by now: a new one may have gone before anybody looks at it.

        One reading does for all who have joined before it began.
        """
        needed = group.begun + 1
        async with group.is_loading:
            if group.done < needed:
                group.begun += 1
                number = group.begun
                group.known = {**await run(_visible_keys, call), **group.known}
                group.done = number

    async def _load(self, group: StreamGroup) -> None:
        """Learn which rows are there, so that a delete can be sent. What cannot be loaded is nobody's group."""
        try:
            group.known = {**await run(_visible_keys, group.call), **group.known}
        except BaseException:
            self._forget(group)
            raise
        finally:
            group.is_loaded.set()

    def _forget(self, group: StreamGroup) -> None:
        """Not by its key alone: while it was awaited, another group may have taken its place, with subscribers of its own."""
        if self.by_key.get(group.key) is group:
            self.by_key.pop(group.key)

    def _open(self, call: Call) -> StreamGroup:
        with locales.active(call.locale):
            binding, _ = find(call)
            admit(binding)
            audience = audience_of(binding)
            key = identity_of((audience, binding.host_shown(), call.locale))
            may_move = has_own_audience(binding)
            declared = declared_labels(binding) if may_move else frozenset()
        labels = row_labels(binding.get_model())
        return StreamGroup(f"{call.stream}/{key}", call, audience, labels, declared, may_move)

    def unsubscribe(self, stream: str, subscriber: Subscriber) -> None:
        for group in [*self.by_key.values()]:
            if group.call.stream == stream:
                self._remove(group, subscriber)

    def leave(self, subscriber: Subscriber) -> None:
        for group in [*self.by_key.values()]:
            self._remove(group, subscriber)

    def _remove(self, group: StreamGroup, subscriber: Subscriber) -> None:
        group.subscribers.discard(subscriber)
        if not group.subscribers:
            self._forget(group)

    async def move(self, subscriber: Subscriber) -> None:
        """A subscriber's user changed: serve it from the group of the audience that it is in now.

        Rows that it has lost sight of leave by their key; a stream that it may no longer subscribe to ends with an error.
        """
        for group in [group for group in self.by_key.values() if subscriber in group.subscribers]:
            await self._move(group, subscriber)

    async def check(self, subscribers: Iterable[Subscriber]) -> None:
        """Whoever of these belongs to another audience by now is served from that one's group, or no longer.

        Raises:
            Exception: The database does not answer; to be tried again.
        """
        concerned = {*subscribers}
        served = [
            (group, each) for group in self.by_key.values() if group.may_move for each in group.subscribers & concerned
        ]
        for group, subscriber in await run(_moved, served) if served else ():
            if subscriber in group.subscribers:
                await self._move(group, subscriber)

    async def _move(self, group: StreamGroup, subscriber: Subscriber) -> None:
        presence = self.subscribers.presence(subscriber)
        call = group.call.as_user(subscriber.user, subscriber.scope)
        try:
            asked = await self.open(call)
        except Exception as exception:
            error = as_error(exception)
            if error.retry:
                raise
            if self._is_served(subscriber, group, presence):
                self._remove(group, subscriber)
                subscriber.push([failure(error, f"{call.stream}.subscribe")])
            return
        if not self._is_served(subscriber, group, presence):
            return
        if asked.key == group.key:
            group.call = call
            return
        try:
            await self.join(asked, subscriber)
        except Exception:
            if self.subscribers.is_present(presence):
                raise
        if not self._is_served(subscriber, group, presence):
            return
        lost = [pk for pk in group.known if pk not in self.by_key[asked.key].known]
        self._remove(group, subscriber)
        if lost:
            subscriber.push([message(f"{call.stream}.delete", {"id": pk}) for pk in lost])

    def _is_served(self, subscriber: Subscriber, group: StreamGroup, presence: Presence) -> bool:
        """Whether a subscriber is still there, still whose it was, and still of this group."""
        return self.subscribers.is_present(presence) and subscriber in group.subscribers

    def lost(self) -> None:
        """Messages may be missing: look at everything."""
        for group in self.by_key.values():
            for label in group.labels:
                self._note_again(label, None)

    def are_touched(self, changes: Changes) -> bool:
        return any(group.touched_keys(changes) is not False for group in self.by_key.values())

    async def refresh(self, changes: Changes) -> Callable[[Frames], None]:
        """Read what changed; returns what is to be sent once the round is complete."""
        looked_at = []
        for group in [*self.by_key.values()]:
            keys = group.touched_keys(changes)
            if keys is not False:
                await self._look(group, keys)  # type: ignore[arg-type]
                looked_at.append(group)
        return lambda frames: self._send(looked_at, frames)

    def _send(self, groups: Iterable[StreamGroup], frames: Frames) -> None:
        for group in groups:
            news, group.unsent = group.unsent, []
            for name, tail in news:
                event = f"{group.call.stream}.{name}"
                encoded = frame(event, tail)
                for subscriber in group.subscribers:
                    if subscriber.congested:
                        subscriber.overflow(event)
                    elif not self.held.keeps(subscriber, event, encoded, partial(_serves, group, subscriber)):
                        frames[subscriber].append(encoded)

    async def _look(self, group: StreamGroup, keys: set[Any] | None) -> None:
        try:
            async with group.is_looking:  # or a slow look would find an older row after a newer one
                news = await self._look_as_somebody(group, keys)
                group.unsent.extend(news)
        except AudienceChanged:
            for label in group.labels:
                self._note_again(label, keys)
            self._recheck(group.subscribers)
        except Exception as exception:
            error = as_error(exception)
            if not error.retry:
                self._forget(group)
            group.unsent.append(("subscribe", Body(error=error).tail()))

    async def _look_as_somebody(self, group: StreamGroup, keys: set[Any] | None) -> list[tuple[str, bytes]]:
        """Look as one of the subscribers. Those to whom that is refused are no longer served, and the next one asks."""
        while group.subscribers:
            subscriber = next(iter(group.subscribers))
            presence = self.subscribers.presence(subscriber)
            try:
                return await run(group.look, group.question(subscriber), keys)
            except AudienceChanged:
                raise
            except Exception as exception:
                error = as_error(exception)
                if not isinstance(error, REFUSALS):
                    raise
                if self._is_served(subscriber, group, presence):
                    self._remove(group, subscriber)
                    subscriber.push([failure(error, f"{group.call.stream}.subscribe")])
        return []


def _serves(group: StreamGroup, subscriber: Subscriber) -> bool:
    return subscriber in group.subscribers


def _moved(served: Iterable[tuple[StreamGroup, Subscriber]]) -> list[tuple[StreamGroup, Subscriber]]:
    """Those of the subscribers who do not belong to their group any more. In a worker thread."""
    return [(group, each) for group, each in served if not belongs(group.question(each), group.audience)]


def _visible_keys(call: Call) -> dict[Pk, str | None]:
    """Keys of the rows that the caller may see: only of those may a delete be sent."""
    with locales.active(call.locale):
        return _keys_seen(call)


def _keys_seen(call: Call) -> dict[Pk, str | None]:
    binding, _ = find(call)
    rows = binding.reading_queryset().order_by()
    keys: Iterable[Any]
    if binding.sees_every_row():
        keys = rows.values_list("pk", flat=True)[:MAX_KEYS]
    else:
        keys = [row.pk for row in rows[:MAX_CHECKED] if binding.may_see(row)]
    return {as_pk(key): None for key in keys}
