"""One raw request to an ASGI application, and what it sends."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

REFERENCE = re.compile(rb'(?<="ref":)"[0-9a-f]{12}"')
"""Of an error, into the log."""
COOKIE = re.compile(r"(?<=csrftoken=)\w+|(?<=expires=)[^;]+")
"""What is drawn anew for each answer, and what tells the time."""


@dataclass(frozen=True)
class Asked:
    """``Asked("GET", "/api/zoo.Note/", headers=[(b"accept", b"*/*")])``, as it is before any framework has looked at it."""

    method: str = "GET"
    path: str = "/"
    query: bytes = b""
    headers: Sequence[tuple[bytes, bytes]] = ()
    parts: Sequence[bytes] = (b"",)
    """The body, as it arrives."""
    members: dict[str, Any] = field(default_factory=dict)
    """Of the scope: ``root_path``, ``scheme``."""

    def scope(self) -> dict[str, Any]:
        headers = [*self.headers] if b"host" in dict(self.headers) else [(b"host", b"testserver"), *self.headers]
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "http",
            "method": self.method,
            "path": self.path,
            "query_string": self.query,
            "headers": headers,
            "client": ("127.0.0.1", 50_000),
            "server": ("testserver", 80),
            **self.members,
        }


@dataclass(frozen=True)
class Answered:
    status: int
    headers: list[tuple[str, str]]
    """Sorted, their names in small letters."""
    body: bytes


async def ask(application: Any, asked: Asked) -> Answered:
    """Who asks stays until the answer is whole."""
    sent: list[Any] = []
    arriving = [{"type": "http.request", "body": part, "more_body": True} for part in asked.parts]
    arriving[-1]["more_body"] = False
    stays = asyncio.Event()

    async def receive() -> Any:
        if not arriving:
            await stays.wait()
        return arriving.pop(0)

    async def send(event: Any) -> None:
        sent.append(event)

    await application(asked.scope(), receive, send)
    start, *parts = sent
    assert not parts[-1].get("more_body", False)
    headers = sorted(
        (name.decode("latin-1").lower(), COOKIE.sub("…", value.decode("latin-1"))) for name, value in start["headers"]
    )
    return Answered(start["status"], headers, REFERENCE.sub(b"0", b"".join(part.get("body", b"") for part in parts)))
