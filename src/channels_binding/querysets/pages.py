"""Pages and orders of a search: what a client may ask for, and the queryset that answers it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, IntegerField, Model, QuerySet, Subquery
from django.db.models.expressions import F, Func

from channels_binding.exceptions import Invalid
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


def keys_and_count(queryset: QuerySet[Any], window: slice) -> tuple[list[Pk], int]:
    """Keys of the rows of one page, and how many rows a plain queryset has, in one statement."""
    count = Func(template="COUNT(*)", output_field=IntegerField())
    counted = queryset.order_by().select_related(None).annotate(_count=count).values("_count")
    found = [*queryset.annotate(_count=Subquery(counted)).values_list("pk", "_count")[window]]
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
        raise Invalid.field("order", "unknown", f"Cannot order by that. Possible: {', '.join(allowed) or 'nothing'}.")
    return [name.strip() for name in names]


def ordered(queryset: QuerySet[Any], names: Sequence[str], model: type[Model]) -> QuerySet[Any]:
    """Order by ``names`` (else as the queryset is), NULLs last both ways, the key as tiebreak: the order is total."""
    own = queryset.query.order_by or queryset.query.get_meta().ordering or () if queryset.ordered else ()
    terms = [term for name in names or own for term in _terms(name, model)]
    return queryset.order_by(*terms, "pk")


def _terms(name: Any, model: type[Model]) -> list[Any]:
    """``"-due"`` → ``[F("due").desc(nulls_last=True)]``. A relation orders by its rows' own order, as Django has it."""
    if not isinstance(name, str) or name == "?":
        return [name]
    path, descends = name.removeprefix("-"), name.startswith("-")
    related = _related_ordering(model, path)
    if related:
        flipped = [_flipped(each) if descends else each for each in related]
        prefixed = [f"-{path}__{each[1:]}" if each.startswith("-") else f"{path}__{each}" for each in flipped]
        return [term for each in prefixed for term in _terms(each, model)]
    if not _may_be_null(model, path):
        return [name]  # without NULLS LAST an index serves both directions
    return [F(path).desc(nulls_last=True) if descends else F(path).asc(nulls_last=True)]


def _flipped(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _related_ordering(model: type[Model], path: str) -> list[str]:
    """``Meta.ordering`` of the model that a path leads to, if it is a relation and its ordering is plain names."""
    meta: Any = model._meta
    field: Any = None
    for part in path.split("__"):
        try:
            field = meta.pk if part == "pk" else meta.get_field(part)
        except FieldDoesNotExist:
            return []
        if not field.is_relation or field.related_model is None:
            return []
        meta = field.related_model._meta
    ordering = meta.ordering or ()
    return [*ordering] if all(isinstance(each, str) and each != "?" for each in ordering) else []


def _may_be_null(model: type[Model], path: str) -> bool:
    if path == "pk":
        return False
    meta = model._meta
    for part in path.split("__"):
        try:
            field = meta.get_field(part)
        except FieldDoesNotExist:  # an annotation: its nullability is not known
            return True
        if not isinstance(field, Field) or field.null:
            return True
        if field.related_model is not None:
            meta = field.related_model._meta
    return False
