"""The help desk below ``/shop``, as a server has it that several applications share."""

from typing import Any

from helpdesk.asgi import application as helpdesk  # type: ignore[import-not-found]  # in example/backend

PREFIX = "/shop"
ICON = "/favicon.ico"
"""Of the host, which browsers ask for."""


async def application(scope: Any, receive: Any, send: Any) -> None:
    """What lies below the prefix, with the prefix as its root (ASGI's ``root_path``); nothing else is there."""
    path = scope.get("path", "")
    if scope["type"] == "lifespan" or path == ICON:
        await helpdesk(scope, receive, send)
    elif path.startswith(f"{PREFIX}/"):
        await helpdesk({**scope, "root_path": PREFIX}, receive, send)
    elif scope["type"] == "websocket":
        await send({"type": "websocket.close"})
    else:
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b"Nothing is here."})
