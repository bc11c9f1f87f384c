"""What live lists cost one server beside a fan-out: ``python -m benchmarks.live p99``, ``… connect``, ``… memory``.

One uvicorn process of the tests' project on a PostgreSQL and a Redis of its own.

``p99``: 1,000 sockets show the same list, 20 times a second a row is created that enters it; milliseconds from the call to
each client. ``connect``: sockets that connect, are greeted, ask for the list and are answered, so many at a time; how many a
second, and what each costs the server. ``memory``: what a socket takes that is only open, and one that shows a list.
"""

import argparse
import asyncio
import json
import re
import statistics
import subprocess
import time
from typing import Any

import uvloop
from tests.integration.cluster import PYTHON, Cluster

from benchmarks.fanout import Process
from benchmarks.sockets import ENV, TEXT, RawSocket, opened, reading

LIST = {"order": "-rank", "limit": 25}
COMMIT = re.compile(rb"commit (\d+)")


class Listening(RawSocket):
    """Notes when it is sent each commit for the first time."""

    began: dict[int, float]
    took: list[float]
    last = -1

    def told(self, payload: bytes) -> None:
        super().told(payload)
        now = time.perf_counter()
        for number in sorted({int(found) for found in COMMIT.findall(payload)}):
            if number > self.last and number in self.began:
                self.last = number
                self.took.append((now - self.began[number]) * 1000)


async def p99(cluster: Cluster, cookies: list[str], options: argparse.Namespace) -> dict[str, Any]:
    port = cluster.ports[0]
    began: dict[int, float] = {}
    took: list[float] = []
    writer = await opened(port, cookies[0])
    sockets = [await listening(port, cookies[number % len(cookies)], began, took) for number in range(options.sockets)]
    process = Process(cluster.servers[port].pid)
    await asyncio.sleep(2)
    cpu, start = process.cpu_seconds, time.perf_counter()
    for number in range(options.commits):
        began[number] = time.perf_counter()
        note = {"title": f"commit {number}", "rank": 1000 + number}
        writer.send(TEXT, json.dumps({"event": "zoo.Note.create", "id": number + 2, "data": note}).encode())
        await asyncio.sleep(max(0.0, start + (number + 1) / options.per_second - time.perf_counter()))
    seconds = time.perf_counter() - start
    await asyncio.sleep(2)
    alive = sum(not each.transport.is_closing() for each in sockets if each.transport)
    centiles = statistics.quantiles(took, n=100)
    return {
        "sockets": len(sockets), "still open": alive, "commits": options.commits, "a second": options.per_second,
        "delivered to each": round(len(took) / len(sockets), 1), "p50 ms": round(centiles[49], 1),
        "p99 ms": round(centiles[98], 1), "max ms": round(max(took), 1),
        "server CPU %": round((process.cpu_seconds - cpu) / seconds * 100),
    }  # fmt: skip


async def listening(port: int, cookie: str, began: dict[int, float], took: list[float]) -> RawSocket:
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: Listening(cookie), "127.0.0.1", port)
    await client.connected
    client.began, client.took = began, took
    return await asked(client)


async def asked(client: RawSocket) -> RawSocket:
    client.send(TEXT, json.dumps({"event": "zoo.Note.search#h", "id": 1, "data": LIST}).encode())
    answer = await client.answered
    assert "error" not in answer, answer
    return client


async def connect(cluster: Cluster, cookies: list[str], options: argparse.Namespace) -> dict[str, Any]:
    port = cluster.ports[0]
    process = Process(cluster.servers[port].pid)
    sockets = [await reading(port, cookies[0], LIST)]
    found: dict[str, Any] = {}
    for name, ask in (("open", False), ("with a list", True)):
        rates, costs = [], []
        for _ in range(options.rounds):
            cpu, start = process.cpu_seconds, time.perf_counter()
            for first in range(0, options.sockets, options.at_once):
                several = range(first, min(options.sockets, first + options.at_once))
                sockets += await asyncio.gather(*(one(port, cookies[each % len(cookies)], ask) for each in several))
            rates.append(options.sockets / (time.perf_counter() - start))
            costs.append((process.cpu_seconds - cpu) / options.sockets * 1e6)
            await closed(sockets[1:])
            del sockets[1:]
        found[f"{name}, a second (min / median / max)"] = [round(of(rates)) for of in (min, statistics.median, max)]
        found[f"{name}, CPU µs each (min / median / max)"] = [round(of(costs)) for of in (min, statistics.median, max)]
    return {"sockets": options.sockets, "at once": options.at_once, "users": len(cookies), **found}


async def one(port: int, cookie: str, ask: bool) -> RawSocket:
    client = await opened(port, cookie)
    return await asked(client) if ask else client


async def closed(sockets: list[RawSocket]) -> None:
    for each in sockets:
        if each.transport:
            each.transport.abort()
    await asyncio.sleep(1)


async def memory(cluster: Cluster, cookies: list[str], options: argparse.Namespace) -> dict[str, Any]:
    port = cluster.ports[0]
    process = Process(cluster.servers[port].pid)
    sockets = [await one(port, cookies[number % len(cookies)], True) for number in range(100)]  # what is made once
    await asyncio.sleep(1)
    before = process.kilobytes
    more = [await opened(port, cookies[number % len(cookies)]) for number in range(options.sockets)]
    await asyncio.sleep(1)
    is_open = process.kilobytes
    for first in range(0, len(more), options.at_once):  # all together, what is measured is the crowd of answers
        await asyncio.gather(*(asked(each) for each in more[first : first + options.at_once]))
    await asyncio.sleep(1)
    shows = process.kilobytes
    return {
        "sockets": len(more), "users": len(cookies), "warm": len(sockets),
        "KiB open": round((is_open - before) / len(more), 1), "KiB with a list": round((shows - before) / len(more), 1),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["p99", "connect", "memory"])
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--commits", type=int, default=200)
    parser.add_argument("--per-second", type=int, default=20)
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with Cluster(processes=1, env=ENV) as cluster:
        users = [*PYTHON, "-m", "benchmarks.sockets", "users", "--users", str(options.users)]
        made = subprocess.run(users, env=cluster.env, stdout=subprocess.PIPE, check=True)
        run = {"p99": p99, "connect": connect, "memory": memory}[options.what]
        found = uvloop.run(run(cluster, json.loads(made.stdout), options))
    print(json.dumps(found, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
