"""Of which kind a value in JSON is: a form refuses what `create` refuses, where Django would make text of anything."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.files.base import File
from rest_framework import serializers

from channels_binding.forms.form import Base64Field, is_multiple, is_split, takes

_TEXT = serializers.CharField.default_error_messages["invalid"]
_BOOLEAN = serializers.BooleanField.default_error_messages["invalid"]
_LIST = forms.MultipleChoiceField.default_error_messages["invalid_list"]
_FILE = forms.FileField.default_error_messages["invalid"]
_BOOLEANS = serializers.BooleanField.TRUE_VALUES | serializers.BooleanField.FALSE_VALUES | {"unknown", "2", "3"}
"""With those of Django's NullBooleanSelect."""


def refuse_other_kinds(form: forms.BaseForm, submitted: Mapping[str, Any]) -> None:
    """``{"title": ["x"]}`` → the field of a text will say "Not a valid string.", and the form is not valid."""
    for name, value in submitted.items():
        field = form.fields.get(name)
        message = None if field is None or field.disabled or value in (None, "") else _wrong(field, value)
        if field is not None and message is not None:
            field.clean = _refusing(message)  # type: ignore[method-assign]
            form.empty_permitted = False


def _refusing(message: Any) -> Callable[..., Any]:
    def clean(*args: Any) -> Any:
        raise forms.ValidationError(message, code="invalid")

    return clean


def _wrong(field: forms.Field, value: Any) -> Any:
    """What there is to say of a value; None where it is of the field's kind, or the field itself will see that it is not."""
    is_list = isinstance(value, list)
    if isinstance(field, forms.FileField):
        return None if _is_file(value) else _FILE
    if isinstance(field.widget, (forms.CheckboxInput, forms.NullBooleanSelect)):
        return None if not isinstance(value, (list, Mapping)) and value in _BOOLEANS else _BOOLEAN
    if isinstance(field.widget, (forms.MultiWidget, forms.SelectDateWidget)) or isinstance(field, forms.JSONField):
        return None
    if is_multiple(field) or is_split(field.widget):
        return None if is_list else _LIST
    if isinstance(field, (forms.DateField, forms.DateTimeField, forms.TimeField, Base64Field)):
        return None if isinstance(value, str) else field.error_messages["invalid"]
    if takes(field, value):
        return None
    if isinstance(field, forms.CharField) and not (
        isinstance(value, (str, int, float)) and not isinstance(value, bool)
    ):
        return _TEXT
    return field.error_messages.get("invalid", _TEXT) if isinstance(value, (list, Mapping)) else None


def _is_file(value: Any) -> bool:
    """Whether it is a new file, several of them, or (``{"name": …, "url": …}``) the one that is there, as a form says it."""
    if isinstance(value, Mapping):
        return "name" in value
    files = value if isinstance(value, list) else [value]
    return bool(files) and all(isinstance(each, File) for each in files)
