"""``manage.py bindings``: the streams of this project, and what each offers to whom."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import FieldDoesNotExist
from django.core.management.base import BaseCommand, CommandError
from django.db import models, router

from channels_binding.bindings import sharing
from channels_binding.bindings.base import BaseBinding, declared_filterset
from channels_binding.calls.call import Call
from channels_binding.exceptions import BindingError, NotFound
from channels_binding.live.queries.evaluation import audience_of, evaluate, row_labels
from channels_binding.live.queries.group import Evaluation
from channels_binding.protocol import codecs
from channels_binding.querysets.conditions import ORDERED_KINDS, is_exact
from channels_binding.registry import registry
from channels_binding.serializers.relations import child


class Command(BaseCommand):
    help = (
        "Shows every stream: its binding, actions, fields, filters, orders, permissions, and who shares its live reads."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("streams", nargs="*", help="Only these streams, like desk.Ticket.")
        parser.add_argument("--json", action="store_true", help="For programs.")
        parser.add_argument("--explain", action="store_true", help="How changes find the live lists of each stream.")
        parser.add_argument("--user", help="With --explain: whose lists (a user name; by default nobody's).")
        parser.add_argument("--data", default="{}", help='With --explain: which list, {"filters": {"status": "open"}}.')

    def handle(self, *args: Any, streams: list[str], json: bool, **options: Any) -> None:
        try:
            chosen = [registry.get(name) for name in streams] or sorted(registry, key=lambda cls: cls.get_stream())
        except NotFound:
            known = ", ".join(sorted(cls.get_stream() for cls in registry))
            raise CommandError(f"There is no such stream. There are: {known}.") from None
        described = [self._explained(cls, options) if options["explain"] else describe(cls) for cls in chosen]
        self.stdout.write(_as_json(described) if json else "\n\n".join(_as_text(each) for each in described))

    def _explained(self, cls: type[BaseBinding], options: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return explain(cls, _user(options["user"]), codecs.parse(options["data"]))
        except (ValueError, models.ObjectDoesNotExist) as error:
            raise CommandError(str(error)) from None
        except BindingError as error:
            return {"stream": cls.get_stream(), "binding": _name(cls), "refused": f"{error} ({error.code})"}


def _user(name: str | None) -> Any:
    return AnonymousUser() if name is None else get_user_model()._default_manager.get_by_natural_key(name)


def explain(cls: type[BaseBinding], user: Any, data: dict[str, Any]) -> dict[str, Any]:
    """How a changed row finds the live lists of a stream, and one list of ``user`` in particular."""
    described = {"stream": cls.get_stream(), "binding": _name(cls)}
    if "search" not in cls.get_actions():
        return described | {"matched": "it has no lists"}
    call = Call(cls.get_stream(), "search", data, user)
    found = evaluate(call)
    binding = registry.get(call.stream)(call)
    audience = audience_of(binding)
    return described | {
        "audience": str(audience),
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


def _name(cls: type[BaseBinding]) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _sharing(cls: type[BaseBinding], reasons: list[str]) -> str:
    if cls.get_audience is not BaseBinding.get_audience:
        return "those of whom get_audience() says the same"
    return f"each caller reads alone: {'; '.join(reasons)}" if reasons else "all who are let in"


def describe(cls: type[BaseBinding]) -> dict[str, Any]:
    """What a binding class says of itself, without a caller."""
    described: dict[str, Any] = {
        "stream": cls.get_stream(),
        "binding": _name(cls),
        "actions": sorted(cls.get_actions()),
        "permissions": [getattr(each, "__name__", str(each)) for each in cls.get_permission_classes()],
    }
    if cls.find_model() is None:
        return described
    return described | {
        "fields": _fields(cls),
        "filters": _filters(cls),
        "search": list(cls.search_fields),
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


def _as_json(described: list[dict[str, Any]]) -> str:
    return json.dumps(described, indent=2)


def _as_text(described: dict[str, Any]) -> str:
    head = f"{described['stream']}  ({described['binding']})"
    lines = [f"  {name:<15}{_value(value)}" for name, value in described.items() if name not in ("stream", "binding")]
    return "\n".join([head, *lines])


def _value(value: Any) -> str:
    return (", ".join(value) or "none") if isinstance(value, list) else str(value)
