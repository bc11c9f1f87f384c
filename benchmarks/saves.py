"""What a save costs while nobody listens, beside plain Django's: ``python -m benchmarks.saves``.

A process with this package and one without, each with tables of its own, take turns. The one with it serves no sockets and
has no broker; a binding serves the model. Processor time of the process, on SQLite and on a PostgreSQL of its own; each save a
transaction, and ten saves a transaction.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from tests.services import Postgres

FOLDER = Path(__file__).parent
ROUNDS = int(os.environ.get("SAVES_ROUNDS", "15"))
COUNT = 100
SIDES = {"ours": "ours", "Django": "drf"}


class Saver:
    """A process that saves."""

    def __init__(self, side: str, database: str, kind: str) -> None:
        env = {
            **os.environ, "BENCH_SIDE": side, "BENCH_DATABASE": database, "DJANGO_SETTINGS_MODULE": "shop.settings",
            "PYTHONPATH": str(FOLDER),
        }  # fmt: skip
        make = [sys.executable, "-m", "shop.rows", "1000"]
        subprocess.run(make, env=env, cwd=FOLDER, check=True, stderr=subprocess.DEVNULL)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "shop.saves", kind], env=env, cwd=FOLDER, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def round(self) -> float:
        """Processor seconds of one save."""
        assert self.process.stdin
        assert self.process.stdout
        print(COUNT, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


def measured(databases: dict[str, str], kind: str) -> dict[str, Any]:
    savers = {name: Saver(side, databases[name], kind) for name, side in SIDES.items()}
    took: dict[str, list[float]] = {name: [] for name in savers}
    try:
        for number in range(ROUNDS + 1):
            for name in [*savers] if number % 2 else reversed([*savers]):
                seconds = savers[name].round()
                if number:  # the first one warms up
                    took[name].append(seconds)
    finally:
        for saver in savers.values():
            saver.close()
    ratios = [theirs / mine for mine, theirs in zip(took["ours"], took["Django"], strict=True)]
    return {
        **{f"{name} µs": round(statistics.median(each) * 1e6, 1) for name, each in took.items()},
        "ratio min / median / max": [round(of(ratios), 3) for of in (min, statistics.median, max)],
        "ratio of medians": round(statistics.median(took["Django"]) / statistics.median(took["ours"]), 3),
    }


@contextmanager
def postgres_databases() -> Iterator[dict[str, str]]:
    server = Postgres()
    server.start()
    try:
        with psycopg.connect(server.url, autocommit=True) as connection:
            for side in SIDES.values():
                connection.execute(f"CREATE DATABASE {side}")
        yield {name: f"{server.url.rpartition('/')[0]}/{side}" for name, side in SIDES.items()}
    finally:
        server.close()


def main() -> None:
    found = {}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        for kind in ("each", "atomic"):
            files = {name: f"{folder}/{kind}-{side}.sqlite3" for name, side in SIDES.items()}
            found[f"SQLite, {kind}"] = measured(files, kind)
        for kind in ("each", "atomic"):
            databases = stack.enter_context(postgres_databases())
            found[f"PostgreSQL, {kind}"] = measured(databases, kind)
    print(json.dumps(found, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
