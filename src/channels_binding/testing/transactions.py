"""Commits, threads and database connections in tests: what a socket sees of a ``TestCase``'s transaction."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asgiref.sync import sync_to_async
from django.db import connections

from channels_binding import threads
from channels_binding.live.capture import recorder
from channels_binding.live.hub import Hub


@asynccontextmanager
async def committed(using: str = "default") -> AsyncIterator[None]:
    """In a coroutine test of a ``TestCase``: what is written inside counts as committed at the end, so live reads are sent it.

    The commit hooks that were added inside are run, on the thread that holds the test's transaction.
    """
    before = await sync_to_async(lambda: {id(hook) for hook in connections[using].run_on_commit})()
    yield
    await sync_to_async(_commit)(using, before)


def _commit(using: str, before: set[int]) -> None:
    for hook in [*connections[using].run_on_commit]:
        if id(hook) not in before:
            hook[1]()
    recorder.recorder(using).publish_all()


async def finish() -> None:
    """End what runs beside the tests of this event loop: call it when a test with sockets outside a ``TestCase`` is over.

    Database connections of the package's threads are closed, so that the test database can be removed.
    """
    await Hub.current().stop()
    await asyncio.to_thread(threads.shut_down)


def keep_transactions() -> bool:
    """Whether the test runs in a transaction. Channels looks after connections before and after each use, as Django does
    around a request, and would close one inside a transaction; Django's own test client keeps it from that as well."""
    kept = [each for each in connections.all(initialized_only=True) if each.in_atomic_block]
    for each in kept:
        each.close_if_unusable_or_obsolete = _nothing  # type: ignore[method-assign]
    return bool(kept)


def look_after_connections() -> None:
    """As before ``keep_transactions``."""
    for each in connections.all(initialized_only=True):
        vars(each).pop("close_if_unusable_or_obsolete", None)


def _nothing() -> None:
    """In place of closing a connection."""
