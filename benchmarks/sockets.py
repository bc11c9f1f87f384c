"""What thousands of sockets cost one server while nothing happens, and when all of them come back at once.

python -m benchmarks.sockets quiet --sockets 3000 --seconds 180
python -m benchmarks.sockets storm --sockets 5000

One uvicorn process of the tests' project on a PostgreSQL and a Redis of its own. ``--users`` people have the sockets
between them; each socket reads one of ``--lists`` different live lists. ``quiet`` asks every 50 ms how long a ping of the
WebSocket protocol takes, which the server's event loop answers: what holds the loop shows there. ``storm`` kills the server,
starts another and lets every socket return, with the version and the ETags that it had.
"""

import argparse
import asyncio
import base64
import json
import os
import statistics
import subprocess
import sys
import time
from itertools import cycle
from typing import Any, cast

import psycopg
import uvloop
from tests.integration.cluster import COOKIE, PYTHON, Cluster

from benchmarks.fanout import Process

TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A
ENV = {"DJANGO_SETTINGS_MODULE": "benchmarks.sockets_settings"}


class RawSocket(asyncio.Protocol):
    """A WebSocket client that costs next to nothing: frames as they are, no task for each socket."""

    def __init__(self, cookie: str) -> None:
        loop = asyncio.get_running_loop()
        self.cookie = cookie
        self.connected: asyncio.Future[None] = loop.create_future()
        self.answered: asyncio.Future[dict[str, Any]] = loop.create_future()
        self.pong: asyncio.Future[None] | None = None
        self.received = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport = cast("asyncio.Transport", transport)  # uvloop's are none of asyncio's
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: cb.1.json\r\n"
            f"Cookie: {COOKIE}={self.cookie}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self.received += data
        if not self.connected.done():
            head, end, rest = self.received.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                self.connected.set_exception(ConnectionError(head.decode()))
                return
            self.received = rest
            self.connected.set_result(None)
        while self.take():
            pass

    def take(self) -> bool:
        """One frame, if there is a whole one."""
        if len(self.received) < 2:
            return False
        size, begin = self.received[1] & 0x7F, 2
        if size > 125:
            begin = 4 if size == 126 else 10
            size = int.from_bytes(self.received[2:begin], "big")
        if len(self.received) < begin + size:
            return False
        kind, payload = self.received[0], self.received[begin : begin + size]
        self.received = self.received[begin + size :]
        if kind == PING:
            self.send(PONG, payload)
        elif kind == PONG and self.pong and not self.pong.done():
            self.pong.set_result(None)
        elif kind == TEXT:
            self.told(payload)
        return True

    def told(self, payload: bytes) -> None:
        if b'"cb.ping"' in payload:
            self.send(TEXT, json.dumps({"event": "cb.pong", "data": json.loads(payload)["data"]}).encode())
        elif b'"id":1' in payload and not self.answered.done():
            self.answered.set_result(json.loads(payload))

    def send(self, kind: int, payload: bytes) -> None:
        assert self.transport is not None
        size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
        self.transport.write(bytes([kind]) + size + b"\0\0\0\0" + payload)  # masked with zeros

    async def ping(self) -> None:
        self.pong = asyncio.get_running_loop().create_future()
        self.send(PING, b"")
        await self.pong

    def connection_lost(self, error: Exception | None) -> None:
        for future in (self.connected, self.answered):
            if not future.done():
                future.set_exception(error or ConnectionError("closed before an answer"))


async def opened(port: int, cookie: str) -> RawSocket:
    for pause in (0.0, 1.0, 2.0, 4.0):  # a SYN that the backlog dropped
        await asyncio.sleep(pause)
        try:
            _, client = await asyncio.get_running_loop().create_connection(lambda: RawSocket(cookie), "127.0.0.1", port)
            await client.connected
        except OSError:
            if pause == 4.0:
                raise
        else:
            return client
    raise AssertionError


async def reading(port: int, cookie: str, data: dict[str, Any], had: dict[str, Any] | None = None) -> RawSocket:
    """A socket with one live list; ``had`` is what it was answered before."""
    client = await opened(port, cookie)
    have = {}
    if had:
        rows = [[row["id"], tag] for row, tag in zip(had["data"]["rows"], had["etags"], strict=True)]
        have = {"have": {"v": had["v"], "rows": rows}}
    client.send(TEXT, json.dumps({"event": "zoo.Note.search#h", "id": 1, "data": data, **have}).encode())
    answer = await client.answered
    assert "error" not in answer, answer
    return client


