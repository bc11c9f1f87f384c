"""As whom a model asks: a user by name, or whoever a token says, by the classes that sockets are asked with (decision 0007)."""

from collections.abc import Awaitable, Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ObjectDoesNotExist
from rest_framework.exceptions import AuthenticationFailed

from channels_binding.conf import get_settings, load_classes
from channels_binding.exceptions import Unauthenticated
from channels_binding.security import authentication
from channels_binding.security.authentication import Identity
from channels_binding.threads import run

Identify = Callable[[], Awaitable[Identity]]
"""Who asks, asked before each call: a token may have been revoked since the last."""

SCOPE: dict[str, Any] = {
    "type": "http",
    "method": "POST",
    "scheme": "http",
    "path": "/mcp/",
    "query_string": b"",
    "headers": [],
    "client": None,
}
"""What hooks of a project see as their request, where there is none: over stdio."""


def token_classes() -> list[Any]:
    """The classes of ``AUTHENTICATION_CLASSES`` that know people by a token and can be asked without a socket."""
    classes = load_classes(get_settings().AUTHENTIFICATION_CLASSES)
    return [cls for cls in classes if authentication.is_drf(cls) and authentication.takes_tokens(cls)]


def by_token(token: str, scope: dict[str, Any] | None = None) -> Identify:
    """Whoever a token says."""
    return lambda: run(_found, token, SCOPE if scope is None else scope)


def by_name(name: str) -> Identify:
    """A user of that name, as long as the user is there and active."""
    return lambda: run(_named, name)


def _found(token: str, scope: dict[str, Any]) -> Identity:
    """Who a token belongs to. In a worker thread.

    Raises:
        Unauthenticated: No class knows it, or it is over.
    """
    try:
        found = (authentication.authenticate(cls, scope, token) for cls in token_classes())
        identity = next((each for each in found if each is not None and each.user.is_authenticated), None)
    except AuthenticationFailed:
        identity = None
    if identity is None:
        raise Unauthenticated("The token is not accepted.")
    return authentication.checked(identity)


def _named(name: str) -> Identity:
    try:
        user = get_user_model()._default_manager.get_by_natural_key(name)
    except ObjectDoesNotExist:
        raise Unauthenticated("There is no such user.") from None
    return authentication.checked(Identity(user))
