"""What a handler's annotations say of its data and its answer, as a DRF serializer: it checks the one and describes both.

    class Close(TypedDict):
        id: int
        reason: NotRequired[str]

    @bind("close")
    async def close(self, data: Close) -> Closed: …

``data`` may be a TypedDict, a dataclass (the handler gets an instance) or a serializer (the handler gets it, validated).
Whatever else is annotated, ``dict[str, Any]`` for one, is passed on as it came.
"""

import dataclasses
import datetime
import decimal
import inspect
import types
import typing
import uuid
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any, Literal, Union, get_args, get_origin

import typing_extensions
from rest_framework import serializers

from channels_binding.bindings.options import refuse_unknown
from channels_binding.calls.call import Reading
from channels_binding.calls.posted import PostedForm
from channels_binding.exceptions import Invalid

SerializerClass = type[serializers.BaseSerializer[Any]]


class MissingName(Invalid, KeyError):
    """A handler has read what the client did not send: still a KeyError, but the client's."""

    __str__ = Invalid.__str__


class Data(dict[str, Any]):
    """The data of a call that no annotation has checked.

    ``Data({})["sender"]`` → ``invalid``, with ``{"sender": [{"code": "required", …}]}``, and no internal error.
    """

    def __missing__(self, name: str) -> Any:
        raise MissingName.field(str(name)[:100], "required", "This field is required.")


@lru_cache(maxsize=1024)
def input_of(handler: Callable[..., Any]) -> SerializerClass | None:
    """The serializer of a handler's ``data``, if its annotation says more than that it is an object."""
    names = [*inspect.signature(handler).parameters]
    return serializer_of(_hints(handler).get(names[1])) if len(names) > 1 else None


def output_of(handler: Callable[..., Any]) -> SerializerClass | None:
    """The serializer of what a handler returns."""
    return serializer_of(_hints(handler).get("return"))


@lru_cache(maxsize=1024)
def _hints(handler: Callable[..., Any]) -> Mapping[str, Any]:
    """Annotations by parameter. A name that is only imported for type checking leaves the handler unannotated."""
    try:
        return typing.get_type_hints(handler, include_extras=True)
    except (NameError, TypeError):
        return {}


@lru_cache(maxsize=1024)
def serializer_of(hint: Any) -> SerializerClass | None:
    """The serializer of an annotation: itself, or one made of a TypedDict or a dataclass; None of anything else."""
    if not isinstance(hint, type):
        return None
    if issubclass(hint, serializers.BaseSerializer):
        return hint
    if dataclasses.is_dataclass(hint):
        return _made(hint, _dataclass_fields(hint), {"made": hint}, (_InstanceSerializer,))
    if typing_extensions.is_typeddict(hint):
        return _made(hint, _typed_dict_fields(hint), {}, (serializers.Serializer,))
    return None


def _made(
    hint: type, fields: dict[str, serializers.Field[Any, Any, Any, Any]], members: dict[str, Any], bases: Any
) -> SerializerClass:
    made: SerializerClass = type(hint.__name__, bases, {**fields, **members, "__doc__": _own_doc(hint)})
    return made


def _own_doc(hint: type) -> str | None:
    """A dataclass without a docstring gets its signature for one; nobody needs to read that."""
    text = hint.__doc__
    return None if text is None or text.startswith(f"{hint.__name__}(") else text


class _InstanceSerializer(serializers.Serializer[Any]):
    """Checks the fields of a dataclass and makes an instance of it."""

    made: Callable[..., Any]

    def to_internal_value(self, data: Any) -> Any:
        return type(self).made(**super().to_internal_value(data))


