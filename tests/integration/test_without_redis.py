"""Real processes with PostgreSQL and nothing else: it is their broker as well, and everything holds as by way of Redis."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.integration.cluster import Cluster, LiveClient, converge
from tests.integration.test_processes import SOON, while_writing
from tests.integration.test_processes import clients as clients  # a fixture, of this module's cluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster(env={"TEST_BROKER": "postgres", "TEST_REDIS_URL": ""}, is_proxied=True) as running:
        running.redis.stop()
        yield running


async def test_what_another_process_commits_reaches_the_clients_of_all(
    cluster: Cluster, clients: list[LiveClient]
) -> None:
    await while_writing(cluster)
    await converge(clients, 1)
    assert {len(client.returns) for client in clients} == {1}, "nobody had to ask again"


async def test_a_database_that_crashes_loses_its_messages_and_no_change(
    cluster: Cluster, clients: list[LiveClient]
) -> None:
    await while_writing(cluster, cluster.postgres.crash)
    await converge(clients, SOON)
    await while_writing(cluster)
    await converge(clients, 1)


async def test_a_killed_server_costs_its_clients_a_reconnect_and_nothing_else(
    cluster: Cluster, clients: list[LiveClient]
) -> None:
    port = cluster.ports[0]
    await while_writing(cluster, lambda: cluster.kill(port))
    await converge(clients, SOON)
    await asyncio.to_thread(cluster.replace, port)
    assert [client.errors for client in clients if client.errors] == []
