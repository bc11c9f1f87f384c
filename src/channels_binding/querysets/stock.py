"""Whether a query consists of Django's code and plain values alone, so that its rows are the same whoever asks for them.

Nothing is trusted by its name: a queryset, a manager or an expression is followed through all that its objects hold
(conditions, annotations, filtered relations, output fields), and one object of a project's class, or one text of SQL, is enough
to say no. What a project has written into Django's own classes and objects counts as Django's.
"""

import datetime
import decimal
import enum
import functools
import types
import uuid
import zoneinfo
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import models
from django.db.models import lookups
from django.db.models.base import ModelBase
from django.db.models.expressions import Func, RawSQL
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.db.models.functions import datetime as datetime_functions
from django.db.models.lookups import Lookup
from django.db.models.manager import BaseManager
from django.db.models.sql import Query
from django.db.models.sql.where import ExtraWhere
from django.utils.functional import Promise

from channels_binding.classes import attributes, is_written_in, overrides
from channels_binding.querysets.inspection import is_stock_queryset

_PLAIN = (
    *(type(None), bool, int, float, complex, str, bytes, range, decimal.Decimal, uuid.UUID),
    *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta, datetime.timezone, zoneinfo.ZoneInfo),
)
_CONTAINERS = (dict, OrderedDict, list, tuple, set, frozenset)
STOCK = ("django", "django_filters")
DJANGO = ("django", "typing", "builtins")
_CACHES = ("_result_cache", "_prefetch_done", "_fields_cache")
"""What a queryset remembers of having been read; the copies that are read in its place do not."""


def is_plain_data(value: Any) -> bool:
    """Whether a value says the same whoever looks at it: numbers, text, dates, classes, and containers of such."""
    if _is_plain_value(value) or (isinstance(value, type) and not hasattr(type(value), "__iter__")):
        return True
    if type(value) in (list, tuple, set, frozenset):
        return all(map(is_plain_data, value))
    return type(value) is dict and all(is_plain_data(key) and is_plain_data(each) for key, each in value.items())


def _is_plain_value(value: Any) -> bool:
    if isinstance(value, enum.Enum):
        return type(value.value) in _PLAIN and _is_plain_enum(type(value))
    return type(value) in _PLAIN and type(getattr(value, "tzinfo", None)) in _PLAIN


@functools.lru_cache(maxsize=1024)
def _is_plain_enum(cls: type[enum.Enum]) -> bool:
    """Whether what Django and JSON make of its members is what they hold."""
    methods = (getattr(cls, name, None) for name in _OF_VALUES)
    return all(each is None or _is_function_of(each, "enum", "django", "builtins") for each in methods)


_OF_VALUES = (
    *("__str__", "__int__", "__index__", "__float__", "__format__", "__eq__", "__hash__"),
    *("__getattribute__", "__conform__", "resolve_expression", "as_sql"),
)


def _is_function_of(function: Any, *packages: str) -> bool:
    owner = function if getattr(function, "__module__", None) else getattr(function, "__objclass__", None)
    return str(getattr(owner, "__module__", None)).partition(".")[0] in packages


def is_djangos_queryset(queryset: Any) -> bool:
    """Whether its rows are found by Django's code alone, out of plain values, and need no instances to be shown."""
    if not is_stock_queryset(queryset) or [*overrides(type(queryset), DJANGO)] or not is_djangos(_state(queryset)):
        return False
    query = queryset.query
    terms = query.order_by or (queryset.model._meta.ordering or () if query.default_ordering else ())
    return is_djangos_order(queryset, terms)


def is_djangos_manager(manager: Any) -> bool:
    """Whether a manager gives all rows of its model, as Django's own does, and each of them as Django reads it."""
    is_stock = not [*overrides(type(manager), DJANGO)] and is_djangos(_state(manager))
    return is_stock and type(manager.model) is ModelBase and is_djangos_queryset(BaseManager.get_queryset(manager))


