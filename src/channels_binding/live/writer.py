"""One task that writes for all sockets of an event loop, as far as their server takes messages at once.

A push to a thousand sockets is then a thousand calls, and not a thousand tasks that are woken for one call each.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, ClassVar, Protocol
from weakref import WeakKeyDictionary

AT_ONCE = 64
"""So many sockets are written to before others have a turn on the loop."""


class HasOutput(Protocol):
    """Who is called."""

    def write(self) -> Coroutine[Any, Any, None] | None:
        """Send what waits, as far as it can be sent without waiting; the rest, to be awaited in this task. On the loop; never
        raises."""


class Writer:
    """The writer of one event loop. Its task lives while there is something to write."""

    _of: ClassVar["WeakKeyDictionary[asyncio.AbstractEventLoop, Writer]"] = WeakKeyDictionary()

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[HasOutput] = deque()
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def current(cls) -> "Writer":
        """The writer of the running loop."""
        loop = asyncio.get_running_loop()
        found = cls._of.get(loop)
        if found is None:
            found = cls._of[loop] = cls(loop)
        return found

    def add(self, output: HasOutput) -> None:
        """Have it write, after those that were added before."""
        self._waiting.append(output)
        if self._task is None:
            self._begin()

    async def written(self) -> None:
        """Wait until all have been written to that are in the line now, as far as their server takes that at once."""
        if self._waiting:
            mark = _Mark(self._loop)
            self.add(mark)
            await mark.reached

    def _begin(self) -> None:
        # in an empty context: each socket brings its own
        self._task = self._loop.create_task(self._run(), context=contextvars.Context())

    async def _run(self) -> None:
        rest = None
        try:
            rest = await self._write()
        finally:
            self._task = None
            if self._waiting:  # one has to be waited for, or this was cancelled
                self._loop.call_soon(self._resume)
        if rest is not None:
            await rest

    async def _write(self) -> Coroutine[Any, Any, None] | None:
        """Write until nothing waits, or a send has to be waited for.

        That goes on in the task in which it was begun, as what it is made of may demand (``asyncio.timeout``, ``TaskGroup``);
        the line goes on in another one.
        """
        while self._waiting:
            for _ in range(min(AT_ONCE, len(self._waiting))):
                rest = self._waiting.popleft().write()
                if rest is not None:
                    return rest
            if self._waiting:
                await asyncio.sleep(0)
        return None

    def _resume(self) -> None:
        if self._task is None and self._waiting:
            self._begin()


class _Mark:
    """A place in the line."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.reached: asyncio.Future[None] = loop.create_future()

    def write(self) -> None:
        if not self.reached.done():  # nobody waits for it any more
            self.reached.set_result(None)


class Begun:
    """An awaitable whose first step was taken already (``begin``), and whose steps run in a context that is not its task's."""

    def __init__(self, steps: Generator[Any, None, None], awaited: Any, context: contextvars.Context) -> None:
        self._steps = steps
        self._awaited = awaited
        self._context = context

    def __await__(self) -> Generator[Any, None, None]:
        awaited = self._awaited
        while True:
            try:
                try:
                    yield awaited
                except BaseException as error:
                    awaited = self._context.run(self._steps.throw, error)
                else:
                    awaited = self._context.run(next, self._steps)
            except StopIteration:
                return


def begin(awaitable: Awaitable[Any], context: contextvars.Context) -> Begun | None:
    """Run something up to where it has to wait; None where it has come to its end. The rest is for the same task to await.

    Raises:
        Exception: Whatever it raises before that.
    """
    steps = awaitable.__await__()
    try:
        return Begun(steps, context.run(next, steps), context)
    except StopIteration:
        return None
