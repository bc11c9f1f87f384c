"""Live query store: the groups of one hub, how a read finds its own, and how each is evaluated, once at a time.

Knows no rounds and sends nothing: the hub decides when a stale group is read again, and who is sent the difference.
"""

import asyncio
import random
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from channels_binding.calls.call import Call
from channels_binding.calls.primary import asking_primary
from channels_binding.conf import get_settings
from channels_binding.exceptions import Unavailable
from channels_binding.live.capture.changes import Changes
from channels_binding.live.queries.evaluation import evaluate, open_query
from channels_binding.live.queries.group import AudienceChanged, Group, Subscription
from channels_binding.live.queries.invalidation import Invalidation
from channels_binding.live.queries.why import Causes
from channels_binding.live.totals import Totals
from channels_binding.threads import run

OPEN_ATTEMPTS = 3
LINGER_SECONDS = 10.0
"""How long a query without listeners is kept, so that a page that is left and entered again finds it warm."""

LINGERING_BYTES = 16 * 1024 * 1024
"""Queries without listeners are kept as long as they take no more than this; the oldest are forgotten first."""
SLOW_SECONDS = 0.5
"""A query that takes longer than this rests as long as it took: under load it is asked half of the time, and takes more
commits together."""
FRESH_SECONDS = 1.0
"""A query that was read just now is kept all the same: whoever asked for it may be about to subscribe."""

Since = tuple[set[Any] | None, dict[str, set[Any]]]
"""What has changed since: keys of rows, None for any; and of related rows, by label."""
ANYTHING: Since = (None, {})

Spawn = Callable[[Coroutine[Any, Any, Any]], "asyncio.Task[Any]"]


