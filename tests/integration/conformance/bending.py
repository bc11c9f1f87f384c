"""A server that is wrong in one way at a time: what a right one says and hears is bent on its way.

Below ``/bend/<name>/`` it is the right one, bent; ``channels_binding_conformance.server`` is behind it.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]
State = dict[str, Any]
"""What a bend keeps of one connection."""
CLOSE: Message = {"close": 4400}
"""In place of a message: the connection is closed."""


@dataclass(frozen=True)
class Bend:
    """What is done to messages, and which points must not hold then."""

    points: tuple[str, ...]
    said: Callable[[Message, State], Iterable[Message]] | None = None
    """What becomes of one message of the server."""
    heard: Callable[[Message, State], Iterable[Message]] | None = None
    """What becomes of one message of the client."""
    frames: Callable[[list[Message]], list[list[Message]]] | None = None
    """What becomes of one frame of the server."""
    arrays: Callable[[list[Message]], list[Message]] | None = None
    """What becomes of an array frame of the client."""
    close_code: int | None = None
    accepts_all: bool = False
    request: Callable[[Message], None] | None = None
    """What is done to the scope of a request."""
    response: Callable[[str, int, dict[str, str], Any], tuple[int, Any]] | None = None
    """Path, status, headers (to be changed where they are) and body of an answer → status and body."""


@dataclass
class Bent:
    """The application, bent by what the path names."""

    application: Any
    bends: dict[str, Bend] = field(default_factory=dict)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket") or not scope["path"].startswith("/bend/"):
            await self.application(scope, receive, send)
            return
        _, _, name, rest = scope["path"].split("/", 3)
        scope = {**scope, "path": f"/{rest}", "raw_path": f"/{rest}".encode()}
        if scope["type"] == "websocket":
            talk = _Talk(self.bends[name], receive, send)
            await self.application(scope, talk.receive, talk.send)
        else:
            await _bent_request(self.application, self.bends[name], scope, receive, send)


class _Talk:
    """One WebSocket."""

    def __init__(self, bend: Bend, receive: Any, send: Any) -> None:
        self.bend, self._receive, self._send = bend, receive, send
        self.state: State = {}
        self.is_open = False

    async def receive(self) -> Any:
        event = await self._receive()
        if event["type"] != "websocket.receive" or not event.get("text"):
            return event
        try:
            frame = json.loads(event["text"])
        except ValueError:
            return event
        if isinstance(frame, list) and self.bend.arrays:
            frame = self.bend.arrays(frame)
        if self.bend.heard and isinstance(frame, dict) and "event" in frame:
            bent = [*self.bend.heard(frame, self.state)]
            return {**event, "text": json.dumps(bent[0] if len(bent) == 1 else bent)}
        return {**event, "text": json.dumps(frame)} if isinstance(frame, list) else event

    async def send(self, event: Any) -> None:
        kind = event["type"]
        if kind == "websocket.accept":
            self.is_open = True
        elif kind == "websocket.close" and self.bend.close_code and self.is_open:
            event = {**event, "code": self.bend.close_code}
        elif (
            kind in ("websocket.close", "websocket.http.response.start") and self.bend.accepts_all and not self.is_open
        ):
            self.is_open = True
            await self._send({"type": "websocket.accept"})
            event = {"type": "websocket.close", "code": 4403}
        elif kind == "websocket.http.response.body" and self.bend.accepts_all:
            return
        if kind == "websocket.send":
            await self._say(event)
        else:
            await self._send(event)

    async def _say(self, event: Any) -> None:
        text = event.get("text") or event["bytes"].decode()
        frame = json.loads(text)
        is_array = isinstance(frame, list)
        messages = frame if is_array else [frame]
        if self.bend.said:
            messages = [bent for each in messages for bent in self.bend.said(each, self.state)]
        for each in self.bend.frames(messages) if self.bend.frames else [messages]:
            if CLOSE in each:
                await self._send({"type": "websocket.close", "code": CLOSE["close"]})
            elif each:
                said = each if (is_array and len(each) > 1) or len(each) > 1 else each[0]
                await self._send({"type": "websocket.send", "text": json.dumps(said)})


async def _bent_request(application: Any, bend: Bend, scope: Any, receive: Any, send: Any) -> None:
    if bend.request:
        bend.request(scope)
    if bend.response is None:
        await application(scope, receive, send)
        return
    start: Any = {}
    body = b""

    async def collected(event: Any) -> None:
        nonlocal start, body
        if event["type"] == "http.response.start":
            start = event
            return
        body += event.get("body", b"")
        if not event.get("more_body"):
            headers = {name.decode(): value.decode() for name, value in start["headers"]}
            assert bend.response is not None
            status, value = bend.response(scope["path"], start["status"], headers, json.loads(body) if body else None)
            sent = b"" if value is None else json.dumps(value, separators=(",", ":")).encode()
            headers = {name: value for name, value in headers.items() if name.lower() != "content-length"}
            pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
            await send({**start, "status": status, "headers": pairs})
            await send({"type": "http.response.body", "body": sent})

    await application(scope, receive, collected)


def without_header(*names: str) -> Callable[[Message], None]:
    """A request that never had these headers."""

    def request(scope: Message) -> None:
        scope["headers"] = [pair for pair in scope["headers"] if pair[0].decode().lower() not in names]

    return request
