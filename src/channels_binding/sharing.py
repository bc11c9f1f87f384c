"""Whether two callers who read the same may share one live answer: proven from what takes part in it, never guessed.

An answer is the same for everybody only where all that makes it is this package's, Django's, REST framework's or
django-filter's own, and none of that asks who calls. Every function and attribute of the project's that may take part is a
reason against it, known or not: a list of dangerous hooks would be wrong as soon as one is missing from it.
"""

import datetime
import decimal
import enum
import functools
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import models, router
from django.db.models.manager import BaseManager
from django.db.models.query import ModelIterable
from django.db.models.sql import Query
from django.db.models.sql.where import WhereNode
from django.forms import Form
from django_filters import FilterSet

from channels_binding import permissions
from channels_binding.classes import is_written_in
from channels_binding.columns import is_djangos
from channels_binding.mixins import ModelActions
from channels_binding.plans import Branch, Column, Nest, Plan, plan_of

_INERT = frozenset(
    {
        *("__module__", "__qualname__", "__doc__", "__dict__", "__weakref__", "__annotations__", "__parameters__"),
        *("__orig_bases__", "__firstlineno__", "__static_attributes__", "__annotate_func__", "__annotations_cache__"),
        *("__abstractmethods__", "_abc_impl", "__init_subclass__", "__class_getitem__"),
    }
)
"""What every class body has, and no instance is asked for."""

_PLAIN = (
    *(type(None), bool, int, float, complex, str, bytes, decimal.Decimal, uuid.UUID),
    *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta),
)

_OF_WRITES = frozenset(
    {
        *("create", "update", "replace", "save", "delete", "form", "describe", "subscribe", "unsubscribe"),
        *("perform_create", "perform_update", "perform_destroy", "perform_form", "clean", "transaction", "write_alias"),
        *("check_version", "get_form_class", "get_form", "get_formsets", "check_formset", "check_form_permission"),
        *(
            "rows_of_formset",
            "scope_formset",
            "scope_form",
            "scope_relations",
            "get_writer",
            "aget_object",
            "login",
            "logout",
        ),
        *("reflect", "dispatch", "broadcast", "send_to"),
    }
)
"""Hooks of writes, forms and messages: no read calls them."""
_OF_THE_CALL = frozenset(
    {
        *("throttle_classes", "throttle_scope", "get_throttle_classes", "get_throttles", "check_throttles"),
        *("authentication_classes", "pagination_class", "get_pagination_class", "query_params", "get_query_params"),
    }
)
"""What is asked about each call by itself, or over HTTP alone, where nothing is shared."""
_DECLARED = frozenset(
    {
        *("model", "stream", "fields", "exclude", "read_only_fields", "form_class", "formsets", "page_size"),
        *("max_page_size", "search_fields", "ordering_fields", "ordering", "filterset_fields", "sends", "actions"),
        *("post_save_retrieve", "atomic", "bulk", "max_bulk", "full_clean", "depends_on", "lookup_field"),
    }
)
"""Attributes that say all by their value, if that is plain data."""
_LOOKED_INTO = frozenset(
    {
        *("queryset", "serializer_class", "filterset_class", "permission_class", "permission_classes", "extra_kwargs"),
        *("_actions", "_default_serializer"),
    }
)
"""Attributes that are judged by what they name, or made by this package of what is."""
_FILTERSET_PARTS = frozenset({"Meta", "_meta", "base_filters", "declared_filters"})


def reasons(binding: Any) -> list[str]:
    """Why two callers might be answered otherwise by this read (a binding instance with its call); empty if they cannot.

    ``["get_queryset() is OrderBinding's own", "IsAdminUser may ask who calls"]``
    """
    return reasons_of_class(type(binding), binding.call.action) or [*_of_filters(binding), *_of_labels(binding)]


def reasons_of_class(cls: Any, action: str = "search") -> list[str]:
    """As ``reasons``, of all reads of a binding class alike: without filters, and without texts of related rows."""
    computed = [*_computed(cls)]
    return computed or [*_of_source(cls, action), *_of_representation(cls)]


def _computed(cls: type) -> Iterator[str]:
    """Attributes that are made when they are asked for, and so may be others for each instance than for the class."""
    for name, value in _overrides(cls, OWN):
        if name in _LOOKED_INTO and hasattr(type(value), "__get__"):
            yield f"{name} of {cls.__name__} is computed"


