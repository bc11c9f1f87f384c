"""JSON Schema (2020-12) of what streams take and answer: serializers through drf-spectacular, filters by their form."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from inspect import getdoc
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django_filters import FilterSet
from django_filters.fields import BaseRangeField
from django_filters.widgets import BaseCSVWidget
from drf_spectacular.plumbing import ComponentRegistry, normalize_result_object
from rest_framework import serializers
from rest_framework.views import APIView

from channels_binding.bindings.actions import Action
from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.expansions import MEMBER, expandables
from channels_binding.calls.call import Call
from channels_binding.contract.spectacular_fixes import (
    DURATION,
    LARGEST,
    TIME,
    Inspector,
    by_field,
    composite,
    corrected,
)
from channels_binding.dispatch import arguments
from channels_binding.forms.formset import MAX_ROWS, row_names
from channels_binding.omissions import Omissions
from channels_binding.protocol.codecs import SAFE_INTEGER
from channels_binding.querysets.filters import YEARS, compares_integers, is_year, lists_values
from channels_binding.registry import registry
from channels_binding.serializers.default import BindingSerializer
from channels_binding.serializers.keys import key_field
from channels_binding.serializers.relations import child
from channels_binding.threads import settle

Schema = dict[str, Any]
ANY_OBJECT: Schema = {"type": "object", "additionalProperties": True}


@dataclass(frozen=True, slots=True)
class FilterShape:
    """One name that ``filters`` may hold, and the values it takes."""

    name: str
    schema: Schema
    is_joined: bool = False
    """Whether a query string has several values joined by commas; else the name is repeated."""


class JsonSchemas:
    """Collects schemas as named components, seen as the user of ``request`` sees the streams. Use it ``inspecting()``."""

    def __init__(self, request: Any) -> None:
        self.request = request
        self._named: dict[str, Schema] = {}
        self._registry = ComponentRegistry()
        self.omissions = Omissions()
        self._inspector = Inspector(self.omissions)
        self._inspector.view = _View(request=request)
        self._inspector.registry = self._registry
        self._inspector.path, self._inspector.method = "", "GET"

    @property
    def view(self) -> Any:
        """A view of nobody's, for what DRF's classes want to ask one."""
        return self._inspector.view

    @property
    def components(self) -> dict[str, Schema]:
        """Every schema that was named, and those of nested serializers, by name."""
        nested = self._registry.build({}).get("schemas", {})
        ways = {name: "request" if name.endswith("Request") else "response" for name in nested}
        made = {name: corrected(schema, ways[name]) for name, schema in nested.items()}
        merged: dict[str, Schema] = normalize_result_object({**made, **self._named})
        return dict(sorted(merged.items()))

    def named(self, name: str, schema: Schema) -> Schema:
        """Keep ``schema`` under ``name`` and refer to it."""
        self._named[name] = schema
        return reference(name)

    def resolved(self, name: str) -> Schema:
        """The schema that was named so, or that of a nested serializer."""
        return self._named[name] if name in self._named else self.components[name]

    def binding(self, cls: type[BaseBinding], action: str) -> BaseBinding:
        """An instance as it would serve a call of ``action``."""
        self._inspector.stream = cls.get_stream()
        call = Call(cls.get_stream(), action, {}, self.request.user, transport="http", request=self.request)
        return cls(call)

    def security(self, authenticators: list[Any]) -> list[Schema]:
        """Security requirements of DRF's authenticators; their schemes are in ``security_schemes``."""
        self._inspector.view.authenticators = authenticators
        found: list[Schema] = self._inspector.get_auth()
        return found

    @property
    def security_schemes(self) -> dict[str, Schema]:
        schemes: dict[str, Schema] = self._registry.build({}).get("securitySchemes", {})
        return schemes

    def each_stream(self, describe: Callable[[type[BaseBinding]], None]) -> None:
        """Describe every stream; one that fails is left out, and the others are there."""
        for cls in sorted(registry, key=lambda cls: cls.get_stream()):
            with self.omissions.leaving_out(cls.get_stream()):
                describe(cls)

    # Rows

    def row(self, cls: type[BaseBinding]) -> Schema:
        """A row as sent: whole, where the caller does not narrow it by ``fields``."""
        serializer = child(self.binding(cls, "retrieve").get_serializer())
        shape = self.of_serializer(serializer, "response")
        properties = {"id": self.key(cls), **shape.get("properties", {})} | {"id": self.key(cls)}
        if self.expandable(cls):
            properties[MEMBER] = {"type": "object", "additionalProperties": True}
        required = [name for name in properties if name == "id" or name in always_shown(serializer)]
        return self.named(cls.get_stream(), {"type": "object", "properties": properties, "required": required})

    def expandable(self, cls: type[BaseBinding]) -> list[str]:
        """Paths of related rows that may be put into a row."""
        return [each.path for each in expandables(self.binding(cls, "retrieve"))]

    def readable(self, cls: type[BaseBinding]) -> list[str]:
        """Names of the fields that a row shows."""
        serializer = child(self.binding(cls, "retrieve").get_serializer())
        return [name for name, field in getattr(serializer, "fields", {}).items() if not field.write_only]

    def key(self, cls: type[BaseBinding]) -> Schema:
        """The primary key as it travels."""
        return key_schema(cls.get_model()._meta.pk)

    def input(self, cls: type[BaseBinding], action: str) -> Schema:
        """The data of ``create``, ``update`` (nothing is required) or ``replace``; names that are not there are refused."""
        binding = self.binding(cls, action)
        shape = self.of_serializer(child(binding.get_serializer()), "request")
        closed = {**shape, "type": "object", "additionalProperties": False}
        if action == "update":
            closed.pop("required", None)
        return self.named(f"{cls.get_stream()}.{action}", closed)

    def requires(self, cls: type[BaseBinding], action: str) -> bool:
        """Whether the data of a write must hold anything."""
        return bool(self._named[f"{cls.get_stream()}.{action}"].get("required"))

    def of_serializer(self, serializer: Any, direction: str) -> Schema:
        """The object that a serializer reads (``request``) or shows (``response``)."""
        if not isinstance(serializer, serializers.Serializer):
            return dict(ANY_OBJECT)
        shape: Schema = corrected(self._inspector._map_serializer(serializer, direction), direction)
        if shape.get("description") == getdoc(BindingSerializer):
            del shape["description"]
        return by_field(serializer, shape, direction)

    def form(self, cls: type[BaseBinding]) -> Schema:
        """What a form takes: its own fields validate, so the schema has only their names."""
        rows = {name: _rows(row_names(formset, name)) for name, formset in cls.formsets.items()}
        return self.named(f"{cls.get_stream()}.form", closed(self._form_names(cls) | rows))

    def posted_form(self, cls: type[BaseBinding]) -> Schema:
        """The same as a browser posts it, with the rows of formsets under Django's names: ``lines-0-text``."""
        if not cls.formsets:
            return self.form(cls)
        patterns: Schema = {_posted(name, row_names(formset, name)): {} for name, formset in cls.formsets.items()}
        shape = {**closed(self._form_names(cls)), "patternProperties": patterns}
        return self.named(f"{cls.get_stream()}.form.posted", shape)

    def _form_names(self, cls: type[BaseBinding]) -> Schema:
        form_class = settle(self.binding(cls, "form").get_form_class())
        return {name: {} for name in form_class.base_fields}

    # Events

    def taken(self, action: Action) -> Schema:
        """The ``data`` of a bound event."""
        made = arguments.input_of(action.handler)
        if made is None:
            return dict(ANY_OBJECT)
        return {**self.of_serializer(made(), "request"), "additionalProperties": False}

    def answered(self, cls: type[BaseBinding], action: Action) -> Schema:
        """What a bound event answers: as its annotation says, else as ``sends`` does of what it reflects."""
        made = arguments.output_of(action.handler)
        return self._shown(made or arguments.serializer_of(cls.sends.get(action.name)))

    def sent(self, cls: type[BaseBinding]) -> dict[str, Schema]:
        """What the stream sends of its own accord: event name → its data."""
        found: dict[str, Schema] = {}
        for name, hint in cls.sends.items():
            with self.omissions.leaving_out(f"{cls.get_stream()}.{name}"):
                found[name] = self._shown(arguments.serializer_of(hint))
        return found

    def _shown(self, made: Any) -> Schema:
        return dict(ANY_OBJECT) if made is None else self.of_serializer(made(), "response")

    # Filters

    def filters(self, cls: type[BaseBinding]) -> list[FilterShape]:
        """``[FilterShape("rank__gte", {"type": "number"}), …]``."""
        binding = self.binding(cls, "search")
        filters_class = settle(binding.get_filterset_class())
        if filters_class is None:
            return []
        filterset = filters_class({}, binding.get_model()._default_manager.none(), request=self.request)
        return [*self._filter_shapes(filterset, cls.get_stream())]

    def _filter_shapes(self, filterset: FilterSet, stream: str) -> Iterator[FilterShape]:
        for name, field in filterset.form.fields.items():
            found: list[FilterShape] = []
            with self.omissions.leaving_out(f"{stream}.{name}"):
                found = [*_shapes_of(name, field, filterset.filters.get(name))]
            yield from found


