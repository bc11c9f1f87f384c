"""System checks of what reads take: searches, filters, orders and parameters of the project's own."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.checks import CheckMessage
from django.core.exceptions import FieldDoesNotExist, FieldError

from channels_binding.bindings.base import BaseBinding, declared_filterset
from channels_binding.checks.exposure import is_hidden
from channels_binding.checks.messages import a_warning, an_error
from channels_binding.checks.names import path_way_out
from channels_binding.protocol.names import AGGREGATE, AGGREGATE_NAMES, RESERVED_NAMES
from channels_binding.querysets import fulltext
from channels_binding.querysets.once import is_path_to_many


def unknown_paths(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    yield from _names(cls, "search_fields", cls.search_fields)
    problem = fulltext.problem_of(cls.get_model(), cls.search_vector) if cls.search_vector else None
    if problem is not None:
        hint = (
            'search_vector = {"title": "A", "body": "B"}, of columns or relations to one row, or a SearchVectorField.'
        )
        yield an_error(cls, 30, f"{cls.__name__}.search_vector names {problem}.", hint)
    elif isinstance(cls.search_vector, str) and not cls.search_fields:
        hint = "They are searched where the database is no PostgreSQL, and say that the stream can be searched."
        yield an_error(cls, 30, f"{cls.__name__}.search_vector is a column, and there are no search_fields.", hint)
    yield from _names(cls, "ordering_fields", cls.ordering_fields or ())
    yield from _names(cls, "ordering", cls.ordering)


def _names(cls: type[BaseBinding], attribute: str, names: Sequence[str]) -> Iterator[CheckMessage]:
    """E004: a path that the model does not have. Annotations of a queryset cannot be seen; those are let pass."""
    if cls.queryset is not None or cls.get_queryset is not BaseBinding.get_queryset:
        return
    for name in names:
        if isinstance(name, str) and not _exists(cls, name.lstrip("-^=@$")):
            message = f"{cls.__name__}.{attribute} names {name!r}, which {cls.get_model().__name__} does not have."
            yield an_error(cls, 4, message, path_way_out(cls.get_model(), name.lstrip("-^=@$")))


def _exists(cls: type[BaseBinding], path: str) -> bool:
    model: Any = cls.get_model()
    for part in path.split("__"):
        if part == "pk":
            continue
        try:
            field = model._meta.get_field(part)
        except FieldDoesNotExist:
            return False
        if field.related_model is None:
            return True  # what follows is a lookup or a transform
        model = field.related_model
    return True


def unusable_filters(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E005: filters that cannot be made. W003: filters by which a column that is not shown can be inferred."""
    try:
        filters = declared_filterset(cls)
    except (TypeError, AssertionError, FieldError) as error:
        meant = [path_way_out(cls.get_model(), name) for name in _filter_paths(cls)]
        general = "Names of 'filterset_fields' are paths of the model; see django-filter for lookups and other columns."
        hint = " ".join(each for each in meant if each) or general
        yield an_error(cls, 5, f"{cls.__name__}.filterset_fields: {str(error).splitlines()[0]}", hint)
        return
    for name, each in getattr(filters, "base_filters", {}).items():
        if is_hidden(cls, str(each.field_name or name)):
            hint = "Whoever may filter by a column can infer what it holds. Show it, or take the filter away."
            yield a_warning(cls, 3, f"{cls.__name__} filters by {name!r}, which it does not show.", hint)


def _filter_paths(cls: type[BaseBinding]) -> Iterator[str]:
    """``{"amount": ["gte", "exact"]}`` → ``amount__gte``, ``amount``; a list of names as it is."""
    fields = cls.filterset_fields
    for name in fields:
        for lookup in fields[name] if isinstance(fields, Mapping) else ("exact",):
            yield name if lookup == "exact" else f"{name}__{lookup}"


def taken_names(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E014: parameters of the project's own under names that reads take already."""
    filters = getattr(cls.filterset_class, "base_filters", cls.filterset_fields)
    reserved = AGGREGATE_NAMES if cls.find_action(AGGREGATE) else RESERVED_NAMES
    taken = sorted({*cls.get_query_params()} & {*reserved, *filters})
    if taken:
        message = f"{cls.__name__}.query_params names {', '.join(taken)}, which reads take already."
        yield an_error(cls, 14, message, "Choose other names.")


_LIBRARY = ("rest_framework", "channels_binding")


def telling_orders(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """W005: orders by which a column that is not shown can be inferred."""
    for name in cls.ordering_fields or ():
        if is_hidden(cls, name):
            hint = "The order of the rows tells what the column holds. Show it, or take the order away."
            yield a_warning(cls, 5, f"{cls.__name__} lets order by {name!r}, which it does not show.", hint)
    shows_by = getattr(cls.serializer_class, "to_representation", None)
    if cls.ordering_fields is None and shows_by is not None and not shows_by.__module__.startswith(_LIBRARY):
        message = (
            f"{cls.__name__} lets order by all columns of its serializer; {shows_by.__qualname__}() may hide some."
        )
        yield a_warning(cls, 5, message, "Name those that all who may read the rows are shown: ordering_fields = (…).")


def repeating_orders(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E023: orders by what a row has several of: it would be listed once for each, and no place is the right one."""
    queryset, meta = cls.queryset, cls.get_model()._meta
    own = (queryset.query.order_by if queryset is not None else ()) or meta.ordering or ()
    orders = {"ordering_fields": cls.ordering_fields or (), "ordering": cls.ordering or own}
    for attribute, names in orders.items():
        for name in names:
            if isinstance(name, str) and is_path_to_many(cls.get_model(), name.lstrip("-")):
                message = f"{cls.__name__} orders by {name!r} ({attribute}), of which a row has several."
                hint = f"Annotate the queryset: annotate(first=Min({name.lstrip('-')!r})), and order by 'first'."
                yield an_error(cls, 23, message, hint)