class QueryStore:
    """The live queries of one hub and their readings. All happens on its event loop, but for ``_enter`` and ``_read``."""

    def __init__(self, invalidation: Invalidation, spawn: Spawn, totals: Totals) -> None:
        self.groups: dict[str, Group] = {}
        self.invalidation = invalidation
        self.loop = invalidation.loop
        self._spawn = spawn
        self._totals = totals
        self._lock = threading.Lock()
        self._explained: set[Group] = set()
        """Those of which somebody is told why they are sent something."""

    # A read finds its group

    async def open(self, call: Call) -> Group:
        """The group that a read belongs to, read after this call began (so that who has written sees it).

        It is joined before it is read: a change in between makes it stale, and the next round sends the difference.

        Raises:
            Exception: Whatever refuses the read.
        """
        for _ in range(OPEN_ATTEMPTS):
            with suppress(AudienceChanged):  # the caller's membership changed in between: ask for the audience again
                with asking_primary():
                    group, needed = await run(self._enter, call)
                await self.ensure_read(group, needed, call)
                if self.groups.get(group.key) is group:  # given up, if its first reading failed for somebody else
                    return group
        raise Unavailable()

    def _enter(self, call: Call) -> tuple[Group, int]:
        """In a worker thread: find the group; a cold one is read here at once, in the same hop.

        Returns the group, and the number of the evaluation that knows of all that this call may have seen before.
        """
        asked = open_query(call)
        with self._lock:
            group = self.groups.setdefault(asked.key, asked)
            group.call = asked.call  # who asks now belongs to the audience; who made the group may not any more
            if group.idle_since is not None:
                group.idle_since = self.loop.time()  # not to be forgotten before it is subscribed to
            is_cold = group.started == 0
            needed = group.started + (group.is_stale or self.invalidation.may_have_missed(group))
            if is_cold:
                self._claim(group)
        if is_cold:
            try:
                self._read(group, group.call, ANYTHING)
            finally:
                self.loop.call_soon_threadsafe(self._release, group)
        return group, needed

    async def ensure_read(self, group: Group, needed: int, call: Call) -> None:
        """Have evaluation number ``needed`` or a later one complete: as the newcomer, unless one is under way.

        Those who subscribe already may have left the audience without its being known here yet; an evaluation made as
        one of them fails then, and the newcomer's own follows.
        """
        while True:
            await group.until_free()
            if group.completed >= needed:
                return
            await self.evaluate(group, group.call.asked_by(call), for_newcomer=True)

    # A group is evaluated

    async def evaluate(self, group: Group, question: Call, *, for_newcomer: bool = False) -> None:
        """Read a group that is free. The reading goes on to its end and holds the group until then, even if whoever asked
        for it is gone; else it could replace a newer one.

        Args:
            for_newcomer: Those who listen already are sent the difference in the next round, the newcomer gone or not.

        Raises:
            Exception: Whatever refuses the read.
        """
        with self._lock:
            since = self._claim(group)
        failed = await asyncio.shield(self._spawn(self._finish(group, question, since, for_newcomer)))
        if failed is not None:
            raise failed

    async def _finish(self, group: Group, question: Call, since: Since, for_newcomer: bool) -> Exception | None:
        failed = None
        try:
            await run(self._read, group, question, since)
        except Exception as exception:
            failed = exception
        finally:
            self._release(group)
        group.is_unsent |= for_newcomer and failed is None
        if failed is None or for_newcomer:  # a round that has failed tries again after a while
            self._wake_for(group)
        return failed

    def _wake_for(self, group: Group) -> None:
        """A round may have passed the group by while it was being read: what it lacks now waits for another one."""
        if group.subscriptions and (group.is_stale or group.is_unsent):
            self.invalidation.wake()

    def _claim(self, group: Group) -> Since:
        """Begin an evaluation; returns the keys of what changed since the last one began."""
        group.is_free.clear()
        self.invalidation.begin(group)
        group.is_stale = False
        group.started += 1
        changed, group.changed = group.changed, set()
        touched, group.touched = group.touched, {}
        return changed, touched

    def _release(self, group: Group) -> None:
        self.invalidation.end(group)
        if group.completed and self.groups.get(group.key) is group:
            self.invalidation.index.put(group)
        group.is_free.set()
        if group.completed == group.started:  # else it has failed
            cost = group.cost
            self._totals.evaluated(cost.milliseconds, cost.statements, is_whole=cost.is_whole)
        group.read_at = self.loop.time()
        took = group.read_at - group.began_at
        group.rests_until = group.read_at + (took if took > SLOW_SECONDS else 0.0)
        if not group.subscriptions and group.idle_since is None:
            group.idle_since = self.loop.time()

    def _read(self, group: Group, question: Call, since: Since) -> None:
        """Run the query, in a worker thread. A failed query stays stale; one that was never read is forgotten."""
        number = group.started
        try:
            evaluation = evaluate(question, group.audience, group.reading, *since)
        except BaseException:
            group.touch(None)
            if group.completed == 0 and self.groups.get(group.key) is group:
                del self.groups[group.key]
            raise
        group.take(evaluation)
        group.completed = number

    # Groups are kept while somebody asks for them

    def present(self) -> list[Group]:
        """The groups that there are now. Worker threads add to them, so that they cannot be gone through themselves."""
        return [*self.groups.values()]

    def attach(self, subscription: Subscription) -> None:
        """Keep the group of a subscription, and have what it reads later sent."""
        group = subscription.group
        if not group.subscriptions:
            group.is_unsent = False
        group.subscriptions.add(subscription)
        if subscription.explains and group.causes is None:
            group.causes = Causes()
            self._explained.add(group)
        group.idle_since = None
        self.groups[group.key] = group
        if group not in self.invalidation.index:  # it was given up in between
            group.touch(None)
        if group.is_stale or self.invalidation.must_count(group):
            self.invalidation.wake()  # a round may have passed it by while it had no listeners

    def detach(self, subscription: Subscription) -> None:
        """A subscription is over, or belongs to another group from now on."""
        group = subscription.group
        group.subscriptions.discard(subscription)
        if not group.subscriptions:
            group.idle_since = self.loop.time()
        if group.causes is not None and not any(each.explains for each in group.subscriptions):
            group.causes = None
            self._explained.discard(group)

    def note_causes(self, changes: Changes, number: int | None) -> None:
        """Remember changes for those who are told why they are sent something."""
        for group in self._explained:
            if group.causes is not None:
                group.causes.note(changes, group.labels, group.started, number)

    def due(self) -> list[Group]:
        """Groups whose subscribers are to be sent something. Those that rest are due in a later round."""
        now = self.loop.time()
        found = [
            group
            for group in self.present()
            if (group.is_unsent or (group.is_stale and group.retry_at <= now)) and group.subscriptions
        ]
        resting = [group for group in found if group.is_stale and group.rests_until > now]
        for group in resting:
            for subscription in group.subscriptions:
                subscription.is_pending = True
        if resting:
            self.loop.call_later(min(group.rests_until for group in resting) - now, self.invalidation.wake)
        return [group for group in found if group not in resting]

    def lost(self) -> None:
        """Messages may have been lost: whatever is shown is read again."""
        for group in self.present():
            group.touch(None)

    def maintain(self, now: float) -> None:
        """Forget queries that nobody has asked for in a while; read the others again, in case a change was missed."""
        for group in self.present():
            if not group.is_free.is_set():
                continue
            if group.idle_since is not None and now - group.idle_since > LINGER_SECONDS:
                self.forget(group)
            elif now - group.read_at > get_settings().AUDIT_SECONDS * jitter():
                group.touch(None)
                group.read_at = now
                self.invalidation.wake()

        self._forget_beyond(now)

    def _forget_beyond(self, now: float) -> None:
        """Forget what nobody listens to and is too much to keep, the oldest first."""
        idle = [group for group in self.present() if group.idle_since is not None and group.reading is not None]
        idle.sort(key=lambda group: group.idle_since or 0.0, reverse=True)
        held = 0
        for group in idle:
            held += group.reading.size if group.reading else 0
            if held > LINGERING_BYTES and group.is_free.is_set() and now - (group.idle_since or now) > FRESH_SECONDS:
                self.forget(group)

    def forget(self, group: Group) -> None:
        self.groups.pop(group.key, None)
        self.invalidation.forget(group)


def jitter() -> float:
    """A factor around 1, so that what began together does not happen together."""
    return random.uniform(0.75, 1.25)  # noqa: S311
