"""What a statement says of the rows that it writes."""

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType

from channels_binding.consumers import AsyncBinding
from channels_binding.live.capture import statements as texts
from channels_binding.live.capture.statements import (
    ONE_ROW,
    any_label,
    is_captured,
    keys_in,
    label_of,
    labels_in,
    labels_written,
    statements,
    tables,
    text_of,
    written,
)
from tests.project.zoo.models import Label, LoudNote, Note

KEYED = 'UPDATE "zoo_note" SET "title" = %s WHERE "zoo_note"."id" = %s'
SEVERAL = 'DELETE FROM "zoo_note" WHERE "zoo_note"."id" IN (%s, %s)'
BY_TITLE = 'DELETE FROM "zoo_note" WHERE "zoo_note"."title" = %s'


NOTE, LABEL = "zoo.Note", "zoo.Label"


@pytest.mark.parametrize(
    "sql", [KEYED, BY_TITLE, "delete from ONLY zoo_note", "INSERT INTO `zoo_note` (`id`) VALUES (1);"]
)
def test_a_plain_statement_writes_the_one_table_that_it_names(sql: str) -> None:
    assert written(sql) == tables()["zoo_note"]
    assert labels_written(sql) == {NOTE}


READS = [
    "SELECT * FROM zoo_note",
    "  select 1;  ",
    "(SELECT * FROM zoo_note LIMIT 1) UNION (SELECT * FROM zoo_note)",
    "/* by hand */ SELECT * FROM zoo_note -- UPDATE zoo_note",
    "-- UPDATE zoo_note\nSELECT * FROM zoo_note",
    "SELECT * FROM zoo_note FOR UPDATE",
    "SELECT * FROM zoo_note FOR NO KEY UPDATE OF zoo_note",
    """SELECT "zoo_note"."update", `delete` FROM "zoo_note" WHERE title = 'INSERT INTO; UPDATE'""",
    "SELECT * FROM zoo_note WHERE title LIKE %s ESCAPE '\\' AND body LIKE %s ESCAPE '\\'",
    "WITH x AS (SELECT * FROM zoo_note) SELECT * FROM x",
    "WITH RECURSIVE x AS (SELECT 1 UNION SELECT n FROM zoo_note) SELECT * FROM x",
    "VALUES (1), (2)",
    "EXPLAIN ANALYZE SELECT * FROM zoo_note",
    "DECLARE c CURSOR FOR SELECT * FROM zoo_note",
    "SELECT $$UPDATE zoo_note SET rank = 1$$",
    'SAVEPOINT "s1_x1"',
    "RELEASE SAVEPOINT s1_x1",
    "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED",
    "PRAGMA foreign_keys = ON",
    "",
    " -- nothing",
]


@pytest.mark.parametrize("sql", READS)
def test_a_plain_read_writes_nothing(sql: str) -> None:
    assert written(sql) == frozenset()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1; UPDATE zoo_note SET rank = 1",
        "SET x = 1; DELETE FROM zoo_note WHERE id = 1",
        "EXPLAIN ANALYZE UPDATE zoo_note SET rank = 1",
        "EXPLAIN (ANALYZE, BUFFERS) DELETE FROM zoo_note",
        "WITH x AS (SELECT 1) UPDATE zoo_note SET rank = 1",
        "WITH gone AS (DELETE FROM zoo_note RETURNING *) SELECT * FROM gone",
        "SELECT * INTO zoo_note FROM elsewhere",
        "MERGE INTO zoo_note USING x ON true WHEN MATCHED THEN DELETE",
        "REPLACE INTO zoo_note VALUES (1)",
        "TRUNCATE zoo_note, elsewhere",
        "COPY zoo_note FROM STDIN",
        "/* by hand */ UPDATE zoo_note SET rank = 1",
        "-- by hand\nUPDATE zoo_note SET rank = 1",
        'UPDATE "public"."zoo_note" SET rank = 1',
        "UPDATE zoo_note SET title = 'a;b'",
        "UPDATE OR IGNORE zoo_note SET rank = 1",
        "UPDATE ZOO_NOTE SET RANK = 1",
        "UPDATE [zoo_note] SET rank = 1",
        "ALTER TABLE zoo_note ALTER rank TYPE text USING ''",
        r"SELECT E'\'; SELECT \''; UPDATE zoo_note SET rank = 1",
        "/*! UPDATE zoo_note SET rank = 1 */",
        "SELECT $a$ ' $a$; UPDATE zoo_note SET rank = 1 -- '",
    ],
)
def test_what_is_no_plain_read_may_have_changed_any_row_of_the_tables_that_it_names(sql: str) -> None:
    assert labels_written(sql) == {NOTE}


@pytest.mark.parametrize(
    "sql",
    [
        f"UPDATE zoo_label SET name = 'x'; {KEYED}",
        'UPDATE "zoo_note", "zoo_label" SET rank = 1',
        "UPDATE zoo_note JOIN zoo_label ON true SET rank = 1",
        "DELETE zoo_note, zoo_label FROM zoo_note JOIN zoo_label ON true",
        "WITH a AS (UPDATE zoo_label SET name = 'x' RETURNING 1) DELETE FROM zoo_note",
    ],
)
def test_several_tables_that_are_written_at_once_are_all_found(sql: str) -> None:
    assert labels_written(sql) == {NOTE, LABEL}


@pytest.mark.parametrize(
    "sql",
    [
        "CALL close_month()",
        "DO $$ BEGIN PERFORM close_month(); END $$",
        "EXECUTE prepared (1)",
        "EXPLAIN ANALYZE EXECUTE prepared (1)",
        "SELECT 1; CALL close_month()",
        "TRUNCATE zoo_note CASCADE",
        "<object>",
        "BEGIN; CALL close_month(); COMMIT",
    ],
)
def test_what_does_not_name_what_it_writes_may_have_changed_any_row_of_every_model(sql: str) -> None:
    assert labels_written(sql) == any_label()
    assert {NOTE, LABEL} < any_label()


