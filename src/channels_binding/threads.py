"""The package's own bounded thread pool, and the one place that decides how a hook is run.

Never asgiref's single shared thread: there, one slow query on one socket stalls every socket of the process.
Each thread keeps its own database connections, looked after as Django does around a request.
"""

import asyncio
import contextvars
import functools
import inspect
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import (
    AsyncToSync,
    SyncToAsync,
    ThreadSensitiveContext,
    _restore_context,
    async_to_sync,
    sync_to_async,
)
from django.db import close_old_connections, connections, transaction

from channels_binding.conf import get_settings
from channels_binding.fair_queue import CALLER, FairQueue, Job

P = ParamSpec("P")
T = TypeVar("T")

_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None
_queue: FairQueue | None = None
_borrowed = 0
"""How many sockets of tests want their work done on asgiref's thread."""


def pool() -> ThreadPoolExecutor:
    """The pool, made at first use with ``THREADS`` threads."""
    global _pool, _queue
    with _lock:
        if _pool is None:
            settings = get_settings()
            _pool = ThreadPoolExecutor(settings.THREADS, thread_name_prefix="channels-binding")
            _queue = FairQueue(
                _pool.submit, settings.THREADS, min(settings.THREADS_PER_USER, max(1, settings.THREADS - 1))
            )
        return _pool


def _add(job: Job) -> None:
    """Queue a job; the queue gives each caller in turn a thread."""
    while True:
        pool()
        with _lock:
            if _queue is not None:  # not shut down meanwhile
                _queue.add(CALLER.get(), job)
                return


def restore_context(context: contextvars.Context) -> None:
    """Set what another context holds, asgiref's ``Local`` among it (language, time zone): it is kept in context variables."""
    _restore_context(context)


def shut_down() -> None:
    """Let running work end and give the pool back with its database connections; the next use makes a new one."""
    global _pool, _queue
    with _lock:
        old, _pool = _pool, None
        waiting, _queue = _queue, None
    if old is None or waiting is None:
        return
    waiting.end()
    # Each thread takes exactly one. Instead of a busy one the pool would make another, with nothing to close: so all of them.
    barrier = threading.Barrier(old._max_workers)
    for _ in range(old._max_workers):
        old.submit(_close_all, barrier)
    old.shutdown(wait=True)


def _close_all(barrier: threading.Barrier) -> None:
    barrier.wait()
    connections.close_all()


_write_locks: dict[str, threading.RLock] = defaultdict(threading.RLock)


def one_writer(alias: str) -> AbstractContextManager[Any]:
    """Around a write that is one statement: on SQLite one thread after another.

    There a second writer does not wait in line: it sleeps and tries again, for up to 100 ms at a time (sqlite3_busy_timeout).
    """
    return _write_locks[alias] if connections[alias].vendor == "sqlite" else nullcontext()


@contextmanager
def one_transaction(alias: str) -> Iterator[None]:
    """``transaction.atomic``, on SQLite one thread after another."""
    with one_writer(alias), transaction.atomic(using=alias):
        yield


def is_any_atomic() -> bool:
    """Whether requests are transactions of some database (``ATOMIC_REQUESTS``)."""
    return any(options["ATOMIC_REQUESTS"] for options in connections.settings.values())


def atomic_requests(handler: Any) -> list[str]:
    """Databases on which a request is one transaction (``ATOMIC_REQUESTS``), unless its handler wants none there.

    As views do, handlers say so by ``transaction.non_atomic_requests``.
    """
    without = getattr(handler, "_non_atomic_requests", ())
    named = (alias for alias, options in connections.settings.items() if options["ATOMIC_REQUESTS"])
    return [alias for alias in named if alias not in without]


@contextmanager
def all_atomic(aliases: Iterable[str]) -> Iterator[None]:
    """``transaction.atomic`` on several databases."""
    with ExitStack() as stack:
        for alias in aliases:
            stack.enter_context(transaction.atomic(using=alias))
        yield


def borrow(by: int = 1) -> None:
    """Run everything where asgiref runs it, for tests inside a transaction: only that thread's connection sees it.

    ``borrow(-1)`` gives it back.
    """
    global _borrowed
    with _lock:
        _borrowed += by


async def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run ``function`` on a thread of the pool, with a healthy database connection and this task's context.

    Cancelling is safe for the caller; the function itself goes on to its end.
    """
    return await _run(functools.partial(function, *args, **kwargs), _with_connections)


async def run_request(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """As ``run``, of what sends Django's signals of a request: by those it looks after the thread's connections itself."""
    return await _run(functools.partial(function, *args, **kwargs), None)


async def _run(function: Callable[[], T], around: Callable[[Callable[[], T]], T] | None) -> T:
    """``around`` is called with the function, on a thread of the pool alone."""
    if _borrowed or _is_settled.get():
        return await sync_to_async(function, thread_sensitive=True)()
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()
    call = function if around is None else functools.partial(around, function)
    _add(functools.partial(contextvars.copy_context().run, _work, answer, loop, call))
    return await answer


def _with_connections(function: Callable[[], T]) -> T:
    """Call a function between looks at this thread's connections, as Django looks before and after each request."""
    close_old_connections()
    try:
        return function()
    finally:
        close_old_connections()  # with CONN_MAX_AGE=0 it goes back to the database's pool, if there is one


