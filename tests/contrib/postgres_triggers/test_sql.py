"""Triggers record the writes of every client, keys only, and lose nothing however transactions overlap."""

import random
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from channels_binding.contrib.postgres_triggers import sql
from channels_binding.contrib.postgres_triggers.tables import Watched
from tests.contrib.postgres_triggers.conftest import NOTE, NOTE_LABELS, TABLES, Log


def test_every_kind_of_statement_tells_its_keys(database: Any, log: Log) -> None:
    database.execute("INSERT INTO note VALUES (1, 'a'), (2, 'b')")
    assert log.new() == {"zoo.Note": {"1", "2"}}
    database.execute("UPDATE note SET title = 'c' WHERE id = 1")
    assert log.new() == {"zoo.Note": {"1"}}
    database.execute("UPDATE note SET id = 7 WHERE id = 1")
    assert log.new() == {"zoo.Note": {"1", "7"}}, "under both keys"
    database.execute("DELETE FROM note WHERE id = 7")
    assert log.new() == {"zoo.Note": {"7"}}
    database.execute("INSERT INTO note VALUES (2, 'x') ON CONFLICT (id) DO UPDATE SET title = 'y'")
    assert log.new() == {"zoo.Note": {"2"}}
    with database.cursor() as cursor, cursor.copy("COPY note (id, title) FROM STDIN") as copy:
        copy.write_row((8, "copied"))
    assert log.new() == {"zoo.Note": {"8"}}
    database.execute("TRUNCATE note")
    assert log.new() == {"zoo.Note": None}
    assert log.new() == {}


def test_a_statement_that_changes_nothing_tells_nothing(database: Any, log: Log) -> None:
    database.execute("UPDATE note SET title = 'c' WHERE id = 99")
    assert log.new() == {}


def test_a_many_to_many_table_tells_of_both_sides(database: Any, log: Log) -> None:
    database.execute("INSERT INTO note_labels VALUES (5, 1, 10), (6, 1, 11)")
    assert log.new() == {"zoo.Note_labels": {"5", "6"}, "zoo.Note": {"1"}, "zoo.Label": {"10", "11"}}
    database.execute("DELETE FROM note_labels WHERE label_id = 11")
    assert log.new() == {"zoo.Note_labels": {"6"}, "zoo.Note": {"1"}, "zoo.Label": {"11"}}


def test_a_key_of_several_columns_is_any_row(database: Any, log: Log) -> None:
    database.execute("INSERT INTO pair VALUES (1, 2)")
    assert log.new() == {"zoo.Pair": None}


def test_any_number_of_rows_is_told(database: Any, log: Log) -> None:
    database.execute("INSERT INTO note SELECT n, repeat('x', 100) FROM generate_series(1, 500) n")
    assert log.new() == {"zoo.Note": {str(n) for n in range(1, 501)}}
    database.execute("INSERT INTO note SELECT n, 'x' FROM generate_series(501, 20000) n")
    assert log.new() == {"zoo.Note": None}
    database.execute("UPDATE note SET title = 'z'")
    assert log.new() == {"zoo.Note": None}


def test_what_is_rolled_back_was_never_told(database: Any, log: Log, connect: Callable[[], Any]) -> None:
    writer = connect()
    with pytest.raises(ZeroDivisionError), writer.transaction():
        writer.execute("INSERT INTO note VALUES (1)")
        raise ZeroDivisionError
    with writer.transaction():
        writer.execute("INSERT INTO note VALUES (2)")
        with pytest.raises(ZeroDivisionError), writer.transaction():
            writer.execute("INSERT INTO note VALUES (3)")
            raise ZeroDivisionError
        assert log.new() == {}, "not before it is committed"
    assert log.new() == {"zoo.Note": {"2"}}


def test_a_transaction_that_commits_after_later_ones_is_not_missed(
    database: Any, log: Log, connect: Callable[[], Any]
) -> None:
    early, late = connect(), connect()
    with early.transaction():
        early.execute("INSERT INTO note VALUES (1)")
        late.execute("INSERT INTO note VALUES (2)")
        assert log.new() == {"zoo.Note": {"2"}}
        late.execute("INSERT INTO note VALUES (3)")
        assert log.new() == {"zoo.Note": {"3"}}, "nothing is told twice meanwhile"
    assert log.new() == {"zoo.Note": {"1"}}
    assert log.new() == {}


def test_of_many_writers_at_once_nothing_is_missed_and_nothing_told_twice(
    database: Any, log: Log, connect: Callable[[], Any]
) -> None:
    """Reading by the number of a sequence misses a quarter here."""
    connections = [connect() for _ in range(6)]

    def write(place: int) -> None:
        chance = random.Random(place)
        for number in range(60):
            with connections[place].transaction():
                connections[place].execute("INSERT INTO note VALUES (%s)", [place * 1000 + number])
                time.sleep(chance.random() * 0.003)

    threads = [threading.Thread(target=write, args=[place]) for place in range(6)]
    for thread in threads:
        thread.start()
    told: list[str] = []
    while any(thread.is_alive() for thread in threads):
        told += sorted(log.new().get("zoo.Note") or ())
    told += sorted(log.new().get("zoo.Note") or ())
    assert len(told) == 360
    assert len(set(told)) == 360


