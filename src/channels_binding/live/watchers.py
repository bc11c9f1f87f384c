"""Who wants to know that rows of a model have changed, and nothing of the rows: pages that read them again by themselves."""

import asyncio
from collections import Counter
from collections.abc import Collection, Hashable, Iterator
from contextlib import contextmanager

from channels_binding.live.capture.changes import Changes


class Watch:
    """One who waits. ``changed`` is set by every change, and to be cleared before rows are read again."""

    def __init__(self, labels: Collection[str], owner: Hashable) -> None:
        self.labels, self.owner = frozenset(labels), owner
        self.changed = asyncio.Event()
        self.is_over = False
        """Whether the process is about to end."""


class Watchers:
    """Those of one hub. Everything happens on its event loop, but for ``count``."""

    def __init__(self) -> None:
        self._watches: set[Watch] = set()
        self._by_owner: Counter[Hashable] = Counter()

    def __bool__(self) -> bool:
        return bool(self._watches)

    def count(self, owner: Hashable) -> int:
        """How many somebody has. From any thread."""
        return self._by_owner[owner]

    @contextmanager
    def watch(self, labels: Collection[str], owner: Hashable) -> Iterator[Watch]:
        """Be told of changes of these models (``{"shop.Order"}``) as long as the context lasts."""
        watch = Watch(labels, owner)
        self._watches.add(watch)
        self._by_owner[owner] += 1
        try:
            yield watch
        finally:
            self._watches.discard(watch)
            self._by_owner[owner] -= 1
            self._by_owner += Counter()  # drops those who have none

    def note(self, changes: Changes) -> None:
        """These rows have changed."""
        for watch in self._watches:
            if not watch.labels.isdisjoint(changes.keys):
                watch.changed.set()

    def lost(self) -> None:
        """Any rows may have changed."""
        for watch in self._watches:
            watch.changed.set()

    def end(self) -> None:
        """The process is about to end."""
        for watch in self._watches:
            watch.is_over = True
            watch.changed.set()