def always_shown(serializer: Any) -> set[str]:
    """Names of the fields that every row has. REST framework leaves out what it cannot find and nobody requires.

    That is ``source="owner.name"`` of a row without an owner, or the reverse of a one-to-one relation. A serializer that shows
    rows in a way of its own may leave out anything.
    """
    if not isinstance(serializer, serializers.Serializer) or not _shows_as_drf(type(serializer)):
        return set()
    return {name for name, field in serializer.fields.items() if _is_always_found(serializer, field)}


def _shows_as_drf(cls: Any) -> bool:
    return cls.to_representation is serializers.Serializer.to_representation


def _is_always_found(serializer: Any, field: Any) -> bool:
    if field.required or field.allow_null or field.default is not serializers.empty or field.source == "*":
        return True
    model = getattr(getattr(serializer, "Meta", None), "model", None)
    return model is not None and field.source in _attributes(model)


def _attributes(model: type[models.Model]) -> set[str]:
    """What every instance has: its columns, its key, and relations but for the reverse of a one-to-one."""
    fields = [each for each in model._meta.get_fields() if not (each.auto_created and each.one_to_one)]
    accessors = {str(each.get_accessor_name()) for each in fields if isinstance(each, models.ForeignObjectRel)}
    return {"pk", *(each.name for each in fields), *(each.attname for each in model._meta.fields), *accessors}


