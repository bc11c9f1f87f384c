"""How the cost of a commit grows with the number of different live lists: ``python -m benchmarks.invalidation``.

One hub in this process, on a database of the tests' own, with 100, 1,000 and 10,000 different lists of one model. A row is
saved that enters one of them. Side by side in one run: lists found by value, by bounds, by asking, and (up to 1,000) the
same lists without prefilters, where each change runs every list again, as it was before.
"""

import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.project.settings")

ROWS = 20_000
COMMITS = 15
SIZES = (100, 1_000, 10_000)
WITHOUT = (100, 1_000)
"""Sizes that are measured without prefilters too; at 10,000 a commit would take the better part of a minute."""


class Listener:
    """A connection that takes everything."""

    dialect = "cb.1"
    revision = 0
    session_key = None
    auth = None
    has_token = False
    congested = False
    subscriptions: Sequence[Any] = ()
    scope: dict[str, Any] = {}

    def __init__(self, user: Any) -> None:
        self.user = user
        self.streams: dict[str, str] = {}

    def push(self, frames: Sequence[bytes]) -> None:
        pass


def by_value(number: int) -> dict[str, Any]:
    return {"rank": number}


def by_bounds(number: int) -> dict[str, Any]:
    return {"rank__gte": number, "rank__lte": number}


def by_asking(number: int) -> dict[str, Any]:
    return {"title__icontains": f"new {number}."}


async def measured(
    user: Any, size: int, filters_of: Callable[[int], dict[str, Any]], has_prefilters: bool
) -> dict[str, Any]:
    """Median milliseconds from a commit until everyone is told, and what was run for it."""
    from channels_binding.calls import Call
    from channels_binding.live.hub import Hub
    from channels_binding.live.queries import evaluation

    prefiltered = evaluation._prefilter
    if not has_prefilters:
        evaluation._prefilter = refuse  # type: ignore[assignment]
    hub = Hub.current()
    for number in range(size):
        call = Call("zoo.Note", "search", {"limit": 25, "order": "-id", "filters": filters_of(number)}, user)
        listener = Listener(user)
        hub.join(listener)  # type: ignore[arg-type]
        hub.delivery.subscribe(await hub.open(call), listener, "zoo.Note.search#h", call)  # type: ignore[arg-type]
    await rest(hub)
    took, evaluated = [], []
    for commit in range(COMMITS):
        before = sum(group.started for group in hub.groups.values())
        began = time.perf_counter()
        await asyncio.to_thread(save, commit % size)
        await rest(hub)
        took.append((time.perf_counter() - began) * 1000)
        evaluated.append(sum(group.started for group in hub.groups.values()) - before)
    await hub.stop()
    evaluation._prefilter = prefiltered
    return {
        "ms": statistics.median(took),
        "min": min(took),
        "max": max(took),
        "evaluated": statistics.median(evaluated),
    }


def refuse(*_: Any) -> Any:
    from channels_binding.live.queries.prefilter import NoPrefilter

    raise NoPrefilter("measured without")


def save(rank: int) -> None:
    from django.db import connections, transaction
    from tests.project.zoo.models import Note

    with transaction.atomic():
        Note.objects.create(title=f"new {rank}.", rank=rank)
    connections.close_all()


async def rest(hub: Any) -> None:
    await asyncio.sleep(0)
    while not is_at_rest(hub):
        await asyncio.sleep(0.0005)


def is_at_rest(hub: Any) -> bool:
    if not hub.rounds.is_idle or not hub.invalidation.is_at_rest:
        return False
    return not any(group.is_stale or not group.is_free.is_set() for group in hub.groups.values())


def prepare() -> Any:
    django.setup()
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from tests.project.zoo.models import Note

    settings.CHANNELS_BINDING = {"COALESCE_SECONDS": 0.0, "AUDIT_SECONDS": 1e6, "IDENTITY_SECONDS": 1e6}
    call_command("migrate", run_syncdb=True, verbosity=0)
    Note.objects.all().delete()
    Note.objects.bulk_create((Note(title=f"n{i}", rank=i % 10_000) for i in range(ROWS)), batch_size=500)
    user, _ = get_user_model().objects.get_or_create(username="bench")
    return user


def main() -> list[dict[str, Any]]:
    from django.db import connection

    user = prepare()
    found = []
    for size in SIZES:
        for name, filters_of, has_prefilters in (
            ("found by value", by_value, True),
            ("found by bounds", by_bounds, True),
            ("asked together", by_asking, True),
            ("without prefilters", by_value, False),
        ):
            if has_prefilters or size in WITHOUT:
                result = asyncio.run(measured(user, size, filters_of, has_prefilters))
                found.append({"database": connection.vendor, "lists": size, "how": name, **result})
                print(json.dumps(found[-1]), file=sys.stderr)
    return found


if __name__ == "__main__":
    print(json.dumps(main(), indent=1))
