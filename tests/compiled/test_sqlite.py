"""The short ways: what they show of a stored value is what Django and REST framework show of it, also of odd ones."""

import datetime
import uuid
import zoneinfo
from decimal import Decimal
from typing import Any

import pytest
from django.db import models
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.test import override_settings
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st
from rest_framework import serializers as drf

from channels_binding.compiled.columns import Convert, bind_of
from channels_binding.compiled.sqlite import boolean, booleans, is_parsed_when_fetched, short_cut
from tests.project.zoo.models import Moment, Money, Note, Prose, Token

KEPT_BY: dict[str, Any] = {"ENGINE": "", "NAME": ":memory:", "TIME_ZONE": None, "OPTIONS": {}, "CONN_MAX_AGE": 0}
ZONES = st.sampled_from([zoneinfo.ZoneInfo(name) for name in ("UTC", "Asia/Kathmandu", "America/St_Johns")])


def ways(field: Any, model: Any, name: str, connection: Any = None) -> tuple[Convert | None, Convert]:
    """The short way of a column on SQLite, if there is one; and the long way."""
    sqlite = connection or DatabaseWrapper(KEPT_BY, "kept")
    column = model._meta.get_field(name)
    bind = bind_of(field, model, column)
    assert bind is not None
    convert = bind(lambda: None)
    col = column.get_col(model._meta.db_table)

    def long_way(value: Any) -> Any:
        for converter in (*sqlite.ops.get_db_converters(col), *col.get_db_converters(sqlite)):
            value = converter(value, col, sqlite)
        return value if convert is None or value is None else convert(value)

    return short_cut(column, convert, long_way, sqlite), long_way


def outcome(way: Convert, value: Any) -> Any:
    try:
        shown = way(value)
    except Exception as error:
        return type(error)
    return (str, str(shown)) if isinstance(shown, uuid.UUID) else (type(shown), shown)


def alike(field: Any, model: Any, name: str, value: Any) -> None:
    short, long_way = ways(field, model, name)
    assert short is not None
    assert outcome(short, value) == outcome(long_way, value)


@given(moment=st.datetimes(), zone=ZONES)
def test_an_instant_is_shown_alike(moment: datetime.datetime, zone: zoneinfo.ZoneInfo) -> None:
    with timezone.override(zone):
        alike(drf.DateTimeField(), Moment, "instant", str(moment))


@pytest.mark.parametrize(
    "text",
    [
        *("2026-01-02T10:00:00", "2026-01-02 10:00", "2026-01-02 10:00:00.5", "2026-01-02 10:00:00.500000", "20260102 100000"),
        *("2026-W01-1 10:00:00", "2026-01-02", "2026-01-02 10:00:00+02:00", "2026-01-02 10:00:00Z", "2026-13-02 10:00:00"),
        *("2026-01-02 10:00:00.000000", "2026-01-02 10:00:00,123456", "soon", "", 20260102, 1.5),
    ],
)  # fmt: skip
def test_an_instant_that_somebody_else_has_written_is_shown_alike(text: Any) -> None:
    for zone in ("UTC", "Asia/Kathmandu"):
        with timezone.override(zoneinfo.ZoneInfo(zone)):
            alike(drf.DateTimeField(), Moment, "instant", text)


@given(day=st.dates())
def test_a_day_is_shown_alike(day: datetime.date) -> None:
    alike(drf.DateField(), Moment, "day", str(day))


@pytest.mark.parametrize(
    "text", ["2026-1-2", "20260102", "2026-W01-1", "2026-02-30", "2026-01-02 10:00:00", "soon", "", 7]
)
def test_an_odd_day_is_shown_alike(text: Any) -> None:
    alike(drf.DateField(), Moment, "day", text)


@given(number=st.decimals(-99_999_999, 99_999_999, places=2))
def test_a_decimal_is_shown_alike(number: Decimal) -> None:
    alike(drf.DecimalField(max_digits=10, decimal_places=2), Money, "amount", float(number))


