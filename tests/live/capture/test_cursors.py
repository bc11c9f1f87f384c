"""What a cursor writes otherwise than by ``execute`` is published too, at commit."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper

from channels_binding.live.capture import cursors, recorder, signals
from channels_binding.live.capture.statements import LONG, any_label
from tests.live.capture.test_signals.published import ANY, LABEL, NOTE, Published, listening
from tests.project.zoo.models import Label, Note

IS_POSTGRES = connection.vendor == "postgresql"


@pytest.fixture
def published() -> Iterator[Published]:
    with listening() as collected:
        yield collected


def by_copy(cursor: Any) -> None:
    with cursor.copy("COPY zoo_label (name) FROM STDIN") as copy:
        copy.write_row(["x"])


def by_script(cursor: Any) -> None:
    cursor.executescript("SELECT 1; INSERT INTO zoo_label (name) VALUES ('x');")


def by_stream(cursor: Any) -> None:
    assert len([*cursor.stream("INSERT INTO zoo_label (name) VALUES ('x') RETURNING id")]) == 1


def by_function(cursor: Any) -> None:
    cursor.execute(
        "CREATE FUNCTION add_label() RETURNS void LANGUAGE sql AS $$ INSERT INTO zoo_label (name) VALUES ('x') $$"
    )
    cursor.callproc("add_label")
    cursor.execute("DROP FUNCTION add_label")


def by_procedure(cursor: Any) -> None:
    cursor.execute("CREATE PROCEDURE add_one() LANGUAGE sql AS $$ INSERT INTO zoo_label (name) VALUES ('x') $$")
    cursor.execute("CALL add_one()")
    cursor.execute("DROP PROCEDURE add_one")


ON_POSTGRES: list[Callable[[Any], None]] = [by_copy, by_stream, by_function, by_procedure]
WRITES: list[Callable[[Any], None]] = ON_POSTGRES if IS_POSTGRES else [by_script]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("is_debugged", [False, True])
def test_what_passes_by_execute_is_published(
    write: Callable[[Any], None], is_debugged: bool, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections["default"], "force_debug_cursor", is_debugged)
    with transaction.atomic(), connection.cursor() as cursor:
        write(cursor)
    assert Label.objects.count() == 1
    names_it = write not in (by_function, by_procedure)
    assert published.once() == dict.fromkeys([LABEL] if names_it else any_label())


@pytest.mark.django_db(transaction=True)
def test_it_waits_for_the_commit(published: Published) -> None:
    with suppress(ZeroDivisionError), transaction.atomic(), connection.cursor() as cursor:
        WRITES[0](cursor)
        raise ZeroDivisionError
    if IS_POSTGRES:  # sqlite3 commits before a script
        assert published.publications == []
        with transaction.atomic(), connection.cursor() as cursor:
            WRITES[0](cursor)
            assert published.publications == []
        assert published.once() == {LABEL: ANY}


@pytest.mark.django_db(transaction=True)
def test_rows_before_the_one_that_failed_are_published(published: Published) -> None:
    with connection.cursor() as cursor, pytest.raises(IntegrityError):
        cursor.executemany("INSERT INTO zoo_label (name) VALUES (%s)", [("x",), (None,)])
    assert published.publications == [{LABEL: ANY}]


class Driver:
    """A driver's cursor with everything that some driver has."""

    _query = None  # psycopg's, for the log of statements

    def callproc(self, name: str, params: Any = None) -> str:
        return name

    def copy_expert(self, sql: str, file: Any) -> None: ...

    def copy_from(self, file: Any, table: str) -> None: ...

    def execute(self, sql: Any, params: Any = None) -> None: ...

    @contextmanager
    def copy(self, sql: str) -> Iterator[str]:
        yield sql

    def stream(self, sql: str) -> Iterator[int]:
        yield from (1, 2)


@pytest.fixture(params=[CursorWrapper, CursorDebugWrapper])
def cursor(request: pytest.FixtureRequest, transactional_db: None) -> Any:
    return cursors._watched(request.param)(Driver(), connection)


def test_a_procedure_may_have_written_anything(cursor: Any, published: Published) -> None:
    assert cursor.callproc("close_month") == "close_month"
    assert published.once() == dict.fromkeys(any_label())


