"""Serializer fields for columns that REST framework passes on unchecked: what does not fit is ``invalid``, not ``internal``."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from django.db import models
from rest_framework import serializers


class Base64Field(serializers.Field[bytes | memoryview, str, str, Any]):
    """The bytes of a BinaryField, as base64."""

    default_error_messages = {"invalid": "Not base64."}

    def to_internal_value(self, data: Any) -> bytes:
        try:
            return base64.b64decode(data if isinstance(data, str) else "?", validate=True)
        except ValueError:
            self.fail("invalid")

    def to_representation(self, value: Any) -> str:
        return base64.b64encode(bytes(value)).decode()


class RangeField(serializers.ModelField):
    """A range of ``contrib.postgres``: ``{"lower": 1, "upper": 5, "bounds": "[)"}``, or that as text, as it is shown."""

    default_error_messages = {
        "invalid": "A range is an object with 'lower' and 'upper'.",
        "bound_ordering": "The start of the range must not exceed the end of the range.",
    }

    def to_internal_value(self, data: Any) -> Any:
        given = self._members(data)
        if given.get("empty") is True:
            return self._range(empty=True)
        lower, upper = (self._end(given.get(name)) for name in ("lower", "upper"))
        if lower is not None and upper is not None and lower > upper:
            self.fail("bound_ordering")
        return self._range(lower, upper, given.get("bounds", "[)"))

    def _members(self, data: Any) -> Mapping[str, Any]:
        try:
            given = json.loads(data) if isinstance(data, str) else data
        except ValueError:
            self.fail("invalid")
        if not isinstance(given, Mapping) or not set(given) <= {"lower", "upper", "bounds", "empty"}:
            self.fail("invalid")
        return given

    def _end(self, value: Any) -> Any:
        """A bound, as REST framework's field for such a column takes it."""
        column = type(self.model_field.base_field)  # type: ignore[attr-defined]  # a RangeField's
        cls, options = _ENDS.get(column, (serializers.CharField, {}))
        try:
            return cls(**options, allow_null=True).run_validation(value)
        except serializers.ValidationError:
            self.fail("invalid")

    def _range(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self.model_field.range_type(*args, **kwargs)  # type: ignore[attr-defined]
        except (ValueError, TypeError):
            self.fail("invalid")


_ENDS: Mapping[type, tuple[Any, Mapping[str, Any]]] = {
    models.IntegerField: (serializers.IntegerField, {"min_value": -(2**31), "max_value": 2**31 - 1}),
    models.BigIntegerField: (serializers.IntegerField, {"min_value": -(2**63), "max_value": 2**63 - 1}),
    models.DecimalField: (serializers.DecimalField, {"max_digits": None, "decimal_places": None}),
    models.DateField: (serializers.DateField, {}),
    models.DateTimeField: (serializers.DateTimeField, {}),
}


def refuse_ragged(value: Any) -> None:
    """A validator of lists in lists: PostgreSQL keeps matrices, whose rows are of one length.

    Raises:
        ValidationError: Of code ``ragged``.
    """
    _shape(value)


def _shape(value: Any) -> tuple[int, ...]:
    """``[[1, 2], [3, 4]]`` → ``(2, 2)``."""
    if not isinstance(value, list):
        return ()
    shapes = {_shape(each) for each in value}
    if len(shapes) > 1:
        raise serializers.ValidationError("The rows of an array must be of one length.", code="ragged")
    return (len(value), *(shapes.pop() if shapes else ()))


def of_ranges() -> dict[Any, Any]:
    """Model field → serializer field; nothing where psycopg is not installed."""
    try:
        from django.contrib.postgres.fields import RangeField as RangeColumn
    except ImportError:
        return {}
    return {RangeColumn: RangeField}