def test_a_table_with_a_schema_or_of_several_words_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from channels_binding.live.capture import statements as module

    names = {'shop"."orders': module.Table("shop.Order", "id"), "Order Lines": module.Table("shop.Line", "id")}
    for cached in (module._words_of_tables, module._labels_in, module._written):
        cached.cache_clear()
    monkeypatch.setattr(module, "tables", lambda: names)
    try:
        assert labels_written('UPDATE "shop"."orders" SET a = 1') == {"shop.Order"}
        assert labels_written('DELETE FROM "Order Lines"') == {"shop.Line"}
        assert written("UPDATE orders SET a = 1") == frozenset()
    finally:
        for cached in (module._words_of_tables, module._labels_in, module._written):
            cached.cache_clear()


def test_what_is_ignored_is_captured_where_a_binding_serves_it() -> None:
    label, sql = "contenttypes.ContentType", "SELECT 1 FROM django_content_type"
    assert not is_captured(label)
    assert labels_in(sql) == frozenset()

    class ContentTypeBinding(AsyncBinding):
        model = ContentType

    assert is_captured(label)
    assert labels_in(sql) == {label}


@pytest.mark.parametrize("named", ["contenttypes.ContentType", ContentType])
def test_what_is_ignored_is_captured_where_a_binding_depends_on_it(named: Any) -> None:
    assert not is_captured("contenttypes.ContentType")

    class DependingBinding(AsyncBinding):
        stream, depends_on = "test.depending", ("no.such", named)

    assert is_captured("contenttypes.ContentType")


def test_a_text_too_long_to_be_kept_is_read_as_well() -> None:
    long = "SELECT 1; UPDATE zoo_note SET title = '" + "x" * texts.LONG + "'"
    for read, keep in ((labels_written, texts._written), (labels_in, texts._labels_in)):
        kept = keep.cache_info().currsize
        assert read(long) == {NOTE}
        assert keep.cache_info().currsize == kept


@pytest.mark.parametrize(
    ("sql", "params", "many", "keys"),
    [
        (KEYED, ("x", 7), False, [7]),
        (SEVERAL, (7, 9), False, [7, 9]),
        (KEYED, [("x", 7), ("y", 9)], True, [7, 9]),
        (KEYED, {"title": "x", "id": 7}, False, None),
        (KEYED, None, False, None),
        (KEYED.replace("title", "id"), (8, 7), False, None),
        (KEYED.replace('"title" = %s', '"title" = %s, "id" = %s'), ("x", 8, 7), False, None),
        (KEYED.replace('"title" = %s', '"zoo_note"."id" = %s'), (8, 7), False, None),
        (KEYED.replace('"title" = %s', '("title", "id") = (%s, %s)'), ("x", 8, 7), False, None),
        (KEYED.replace('"title" = %s', '"parent_id" = %s'), (8, 7), False, [7]),
        (BY_TITLE, ("x",), False, None),
        (KEYED.replace('"zoo_note"."id" = %s', '"zoo_note"."id" = 7'), ("x",), False, None),
    ],
)
def test_a_write_names_keys_only_where_it_says_nothing_else(sql: str, params: Any, many: bool, keys: Any) -> None:
    assert keys_in(sql, params, many, tables()["zoo_note"]) == keys


@pytest.mark.parametrize(
    ("end", "keys"),
    [
        (' RETURNING "zoo_note"."id", +"zoo_note"."due", "zoo_note"."title"', [7]),
        (" RETURNING (SELECT %s)", None),  # a parameter of its own
        (' RETURNING "zoo_note"."id", lower("zoo_note"."title")', None),
        (' OR "zoo_note"."id" > 1 RETURNING "zoo_note"."id"', None),
    ],
)
def test_what_a_statement_returns_hides_no_keys(end: str, keys: Any) -> None:
    assert keys_in(KEYED + end, ("x", 7), False, tables()["zoo_note"]) == keys


def test_an_insert_of_several_rows_is_told_from_one() -> None:
    assert ONE_ROW.search('INSERT INTO "zoo_note" ("a", "b") VALUES (%s, (1 + 1))')
    assert not ONE_ROW.search('INSERT INTO "zoo_note" ("a") VALUES (%s), (%s)')


def test_models_are_found_in_any_statement_by_the_names_of_their_tables() -> None:
    assert labels_in('SELECT 1 FROM "zoo_note" JOIN zoo_label ON true') == {label_of(Note), "zoo.Label"}


@pytest.mark.django_db
def test_the_statements_of_a_block_are_collected_and_no_others() -> None:
    Label.objects.count()
    with statements() as outer:
        Note.objects.count()
        with statements() as inner:
            Label.objects.count()
    Label.objects.count()
    assert ["zoo_note" in sql for sql in outer] == [True]
    assert ["zoo_label" in sql for sql in inner] == [True]


def test_tables_are_known_by_the_model_that_holds_their_rows_unless_they_are_ignored() -> None:
    assert (tables()["zoo_note"].label, tables()["zoo_note"].key_column) == ("zoo.Note", "id")
    assert label_of(LoudNote) == "zoo.Note"
    assert "django_session" in tables()
    assert "channels_binding_keptanswer" not in tables()


def test_a_statement_that_is_an_object_is_read_as_text() -> None:
    class Composed:
        """As psycopg's."""

        def as_string(self, context: Any) -> str:
            return f"SELECT {context}"

    assert text_of("SELECT 1") == "SELECT 1"
    assert text_of(Composed()) == "SELECT None"
    assert text_of(b"SELECT 1") == "SELECT 1"
