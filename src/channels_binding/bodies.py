"""Refuses large HTTP bodies under ASGI before Django takes them in: its handler reads each to its end before any view is asked.

application = ProtocolTypeRouter({"http": limit_bodies(get_asgi_application()), "websocket": …})
"""

from collections.abc import Awaitable, Callable
from typing import Any

from channels_binding.conf import get_settings
from channels_binding.exceptions import TooLarge
from channels_binding.protocol import codecs
from channels_binding.types import Receive, Scope, Send

Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def limit_bodies(application: Application, max_bytes: int | None = None) -> Application:
    """An ASGI application whose requests have no larger bodies than this.

    What is larger is answered with 413: at once where ``Content-Length`` says so, else as soon as it is read.

    Args:
        max_bytes: None takes ``MAX_BODY_BYTES``.
    """

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        most = get_settings().MAX_BODY_BYTES if max_bytes is None else max_bytes
        if scope["type"] != "http":
            await application(scope, receive, send)
        elif announced_bytes(dict(scope["headers"]).get(b"content-length")) > most:
            await _refuse(send, most)
        else:
            await _serve(application, scope, receive, send, most)

    return limited


async def _serve(application: Application, scope: Scope, receive: Receive, send: Send, most: int) -> None:
    taken, is_refused = 0, False

    async def counted() -> Any:
        """The next part; to who is sent too much the client has left, so that nobody waits for the rest."""
        nonlocal taken, is_refused
        event: Any = {"type": "http.disconnect"} if is_refused else await receive()
        taken += len(event.get("body", b""))
        if taken > most and not is_refused:
            is_refused = True
            await _refuse(send, most)
        return {"type": "http.disconnect"} if is_refused else event

    async def sent(event: Any) -> None:
        if not is_refused:
            await send(event)

    await application(scope, counted, sent)


def announced_bytes(header: str | bytes | None) -> int:
    """``Content-Length: 700`` → 700; 0 where it is missing, or no number."""
    text = header.decode("latin-1") if isinstance(header, bytes) else header or ""
    return int(text[:20]) if text.isascii() and text.isdigit() else 0


async def _refuse(send: Send, most: int) -> None:
    error = TooLarge.than(most)
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": codecs.encode(error.to_json())})
