"""Corrections of drf-spectacular's schemas, where they differ from what REST framework's fields take or show.

Each was found by Schemathesis (``tests/conformance/test_openapi.py``), which fails without it.
"""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import append_meta
from rest_framework import serializers

from channels_binding.forms.uploads import MARK
from channels_binding.omissions import Omissions
from channels_binding.protocol import codecs

Schema = dict[str, Any]

TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?$"
DURATION = r"^-?([0-9]{1,6} )?[0-9]{1,2}:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?$"
"""``"1 02:03:04"``: days, and hours, minutes and seconds."""
NOT_BLANK = r"[^\s\u001c-\u001f\u0085]"
"""Anything that is no space, to Python, which has five more than ECMA-262."""
LARGEST = 9.223372036854775e18
"""The largest double whose decimal spelling is below 2^63: what a 64-bit column takes, as a document may say it."""


def corrected(schema: Any, direction: str) -> Any:
    """A schema of drf-spectacular's, ``request`` or ``response``, as it is on our wire; without its own notes."""
    if isinstance(schema, list):
        return [corrected(each, direction) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    found = {name: corrected(value, direction) for name, value in schema.items() if name not in _NOTES}
    if VALIDATED in schema and direction == "response":  # a row may have been written without this validator
        found.pop("pattern")
    if {} in found.get("oneOf", ()):  # anything, or null: which is two of them
        found.pop("oneOf")
    if BLANK in found.get("oneOf", ()):  # some patterns take that, too: which would be two of them
        found["anyOf"] = found.pop("oneOf")
    if found.get("format") == "time":  # OpenAPI's has an offset
        found = {**_without(found, "format"), "pattern": TIME}
    if found.get("format") == "decimal" and "pattern" in found:
        found["pattern"] = found["pattern"].replace("^-?", r"^-?(?=\.?[0-9])")  # "" and "-" are no numbers
    if "enum" in found:
        return _enumerated(found)
    return _safe_integer(found, direction) if _is_beyond(found) else found


VALIDATED = "x-validated"
"""A note of Inspector's: the pattern is of a validator, and not of the type."""
BLANK: Schema = {"type": "string", "maxLength": 0}
_NOTES = ("x-spec-enum-id", VALIDATED)


def _without(schema: Schema, *names: str) -> Schema:
    return {name: value for name, value in schema.items() if name not in names}


def _enumerated(schema: Schema) -> Schema:
    """Members are enough; what is no JSON among them (decimals, time zones) is text."""
    members = [each if isinstance(each, str | int | float | None) else str(each) for each in schema["enum"]]
    types = {"null": type(None), "string": str, "boolean": bool, "integer": int, "number": float}
    found = [name for name, kind in types.items() if any(type(each) is kind for each in members)]
    bounds = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "format")
    return {**_without(schema, *bounds), "enum": members, "type": found[0] if len(found) == 1 else found}


def _is_beyond(schema: Schema) -> bool:
    bounds = (schema.get("minimum", 0), schema.get("maximum", 0))
    is_large = any(isinstance(bound, int) and abs(bound) > codecs.SAFE_INTEGER for bound in bounds)
    return schema.get("format") == "int64" or is_large


def _safe_integer(schema: Schema, direction: str) -> Schema:
    """A 64-bit integer: beyond 2^53 it travels as text, and a document cannot hold its bounds either."""
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    largest: float = codecs.SAFE_INTEGER if direction == "response" else LARGEST
    lowest, highest = max(schema.get("minimum", -largest), -largest), min(schema.get("maximum", largest), largest)
    sign = "" if lowest >= 0 else "-?"
    bounds: Schema = {"minimum": lowest, "maximum": highest, "pattern": f"^{sign}[0-9]{{1,18}}$"}
    if direction == "response":
        bounds["pattern"] = f"^{sign}[0-9]{{16,19}}$"
    return {**_without(schema, "format"), **bounds, "type": [*types, "string"]}  # int64 is a format of numbers alone


