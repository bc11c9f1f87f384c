"""DRF's permission and throttle classes, applied to a Call: at class, action and object level, for every call and push."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import permissions as drf
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from channels_binding.exception_handler import as_error
from channels_binding.exceptions import Forbidden, Throttled, Unauthenticated
from channels_binding.threads import settle

USER_BLIND = (drf.AllowAny, drf.IsAuthenticated)
"""Permission classes under which all signed-in users are alike."""


def asking(permissions: Sequence[Any]) -> Sequence[Any]:
    """Those that ask anything: not AllowAny, for which no request need be made."""
    return [each for each in permissions if type(each) is not drf.AllowAny]


def decide_about_nobody(classes: Sequence[Any]) -> bool:
    """Whether permission classes decide themselves who is admitted, anonymous callers included: ``[AllowAny]``.

    Not ``[]``, and not classes that judge rows alone: their ``has_permission`` is DRF's, which admits everybody.
    """
    return any(_checks_callers(cls()) for cls in classes)


def _checks_callers(permission: Any) -> bool:
    if isinstance(permission, _COMPOSED):
        parts = map(_checks_callers, _operands(permission))
        return all(parts) if isinstance(permission, drf.OR) else any(parts)
    return getattr(type(permission), "has_permission", None) is not drf.BasePermission.has_permission


def check(permissions: Sequence[Any], request: Request, view: Any) -> None:
    """Refuse unless every permission lets the request in.

    Raises:
        Unauthenticated: Refused, and nobody is signed in.
        Forbidden: Refused.
        BindingError: What a permission raises of its own.
    """
    for permission in permissions:
        with translated():
            is_admitted = _admits(permission, request, view)
        if not is_admitted:
            refuse(request.user, permission)


def check_object(permissions: Sequence[Any], request: Request, view: Any, instance: Any) -> None:
    """As ``check``, for one row."""
    for permission in permissions:
        with translated():
            is_admitted = _admits_to_object(permission, request, view, instance)
        if not is_admitted:
            refuse(request.user, permission)


@contextmanager
def translated() -> Iterator[None]:
    """DRF's and Django's refusals (DjangoObjectPermissions raises Http404) in the contract's words."""
    try:
        yield
    except (APIException, Http404, PermissionDenied) as exception:
        raise as_error(exception) from None


def _admits(permission: Any, request: Request, view: Any) -> bool:
    """``has_permission``. Composed ones are taken apart: to DRF's ``&`` and ``|`` a coroutine is true, whatever it returns."""
    if isinstance(permission, _COMPOSED):
        parts = (_admits(each, request, view) for each in _operands(permission))
        return _compose(permission, parts)
    return bool(settle(permission.has_permission(request, view)))


def _admits_to_object(permission: Any, request: Request, view: Any, instance: Any) -> bool:
    """``has_object_permission``, composed as DRF composes it: a part of ``|`` counts only if it lets the request in at all."""
    if isinstance(permission, _COMPOSED):
        is_either = isinstance(permission, drf.OR)
        parts = (
            (not is_either or _admits(each, request, view)) and _admits_to_object(each, request, view, instance)
            for each in _operands(permission)
        )
        return _compose(permission, parts)
    return bool(settle(permission.has_object_permission(request, view, instance)))


_COMPOSED = (drf.AND, drf.OR, drf.NOT)


def _operands(permission: Any) -> list[Any]:
    return [getattr(permission, name) for name in ("op1", "op2") if hasattr(permission, name)]


def _compose(permission: Any, parts: Iterator[bool]) -> bool:
    if isinstance(permission, drf.NOT):
        return not next(parts)
    return any(parts) if isinstance(permission, drf.OR) else all(parts)


def check_throttles(throttles: Sequence[Any], request: Request, view: Any) -> None:
    """Count the request with every throttle, as DRF does.

    Raises:
        Throttled: One of them has had enough; ``retry_after`` says when none has.
    """
    refusing = [each for each in throttles if not settle(each.allow_request(request, view))]
    if not refusing:
        return
    waits = [wait for each in refusing if (wait := each.wait()) is not None]
    raise Throttled(**({"retry_after": round(max(waits), 3)} if waits else {}))


def refuse(user: Any, permission: Any = None) -> None:
    """Raise the error that a refused caller is sent."""
    if not getattr(user, "is_authenticated", False):
        raise Unauthenticated()
    raise Forbidden(getattr(permission, "message", None))


def are_blind_to_objects(permissions: Sequence[Any]) -> bool:
    """Whether none of the permissions looks at rows: ``[IsAuthenticated()]``, ``IsAdminUser | AllowAny``."""
    return all(_is_blind_to_objects(permission) for permission in permissions)


def _is_blind_to_objects(permission: Any) -> bool:
    if type(permission) in (drf.AND, drf.OR):  # not NOT: what says nothing of a row, it refuses
        return _is_blind_to_objects(permission.op1) and _is_blind_to_objects(permission.op2)
    return getattr(type(permission), "has_object_permission", None) is drf.BasePermission.has_object_permission