def _of_source(cls: Any, action: str) -> Iterator[str]:
    """Why the rows that there are may be others for each caller."""
    yield from _of_class(cls)
    yield from _of_action(cls, action)
    yield from _of_permissions(cls)
    yield from _of_rows(cls)


# The class


def _by_the_project(cls: type, owners: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Names and values in the bodies of those of its bases that are not written by ``owners``."""
    for base in cls.__mro__:
        if base is not object and not is_written_in(base, *owners):
            yield from vars(base).items()


def _overrides(cls: type, owners: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """What a project's class says otherwise than its owners' classes; names of its own are called by nothing of theirs."""
    known = _known_to(cls, owners)
    for name, value in _by_the_project(cls, owners):
        if name not in _INERT and (name in known or name.startswith("__")):
            yield name, value


@functools.lru_cache(maxsize=1024)
def _known_to(cls: Any, owners: tuple[str, ...]) -> frozenset[str]:
    """Names that the owners' classes among its bases have."""
    bases = (base for base in cls.__mro__ if base is object or is_written_in(base, *owners))
    return frozenset(name for base in bases for name in vars(base))


OWN = ("channels_binding", "typing", "builtins")


def _of_class(cls: type) -> Iterator[str]:
    if type(cls) is not type:
        yield f"{cls.__name__} has a metaclass"
    for name, value in _overrides(cls, OWN):
        if name in _OF_WRITES or name in _OF_THE_CALL or name in _LOOKED_INTO:
            continue
        if name not in _DECLARED:
            yield f"{name}() is {cls.__name__}'s own" if callable(value) else f"{name} is {cls.__name__}'s own"
        elif not is_plain_data(value):
            yield f"{name} of {cls.__name__} is no plain data"


def is_plain_data(value: Any) -> bool:
    """Whether a value says the same whoever looks at it: numbers, text, dates, classes, and containers of such."""
    if type(value) in _PLAIN or isinstance(value, (type, enum.Enum)):
        return True
    if type(value) in (list, tuple, set, frozenset):
        return all(map(is_plain_data, value))
    return type(value) is dict and all(is_plain_data(key) and is_plain_data(each) for key, each in value.items())


def _of_action(cls: Any, action: str) -> Iterator[str]:
    """A read that a project's handler answers, whatever its method is called."""
    found = cls.find_action(action)
    ours = getattr(ModelActions, action, None)
    if found is not None and (found.handler is not ours or found.permission_classes is not None):
        yield f"{action} is answered by {cls.__name__} itself"


def _of_permissions(cls: Any) -> Iterator[str]:
    for permission in cls.get_permission_classes():
        if permission not in permissions.USER_BLIND:
            yield f"{getattr(permission, '__name__', permission)} may ask who calls"


# The rows


def _of_rows(cls: Any) -> Iterator[str]:
    for each in router.routers:
        if getattr(each, "depends_on_caller", True):
            yield f"{type(each).__name__} of DATABASE_ROUTERS may choose by who calls (unless it has depends_on_caller = False)"
    model = cls.find_model()
    if model is None:
        yield f"{cls.__name__} has no model"
    elif cls.queryset is None:
        yield from _of_manager(model)
    elif not is_stock_queryset(cls.queryset):
        yield f"queryset of {cls.__name__} is not only Django's"
    if model is not None and not all(map(_is_djangos_sql, model._meta.ordering or ())):
        yield f"Meta.ordering of {model.__name__} is not only Django's"


def _of_manager(model: type[models.Model]) -> Iterator[str]:
    manager: Any = model._default_manager
    is_stock = not [*_overrides(type(manager), ("django",))] and is_stock_queryset(BaseManager.get_queryset(manager))
    if not is_stock:
        yield f"the default manager of {model.__name__} is the project's"


def is_stock_queryset(queryset: Any) -> bool:
    """Whether its rows are found by Django's code alone, out of plain values."""
    is_read_by_django = queryset._iterable_class is ModelIterable and not queryset._prefetch_related_lookups
    return is_read_by_django and not [*_overrides(type(queryset), ("django",))] and _is_djangos_sql(queryset.query)


def _is_djangos_sql(part: Any) -> bool:
    """Whether a query, or a part of one, consists of Django's expressions over plain values."""
    if is_plain_data(part):
        return True
    if type(part) in (list, tuple):
        return all(map(_is_djangos_sql, part))
    if isinstance(part, models.QuerySet):
        return is_stock_queryset(part)
    if not is_written_in(type(part), "django"):
        return False
    if isinstance(part, Query):
        inner = (part.where, *part.annotations.values(), *part.combined_queries, *part.order_by, *part.extra.values())
        return type(part) is Query and all(map(_is_djangos_sql, inner))
    if isinstance(part, WhereNode):
        return all(map(_is_djangos_sql, part.children))
    if isinstance(part, models.Field):
        return True
    sources: list[Any] = getattr(part, "get_source_expressions", list)()
    members = [getattr(part, name, None) for name in ("rhs", "value", "query", "extra")]
    return all(map(_is_djangos_sql, [*sources, *members]))


# What is shown of them


def _of_representation(cls: Any) -> Iterator[str]:
    model = cls.find_model()
    if model is None:
        return
    serializer_class = cls.default_serializer_class() if cls.serializer_class is None else cls.serializer_class
    plan = plan_of(serializer_class, model)
    if plan is None:
        yield f"rows are shown by code of {getattr(serializer_class, '__name__', serializer_class)} or its model"
    else:
        yield from _of_plan(plan)


def _of_plan(plan: Plan) -> Iterator[str]:
    for member in plan.members:
        if isinstance(member, Column):
            yield from _of_column(plan.model, member.path)
        elif isinstance(member, Nest):
            yield from _of_plan(member.plan)
        elif isinstance(member, Branch):
            yield from _of_manager(member.model)
            yield from _of_plan(member.plan) if member.plan is not None else ()


def _of_column(model: type[models.Model], path: str) -> Iterator[str]:
    for name in path.split("__"):
        column: Any = model._meta.pk if name == "pk" else model._meta.get_field(name)
        model = column.related_model or model
    if not is_djangos(column):
        yield f"{column} is a field of the project's"
    if isinstance(column, models.FileField) and not is_written_in(type(_inner(column.storage)), "django"):
        yield f"files of {column} are in a storage of the project's"
    if isinstance(column, models.JSONField) and column.decoder is not None:
        yield f"{column} has a decoder of its own"


def _inner(storage: Any) -> Any:
    """The storage behind Django's lazy ``default_storage``."""
    str(storage)
    return getattr(storage, "_wrapped", storage)


# What a caller may ask for


def _of_filters(binding: Any) -> Iterator[str]:
    filters, filterset = binding.call.data.get("filters"), binding.get_filterset_class()
    if filterset is None or not isinstance(filters, Mapping) or not filters:
        return
    yield from _of_filterset_class(filterset)
    for name in filters:
        filter_ = filterset.base_filters.get(name)
        if "queryset" in getattr(filter_, "extra", ()):
            yield from _of_related_rows(binding, filter_)


def _of_filterset_class(cls: type[FilterSet]) -> Iterator[str]:
    for name, _ in _overrides(cls, ("django_filters",)):
        if name not in _FILTERSET_PARTS:
            yield f"{name} is {cls.__name__}'s own"
    if getattr(cls._meta, "form", Form) is not Form:
        yield f"{cls.__name__} has a form of its own"
    for name, each in cls.base_filters.items():
        extra = {key: value for key, value in each.extra.items() if key != "queryset"}
        classes = (type(each), each.field_class)
        is_stock = each.method is None and all(is_written_in(part, "django_filters", "django") for part in classes)
        if not is_stock or any(map(_is_code, extra.values())):
            yield f"the filter {name} is {cls.__name__}'s own"


def _is_code(value: Any) -> bool:
    """Whether a filter's option is a function of the project's, or an object that may hold one."""
    module = (getattr(value, "__module__", None) or type(value).__module__).partition(".")[0]
    return not is_plain_data(value) and module not in ("django", "django_filters", "builtins")


def _of_related_rows(binding: Any, filter_: Any) -> Iterator[str]:
    queryset = filter_.extra["queryset"]
    if not isinstance(queryset, models.QuerySet) or not is_stock_queryset(queryset):
        yield f"the filter of {filter_.field_name} has a queryset of its own"
        return
    yield from _of_unserved(binding, queryset.model)


def _of_labels(binding: Any) -> Iterator[str]:
    """Texts of related rows are what their models say of them."""
    if binding.call.data.get("labels") is not True:
        return
    for model in binding.labelled_models():
        if model.__str__ is not models.Model.__str__:
            yield f"labels are what {model.__name__}.__str__() says"


def _of_unserved(binding: Any, model: type[models.Model]) -> Iterator[str]:
    """Related rows that no stream serves. Where one does, its own audience is part of the answer's (``live.queries``)."""
    if binding.stream_over(model) is None:
        yield from _of_manager(model)