def by_field(serializer: Any, shape: Schema, direction: str) -> Schema:
    """What only the serializer's fields know."""
    properties = dict(shape.get("properties", {}))
    for name, field in serializer.fields.items():
        if name in properties:
            properties[name] = _by_field(field, properties[name], direction)
    return {**shape, "properties": properties}


def _by_field(field: Any, schema: Schema, direction: str) -> Schema:
    if isinstance(field, serializers.FileField):  # JSON holds no file but a token; and one that is not there is null
        return _token(field) if direction == "request" else {**schema, "type": ["string", "null"]}
    if isinstance(field, serializers.ListField) and direction == "request":
        return _with_least(field, schema)
    if isinstance(field, serializers.CharField) and direction == "request":
        return _not_blank(field, schema)
    if isinstance(field, serializers.JSONField) and not field.allow_null and direction == "request":
        return {**schema, "type": ["object", "array", "string", "number", "boolean"], "items": {}}
    return schema


def _not_blank(field: Any, schema: Schema) -> Schema:
    """Spaces alone are nothing where spaces around a text are taken off."""
    is_said = field.allow_blank or not field.trim_whitespace or not {"format", "pattern", "enum"}.isdisjoint(schema)
    return schema if is_said else {**schema, "pattern": NOT_BLANK}


def _token(field: Any) -> Schema:
    """``{"$file": "…"}`` (``uploads``)."""
    members = {MARK: {"type": "string"}}
    types = ["object", "null"] if field.allow_null else "object"
    return {"type": types, "properties": members, "required": [MARK], "additionalProperties": False}


def _with_least(field: Any, schema: Schema) -> Schema:
    """``allow_empty=False``, which REST framework gives the lists within a list of lists."""
    found: Schema = {} if field.allow_empty or "items" not in schema else {"minItems": 1}
    if isinstance(field.child, serializers.ListField) and "items" in schema:
        found["items"] = _with_least(field.child, schema["items"])
    return {**schema, **found}


class Inspector(AutoSchema):  # type: ignore[misc]  # untyped
    """drf-spectacular's own, but for the patterns of validators and null among choices; one field fails by itself."""

    def __init__(self, omissions: Omissions) -> None:
        super().__init__()
        self.omissions = omissions
        self.stream = ""
        """Whose serializers are described at the moment."""

    def _map_serializer_field(self, field: Any, direction: str, bypass_extensions: bool = False) -> Schema:
        with self._leaving_out(field):
            try:
                mapped: Schema = super()._map_serializer_field(field, direction, bypass_extensions)
            except TypeError:  # it sorts choices and writes them as JSON, which not all can be
                if not isinstance(field, serializers.ChoiceField):
                    raise
                mapped = self._choices(field, direction)
            return mapped
        return {"description": "Cannot be described."}

    def _choices(self, field: Any, direction: str) -> Schema:
        members = [*field.choices, *([""] if field.allow_blank else []), *([None] if field.allow_null else [])]
        one_of: Schema = {"enum": [*dict.fromkeys(members)]}
        is_many = isinstance(field, serializers.MultipleChoiceField)
        shape = {"type": "array", "items": one_of} if is_many else one_of
        return append_meta(shape, self._get_serializer_field_meta(field, direction))  # type: ignore[no-any-return]

    def _leaving_out(self, field: Any) -> AbstractContextManager[None]:
        return self.omissions.leaving_out(".".join(filter(None, (self.stream, field.field_name))))

    def _get_serializer_field_meta(self, field: Any, direction: str) -> Schema:
        """Null is among the choices already, which may be of several types or of none."""
        meta: Schema = super()._get_serializer_field_meta(field, direction)
        is_one_of = isinstance(field, serializers.ChoiceField) and not isinstance(
            field, serializers.MultipleChoiceField
        )
        return _without(meta, "nullable") if is_one_of else meta

    def _insert_field_validators(self, field: Any, schema: Schema) -> None:
        with self._leaving_out(field):
            self._insert_validators(field, schema)

    def _insert_validators(self, field: Any, schema: Schema) -> None:
        super()._insert_field_validators(field, schema)
        inner = schema["oneOf"][0] if "oneOf" in schema else schema  # where it may be blank, that is the other one
        validator = next((each for each in field.validators if isinstance(each, RegexValidator)), None)
        if "pattern" in inner and validator:
            inner[VALIDATED] = True
            if not re.compile(validator.regex).flags & re.ASCII:
                inner["pattern"] = with_letters_beyond_ascii(inner["pattern"])


