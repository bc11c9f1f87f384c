"""A fair queue in front of a thread pool: callers take turns, and none has all threads, however much one of them asks for."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial

Job = Callable[[], object]
CALLER: ContextVar[Hashable] = ContextVar("channels_binding_caller", default=None)
"""For whom the current task works: ``("user", "7")``. None for the package itself: it takes turns too, without a bound."""


@contextmanager
def working_for(caller: Hashable) -> Iterator[None]:
    """Around work for a caller, in a task that may do other things afterwards."""
    token = CALLER.set(caller)
    try:
        yield
    finally:
        CALLER.reset(token)


class FairQueue:
    """Jobs in front of a pool. Any thread may use it; it never blocks."""

    def __init__(self, start: Callable[[Job], object], threads: int, per_caller: int) -> None:
        """``start`` hands a job to one of ``threads`` threads; at most ``per_caller`` of them work for one caller."""
        self._start = start
        self._free = threads
        self._per_caller = per_caller
        self._waiting: dict[Hashable, deque[Job]] = {}
        """Whose turn is next comes first."""
        self._running: Counter[Hashable] = Counter()
        self._is_over = False
        self._lock = threading.Lock()

    def add(self, caller: Hashable, job: Job) -> None:
        """Have a job done when it is the caller's turn; jobs of one caller begin in their order."""
        with self._lock:
            self._waiting.setdefault(caller, deque()).append(job)
            self._begin()

    def end(self) -> None:
        """Hand over all that waits: the pool ends, and does what it has."""
        with self._lock:
            self._is_over = True
            self._begin()

    def _begin(self) -> None:
        while (caller := self._next()) is not None:
            jobs = self._waiting.pop(caller[0])
            job = jobs.popleft()
            if jobs:
                self._waiting[caller[0]] = jobs  # behind all others
            self._free -= 1
            self._running[caller[0]] += 1
            self._start(partial(self._do, caller[0], job))

    def _next(self) -> tuple[Hashable] | None:
        """Whose turn it is, if there is a thread for anybody who waits."""
        if self._free <= 0 and not self._is_over:
            return None
        for caller in self._waiting:
            if caller is None or self._is_over or self._running[caller] < self._per_caller:
                return (caller,)
        return None

    def _do(self, caller: Hashable, job: Job) -> None:
        try:
            job()
        finally:
            with self._lock:
                self._free += 1
                self._running[caller] -= 1
                if not self._running[caller]:
                    del self._running[caller]
                if not self._is_over:
                    self._begin()