def test_psycopg2_s_ways_are_seen_as_well(cursor: Any, published: Published) -> None:
    cursor.copy_expert("COPY zoo_note FROM STDIN", None)
    cursor.copy_from(None, "zoo_label")
    cursor.execute(b"INSERT INTO zoo_token (name) VALUES ('a'), ('b')")  # as execute_values does
    assert published.publications == [{NOTE: ANY}, {LABEL: ANY}, {"zoo.Token": ANY}]


def test_a_copy_and_a_stream_are_noted_when_they_have_ended(cursor: Any, published: Published) -> None:
    with cursor.copy("COPY zoo_note FROM STDIN") as copy:
        assert copy.startswith("COPY")
        assert published.publications == []
    assert published.once() == {NOTE: ANY}
    assert [*cursor.stream("SELECT 1 FROM zoo_label")] == [1, 2]
    assert len(published.publications) == 1


def test_what_a_driver_does_not_have_its_cursor_does_not_have() -> None:
    bare = cursors._watched(CursorWrapper)(object(), connection)
    assert not any(hasattr(bare, name) for name in ("copy", "stream", "executescript", "copy_from"))


# Statements that return rows


RETURNING: dict[str, Callable[[Any], Any]] = {
    "fetchall": lambda cursor: cursor.fetchall(),
    "fetchone": lambda cursor: [*iter(cursor.fetchone, None)],
    "fetchmany": lambda cursor: [*cursor.fetchmany(1), *cursor.fetchmany(5), *cursor.fetchmany(5)],
    "a loop": lambda cursor: [*cursor],
}


def ended() -> bool:
    """Whether no statement of SQLite's is under way on this connection."""
    if connection.vendor != "sqlite":
        return True
    try:
        connection.connection.execute("VACUUM")
    except sqlite3.OperationalError:
        return False
    return True


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", RETURNING)
def test_a_statement_that_returns_rows_is_committed_when_it_is_published(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Note.objects.bulk_create([Note(title="a"), Note(title="b"), Note(title="c")])
    found: list[bool] = []
    monkeypatch.setattr(recorder, "is_heard", lambda: True)
    monkeypatch.setattr(signals, "is_heard", lambda: True)
    monkeypatch.setattr(recorder, "publish", lambda changes: found.append(ended()))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE zoo_note SET rank = 7 RETURNING title")
        assert found == [True]
        assert sorted(RETURNING[way](cursor)) == [("a",), ("b",), ("c",)]
        assert cursor.fetchall() == []
        assert cursor.rowcount == 3
        assert cursor.description[0][0] == "title"
        cursor.execute("SELECT COUNT(*) FROM zoo_note WHERE rank = 7")
        assert cursor.fetchone() == (3,)


@pytest.mark.django_db(transaction=True)
def test_what_the_database_refuses_at_the_end_of_a_statement_is_djangos_error() -> None:
    Note.objects.create(title="a")
    with connection.cursor() as cursor, pytest.raises(IntegrityError):
        cursor.execute(
            "INSERT INTO zoo_note (id, title, rank, done, secret_code) "
            "SELECT id, title, 0, done, '' FROM zoo_note RETURNING id"
        )


@pytest.mark.skipif(IS_POSTGRES, reason="statements are committed there before they return")
@pytest.mark.django_db(transaction=True)
def test_a_read_is_fetched_as_its_reader_likes() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'returning'")
        assert isinstance(cursor.cursor, sqlite3.Cursor)


@pytest.mark.parametrize(
    ("sql", "may"),
    [
        ('INSERT INTO "zoo_note" ("title") VALUES (%s) RETURNING "zoo_note"."id"', True),
        ("  select returning from zoo_note", False),
        ('UPDATE "zoo_note" SET "title" = %s', False),
        ("UPDATE zoo_note SET rank = 1 returning id", True),
    ],
)
def test_what_writes_and_may_return_rows_is_known_and_kept_unless_it_is_long(sql: str, may: bool) -> None:
    assert cursors.may_return(sql) is may
    kept = cursors.may_return.cache_info().currsize
    assert cursors.may_return(sql + " " * LONG) is may
    assert cursors.may_return.cache_info().currsize == kept
