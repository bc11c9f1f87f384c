"""Pages and orders of a search: what a client may ask for, and the queryset that answers it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from django.core.exceptions import FieldError
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Count, IntegerField, Model, QuerySet, Subquery, Window
from django.db.models.expressions import Col, ColPairs, F, Func, OrderBy
from django.db.models.sql import Query
from django.db.models.sql.constants import LOUTER
from django.db.models.sql.datastructures import Join

from channels_binding.exceptions import Invalid
from channels_binding.querysets.inspection import holds_own_sql
from channels_binding.serializers.keys import as_pk
from channels_binding.types import Pk

MAX_PAGE = 2**31 - 1
"""The last page there can be, whatever its limit: so that a document can say it, and an OFFSET fits into 64 bits."""


@dataclass(frozen=True, slots=True)
class Page:
    """``{"page": 2, "limit": 25}`` → ``Page(number=2, limit=25)``, rows 25 to 49."""

    number: int
    limit: int

    @property
    def window(self) -> slice:
        start = (self.number - 1) * self.limit
        return slice(start, start + self.limit)


def read_page(data: Mapping[str, Any], *, default: int, maximum: int) -> Page:
    """Page and limit of a call. A limit above ``maximum`` is cut to it, as DRF does; the answer says so.

    Raises:
        Invalid: Not a positive integer, or a page beyond MAX_PAGE.
    """
    limit = min(_positive(data, "limit", default), maximum)
    number = _positive(data, "page", 1)
    if number > MAX_PAGE:
        raise Invalid.field("page", "max_value", "There is no such page.")
    return Page(number, limit)


def _positive(data: Mapping[str, Any], name: str, default: int) -> int:
    value = data.get(name)
    if value is None:
        return default
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:20])
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise Invalid.field(name, "invalid", f"'{name}' is a whole number of at least 1.")
    return value


def read_count(data: Mapping[str, Any]) -> Literal["estimate"] | bool:
    """Whether the rows of a page are to be counted: ``{"count": false}`` → False.

    Raises:
        Invalid: Something else than true, false or "estimate".
    """
    value = data.get("count")
    if value is None:
        return True
    if isinstance(value, bool) or value == "estimate":
        return value  # type: ignore[no-any-return]
    raise Invalid.field("count", "invalid", "'count' is true, false or \"estimate\".")


def keys_and_count(queryset: QuerySet[Any], window: slice) -> tuple[list[Pk], int]:
    """Keys of the rows of one page, and how many rows a plain queryset has, in one statement."""
    count = Func(template="COUNT(*)", output_field=IntegerField())
    counted = queryset.order_by().select_related(None).annotate(_count=count).values("_count")
    number: Any = Window(Count("*")) if holds_own_sql(queryset.query) else Subquery(counted)
    found = [*queryset.annotate(_count=number).values_list("pk", "_count")[window]]
    if not found:  # a page beyond the end has no row that carries the count
        return [], queryset.order_by().count() if window.start else 0
    return [as_pk(key) for key, _ in found], found[0][1]


def read_order(data: Mapping[str, Any], allowed: Sequence[str]) -> list[str]:
    """``{"order": "-amount"}`` → ``["-amount"]``; a list, or names joined by commas, for several keys.

    Raises:
        Invalid: A name that the binding does not declare.
    """
    given = data.get("order")
    if given is None or given == "" or given == []:
        return []
    names = given.split(",") if isinstance(given, str) else given
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Invalid.field("order", "invalid", "'order' is a field name, '-name' for descending, or a list of them.")
    if len(names) > max(len(allowed), 1):
        raise Invalid.field("order", "invalid", "'order' names a field twice.")
    unknown = [name for name in names if name.strip().removeprefix("-") not in allowed]
    if unknown:
        possible = f". Possible: {', '.join(allowed)}" if allowed else "; the binding declares no ordering_fields"
        raise Invalid.field("order", "unknown", f"Cannot order by that{possible}.")
    return [name.strip() for name in names]


def ordered(queryset: QuerySet[Any], names: Sequence[str]) -> QuerySet[Any]:
    """Order by ``names`` (else as the queryset is), NULLs last both ways, the key as tiebreak: the order is total."""
    query = queryset.query
    if not names and query.extra_order_by:
        return queryset.extra(order_by=[*query.extra_order_by, "pk"])
    terms = [term for name in names or _own_order(queryset) for term in _terms(name, query)]
    result = queryset.order_by(*terms, "pk")
    result.query.standard_ordering = True  # reverse() is in the terms; the tiebreak and what a client asks for ascend
    return result


def _own_order(queryset: QuerySet[Any]) -> Sequence[Any]:
    """The order that a queryset has of itself, by name or expression."""
    if not queryset.ordered:
        return ()
    own = queryset.query.order_by or queryset.query.get_meta().ordering or ()
    return own if queryset.query.standard_ordering else [_reversed(term) for term in own]


def _reversed(term: Any) -> Any:
    if isinstance(term, str):
        return term if term == "?" else _flipped(term)
    order = term.copy() if isinstance(term, OrderBy) else term.asc()
    order.reverse_ordering()
    return order


def _flipped(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _terms(name: Any, query: Query) -> Sequence[Any]:
    """``"-due"`` → ``[F("due").desc(nulls_last=True)]``. A relation orders by its rows' own order, as Django has it."""
    if not isinstance(name, str) or name == "?":
        return [name]
    path = name.removeprefix("-")
    start = path.partition("__")[0]
    if not query.annotations.keys().isdisjoint({path, start}):
        return [_term(path, is_descending=name.startswith("-"), may_be_null=True)]
    return [name] if path in query.extra else _terms_of(query.get_meta().model, name)


