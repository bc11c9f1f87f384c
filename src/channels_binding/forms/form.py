"""Django forms, applied to a Call: any Form or ModelForm described as JSON (spec/protocol.md §2.1), bound and validated."""

import base64
import datetime
import decimal
import json
import uuid
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.files.base import File
from django.db import models
from django.forms.models import ModelChoiceIteratorValue, modelform_factory
from django.utils.dateparse import parse_date, parse_datetime, parse_time
from django.utils.encoding import force_str
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework.serializers import BooleanField

from channels_binding.exception_handler import django_field_errors
from channels_binding.serializers.keys import as_pk

StreamOf = Callable[[type[models.Model]], str | None]
"""Model → the stream that serves it, or None."""

MAX_CHOICES = 200
"""Most rows of a relation that a form carries itself, where no stream serves the related model."""

_LIMITS = ("max_length", "min_length", "min_value", "max_value", "max_digits", "decimal_places", "step_size")


def describe_form(
    form: forms.BaseForm, stream_of: StreamOf, withheld: Collection[str] = (), submitted: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Every field of a form, in its order.

    Args:
        withheld: Fields of whose stored values nothing is said.
        submitted: Fields whose values are the caller's own.
    """
    return [
        _withholding(describe_field(form, name, stream_of, is_told=name in submitted))
        if name in withheld
        else describe_field(form, name, stream_of)
        for name in form.fields
    ]


def _withholding(described: dict[str, Any]) -> dict[str, Any]:
    """Without the value that is stored, which stays where none is submitted."""
    return {**described, "required": False, "initial": None, "withheld": True}


def describe_field(form: forms.BaseForm, name: str, stream_of: StreamOf, *, is_told: bool = True) -> dict[str, Any]:
    """``"priority"`` → ``{"name": "priority", "type": "TypedChoiceField", "label": "Priority", …}``."""
    field = form.fields[name]
    value = _value(form, name) if is_told else None
    described: dict[str, Any] = {
        "name": name,
        "type": type(field).__name__,
        "bases": _lineage(type(field), forms.Field),
        "widget": type(field.widget).__name__,
        "widget_bases": _lineage(type(field.widget), forms.Widget),
        "label": force_str(form[name].label),
        "help_text": force_str(field.help_text),
        "required": field.required,
        "disabled": field.disabled,
        "multiple": is_multiple(field),
        "initial": _as_json_of(field, _initial(form, name)),
        "value": _as_json_of(field, value),
        "errors": _errors(form).get(name, []),
    }
    return described | _choices(field, value, stream_of) | _limits(field) | _attrs(field)


def _value(form: forms.BaseForm, name: str) -> Any:
    """``BoundField.value()`` with all its microseconds and, of a datetime, its offset."""
    field, value = form.fields[name], _initial(form, name)
    if form.is_bound:
        value = field.bound_data(form[name].data, value)
    if hasattr(value, "isempty"):  # a range of contrib.postgres
        return [value.lower, value.upper]
    if is_split(field.widget):  # as many as there are inputs
        return [*(value if isinstance(value, list) else []), *[None] * field.size][: field.size]  # type: ignore[attr-defined]
    return value if isinstance(value, datetime.datetime) else field.prepare_value(value)


def _initial(form: forms.BaseForm, name: str) -> Any:
    """``get_initial_for_field()``, which drops the microseconds that many widgets do not show."""
    value = form.get_initial_for_field(form.fields[name], name)
    if isinstance(value, (datetime.datetime, datetime.time)):
        whole = form.initial.get(name, form.fields[name].initial)
        if isinstance(whole, type(value)) and whole.replace(microsecond=0) == value:
            return whole
    return value


def _lineage(cls: type, root: type) -> list[str]:
    """Class names from ``cls`` up to ``root``."""
    return [base.__name__ for base in cls.__mro__ if issubclass(base, root)]


def _limits(field: forms.Field) -> dict[str, Any]:
    limits = {name: as_json(_called(getattr(field, name, None))) for name in _LIMITS}
    found = {name: value for name, value in limits.items() if value is not None}
    return {"limits": found} if found else {}


def _called(value: Any) -> Any:
    return value() if callable(value) else value


def _attrs(field: forms.Field) -> dict[str, Any]:
    attrs = {name: as_json(value) for name, value in field.widget.attrs.items()}
    return {"attrs": attrs} if attrs else {}


def _choices(field: forms.Field, value: Any, stream_of: StreamOf) -> dict[str, Any]:
    if isinstance(field, forms.ModelChoiceField):
        return _relation(field, value, stream_of)
    choices = getattr(field, "choices", None)
    return {} if choices is None else {"choices": [_choice(*pair) for pair in choices]}


def _choice(value: Any, label: Any) -> dict[str, Any]:
    """``("low", "Low")`` or a group ``("Hot", [("high", "High")])``."""
    if isinstance(label, (list, tuple)):
        return {"group": force_str(value), "choices": [_choice(*pair) for pair in label]}
    return {"value": as_json(value), "label": force_str(label)}


def _relation(field: Any, value: Any, stream_of: StreamOf) -> dict[str, Any]:
    """Where to search for the rows of a relation, instead of shipping the table."""
    stream = stream_of(field.queryset.model)
    if stream is None:
        return _listed(field, value)
    relation: dict[str, Any] = {"stream": stream, "filters": dict(getattr(field, "search_filters", {}))}
    return {"relation": relation | {"labels": _labels(field, value)}}


def _listed(field: Any, value: Any) -> dict[str, Any]:
    """Where no stream can be searched: the first rows, those that are chosen, and whether there are more."""
    found = [*_offered(field)[: MAX_CHOICES + 1]]
    texts = {_key(field, row): field.label_from_instance(row) for row in found[:MAX_CHOICES]}
    is_cut = len(found) > MAX_CHOICES
    if is_cut:
        texts |= {_key(field, row): field.label_from_instance(row) for row in _chosen(field, value)}
    empty = [] if field.empty_label is None else [{"value": "", "label": force_str(field.empty_label)}]
    choices = [*empty, *({"value": key, "label": text} for key, text in texts.items())]
    return {"choices": choices, "truncated": True} if is_cut else {"choices": choices}


def _offered(field: Any) -> models.QuerySet[Any]:
    """Rows of a relation that are shown: what is stored may stay, but its text is not for those who may not see the row."""
    offered: models.QuerySet[Any] = getattr(field, "offered", field.queryset)
    return offered


def _key(field: Any, row: models.Model) -> Any:
    return as_json(row.serializable_value(field.to_field_name) if field.to_field_name else row.pk)


def _labels(field: Any, value: Any) -> dict[str, str]:
    """The texts of the current choice or choices, where the form offers them to the caller."""
    return {str(_key(field, row)): field.label_from_instance(row) for row in _chosen(field, value)}


def _chosen(field: Any, value: Any) -> Sequence[models.Model]:
    """The rows of the current choice or choices, where the form offers them to the caller."""
    values = [
        member
        for member in (value if isinstance(value, (list, tuple, models.QuerySet)) else [value])
        if member not in (None, "")
    ]
    keys = [member.pk if isinstance(member, models.Model) else member for member in values]
    if not keys:
        return []
    try:
        return [*_offered(field).filter(**{f"{field.to_field_name or 'pk'}__in": keys[:MAX_CHOICES]})]
    except (
        ValueError,
        TypeError,
        OverflowError,
        forms.ValidationError,
    ):  # what was submitted is no key; its error says so
        return []


def _errors(form: forms.BaseForm) -> Mapping[str, Any]:
    if not form.is_bound:
        return {}
    found = {name: list(errors) for name, errors in form.errors.as_data().items()}
    return django_field_errors(forms.ValidationError(found))


def form_errors(form: forms.BaseForm) -> dict[str, Any]:
    """``{"title": [{"code": "required", "message": "…"}], "__all__": […]}``."""
    return dict(_errors(form))


class Base64Field(forms.CharField):
    """The bytes of a BinaryField, as base64. Django's own form field for them fails where they are none."""

    default_error_messages = {"invalid": _("Enter base64.")}

    def prepare_value(self, value: Any) -> Any:
        return base64.b64encode(bytes(value)).decode() if isinstance(value, (bytes, memoryview)) else value

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values or isinstance(value, (bytes, memoryview)):
            return value or None
        try:
            return base64.b64decode(str(value), validate=True)
        except ValueError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


def model_form(model: type[models.Model], names: Sequence[str]) -> type[Any]:
    """A ModelForm of those of ``names`` that are editable."""
    editable = {field.name for field in (*model._meta.concrete_fields, *model._meta.many_to_many) if field.editable}
    return modelform_factory(model, fields=[name for name in names if name in editable], formfield_callback=_form_field)


def _form_field(field: Any, **kwargs: Any) -> Any:
    if isinstance(field, models.BinaryField):
        kwargs["form_class"] = Base64Field
    return field.formfield(**kwargs)


def as_json(value: Any) -> Any:
    """A form value as it travels. Files travel as their URL, rows as their key, decimals and UUIDs as text."""
    if isinstance(value, Promise):
        return force_str(value)
    if isinstance(value, ModelChoiceIteratorValue):
        return as_json(value.value)  # type: ignore[attr-defined]
    if value is None or isinstance(value, (str, bool, int, float)):
        return as_pk(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(value, models.Model):
        return as_pk(value.pk)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (decimal.Decimal, uuid.UUID, datetime.timedelta)):
        return str(value)
    if isinstance(value, models.fields.files.FieldFile):
        return {"name": value.name, "url": value.url} if value else None
    if isinstance(value, File):  # just uploaded
        return {"name": value.name, "url": None}
    if isinstance(value, (bytes, memoryview)):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, Mapping):
        return {str(key): as_json(member) for key, member in value.items()}
    if isinstance(value, Iterable):
        return [as_json(member) for member in value]
    return str(value)