def test_readers_are_woken_once_for_each_transaction(database: Any, connect: Callable[[], Any]) -> None:
    listener, writer = connect(), connect()
    listener.execute(f"LISTEN {sql.CHANNEL}")
    with writer.transaction():
        for number in range(5):
            writer.execute("INSERT INTO note VALUES (%s)", [number])
    writer.execute("UPDATE note SET title = 'x' WHERE id = 99")
    assert [each.payload for each in listener.notifies(timeout=0.5)] == [""]


def test_who_may_not_write_the_log_may_write_the_table(database: Any, log: Log) -> None:
    database.execute("DROP ROLE IF EXISTS guest")
    database.execute("CREATE ROLE guest")
    database.execute("GRANT USAGE ON SCHEMA public TO guest")
    database.execute("GRANT INSERT, SELECT ON note TO guest")
    with database.transaction():
        database.execute("SET LOCAL ROLE guest")
        database.execute("INSERT INTO note VALUES (1)")
    assert log.new() == {"zoo.Note": {"1"}}
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction():
        database.execute("SET LOCAL ROLE guest")
        database.execute(f"SELECT * FROM {sql.LOG}")
    database.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM guest")


def test_a_renamed_column_breaks_no_write_and_any_row_may_have_changed(database: Any, log: Log) -> None:
    database.execute("ALTER TABLE note RENAME COLUMN id TO number")
    database.execute("INSERT INTO note VALUES (1)")
    assert log.new() == {"zoo.Note": None}


def test_odd_names_are_quoted(database: Any, log: Log) -> None:
    odd = Watched("note", (("it's", 'odd "name'),))
    with database.transaction(), database.cursor() as cursor:
        sql.install(cursor, [odd], "public")
    log.new()
    database.execute("INSERT INTO note VALUES (1, 'a', 'o''k')")
    assert log.new() == {"it's": {"o'k"}}


def test_installing_again_changes_nothing_and_what_is_there_is_known(database: Any, log: Log) -> None:
    with database.transaction(), database.cursor() as cursor:
        sql.install(cursor, TABLES, "public")
        assert sql.is_installed(cursor)
        assert sql.present(cursor) == {"note", "note_labels", "pair"}
    assert log.new() == {"": None}, "readers look again at what is there"
    database.execute("INSERT INTO note VALUES (1)")
    assert log.new() == {"zoo.Note": {"1"}}


def test_a_table_that_lacks_a_trigger_or_has_it_switched_off_is_not_taken_for_watched(database: Any) -> None:
    with database.cursor() as cursor:
        cursor.execute("DROP TRIGGER channels_binding_truncate ON note")
        cursor.execute("ALTER TABLE pair DISABLE TRIGGER channels_binding_update")
        assert sql.present(cursor) == {"note_labels"}


def test_triggers_can_be_removed_one_by_one_and_altogether(database: Any, log: Log) -> None:
    with database.transaction(), database.cursor() as cursor:
        sql.remove(cursor, [NOTE.table])
        assert sql.present(cursor) == {"note_labels", "pair"}
    database.execute("INSERT INTO note VALUES (1)")
    assert log.new() == {"": None}
    with database.transaction(), database.cursor() as cursor:
        sql.remove_all(cursor)
        assert not sql.is_installed(cursor)
        assert sql.present(cursor) == set()
    database.execute("INSERT INTO note_labels VALUES (1, 2, 3)")


def test_only_ordinary_tables_can_have_triggers(database: Any) -> None:
    database.execute("CREATE VIEW notes AS SELECT * FROM note")
    with database.cursor() as cursor:
        assert {"note", "note_labels", "pair"} <= sql.ordinary_tables(cursor)
        assert "notes" not in sql.ordinary_tables(cursor)


def test_cleaning_keeps_what_a_reader_of_that_moment_has_not_seen(
    database: Any, log: Log, connect: Callable[[], Any]
) -> None:
    slow = connect()
    database.execute("INSERT INTO note VALUES (1)")
    log.new()
    with slow.transaction():
        slow.execute("INSERT INTO note VALUES (2)")
        database.execute("INSERT INTO note VALUES (3)")
        log.new()
        database.execute(sql.CLEAN, {"before": log.since})
    assert log.new() == {"zoo.Note": {"2"}}
    assert database.execute(f"SELECT count(*) FROM {sql.LOG} WHERE keys = '{{1}}'").fetchone() == (0,)


def test_the_sides_of_a_many_to_many_table_are_told_in_the_order_of_its_pairs() -> None:
    assert sql._arguments(NOTE_LABELS) == "'zoo.Note_labels', 'id', 'zoo.Note', 'note_id', 'zoo.Label', 'label_id'"