def _term(path: str, *, is_descending: bool, may_be_null: bool) -> Any:
    if not may_be_null:
        return f"-{path}" if is_descending else path  # without NULLS LAST an index serves both directions
    return F(path).desc(nulls_last=True) if is_descending else F(path).asc(nulls_last=True)


@lru_cache(maxsize=1024)
def _terms_of(model: type[Model], name: str) -> Sequence[Any]:
    """What Django makes of a name that orders rows of a model: of ``"author"``, whose rows have an order, ``["author__name"]``.

    A name that it does not know, or whose terms have no names of their own, is left to Django.
    """
    query, path = Query(model), name.removeprefix("-")
    compiler = query.get_compiler(DEFAULT_DB_ALIAS)
    try:
        orders = [order for order, _ in compiler.find_ordering_name(name, model._meta)]
        is_itself = [order.expression for order in orders] == [F(path).resolve_expression(query, allow_joins=True)]
    except FieldError:
        return [name]
    terms = [_made(order, path if is_itself else None, query) for order in orders]
    return terms if all(terms) else [name]


def _made(order: OrderBy, path: str | None, query: Query) -> Any:
    """One of Django's terms, by name; None if there is no name for it."""
    column = order.expression
    if isinstance(column, ColPairs):
        return None
    if not isinstance(column, Col) and path is None:  # an expression in the order of related rows
        return None if any(isinstance(each, Col) for each in order.flatten()) else order
    path = path or _path(column, query)
    return path and _term(path, is_descending=order.descending, may_be_null=_may_be_null(column, query))


def _path(column: Any, query: Query) -> str | None:
    """``Col(zoo_person, name)`` → ``"owner__person__name"``, where each step leads to one row."""
    names, source = [column.target.attname], query.alias_map[column.alias]
    while isinstance(source, Join):
        step: Any = source.join_field
        if not (step.many_to_one or step.one_to_one):
            return None
        names.append(step.name)
        source = query.alias_map[source.parent_alias]
    return "__".join(reversed(names))


def _may_be_null(column: Any, query: Query) -> bool:
    if not isinstance(column, Col):
        return True
    return column.target.null or query.alias_map[column.alias].join_type == LOUTER
