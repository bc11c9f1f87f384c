"""System checks of what is shown, and to whom."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage
from rest_framework.permissions import SAFE_METHODS, AllowAny

from channels_binding.bindings.base import BaseBinding
from channels_binding.checks.messages import a_warning
from channels_binding.checks.serializers import serializer_of
from channels_binding.conf import get_settings
from channels_binding.serializers.default import SENSITIVE


def exposure(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """W001, W002: more shown, or to more, than was said. W004: a serializer that shows what looks like a secret."""
    if cls.fields is None and cls.serializer_class is None:
        message = f"{cls.__name__} names no 'fields': it shows every field that does not look like a secret."
        yield a_warning(cls, 1, message, 'Name them: fields = ("id", …).')
    if _is_open(cls):
        message = f"{cls.__name__} has no 'permission_classes': {_who()} may {_what(cls)} {_which(cls)}."
        yield a_warning(
            cls, 2, message, "Set them, or DEFAULT_PERMISSION_CLASSES in CHANNELS_BINDING or REST_FRAMEWORK."
        )
    if cls.serializer_class is not None:
        fields = serializer_fields(cls)
        names = [name for name, field in fields.items() if not field.write_only and SENSITIVE.search(name)]
        if names:
            message = f"{cls.__name__} shows {', '.join(names)}, as its serializer_class does."
            yield a_warning(cls, 4, message, "Take them out of the serializer, or make them write-only.")


def _is_open(cls: type[BaseBinding]) -> bool:
    """Whether it names no permissions, and those of the settings let everybody in who may connect."""
    is_said = cls.permission_class is not None or bool(cls.permission_classes)
    return not is_said and not chooses_permissions(cls) and set(cls.get_permission_classes()) <= {AllowAny}


def chooses_permissions(cls: type[BaseBinding]) -> bool:
    """Whether a ``get_permission_classes()`` of the project's names them."""
    own: Any = cls.get_permission_classes
    stock: Any = BaseBinding.get_permission_classes
    return own.__func__ is not stock.__func__


def _who() -> str:
    return "everybody, signed in or not," if get_settings().ANONYMOUS_CONNECTION_ALLOWED else "every signed-in user"


def _what(cls: type[BaseBinding]) -> str:
    """``"read and write"``, of what its actions offer."""
    offered = {action.method for action in cls.get_actions().values()}
    kinds = {"read": offered & {*SAFE_METHODS}, "write": offered - {*SAFE_METHODS}}
    return " and ".join(kind for kind, methods in kinds.items() if methods)


def _which(cls: type[BaseBinding]) -> str:
    is_narrowed = cls.get_queryset is not BaseBinding.get_queryset
    return "all rows that its get_queryset() gives" if is_narrowed else "all of its rows"


def is_hidden(cls: type[BaseBinding], path: str) -> bool:
    """Whether a column of the model itself is not shown, or a part of the path looks like a secret."""
    if any(SENSITIVE.search(part) for part in path.split("__")):
        return True
    columns = {field.name for field in cls.get_model()._meta.concrete_fields}
    return path in columns - {cls.get_model()._meta.pk.name} - _shown(cls)


def _shown(cls: type[BaseBinding]) -> set[str]:
    fields = serializer_fields(cls)
    return {field.source or name for name, field in fields.items() if not field.write_only}


def serializer_fields(cls: type[BaseBinding]) -> dict[str, Any]:
    return dict(getattr(serializer_of(cls), "fields", {}))
