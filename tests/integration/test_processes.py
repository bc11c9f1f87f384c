"""Real processes: what one commits, clients of the others show, whatever is killed on the way."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.integration.cluster import Cluster, LiveClient, converge

READS: list[dict[str, Any]] = [
    {"order": "-rank", "limit": 10},
    {"order": "title", "limit": 5, "filters": {"rank__gte": 3}},
    {"filters": {"done": True}, "order": "-id", "limit": 20},
    {"order": "id", "limit": 10, "page": 3},
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as running:
        yield running


@pytest.fixture
async def clients(cluster: Cluster) -> AsyncIterator[list[LiveClient]]:
    begun = [LiveClient(cluster, session, data) for session in cluster.sessions.values() for data in READS]
    for client in begun:
        client.begin()
    await converge(begun, 20)
    yield begun
    for client in begun:
        await client.end()


async def finished(cluster: Cluster, count: int, *meanwhile: Any) -> None:
    """Another process writes; what ``meanwhile`` says happens at even distances in between."""
    writer = cluster.write(count)
    for each in meanwhile:
        await asyncio.sleep(count * 0.012 / (len(meanwhile) + 1))
        await asyncio.to_thread(each)
    assert await asyncio.to_thread(writer.wait, 60) == 0


async def test_what_another_process_commits_reaches_the_clients_of_all(
    cluster: Cluster, clients: list[LiveClient]
) -> None:
    await finished(cluster, 100)
    assert await converge(clients, 5) < 5
    assert sum(client.mismatches for client in clients) == 0


async def test_a_killed_server_costs_its_clients_a_reconnect_and_nothing_else(
    cluster: Cluster, clients: list[LiveClient]
) -> None:
    port = cluster.ports[0]
    await finished(cluster, 150, lambda: cluster.kill(port), lambda: cluster.start(port))
    await converge(clients, 5)
    assert {kind for client in clients for kind in client.returns[1:]} <= {"same", "delta", "snapshot"}


async def test_a_rolling_restart_under_writes_loses_nothing(cluster: Cluster, clients: list[LiveClient]) -> None:
    steps = [
        step
        for port in cluster.ports
        for step in (lambda p=port: cluster.terminate(p), lambda p=port: cluster.start(p))
    ]
    await finished(cluster, 300, *steps)
    await converge(clients, 5)


async def test_a_broker_that_is_killed_and_comes_back_loses_nothing(
    cluster: Cluster, clients: list[LiveClient]
) -> None:
    await finished(cluster, 200, cluster.redis.kill, cluster.redis.start)
    await converge(clients, 5)


async def test_a_broker_that_hangs_delays_and_loses_nothing(cluster: Cluster, clients: list[LiveClient]) -> None:
    await finished(cluster, 200, cluster.redis.pause, cluster.redis.resume)
    await converge(clients, 25)


async def test_a_database_that_restarts_delays_and_loses_nothing(cluster: Cluster, clients: list[LiveClient]) -> None:
    await finished(cluster, 200, cluster.postgres.crash)
    await converge(clients, 15)
