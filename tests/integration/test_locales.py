"""Languages and time zones on a real server, beside a view of Django's own."""

import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import websockets

from tests.integration.cluster import PYTHON, SERVERS
from tests.services import free_port

ENDPOINTS = ("test.where/plain/", "test.where/coroutine/")


@pytest.fixture(scope="module", params=SERVERS)
def port(request: Any) -> Iterator[int]:
    chosen = free_port()
    command = [
        *PYTHON,
        "-m",
        *SERVERS[request.param],
        "--port",
        str(chosen),
        "tests.integration.locale_asgi:application",
    ]
    server = subprocess.Popen(command)
    try:
        while not _answers(chosen):
            assert server.poll() is None
            time.sleep(0.1)
        yield chosen
    finally:
        server.terminate()
        server.wait()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/view/").status_code == 200
    except httpx.ConnectError:
        return False


@pytest.mark.parametrize("language", ["de", "fr", "en", "xx"])
def test_over_http_handlers_are_where_a_view_of_django_s_is(port: int, language: str) -> None:
    headers = {"Accept-Language": language}
    view = httpx.get(f"http://127.0.0.1:{port}/view/", headers=headers)
    assert view.json()["timezone"] == "Asia/Tokyo"
    for each in ENDPOINTS:
        ours = httpx.post(f"http://127.0.0.1:{port}/api/{each}", json={}, headers=headers)
        assert ours.json() == view.json()
        assert ours.headers["Content-Language"] == view.headers["Content-Language"]
    operations = [{"event": each.replace("/", ".").rstrip(".")} for each in ENDPOINTS]
    for is_atomic in (True, False):
        body = {"atomic": is_atomic, "ops": operations}
        batch = httpx.post(f"http://127.0.0.1:{port}/api/batch/", json=body, headers=headers)
        assert [each["data"] for each in batch.json()["results"]] == [view.json(), view.json()]


async def test_a_socket_has_the_language_of_its_handshake_and_says_another(port: int) -> None:
    headers = {"Accept-Language": "de"}
    async with websockets.connect(
        f"ws://127.0.0.1:{port}/ws/", subprotocols=[websockets.Subprotocol("cb.1.json")], additional_headers=headers
    ) as socket:

        async def ask(event: str, data: Any) -> Any:
            await socket.send(json.dumps({"event": event, "id": 1, "data": data}))
            while True:
                message = json.loads(await socket.recv())
                if message.get("id") == 1:
                    return message["data"]

        german = await ask("test.where.plain", {})
        assert (german["language"], german["timezone"]) == ("de", "UTC")
        assert german == await ask("test.where.coroutine", {})
        assert german["lazy"] == german["text"] == "Dieses Feld ist zwingend erforderlich."
        assert await ask("cb.locale", {"language": "fr", "timezone": "Asia/Tokyo"}) == {
            "success": True,
            "language": "fr",
            "timezone": "Asia/Tokyo",
        }
        french = await ask("test.where.plain", {})
        assert french == await ask("test.where.coroutine", {})
        assert (french["language"], french["timezone"]) == ("fr", "Asia/Tokyo")
        assert french["lazy"] == french["text"] != german["text"]
