"""Who is behind a socket: the token of a handshake, and DRF's authentication classes, as they are, applied to it.

A token comes as a subprotocol (``cb.1.json, bearer.<token>``), in the query string (``?token=…``), as an
``Authorization`` header, or in a message (``cb.auth``). From the scope it is removed once it was read.
"""

import hashlib
import logging
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from channels_binding.calls.requests import django_request
from channels_binding.calls.scopes import CONTEXT, request_of_scope
from channels_binding.calls.sessions import loaded, user_of
from channels_binding.exceptions import Unauthenticated
from channels_binding.types import Scope

BEARER = "bearer."
"""What the subprotocol that carries a token begins with."""
QUERY = "token"
"""Name of the token in a query string."""

_WORD = re.compile(r"[A-Za-z-]{1,20}")
"""What stands before a token: ``Bearer``, ``JWT``, ``Api-Key``. A token is longer, or has digits."""
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}\Z")
_IN_LOGS = re.compile(r"(\bbearer\.|\bauthorization:? \w+ )[^&\s,\"']+", re.I)
_PARAMETER = re.compile(r"([?&])([^=&?\s\"']+)=([^&\s,\"']+)")
_SERVER_LOGS = (
    "uvicorn.access",
    "uvicorn.error",
    "daphne.ws_protocol",
    "daphne.http_protocol",
    "django.channels.server",
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is, how it is known, and for how long."""

    user: Any
    auth: Any = None
    """What DRF's classes call ``request.auth``: a Token's row, a JWT."""
    token: str | None = field(default=None, repr=False)
    """The token, or the ``Authorization`` header, that says so; None where a session or a middleware does."""
    session_key: str | None = None
    """The session that the user was found in; None for tokens."""

    @property
    def key(self) -> str | None:
        """Distinguishes tokens without holding them: 16 hex digits of BLAKE2b; None without a token."""
        return None if self.token is None else hashlib.blake2b(self.token.encode(), digest_size=8).hexdigest()

    @property
    def expires_at(self) -> float | None:
        """Seconds since the epoch at which the token is over: a JWT's ``exp``, else an ``expires`` or ``expiry``."""
        return expiry_of(self.auth)

    def into(self, scope: Mapping[str, Any], connection: str | None = None) -> dict[str, Any]:
        """A scope that says who this is, for handlers and for DRF's classes: ``user``, ``auth``, ``auth_key``.

        Args:
            connection: Distinguishes anonymous callers (``Call.caller``); None where no call is made with the scope.
        """
        known = {"user": self.user, "auth": self.auth, "auth_key": self.key, "connection_id": connection}
        return (
            {**scope, **known} if connection is None else {**scope, **known, "caller": self._caller(scope, connection)}
        )

    def _caller(self, scope: Mapping[str, Any], connection: str) -> str:
        """Distinguishes identities of one user: 32 hex digits of BLAKE2b over how each is known, and shown."""
        how = ("token", self.token) if self.token is not None else ("session", self.session_key)
        return hashlib.blake2b(
            repr((how, loaded(scope.get("session")), _shown(scope, connection))).encode(), digest_size=16
        ).hexdigest()


_OF_ONE_HANDSHAKE = (b"sec-websocket-key",)
_LEFT_OUT = frozenset(
    {
        *("user", "session", "auth", "auth_key"),  # which the identity says
        *("locale", CONTEXT),  # an answer's, and nobody's mark
        *("headers", "cookies", "client", "connection_id", "caller", "app"),  # looked at below, or the same for all
    }
)


def _shown(scope: Mapping[str, Any], connection: str | None) -> Any:
    """What a request made of the scope would show of the caller: headers, cookies, address, path, what a middleware has set.

    Two tabs of one browser show the same. An object of a middleware's own may mean anything, so it is no other connection's.
    """
    headers = sorted(
        ((name, value) for name, value in scope.get("headers", ()) if name not in _OF_ONE_HANDSHAKE),
        key=itemgetter(0),  # of one name, the order means something
    )
    others = {str(name): value for name, value in scope.items() if name not in _LEFT_OUT}
    client = (scope.get("client") or (None,))[0]
    return headers, client, sorted(others.items()) if _is_plain(others) else (sorted(others), connection)


def _is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_plain, value)) and all(map(_is_plain, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return type(value) in (type(None), str, bytes, bool, int, float)


def expiry_of(auth: Any) -> float | None:
    """When ``request.auth`` is over, in seconds since the epoch; None if it does not say."""
    claims = auth if isinstance(auth, Mapping) else getattr(auth, "payload", None)
    found = claims.get("exp") if isinstance(claims, Mapping) else None
    found = found or getattr(auth, "expires", None) or getattr(auth, "expiry", None)
    if isinstance(found, datetime):
        return found.timestamp()
    return float(found) if isinstance(found, (int, float)) else None


def facts_of(auth: Any) -> Any:
    """What ``request.auth`` says, to be compared with what it says later: the columns of a token's row, the claims of a JWT."""
    if isinstance(auth, Model):
        return {field.attname: getattr(auth, field.attname) for field in auth._meta.concrete_fields}
    return getattr(auth, "payload", auth)


# Tokens in a handshake


def token_of(scope: Mapping[str, Any]) -> str | None:
    """``["cb.1.json", "bearer.abc"]`` or ``?token=abc`` → ``"abc"``."""
    for offered in scope.get("subprotocols", ()):
        if offered.startswith(BEARER):
            return str(offered.removeprefix(BEARER))
    spelled = [part.partition("=") for part in scope.get("query_string", b"").decode("latin-1").split("&")]
    found = [
        value for name, _, value in spelled if name == QUERY
    ]  # %74oken would pass by the filters of proxies and logs
    return unquote_plus(found[-1]) if found else None


def _query(scope: Mapping[str, Any]) -> list[tuple[str, str]]:
    return parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)


def without_token(scope: Scope) -> Scope:
    """The scope as handlers may see it: no token in its query string, subprotocols or headers."""
    pairs = _query(scope)
    kept = [(name, value) for name, value in pairs if name != QUERY]
    return {
        **scope,
        "query_string": urlencode(kept).encode() if kept != pairs else scope.get("query_string", b""),
        "subprotocols": [each for each in scope.get("subprotocols", ()) if not each.startswith(BEARER)],
        "headers": [
            pair for pair in scope.get("headers", ()) if pair[0] not in (b"authorization", b"sec-websocket-protocol")
        ],
    }


class _Redact(logging.Filter):
    """Servers log the path of a handshake with its query string, and its headers where they log much."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if redacted(text) == text:
            return True
        record.args = _redacted_args(record.args)  # of the same number: uvicorn's formatter takes them apart
        text = record.getMessage()
        if redacted(text) != text:  # what begins in one and goes on in another
            record.msg, record.args = redacted(text), ()
        return True


def _redacted_args(args: Any) -> Any:
    """Texts of a record's arguments without tokens; ``"%s %d"`` finds what else there is as it was."""
    if isinstance(args, Mapping):
        return {name: _redacted_arg(value) for name, value in args.items()}
    return tuple(map(_redacted_arg, args)) if isinstance(args, tuple) else args


def _redacted_arg(value: Any) -> Any:
    return redacted(value) if isinstance(value, str) else value


_redact = _Redact()


def redacted(text: str) -> str:
    """``/ws/?token=abc&x=1`` → ``/ws/?token=***&x=1``; and so with tokens in headers."""
    return _PARAMETER.sub(_redacted, _IN_LOGS.sub(r"\1***", text))


def _redacted(parameter: re.Match[str]) -> str:
    mark, name, _ = parameter.groups()
    return f"{mark}{name}=***" if unquote_plus(name).lower() == QUERY else parameter[0]


def redact_server_logs() -> None:
    """Keep tokens of handshakes out of the logs of uvicorn, Daphne and runserver."""
    for name in _SERVER_LOGS:
        logging.getLogger(name).addFilter(_redact)


# DRF's authentication classes


def is_drf(cls: Any) -> bool:
    return isinstance(cls, type) and issubclass(cls, BaseAuthentication)


def takes_tokens(cls: Any) -> bool:
    """Whether a class knows people by a token: one of DRF's that reads a header, or ours with ``accepts_tokens``."""
    if not is_drf(cls):
        return bool(getattr(cls, "accepts_tokens", False))
    return bool(_keyword(cls(), _request({})))


def authenticate(cls: type[BaseAuthentication], scope: Mapping[str, Any], token: str | None) -> Identity | None:
    """Ask one of DRF's classes who this is; None if it does not know. In a worker thread.

    Raises:
        AuthenticationFailed: There are credentials, and they are wrong.
    """
    authenticator = cls()
    keyword = _keyword(authenticator, _request(scope))
    if token is not None and not keyword:
        return None
    found = authenticator.authenticate(_request(scope, f"{keyword} {_checked(token)}" if token is not None else None))
    if found is None:
        return None
    return Identity(*found, token=token or (_header(scope) if keyword else None))


def header_words(scope: Mapping[str, Any], classes: Iterable[type]) -> tuple[str, list[str]] | None:
    """The word in a request's ``Authorization`` header, and those that the classes take; None where one of them takes it.

    ``Authorization: Bearer abc`` where DRF's ``TokenAuthentication`` is asked → ``("Bearer", ["Token"])``. What may be the
    token itself is no word, for words are said in the log: ``Authorization: abc`` → None.
    """
    word, _, token = (_header(scope) or "").partition(" ")
    if not (token and _WORD.fullmatch(word)):
        return None
    taken = [keyword for cls in classes if is_drf(cls) and (keyword := _keyword(cls(), _request({})))]
    is_taken = word.lower() in {each.lower() for each in taken}
    return None if is_taken or not taken else (word, [*dict.fromkeys(taken)])


def _header(scope: Mapping[str, Any]) -> str | None:
    return dict(scope.get("headers", ())).get(b"authorization", b"").decode("latin-1") or None


def _checked(token: str) -> str:
    if not _TOKEN.match(token):
        raise AuthenticationFailed()
    return token


def _keyword(authenticator: BaseAuthentication, request: Request) -> str:
    """``Bearer realm="api"`` → ``Bearer``: the word that stands before the token in this class's header."""
    return (authenticator.authenticate_header(request) or "").split(" ")[0]


def _request(scope: Mapping[str, Any], authorization: str | None = None) -> Request:
    """The handshake as DRF's classes know requests, with the token where they look for it."""
    headers = [*scope.get("headers", ())]
    if authorization is not None:
        headers = [pair for pair in headers if pair[0] != b"authorization"]
        headers.append((b"authorization", authorization.encode("latin-1")))
    request = request_of_scope(scope, headers=headers)
    request.session = scope.get("session")  # type: ignore[assignment]
    request.user = scope.get("user") or (user_of(request.session) if request.session is not None else AnonymousUser())
    return Request(request)


def session_key_of(scope: Mapping[str, Any], user: Any) -> str | None:
    """The key of the session that says who this is; None if it is somebody else's, or there is none. In a worker thread."""
    session = scope.get("session")
    if session is None or not hasattr(user, "_meta"):
        return None
    is_theirs = str(session.get(SESSION_KEY)) == str(user._meta.pk.value_to_string(user))
    return str(session.session_key) if is_theirs and session.session_key else None


def sign_out(scope: Mapping[str, Any]) -> None:
    """End the session of a socket's user, everywhere. In a worker thread."""
    if scope.get("session") is not None:
        logout(django_request(_request(scope)))


def checked(identity: Identity) -> Identity:
    """The identity, if it is good now.

    Raises:
        Unauthenticated: The user was deactivated, or the token is over.
    """
    user = identity.user
    is_over = identity.expires_at is not None and identity.expires_at <= time.time()
    if is_over or (user.is_authenticated and not getattr(user, "is_active", True)):
        raise Unauthenticated()
    return identity
