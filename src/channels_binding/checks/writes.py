"""System checks of what writes need beside the serializer: formsets, and nested serializers that can be saved."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage
from django.forms.formsets import BaseFormSet
from rest_framework.serializers import BaseSerializer, ModelSerializer
from rest_framework.utils import model_meta

from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.writes import WriteMixin
from channels_binding.checks.exposure import serializer_fields
from channels_binding.checks.messages import a_warning, an_error
from channels_binding.checks.serializers import serializer_of


def unusable_formsets(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E008: formsets that are none, or stand under the name of a field. W006: without a transaction around them."""
    for name, formset in cls.formsets.items():
        if not (isinstance(formset, type) and issubclass(formset, BaseFormSet)):
            yield an_error(
                cls, 8, f"{cls.__name__}.formsets[{name!r}] is {formset!r}.", "What formset_factory() makes."
            )
        if name in serializer_fields(cls):
            yield an_error(
                cls, 8, f"{cls.__name__}.formsets[{name!r}] has the name of a field.", "Choose another name."
            )
    if cls.formsets and not cls.atomic:
        hint = "Leave 'atomic' True."
        yield a_warning(
            cls, 6, f"{cls.__name__} has formsets and atomic = False: what fails halfway stays half done.", hint
        )


def nested_writes(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """W016: nested serializers that can be written, by a method of DRF's that refuses to (a write is ``internal`` then)."""
    serializer: Any = cls.serializer_class and serializer_of(cls)
    if not isinstance(serializer, ModelSerializer):
        return
    names = [name for name, field in serializer.fields.items() if _is_nested_write(serializer, field)]
    methods = [
        method for method, actions in _WRITES.items() if names and _leaves_to_drf(cls, serializer, method, actions)
    ]
    if methods:
        message = f"{cls.__name__} takes {', '.join(names)}, but {type(serializer).__name__} has no {' and no '.join(methods)}."
        yield a_warning(cls, 16, message, "Write what is missing, or make the nested fields read_only=True.")


_WRITES = {"create()": ("create", "save"), "update()": ("update", "replace", "save")}
"""Method of a serializer → the actions that call it."""


def _is_nested_write(serializer: Any, field: Any) -> bool:
    """As DRF's ``raise_errors_on_nested_writes`` sees it: a nested serializer, or ``source="customer.name"``."""
    relations = model_meta.get_field_info(serializer.Meta.model).relations
    is_nested = isinstance(field, BaseSerializer) or "." in (field.source or "")
    return not field.read_only and is_nested and field.source.partition(".")[0] in relations


def _leaves_to_drf(cls: type[BaseBinding], serializer: Any, method: str, actions: Sequence[str]) -> bool:
    """Whether neither the serializer nor the binding saves in a way of its own."""
    name, hook = method.removesuffix("()"), f"perform_{method.removesuffix('()')}"
    is_drfs = getattr(type(serializer), name) is getattr(ModelSerializer, name)
    is_ours = getattr(cls, hook) is getattr(WriteMixin, hook)
    return is_drfs and is_ours and bool(set(actions) & set(cls.get_actions()))
