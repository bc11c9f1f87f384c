"""Which live queries are stale? At once, where that needs no SQL; else in the next round, asked in few statements.

Three answers to a changed row: the query shows it, or may be made of anything (*affected*); the row may be in it now
(*candidate*: the database is asked, about up to 100 queries in one statement); it is not in it now, and only the number of
rows can be another (*uncounted*: counted again, at the first such change at once, then at most once a second).
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.apps import apps

from channels_binding.live.capture.changes import Changes
from channels_binding.live.queries import prefilter
from channels_binding.live.queries.group import Group
from channels_binding.live.queries.index import Candidates, Index
from channels_binding.threads import run

RECOUNT_SECONDS = 1.0
"""Shortest time between two counts of the rows of lists of which only the number can have changed."""
NEVER = float("-inf")


class Invalidation:
    """What changes make stale, of one hub. Everything happens on the event loop, but for ``begin`` and ``may_have_missed``."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wake: Callable[[], object]) -> None:
        self.loop = loop
        self.wake = wake
        self.index = Index()
        self.is_counting = False
        self._reading: dict[Group, Changes] = {}
        """Being evaluated → what was noted meanwhile, which may be in the answer or not."""
        self._waiting = Changes()
        """Noted, and not matched against the queries yet."""
        self._in_hand = Changes()
        """Being matched against the queries."""
        self._noted_at = NEVER
        self._uncounted: dict[str, float] = {}
        """Model → loop seconds of the last change by which a row may have left a list unseen."""
        self._count_is_due = False
        self._counted_at = NEVER
        self._count_rest_seconds = 0.0

    @property
    def labels(self) -> set[str]:
        """Models whose changes matter to somebody."""
        return self.index.labels | {label for group in [*self._reading] for label in group.row_labels}

    def heeds(self, label: str) -> bool:
        """Whether changes of a model may matter to somebody: what is being read for the first time may read any."""
        return bool(self._reading) or self.index.heeds(label)

    # Groups come and go

    def begin(self, group: Group) -> None:
        """An evaluation begins."""
        group.began_at = self.loop.time()
        self._reading[group] = Changes()

    def end(self, group: Group) -> None:
        """It has ended. What was noted meanwhile may matter for what it was found to read."""
        meanwhile = self._reading.pop(group, Changes())
        if meanwhile:
            group.touch_by(meanwhile)

    def forget(self, group: Group) -> None:
        """Nobody asks for it any more."""
        self.index.discard(group)

    def may_have_missed(self, group: Group) -> bool:
        """Whether something is committed and noted that the group's reading may lack without being called stale."""
        if any(label in self._waiting.keys or label in self._in_hand.keys for label in group.labels or ()):
            return True
        return group.is_partial and self._is_uncounted(group)

    def must_count(self, group: Group) -> bool:
        """Whether a group that has a listener again is to be counted: while it had none, nobody did."""
        is_uncounted = group.is_partial and self._is_uncounted(group)
        self._count_is_due |= is_uncounted
        return is_uncounted

    def _is_uncounted(self, group: Group) -> bool:
        known_at = max(group.began_at, group.counted_at)
        return any(self._uncounted.get(label, NEVER) >= known_at for label in group.row_labels)

    # Changes arrive

    def note(self, changes: Changes) -> None:
        """Mark what is affected; the rest waits for ``invalidate``."""
        for group, meanwhile in [*self._reading.items()]:
            if not group.has_made(changes):
                group.touch_by(changes)
                meanwhile.merge(changes)
        for group, keys in [*self.index.affected(changes)]:
            if not group.has_made(changes):
                group.touch(keys)
        for group, label, related in [*self.index.holding(changes)]:
            group.touch_related(label, related)
        self._waiting.merge(changes)
        self._noted_at = self.loop.time()

    async def invalidate(self) -> None:
        """Mark those queries stale that the waiting changes matter to."""
        self._in_hand, self._waiting = self._waiting, Changes()
        changes, noted_at = self._in_hand, self._noted_at
        self._touch_lists_of_any_row(changes, noted_at)
        candidates = self.index.candidates(changes)
        if candidates:
            await self._ask_about(candidates, changes, noted_at)
        self._note_uncounted(changes, noted_at)
        self._in_hand = Changes()

    def _touch_lists_of_any_row(self, changes: Changes, noted_at: float) -> None:
        """Mark every list of a model of which any row may have changed, unless it was read after the last change.

        ``note`` has marked those that were read by then. But keys that were noted after "any row", or together are more than
        are kept, are keys no longer: what was read in between lacks them, and nothing else would ask for them.
        """
        for label in changes.any_row():
            for group in self.index.lists_of(label):
                if _is_open(group, noted_at) and not group.has_made(changes):
                    group.touch(None)

    async def _ask_about(self, candidates: Candidates, changes: Changes, noted_at: float) -> None:
        try:
            await self._read_unknown(candidates, noted_at)
            asked = {group: keys for group, keys in candidates.keys.items() if _is_open(group, noted_at)}
            found = await self._probe(asked) if len(asked) > 1 else [*asked]
        except Exception:  # the database did not answer: the next evaluation fails as well, and is tried again
            found = [
                *candidates.keys,
                *(group for label in candidates.unknown for group in self.index.decided_by_value(label)),
            ]
        for group in found:
            if not group.has_made(changes):
                group.touch(candidates.keys.get(group, set()))

    async def _read_unknown(self, candidates: Candidates, noted_at: float) -> None:
        """Rows of which no values came along: one statement for each model, where it can spare more than one."""
        for label, keys in candidates.unknown.items():
            groups = [group for group in self.index.decided_by_value(label) if _is_open(group, noted_at)]
            aliases = {group.prefilter.alias for group in groups if group.prefilter}
            if len(groups) > 1 and len(aliases) == 1:
                columns = self.index.columns(label)
                values = await run(prefilter.values_of, apps.get_model(label), aliases.pop(), columns, keys)
                self.index.resolve(candidates, label, values)
            else:
                for group in groups:
                    candidates.keys[group] |= keys - group.shown()

    async def _probe(self, asked: Mapping[Group, set[Any]]) -> list[Group]:
        pairs = [(group.prefilter, keys) for group, keys in asked.items() if group.prefilter]
        answers = await run(prefilter.probe, pairs)
        prefiltered = [group for group in asked if group.prefilter]
        return [group for group, is_in in zip(prefiltered, answers, strict=True) if is_in]

    # Numbers of rows

    def _note_uncounted(self, changes: Changes, noted_at: float) -> None:
        for label, keys in changes.keys.items():
            facts = changes.facts.get(label, {})
            if any(key not in facts or not facts[key].is_new for key in keys or ()):  # a new row has left nothing
                self._uncounted[label] = noted_at
                self._count_is_due = True

    def count_again(self, spawn: Callable[[Any], object]) -> None:
        """Have the lists counted of which only the number of rows can have changed, if it is time."""
        if self.is_counting or not self._count_is_due:
            return
        pause = self._counted_at + self._count_rest_seconds - self.loop.time()
        if pause > 0:
            self.loop.call_later(pause, self.wake)
            return
        self._count_is_due = False
        groups = [group for group in self.index.partial(self._uncounted) if self._is_to_count(group)]
        if groups:
            self.is_counting = True
            spawn(self._count(groups))

    @property
    def is_at_rest(self) -> bool:
        """Whether everything noted has been matched and counted."""
        return not (self._waiting or self._in_hand or self.is_counting or self._count_is_due)

    def _is_to_count(self, group: Group) -> bool:
        return bool(group.subscriptions) and not group.is_stale and self._is_uncounted(group)

    async def _count(self, groups: list[Group]) -> None:
        began = self.loop.time()
        try:
            for start in range(0, len(groups), prefilter.PER_STATEMENT):
                await self._count_part(groups[start : start + prefilter.PER_STATEMENT])
        finally:
            self.is_counting = False
            self._counted_at = self.loop.time()
            self._count_rest_seconds = max(RECOUNT_SECONDS, self._counted_at - began)
            self.wake()

    async def _count_part(self, groups: Iterable[Group]) -> None:
        asked = []
        for group in groups:
            known = None if group.reading is None else group.known_count
            if known is None:
                group.touch(set())
            elif group.prefilter is not None:
                asked.append((group, group.prefilter, known))
        began = self.loop.time()
        try:
            found = await run(prefilter.counts, [(each, known.most) for _, each, known in asked])
        except Exception:  # as above
            found = [None] * len(asked)
        for (group, _, known), count in zip(asked, found, strict=True):
            if count != known.count:
                group.touch(set())
            else:
                group.counted_at = began


def _is_open(group: Group, noted_at: float) -> bool:
    """Whether the change may still matter: not to a query that is stale anyway, or was read after the change."""
    return not group.is_stale and group.began_at <= noted_at