@given(number=st.one_of(st.floats(), st.integers()))
@example(2.675)
@example(0.125)
@example(-0.0)
@example(99999999.99)
@example(99999999.995)
@example(100000000.0)
@example(1e300)
@example(2**70)
def test_a_number_that_is_no_such_decimal_is_shown_alike(number: float) -> None:
    alike(drf.DecimalField(max_digits=10, decimal_places=2), Money, "amount", number)


@given(key=st.uuids())
def test_a_uuid_is_shown_alike(key: uuid.UUID) -> None:
    alike(drf.UUIDField(), Token, "id", key.hex)


@pytest.mark.parametrize(
    "text", ["AB" * 16, "{" + "ab" * 16 + "}", str(uuid.UUID(int=7)), "ab", "xy" * 16, "ab " * 16, "", 7, b"ab" * 16]
)
def test_an_odd_uuid_is_shown_alike(text: Any) -> None:
    alike(drf.UUIDField(), Token, "id", text)


@pytest.mark.parametrize("value", [0, 1, 2, -1, 1.0, True, "x"])
def test_a_boolean_is_shown_alike(value: Any) -> None:
    alike(drf.BooleanField(), Note, "done", value)
    assert [*map(type, booleans([value, None]))] == [type(boolean(value)), type(None)]
    assert booleans([value, None]) == [boolean(value), None]


@pytest.mark.parametrize(
    ("field", "model", "name"),
    [
        (drf.DateTimeField(), Moment, "instant"),
        (drf.DateField(), Moment, "day"),
        (drf.DecimalField(max_digits=10, decimal_places=2), Money, "amount"),
        (drf.UUIDField(), Token, "id"),
        (drf.BooleanField(), Note, "done"),
    ],
)
def test_a_null_in_a_column_that_should_hold_none_is_shown_as_null(field: Any, model: Any, name: str) -> None:
    """Such a column's values are shown without a look for NULL first."""
    alike(field, model, name, None)


@pytest.mark.parametrize(
    ("field", "model", "name"),
    [
        (drf.CharField(), Prose, "title"),
        (drf.TimeField(), Moment, "hour"),
        (drf.DateTimeField(format="%d.%m."), Moment, "instant"),
        (drf.DateField(format="%d.%m."), Moment, "day"),
        (drf.DecimalField(max_digits=10, decimal_places=1), Money, "amount"),
        (drf.DecimalField(max_digits=10, decimal_places=2, coerce_to_string=False), Money, "amount"),
        (drf.UUIDField(format="int"), Token, "id"),
    ],
)
def test_what_is_to_be_shown_otherwise_goes_the_long_way(field: Any, model: Any, name: str) -> None:
    assert ways(field, model, name)[0] is None


def test_a_database_with_a_zone_of_its_own_and_one_with_types_go_the_long_way() -> None:
    elsewhere = DatabaseWrapper({**KEPT_BY, "TIME_ZONE": "Asia/Kathmandu"}, "kept")
    assert ways(drf.DateTimeField(), Moment, "instant", elsewhere)[0] is None
    with override_settings(USE_TZ=False):
        assert ways(drf.DateTimeField(), Moment, "instant", DatabaseWrapper(KEPT_BY, "kept"))[0] is None
    typed = type("Typed", (), {"vendor": "postgresql"})
    assert short_cut(Moment._meta.get_field("day"), datetime.date.isoformat, str, typed) is None


def test_which_columns_python_would_parse() -> None:
    parsed = {column.name for column in Moment._meta.concrete_fields if is_parsed_when_fetched(column)}
    assert parsed == {column.name for column in Moment._meta.concrete_fields} - {"id"}
    assert is_parsed_when_fetched(Note._meta.get_field("done"))
    assert not any(is_parsed_when_fetched(column) for column in Money._meta.concrete_fields)
    assert issubclass(models.DateTimeField, models.DateField)
