"""Stock serializer fields over plain columns: how the value of a column becomes what the field would show of it.

What is not exactly one of REST framework's fields over one of Django's columns is not for here; DRF shows it (``plan``).
"""

import datetime
import inspect
import zoneinfo
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

from django.db import models
from django.db.models.fields.files import FieldFile, FileDescriptor, ImageFieldFile, ImageFileDescriptor
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.query_utils import DeferredAttribute
from django.utils.choices import CallableChoiceIterator
from rest_framework import ISO_8601, serializers
from rest_framework.settings import api_settings

from channels_binding.classes import is_written_in
from channels_binding.serializers.default import SafeIntegerField
from channels_binding.serializers.fields import Base64Field, RangeField

Convert: TypeAlias = Callable[[Any], Any]
"""A value that is not NULL → as the field shows it."""
Request: TypeAlias = Any
Bind: TypeAlias = Callable[[Callable[[], Request]], Convert | None]
"""``bind(get_request)`` → how to convert in this call (settings and time zone as they are now); None: values stay."""

TEXTS = (models.CharField, models.TextField, models.GenericIPAddressField, models.FilePathField)
WHOLES = (models.IntegerField,)
AS_STORED: dict[Any, tuple[Any, ...]] = {
    serializers.CharField: TEXTS,
    serializers.EmailField: TEXTS,
    serializers.SlugField: TEXTS,
    serializers.URLField: TEXTS,
    serializers.RegexField: TEXTS,
    serializers.IPAddressField: TEXTS,
    serializers.IntegerField: WHOLES,
    SafeIntegerField: WHOLES,  # the encoder spells out what a browser cannot read
    serializers.FloatField: (models.FloatField,),
    serializers.BooleanField: (models.BooleanField,),
    serializers.ReadOnlyField: (models.Field,),
}
"""Serializer field → the columns whose values it shows as the database gives them."""
VALUE_ONLY_FIELDS = {
    *AS_STORED,
    Base64Field,
    serializers.BigIntegerField,
    serializers.DurationField,
    serializers.MultipleChoiceField,
}
"""Fields that look at nothing but the value: over any column, their ``to_representation`` is called."""


def bind_of(field: Any, model: type[models.Model], column: Any) -> Bind | None:
    """How a serializer field shows a column of ``model``; None if that takes an instance.

    ``DateField`` over ``Ticket.due`` → a Bind that gives ``date.isoformat``.
    """
    if not _has_plain_options(field):
        return None
    descriptor = type(inspect.getattr_static(model, column.attname, None))
    kind = type(field)
    if kind in (serializers.FileField, serializers.ImageField):
        return _file(field, column, descriptor)
    if descriptor not in (DeferredAttribute, ForeignKeyDeferredAttribute):
        return None
    if kind in (serializers.ModelField, RangeField):
        return _model_field(field, column)
    if has_djangos_values(column) and isinstance(column, AS_STORED.get(kind, ())):
        return _as_stored
    special = _SPECIAL.get(kind)
    if special is not None:
        return special(field, column)
    return _called(field) if kind in VALUE_ONLY_FIELDS else None


def _has_plain_options(field: Any) -> bool:
    """Whether plain values say what a field makes of a value: a time zone, or the key of a choice, may be of the project."""
    options = [getattr(field, name, None) for name in ("timezone", "format")]
    return all(type(each) in _OPTIONS for each in (*options, *getattr(field, "choices", ())))


_OPTIONS = (type(None), str, int, bool, float, Decimal, datetime.timezone, zoneinfo.ZoneInfo)


def has_djangos_values(column: Any) -> bool:
    """Whether a column is one of Django's own classes, so that the type of its values is known."""
    return is_written_in(type(column), "django.db.models", "django.contrib.postgres")


def _as_stored(get_request: Callable[[], Request]) -> None:
    return None


def _called(field: Any) -> Bind:
    return lambda get_request: field.to_representation


def _file(field: Any, column: Any, descriptor: type) -> Bind | None:
    if descriptor not in (FileDescriptor, ImageFileDescriptor) or column.attr_class not in (FieldFile, ImageFieldFile):
        return None

    def bind(get_request: Callable[[], Request]) -> Convert:
        def convert(name: str) -> Any:
            shown = field.to_representation(column.attr_class(None, column, name))
            uses_url = getattr(field, "use_url", api_settings.UPLOADED_FILES_USE_URL)
            request = get_request() if shown and uses_url else None
            return shown if request is None else request.build_absolute_uri(shown)

        return convert

    return bind


class _AttributeHolder:
    """Stands in for an instance, for ``value_to_string``, which reads one attribute."""


def _model_field(field: Any, column: Any) -> Bind | None:
    if not has_djangos_values(column) or field.model_field is not column:
        return None

    def convert(value: Any) -> Any:
        holder = _AttributeHolder()
        setattr(holder, column.attname, value)
        return field.to_representation(holder)

    return lambda get_request: convert


