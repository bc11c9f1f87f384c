"""Rows of any model of the zoo, drawn by Hypothesis: nulls, extremes, every plane of Unicode, every offset."""

import datetime
import ipaddress
from decimal import Decimal
from typing import Any

from django.db import connection, models
from django.db.models.fields.files import FileField
from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
DAYS = st.dates(datetime.date(1, 1, 2), datetime.date(9999, 12, 30))
ZONES = st.integers(-15 * 60, 15 * 60).map(lambda minutes: datetime.timezone(datetime.timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime.datetime(2, 1, 1), datetime.datetime(9998, 1, 1), timezones=ZONES)
SPANS = st.timedeltas(datetime.timedelta(days=-10_000), datetime.timedelta(days=10_000))
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
IPS = st.ip_addresses().map(str)


def values(field: Any) -> st.SearchStrategy[Any]:
    """Values of one column as the database may hold them, those included that no form would let in."""
    drawn: st.SearchStrategy[Any] = _required(field)
    return st.none() | drawn if field.null else drawn


def _required(field: Any) -> Any:
    if field.choices and not isinstance(field, FileField):
        return st.sampled_from([value for value, _ in field.flatchoices])
    for kinds, strategy in _BY_KIND:
        if isinstance(field, kinds):
            return strategy(field)
    raise AssertionError(f"Nobody has said what {field!r} may hold.")


def _text(field: Any) -> st.SearchStrategy[str]:
    return TEXT.map(lambda text: text[: field.max_length])


def _decimal(field: Any) -> st.SearchStrategy[Decimal]:
    digits, places = field.max_digits or 9, field.decimal_places or 3  # a range's numbers are not limited
    whole = 10**digits - 1
    return st.integers(-whole, whole).map(lambda n: Decimal(n).scaleb(-places))


def _integer(field: Any) -> st.SearchStrategy[int]:
    low, high = connection.ops.integer_field_range(field.get_internal_type())
    return st.integers(low or 0, high or 2**31)


def _range(field: Any) -> st.SearchStrategy[Any]:
    members: st.SearchStrategy[Any] = _required(field.base_field)
    pairs = st.tuples(members, members).map(sorted)
    return pairs.map(lambda pair: field.range_type(*pair)) | members.map(lambda low: field.range_type(low, None))


def _array(field: Any) -> st.SearchStrategy[Any]:
    return st.lists(_required(field.base_field), max_size=0 if hasattr(field.base_field, "base_field") else 3)


_BY_KIND: list[tuple[Any, Any]] = [
    (models.FilePathField, lambda field: st.sampled_from(["/nowhere/a.txt", "", "ü"])),
    (FileField, lambda field: st.sampled_from(["", "a b.txt", "ordner/ä.png"])),
    ((models.CharField, models.TextField), _text),
    (models.BooleanField, lambda field: st.booleans()),
    (models.IntegerField, _integer),
    (models.FloatField, lambda field: st.floats(allow_nan=False, allow_infinity=False)),
    (models.DecimalField, _decimal),
    (models.DateTimeField, lambda field: INSTANTS),
    (models.DateField, lambda field: DAYS),
    (models.TimeField, lambda field: st.times()),
    (models.DurationField, lambda field: SPANS),
    (models.UUIDField, lambda field: st.uuids()),
    (models.JSONField, lambda field: DOCUMENTS),
    (models.GenericIPAddressField, lambda field: st.sampled_from(["127.0.0.1", str(ipaddress.IPv6Address(1))]) | IPS),
    (models.BinaryField, lambda field: st.binary(max_size=8)),
]
if connection.vendor == "postgresql":
    from django.contrib.postgres.fields import ArrayField
    from django.contrib.postgres.fields.ranges import RangeField

    _BY_KIND[:0] = [(RangeField, _range), (ArrayField, _array)]


class Maker:
    """Makes rows of any model, with what they point to."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data

    def rows(self, model: Any, count: int, depth: int = 0) -> list[Any]:
        return [self.row(model, depth) for _ in range(count)]

    def row(self, model: Any, depth: int = 0) -> Any:
        """One row, as the database holds it; its many-to-many relations lead to some others."""
        instance = model(
            **{field.name: self._value(field, depth) for field in model._meta.concrete_fields if _is_set(field)}
        )
        instance.save()
        for field in model._meta.many_to_many if depth < 1 else ():
            if field.remote_field.through._meta.auto_created:
                getattr(instance, field.name).set(self.rows(field.related_model, self._few(), depth + 1))
        return instance

    def _value(self, field: Any, depth: int) -> Any:
        if not field.is_relation:
            return self.data.draw(values(field))
        if field.null and (depth >= 2 or self.data.draw(st.booleans())):
            return None
        return self.row(field.related_model, depth + 1)

    def _few(self) -> int:
        return self.data.draw(st.integers(0, 3))


def _is_set(field: Any) -> bool:
    is_own = isinstance(field, (models.AutoField, models.GeneratedField, models.CompositePrimaryKey))
    return not is_own and not getattr(field.remote_field, "parent_link", False)
