"""The tools over streamable HTTP: ``path("mcp/", include("channels_binding.contrib.mcp.urls"))``.

Each request is answered by itself, with JSON: there is no session to take over, and no stream that stays open.
Who asks is said by a token alone, never by a cookie, so that no page can ask in its visitor's name.
"""

import json
from typing import Any

from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from channels_binding.conf import get_settings
from channels_binding.contrib.mcp.identification import SCOPE, by_token
from channels_binding.contrib.mcp.server import make_server
from channels_binding.exceptions import BadRequest, BindingError, Forbidden, MethodNotAllowed, TooLarge, Unauthenticated
from channels_binding.protocol import codecs
from channels_binding.security import origins
from channels_binding.security.authentication import Identity


@csrf_exempt  # a cookie says nothing here
async def endpoint(request: HttpRequest) -> HttpResponse:
    """One message of an MCP client."""
    try:
        _check(request)
        body = _body(request)
        identify = by_token(_token(request), _scope(request))
        identity = await identify()
    except BindingError as error:
        return _refused(error)

    async def known() -> Identity:
        return identity

    manager = StreamableHTTPSessionManager(make_server(known), json_response=True, stateless=True)
    exchange = _Exchange(body)
    async with manager.run():
        await manager.handle_request(_scope(request), exchange.receive, exchange.send)
    return exchange.response()


def _check(request: HttpRequest) -> None:
    """Neither a foreign page nor a host that is not ours (DNS rebinding); and nothing but POST, so that no stream is opened."""
    try:
        request.get_host()
    except DisallowedHost:
        raise BadRequest("ALLOWED_HOSTS does not name this host.") from None
    if not origins.is_allowed(_scope(request)):
        raise Forbidden("A page of this origin may not ask.")
    if request.method != "POST":
        raise MethodNotAllowed("MCP clients POST here; no stream is opened, and there is no session to end.")


def _body(request: HttpRequest) -> bytes:
    limits = get_settings()
    try:
        body = request.body
    except RequestDataTooBig:
        raise TooLarge() from None
    codecs.decode(body, max_bytes=limits.MAX_FRAME_BYTES, max_depth=limits.MAX_DEPTH)
    return body


def _token(request: HttpRequest) -> str:
    """``Authorization: Bearer abc`` → ``"abc"``, under whatever keyword."""
    keyword, _, token = request.headers.get("Authorization", "").partition(" ")
    if keyword.lower() not in ("bearer", "token") or not token.strip():
        raise Unauthenticated("Send a token: Authorization: Bearer …")
    return token.strip()


def _scope(request: HttpRequest) -> dict[str, Any]:
    """What the SDK is told of a request: no cookie, and no token."""
    left_out = ("cookie", "authorization")
    headers = [(name.lower(), value) for name, value in request.headers.items() if name.lower() not in left_out]
    pairs = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]
    return {
        **SCOPE,
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "headers": pairs,
        "client": (request.META.get("REMOTE_ADDR", ""), 0),
    }


def _refused(error: BindingError) -> HttpResponse:
    response = HttpResponse(
        json.dumps(error.to_json(), default=str), status=error.status, content_type="application/json"
    )
    if error.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if error.status == 405:
        response["Allow"] = "POST"
    return response


class _Exchange:
    """One request and its answer, as the SDK's ASGI application sees them."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._start: dict[str, Any] = {}
        self._said: list[bytes] = []

    async def receive(self) -> dict[str, Any]:
        body, self._body = self._body, None
        if body is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        else:
            self._said.append(message.get("body", b""))

    def response(self) -> HttpResponse:
        response = HttpResponse(b"".join(self._said), status=self._start["status"])
        del response["Content-Type"]
        for name, value in self._start.get("headers", ()):
            response[name.decode("latin-1")] = value.decode("latin-1")
        return response
