"""Measures of the rows of a queryset, by groups: what may be measured of a column, and the one statement that does it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Aggregate, Avg, Count, F, Max, Min, QuerySet, Sum
from django.db.models.functions import Trunc

from channels_binding.querysets.inspection import has_plain_rows
from channels_binding.querysets.once import repeats
from channels_binding.serializers.generated import held_by

COUNT = "count"
"""The measure that needs no field: how many rows there are."""
_NUMBERS = (models.IntegerField, models.DecimalField, models.FloatField, models.DurationField)
_TIMES = (models.DateField, models.TimeField)  # a DateTimeField is a DateField
_ANY = (models.Field,)
TAKES: dict[str, tuple[Any, ...]] = {
    "count": _ANY,
    "count_distinct": _ANY,
    "sum": _NUMBERS,
    "avg": _NUMBERS,
    "min": (*_NUMBERS, *_TIMES),
    "max": (*_NUMBERS, *_TIMES),
}
"""Function of a measure → the columns that it takes."""
GROUPED = (
    *(models.CharField, models.TextField, models.IntegerField, models.BooleanField, models.DecimalField),
    *(models.DateField, models.TimeField, models.UUIDField, models.GenericIPAddressField, models.ForeignKey),
)
"""Columns whose values make groups: those of which two that are equal are shown alike."""
PARTS = ("hour", "day", "week", "month", "quarter", "year")
"""Parts of a date or time that make groups; of a date all but the hour."""
_MAKERS: dict[str, type[Aggregate]] = {"count": Count, "sum": Sum, "avg": Avg, "min": Min, "max": Max}


@dataclass(frozen=True, slots=True)
class Measure:
    """``"sum:price"`` → ``Measure("sum:price", "sum", "price")``."""

    name: str
    function: str
    field: str
    """Empty for the number of rows."""

    @classmethod
    def named(cls, name: str) -> "Measure":
        function, _, field = name.partition(":")
        return cls(name, function, field)

    def takes(self, column: "models.Field[Any, Any]") -> bool:
        """Whether the function is one of a column of this kind."""
        return isinstance(held_by(column), TAKES.get(self.function, ()))

    def expression(self, model: type[models.Model]) -> Aggregate:
        if not self.field:
            return Count("*")
        path = _column_of(model, self.field).attname
        if self.function == "count_distinct":
            return Count(path, distinct=True)
        return _MAKERS[self.function](path)


@dataclass(frozen=True, slots=True)
class Group:
    """``"created:month"`` → ``Group("created:month", "created", "month")``."""

    name: str
    field: str
    part: str
    """Empty where the values themselves make the groups."""

    @classmethod
    def named(cls, name: str) -> "Group":
        field, _, part = name.partition(":")
        return cls(name, field, part)

    def takes(self, column: "models.Field[Any, Any]") -> bool:
        """Whether a column of this kind has such groups."""
        column = held_by(column)
        if not self.part:
            return isinstance(column, GROUPED)
        is_day = not isinstance(column, models.DateTimeField)
        return isinstance(column, models.DateField) and self.part in (PARTS[1:] if is_day else PARTS)

    def expression(self, model: type[models.Model]) -> Any:
        """Parts are those of the active time zone."""
        column = _column_of(model, self.field)
        if not self.part:
            return F(column.attname)
        shown = models.DateTimeField() if self.part == "hour" else models.DateField()
        return Trunc(column.attname, self.part, output_field=shown)


def _column_of(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def measured(
    queryset: QuerySet[Any],
    measures: Sequence[Measure],
    groups: Sequence[Group],
    order: Sequence[str],
    most: int,
) -> list[tuple[Any, ...]]:
    """One tuple for each group, its own values first and those of the measures after them, in one statement.

    Of open tickets by team ``[(1, 12), (None, 3)]``; without groups one tuple, also where there are no rows.

    Args:
        order: Names of measures and groups, ``-`` in front for descending. The groups follow, so that the order is total.
        most: How many groups at the most.
    """
    model, rows = queryset.model, _each_once(queryset)
    made = {f"cb_m{number}": each.expression(model) for number, each in enumerate(measures)}
    if not groups:
        found = rows.aggregate(**made)
        return [tuple(found[name] for name in made)]
    by = {f"cb_g{number}": each.expression(model) for number, each in enumerate(groups)}
    asked: Sequence[Measure | Group] = (*groups, *measures)
    columns = dict(zip([each.name for each in asked], [*by, *made], strict=True))
    terms = [_term(columns[name.removeprefix("-")], is_descending=name.startswith("-")) for name in order]
    return [*rows.values(**by).annotate(**made).order_by(*terms, *map(_term, by)).values_list(*by, *made)[:most]]


def _term(column: str, is_descending: bool = False) -> Any:
    return F(column).desc(nulls_last=True) if is_descending else F(column).asc(nulls_last=True)


def _each_once(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """The rows of a queryset without an order, so that each is counted once: a join or a DISTINCT of its own stays inside."""
    if has_plain_rows(queryset) and not repeats(queryset.query):
        return queryset.order_by().prefetch_related(None)
    found = queryset if queryset.query.is_sliced else queryset.order_by()
    return QuerySet(queryset.model, using=queryset.db).filter(pk__in=found.values("pk"))
