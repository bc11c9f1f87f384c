"""One request for server-sent events, through the project's ASGI application."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from asgiref.testing import ApplicationCommunicator
from django.conf import settings as django_settings
from django.db import connections
from django.utils.module_loading import import_string

TIMEOUT = 20.0


@contextmanager
def fleeting_connections() -> Iterator[None]:
    """Django runs each ASGI request on a thread of its own, whose persistent connection nobody would close in time."""
    options = connections.settings["default"]
    age, options["CONN_MAX_AGE"] = options["CONN_MAX_AGE"], 0
    try:
        yield
    finally:
        options["CONN_MAX_AGE"] = age


class Stream:
    """One request for events."""

    def __init__(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        content: bytes = b"",
        application: Any = None,
    ) -> None:
        self.content = content
        route, _, query = path.partition("?")
        given = {"host": "testserver", "accept": "text/event-stream", **(headers or {})}
        self.application: Any = ApplicationCommunicator(  # type: ignore[no-untyped-call]
            application or import_string(django_settings.ASGI_APPLICATION),
            {
                "type": "http",
                "http_version": "1.1",
                "method": method,
                "path": route,
                "query_string": query.encode(),
                "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            },
        )
        self.status = 0
        self.headers: dict[str, str] = {}
        self.pending = b""
        self.is_over = False

    async def open(self) -> int:
        await self.application.send_input({"type": "http.request", "body": self.content, "more_body": False})
        start = await self.application.receive_output(TIMEOUT)
        self.status = start["status"]
        self.headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        return self.status

    async def chunk(self, seconds: float = TIMEOUT) -> bytes:
        """The next piece of the body; empty at its end."""
        event = await asyncio.wait_for(self.application.output_queue.get(), seconds)
        self.is_over = not event.get("more_body", False)
        return bytes(event.get("body", b""))

    async def body(self) -> Any:
        """A whole answer that is none of events. The request has ended then: one that nobody refers to would be cancelled."""
        text = b""
        while not self.is_over:
            text += await self.chunk()
        await self.application.wait(TIMEOUT)
        return json.loads(text)

    async def event(self, seconds: float = TIMEOUT) -> tuple[str | None, Any]:
        """The next event: its id and its message. Comments are passed over."""
        while True:
            while b"\n\n" not in self.pending:
                if self.is_over:
                    raise EOFError
                self.pending += await self.chunk(seconds)
            text, _, self.pending = self.pending.partition(b"\n\n")
            lines = dict(line.split(": ", 1) for line in text.decode().split("\n"))
            if "data" in lines:
                return lines.get("id"), json.loads(lines["data"])

    async def silent(self, seconds: float = 0.2) -> bool:
        try:
            self.pending += await self.chunk(seconds)
        except TimeoutError:
            return True
        return False

    async def leave(self) -> None:
        """Hang up, unless the other side has; either way, it has ended when this returns."""
        with suppress(asyncio.CancelledError):  # which is how a server is told of a reader that takes nothing
            await self.application.send_input({"type": "http.disconnect"})
            await self.application.wait(TIMEOUT)
