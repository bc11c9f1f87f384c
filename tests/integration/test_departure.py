"""A real server process gets SIGTERM: every client is sent to another one, nobody sees an error, nothing is lost."""

import asyncio
import json
import signal
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import websockets

from tests.integration.cluster import COOKIE, Cluster, LiveClient, converge


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as running:
        yield running


class Writer:
    """Writes one change after the other, each answered, until its server asks it to leave; then the rest elsewhere."""

    def __init__(self, cluster: Cluster, number: int) -> None:
        self.cluster, self.number = cluster, number
        self.session = cluster.sessions["ann"]
        self.sent = self.answered = 0
        self.errors: list[Any] = []

    async def write(self, port: int, until: asyncio.Event) -> None:
        async with websockets.connect(
            f"ws://127.0.0.1:{port}/ws/", subprotocols=[websockets.Subprotocol("cb.1.json")],
            additional_headers={"Cookie": f"{COOKIE}={self.session}"}, max_size=None,
        ) as socket:  # fmt: skip
            leave_at = float("inf")
            while asyncio.get_running_loop().time() < leave_at and not until.is_set():
                self.sent += 1
                data = {"title": f"w{self.number}.{self.sent}", "rank": self.sent % 10}
                await socket.send(json.dumps({"event": "zoo.Note.create", "id": self.sent, "data": data}))
                leave_at = min(leave_at, await self._answer(socket))

    async def _answer(self, socket: Any) -> float:
        """Wait for the answer to the last write → when to leave, if that was said meanwhile."""
        leave_at = float("inf")
        while True:
            frame = json.loads(await socket.recv())
            for message in frame if isinstance(frame, list) else [frame]:
                if message["event"] == "cb.goaway":
                    leave_at = asyncio.get_running_loop().time() + message["data"]["after_ms"] / 1000
                if message.get("id") == self.sent:
                    self.answered += 1
                    self.errors += [message["error"]] if "error" in message else []
                    return leave_at


@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
async def test_a_server_that_is_told_to_end_sends_its_clients_on_and_answers_what_is_in_flight(
    cluster: Cluster, server: str
) -> None:
    port, other = cluster.ports
    await asyncio.to_thread(cluster.replace, port, server)
    clients = [LiveClient(cluster, cluster.sessions["ann"], {"order": "-id", "limit": 5 + n}) for n in range(30)]
    for client in clients:
        client.port = lambda: port  # type: ignore[method-assign]
        client.begin()
    await converge(clients, 20)
    writers, until = [Writer(cluster, number) for number in range(3)], asyncio.Event()
    writing = [asyncio.create_task(writer.write(port, until)) for writer in writers]
    is_in_flight = asyncio.Event()
    slow = asyncio.create_task(slow_call(cluster, port, is_in_flight))
    await is_in_flight.wait()
    for client in clients:
        client.port = lambda: other  # type: ignore[method-assign]
    ending = asyncio.create_task(asyncio.to_thread(cluster.terminate, port))
    await asyncio.gather(*writing)  # each has left when it was asked to, after its last answer
    moved = [asyncio.create_task(writer.write(other, until)) for writer in writers]
    assert await slow == {"slept": True}
    await ending
    until.set()
    await asyncio.gather(*moved)
    assert await converge(clients, 5) < 5
    await asyncio.gather(*(client.end() for client in clients))

    delays = [goaway["after_ms"] for client in clients for goaway in client.goaways]
    assert len(delays) == 30, "each was told once"
    assert len(set(delays)) > 25, "at a time of its own"
    assert [client.errors for client in clients if client.errors] == []
    assert [writer.errors for writer in writers if writer.errors] == []
    assert [(writer.sent, bool(writer.sent)) for writer in writers] == [(w.answered, True) for w in writers]
    assert all(client.returns[1:] for client in clients)
    assert {kind for client in clients for kind in client.returns[1:]} <= {"same", "delta", "snapshot"}
    assert sum(client.mismatches for client in clients) == 0


async def slow_call(cluster: Cluster, port: int, is_in_flight: asyncio.Event) -> Any:
    """A call that is in flight when the server gets SIGTERM, by a client that stays until it is answered."""
    async with websockets.connect(
        f"ws://127.0.0.1:{port}/ws/", subprotocols=[websockets.Subprotocol("cb.1.json")],
        additional_headers={"Cookie": f"{COOKIE}={cluster.sessions['bob']}"},
    ) as socket:  # fmt: skip
        await socket.send(json.dumps({"event": "zoo.Note.slow", "id": 1, "data": {"seconds": 2.0}}))
        await socket.send(json.dumps({"event": "zoo.Note.retrieve", "id": 2, "data": {"id": 1, "live": False}}))
        while (message := json.loads(await socket.recv())).get("id") != 1:
            if message.get("id") == 2:
                is_in_flight.set()  # calls begin in the order in which they came
        with suppress(websockets.ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4503
        return message["data"]


async def test_with_no_seconds_to_drain_it_is_the_server_that_closes(cluster: Cluster) -> None:
    port, other = cluster.ports
    await asyncio.to_thread(lambda: cluster.replace(port, TEST_DRAIN_SECONDS="0"))
    client = LiveClient(cluster, cluster.sessions["ann"], {"limit": 5})
    client.port = lambda: port  # type: ignore[method-assign]
    client.begin()
    await converge([client], 20)
    client.port = lambda: other  # type: ignore[method-assign]
    socket = client.socket
    cluster.servers[port].send_signal(signal.SIGTERM)
    await asyncio.wait_for(socket.wait_closed(), 5)
    assert socket.close_code == 1012
    await converge([client], 5)
    await client.end()
    assert client.goaways == []
    await asyncio.to_thread(cluster.servers.pop(port).wait, 10)
