"""One user at the limits costs a real server a bounded amount of memory, and gives it back."""

import asyncio
import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from tests.integration.cluster import COOKIE, Cluster

MEBIBYTE = 1_048_576
SOCKETS = 64
FEW_SOCKETS = 8
READS = 16
"""Live reads of each socket: of the cluster's 60 notes as many as the rows of one connection allow."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster(1) as running:
        yield running


def memory(cluster: Cluster) -> int:
    """Bytes that the server's process has for itself."""
    text = Path(f"/proc/{cluster.servers[cluster.ports[0]].pid}/smaps_rollup").read_text()
    fields = dict(line.split(":", 1) for line in text.splitlines()[1:])
    return 1024 * sum(int(fields[name].split()[0]) for name in ("Private_Clean", "Private_Dirty", "Swap"))


def connected(cluster: Cluster) -> Any:
    return websockets.connect(
        f"ws://127.0.0.1:{cluster.ports[0]}/ws/",
        additional_headers={"Cookie": f"{COOKIE}={cluster.sessions['ann']}"},
        subprotocols=[websockets.Subprotocol("cb.1.json")],
        max_size=None,
    )


async def fill(socket: websockets.ClientConnection, limits: Iterator[int]) -> set[str]:
    """Open live reads, each another query; returns with what they were refused."""
    refused = set()
    for number in range(READS + 1):
        data = {"limit": next(limits), "order": "rank"}
        await socket.send(json.dumps({"event": f"zoo.Note.search#h{number}", "id": number, "data": data}))
        while (answer := json.loads(await asyncio.wait_for(socket.recv(), 30))).get("id") != number:
            if answer["event"] == "cb.ping":
                await socket.send(json.dumps({"event": "cb.pong", "data": answer["data"]}))
        if "error" in answer:
            refused.add(answer["error"]["message"])
    return refused


async def test_one_user_at_the_limits_takes_64_mebibytes_at_most_however_often_it_comes_back(cluster: Cluster) -> None:
    async with connected(cluster) as warm:
        await fill(warm, count(60))
    before, taken = memory(cluster), []
    for _ in range(3):
        limits, refused = count(100), set()
        sockets = [await connected(cluster) for _ in range(SOCKETS)]
        for socket in sockets:
            refused |= await fill(socket, limits)
        taken.append(memory(cluster) - before)
        assert any("MAX_WINDOW_ROWS" in why for why in refused), refused
        for socket in sockets:
            await socket.close()
    print([round(each / MEBIBYTE, 1) for each in taken])
    assert max(taken) <= 64 * MEBIBYTE


@pytest.fixture
def counting() -> Iterator[Cluster]:
    with Cluster(1, env={"PYTHONTRACEMALLOC": "1"}) as running:
        yield running


async def held(cluster: Cluster) -> int:
    """Bytes of the objects that are alive in the server. What it has from the system stays its own, for whoever comes next."""
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{cluster.ports[0]}/memory/", timeout=30)
    return int(answer.json()["bytes"])


async def test_what_a_user_held_is_given_back_once_they_have_left(counting: Cluster) -> None:
    async with connected(counting) as warm:
        await fill(warm, count(60))
    before = await held(counting)
    sockets = [await connected(counting) for _ in range(FEW_SOCKETS)]
    limits = count(100)
    for socket in sockets:
        await fill(socket, limits)
    during = await held(counting)
    for socket in sockets:
        await socket.close()
    async with asyncio.timeout(30):
        while (after := await held(counting)) - before > (during - before) / 20:
            await asyncio.sleep(0.2)
    print([round((each - before) / MEBIBYTE, 2) for each in (during, after)])
    assert during - before > MEBIBYTE, "something was held"
