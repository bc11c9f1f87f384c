"""The ASGI scope of a WebSocket → the request that Django would have made of the same handshake over HTTP."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest

CONTEXT = "channels_binding.context"
"""Member of a connection's scope: the context variables in which its calls are made. A project's own has another name."""


class HostlessRequest(ASGIRequest):
    """A request that may have no host, as a call from code has none: addresses are then relative."""

    def build_absolute_uri(self, location: str | None = None) -> str:
        try:
            return super().build_absolute_uri(location)
        except DisallowedHost:
            return self.get_full_path() if location is None else str(location)


def request_of_scope(
    scope: Mapping[str, Any], kind: type[ASGIRequest] = ASGIRequest, method: str = "GET", **members: Any
) -> ASGIRequest:
    """Django's request for a scope: ``{"scheme": "wss", "path": "/ws/", …}`` → ``GET https://…/ws/``.

    Args:
        **members: Of the scope, in place of its own: ``query_string``, ``headers``.
    """
    secure = scope.get("scheme") in ("wss", "https")
    as_http = {"type": "http", "scheme": "https" if secure else "http", "method": method}
    return kind({"path": "/", "query_string": b"", "headers": [], **scope, **as_http, **members}, BytesIO())
