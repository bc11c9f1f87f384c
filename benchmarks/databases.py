"""The databases that the sides are compared on: each side has one of its own, with the same rows."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

import psycopg
from tests.services import Postgres

FOLDER = Path(__file__).parent


class Database(Protocol):
    """Where sides find their rows."""

    name: str

    def copy(self) -> Mapping[str, str]:
        """A database of one's own → the environment variables by which shop/settings.py finds it."""


class Sqlite:
    """A file: as fast as SQLite can be (a write-ahead log, nothing synchronized), or as Django leaves it."""

    def __init__(self, folder: Path, rows: int, *, is_durable: bool) -> None:
        self.name = "SQLite, durable" if is_durable else "SQLite"
        self._folder = folder
        self._env = {"BENCH_DURABLE": "1" if is_durable else ""}
        self._copies = 0
        self._first = folder / "first.sqlite3"
        fill({**self._env, "BENCH_DATABASE": str(self._first)}, rows)

    def copy(self) -> Mapping[str, str]:
        self._copies += 1
        path = self._folder / f"{self._copies}.sqlite3"
        shutil.copy(self._first, path)
        return {**self._env, "BENCH_DATABASE": str(path)}


class Postgresql:
    """A server of its own with the settings that PostgreSQL comes with: what is committed is on the disk."""

    name = "PostgreSQL"

    def __init__(self, postgres: Postgres, rows: int) -> None:
        self._postgres = postgres
        self._copies = 0
        self._url = postgres.url.rpartition("/")[0]
        self._execute("CREATE DATABASE first")
        fill({"BENCH_DATABASE": f"{self._url}/first"}, rows)

    def copy(self) -> Mapping[str, str]:
        self._copies += 1
        self._execute(f"CREATE DATABASE copy{self._copies} TEMPLATE first")
        return {"BENCH_DATABASE": f"{self._url}/copy{self._copies}"}

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._postgres.url, autocommit=True) as connection:
            connection.execute(statement)


DEFAULTS = {"fsync": "on", "full_page_writes": "on", "autovacuum": "on", "synchronize_seqscans": "on"}
"""What the tests' server has turned off."""
NAMES = ("sqlite", "durable", "postgres")


@contextmanager
def database(name: str, rows: int) -> Iterator[Database]:
    """One of ``NAMES``, for as long as the block runs."""
    with ExitStack() as stack:
        if name == "postgres":
            yield Postgresql(stack.enter_context(Postgres(settings=DEFAULTS)), rows)
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
            yield Sqlite(Path(folder), rows, is_durable=name == "durable")


def fill(where: Mapping[str, str], rows: int) -> None:
    """Tables and rows, alike for every side."""
    environment = {
        **os.environ, **where, "BENCH_SIDE": "drf", "DJANGO_SETTINGS_MODULE": "shop.settings", "PYTHONPATH": str(FOLDER),
    }  # fmt: skip
    subprocess.run([sys.executable, "-m", "shop.rows", str(rows)], env=environment, cwd=FOLDER, check=True)
