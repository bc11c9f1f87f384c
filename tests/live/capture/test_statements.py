"""What a statement says of the rows that it writes."""

from typing import Any

import pytest

from channels_binding.live.capture.statements import ONE_ROW, READ, WRITE, keys_in, label_of, labels_in, tables
from tests.project.zoo.models import Note

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
