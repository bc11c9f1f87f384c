"""What a real server writes about tokens: nothing, even at the level DEBUG."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest
import websockets
from websockets.frames import Close

from tests.services import free_port

TICKET = "canary-ticket"


@pytest.fixture
def server() -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "tests.integration.ticket_asgi:application", "--host", "127.0.0.1"]
    options = ["--port", str(port), "--ws", "websockets-sansio", "--log-level", "debug"]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    yield port, process
    process.kill()
    process.wait()


async def connected(url: str, **options: object) -> websockets.ClientConnection:
    """Connect as soon as the server listens."""
    for _ in range(200):
        with suppress(OSError):
            return await websockets.connect(url, **options)  # type: ignore[arg-type]
        await asyncio.sleep(0.1)
    raise AssertionError("The server does not listen.")


async def test_no_token_is_in_the_log_of_a_real_server(server: tuple[int, "subprocess.Popen[bytes]"]) -> None:
    port, process = server
    address = f"ws://127.0.0.1:{port}/ws/"
    protocols = [websockets.Subprotocol("cb.1.json")]
    by_query = await connected(f"{address}?token={TICKET}", subprotocols=protocols)
    assert json.loads(await by_query.recv())["data"]["user"] == "1"
    with_bearer = [*protocols, websockets.Subprotocol(f"bearer.{TICKET}")]
    by_subprotocol = await connected(address, subprotocols=with_bearer)
    assert by_subprotocol.subprotocol == "cb.1.json"
    assert json.loads(await by_subprotocol.recv())["data"]["user"] == "1"
    refused = await connected(f"{address}?token=wrong-{TICKET}", subprotocols=protocols)
    with pytest.raises(websockets.ConnectionClosed) as closed:
        await refused.recv()
    assert closed.value.rcvd == Close(4401, "the token is not accepted")
    for each in (by_query, by_subprotocol):
        await each.close()
    process.terminate()
    log = (await asyncio.to_thread(process.communicate))[0].decode()
    assert "[accepted]" in log
    assert "token=***" in log
    assert TICKET not in log