def _as_json_of(field: forms.Field, value: Any) -> Any:
    """A field's value as it travels. What its form would not take back travels as what the widget shows of it.

    ``Money(7, "EUR")`` of a widget for amount and currency → ``["7.00", "EUR"]``, and not ``"€7.00"``; the rows of a text field
    for tags → ``"green, red"``.
    """
    if isinstance(field.widget, forms.MultiWidget) and not isinstance(value, _AS_ONE):
        return as_json(_decompressed(field.widget, value))
    if _is_text(field) and isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return field.widget.format_value(value)
    return as_json(value)


def _is_text(field: forms.Field) -> bool:
    """Whether a field takes text and nothing else."""
    is_structured = isinstance(field, forms.JSONField) or takes(field, []) or takes(field, {})
    return (
        isinstance(field, forms.CharField)
        and isinstance(field.widget, (forms.TextInput, forms.Textarea))
        and not is_structured
    )


_AS_ONE = (
    *(type(None), str, bytes, bool, int, float, decimal.Decimal, uuid.UUID, Mapping, list, tuple, Promise),
    *(datetime.datetime, datetime.date, datetime.time, datetime.timedelta),
)
"""What travels as it is even where several inputs show it."""


class FormData(dict[str, Any]):
    """A JSON object where Django's widgets expect a QueryDict.

    ``FormData({"tags": [1, 2], "ok": True}).getlist("tags")`` → ``[1, 2]``
    """

    def getlist(self, name: str, default: Any = None) -> Any:
        value = self.get(name, default if default is not None else [])
        return value if isinstance(value, list) else [value]


