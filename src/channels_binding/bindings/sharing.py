"""Whether two callers of the same query may share one evaluation: proven from what takes part in it, never guessed.

An answer is the same for everybody only where all that makes it is this package's, Django's, REST framework's or
django-filter's own, and none of that asks who calls. Every function and attribute of the project's that may take part is a
reason against it, known or not: a list of dangerous hooks would be wrong as soon as one is missing from it.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, cast
from weakref import WeakKeyDictionary

from django.db import models, router
from django.db.models.enums import Choices
from django.db.models.manager import BaseManager
from django.forms import Form, Widget
from django.utils.choices import flatten_choices
from django.utils.functional import LazyObject
from django_filters import FilterSet, LookupChoiceFilter, OrderingFilter
from django_filters.filters import FilterMethod
from django_filters.filterset import FilterSetMetaclass
from rest_framework.filters import SearchFilter

from channels_binding.bindings.actions import is_stock
from channels_binding.classes import attributes, is_written_in, overrides, unwrapped
from channels_binding.compiled.compiler import plan_of
from channels_binding.compiled.plan import Column, NestedRow, Plan, RelatedRows
from channels_binding.exceptions import Invalid
from channels_binding.protocol.names import PRESENCE
from channels_binding.querysets import fulltext
from channels_binding.querysets.links import Link, order_of, order_terms
from channels_binding.querysets.pages import read_order
from channels_binding.querysets.stock import (
    is_djangos,
    is_djangos_column,
    is_djangos_manager,
    is_djangos_order,
    is_djangos_path,
    is_djangos_queryset,
    is_plain_data,
)
from channels_binding.querysets.unasked import FILTERSET_PARTS, LIBRARY
from channels_binding.security import permissions

EVERYBODY = ("all",)
"""The audience of an answer that is the same whoever asks."""

_OF_WRITES = frozenset(
    {
        *("create", "update", "replace", "save", "delete", "form", "describe", "subscribe", "unsubscribe"),
        *("perform_create", "perform_update", "perform_destroy", "perform_form", "clean", "transaction", "write_alias"),
        *(
            "get_create_values",
            "check_version",
            "get_form_class",
            "get_form",
            "get_formsets",
            "check_formset",
            "check_form_permission",
        ),
        *(
            "get_create_values",
            "rows_of_formset",
            "scope_formset",
            "scope_form",
            "scope_relations",
            "get_writer",
            "answer_of_write",
            "with_written_rows",
            "answer_of_repeated_write",
            "row_as_read",
            "aget_object",
            "login",
            "logout",
        ),
        *("reflect", "dispatch", "broadcast", "send_to", "get_presence_user"),
    }
)
"""Hooks of writes, forms, messages and of those who are in rooms: no read calls them."""
_OF_THE_CALL = frozenset(
    {
        *("throttle_classes", "throttle_scope", "get_throttle_classes", "get_throttles", "check_throttles"),
        *("authentication_classes", "pagination_class", "get_pagination_class", "query_params"),
    }
)
"""What is asked about each call by itself, or over HTTP alone, where nothing is shared."""
_DECLARED = frozenset(
    {
        *("model", "stream", "fields", "exclude", "read_only_fields", "form_class", "formsets", "page_size"),
        *("max_page_size", "expandable", "search_fields", "ordering_fields", "filterset_fields", "sends", "actions"),
        *("aggregates", "group_by", "search_vector", "search_config"),
        *("post_save_retrieve", "atomic", "bulk", "max_bulk", "full_clean", "presence", "depends_on", "lookup_field"),
    }
)
"""Attributes that say all by their value, if that is plain data."""
_LOOKED_INTO = frozenset(
    {
        *("queryset", "serializer_class", "filterset_class", "permission_class", "permission_classes", "extra_kwargs"),
        *("ordering", "_actions", "_default_serializer"),
    }
)
"""Attributes that are judged by what they name, or made by this package of what is."""


def reasons(binding: Any) -> list[str]:
    """Why two callers might be answered otherwise by this read (a binding instance with its call); empty if they cannot.

    ``["get_queryset() is OrderBinding's own", "IsAdminUser may ask who calls"]``
    """
    return reasons_of_class(type(binding), binding.call.action) or [*_of_what_is_asked(binding)]


def reasons_of_class(cls: Any, action: str = "search") -> list[str]:
    """As ``reasons``, of all reads of a binding class alike: without filters, and without texts of related rows."""
    return _kept(cls, action, lambda: [*_computed(cls)] or [*_of_source(cls, action), *_of_representation(cls)])


_judged: "WeakKeyDictionary[type, dict[Hashable, list[str]]]" = WeakKeyDictionary()


def _kept(cls: type, part: Hashable, judge: Callable[[], Iterable[str]]) -> list[str]:
    """The reasons of one part of a class, found once: an answer that is made again asks for them again."""
    kept = _judged.setdefault(cls, {})
    if part not in kept:
        kept[part] = [*judge()]
    return kept[part]


def _computed(cls: type) -> Iterator[str]:
    """Attributes that are made when they are asked for, and so may be others for each instance than for the class."""
    for name, value in overrides(cls, OWN):
        if name in _LOOKED_INTO and hasattr(type(value), "__get__"):
            yield f"{name} of {cls.__name__} is computed"


def _of_source(cls: Any, action: str) -> Iterator[str]:
    """Why the rows that there are may be others for each caller."""
    yield from _of_class(cls)
    yield from _of_action(cls, action)
    yield from _of_permissions(cls)
    yield from _of_rows(cls)


# The class


OWN = ("channels_binding", "typing", "builtins")


def _of_class(cls: type) -> Iterator[str]:
    if type(cls) is not type:
        yield f"{cls.__name__} has a metaclass"
    for name, value in overrides(cls, OWN):
        if name in _OF_WRITES or name in _OF_THE_CALL or name in _LOOKED_INTO:
            continue
        if name not in _DECLARED:
            yield f"{name}() is {cls.__name__}'s own" if callable(value) else f"{name} is {cls.__name__}'s own"
        elif not is_plain_data(value):
            yield f"{name} of {cls.__name__} is no plain data"


def _of_action(cls: Any, action: str) -> Iterator[str]:
    """A read that a project's handler answers, whatever its method is called."""
    for name in (action, "retrieve") if action == PRESENCE else (action,):
        found = cls.find_action(name)
        if found is not None and (not is_stock(found) or found.permission_classes is not None):
            yield f"{name} is answered by {cls.__name__} itself"


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
    elif not isinstance(cls.queryset, models.QuerySet) or not is_djangos_queryset(cls.queryset):
        yield f"queryset of {cls.__name__} is not only Django's"
    else:
        yield from _of_model(model)
    if model is not None:
        yield from _of_order(cls, cls.ordering)


