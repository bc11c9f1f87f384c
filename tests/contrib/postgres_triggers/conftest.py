"""A PostgreSQL of its own, two tables with triggers, and raw connections: nothing of Django writes here."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from channels_binding.contrib.postgres_triggers import sql
from channels_binding.contrib.postgres_triggers.tables import Watched
from tests.services import Postgres

NOTE = Watched("note", (("zoo.Note", "id"),))
NOTE_LABELS = Watched("note_labels", (("zoo.Note_labels", "id"), ("zoo.Note", "note_id"), ("zoo.Label", "label_id")))
PAIR = Watched("pair", (("zoo.Pair", ""),))
TABLES = [NOTE, NOTE_LABELS, PAIR]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture
def connect(postgres: Postgres) -> Iterator[Callable[[], Any]]:
    """``connect()`` gives a connection in autocommit mode."""
    opened: list[Any] = []

    def begin() -> Any:
        opened.append(psycopg.connect(postgres.url, autocommit=True))
        return opened[-1]

    yield begin
    for connection in opened:
        connection.close()


@pytest.fixture
def database(connect: Callable[[], Any]) -> Any:
    """A connection to fresh tables, with triggers."""
    connection = connect()
    connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    connection.execute('CREATE TABLE note (id bigint PRIMARY KEY, title text, "odd ""name" text)')
    connection.execute("CREATE TABLE note_labels (id serial PRIMARY KEY, note_id bigint, label_id bigint)")
    connection.execute("CREATE TABLE pair (a int, b int, PRIMARY KEY (a, b))")
    with connection.transaction(), connection.cursor() as cursor:
        sql.install(cursor, TABLES, "public")
    return connection


class Log:
    """What a reader receives: each call what is new since the one before."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        (self.since,) = connection.execute("SELECT pg_current_snapshot()::text").fetchone()

    def new(self) -> dict[str, set[str] | None]:
        import json

        snapshot, text = self.connection.execute(sql.READ, {"since": self.since}).fetchone()
        self.since = snapshot
        found: dict[str, set[str] | None] = {}
        for label, keys in json.loads(text) if text else []:
            before = found.get(label, set())
            found[label] = None if keys is None or before is None else before | set(keys)
        return found


@pytest.fixture
def log(database: Any) -> Log:
    return Log(database)
