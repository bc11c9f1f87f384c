"""One message to the SDK's streamable HTTP, and its answer."""

from typing import Any

from django.http import HttpResponse
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from channels_binding.contrib.mcp.server import make_server
from channels_binding.security.authentication import Identity


async def answer(scope: dict[str, Any], body: bytes, identity: Identity) -> HttpResponse:
    """What the tools answer to ``identity``: a session of its own, which ends with the answer."""

    async def known() -> Identity:
        return identity

    manager = StreamableHTTPSessionManager(make_server(known), json_response=True, stateless=True)
    exchange = _Exchange(body)
    async with manager.run():
        await manager.handle_request(scope, exchange.receive, exchange.send)
    return exchange.response()


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