def _of_model(model: type[models.Model]) -> Iterator[str]:
    """Keys are sent, and compared with, whether a serializer shows them or not; parents are joined by theirs."""
    links = [link for link in model._meta.parents.values() if link is not None]
    if not all(map(is_djangos_column, [*model._meta.pk_fields, *links])):
        yield f"the key of {model.__name__} is a field of the project's, or refers to one"


def _source(cls: Any) -> models.QuerySet[Any]:
    """The rows of a class that has no hooks of its own."""
    given: models.QuerySet[Any] | None = cls.queryset
    return BaseManager.get_queryset(cls.find_model()._default_manager) if given is None else given


def _of_order(cls: Any, names: Any) -> Iterator[str]:
    if not isinstance(names, (list, tuple)) or not is_djangos_order(_source(cls), names):
        yield f"the order {names} is not only Django's"


def _of_manager(model: type[models.Model]) -> Iterator[str]:
    if not is_djangos_manager(model._default_manager):
        yield f"the default manager of {model.__name__}, or its order, is not only Django's"
    yield from _of_model(model)


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
        elif isinstance(member, NestedRow):
            yield from _of_column(plan.model, f"{member.path}__pk")
            yield from _of_plan(member.plan)
        elif isinstance(member, RelatedRows):
            yield from _of_manager(member.model)
            yield from _of_column(member.model, member.query_name)
            yield from _of_plan(member.plan) if member.plan is not None else ()


