"""Whether a query consists of Django's code and plain values alone, so that its rows are the same whoever asks for them.

Nothing is trusted by its name: a queryset, a manager or an expression is followed through all that its objects hold
(conditions, annotations, filtered relations, output fields), and one object of a project's class is enough to say no.
"""

import datetime
import decimal
import enum
import types
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import models
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.db.models.manager import BaseManager
from django.db.models.query import ModelIterable
from django.utils.functional import Promise

from channels_binding.classes import is_written_in, overrides

_PLAIN = (
    *(type(None), bool, int, float, complex, str, bytes, decimal.Decimal, uuid.UUID),
    *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta, datetime.timezone),
)
_CONTAINERS = (dict, OrderedDict, list, tuple, set, frozenset)
STOCK = ("django", "django_filters")
DJANGO = ("django", "typing", "builtins")
_CACHES = ("_result_cache", "_prefetch_done", "_fields_cache")
"""What a queryset remembers of having been read; the copies that are read in its place do not."""


def is_plain_data(value: Any) -> bool:
    """Whether a value says the same whoever looks at it: numbers, text, dates, classes, and containers of such."""
    if type(value) in _PLAIN or isinstance(value, type) or _is_plain_member(value):
        return True
    if type(value) in (list, tuple, set, frozenset):
        return all(map(is_plain_data, value))
    return type(value) is dict and all(is_plain_data(key) and is_plain_data(each) for key, each in value.items())


def _is_plain_member(value: Any) -> bool:
    """Of an Enum, whose text nobody has overridden."""
    is_member = isinstance(value, enum.Enum) and type(value.value) in _PLAIN
    return is_member and _is_function_of(type(value).__str__, "enum", "django", "builtins")


def _is_function_of(function: Any, *packages: str) -> bool:
    owner = function if getattr(function, "__module__", None) else getattr(function, "__objclass__", None)
    return str(getattr(owner, "__module__", None)).partition(".")[0] in packages


def is_djangos_queryset(queryset: Any) -> bool:
    """Whether its rows are found by Django's code alone, out of plain values."""
    is_read_by_django = queryset._iterable_class is ModelIterable and not queryset._prefetch_related_lookups
    if not is_read_by_django or [*overrides(type(queryset), DJANGO)] or not is_djangos(_state(queryset)):
        return False
    query = queryset.query
    terms = query.order_by or (queryset.model._meta.ordering or () if query.default_ordering else ())
    return is_djangos_order(queryset, terms)


def is_djangos_manager(manager: BaseManager[Any]) -> bool:
    """Whether a manager gives all rows of its model, as Django's own does, and each of them as Django reads it."""
    is_stock = not [*overrides(type(manager), DJANGO)] and is_djangos(_state(manager))
    return is_stock and is_djangos_queryset(BaseManager.get_queryset(manager))


def _state(part: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(part).items() if name not in _CACHES}


def is_djangos(part: Any) -> bool:
    """Whether an expression, or any other part of a query, holds nothing of a project's."""
    return _is_djangos(part, set())


def _is_djangos(part: Any, seen: set[int]) -> bool:
    if type(part) in _PLAIN or _is_plain_member(part) or id(part) in seen:
        return True
    seen.add(id(part))
    if isinstance(part, type):
        return issubclass(part, models.Model) or is_written_in(part, *STOCK, "json", "builtins")
    if isinstance(part, (models.Field, ForeignObjectRel)):
        return is_djangos_column(part)
    if isinstance(part, models.QuerySet):
        return is_djangos_queryset(part)
    if isinstance(part, types.FunctionType):
        return part.__closure__ is None and _is_function_of(part, *STOCK)
    is_known = type(part) in _CONTAINERS or is_written_in(type(part), *STOCK)
    return is_known and not isinstance(part, Promise) and all(_is_djangos(each, seen) for each in _held(part))


def _held(part: Any) -> Iterator[Any]:
    if isinstance(part, dict):
        yield from part.keys()
        yield from part.values()
    elif isinstance(part, (list, tuple, set, frozenset)):
        yield from part
    yield from getattr(part, "__dict__", {}).values()


def is_djangos_column(column: Any) -> bool:
    """Whether a field, and what it refers to by key, are of Django's own classes, so that its values are what is stored."""
    column = getattr(column, "field", column)  # of the way back of a relation
    codecs = (each for each in (getattr(column, "encoder", None), getattr(column, "decoder", None)) if each is not None)
    if not is_written_in(type(column), "django.db.models", "django.contrib") or not all(map(is_djangos, codecs)):
        return False
    return all(is_djangos_column(target) for _, target in getattr(column, "related_fields", ()) if target is not column)


def is_djangos_path(queryset: models.QuerySet[Any], path: str) -> bool:
    """Whether all that a filter or an order passes on its way is Django's: ``owner__joined__year__gte``.

    Django is asked for the way. Where it knows none the answer is no.
    """
    try:
        return _is_djangos_resolved(queryset, models.F(path))
    except FieldError:
        start, _, name = path.rpartition("__")
    try:
        lookup = models.F(start).resolve_expression(queryset.query.chain(), allow_joins=True).get_lookup(name)
        return lookup is not None and is_djangos(lookup) and _is_djangos_resolved(queryset, models.F(start))
    except FieldError:
        return False


def _is_djangos_resolved(queryset: models.QuerySet[Any], expression: Any) -> bool:
    """Whether an expression, and the joins that it makes, are Django's."""
    query = queryset.query.chain()
    return is_djangos([expression.resolve_expression(query, allow_joins=True), query.alias_map])


def is_djangos_order(queryset: models.QuerySet[Any], terms: Iterable[Any], depth: int = 0) -> bool:
    """Whether rows are put in order by Django's code alone: ``["-rank", Lower("title")]``; by a relation, as its model says."""
    return depth < MAX_DEPTH and all(_is_djangos_term(queryset, term, depth) for term in terms)


MAX_DEPTH = 16
"""How many relations an order may follow; where models refer to each other in a circle, Django refuses it when asked."""


def _is_djangos_term(queryset: models.QuerySet[Any], term: Any, depth: int) -> bool:
    if not isinstance(term, str):
        return is_djangos(term) and _is_djangos_resolved(queryset, term)
    path = term.lstrip("+-")
    if path == "?":
        return True
    related = _related_model(queryset.model, path)
    ordering = () if related is None else related._meta.ordering or ()
    return is_djangos_path(queryset, path) and (
        related is None or is_djangos_order(models.QuerySet(related), ordering, depth + 1)
    )


def _related_model(model: Any, path: str) -> Any:
    """The model whose own order a path to a relation is in: ``"owner"``; None of a column, as ``"owner_id"`` is."""
    column: Any = None
    for name in path.split("__"):
        if model is None:
            return None
        try:
            column = model._meta.pk if name == "pk" else model._meta.get_field(name)
        except FieldDoesNotExist:
            return None
        model = column.related_model
    return None if name == getattr(column, "attname", None) else model
