"""Clients that do not keep up, on real servers: what waits for them is bounded and reported, and at last they are dropped."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
import websockets

from tests.integration.cluster import COOKIE, Cluster, LiveClient
from tests.integration.raw import RawSocket, messages_of
from tests.services import free_port

BOUND = 262_144
SERVERS = ["uvicorn", "daphne"]
DATA = {"order": "id", "limit": 100}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster(2) as running:
        yield running


@pytest.fixture(scope="module")
def ports(cluster: Cluster) -> dict[str, int]:
    cluster.replace(cluster.ports[1], "daphne")
    return dict(zip(SERVERS, cluster.ports, strict=True))


@pytest.fixture(scope="module")
def readers(cluster: Cluster) -> Iterator[str]:
    return iter(cluster.readers)


@pytest.fixture
def reader(readers: Iterator[str]) -> str:
    """A user of the test's own: what earlier tests have shouted may be on its way between the servers for seconds."""
    return next(readers)


async def ask(cluster: Cluster, port: int, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """A well-behaved client makes these calls one after the other."""
    headers = {"Cookie": f"{COOKIE}={cluster.sessions['ann']}"}
    async with websockets.connect(f"ws://127.0.0.1:{port}/ws/", additional_headers=headers, max_size=None) as socket:
        answers = []
        for event, data in calls:
            await socket.send(json.dumps({"event": event, "id": 1, "data": data}))
            while (answer := json.loads(await asyncio.wait_for(socket.recv(), 30))).get("id") != 1:
                continue
            answers.append(answer["data"])
        return answers


async def census(cluster: Cluster, port: int) -> dict[str, Any]:
    return (await ask(cluster, port, ("zoo.census.count", {})))[0]  # type: ignore[no-any-return]


def reading(port: int, session: str, **options: Any) -> RawSocket:
    """A connection with eight lists of all notes that says nothing more by itself."""
    slow = RawSocket(port, session, **options)
    for number in range(8):
        slow.send({"event": f"zoo.Note.search#l{number}", "id": number, "data": DATA})
    return slow


async def churn(cluster: Cluster, port: int, times: int = 30) -> None:
    """Changes that cause some 70 KiB of diffs for such a connection each time."""
    await ask(cluster, port, ("zoo.census.churn", {"times": times}))


async def shout(cluster: Cluster, port: int, user: str, count: int, size: int = 20_000) -> None:
    await ask(cluster, port, ("zoo.census.shout", {"user": user, "count": count, "bytes": size}))


async def give_up(cluster: Cluster, port: int) -> None:
    """From now on who is connected is given up after half a second, and no longer after a minute."""
    await ask(cluster, port, ("zoo.census.lose_patience", {"seconds": 0.5}))


async def until_connected(cluster: Cluster, port: int, count: int) -> None:
    """Wait until so many are connected besides who asks."""
    async with asyncio.timeout(60):
        while (await census(cluster, port))["connections"] != count + 1:
            await asyncio.sleep(0.2)


def pings(frames: list[bytes]) -> list[int]:
    return [m["data"]["n"] for frame in frames for m in messages_of(frame) if m["event"] == "cb.ping"]


@pytest.mark.parametrize("server", SERVERS)
async def test_a_client_that_acknowledges_nothing_is_conflated_and_gets_one_message_when_it_does(
    server: str, cluster: Cluster, ports: dict[str, int], reader: str
) -> None:
    port = ports[server]
    lists = {f"zoo.Note.search#l{n}": LiveClient(cluster, cluster.readers[reader], DATA) for n in range(8)}
    slow = reading(port, cluster.readers[reader])
    await churn(cluster, port)
    frames = await asyncio.to_thread(slow.frames_until_silence)
    assert BOUND / 2 < sum(map(len, frames)) < BOUND * 1.3, "what was on its way"
    for message in [message for frame in frames for message in messages_of(frame) if "type" in message]:
        lists[message["event"]].apply(message)
    slow.send({"event": "cb.pong", "data": {"n": pings(frames)[-1]}})
    frames = await asyncio.to_thread(slow.frames_until_silence)
    after = [message for frame in frames for message in messages_of(frame) if "type" in message]
    assert {message["event"] for message in after} == set(lists)
    assert len(after) == len(lists), "one message each"
    for message in after:
        assert message["from"] == lists[message["event"]].v
        lists[message["event"]].apply(message)
    fresh = (await ask(cluster, port, ("zoo.Note.search", {**DATA, "live": False})))[0]["rows"]
    assert all(each.rows == fresh for each in lists.values())
    slow.close()


@pytest.mark.parametrize("server", SERVERS)
async def test_who_reads_and_acknowledges_nothing_is_closed_with_4508(
    server: str, cluster: Cluster, ports: dict[str, int], reader: str
) -> None:
    port = ports[server]
    slow = reading(port, cluster.readers[reader], buffer_bytes=4 * BOUND)
    await until_connected(cluster, port, 1)
    await give_up(cluster, port)
    ending = asyncio.create_task(asyncio.to_thread(slow.frames_until_end))
    while not ending.done():
        await churn(cluster, port, 5)
    assert sum(map(len, await ending)) < BOUND * 1.3
    assert slow.close_code == 4508
    await until_connected(cluster, port, 0)  # it was the server that gave it up: this end is still open
    slow.close()


@pytest.mark.parametrize("server", SERVERS)
async def test_many_clients_that_read_nothing_cost_little_and_are_given_up(
    server: str, cluster: Cluster, ports: dict[str, int], reader: str
) -> None:
    port, many = ports[server], 20
    await until_connected(cluster, port, 0)
    before = await census(cluster, port)
    slow = [reading(port, cluster.readers[reader]) for _ in range(many)]
    await until_connected(cluster, port, many)
    await churn(cluster, port, 20)
    await shout(cluster, port, reader, 200)
    full = await census(cluster, port)
    assert full["pid"] == before["pid"]
    assert full["connections"] == many + 1
    assert full["rss_bytes"] - before["rss_bytes"] < many * 2 * BOUND + 10_000_000
    await give_up(cluster, port)
    await until_connected(cluster, port, 0)
    for each in slow:
        each.close()


@pytest.mark.parametrize("server", SERVERS)
async def test_messages_of_handlers_beyond_the_bound_are_dropped_and_the_client_is_told_so(
    server: str, cluster: Cluster, ports: dict[str, int], reader: str
) -> None:
    port = ports[server]
    slow = RawSocket(port, cluster.readers[reader])
    for _ in range(10):
        await shout(cluster, port, reader, 20)
    frames = await asyncio.to_thread(slow.frames_until_silence)
    assert sum(map(len, frames)) < BOUND * 1.3
    found = [message for frame in frames for message in messages_of(frame)]
    shouted = [message for message in found if message["event"] == "zoo.census.shouted"]
    texts = [message["data"] for message in shouted if "data" in message]
    heard = [data["number"] for data in texts]
    assert heard == [number % 20 for number in range(len(heard))], "no gap without a word"
    assert [message["error"]["code"] for message in shouted if "error" in message] == ["limit_exceeded"]
    assert "error" in shouted[-1]
    slow.send({"event": "cb.pong", "data": {"n": pings(frames)[-1]}})
    slow.send({"event": "cb.ping", "id": 9, "data": {"n": 1}})
    while messages_of(await asyncio.to_thread(slow.frame))[0].get("id") != 9:
        continue
    await shout(cluster, port, reader, 1, 10)
    while (message := messages_of(await asyncio.to_thread(slow.frame))[0])["event"] == "cb.ping":
        continue
    assert message == {"event": "zoo.census.shouted", "data": {"number": 0, "text": "x" * 10}}
    slow.close()


async def test_a_client_without_a_subprotocol_is_bounded_where_the_server_waits_for_it(
    cluster: Cluster, ports: dict[str, int], reader: str
) -> None:
    port = ports["uvicorn"]
    await until_connected(cluster, port, 0)
    slow = reading(port, cluster.readers[reader], modern=False)
    while (await census(cluster, port))["queued_bytes"] < BOUND / 2:
        await shout(cluster, port, reader, 100)
    for _ in range(5):
        await shout(cluster, port, reader, 100)
    assert (await census(cluster, port))["queued_bytes"] < BOUND * 1.3
    found = [message for frame in await asyncio.to_thread(slow.frames_until_silence) for message in messages_of(frame)]
    assert "limit_exceeded" in [message["error"]["code"] for message in found if "error" in message]
    assert len(found) * 20_000 < 10_000_000, "what the kernel has taken is all that comes on top"
    slow.close()


async def test_a_client_without_a_subprotocol_that_reads_nothing_is_given_up(
    cluster: Cluster, ports: dict[str, int], reader: str
) -> None:
    port = ports["uvicorn"]
    await until_connected(cluster, port, 0)
    before = (await census(cluster, port))["tasks"]
    slow = RawSocket(port, cluster.readers[reader], modern=False)
    while (await census(cluster, port))["queued_bytes"] < BOUND / 2:
        await shout(cluster, port, reader, 100)
    await give_up(cluster, port)
    await until_connected(cluster, port, 0)
    async with asyncio.timeout(10):
        while (await census(cluster, port))["tasks"] > before:
            await asyncio.sleep(0.2)
    slow.close()


@pytest.fixture
def impatient_daphne(cluster: Cluster) -> Iterator[int]:
    """A server of its own: on the others such pings would end clients that are to be closed for other reasons."""
    port = free_port()
    cluster.replace(port, "daphne", ("--ping-interval", "2", "--ping-timeout", "2"))
    yield port
    cluster.kill(port)


async def test_on_daphne_its_own_ping_gives_up_a_client_without_a_subprotocol(
    cluster: Cluster, impatient_daphne: int, reader: str
) -> None:
    port = impatient_daphne
    slow = RawSocket(port, cluster.readers[reader], modern=False)
    slow.send({"event": "zoo.Note.search", "id": 1, "data": DATA})
    assert messages_of(await asyncio.to_thread(slow.frame))[0]["id"] == 1
    await shout(cluster, port, reader, 1000)
    await until_connected(cluster, port, 0)
    slow.close()
