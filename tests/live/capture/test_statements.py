"""What a statement says of the rows that it writes."""

from typing import Any

import pytest

from channels_binding.live.capture.statements import (
    ONE_ROW,
    READ,
    WRITE,
    keys_in,
    label_of,
    labels_in,
    statements,
    tables,
    text_of,
)
from tests.project.zoo.models import Label, LoudNote, Note

KEYED = 'UPDATE "zoo_note" SET "title" = %s WHERE "zoo_note"."id" = %s'
SEVERAL = 'DELETE FROM "zoo_note" WHERE "zoo_note"."id" IN (%s, %s)'
BY_TITLE = 'DELETE FROM "zoo_note" WHERE "zoo_note"."title" = %s'


@pytest.mark.parametrize(
    ("sql", "verb", "table"),
    [
        (KEYED, "UPDATE", "zoo_note"),
        ("delete from ONLY zoo_note", "delete from", "zoo_note"),
        ("INSERT INTO `zoo_note` (`id`) VALUES (1)", "INSERT INTO", "zoo_note"),
    ],
)
def test_a_write_names_its_table(sql: str, verb: str, table: str) -> None:
    match = WRITE.match(sql)
    assert match is not None
    assert match.groups() == (verb, table)
    assert READ.match(sql) is None


@pytest.mark.parametrize(
    ("sql", "params", "many", "keys"),
    [
        (KEYED, ("x", 7), False, [7]),
        (SEVERAL, (7, 9), False, [7, 9]),
        (KEYED, [("x", 7), ("y", 9)], True, [7, 9]),
        (KEYED, {"title": "x", "id": 7}, False, None),
        (KEYED, None, False, None),
        (BY_TITLE, ("x",), False, None),
        (KEYED.replace('"zoo_note"."id" = %s', '"zoo_note"."id" = 7'), ("x",), False, None),
    ],
)
def test_a_write_names_keys_only_where_it_says_nothing_else(sql: str, params: Any, many: bool, keys: Any) -> None:
    assert keys_in(sql, params, many, tables()["zoo_note"]) == keys


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
    assert text_of(b"SELECT 1") == "b'SELECT 1'"
