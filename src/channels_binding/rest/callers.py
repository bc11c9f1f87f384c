"""Who asks over HTTP, in the words of a connection: an Identity and a scope, so that a Call says the same on every door."""

import secrets
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from rest_framework.request import Request

from channels_binding import authentication
from channels_binding.authentication import Identity


def scope_of(request: Request) -> dict[str, Any]:
    """The scope of one HTTP request, with who asks in it. In a worker thread."""
    identity, carrier = identity_of(request), carrier_of(request._request)
    told = identity.into(carrier, _connection(carrier))
    return {**told, "caller": identity.into({})["caller"]}  # what a request shows besides differs with each of them


def identity_of(request: Request) -> Identity:
    """Who asks, and by what. In a worker thread."""
    user = request.user
    user = getattr(user, "_wrapped", user)
    token = request.headers.get("Authorization") if request.auth is not None else None
    session = {"session": getattr(request._request, "session", None)}
    session_key = None if request.auth is not None else authentication.session_key_of(session, user)
    return Identity(user, request.auth, token, session_key)


def carrier_of(request: HttpRequest) -> dict[str, Any]:
    """The ASGI scope of a request; under WSGI, what one would say: ``{"type": "http", "path": "/api/", "headers": […]}``."""
    session = {"session": getattr(request, "session", None)}
    if isinstance(request, ASGIRequest):
        return {**request.scope, **session}
    return {
        "type": "http",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "query_string": request.META.get("QUERY_STRING", "").encode("latin-1", "replace"),
        "headers": [(name.lower().encode("latin-1"), _bytes(value)) for name, value in request.headers.items()],
        "client": (request.META.get("REMOTE_ADDR", ""), 0),
        **session,
    }


def _bytes(value: Any) -> bytes:
    return str(value).encode("latin-1", "replace")


def _connection(carrier: dict[str, Any]) -> str:
    """By which one who is nobody in particular is told from another: the session, if the browser has one already."""
    key = getattr(carrier["session"], "session_key", None)
    return f"session {key}" if key else f"request {secrets.token_urlsafe(9)}"