BEYOND_ASCII = "\N{FEMININE ORDINAL INDICATOR}-\U0010fffd"
"""From the first letter there on. Written out, as every dialect of patterns can read it."""


def with_letters_beyond_ascii(pattern: str) -> str:
    r"""``^[\w.]+$`` → ``^[ª-\U0010fffd\w.]+$``.

    ``é`` is a letter to Python's ``\w``, and none to that of ECMA-262, which is JSON Schema's. Which of the others are,
    only the server knows: Python cannot read ``\p{L}``, and a list of them has 700 ranges. Patterns that negate letters
    stay as they are.
    """
    return pattern if _NEGATION.search(pattern) else _LETTERS.sub(_wider, pattern)


_NEGATION = re.compile(r"\(\?<?!|\[\^[^]]*\\[WD]")
_LETTERS = re.compile(r"\[(?:\\.|[^]\\])*]|\\.", re.DOTALL)


def _wider(found: re.Match[str]) -> str:
    token = found[0]
    if token in (r"\w", r"\d"):
        return f"[{BEYOND_ASCII}{token}]"
    is_set_of_letters = re.match(r"\[(?!\^).*\\[wd]", token, re.DOTALL)
    return f"[{BEYOND_ASCII}{token[1:]}" if is_set_of_letters else token


class _Base64(OpenApiSerializerFieldExtension):  # type: ignore[misc]  # untyped
    """drf-spectacular finds these classes by itself."""

    target_class = "channels_binding.serializers.fields.Base64Field"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        return {"type": "string", "format": "byte", "contentEncoding": "base64"}


_BOUNDS: Mapping[str, Schema] = {
    "IntegerField": {"type": ["integer", "null"], "minimum": -(2**31), "maximum": 2**31 - 1},
    "BigIntegerField": {
        "type": ["integer", "null", "string"],
        "minimum": -LARGEST,
        "maximum": LARGEST,
        "pattern": "^-?[0-9]{1,18}$",
    },
    "DecimalField": {"type": ["number", "null"]},
    "DateField": {"type": ["string", "null"], "format": "date"},
    "DateTimeField": {"type": ["string", "null"], "format": "date-time"},
}


class _Range(OpenApiSerializerFieldExtension):  # type: ignore[misc]
    """Taken as an object; shown as REST framework does, the same as text."""

    target_class = "channels_binding.serializers.fields.RangeField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        if direction == "response":
            return {"type": "string"}
        bound = _BOUNDS.get(type(self.target.model_field.base_field).__name__, {})
        bounds = {"type": "string", "enum": ["[)", "[]", "(]", "()"]}
        properties = {"lower": dict(bound), "upper": dict(bound), "bounds": bounds}
        return {"type": "object", "properties": properties, "additionalProperties": False}


class _Duration(OpenApiSerializerFieldExtension):  # type: ignore[misc]
    target_class = "rest_framework.serializers.DurationField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        return {"type": "string", "pattern": DURATION}


class _Address(OpenApiSerializerFieldExtension):  # type: ignore[misc]
    target_class = "rest_framework.serializers.IPAddressField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        protocol = self.target.protocol.lower()
        if protocol in ("ipv4", "ipv6"):
            return {"type": "string", "format": protocol}
        return {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}


def composite(parts: list[Schema]) -> Schema:
    """A composite key of an integer and a text: ``{"type": "string", "pattern": "^-?[0-9]{1,19},[^/,%]+$"}``."""
    patterns = ("-?[0-9]{1,19}" if part["type"] == "integer" else "[^/,%]+" for part in parts)
    return {"type": "string", "pattern": f"^{','.join(patterns)}$"}