def _dataclass_fields(hint: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(hint, include_extras=True)
    return {each.name: field_of(hints[each.name], required=_is_needed(each)) for each in dataclasses.fields(hint)}


def _is_needed(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _typed_dict_fields(hint: Any) -> dict[str, Any]:
    hints = typing_extensions.get_type_hints(hint, include_extras=True)
    return {name: field_of(each, required=_is_required(hint, name, each)) for name, each in hints.items()}


def _is_required(hint: Any, name: str, member: Any) -> bool:
    """Where annotations are text (PEP 563), only the evaluated member knows that it is ``NotRequired``."""
    origin = get_origin(member)
    if origin in (typing.NotRequired, typing.Required):
        return origin is typing.Required
    return name in hint.__required_keys__


def field_of(hint: Any, **options: Any) -> Any:
    """``int | None`` → ``IntegerField(allow_null=True)``; ``Literal["a", "b"]`` → ``ChoiceField(["a", "b"])``."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (typing.Annotated, typing.NotRequired, typing.Required):
        return field_of(arguments[0], **options)
    if origin in (Union, types.UnionType) and type(None) in arguments:
        rest = tuple(each for each in arguments if each is not type(None))
        return field_of(Union[rest], **options, allow_null=True)  # noqa: UP007 (made of a tuple)
    if origin is Literal:
        return serializers.ChoiceField(choices=[(each, str(each)) for each in arguments], **options)
    if origin in (list, Sequence, tuple, set):
        return serializers.ListField(child=field_of(arguments[0]), **options)
    if origin in (dict, Mapping):
        return serializers.DictField(child=field_of(arguments[1]), **options)
    return _plain_field(hint, **options)


def _plain_field(hint: Any, **options: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _EnumField(hint, **options)
    made = serializer_of(hint)
    if made is not None:
        return made(**options)
    cls, extra = _FIELDS.get(hint, (_AnyField, {}))
    return cls(**extra, **options)


class _AnyField(serializers.JSONField):
    """What is not annotated, or in words that JSON lacks."""


class _EnumField(serializers.ChoiceField):
    """A member of an enum, by its value."""

    def __init__(self, enum: type[Enum], **options: Any) -> None:
        self.enum = enum
        super().__init__(choices=[(each.value, each.name) for each in enum], **options)

    def to_internal_value(self, data: Any) -> Any:
        return self.enum(super().to_internal_value(data))

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(value.value if isinstance(value, Enum) else value)


_FIELDS: Mapping[Any, tuple[Any, Mapping[str, Any]]] = {
    str: (serializers.CharField, {"allow_blank": True, "trim_whitespace": False}),
    int: (serializers.IntegerField, {}),
    float: (serializers.FloatField, {}),
    bool: (serializers.BooleanField, {}),
    decimal.Decimal: (serializers.DecimalField, {"max_digits": None, "decimal_places": None}),
    datetime.datetime: (serializers.DateTimeField, {}),
    datetime.date: (serializers.DateField, {}),
    datetime.time: (serializers.TimeField, {}),
    datetime.timedelta: (serializers.DurationField, {}),
    uuid.UUID: (serializers.UUIDField, {}),
    list: (serializers.ListField, {}),
    dict: (serializers.DictField, {}),
}


def read(
    handler: Callable[..., Any],
    data: Mapping[str, Any],
    get_context: Callable[[], Mapping[str, Any]],
    posted: PostedForm | None = None,
    scope: Callable[[Any], Any] | None = None,
) -> Any:
    """What a handler gets for ``data``: a checked TypedDict, an instance of its dataclass, its valid serializer, or the data.

    Args:
        posted: The form that the data were, which serializers read by rules of their own.
        scope: Has a serializer of the handler's own find only related rows that the caller may know of.

    Raises:
        Invalid: A name that the annotation does not have.
        ValidationError: A value that does not fit.
    """
    cls = input_of(handler)
    if cls is None:
        return Data(data)
    given = dict(data) if posted is None else posted.as_input()
    serializer = cls(data=given, context=dict(get_context()))
    known = getattr(serializer, "fields", None)
    if known is not None:
        refuse_unknown(data if posted is None else dict.fromkeys(posted.names()), known)
    is_own = _is_own(handler, cls)
    if is_own and scope is not None:
        scope(serializer)
    serializer.is_valid(raise_exception=True)
    return serializer if is_own else serializer.validated_data


def _is_own(handler: Callable[..., Any], cls: SerializerClass) -> bool:
    """Whether the handler named this serializer itself."""
    return cls in _hints(handler).values()


def shown(answer: Any) -> Any:
    """What a handler returned, as plain data: a dataclass instance as an object, a serializer as its ``data``."""
    if isinstance(answer, serializers.BaseSerializer):
        return answer.data
    if dataclasses.is_dataclass(answer) and not isinstance(answer, (type, Reading)):
        made = serializer_of(type(answer))
        return made(answer).data if made is not None else answer
    return answer
