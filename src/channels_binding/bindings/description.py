"""What a UI needs to know of a stream: its fields, filters, orders, and what this user can do (spec/protocol.md §2.2)."""

from collections.abc import Iterator
from typing import Any

from django.utils.encoding import force_str
from rest_framework import serializers

from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.expansions import expandables
from channels_binding.bindings.measures import Choice
from channels_binding.exceptions import BindingError
from channels_binding.forms.form import describe_field
from channels_binding.omissions import Omissions
from channels_binding.protocol.names import AGGREGATE
from channels_binding.querysets.filters import lists_values, values_of
from channels_binding.serializers.relations import child

FIELD_TYPES: tuple[tuple[type, str], ...] = (
    (serializers.ManyRelatedField, "relation"),
    (serializers.RelatedField, "relation"),
    (serializers.BooleanField, "boolean"),
    (serializers.MultipleChoiceField, "choice"),
    (serializers.FilePathField, "choice"),
    (serializers.ChoiceField, "choice"),
    (serializers.IntegerField, "integer"),
    (serializers.FloatField, "float"),
    (serializers.DecimalField, "decimal"),
    (serializers.DateTimeField, "datetime"),
    (serializers.DateField, "date"),
    (serializers.TimeField, "time"),
    (serializers.DurationField, "duration"),
    (serializers.UUIDField, "uuid"),
    (serializers.EmailField, "email"),
    (serializers.SlugField, "slug"),
    (serializers.URLField, "url"),
    (serializers.IPAddressField, "ip"),
    (serializers.ImageField, "image"),
    (serializers.FileField, "file"),
    (serializers.JSONField, "json"),
    (serializers.CharField, "string"),
    (serializers.ListField, "list"),
    (serializers.ListSerializer, "list"),
)
"""Serializer field → the word for it; the first that fits. Whatever else is an ``object``."""


def describe_stream(binding: BaseBinding) -> dict[str, Any]:
    """``desk.Ticket`` → label, fields, filters, ordering, and what the caller can do."""
    meta = binding.get_model()._meta
    serializer = child(binding.get_serializer())
    return {
        "stream": binding.get_stream(),
        "label": force_str(meta.verbose_name),
        "label_plural": force_str(meta.verbose_name_plural),
        "pk": meta.pk.name,
        "page_size": binding.get_page_size(),
        "max_page_size": binding.get_max_page_size(),
        "search": bool(binding.get_search_fields()),
        "ordering": list(binding.get_ordering_fields()),
        "actions": sorted(binding.get_actions()),
        "can": {"create": _can(binding, "POST"), "update": _can(binding, "PATCH"), "delete": _can(binding, "DELETE")},
        "fields": [*_fields(binding, serializer)],
        "filters": [*_filters(binding)],
        **({"expandable": found} if (found := [*_expandable(binding)]) else {}),
        **({"bulk": {"mode": binding.bulk, "max": binding.max_bulk}} if binding.bulk else {}),
        **({"aggregate": Choice(binding).described()} if AGGREGATE in binding.get_actions() else {}),
    }


def _expandable(binding: BaseBinding) -> Iterator[dict[str, Any]]:
    """What may be put into rows, where a stream serves it."""
    for each in expandables(binding):
        yield {"name": each.path, "stream": each.stream, "limit": each.limit}


def _can(binding: BaseBinding, method: str) -> bool:
    """Whether the class-level permissions let this user do it; single rows may still refuse."""
    needed = {"POST": "create", "PATCH": "update", "DELETE": "delete"}[method]
    try:
        binding.check_method(method, None)
    except BindingError:
        return False
    return needed in binding.get_actions()


def _fields(binding: BaseBinding, serializer: Any) -> Iterator[dict[str, Any]]:
    for name, field in getattr(serializer, "fields", {}).items():
        with Omissions().leaving_out(f"{binding.get_stream()}.{name}"):
            yield _field(binding, name, field)


def _field(binding: BaseBinding, name: str, field: Any) -> dict[str, Any]:
    kind = next((word for cls, word in FIELD_TYPES if isinstance(field, cls)), "object")
    if kind == "string" and field.style.get("base_template") == "textarea.html":
        kind = "text"
    described: dict[str, Any] = {
        "name": name,
        "label": force_str(field.label or name),
        "type": kind,
        "nullable": bool(getattr(field, "allow_null", False)),
        "editable": not field.read_only,
        "sortable": name in binding.get_ordering_fields(),
        "multiple": isinstance(field, (serializers.ManyRelatedField, serializers.MultipleChoiceField)),
        "help_text": force_str(field.help_text or ""),
    }
    if kind == "choice":
        described["choices"] = [{"value": value, "label": force_str(label)} for value, label in field.choices.items()]
    if kind == "relation":
        described |= _relation(binding, field)
    return described


def _relation(binding: BaseBinding, field: Any) -> dict[str, Any]:
    model = binding.related_model(field.source)
    stream = binding.stream_of(model) if model else None
    return {"relation": {"stream": stream}} if stream else {}


def _values_seen(binding: BaseBinding, filter_: Any) -> list[tuple[Any, Any]]:
    """The values of the rows that the caller may list."""
    listing: Any = binding.asked("search", {})
    return values_of(filter_, listing.reading_queryset()) if listing.admits_caller() else []


def _filters(binding: BaseBinding) -> Iterator[dict[str, Any]]:
    cls = binding.get_filterset_class()
    if cls is None:
        return
    filterset = cls({}, binding.get_model()._default_manager.none(), request=binding.request)
    for name, filter_ in filterset.filters.items():
        with Omissions().leaving_out(f"{binding.get_stream()}.{name}"):
            binding.scope_choices(filterset.form.fields[name])
            if lists_values(filter_):
                filterset.form.fields[name].choices = _values_seen(binding, filter_)
            yield {
                "name": name,
                "label": force_str(filter_.label or name),
                "type": type(filter_).__name__,
                "field": describe_field(filterset.form, name, binding.stream_of),
            }
