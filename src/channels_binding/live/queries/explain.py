"""Who shares a live list, and how a change finds it: what ``manage.py bindings`` and the explorer show."""

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models, router

from channels_binding.bindings import sharing
from channels_binding.bindings.base import BaseBinding, declared_filterset
from channels_binding.calls.call import Call
from channels_binding.live.queries.evaluation import audience_of, evaluate, row_labels
from channels_binding.live.queries.group import Evaluation
from channels_binding.querysets import fulltext
from channels_binding.querysets.conditions import ORDERED_KINDS, is_exact
from channels_binding.registry import registry
from channels_binding.serializers.relations import child


def explain(cls: type[BaseBinding], call: Call) -> dict[str, Any]:
    """How a changed row finds the live lists of a stream, and in particular the one that ``call`` asks for.

    Raises:
        BindingError: The caller may not read it, or it is no list.
    """
    described = {"stream": cls.get_stream(), "binding": name_of(cls)}
    if "search" not in cls.get_actions():
        return described | {"matched": "it has no lists"}
    found = evaluate(call)
    binding = registry.get(call.stream)(call)
    audience = audience_of(binding)
    return described | {
        "audience": str(audience),
        "read in": f"{found.cost.milliseconds} ms, {found.cost.statements} statements",
        "shared by": _sharing(cls, sharing.reasons(binding)),
        "any change of": sorted(found.labels - row_labels(cls.get_model())),
        "a row": _matched(found),
        "filters": [f"{name}: {how}" for name, how in sorted(_filter_matching(cls).items())],
    }


def _matched(found: Evaluation) -> str:
    if found.prefilter is None:
        return f"every change runs the list again: {found.no_prefilter}"
    allowed, bounds = found.prefilter.conditions.allowed, found.prefilter.conditions.bounds
    values = [f"{name} in {sorted(map(repr, values))}" for name, values in sorted(allowed.items())]
    known = ", ".join((*values, *(f"{low} ≤ {name} ≤ {high}" for name, (low, high) in sorted(bounds.items()))))
    return (
        f"by its key where it is shown, else by value ({known})"
        if known
        else ("by its key where it is shown, else the database is asked, up to 100 lists in one statement")
    )


def _filter_matching(cls: type[BaseBinding]) -> dict[str, str]:
    """Each declared filter, and whether a change finds lists that use it by value or by asking."""
    filters = getattr(declared_filterset(cls), "base_filters", {})
    hows = {True: "by value", False: "the database is asked"}
    return {name: hows[_is_by_value(cls.get_model(), each)] for name, each in filters.items()}


def _is_by_value(model: type[models.Model], filter_: Any) -> bool:
    try:
        field: Any = model._meta.get_field(filter_.field_name)
    except FieldDoesNotExist:
        return False
    if filter_.exclude or filter_.method is not None or not field.concrete or field.many_to_many:
        return False
    by_order = filter_.lookup_expr in ("gt", "gte", "lt", "lte", "range") and type(field).__name__ in ORDERED_KINDS
    is_known = filter_.lookup_expr in ("exact", "in") or by_order
    return is_known and is_exact(field, router.db_for_read(model))


def name_of(cls: type[BaseBinding]) -> str:
    """``desk.bindings.tickets.TicketBinding``."""
    return f"{cls.__module__}.{cls.__qualname__}"


def _sharing(cls: type[BaseBinding], reasons: list[str]) -> str:
    if cls.get_audience is not BaseBinding.get_audience:
        return "those of whom get_audience() says the same"
    return f"each caller reads alone: {'; '.join(reasons)}" if reasons else "all who are let in"


def describe(cls: type[BaseBinding]) -> dict[str, Any]:
    """What a binding class says of itself, without a caller."""
    described: dict[str, Any] = {
        "stream": cls.get_stream(),
        "binding": name_of(cls),
        "actions": sorted(cls.get_actions()),
        "permissions": [getattr(each, "__name__", str(each)) for each in cls.get_permission_classes()],
    }
    if cls.find_model() is None:
        return described
    return described | {
        "fields": _fields(cls),
        "filters": _filters(cls),
        "search": [*(cls.search_fields or fulltext.fields_of(cls.search_vector))],
        "live reads": _sharing(cls, sharing.reasons_of_class(cls)),
    }


def _fields(cls: type[BaseBinding]) -> list[str]:
    """Names as sent; ``name (read only)`` where a client cannot write."""
    serializer_class = cls.serializer_class or cls.default_serializer_class()
    fields = getattr(child(serializer_class()), "fields", {})
    return [
        f"{name} (read only)" if field.read_only else name for name, field in fields.items() if not field.write_only
    ]


def _filters(cls: type[BaseBinding]) -> list[str]:
    if cls.filterset_class is not None:
        return sorted(cls.filterset_class.base_filters)
    if isinstance(cls.filterset_fields, dict):
        pairs = cls.filterset_fields.items()
        return [name if lookup == "exact" else f"{name}__{lookup}" for name, lookups in pairs for lookup in lookups]
    return list(cls.filterset_fields)