def bind_data(form: forms.BaseForm, submitted: Mapping[str, Any]) -> FormData:
    """What was submitted, and the present value of every field that was left out: a form saves changes, not blanks."""
    data = FormData()
    for name, field in form.fields.items():
        if isinstance(field, forms.FileField) and not _clears(form, name, submitted):
            continue  # a new file goes its own way, the present one stays by itself, and where there is none, none is cleared
        value = submitted[name] if name in submitted else _as_json_of(field, _value(form, name))
        data.update(_as_input(field, form.add_prefix(name), value))
    return data


def _clears(form: forms.BaseForm, name: str, submitted: Mapping[str, Any]) -> bool:
    return submitted.get(name, "") is None and bool(_initial(form, name))


def bind_files(form: forms.BaseForm, given: Mapping[str, Any]) -> FormData:
    """Uploaded files under the names that the form's widgets look for."""
    return FormData({form.add_prefix(name): value for name, value in given.items() if _is_file(value)})


def _is_file(value: Any) -> bool:
    return isinstance(value[0] if isinstance(value, list) and value else value, File)


def _as_input(field: forms.Field, name: str, value: Any) -> dict[str, Any]:
    """JSON → what the field's widget reads: ``null`` is an empty input, a split widget has two."""
    if isinstance(field.widget, forms.CheckboxInput):
        last = value[-1] if isinstance(value, list) and value else value  # after a hidden "false" of the same name
        return {name: True} if isinstance(last, Hashable) and last in BooleanField.TRUE_VALUES else {}
    if isinstance(field.widget, forms.MultiWidget):
        names = field.widget.widgets_names  # type: ignore[attr-defined]
        return {f"{name}{suffix}": part for suffix, part in zip(names, _parts(field, value), strict=False)}
    if is_split(field.widget):
        return _split(field, name, value)
    if isinstance(field, forms.FileField):
        return {f"{name}-clear": "on"} if value is None and not field.required else {}
    if isinstance(field, forms.JSONField):
        return {name: _json_text(value, field.decoder) if isinstance(value, str) else field.prepare_value(value)}
    if "HStoreField" in _lineage(type(field), forms.Field) and isinstance(value, str):
        return {name: _json_text(value)}
    if not is_multiple(field):
        return {name: _plain(field, value)}
    members = value if isinstance(value, list) else [value]
    return {} if value is None or value == "" else {name: [_plain(field, member) for member in members]}


