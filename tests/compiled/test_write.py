"""Rows written by one statement; that they are those of ``save()`` is shown in ``tests/bindings/test_one_statement.py``."""

import json
from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import DEFAULT_DB_ALIAS, connection, models
from django.test.utils import CaptureQueriesContext

from channels_binding.compiled import write
from channels_binding.compiled.stock_writes import stock_writes
from channels_binding.compiled.write import WritePlan
from channels_binding.registry import registry
from channels_binding.serializers.default import default_class
from tests.project.zoo.models import Country, Digits, Moment, Money, Watch

pytestmark = pytest.mark.django_db


def plan_of(stream: str) -> WritePlan:
    cls: Any = registry.get(stream)
    found = stock_writes(cls.default_serializer_class(), cls.get_model())
    assert found is not None
    return found.plan


def test_a_new_row_is_written_and_shown_by_one_statement() -> None:
    with CaptureQueriesContext(connection) as context:
        row = plan_of("zoo.Digits").inserted({"plain": 7}, DEFAULT_DB_ALIAS)
    assert [query["sql"].split()[0] for query in context.captured_queries] == ["INSERT"]
    assert row is not None
    stored = Digits.objects.get()
    assert (row.pk, stored.plain, stored.limited) == (stored.pk, 7, 5)
    assert json.loads(row.body)["plain"] == 7


def test_only_what_is_given_is_changed_and_what_sets_itself() -> None:
    stored = Digits.objects.create(plain=1, big=2)
    with CaptureQueriesContext(connection) as context:
        row = plan_of("zoo.Digits").updated(stored.pk, {"plain": 3}, DEFAULT_DB_ALIAS)
    (statement,) = context.captured_queries
    assert statement["sql"].split(" WHERE ")[0].endswith('SET "plain" = 3')
    assert row is not None
    assert json.loads(row.body)["big"] == 2
    changing = [cell.name for cell in plan_of("zoo.Moment")._cells if cell.is_set_when_changed]
    assert changing == ["changed_on"]


class Bare(models.Model):
    """Nothing but its key."""

    class Meta:
        app_label = "zoo"
        apps = Apps()


@pytest.mark.django_db(transaction=True)
def test_a_row_of_nothing_but_its_key_is_written() -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Bare)
    try:
        writes: Any = stock_writes(default_class(Bare, ("id",), (), {}), Bare)
        rows = [writes.plan.inserted({}, DEFAULT_DB_ALIAS) for _ in range(2)]
        assert [row.pk for row in rows] == [*Bare._default_manager.order_by("pk").values_list("pk", flat=True)]
    finally:
        with connection.schema_editor() as editor:
            editor.delete_model(Bare)


def test_what_the_database_is_to_work_out_is_left_to_django() -> None:
    stored, sum_ = Digits.objects.create(), models.Value(3) + models.Value(4)
    assert plan_of("zoo.Digits").inserted({"plain": sum_}, DEFAULT_DB_ALIAS) is None
    assert plan_of("zoo.Digits").updated(stored.pk, {"plain": sum_}, DEFAULT_DB_ALIAS) is None


def test_a_statement_that_another_thread_forgets_meanwhile_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgetful(dict[Any, Any]):
        def __setitem__(self, key: Any, value: Any) -> None:
            """Forgotten at once."""

    plan = plan_of("zoo.Digits")
    monkeypatch.setitem(vars(plan), "_statements", Forgetful())
    assert plan.inserted({"plain": 7}, DEFAULT_DB_ALIAS) is not None


@pytest.mark.parametrize("key", [424_242, 2**70])
def test_a_row_that_is_not_there_is_not_changed(key: int) -> None:
    assert plan_of("zoo.Digits").updated(key, {"plain": 3}, DEFAULT_DB_ALIAS) is None


def test_a_change_of_nothing_is_no_statement() -> None:
    stored = Digits.objects.create()
    with CaptureQueriesContext(connection) as context:
        assert plan_of("zoo.Digits").updated(stored.pk, {}, DEFAULT_DB_ALIAS) is None
    assert context.captured_queries == []


def test_a_whole_number_in_a_column_of_fractions_is_shown_as_one_that_is_read() -> None:
    row = plan_of("zoo.Money").inserted({"factor": 5.0}, DEFAULT_DB_ALIAS)
    assert row is not None
    assert b'"factor":5.0' in row.body
    assert Money.objects.get().factor == 5


def test_keys_that_do_not_count_themselves_are_written_like_any_column() -> None:
    plan_of("zoo.Country").inserted({"code": "NO", "name": "Norway"}, DEFAULT_DB_ALIAS)
    assert Country.objects.get().pk == "NO"


def test_of_a_related_row_its_key_is_stored() -> None:
    from tests.project.zoo.models import Device

    device = Device.objects.create(name="d")
    row = plan_of("zoo.Watch").inserted({"device": device, "label": "x"}, DEFAULT_DB_ALIAS)
    assert row is not None
    assert (row.pk, Watch.objects.get().device) == (str(device.pk), device)


def test_who_hears_of_saved_rows_is_told_of_the_key_and_the_values_that_it_wants(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[Any] = []

    class Listening(write._Nobody):
        def columns(self, model: Any, alias: str) -> tuple[str, ...]:
            return ("changed_on", "maybe_hour")

        def listens(self) -> bool:
            return True

        def end(self, model: Any, key: Any, values: Any, alias: str, *, created: bool) -> None:
            told.append((model, key, values, created))

    monkeypatch.setattr(write, "_capture", Listening())
    now = Moment(day="2026-01-01", instant="2026-01-01T00:00Z", hour="12:00")
    columns = [each for each in now._meta.concrete_fields if each.name in ("day", "instant", "hour")]
    values = {each.name: each.to_python(getattr(now, each.name)) for each in columns}
    row = plan_of("zoo.Moment").inserted(values, DEFAULT_DB_ALIAS)
    stored = Moment.objects.get()
    assert row is not None
    assert told == [(Moment, row.pk, {"changed_on": stored.changed_on, "maybe_hour": None}, True)]