def _of_column(model: type[models.Model], path: str) -> Iterator[str]:
    column: Any = None
    for name in path.split("__"):
        column = model._meta.pk if name == "pk" else model._meta.get_field(name)
        model = column.related_model or model
        if not is_djangos_column(column):
            yield f"{column} is a field of the project's, or refers to one"
    if isinstance(column, models.FileField) and not _is_djangos_storage(_inner(column.storage)):
        yield f"files of {column} are in a storage of the project's, or at URLs without a beginning"


def _is_djangos_storage(storage: Any) -> bool:
    """Whether its URLs are made by Django's code, and do not go on from the path that was asked."""
    begins = str(getattr(storage, "base_url", None) or "/").startswith(("/", "http://", "https://"))
    return begins and is_written_in(type(storage), "django") and is_djangos(attributes(storage))


def _inner(storage: Any) -> Any:
    """The storage behind Django's lazy ``default_storage``."""
    if not isinstance(storage, LazyObject):
        return storage
    str(storage)
    return unwrapped(storage)


# What a caller may ask for


def _of_what_is_asked(binding: Any) -> Iterator[str]:
    """Where it is refused, whoever asks, there is nothing to share; nor is what a client has made up looked into."""
    data = binding.call.data
    cls = type(binding)
    with suppress(Invalid):
        for name in read_order(data, binding.get_ordering_fields()):
            yield from _kept(cls, ("order", name), partial(_of_order, cls, [name]))
    if data.get("query"):
        yield from _kept(cls, "query", partial(_of_search, cls))
    filters = data.get("filters")
    yield from _of_filters(binding, filters if isinstance(filters, Mapping) else {})
    yield from _of_labels(binding)
    for path, link in binding.expanded_links().items():
        yield from _kept(cls, ("expand", path), partial(_of_link, link, binding.get_expandable()[path]))


def _of_link(link: Link, options: Mapping[str, Any]) -> Iterator[str]:
    """How rows lead to others, and in what order. What is shown of those, their own streams decide."""
    yield from _of_column(link.through, link.source_path)
    yield from _of_column(link.through, link.target_path)
    for term in order_terms(link.target, order_of(options)) if link.is_many else ():
        yield from _of_column(link.target, term.what)


def _of_search(cls: Any) -> Iterator[str]:
    queryset = _source(cls)
    for name in (*(cls.search_fields or ()), *fulltext.fields_of(cls.search_vector)):
        if not is_djangos_path(queryset, SearchFilter().construct_search(name, queryset)):
            yield f"the search in {name} is not only Django's"


def _of_filters(binding: Any, given: Mapping[str, Any]) -> Iterator[str]:
    """A FilterSet takes part in every list, and each of its filters also without a value."""
    filterset = binding.get_filterset_class()
    if filterset is None:
        return
    yield from _kept(filterset, "", partial(_of_filterset_class, filterset))
    if len(given) > MOST_FILTERS:
        yield f"more than {MOST_FILTERS} filters are asked for"
        return
    for name, filter_ in filterset.base_filters.items():
        if any(each.startswith(name) for each in given):  # or a part of it: price_min
            yield from _kept(type(binding), (filterset, name), partial(_of_way, type(binding), filterset, name))
            if "queryset" in filter_.extra:
                yield from _of_related_rows(binding, filter_)


def _of_way(cls: Any, filterset: Any, name: str) -> Iterator[str]:
    if not _is_stock_way(_source(cls), filterset.base_filters[name]):
        yield f"the filter {name} compares by what is not only Django's"


MOST_FILTERS = 100
"""So many names of a call are looked at; whoever asks for more is answered alone."""