def lists(count: int) -> list[dict[str, Any]]:
    return [
        {"order": "-rank", "limit": 25, "page": 1 + number % 2, "filters": {"rank__gte": number // 2}}
        for number in range(count)
    ]


async def all_reading(port: int, readers: list[tuple[int, str, dict[str, Any]]]) -> list[RawSocket]:
    """A socket for each (number, cookie, list), two hundred at once."""
    return [
        socket
        for first in range(0, len(readers), 200)
        for socket in await asyncio.gather(
            *(reading(port, cookie, data) for _, cookie, data in readers[first : first + 200])
        )
    ]


async def quiet(cluster: Cluster, cookies: list[str], options: argparse.Namespace) -> dict[str, Any]:
    port = cluster.ports[0]
    readers = [*zip(range(options.sockets), cycle(cookies), cycle(lists(options.lists)), strict=False)]
    sockets = await all_reading(port, readers)
    process = Process(cluster.servers[port].pid)
    await asyncio.sleep(5)
    statements, cpu = committed(cluster), process.cpu_seconds
    took: list[float] = []
    until = time.perf_counter() + options.seconds
    while (began := time.perf_counter()) < until:
        await sockets[len(took) % len(sockets)].ping()
        took.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.05)
    alive = sum(not each.transport.is_closing() for each in sockets if each.transport)
    return {
        "sockets": len(sockets), "still open": alive, "users": len(cookies), "seconds": options.seconds, "pings": len(took),
        "p50 ms": round(statistics.median(took), 1), "p99 ms": round(statistics.quantiles(took, n=100)[98], 1),
        "max ms": round(max(took), 1), "over 50 ms": sum(each > 50 for each in took),
        "transactions": committed(cluster) - statements, "server CPU seconds": round(process.cpu_seconds - cpu, 1),
    }  # fmt: skip


async def storm(cluster: Cluster, cookies: list[str], options: argparse.Namespace) -> dict[str, Any]:
    port = cluster.ports[0]
    readers = [*zip(range(options.sockets), cycle(cookies), cycle(lists(options.lists)), strict=False)]
    sockets = await all_reading(port, readers)
    had = [await each.answered for each in sockets]
    cluster.kill(port)
    await asyncio.sleep(1)
    cluster.start(port, options=("--backlog", "8192"))
    cluster.wait_for(port)
    await asyncio.sleep(2)
    statements, process = committed(cluster), Process(cluster.servers[port].pid)
    cpu, began = process.cpu_seconds, time.perf_counter()
    back: list[float] = []

    async def returning(number: int, cookie: str, data: dict[str, Any]) -> RawSocket:
        client = await reading(port, cookie, data, had[number])
        back.append(time.perf_counter() - began)
        return client

    returned = await asyncio.gather(*(returning(*reader) for reader in readers))
    took = time.perf_counter() - began
    answers = [json.dumps((await each.answered).get("type")) for each in returned]
    await asyncio.sleep(1)
    return {
        "sockets": len(returned), "users": len(cookies), "lists": options.lists,
        "distinct (user, list)": len({(cookie, json.dumps(data)) for _, cookie, data in readers}),
        "seconds until all are back": round(took, 1), "half": round(statistics.median(back), 1),
        "transactions": committed(cluster) - statements, "server CPU seconds": round(process.cpu_seconds - cpu, 1),
        "answers": {kind: answers.count(kind) for kind in set(answers)},
    }  # fmt: skip


def committed(cluster: Cluster) -> int:
    """Transactions so far; a statement outside of one is one of its own."""
    with psycopg.connect(cluster.postgres.url, autocommit=True) as connection:
        row = connection.execute("SELECT sum(xact_commit + xact_rollback) FROM pg_stat_database").fetchone()
        assert row
        return int(row[0])


def make_users(count: int) -> None:
    import django

    django.setup()
    from django.contrib.auth import get_user_model

    from channels_binding.testing import session_cookie

    users = [get_user_model().objects.create_user(f"user{number}") for number in range(count)]
    print(json.dumps([session_cookie(user) for user in users]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["quiet", "storm", "users"])
    parser.add_argument("--sockets", type=int, default=3000)
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--lists", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=180)
    options = parser.parse_args()
    if options.what == "users":
        return make_users(options.users)
    with Cluster(processes=1, env=ENV) as cluster:
        users = [*PYTHON, "-m", "benchmarks.sockets", "users", "--users", str(options.users)]
        made = subprocess.run(users, env=cluster.env, stdout=subprocess.PIPE, check=True)
        run = quiet if options.what == "quiet" else storm
        found = uvloop.run(run(cluster, json.loads(made.stdout), options))
    print(json.dumps(found, indent=1, ensure_ascii=False))
    return None


if __name__ == "__main__":
    sys.exit(main())
