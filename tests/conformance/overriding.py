"""Every function and attribute of a class, overridden one at a time by one whose result depends on who calls."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from django.db import models
from rest_framework.request import Request

from channels_binding.calls import Call, Reading, Row
from channels_binding.exceptions import Forbidden
from channels_binding.protocol import codecs

CANARY = "canary"
_SEEN: dict[str, int] = {}
_busy = threading.local()


def facts_of(call: Call) -> str:
    """What a project's code can know of a caller: user, token, session, headers."""
    headers = {name: value.decode() for name, value in call.scope.get("headers", ())}
    session = getattr(call.scope.get("session"), "session_key", None)
    shown = (getattr(call.user, "pk", None), str(call.scope.get("auth")), session)
    return f"{CANARY}-{shown}-{headers.get(b'user-agent')}-{headers.get(b'accept-language')}"


def _call_of(*candidates: Any) -> Call | None:
    """The call behind a binding, a serializer, a field, a filterset, or a request with its view."""
    for each in (*candidates, *(getattr(each, "parent", None) for each in candidates)):
        if isinstance(each, Call):
            return each
        found = vars(each).get("call") if hasattr(each, "__dict__") else None
        if isinstance(found, Call):
            return found
        context = getattr(each, "_context", None) or getattr(getattr(each, "root", None), "_context", None)
        if isinstance(context, dict) and isinstance(context.get("call"), Call):
            return context["call"]  # type: ignore[no-any-return]
        if isinstance(getattr(each, "request", None), Request) and hasattr(each, "form_prefix"):  # a filterset
            return _of_request(each.request)
        if isinstance(each, Request):
            return _of_request(each)
    return None


def _of_request(request: Request) -> Call:
    scope = getattr(request._request, "scope", {})
    return Call("x", "x", {}, request.user, scope={"auth": request.auth, "session": None, **scope})


def altered(value: Any, facts: str) -> Any:
    """A result that says who calls, or is another for each of them; of the same kind, so that it works."""
    number = _SEEN.setdefault(facts, len(_SEEN)) % 8
    if isinstance(value, Reading):
        return replace(value, rows=altered(value.rows, facts))
    if isinstance(value, Row):
        return Row.of(value.pk, {**codecs.parse(value.body), "title": facts})
    if isinstance(value, models.QuerySet):
        return value.filter(rank__lte=number)
    if isinstance(value, bool):
        return value if number % 2 else not value
    if isinstance(value, int):
        return value + number
    if isinstance(value, str):
        return f"{value}{facts}"
    if isinstance(value, dict):
        return {name: altered(each, facts) if isinstance(each, str) else each for name, each in value.items()}
    if isinstance(value, tuple) and value and not all(isinstance(each, str) for each in value):
        return tuple(altered(each, facts) for each in value)
    if isinstance(value, (list, tuple)) and value:
        return value if number % 2 else value[1:]
    return value


def _depending(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def overridden(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = function(self, *args, **kwargs)
        if getattr(_busy, "is_set", False):
            return result
        _busy.is_set = True
        try:
            call = _call_of(self, *args)
            if call is None:
                return result
            if name.startswith("check_") and len(facts_of(call)) % 2:
                raise Forbidden()
            return altered(result, facts_of(call))
        finally:
            _busy.is_set = False

    return overridden


class Varying:
    """In place of an attribute: its value, or the one that was set, altered for who calls."""

    def __init__(self, name: str, value: Any) -> None:
        self._name, self._value = name, value
        self._get = _depending(lambda instance: vars(instance).get(name, value), name)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self._value if instance is None else self._get(instance)

    def __set__(self, instance: Any, value: Any) -> None:
        vars(instance)[self._name] = value


def overrides(cls: type, roots: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Each name that the packages ``roots`` define for instances of a class, with an override that depends on the caller."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.partition(".")[0] in roots:
            found.update(vars(base))
    for name, value in sorted(found.items()):
        if name.startswith("__") and name not in ("__init__", "__getattribute__"):
            continue
        if isinstance(value, property):
            yield name, property(_depending(value.fget, name), value.fset)  # type: ignore[arg-type]
        elif callable(value) and not isinstance(value, type):
            yield name, _depending(value, name)
        elif not isinstance(value, (classmethod, staticmethod, type)) and isinstance(
            value, (bool, int, str, tuple, list)
        ):
            yield name, Varying(name, value)