def _of_filterset_class(cls: type[FilterSet]) -> Iterator[str]:
    if type(cls) is not FilterSetMetaclass:
        yield f"{cls.__name__} has a metaclass"
    for name, _ in overrides(cls, LIBRARY):
        if name not in FILTERSET_PARTS:
            yield f"{name} is {cls.__name__}'s own"
    if getattr(cls._meta, "form", Form) is not Form:
        yield f"{cls.__name__} has a form of its own"
    for name, filter_ in cls.base_filters.items():
        if not _is_stock_filter(filter_):
            yield f"the filter {name} is {cls.__name__}'s own"


_WORDS = frozenset({"label", "_label", "help_text", "empty_label", "null_label", "error_messages", "attrs"})
"""Texts, which may be translated, and which only a form would show."""
_PARTS = frozenset({"extra", "queryset", "parent", "model", "_field", "_method"})
"""Of a filter: looked into by themselves, or made of the rest."""


def _is_stock_filter(filter_: Any) -> bool:
    """Whether a filter filters by code of Django and django-filter alone, by what the caller has given or by plain values."""
    is_stock_class = not [*overrides(type(filter_), LIBRARY)] and is_written_in(
        filter_.field_class, "django_filters", "django"
    )
    return is_stock_class and is_djangos([_state(filter_), _options(filter_)])


def _state(part: Any) -> dict[str, Any]:
    """Without what calls a project's method for each value, and for none where there is none."""
    state = {name: value for name, value in attributes(part).items() if name not in _PARTS | _WORDS}
    return {name: value for name, value in state.items() if type(value) is not FilterMethod}


def _options(filter_: Any) -> dict[str, Any]:
    """What its form field is made of: ``{"choices": ["a", "b"], "max_value": 9}``."""
    options = {name: value for name, value in filter_.extra.items() if name not in {"queryset", *_WORDS}}
    choices = options.get("choices")
    if isinstance(choices, type) and issubclass(choices, Choices):
        options["choices"] = choices.values
    elif type(choices) in (list, tuple):
        options["choices"] = [value for value, _ in flatten_choices(cast("list[Any]", choices))]
    if isinstance(widget := options.get("widget"), Widget):
        options["widget"] = [type(widget), _state(widget)]
    return options


def _is_stock_way(queryset: models.QuerySet[Any], filter_: Any) -> bool:
    """Whether what a filter compares, and how, is Django's."""
    if filter_.method is not None:
        return False
    if isinstance(filter_, OrderingFilter):
        return is_djangos_order(queryset, filter_.param_map.values())
    if isinstance(filter_, LookupChoiceFilter):
        lookups = [lookup for lookup, _ in filter_.get_lookup_choices()]
    else:
        lookups = [filter_.lookup_expr]
    return all(isinstance(each, str) and is_djangos_path(queryset, f"{filter_.field_name}__{each}") for each in lookups)


def _of_related_rows(binding: Any, filter_: Any) -> Iterator[str]:
    queryset = filter_.extra["queryset"]
    if not isinstance(queryset, models.QuerySet) or not is_djangos_queryset(queryset):
        yield f"the filter of {filter_.field_name} has a queryset of its own"
        return
    key = filter_.extra.get("to_field_name")
    if key is not None and not is_djangos_path(queryset, key):
        yield f"the filter of {filter_.field_name} looks rows up by {key}, which is not only Django's"
    yield from _of_unserved(binding, queryset.model)


def _of_labels(binding: Any) -> Iterator[str]:
    """Texts of related rows are what their models say of them."""
    if binding.call.data.get("labels") is not True:
        return
    for model in binding.labelled_models():
        if model.__str__ is not models.Model.__str__ and not is_written_in(model, "django.contrib"):
            yield f"labels are what {model.__name__}.__str__() says"


def _of_unserved(binding: Any, model: type[models.Model]) -> Iterator[str]:
    """Related rows that no stream serves. Where one does, its own audience is part of the answer's (``live.queries``)."""
    if binding.stream_over(model) is None:
        yield from _of_manager(model)
