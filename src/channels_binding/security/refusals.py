"""Why a handshake is refused: what the log says of it, with the way out, and whether the client is told."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings

from channels_binding.conf import get_settings
from channels_binding.exceptions import Unauthenticated
from channels_binding.security.authentication import header_words, redacted, token_of

logger = logging.getLogger("channels_binding")


class HandshakeRefused(Unauthenticated):
    """``HandshakeRefused("nobody is signed in", "Sign in first.")``"""

    def __init__(self, reason: str, way_out: str, *, is_unauthenticated: bool = False) -> None:
        """
        Args:
            reason: Sent to a client that is told, so it names nobody and no secret. At most 123 bytes.
            way_out: For the log alone.
            is_unauthenticated: Whether another sign-in may help: then a ``cb.1`` client is told so by a close with 4401.
        """
        super().__init__(reason)
        self.reason = reason
        self.way_out = way_out
        self.is_unauthenticated = is_unauthenticated


def foreign_origin(scope: Mapping[str, Any]) -> HandshakeRefused:
    origins = [value.decode("latin-1") for name, value in scope.get("headers", ()) if name == b"origin"]
    listed = get_settings().ALLOWED_ORIGINS
    way_out = (
        'Name it in CHANNELS_BINDING: "ALLOWED_ORIGINS": ["https://app.example.com"]; without that, ALLOWED_HOSTS decides, '
        "and the port must be the server's own."
        if listed is None
        else f"CHANNELS_BINDING has ALLOWED_ORIGINS: {', '.join(listed) or 'none'}; pages of any other origin are refused, "
        "but for this server's own. Add it."
    )
    return HandshakeRefused(f"a page of {', '.join(origins)[:60]!r} may not connect", way_out)


def nobody(scope: Mapping[str, Any], takes_tokens: bool, classes: Iterable[type] = ()) -> HandshakeRefused:
    """Nobody is known, and nobody may not connect: the likeliest reason, as far as the handshake shows it.

    Args:
        classes: Those that were asked who it is.
    """
    words = header_words(scope, classes)
    if words is not None:
        return HandshakeRefused("nobody is signed in", other_word(*words), is_unauthenticated=True)
    if token_of(scope) is not None and not takes_tokens:
        return HandshakeRefused(
            "nobody is signed in",
            "The handshake brings a token, and no class takes one: name those of your API in CHANNELS_BINDING: "
            '"AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"].',
            is_unauthenticated=True,
        )
    if "user" not in scope and "session" not in scope and not takes_tokens:
        return HandshakeRefused(
            "nobody is signed in",
            "Nothing has looked who it is: in asgi.py, wrap the URLRouter in SessionMiddlewareStack(…) of channels.sessions, "
            "or name AUTHENTICATION_CLASSES in CHANNELS_BINDING.",
            is_unauthenticated=True,
        )
    first = "A client that says who it is by cb.auth offers the subprotocol cb.1.json. " if takes_tokens else ""
    return HandshakeRefused(
        "nobody is signed in",
        f"{first}Sign in first, at the host that the page is opened at (localhost and 127.0.0.1 have cookies of their own); or "
        'let everybody in, with CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}.',
        is_unauthenticated=True,
    )


def other_word(word: str, taken: Sequence[str]) -> str:
    """What to send in place of ``Authorization: Bearer …`` where the classes take another word."""
    known = " or ".join(f"'Authorization: {each} …'" for each in taken)
    return f"No class takes the header 'Authorization: {word[:40]} …'; send {known}."


def bad_token(details: str) -> HandshakeRefused:
    """``details`` are the authentication class's own, for the log."""
    return HandshakeRefused(
        "the token is not accepted", f"An authentication class says: {details}", is_unauthenticated=True
    )


def failed() -> HandshakeRefused:
    """What was asked has failed, so that nobody is known: a later attempt may succeed."""
    return HandshakeRefused("authentication failed", "The error above says why.")


def log(refusal: HandshakeRefused, scope: Mapping[str, Any]) -> None:
    """A line for each refusal; one that is seen without a logging configuration while DEBUG is on."""
    level = logging.WARNING if settings.DEBUG else logging.INFO
    path = redacted(str(scope.get("path", "")))
    logger.log(level, "A connection to %s was refused: %s. %s", path, refusal.reason, refusal.way_out)