def _state(part: Any) -> dict[str, Any]:
    return {name: value for name, value in attributes(part).items() if name not in _CACHES}


def is_djangos(part: Any) -> bool:
    """Whether an expression, or any other part of a query, holds nothing of a project's."""
    return _is_djangos(part, set())


def _is_djangos(part: Any, seen: set[int]) -> bool:
    if _is_plain_value(part) or id(part) in seen:
        return True
    seen.add(id(part))
    if isinstance(part, type):
        return issubclass(part, models.Model) or is_written_in(part, *STOCK, "json", "builtins")
    if isinstance(part, (models.Field, ForeignObjectRel)):
        return is_djangos_column(part)
    if isinstance(part, models.QuerySet):
        return is_djangos_queryset(part)
    if _is_sql(part):
        return False
    if isinstance(part, types.FunctionType):
        return part.__closure__ is None and _is_function_of(part, *STOCK)
    is_known = type(part) in _CONTAINERS or is_written_in(type(part), *STOCK)
    return is_known and not isinstance(part, Promise) and all(_is_djangos(each, seen) for each in _held(part))


def _is_sql(part: Any) -> bool:
    """Whether a project has written SQL, in which a function of the database may know who calls."""
    is_named = isinstance(part, Func) and not part.extra.keys().isdisjoint(("function", "template"))
    return is_named or isinstance(part, (RawSQL, ExtraWhere)) or (isinstance(part, Query) and bool(part.extra_tables))


def _held(part: Any) -> Iterator[Any]:
    if isinstance(part, dict):
        part = part.copy()  # another thread may add to it meanwhile
        yield from part.keys()
        yield from part.values()
    elif isinstance(part, (list, tuple, set, frozenset)):
        yield from [*part]
    yield from (attributes(part) if hasattr(part, "__dict__") else {}).values()


def is_djangos_column(column: Any) -> bool:
    """Whether a field is of Django's own classes, with what it refers to, is made of, and is compared by.

    Then what its values are, and which rows they lead to, is the same for everybody.
    """
    return _is_djangos_column(column, set())


def _is_djangos_column(column: Any, seen: set[Any]) -> bool:
    column = getattr(column, "field", column)  # of the way back of a relation
    if column in seen:
        return True
    seen.add(column)
    codecs = (each for each in (getattr(column, "encoder", None), getattr(column, "decoder", None)) if each is not None)
    if not is_written_in(type(column), "django.db.models", "django.contrib") or not all(map(is_djangos, codecs)):
        return False
    return _keeps_djangos_lookups(column) and all(_is_djangos_column(each, seen) for each in _beside(column))


def _beside(column: Any) -> Iterator[Any]:
    """The fields that a field refers to, and that it is made of."""
    yield from (target for _, target in getattr(column, "related_fields", ()))
    inner = (getattr(column, name, None) for name in ("output_field", "base_field"))  # generated columns, arrays
    yield from (each for each in inner if isinstance(each, models.Field))
    if isinstance(column, models.ManyToManyField):
        yield from column.remote_field.through._meta.concrete_fields  # type: ignore[union-attr]


def _keeps_djangos_lookups(column: Any) -> bool:
    """Whether no project has registered a lookup of its own under the name of one of Django's: ``gte``."""
    found = column.get_lookups() if isinstance(column, models.Field) else {}
    return all(name not in _DJANGOS_LOOKUPS or is_written_in(each, "django") for name, each in found.items())


_DJANGOS_LOOKUPS = frozenset(
    each.lookup_name
    for module in (lookups, datetime_functions)
    for each in attributes(module).values()
    if isinstance(each, type) and issubclass(each, (Lookup, models.Transform)) and hasattr(each, "lookup_name")
)


def is_djangos_path(queryset: models.QuerySet[Any], path: str) -> bool:
    """Whether all that a filter or an order passes on its way is Django's: ``owner__joined__year__gte``.

    Django is asked for the way. Where it knows none the answer is no. Not for what a client may have made up: Django takes
    long for a long way.
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
