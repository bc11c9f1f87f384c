"""Presence over real processes: who is connected to another one is seen here, and leaves when that one dies."""

import asyncio
import json
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
import websockets

from tests.integration.cluster import COOKIE, Cluster

TTL = 3.0
"""``PRESENCE_SECONDS`` of these servers; 30 where no test waits for it."""


@pytest.fixture(scope="module", params=["channel_layer", "redis_streams", "postgres"])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    env = {"TEST_BROKER": request.param, "TEST_PRESENCE_SECONDS": str(TTL)}
    with Cluster(env=env) as running:
        yield running


class Tab:
    """One socket that is in the lobby and shows who else is."""

    def __init__(self, cluster: Cluster, port: int, name: str) -> None:
        self.cluster, self.port, self.name = cluster, port, name
        self.rows: list[dict[str, Any]] = []
        self.socket: Any = None
        self.task: Any = None

    async def __aenter__(self) -> "Tab":
        self.socket = await websockets.connect(
            f"ws://127.0.0.1:{self.port}/ws/",
            subprotocols=[websockets.Subprotocol("cb.1.json")],
            additional_headers={"Cookie": f"{COOKIE}={self.cluster.sessions[self.name]}"},
            ping_interval=None,
        )
        await self.say({"event": "zoo.lobby.presence#p", "id": 1, "data": {}})
        await self.say({"event": "zoo.lobby.presence", "id": 2, "data": {"meta": {"on": self.port}}})
        self.task = asyncio.get_running_loop().create_task(self.listen())
        return self

    async def say(self, message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def listen(self) -> None:
        async for text in self.socket:
            frame = json.loads(text)
            for message in frame if isinstance(frame, list) else [frame]:
                await self.take(message)

    async def take(self, message: dict[str, Any]) -> None:
        if message["event"] == "cb.ping":
            await self.say({"event": "cb.pong", "data": message["data"]})
        elif message.get("type") == "snapshot":
            self.rows = message["data"]["rows"]
        elif message.get("type") == "diff":
            self.rows = applied(self.rows, message["data"])

    def shows(self) -> dict[str, list[int]]:
        """User → where its tabs are."""
        return {row["user"]["username"]: [tab["meta"]["on"] for tab in row["tabs"]] for row in self.rows}

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.socket.close()


def applied(rows: list[dict[str, Any]], diff: dict[str, Any]) -> list[dict[str, Any]]:
    """spec/protocol.md §3."""
    bodies = {row["id"]: row for row in rows}
    rows = [row for row in rows if row["id"] not in diff.get("remove", ())]
    for index, row, *_ in diff.get("put", ()):
        rows.insert(index, row if isinstance(row, dict) else bodies[row])
    changes = {key: changed for key, changed, *_ in diff.get("patch", ())}
    return [{**row, **changes.get(row["id"], {})} for row in rows]


async def until(tab: Tab, expected: dict[str, list[int]], seconds: float) -> float:
    began = time.monotonic()
    while (shown := {name: sorted(ports) for name, ports in tab.shows().items()}) != expected:
        assert time.monotonic() - began < seconds, f"{shown}, not {expected}"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def test_a_room_is_one_over_processes_and_tabs_of_one_user_are_one_user(cluster: Cluster) -> None:
    here, there = cluster.ports
    ann, bob = [*cluster.sessions][:2]
    async with Tab(cluster, here, ann) as first, Tab(cluster, there, bob) as second:
        both = {ann: [here], bob: [there]}
        await until(first, both, 5)
        await until(second, both, 5)
        async with Tab(cluster, there, ann):
            await until(first, {ann: sorted([here, there]), bob: [there]}, 5)
        await until(first, both, 5)
        await asyncio.sleep(1.5 * TTL)  # nobody leaves who only says nothing
        assert first.shows() == both


async def test_who_was_on_a_killed_process_has_left_within_the_time(cluster: Cluster) -> None:
    here, there = cluster.ports
    ann, bob = [*cluster.sessions][:2]
    async with Tab(cluster, here, ann) as first:
        await until(first, {ann: [here]}, TTL + 5)  # those of the test before have left
        try:
            async with Tab(cluster, there, bob):
                await until(first, {ann: [here], bob: [there]}, 5)
                await asyncio.to_thread(cluster.kill, there)
                took = await until(first, {ann: [here]}, TTL + 3)
                assert took > 0.5, "it is not known before"
        finally:
            await asyncio.to_thread(cluster.replace, there)
        async with Tab(cluster, there, bob) as back:
            await until(first, {ann: [here], bob: [there]}, 5)
            await until(back, {ann: [here], bob: [there]}, 5)


async def test_who_was_on_a_frozen_process_leaves_and_comes_back_with_it(cluster: Cluster) -> None:
    here, there = cluster.ports
    ann, bob = [*cluster.sessions][:2]
    async with Tab(cluster, here, ann) as first, Tab(cluster, there, bob) as second:
        await until(first, {ann: [here], bob: [there]}, 5)
        cluster.servers[there].send_signal(signal.SIGSTOP)
        try:
            await until(first, {ann: [here]}, TTL + 3)
        finally:
            cluster.servers[there].send_signal(signal.SIGCONT)
        await until(first, {ann: [here], bob: [there]}, TTL + 5)
        await until(second, {ann: [here], bob: [there]}, TTL + 5)
