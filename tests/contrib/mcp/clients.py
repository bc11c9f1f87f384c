"""The official SDK's client, connected to a server of ours."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import uvicorn
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

TOKENS = {"AUTHENTICATION_CLASSES": ("rest_framework.authentication.TokenAuthentication",)}


def answered(result: Any) -> Any:
    """What a tool has answered; it must be no error."""
    assert not result.is_error, result
    return json.loads(result.content[0].text)


def refused(result: Any) -> dict[str, Any]:
    """The error of a tool."""
    assert result.is_error, result
    error: dict[str, Any] = json.loads(result.content[0].text)
    return error


@asynccontextmanager
async def served() -> AsyncIterator[str]:
    """The address of a server of this process."""
    from tests.project.asgi import application

    config = uvicorn.Config(application, port=0, log_config=None, lifespan="off", loop="asyncio")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/mcp/"
    finally:
        server.should_exit = True
        await running


@asynccontextmanager
async def connected(address: str, token: str | None, mode: str = "auto") -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False) as http,
        Client(streamable_http_client(address, http_client=http), mode=mode) as client,
    ):
        yield client
