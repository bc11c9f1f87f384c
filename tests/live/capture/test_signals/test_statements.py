"""Statements that are unusual: written by hand, about tables that are ignored, or of no effect."""

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, models, transaction
from django.db.models.signals import m2m_changed

from channels_binding.live.capture import statements
from channels_binding.live.capture.signals import notify
from tests.live.capture.test_signals.published import ANY, CAFE, NOTE, PLACE, Published, covers
from tests.live.capture.test_signals.writes import Zoo
from tests.project.zoo.models import Cafe, Currency, Guard, Note, Place, Price

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_write_to_what_is_ignored_or_unknown_is_not_published(published: Published) -> None:
    from django.contrib.contenttypes.models import ContentType

    ContentType.objects.create(app_label="x", model="y")
    ContentType.objects.filter(app_label="x")._raw_delete("default")  # without a cascade to zoo.Remark
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE elsewhere (n integer)")
        cursor.execute("INSERT INTO elsewhere (n) VALUES (1)")
        cursor.execute("DROP TABLE elsewhere")
    assert published.publications == []


def test_a_schema_before_the_table_does_not_hide_it(published: Published, zoo: Zoo) -> None:
    schema = "public" if connection.vendor == "postgresql" else "main"
    for table in (f'"{schema}"."zoo_note"', f"{schema}.zoo_note"):
        published.clear()
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET rank = 5")
        assert published.once() == {NOTE: ANY}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="psycopg's own statement objects")
def test_a_statement_that_is_no_text_is_published_as_well(published: Published, zoo: Zoo) -> None:
    from psycopg import sql

    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("UPDATE {} SET rank = 5").format(sql.Identifier("zoo_note")))
        cursor.execute(sql.SQL("SELECT 1 FROM {}").format(sql.Identifier("zoo_label")))
    assert published.publications == [{NOTE: ANY}]


def test_a_new_row_of_an_inheriting_model_is_published_with_its_parent(published: Published) -> None:
    with transaction.atomic():
        made = Cafe.objects.create(name="n")
    assert published.once() == {PLACE: {made.pk}, CAFE: {made.pk}}
    published.clear()
    made = Cafe.objects.create(name="m")
    assert covers(published.publications[0], {PLACE: {made.pk}, CAFE: {made.pk}})


def test_a_protected_row_that_stays_is_not_published(published: Published, zoo: Zoo) -> None:
    from django.db.models import ProtectedError

    Guard.objects.create(precious=zoo.precious)
    published.clear()
    with pytest.raises(ProtectedError):
        zoo.precious.delete()
    assert published.publications == []


def test_rows_that_are_joined_by_another_column_than_their_key_are_not_taken_for_known(published: Published) -> None:
    currency = Currency.objects.create(code="EUR")
    published.clear()
    m2m_changed.send(
        sender=Price,
        instance=currency,
        action="post_add",
        model=Currency,
        pk_set={"EUR"},
        using=DEFAULT_DB_ALIAS,
        reverse=False,
    )
    assert published.once() == {"zoo.Currency": ANY}


def test_what_the_database_deletes_itself_is_published_with_what_was_deleted(
    published: Published, zoo: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "_BY_DATABASE", {models.PROTECT})  # as DB_CASCADE of Django 6.1
    statements.changed_with.cache_clear()
    try:
        key = zoo.precious.pk
        zoo.precious.delete()
        assert published.once() == {"zoo.Precious": {key}, "zoo.Guard": ANY}
        published.clear()
        with connection.cursor() as cursor:
            cursor.execute("/* by hand */ DELETE FROM zoo_precious")
        assert published.once() == {"zoo.Precious": ANY, "zoo.Guard": ANY}
    finally:
        statements.changed_with.cache_clear()


def test_it_may_delete_rows_of_the_same_model(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree: with the row that is named all below it go."""
    monkeypatch.setattr(statements, "_BY_DATABASE", {models.CASCADE})  # as DB_CASCADE of Django 6.1
    statements.changed_with.cache_clear()
    try:
        Note.objects.filter(pk=7)._raw_delete(DEFAULT_DB_ALIAS)
        assert published.once()["zoo.Note"] == ANY
    finally:
        statements.changed_with.cache_clear()


def test_the_example_of_the_docstring_is_true(published: Published) -> None:
    notify(Place, [7, 9], using=DEFAULT_DB_ALIAS)
    notify(Place)
    assert published.publications == [{PLACE: {7, 9}}, {PLACE: ANY}]
