"""What a live aggregate costs under load: ``python -m benchmarks.aggregates``.

One hub in this process, on a database of the tests' own with 1,000,000 rows, and 1,000 readers of the same numbers: how many
rows there are and what their ranks sum up to, done and not. Rows are saved 20 times a second. How many statements were made
of these rows, and how long after the last commit had everybody the right numbers? Beside it stands what the statement takes
when it is asked alone.

    AGGREGATE_ROWS=20000 python -m benchmarks.aggregates                   # SQLite, smaller
    python -m tests.services run -- python -m benchmarks.aggregates        # PostgreSQL
"""

import asyncio
import json
import os
import statistics
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.project.settings")

ROWS = int(os.environ.get("AGGREGATE_ROWS", "1000000"))
READERS = 1_000
COMMITS = 100
PAUSE_SECONDS = 0.05
ASKED: dict[str, Any] = {"measures": ["count", "sum:rank"], "by": ["done"]}
FILL = {
    "postgresql": "SELECT number, number %% 100 = 0 FROM generate_series(1, %s) AS number",
    "sqlite": "WITH RECURSIVE numbers(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < %s)"
    " SELECT number, number %% 100 = 0 FROM numbers",
}
"""Rows by one statement of the database's own: ranks from 1, each hundredth one done."""


def prepare() -> Any:
    from django.db import connection
    from tests.project.zoo.models import Note

    from benchmarks.invalidation import prepare as prepared

    user = prepared()
    Note.objects.all().delete()
    with connection.cursor() as cursor:
        columns = "INSERT INTO zoo_note (rank, done, title, secret_code)"
        rows = FILL[connection.vendor].replace("= 0 FROM", "= 0, 'n', 'n' FROM")
        cursor.execute(f"{columns} {rows}", [ROWS])
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE zoo_note")
    return user


def alone() -> float:
    """Milliseconds of the statement by itself."""
    from django.db.models import Count, Sum
    from tests.project.zoo.models import Note

    took = []
    for _ in range(5):
        began = time.perf_counter()
        list(Note.objects.values("done").annotate(Count("pk"), Sum("rank")).order_by("done"))
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def save(number: int) -> None:
    from django.db import connections, transaction
    from tests.project.zoo.models import Note

    with transaction.atomic():
        Note.objects.create(title="saved", rank=number)
    connections.close_all()


async def measured(user: Any) -> dict[str, Any]:
    """Statements and readings of a burst of commits, and the milliseconds until all is told."""
    from benchmarks.invalidation import Listener, rest
    from channels_binding.calls import Call
    from channels_binding.live.capture import signals
    from channels_binding.live.hub import Hub

    statements: list[str] = []
    noted = signals._note_statement

    def note(alias: str, sql: str, params: Any, many: bool) -> Any:
        if threading.current_thread().name.startswith("channels-binding") and "zoo_note" in sql:
            statements.append(sql)
        return noted(alias, sql, params, many)

    hub = Hub.current()
    await hub.ready()
    call = Call("zoo.Note", "aggregate", ASKED, user)
    for _ in range(READERS):
        listener = Listener(user)
        hub.join(listener)  # type: ignore[arg-type]
        hub.delivery.subscribe(await hub.open(call), listener, "zoo.Note.aggregate#a", call)  # type: ignore[arg-type]
    await rest(hub)
    (group,) = hub.groups.values()
    signals._note_statement = note  # type: ignore[assignment]
    before, began = group.started, time.perf_counter()
    for number in range(COMMITS):
        await asyncio.to_thread(save, number)
        await asyncio.sleep(PAUSE_SECONDS)
    ended = time.perf_counter()
    await rest(hub)
    told = time.perf_counter()
    signals._note_statement = noted
    readings = group.started - before
    rows = [json.loads(row.body) for row in group.reading.rows] if group.reading else []
    await hub.stop()
    assert sum(row["count"] for row in rows) == ROWS + COMMITS
    return {
        "readers": READERS,
        "commits": COMMITS,
        "readings": readings,
        "statements": len(statements),
        "statements a reading": round(len(statements) / max(readings, 1), 2),
        "seconds of commits": round(ended - began, 2),
        "ms from the last commit to the last reader": round((told - ended) * 1000, 1),
    }


def main() -> list[dict[str, Any]]:
    from django.db import connection

    user = prepare()
    found = {
        "measured": f"{datetime.now(UTC):%Y-%m-%d}",
        "load before": round(os.getloadavg()[0], 1),
        "database": connection.vendor,
        "rows": ROWS,
        "ms of the statement alone": round(alone(), 1),
    }
    found |= asyncio.run(measured(user))
    print(json.dumps(found), file=sys.stderr)
    return [found]


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main(), indent=1))
