"""Streams subscribed to as a whole: every saved row as ``retrieve``, every vanished one as ``delete`` (protocol.md §7)."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.db import router

from channels_binding.calls.call import Call
from channels_binding.calls.primary import asking_primary
from channels_binding.conf import get_settings
from channels_binding.dispatch.perform import admit, find
from channels_binding.exception_handler import as_error, foreseen
from channels_binding.exceptions import REFUSALS, Unavailable
from channels_binding.live.capture.changes import Changes
from channels_binding.live.contexts import in_context_of
from channels_binding.live.delivery import Frames
from channels_binding.live.failures import delay_seconds, passing
from channels_binding.live.held_messages import HeldMessages
from channels_binding.live.presence import Presence, Subscribers
from channels_binding.live.queries.evaluation import (
    audience_of,
    belongs,
    declared_labels,
    has_own_audience,
    identity_of,
    row_labels,
)
from channels_binding.live.queries.group import AudienceChanged
from channels_binding.live.queries.policies import labels_of_policies
from channels_binding.live.queries.store import jitter
from channels_binding.live.queries.views import labels_behind
from channels_binding.live.stream_group import Keys, StreamGroup, known_to
from channels_binding.protocol.messages import Body, failure, frame, message
from channels_binding.threads import run
from channels_binding.types import Subscriber

MAX_BYTES_AT_ONCE = 4 * 1024 * 1024
"""So much one connection is sent of one bulk of changes; what comes after that is dropped, and the client is told so."""


class StreamGroups:
    """The groups of one hub: who is sent the changed rows of which stream."""

    def __init__(
        self,
        subscribers: Subscribers,
        held: HeldMessages,
        note_again: Callable[[str, Any], None],
        recheck: Callable[[Iterable[Subscriber]], None],
        wake: Callable[[], None],
    ) -> None:
        """``note_again`` has rows of a model looked at in the next round, which ``wake`` begins; ``recheck`` whose connections
        are."""
        self.subscribers = subscribers
        self.held = held
        self._note_again = note_again
        self._recheck = recheck
        self._wake = wake
        self.by_key: dict[str, StreamGroup] = {}

    @property
    def labels(self) -> set[str]:
        return {label for group in self.by_key.values() for label in group.labels}

    def heeds(self, label: str) -> bool:
        """Whether rows of a model are sent to anybody, or say to whom those of another are."""
        return any(
            not group.is_loaded.is_set() or label in group.labels | group.behind | group.declared | group.beside
            for group in self.by_key.values()
        )

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
        with asking_primary():
            return await run(in_context_of, call, lambda: self._open(call))

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
        async with group.is_loading, group.is_looking:  # or a row that has gone meanwhile would be known again
            if group.done < needed:
                group.begun += 1
                number = group.begun
                await self._learn(group, call)
                group.done = number

    async def _load(self, group: StreamGroup) -> None:
        """Learn which rows are there, so that a delete can be sent. What cannot be loaded is nobody's group."""
        try:
            await self._learn(group, group.call)
        except BaseException:
            self._forget(group)
            raise
        finally:
            group.is_loaded.set()
        if group.is_doubtful:
            self._wake()

    async def _learn(self, group: StreamGroup, call: Call) -> None:
        group.compared_at = asyncio.get_running_loop().time()
        seen = await known_to(call)
        group.known = {**seen.keys, **group.known}
        group.beside, group.writes = seen.beside, group.writes | seen.writes

    def _forget(self, group: StreamGroup) -> None:
        """Not by its key alone: while it was awaited, another group may have taken its place, with subscribers of its own."""
        if self.by_key.get(group.key) is group:
            self.by_key.pop(group.key)

    def _open(self, call: Call) -> StreamGroup:
        binding, _ = find(call)
        admit(binding)
        audience = audience_of(binding)
        key = identity_of((audience, binding.host_shown(), call.locale))
        may_move = has_own_audience(binding)
        declared = declared_labels(binding) if may_move else frozenset()
        model = binding.get_model()
        alias = router.db_for_read(model)
        behind = labels_behind({model}, alias) | (labels_of_policies({model}, alias) or frozenset())
        return StreamGroup(
            f"{call.stream}/{key}", call, audience, row_labels(model), declared, may_move, frozenset(behind)
        )

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

    def maintain(self, now: float) -> None:
        """Compare which rows are there, in case a change was missed, or the clock decides it."""
        for group in self.by_key.values():
            if group.is_loaded.is_set() and now - group.compared_at > get_settings().AUDIT_SECONDS * jitter():
                group.compared_at = now
                group.is_doubtful = True
                self._wake()

    def are_touched(self, changes: Changes) -> bool:
        return any(
            group.touched_keys(changes) is not False or group.is_doubted(changes) for group in self.by_key.values()
        )

    async def refresh(self, changes: Changes) -> Callable[[Frames], None]:
        """Read what changed; returns what is to be sent once the round is complete."""
        looked_at = []
        for group in [*self.by_key.values()]:
            keys, is_doubted = group.touched_keys(changes), group.is_doubted(changes)
            if not group.is_loaded.is_set():
                group.is_doubtful, is_doubted = is_doubted, False
            elif is_doubted:
                group.is_doubtful = False
            if keys is not False or is_doubted:
                await self._look(group, keys, compares=is_doubted)
                looked_at.append(group)
        return lambda frames: self._send(looked_at, frames)

    def _send(self, groups: Iterable[StreamGroup], frames: Frames) -> None:
        added: Counter[Subscriber] = Counter()
        for group in groups:
            news, group.unsent = group.unsent, []
            for name, tail in news:
                event = f"{group.call.stream}.{name}"
                encoded = frame(event, tail)
                for subscriber in group.subscribers:
                    if self.held.keeps(subscriber, event, encoded, partial(_serves, group, subscriber)):
                        continue
                    if subscriber.congested or added[subscriber] > MAX_BYTES_AT_ONCE:
                        if subscriber in frames:
                            subscriber.push(frames.pop(subscriber))  # before the word that others were dropped
                        subscriber.overflow(event)
                    else:
                        frames[subscriber].append(encoded)
                        added[subscriber] += len(encoded)

    async def _look(self, group: StreamGroup, keys: Keys, *, compares: bool) -> None:
        try:
            async with group.is_looking:  # or a slow look would find an older row after a newer one
                news = await self._look_as_somebody(group, keys, compares)
                group.unsent.extend(news)
            group.failure, group.failures = None, 0
        except AudienceChanged:
            self._again(group, keys, compares)
            self._recheck(group.subscribers)
        except Exception as exception:
            error = foreseen(exception)
            if error is None or error.retry:
                self._later(group, keys, compares, exception)
                return
            self._forget(group)
            group.unsent.append(("subscribe", Body(error=error).tail()))

    def _again(self, group: StreamGroup, keys: Keys, compares: bool) -> None:
        """Look at these rows again in the next round."""
        group.is_doubtful |= compares
        for label in group.labels if keys is not False else ():
            self._note_again(label, keys)
        self._wake()

    def _later(self, group: StreamGroup, keys: Keys, compares: bool, exception: Exception) -> None:
        """Look at these rows again after a while; the subscribers are told the first time, and so is the log."""
        if group.failure is None:
            group.failure = passing(exception)
            group.unsent.append(("subscribe", Body(error=group.failure).tail()))
        delay = delay_seconds(group.failures)
        group.failures += 1
        asyncio.get_running_loop().call_later(delay, self._again, group, keys, compares)

    async def _look_as_somebody(self, group: StreamGroup, keys: Keys, compares: bool) -> list[tuple[str, bytes]]:
        """Look as one of the subscribers. Those to whom that is refused are no longer served, and the next one asks."""
        while group.subscribers:
            subscriber = next(iter(group.subscribers))
            presence = self.subscribers.presence(subscriber)
            try:
                return await run(group.look, group.question(subscriber), keys, compares)
            except AudienceChanged:
                raise
            except Exception as exception:
                error = foreseen(exception)
                if error is None or not isinstance(error, REFUSALS):
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
