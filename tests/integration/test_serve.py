"""Behind a real server, byte by byte: what is sent back by the handler in front and by Django's alone is the same."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler

from channels_binding.asgi import serve_bindings
from channels_binding.testing import session_cookie
from tests.project.zoo.models import Note

SECRET = "k" * 32
DATE = re.compile(rb"(?m)^date: .+\r\n")
PATCH = "PATCH /api/zoo.Note/7/ HTTP/1.1\r\nHost: localhost\r\nX-CSRFToken: {secret}\r\nCookie: {cookie}\r\n"
BODY = '{"title":"y"}'
FORM = '--b\r\nContent-Disposition: form-data; name="title"\r\n\r\ny\r\n--b--\r\n'
UNANSWERED = "less than announced"
"""What a server waits for the rest of."""
RAW = {
    "a list": "GET /api/zoo.Note/ HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n",
    "a head": "HEAD /api/zoo.Note/7/ HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n",
    "an old client": "GET /api/zoo.Note/7/ HTTP/1.0\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n",
    "no host": "GET /api/zoo.Note/7/ HTTP/1.0\r\nCookie: {cookie}\r\n\r\n",
    "two at once": "GET /api/zoo.Note/7/ HTTP/1.1\r\nHost: localhost\r\n\r\nGET /memory HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an escaped path": "GET /api/zoo.Note/%37/?fields=title&limit=%zz HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n",
    "an absolute path": "GET http://localhost/api/zoo.Note/7/ HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n",
    "written": PATCH + "Content-Type: application/json\r\nContent-Length: 13\r\n\r\n" + BODY,
    "in chunks": PATCH
    + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n"
    + BODY[:5]
    + "\r\n8\r\n"
    + BODY[5:]
    + "\r\n0\r\n\r\n",
    "asked whether to go on": PATCH
    + "Expect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n"
    + BODY,
    "more than announced": PATCH + "Content-Type: application/json\r\nContent-Length: 5\r\n\r\n" + BODY,
    UNANSWERED: PATCH + "Content-Type: application/json\r\nContent-Length: 99\r\n\r\n" + BODY,
    "two lengths": PATCH + "Content-Length: 13\r\nContent-Length: 5\r\n\r\n" + BODY,
    "a file": PATCH + f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(FORM)}\r\n\r\n" + FORM,
}


@asynccontextmanager
async def served(application: Any) -> AsyncIterator[int]:
    """The port of a server of this process."""
    config = uvicorn.Config(application, port=0, log_config=None, lifespan="off", server_header=False, loop="asyncio")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running


async def answered(port: int, raw: bytes, seconds: float) -> bytes:
    """All that a server sends until it has nothing more to say for a moment."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw)
    told = b""
    try:
        async with asyncio.timeout(seconds):
            told = await reader.read(65_536)
            while part := await asyncio.wait_for(reader.read(65_536), 0.3):
                told += part
    except TimeoutError:
        pass
    writer.close()
    return DATE.sub(b"", told)


@pytest.mark.parametrize("name", RAW)
async def test_the_server_sends_the_same(name: str, user: Any, transactional_db: None) -> None:
    cookie = f"sessionid={await sync_to_async(session_cookie)(user)}; csrftoken={SECRET}"
    raw = RAW[name].replace("{cookie}", cookie).replace("{secret}", SECRET).encode()
    told = []
    for application in (serve_bindings(ASGIHandler()), ASGIHandler()):
        await Note.objects.aupdate_or_create(pk=7, defaults={"title": "x"})
        async with served(application) as port:
            told.append(await answered(port, raw, 0.5 if name == UNANSWERED else 5))
    assert told[0] == told[1]
    assert bool(told[0]) == (name != UNANSWERED)
