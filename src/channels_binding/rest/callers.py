"""Who asks over HTTP, as of a connection: an Identity and a scope, so that a Call says the same on both transports."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.db.models import Model
from django.http import HttpRequest
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.settings import api_settings

from channels_binding.calls.requests import django_request
from channels_binding.classes import evaluated
from channels_binding.conf import get_settings, load_classes
from channels_binding.exceptions import NotFound
from channels_binding.registry import registry
from channels_binding.security import authentication
from channels_binding.security.authentication import Identity, facts_of, is_drf


def scope_of(request: Request) -> Mapping[str, Any]:
    """The scope of one HTTP request, with who asks in it. In a worker thread."""
    scope = RequestScope(django_request(request), identity_of(request))
    return scope if request.method in SAFE_METHODS else dict(scope)  # before a handler signs somebody in, or out


class RequestScope(Mapping[str, Any]):
    """The scope of one HTTP request, with who asks in it: most reads look at nothing of it, so it is made when one does."""

    def __init__(self, request: HttpRequest, identity: Identity) -> None:
        self._request, self._identity = request, identity

    @cached_property
    def _members(self) -> dict[str, Any]:
        carrier = carrier_of(self._request)
        # by the identity alone: what else a request shows (headers, path) differs with each of them
        return {**carrier, **self._identity.into({}, _connection(carrier))}

    def __getitem__(self, name: str) -> Any:
        return self._members[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)


def identity_of(request: Request) -> Identity:
    """Who asks, and by what. In a worker thread."""
    user = evaluated(request.user)
    token = None if request.auth is None else request.headers.get("Authorization") or _named(request.auth)
    session = {"session": getattr(django_request(request), "session", None)}
    session_key = None if request.auth is not None else authentication.session_key_of(session, user)
    return Identity(user, request.auth, token, session_key)


def _named(auth: Any) -> str:
    """What distinguishes credentials that came in no ``Authorization`` header: an API key's row, by its key."""
    return f"{auth._meta.label} {auth.pk}" if isinstance(auth, Model) else repr(facts_of(auth))


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
    """What distinguishes anonymous callers: the session, if the browser has one already."""
    key = getattr(carrier["session"], "session_key", None)
    return f"session {key}" if key else f"request {secrets.token_urlsafe(9)}"


def authenticators_of(stream: str) -> list[Any]:
    """Who finds out who asks: the binding's authentication classes, else the settings', else those of sockets and DRF's."""
    named = authentication_of(stream)
    if named is None:
        named = get_settings().DEFAULT_AUTHENTICATION_CLASSES
    return [cls() for cls in (_default_authentication() if named is None else load_classes(named))]


def _default_authentication() -> list[Any]:
    """A token that a socket takes is taken here too, and decides before a cookie as it does there."""
    of_sockets = filter(is_drf, load_classes(get_settings().AUTHENTIFICATION_CLASSES))
    default: Any = api_settings.DEFAULT_AUTHENTICATION_CLASSES
    return [*dict.fromkeys([*of_sockets, *load_classes(default)])]


def authentication_of(stream: str) -> Sequence[Any] | None:
    """The classes that the binding itself names; None where it names none, or is not there."""
    try:
        return registry.get(stream).authentication_classes
    except NotFound:
        return None
