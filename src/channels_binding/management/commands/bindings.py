"""``manage.py bindings``: the streams of this project, and what each offers to whom."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels_binding.bindings import BaseBinding
from channels_binding.exceptions import NotFound
from channels_binding.registry import registry
from channels_binding.serializers import child


class Command(BaseCommand):
    help = (
        "Shows every stream: its binding, actions, fields, filters, orders, permissions, and who shares its live reads."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("streams", nargs="*", help="Only these streams, like desk.Ticket.")
        parser.add_argument("--json", action="store_true", help="For programs.")

    def handle(self, *args: Any, streams: list[str], json: bool, **options: Any) -> None:
        try:
            chosen = [registry.get(name) for name in streams] or sorted(registry, key=lambda cls: cls.get_stream())
        except NotFound:
            known = ", ".join(sorted(cls.get_stream() for cls in registry))
            raise CommandError(f"There is no such stream. There are: {known}.") from None
        described = [describe(cls) for cls in chosen]
        self.stdout.write(_as_json(described) if json else "\n\n".join(_as_text(each) for each in described))


def describe(cls: type[BaseBinding]) -> dict[str, Any]:
    """What a binding class says of itself, without a caller."""
    shared = "each user reads alone" if cls.depends_on_user() else "all signed-in users share one reading"
    if cls.get_audience is not BaseBinding.get_audience:
        shared = "as get_audience() says"
    described: dict[str, Any] = {
        "stream": cls.get_stream(),
        "binding": f"{cls.__module__}.{cls.__qualname__}",
        "actions": sorted(cls.get_actions()),
        "permissions": [getattr(each, "__name__", str(each)) for each in cls.get_permission_classes()],
    }
    if cls.find_model() is None:
        return described
    return described | {
        "fields": _fields(cls),
        "filters": _filters(cls),
        "search": list(cls.search_fields),
        "live reads": shared,
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
    lines = [f"  {name:<12}{_value(value)}" for name, value in described.items() if name not in ("stream", "binding")]
    return "\n".join([head, *lines])


def _value(value: Any) -> str:
    return (", ".join(value) or "none") if isinstance(value, list) else str(value)