async def run_for_code(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """As ``run``, for what code awaits: where a thread waits for that code (``async_to_sync``), on it, in its transaction.

    So it is in a ``TestCase``, whose coroutines Django runs like this, and in an asynchronous view under WSGI.
    """
    if getattr(AsyncToSync.executors, "current", None) is not None:
        return await sync_to_async(function, thread_sensitive=True)(*args, **kwargs)
    return await run(function, *args, **kwargs)


def _work(answer: asyncio.Future[T], loop: asyncio.AbstractEventLoop, function: Callable[[], T]) -> None:
    """On a thread: call the function and resolve the future on its loop. ``run_in_executor`` would take a second future."""
    try:
        restore_context(contextvars.copy_context())  # asgiref's Locals are the task's, not the thread's
        with _coroutines_on(loop):
            result = function()
    except BaseException as error:
        _resolve(loop, answer, answer.set_exception, _raisable(error))
    else:
        _resolve(loop, answer, answer.set_result, result)


def _raisable(error: BaseException) -> Exception:
    """What code of a project has raised, as something that can be answered.

    ``StopIteration``, of a ``next()`` that finds nothing, no future takes (before Python 3.12): who waits would wait for ever.
    ``SystemExit`` ends the loop, and so the server; the ``CancelledError`` of another task ends who waits without a word.
    """
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    answerable = RuntimeError(f"{type(error).__name__} was raised: {error}")
    answerable.__cause__ = error
    return answerable


@contextmanager
def _coroutines_on(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Have ``async_to_sync`` on this thread run coroutines on the loop that waits for the thread, as on asgiref's threads.

    There the tasks that a handler starts live on, and what belongs to the server's loop can be used.
    """
    local = SyncToAsync.threadlocal
    local.main_event_loop, local.main_event_loop_pid = loop, os.getpid()
    try:
        yield
    finally:
        del local.main_event_loop, local.main_event_loop_pid


def _resolve(
    loop: asyncio.AbstractEventLoop, answer: asyncio.Future[Any], set_: Callable[[Any], None], what: Any
) -> None:
    def resolve() -> None:
        if not answer.done():  # nobody waits for it any more
            set_(what)

    if not loop.is_closed():
        with suppress(RuntimeError):  # closed in this very moment
            loop.call_soon_threadsafe(resolve)


async def run_coroutine(function: Callable[..., Any], *args: Any) -> Any:
    """Await a coroutine handler so that its own ORM calls stay off asgiref's shared thread."""
    if _borrowed:
        return await function(*args)
    async with ThreadSensitiveContext():
        return await function(*args)


def settle(value: Any) -> Any:
    """A hook's result, whether the hook is a function or a coroutine. Call it in a worker thread only.

    A coroutine's ORM calls, and the built-in actions that it awaits, come back to this very thread, and so see its transaction.
    """
    if not inspect.isawaitable(value):
        return value
    return async_to_sync(_awaited)(value, getattr(SyncToAsync.threadlocal, "main_event_loop", None))


def either(hook: Callable[..., Any]) -> Callable[..., Any]:
    """A coroutine hook that plain code can call as well: in a worker thread it returns its result, on a loop its coroutine.

    So dispatch and DRF's classes call ``view.get_queryset()``, and other coroutine hooks ``await self.get_queryset()``.
    """

    @functools.wraps(hook)
    def called(*args: Any, **kwargs: Any) -> Any:
        coroutine = hook(*args, **kwargs)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return settle(coroutine)
        return coroutine

    return called


_is_settled: ContextVar[bool] = ContextVar("channels_binding_is_settled", default=False)
"""Whether a thread waits for this coroutine, and does meanwhile what the coroutine asks of it (``async_to_sync``)."""


async def _awaited(value: Any, servers_loop: asyncio.AbstractEventLoop | None) -> Any:
    token = _is_settled.set(True)
    try:
        result = await value
    finally:
        _is_settled.reset(token)
    if asyncio.get_running_loop() is not servers_loop:
        _refuse_tasks_that_would_end()
    return result


def _refuse_tasks_that_would_end() -> None:
    """Where no loop outlives a call (under WSGI, in a management command), a task that the call has begun would end unfinished.

    Raises:
        RuntimeError: There is one.
    """
    begun = asyncio.all_tasks() - {asyncio.current_task()}
    for task in begun:
        raise RuntimeError(
            f"{task.get_coro()} was begun as a task and would end with this call, since no event loop outlives it here: "
            "await it, hand it to a task queue, or serve the project with an ASGI server."
        )


async def call_hook(hook: Callable[..., Any], *args: Any) -> Any:
    """Call a hook from the event loop: a coroutine function here, a plain one on a thread, where it may use the ORM."""
    if inspect.iscoroutinefunction(hook):
        return await run_coroutine(hook, *args)
    return await run(lambda: settle(hook(*args)))
