"""DRF's permission classes, applied to a Call: at class, action and object level, on every door and every push."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from rest_framework import permissions as drf
from rest_framework.request import Request

from channels_binding.calls import Call
from channels_binding.exceptions import Forbidden, Unauthenticated
from channels_binding.threads import settle

USER_BLIND = (drf.AllowAny, drf.IsAuthenticated)
"""Permission classes under which all signed-in users are alike."""


def request_of(call: Call, method: str) -> Request:
    """DRF's Request for a call that came over a socket, made of its scope, so that DRF's classes work unchanged."""
    secure = call.scope.get("scheme") in ("wss", "https")
    as_http = {"type": "http", "scheme": "https" if secure else "http", "method": method, "query_string": b""}
    scope = {"path": "/", "headers": [], **call.scope, **as_http}
    django_request = ASGIRequest(scope, BytesIO())
    django_request.user = call.user
    django_request.session = call.scope.get("session")  # type: ignore[assignment]
    django_request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
    request = Request(django_request)
    request.user = call.user
    request.auth = call.scope.get("auth")
    request._full_data = request._data = call.data  # type: ignore[attr-defined]
    request._files = {}  # type: ignore[attr-defined]
    return request


def check(permissions: Sequence[Any], request: Any, view: Any) -> None:
    """Refuse unless every permission lets the request in.

    Raises:
        Unauthenticated: Refused, and nobody is signed in.
        Forbidden: Refused.
    """
    for permission in permissions:
        if not settle(permission.has_permission(request, view)):
            refuse(request.user, permission)


def check_object(permissions: Sequence[Any], request: Any, view: Any, instance: Any) -> None:
    """As ``check``, for one row."""
    for permission in permissions:
        if not settle(permission.has_object_permission(request, view, instance)):
            refuse(request.user, permission)


def refuse(user: Any, permission: Any = None) -> None:
    """Raise what a refused caller is told."""
    if not getattr(user, "is_authenticated", False):
        raise Unauthenticated()
    raise Forbidden(getattr(permission, "message", None))