class _View(APIView):
    """What drf-spectacular asks for the context of serializers and for authentication."""

    permission_classes = ()
    authenticators: list[Any] = []

    def get_authenticators(self) -> list[Any]:
        return self.authenticators

    def get_serializer_context(self) -> dict[str, Any]:
        return {"request": self.request, "view": self, "format": None}


def reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def key_schema(field: Any) -> Schema:
    """``BigAutoField`` → integer; ``UUIDField`` → a string in the form of one; everything else is text."""
    if isinstance(field, models.CompositePrimaryKey):
        return composite([key_schema(part) for part in field.fields])
    target = key_field(field)
    if isinstance(target, models.IntegerField):
        return {"type": "integer"}
    if isinstance(target, models.UUIDField):
        return {"type": "string", "format": "uuid"}
    return {"type": "string"}


def bounded(key: Schema, largest: float = SAFE_INTEGER) -> Schema:
    """A key where it is looked for: ``{"type": "integer"}`` → with the bounds of what travels as a number."""
    return {**key, "minimum": -largest, "maximum": largest} if key == {"type": "integer"} else key


def _shapes_of(name: str, field: Any, filter_: Any) -> Iterator[FilterShape]:
    """The names that one filter takes: ``price``, or ``price_min`` and ``price_max``."""
    suffixes = getattr(field.widget, "suffixes", None)
    if suffixes is None:
        yield FilterShape(name, _shape(field, filter_), isinstance(field.widget, BaseCSVWidget))
        return
    for suffix, inner in zip(suffixes, field.fields, strict=False):
        yield FilterShape(field.widget.suffixed(name, suffix), _form_shape(inner))


def closed(properties: Mapping[str, Schema], *required: str) -> Schema:
    """An object with these members and no others."""
    shape: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {**shape, "required": [*required]} if required else shape


