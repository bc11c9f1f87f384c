"""The streams that a caller may use, and what each offers them: what is refused is not named."""

import logging
from collections.abc import Iterator, Mapping
from inspect import getdoc
from typing import Any

from django.http import HttpRequest
from django.utils.encoding import force_str
from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.request import Request

from channels_binding.bindings.actions import Action
from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.description import FIELD_TYPES
from channels_binding.calls.call import Call
from channels_binding.dispatch.arguments import input_of
from channels_binding.exceptions import BindingError, NotFound
from channels_binding.explorer import access
from channels_binding.live.queries import explain
from channels_binding.protocol.names import READS
from channels_binding.registry import registry
from channels_binding.rest.callers import scope_of
from channels_binding.serializers.relations import child

logger = logging.getLogger("channels_binding")
FIRST = ("describe", "search", "retrieve", "list")
"""What is asked about first, to find out whether a stream is to be named at all: mostly it decides."""
EXAMPLES: Mapping[str, Any] = {
    "boolean": False,
    "integer": 0,
    "float": 0,
    "decimal": "0.00",
    "date": "2026-01-31",
    "datetime": "2026-01-31T12:00:00Z",
    "time": "12:00:00",
    "duration": "01:00:00",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "json": {},
    "list": [],
    "object": {},
}
"""Something that a field of this type may hold; of any other the empty text."""


def question(request: HttpRequest, stream: str, action: str, data: dict[str, Any] | None = None) -> Call:
    """A call of whoever has signed in, as if it had come over HTTP."""
    asked = Request(request)
    asked.user = access.user_of(request)
    asked.auth = None
    return Call(stream, action, data or {}, asked.user, transport="http", scope=scope_of(asked), request=asked)


def streams(request: HttpRequest) -> list[dict[str, Any]]:
    """Every stream of which the caller may ask anything: ``[{"stream": "shop.Order", "label": "orders", "model": true}]``."""
    return [_listed(cls) for cls in sorted(registry, key=lambda cls: cls.get_stream()) if any(_allowed(request, cls))]


def stream(request: HttpRequest, name: str) -> dict[str, Any]:
    """One stream, with what the caller may ask of it.

    Raises:
        NotFound: There is none, or none for this caller.
    """
    cls = find(request, name)
    actions = _allowed(request, cls)
    return {
        **_listed(cls),
        "doc": _own_doc(cls),
        "actions": [_offered(each) for each in sorted(actions, key=lambda each: (not each.is_builtin, each.name))],
        **({"binding": explain.describe(cls)} if access.is_staff(request) else {}),
    }


def find(request: HttpRequest, name: str) -> type[BaseBinding]:
    """The binding of a stream of which the caller may ask anything.

    Raises:
        NotFound: There is none, or none for this caller.
    """
    cls = registry.get(name)
    if not any(_allowed(request, cls)):
        raise NotFound("There is no such stream.")
    return cls


def _listed(cls: type[BaseBinding]) -> dict[str, Any]:
    model = cls.find_model()
    label = cls.get_stream() if model is None else force_str(model._meta.verbose_name_plural)
    return {"stream": cls.get_stream(), "label": label, "model": model is not None}


def _allowed(request: HttpRequest, cls: type[BaseBinding]) -> Iterator[Action]:
    """Actions that the permissions let the caller begin; of single rows they may still refuse."""
    actions = cls.get_actions()
    names = [*(name for name in FIRST if name in actions), *(name for name in actions if name not in FIRST)]
    for name in names:
        if _may_begin(cls, question(request, cls.get_stream(), name)):
            yield actions[name]


def _may_begin(cls: type[BaseBinding], call: Call) -> bool:
    """Whether the permissions say so. One that fails says nothing, and leaves the other streams as they are."""
    try:
        cls(call).check_permissions()
    except BindingError:
        return False
    except Exception:
        logger.exception("A permission of %s.%s has failed; the explorer leaves it out", call.stream, call.action)
        return False
    return True


def _offered(action: Action) -> dict[str, Any]:
    return {
        "name": action.name,
        "method": action.method,
        "builtin": action.is_builtin,
        "live": action.is_read and action.name in READS,
        "doc": (getdoc(action.handler) or "").split("\n")[0],
        "data": {} if action.is_builtin else example_of(input_of(action.handler)),
    }


def _own_doc(cls: type[BaseBinding]) -> str:
    """What the class itself says, not what it has inherited."""
    return (getdoc(cls) or "") if cls.__doc__ else ""


def example_of(cls: type[serializers.BaseSerializer[Any]] | None) -> dict[str, Any]:
    """Data that a handler might be sent, to be changed by hand: ``{"per_second": 5}``."""
    fields = getattr(child(cls()), "fields", {}) if cls is not None else {}
    return {name: _value(field) for name, field in fields.items() if not field.read_only}


def _value(field: Any) -> Any:
    if field.default is not empty and not callable(field.default):
        return field.default
    if isinstance(field, serializers.BaseSerializer):
        return [] if getattr(field, "many", False) else example_of(type(field))
    kind = next((word for cls, word in FIELD_TYPES if isinstance(field, cls)), "object")
    if kind == "choice":
        return next(iter(field.choices), "")
    if kind == "relation":
        return None
    least = getattr(field, "min_value", None)
    return least if least is not None and kind in ("integer", "float") else EXAMPLES.get(kind, "")