def _uuid(field: Any, column: Any) -> Bind:
    if field.uuid_format == "hex_verbose" and isinstance(column, models.UUIDField) and has_djangos_values(column):
        return _as_stored  # the encoder writes it so
    return _called(field)


def _json(field: Any, column: Any) -> Bind:
    return _called(field) if field.binary else _as_stored


def _choice(field: Any, column: Any) -> Bind | None:
    """Choices map a text back to the value that it stands for; those of a column's own type map it to itself."""
    kind = str if isinstance(column, TEXTS) else int if isinstance(column, WHOLES) else None
    if kind is not None and has_djangos_values(column) and all(type(key) is kind for key in field.choices):
        return _as_stored
    is_fixed = not isinstance(getattr(column, "choices", None), CallableChoiceIterator)
    return _called(field) if is_fixed and type(field) is serializers.ChoiceField else None


def _decimal(field: Any, column: Any) -> Bind:
    places, digits = field.decimal_places, field.max_digits
    is_plain = not field.localize and not field.normalize_output and places is not None and digits is not None
    if not is_plain or not isinstance(column, models.DecimalField):
        return _called(field)
    as_text = DecimalText(places, digits, field.to_representation)

    def bind(get_request: Callable[[], Request]) -> Convert:
        is_text = getattr(field, "coerce_to_string", api_settings.COERCE_DECIMAL_TO_STRING)
        return as_text if is_text else as_text.exact

    return bind


class DecimalText:
    """``Decimal("2.50")`` → ``"2.50"``. What has the right number of places already needs no rounding."""

    def __init__(self, places: int, digits: int, exact: Convert) -> None:
        self.places, self.digits, self.exact = places, digits, exact
        self._quantum, self._beyond = Decimal(1).scaleb(-places), digits - places

    def __call__(self, value: Any) -> Any:
        if value.is_finite() and value.same_quantum(self._quantum) and value.adjusted() < self._beyond:
            return f"{value:f}"
        return self.exact(value)


def _iso(setting: str, column_type: type, isoformat: Convert) -> Callable[[Any, Any], Bind]:
    def special(field: Any, column: Any) -> Bind:
        # Django's DateTimeField is a DateField to Python; DRF refuses that pair
        fits = (
            has_djangos_values(column)
            and isinstance(column, column_type)
            and not isinstance(column, models.DateTimeField)
        )

        def bind(get_request: Callable[[], Request]) -> Convert:
            wanted = getattr(field, "format", getattr(api_settings, setting))
            is_iso = isinstance(wanted, str) and wanted.lower() == ISO_8601
            return isoformat if is_iso and fits else field.to_representation

        return bind

    return special


def _instant(field: Any, column: Any) -> Bind:
    def bind(get_request: Callable[[], Request]) -> Convert:
        exact: Convert = field.to_representation
        zone = getattr(field, "timezone", field.default_timezone())
        wanted = getattr(field, "format", api_settings.DATETIME_FORMAT)
        if zone is None or not isinstance(wanted, str) or wanted.lower() != ISO_8601:
            return exact
        return InstantText(zone, exact)

    return bind


class InstantText:
    """An aware datetime → ``"2026-11-24T19:30:00Z"``, as ISO 8601 has it in a time zone."""

    def __init__(self, zone: datetime.tzinfo, exact: Convert) -> None:
        self.zone, self.exact = zone, exact

    def __call__(self, value: Any) -> Any:
        if type(value) is not datetime.datetime or value.tzinfo is None:
            return self.exact(value)
        try:
            text = value.astimezone(self.zone).isoformat()
        except OverflowError:
            return self.exact(value)
        return text[:-6] + "Z" if text.endswith("+00:00") else text


def _list(field: Any, column: Any) -> Bind | None:
    """A list shows its members by its child field, whose own context it does not need."""
    child = field.child
    while type(child) is serializers.ListField:
        child = child.child
    knows = type(child) in VALUE_ONLY_FIELDS or type(child) in _SPECIAL
    return _called(field) if knows and type(child) is not serializers.FilePathField else None


_SPECIAL: dict[Any, Callable[[Any, Any], Bind | None]] = {
    serializers.UUIDField: _uuid,
    serializers.JSONField: _json,
    serializers.ChoiceField: _choice,
    serializers.FilePathField: _choice,
    serializers.DecimalField: _decimal,
    serializers.DateField: _iso("DATE_FORMAT", models.DateField, datetime.date.isoformat),
    serializers.TimeField: _iso("TIME_FORMAT", models.TimeField, datetime.time.isoformat),
    serializers.DateTimeField: _instant,
    serializers.ListField: _list,
}
