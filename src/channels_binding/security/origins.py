"""Which web pages may open a socket: the check that keeps other sites from using a visitor's cookies."""

from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http.request import validate_host

from channels_binding.calls.scopes import request_of_scope
from channels_binding.conf import get_settings
from channels_binding.types import Scope

DEBUG_HOSTS = [".localhost", "127.0.0.1", "[::1]"]
"""What Django allows under DEBUG when ALLOWED_HOSTS is empty."""


def is_allowed(scope: Scope) -> bool:
    """Whether the handshake's ``Origin`` may connect.

    A request without one comes from no browser (RFC 6455, section 10.2), so no visitor's cookies can be abused.
    """
    origins = [value for name, value in scope.get("headers", ()) if name == b"origin"]
    if not origins:
        return True
    return len(origins) == 1 and _matches(origins[0].decode("latin-1"), scope)


def _matches(origin: str, scope: Scope) -> bool:
    try:
        parts = urlsplit(origin)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host or parts.path not in ("", "/"):
        return False
    if "@" in origin or "?" in origin or "#" in origin:  # an origin is scheme, host and port (RFC 6454, section 6.2)
        return False
    allowed = get_settings().ALLOWED_ORIGINS
    if allowed is not None:
        return _is_listed(f"{parts.scheme}://{parts.netloc}".lower(), allowed) or _is_of_this_server(parts, scope)
    return _is_own_host(host) and (port is None or _is_own_port(host, port, scope))


def _is_listed(origin: str, allowed: Sequence[str]) -> bool:
    return "*" in allowed or origin in {each.rstrip("/").lower() for each in allowed}


def _is_of_this_server(origin: SplitResult, scope: Scope) -> bool:
    """Whether a page has the very host and port that were asked for the socket, as Django's CSRF check has it.

    Not any of ``ALLOWED_HOSTS``, as where no origins are named: who names some may have ``*`` there. A page without TLS is
    another one than the server with.
    """
    request = request_of_scope(scope)
    try:
        own = urlsplit(f"//{request.get_host()}")
        own_port = own.port
    except (DisallowedHost, ValueError):
        return False
    if request.is_secure() and origin.scheme != "https":
        return False
    usual = 443 if origin.scheme == "https" else 80
    return own.hostname == origin.hostname and (own_port or usual) == (origin.port or usual)


def _is_own_host(host: str) -> bool:
    hosts = settings.ALLOWED_HOSTS or (DEBUG_HOSTS if settings.DEBUG else [])
    bracketed = f"[{host}]" if ":" in host else host
    return validate_host(bracketed, hosts)


def _is_own_port(host: str, port: int, scope: Scope) -> bool:
    """A page on another port is another site. The Host header has the public port, unless a proxy has replaced it.

    It has where the header names a host that is not allowed itself. ``localhost:9999`` is not ``127.0.0.1:8000``'s own.
    """
    header = next((value.decode("latin-1") for name, value in scope.get("headers", ()) if name == b"host"), "")
    try:
        own = urlsplit(f"//{header}")
        own_port = own.port
    except ValueError:
        return False
    if own.hostname != host and not (own.hostname and _is_own_host(own.hostname)):
        return True
    return port == own_port if own_port else port in (80, 443)