def one_of(names: list[str]) -> Schema:
    """A text that is one of these; where there are none, nothing is."""
    return {"type": "string", "enum": names} if names else {"not": {}}


def _rows(names: list[str]) -> Schema:
    return {"type": "array", "items": closed({name: {} for name in names}), "maxItems": MAX_ROWS}


def _posted(formset: str, names: list[str]) -> str:
    """``^lines-(0|[1-9][0-9]{0,2})-(id|text)$``."""
    return f"^{_literally(formset)}-(0|[1-9][0-9]{{0,2}})-({'|'.join(map(_literally, names))})$"


def _literally(text: str) -> str:
    r"""As Python and JavaScript write it: to the second ``\-`` is an error."""
    return re.escape(text).replace(r"\-", "-")


def _form_shape(field: Any) -> Schema:
    """A form field of a filter → the values it takes."""
    return _as_many(field, _single_shape(field))


def _as_many(field: Any, shape: Schema) -> Schema:
    if isinstance(field, BaseRangeField):
        return {"type": "array", "items": shape, "minItems": 2, "maxItems": 2}
    is_many = getattr(field.widget, "allow_multiple_selected", False) or isinstance(field.widget, BaseCSVWidget)
    return {"type": "array", "items": shape} if is_many else shape


def _shape(field: Any, filter_: Any) -> Schema:
    if is_year(filter_):
        return _as_many(field, {"type": "integer", "minimum": YEARS[0], "maximum": YEARS[-1]})
    if lists_values(filter_):  # which are the rows', and not the contract's
        return _as_many(field, {"type": "string"})
    shape = _form_shape(field)
    if shape.get("items", {}).get("type") == "number" and compares_integers(filter_):
        shape["items"] |= {"minimum": -LARGEST, "maximum": LARGEST}
    return shape


def _single_shape(field: Any) -> Schema:
    if isinstance(field, forms.ModelChoiceField):
        model: Any = field.queryset.model  # type: ignore[union-attr]  # a filter's has one
        name = field.to_field_name
        return bounded(key_schema(model._meta.get_field(name) if name else model._meta.pk))
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.NullBooleanField):
        return {"type": "string", "enum": [str(value) for value in _values(field.choices) if value not in ("", None)]}
    shape = next((shape for cls, shape in _FILTER_FIELD_SHAPES if isinstance(field, cls)), {"type": "string"})
    return {**shape, **_bounds(field)} if shape["type"] in ("integer", "number") else dict(shape)


def _bounds(field: Any) -> Schema:
    """``NumberFilter`` → ``{"maximum": 1e50}``, which is django-filter's own."""
    return {
        name: strictest(limits)
        for name, kind, strictest in (("maximum", MaxValueValidator, min), ("minimum", MinValueValidator, max))
        if (limits := [_number(each.limit_value) for each in field.validators if isinstance(each, kind)])
    }


def _number(value: Any) -> int | float:
    """As JSON has it: a Decimal would be text."""
    found = value() if callable(value) else value
    return found if isinstance(found, int) else float(found)


def _values(choices: Any) -> Iterator[Any]:
    for value, label in choices:
        if isinstance(label, (list, tuple)):
            yield from _values(label)
        else:
            yield value


_FILTER_FIELD_SHAPES: tuple[tuple[type[forms.Field], Schema], ...] = (
    (forms.NullBooleanField, {"type": "boolean"}),
    (forms.BooleanField, {"type": "boolean"}),
    (forms.FloatField, {"type": "number"}),
    (forms.DecimalField, {"type": "number"}),
    (forms.IntegerField, {"type": "integer"}),
    (forms.DateTimeField, {"type": "string", "format": "date-time"}),
    (forms.DateField, {"type": "string", "format": "date"}),
    (forms.TimeField, {"type": "string", "pattern": TIME}),
    (forms.DurationField, {"type": "string", "pattern": DURATION}),
    (forms.UUIDField, {"type": "string", "format": "uuid"}),
)
"""Form field → schema; the first that fits. Date-times are lenient: an offset, and even the time, may be missing."""
