"""Real processes: what one commits, clients of the others show, whatever is killed, cut or frozen on the way.

After each fault every list equals its query, row for row; no difference ever led to another list than the server's.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from tests.integration.cluster import Cluster, LiveClient, converge

READS: list[dict[str, Any]] = [
    {"order": "-rank", "limit": 10},
    {"order": "title", "limit": 5, "filters": {"rank__gte": 3}},
    {"filters": {"done": True}, "order": "-id", "limit": 20},
    {"order": "id", "limit": 10, "page": 3},
]
SOON = 5.0
"""Seconds after the end of a fault within which every list must be right."""
DEAF = 1.5
"""Seconds without a sign of the broker after which a server takes it for lost; 5 where no test waits for it."""
SILENT = DEAF + SOON
"""The same as ``SOON`` for a broker that is cut off without a sign, counted from its beginning."""


@pytest.fixture(scope="module", params=["channel_layer", "redis_streams"])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    env = {"TEST_BROKER": request.param, "TEST_DEAF_SECONDS": str(DEAF)}
    with Cluster(env=env, is_proxied=True) as running:
        yield running


@pytest.fixture
async def clients(cluster: Cluster) -> AsyncIterator[list[LiveClient]]:
    begun = [LiveClient(cluster, session, data) for session in cluster.sessions.values() for data in READS]
    for place, client in enumerate(begun):
        client.begin(cluster.ports[place % 2])
    await converge(begun, 20)
    yield begun
    for client in begun:
        await client.end()
    assert [client.mismatches + client.divergences for client in begun] == [0] * len(begun)


async def while_writing(cluster: Cluster, *meanwhile: Callable[[], Any], apart: float = 0.8) -> None:
    """Another process commits before, during and after each ``meanwhile``, for so many seconds in between."""
    writer = await asyncio.to_thread(cluster.keep_writing)
    assert writer.stdin is not None
    with writer.stdin:
        await asyncio.sleep(apart)
        for each in meanwhile:
            await asyncio.to_thread(each)
            await asyncio.sleep(apart)
    assert await asyncio.to_thread(writer.wait, 60) == 0


async def test_what_another_process_commits_reaches_the_clients_of_all(
    cluster: Cluster, clients: list[LiveClient]
) -> None:
    await while_writing(cluster)
    await converge(clients, 1)
    assert {len(client.returns) for client in clients} == {1}, "nobody had to ask again"


async def test_a_network_that_drops_again_and_again_costs_nothing_but_reconnects(
    cluster: Cluster, clients: list[LiveClient]
) -> None:
    networks = [*cluster.to_server.values()]

    def drop(kind: str) -> None:
        for network in networks:
            getattr(network, kind)()
        time.sleep(0.5)
        for network in networks:
            network.heal()

    await while_writing(cluster, lambda: drop("cut"), lambda: drop("swallow"), lambda: drop("cut"))
    async with asyncio.timeout(SOON):
        while any(len(client.returns) < 3 for client in clients):
            await asyncio.sleep(0.05)
    await converge(clients, SOON)
    assert {kind for client in clients for kind in client.returns[1:]} <= {"same", "delta", "snapshot"}
    assert [client.errors for client in clients if client.errors] == []


async def test_a_killed_server_costs_its_clients_a_reconnect_and_nothing_else(
    cluster: Cluster, clients: list[LiveClient]
) -> None:
    port = cluster.ports[0]
    await while_writing(cluster, lambda: cluster.kill(port))
    await converge(clients, SOON)
    await asyncio.to_thread(cluster.replace, port)
    assert [client.errors for client in clients if client.errors] == []
    assert {kind for client in clients for kind in client.returns[1:]} <= {"same", "delta", "snapshot"}


async def test_a_rolling_restart_under_writes_loses_nothing_and_nobody_sees_an_error(
    cluster: Cluster, clients: list[LiveClient]
) -> None:
    one, other = cluster.ports

    def restart(port: int) -> None:
        cluster.terminate(port)
        cluster.replace(port)

    await while_writing(cluster, lambda: restart(one), lambda: restart(other))
    await converge(clients, SOON)
    assert sum(len(client.goaways) for client in clients) >= len(clients), "each was asked to leave, some twice"
    assert [client.errors for client in clients if client.errors] == []


async def test_a_broker_that_is_killed_and_comes_back_loses_nothing(
    cluster: Cluster, clients: list[LiveClient]
) -> None:
    await while_writing(cluster, cluster.redis.kill, cluster.redis.start)
    await converge(clients, SOON)


async def test_a_broker_that_hangs_delays_and_loses_nothing(cluster: Cluster, clients: list[LiveClient]) -> None:
    await while_writing(cluster, cluster.redis.pause, cluster.redis.resume)
    await converge(clients, SOON)


async def test_a_process_that_is_cut_off_from_the_broker_without_a_sign_finds_out_by_itself(
    cluster: Cluster, clients: list[LiveClient]
) -> None:
    broker = cluster.to_redis[cluster.ports[0]]
    try:
        began = time.monotonic()
        await while_writing(cluster, broker.swallow)
        await converge(clients, SILENT - (time.monotonic() - began))
        await while_writing(cluster)
    finally:
        broker.heal()
    await converge(clients, SOON)
    await while_writing(cluster)
    await converge(clients, SOON)


async def test_a_database_that_restarts_delays_and_loses_nothing(cluster: Cluster, clients: list[LiveClient]) -> None:
    await while_writing(cluster, cluster.postgres.crash)
    await converge(clients, SOON)


async def test_a_burst_that_no_broker_holds_ends_on_the_right_lists(
    cluster: Cluster, clients: list[LiveClient]
) -> None:
    """2,000 commits through a channel of ten messages, and through a stream that keeps about ten, while one process stands
    still. The writer has ended before it goes on, so nobody tells it later of what was dropped."""
    small = {"TEST_LAYER_CAPACITY": "10", "TEST_STREAM_MESSAGES": "10"}
    for port in cluster.ports:
        await asyncio.to_thread(cluster.replace, port, "uvicorn", (), **small)
    await converge(clients, SOON)
    cluster.more_env |= small
    frozen = cluster.servers[cluster.ports[0]]
    frozen.send_signal(signal.SIGSTOP)
    try:
        writer = await asyncio.to_thread(lambda: cluster.write(2000, is_burst=True))
        assert await asyncio.to_thread(writer.wait, 120) == 0
    finally:
        frozen.send_signal(signal.SIGCONT)
    await converge(clients, SOON)
