"""Strangers that flood a real server are closed, and a user is answered all the while."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest
import websockets

from tests.integration.cluster import COOKIE, Cluster

STRANGERS = 4
CALLS = 200
AWAY_SECONDS = 0.5
"""How long a stranger stays away that was closed. Handshakes without an end are for whatever stands before the server."""
FRAMES = {
    "beyond what nobody may send": "[" + ",".join(["[]"] * 87_000) + "]",
    "small": "[" + ",".join(["[]"] * 250) + "]",
    "a wrong token": json.dumps({"event": "cb.auth", "data": {"token": "x"}}),
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster(1, env={"TEST_TOKENS": "1"}) as running:
        yield running


async def flood(url: str, frame: str, codes: Counter[int | None]) -> None:
    """Send as much as is taken, and take in what is answered; when closed, come back."""
    while True:
        async with websockets.connect(
            url, subprotocols=[websockets.Subprotocol("cb.1.json")], max_size=None, max_queue=None
        ) as socket:
            with suppress(websockets.ConnectionClosed):
                while True:
                    await socket.send(frame)
                    await asyncio.sleep(0.01)
            with suppress(websockets.ConnectionClosed):
                while True:
                    await socket.recv()
            codes[socket.close_code] += 1
        await asyncio.sleep(AWAY_SECONDS)


@asynccontextmanager
async def flooded(url: str, frame: str, codes: Counter[int | None]) -> AsyncIterator[None]:
    strangers = [asyncio.create_task(flood(url, frame, codes)) for _ in range(STRANGERS)]
    try:
        yield
    finally:
        for each in strangers:
            each.cancel()
        await asyncio.gather(*strangers, return_exceptions=True)


async def latencies(socket: websockets.ClientConnection, count: int = CALLS) -> list[float]:
    """Milliseconds of so many calls, one after the other, sorted."""
    taken = []
    for number in range(count):
        began = time.perf_counter()
        await socket.send(json.dumps({"event": "zoo.Note.search", "id": number, "data": {"live": False, "limit": 1}}))
        while json.loads(await asyncio.wait_for(socket.recv(), 30)).get("id") != number:
            continue
        taken.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.005)
    return sorted(taken)


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
async def test_strangers_that_flood_are_closed_and_a_user_is_answered(frame: str, cluster: Cluster) -> None:
    url = f"ws://127.0.0.1:{cluster.ports[0]}/ws/"
    codes: Counter[int | None] = Counter()
    cookie = {"Cookie": f"{COOKIE}={cluster.sessions['ann']}"}
    async with websockets.connect(
        url, additional_headers=cookie, subprotocols=[websockets.Subprotocol("cb.1.json")], max_size=None
    ) as bystander:
        before = await latencies(bystander)
        async with flooded(url, frame, codes):
            during = await latencies(bystander)
            async with asyncio.timeout(30):
                while codes.total() < STRANGERS:
                    await asyncio.sleep(0.01)
    print(
        f"p50 {before[100]:.1f} → {during[100]:.1f} ms, p99 {before[198]:.1f} → {during[198]:.1f} ms, closed {dict(codes)}"
    )
    assert {*codes} <= {4429, 4401, 4413}, "each is closed, and told why"
