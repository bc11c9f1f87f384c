"""Real processes with triggers: what is written past Django is pushed as soon as anything else."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest
import websockets

from tests.integration.cluster import COOKIE, Cluster, LiveClient, converge

READS: list[tuple[str, dict[str, Any]]] = [
    ("zoo.Note", {"order": "-rank", "limit": 10}),
    ("zoo.Note", {"filters": {"labels__name": "red"}, "limit": 10}),
    ("zoo.Note", {"filters": {"done": True}, "order": "title", "limit": 10}),
    ("zoo.OwnNote", {"order": "-rank", "limit": 10}),
    ("zoo.Cafe", {"order": "id"}),
    ("zoo.Token", {"order": "name"}),
]
SOON = 2.0
"""Seconds within which the lists must be right: no audit (60 s) can help."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    env = {"TEST_TRIGGERS_DATABASE": "default"}
    with Cluster(env=env, commands=[("bindings_triggers", "install")]) as running:
        yield running


@pytest.fixture
async def clients(cluster: Cluster) -> AsyncIterator[list[LiveClient]]:
    session = cluster.sessions["ann"]
    begun = [LiveClient(cluster, session, data, stream) for stream, data in READS for _ in cluster.ports]
    for place, client in enumerate(begun):
        client.port = lambda place=place: cluster.ports[place % 2]  # type: ignore[method-assign,misc]
        client.begin()
    await converge(begun, 20)
    yield begun
    for client in begun:
        await client.end()
    assert sum(client.mismatches for client in begun) == 0


def psql(cluster: Cluster, *statements: str) -> None:
    """Somebody else writes, in one transaction."""
    with psycopg.connect(cluster.postgres.url) as connection:
        for statement in statements:
            connection.execute(statement)


NEW_NOTE = "INSERT INTO zoo_note (title, rank, done, owner_id, secret_code) SELECT {title}, {rank}, true, 1, 'x'"
STEPS = [
    (NEW_NOTE.format(title="'by psql'", rank=99),),
    ("UPDATE zoo_note SET rank = 100 WHERE title = 'by psql'",),
    ("INSERT INTO zoo_label (id, name) VALUES (1, 'red')",),
    ("INSERT INTO zoo_note_labels (note_id, label_id) SELECT id, 1 FROM zoo_note WHERE title = 'by psql'",),
    ("UPDATE zoo_label SET name = 'blue'",),
    ("UPDATE zoo_label SET name = 'red'",),
    ("DELETE FROM zoo_note_labels",),
    ("UPDATE zoo_note SET owner_id = 2 WHERE title = 'by psql'",),
    ("INSERT INTO zoo_place (id, name) VALUES (7, 'Here')", "INSERT INTO zoo_cafe VALUES (7, 3)"),
    ("UPDATE zoo_place SET name = 'There'",),
    ("INSERT INTO zoo_token (id, name) VALUES ('7f0a6238-8a30-4f3c-a1a5-000000000001', 't')",),
    ("UPDATE zoo_token SET name = 'u'",),
    (NEW_NOTE.format(title="'many'", rank="n % 50") + " FROM generate_series(1, 20000) n",),
    ("UPDATE zoo_note SET rank = (rank + 1) % 50",),
    ("DELETE FROM zoo_note WHERE title = 'many'",),
    ("TRUNCATE zoo_cafe CASCADE",),
]


async def test_what_psql_commits_is_shown_by_every_process(cluster: Cluster, clients: list[LiveClient]) -> None:
    for statements in STEPS:
        before = [client.v for client in clients]
        await asyncio.to_thread(psql, cluster, *statements)
        began = time.monotonic()
        while [client.v for client in clients] == before and statements != STEPS[2]:  # nobody shows a label as such
            assert time.monotonic() - began < SOON, f"nothing has moved after {statements}"
            await asyncio.sleep(0.02)
        await converge(clients, SOON)


async def test_nothing_is_lost_while_the_database_restarts(cluster: Cluster, clients: list[LiveClient]) -> None:
    is_over = asyncio.Event()

    async def write() -> None:
        number = 0
        while not is_over.is_set():
            try:
                number += 1
                await asyncio.to_thread(psql, cluster, NEW_NOTE.format(title=f"'r{number}'", rank=number % 70))
            except psycopg.OperationalError:
                await asyncio.sleep(0.05)

    writing = asyncio.create_task(write())
    await asyncio.sleep(0.5)
    await asyncio.to_thread(cluster.postgres.crash)
    await asyncio.sleep(1.0)
    is_over.set()
    await writing
    await converge(clients, 5)


async def test_a_write_of_this_package_is_read_once_by_each_process(
    cluster: Cluster, clients: list[LiveClient]
) -> None:
    session = cluster.sessions["ann"]
    sockets = [
        await websockets.connect(
            f"ws://127.0.0.1:{port}/ws/", additional_headers={"Cookie": f"{COOKIE}={session}"}, max_size=None
        )
        for port in cluster.ports
    ]

    async def call(place: int, event: str, data: dict[str, Any]) -> Any:
        await sockets[place].send(json.dumps({"event": event, "id": 1, "data": data}))
        while (answer := json.loads(await sockets[place].recv())).get("id") != 1:
            continue
        return answer["data"]

    token = (await call(0, "zoo.Token.create", {"name": "n"}))["id"]
    await converge(clients, SOON)
    await asyncio.sleep(0.5)
    before = [(await call(place, "zoo.census.count", {}))["evaluations"] for place in range(2)]
    for number in range(8):
        await call(0, "zoo.Token.update", {"id": token, "name": f"n{number}"})
        await converge(clients[-2:], SOON)
        await asyncio.sleep(0.3)
    after = [(await call(place, "zoo.census.count", {}))["evaluations"] for place in range(2)]
    assert [now - then for now, then in zip(after, before, strict=True)] == [8, 8]
    for socket in sockets:
        await socket.close()


async def test_a_user_whom_psql_deactivates_is_out_within_a_second(cluster: Cluster) -> None:
    for port in cluster.ports:
        async with websockets.connect(
            f"ws://127.0.0.1:{port}/ws/", additional_headers={"Cookie": f"{COOKIE}={cluster.sessions['bob']}"}
        ) as socket:
            await socket.send(json.dumps({"event": "zoo.OwnNote.search", "data": {}}))
            await socket.recv()
            await asyncio.to_thread(psql, cluster, "UPDATE auth_user SET is_active = false WHERE username = 'bob'")
            await asyncio.wait_for(socket.wait_closed(), 1.0)
            assert socket.close_code == 4401
        await asyncio.to_thread(psql, cluster, "UPDATE auth_user SET is_active = true WHERE username = 'bob'")