def _json_text(text: str, decoder: Any = None) -> str:
    """What Python's parser gives up on by what Django does not catch (numbers of thousands of digits, brackets in brackets) is
    cut off, so that it is no JSON to Django either."""
    try:
        json.loads(text, cls=decoder)
    except json.JSONDecodeError:
        return text
    except (ValueError, RecursionError):
        return f"{text[:80]}…"
    return text


def is_split(widget: Any) -> bool:
    """Whether it is contrib.postgres' SplitArrayWidget, which can only be imported where psycopg is."""
    return isinstance(getattr(widget, "size", None), int) and hasattr(widget, "widget")


def _split(field: Any, name: str, value: Any) -> dict[str, Any]:
    """``[1, 2]`` → ``{"spots_0": 1, "spots_1": 2, "spots_2": ""}``."""
    parts = [*(value if isinstance(value, list) else []), *[None] * field.size]
    return {f"{name}_{number}": _plain(field.base_field, parts[number]) for number in range(field.size)}


def is_multiple(field: forms.Field) -> bool:
    widget = field.widget
    return getattr(widget, "allow_multiple_selected", False) or isinstance(widget, forms.MultipleHiddenInput)


def _plain(field: forms.Field, value: Any) -> Any:
    """A single value as the field takes it, whatever the language: ISO dates and decimal points are not localized."""
    if value is None:
        return ""
    parse = next((parse for cls, parse in _PARSERS if isinstance(field, cls)), None)
    if parse is not None:
        return _parsed(parse, str(value))
    if isinstance(field, forms.IntegerField) and not isinstance(value, (bool, list, dict)):
        return _parsed(decimal.Decimal, value) if field.localize and isinstance(value, str) else value
    if isinstance(field, forms.CharField) and not takes(field, value):
        return str(value)
    return str(value) if isinstance(value, bool) or isinstance(field, _TEXT_FIELDS) else value


def takes(field: forms.Field, value: Any) -> bool:
    """Whether a text field takes more than text: contrib.postgres' arrays take lists, its hstore objects."""
    if isinstance(value, list):
        return hasattr(field, "base_field")
    return isinstance(value, Mapping) and "HStoreField" in _lineage(type(field), forms.Field)


_PARSERS: Sequence[tuple[type[forms.Field], Callable[[str], Any]]] = (
    (forms.DateTimeField, parse_datetime),
    (forms.DateField, parse_date),
    (forms.TimeField, parse_time),
)
_TEXT_FIELDS = (forms.GenericIPAddressField, forms.NullBooleanField, forms.ModelChoiceField, forms.IntegerField)
"""Fields that take an input's text and break, or find a row, where they get something else: to SQL ``True`` is 1."""


def _parsed(parse: Callable[[str], Any], text: str) -> Any:
    """The value that an ISO text stands for, or the text, for the field to validate."""
    try:
        value = parse(text) if not text.isdigit() else None
    except (ValueError, decimal.InvalidOperation):
        return text
    return text if value is None else value


def _parts(field: forms.Field, value: Any) -> list[Any]:
    """A value of several inputs → one for each: a list as it is, a datetime as date and time."""
    widget: Any = field.widget
    if isinstance(value, list):
        parts = value
    elif value is None or value == "":
        parts = []
    elif isinstance(field, forms.SplitDateTimeField):
        parsed = _parsed(parse_datetime, str(value))
        parts = [parsed, ""] if isinstance(parsed, str) else widget.decompress(parsed)
    else:
        parts = _decompressed(widget, value)
    fields = getattr(field, "fields", None) or [field] * len(widget.widgets)
    padded = [*parts, *[None] * len(widget.widgets)]
    return [_plain(inner, part) for inner, part in zip(fields, padded, strict=False)]


def _decompressed(widget: Any, value: Any) -> list[Any]:
    """A project's own widget takes its value apart; what it cannot, its first input gets."""
    try:
        return list(widget.decompress(value))
    except (TypeError, ValueError, AttributeError, LookupError):
        return [value]
