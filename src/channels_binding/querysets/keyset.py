"""Windows by places in an order (keyset pagination): where a row stands, and the condition of standing behind it.

In the order ``-due, id``, behind ``(2026-01-31, 7)``: ``due < '2026-01-31' OR due IS NULL OR (due = '2026-01-31' AND id > 7)``.
The database compares by the very terms that it orders by, so collations, NULLs and expressions mean the same in both.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from django.core.exceptions import FieldDoesNotExist
from django.db import connections
from django.db.models import CompositePrimaryKey, F, Q, QuerySet, Value
from django.db.models.expressions import OrderBy
from django.db.models.functions import Random
from django.db.models.lookups import Exact, GreaterThan, IsNull, LessThan

from channels_binding.querysets.cursors import Span, no_places
from channels_binding.querysets.once import is_path_to_many

Nulls = Literal["first", "last", "never"]
_OPPOSITE: dict[Nulls, Nulls] = {"first": "last", "last": "first", "never": "never"}
_LOOKUPS: dict[str, Any] = {"exact": Exact, "gt": GreaterThan, "lt": LessThan, "isnull": IsNull}


@dataclass(frozen=True, slots=True)
class Term:
    """One term of an order: ``Term("due", is_descending=True, nulls="last")``."""

    what: Any
    """The path of a column or annotation, or an expression."""
    is_descending: bool = False
    nulls: Nulls = "never"

    def reversed(self) -> "Term":
        return replace(self, is_descending=not self.is_descending, nulls=_OPPOSITE[self.nulls])

    def is_at(self, value: Any) -> Q:
        """The condition of having this value."""
        return self._compared("isnull", True) if value is None else self._compared("exact", value)

    def is_behind(self, value: Any) -> Q | None:
        """The condition of coming after whatever has this value; None where nothing can."""
        if value is None:
            return self._compared("isnull", False) if self.nulls == "first" else None
        behind = self._compared("lt" if self.is_descending else "gt", value)
        return behind | self._compared("isnull", True) if self.nulls == "last" else behind

    def _compared(self, lookup: str, value: Any) -> Q:
        if isinstance(self.what, str):
            return Q(**{f"{self.what}__{lookup}": value})
        return Q(_LOOKUPS[lookup](self.what, value if lookup == "isnull" else Value(value)))


def terms_of(queryset: QuerySet[Any]) -> list[Term]:
    """The terms of a queryset that is ``ordered``, the key's last.

    Raises:
        Invalid: Its rows have no places: their order is by chance, by raw SQL, or by what one row has several of.
    """
    query = queryset.query
    if query.extra_order_by or query.combinator or query.is_sliced or query.distinct_fields:
        raise no_places()
    return [term for each in query.order_by for term in _terms(each, queryset)]


def _terms(given: Any, queryset: QuerySet[Any]) -> Sequence[Term]:
    if isinstance(given, str):
        return _named(given.removeprefix("-"), queryset, is_descending=given.startswith("-"))
    order = given if isinstance(given, OrderBy) else given.asc() if hasattr(given, "asc") else None
    if order is None:
        raise no_places()
    expression, nulls = order.expression, _nulls_of(order, queryset.db)
    if isinstance(expression, F):
        path: str = expression.name  # type: ignore[attr-defined]  # not in the stubs
        _check_path(path, queryset)
        return [Term(path, order.descending, nulls)]
    if any(isinstance(each, Random) or getattr(each, "contains_over_clause", False) for each in _flat(expression)):
        raise no_places()
    return [Term(expression, order.descending, nulls)]


def _flat(expression: Any) -> Sequence[Any]:
    return [*expression.flatten()] if hasattr(expression, "flatten") else [expression]


def _named(path: str, queryset: QuerySet[Any], *, is_descending: bool) -> Sequence[Term]:
    """A name of an order that is no expression: a column that is never NULL (``pages.ordered``), or left to Django."""
    model: Any = queryset.model
    if path == "pk" and isinstance(model._meta.pk, CompositePrimaryKey):
        return [Term(column.attname, is_descending) for column in model._meta.pk_fields]
    if not _is_never_null(model, path):
        raise no_places()
    return [Term(path, is_descending)]


def _is_never_null(model: Any, path: str) -> bool:
    for name in path.split("__"):
        try:
            field: Any = model._meta.pk if name == "pk" else model._meta.get_field(name)
        except (FieldDoesNotExist, AttributeError):
            return False
        if field.null or not field.concrete or field.many_to_many:
            return False
        model = field.related_model
    return not (field.is_relation and name == field.name and not field.primary_key and model._meta.ordering)


def _check_path(path: str, queryset: QuerySet[Any]) -> None:
    """A row has one place: not one for each row that a path leads to, nor one that depends on the others of the query."""
    annotation = queryset.query.annotations.get(path.partition("__")[0])
    if annotation is None:
        if is_path_to_many(queryset.model, path):
            raise no_places()
    elif getattr(annotation, "contains_over_clause", False) or any(
        isinstance(each, Random) for each in _flat(annotation)
    ):
        raise no_places()


def _nulls_of(order: OrderBy, alias: str) -> Nulls:
    """Where NULLs stand. Where the order does not say, as the database has it: below all values, or above."""
    if order.nulls_first or order.nulls_last:
        return "first" if order.nulls_first else "last"
    are_least = connections[alias].features.order_by_nulls_first
    return "first" if are_least != order.descending else "last"


def columns_of(terms: Sequence[Term]) -> list[Any]:
    """What ``values_list`` is asked for to learn the places of rows."""
    return [term.what if isinstance(term.what, str) else _unordered(term.what) for term in terms]


def _unordered(expression: Any) -> Any:
    return expression.copy() if hasattr(expression, "copy") else expression


def within(queryset: QuerySet[Any], span: Span, terms: Sequence[Term]) -> QuerySet[Any]:
    """Those rows of an ordered queryset that lie between the places of a span.

    Raises:
        Invalid: The places have other terms than the order has by now.
    """
    backward = [term.reversed() for term in terms]
    for place, ways, is_included in (
        (span.after, terms, False),
        (span.before, backward, False),
        (span.until, backward, True),
    ):
        if place is not None:
            if len(place.values) != len(terms):
                raise no_places()
            found = _behind(ways, place.values, is_included=is_included)
            queryset = queryset.none() if found is None else queryset.filter(found)
    return queryset


def _behind(terms: Sequence[Term], values: Sequence[Any], *, is_included: bool) -> Q | None:
    """The condition of standing behind a place, or (included) at it; None where nothing can."""
    found = Q() if is_included else None
    for term, value in zip(reversed(terms), reversed(values), strict=True):
        behind, at = term.is_behind(value), None if found is None else term.is_at(value) & found
        found = at if behind is None else behind if at is None else behind | at
    return found if found is None else _bounded(terms, values, found)


def _bounded(terms: Sequence[Term], values: Sequence[Any], found: Q) -> Q:
    """With what every row behind the place has in the first term, so that an index on it is entered there."""
    first, value = terms[0], values[0]
    if len(terms) == 1 or value is None or first.nulls == "last" or not isinstance(first.what, str):
        return found
    return Q(**{f"{first.what}__{'lte' if first.is_descending else 'gte'}": value}) & found


def places(queryset: QuerySet[Any], terms: Sequence[Term], keys: Sequence[Any]) -> dict[Any, tuple[Any, ...]]:
    """Key → the values of its place, of rows of a queryset."""
    rows = queryset.order_by().filter(pk__in=keys).values_list("pk", *columns_of(terms))
    return {key: tuple(values) for key, *values in rows}
