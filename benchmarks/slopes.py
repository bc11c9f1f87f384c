"""How the cost of a commit grows: ``python -m benchmarks.slopes``.

Subscribers of one list, rows of its table, and processes that share the subscribers, each grown by itself; servers of the
tests' project on a PostgreSQL and a Redis of its own. Median of the commits: milliseconds until the last client has it, and
processor time of all servers. ``benchmarks.invalidation`` has the fourth axis, different lists.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from itertools import cycle
from typing import Any

import psycopg
import uvloop
from tests.integration.cluster import PYTHON, Cluster

from benchmarks.fanout import Process
from benchmarks.live import listening
from benchmarks.sockets import ENV, TEXT, RawSocket, opened

USERS = 20
COMMITS = 20


async def measured(cluster: Cluster, cookies: list[str], sockets: int) -> dict[str, Any]:
    began: dict[int, float] = {}
    took: list[float] = []
    ports = cycle(cluster.ports)
    writer = await opened(cluster.ports[0], cookies[0])
    clients = [await listening(next(ports), cookies[number % USERS], began, took) for number in range(sockets)]
    servers = [Process(cluster.servers[port].pid) for port in cluster.ports]
    last = []
    await commit(writer, 0, began, took, sockets)
    cpu = sum(server.cpu_seconds for server in servers)
    for number in range(1, COMMITS + 1):
        took.clear()
        last.append(await commit(writer, number, began, took, sockets))
    cpu = sum(server.cpu_seconds for server in servers) - cpu
    for each in [writer, *clients]:
        assert each.transport
        each.transport.abort()
    return {
        "ms to the last": round(statistics.median(last), 1), "min": round(min(last), 1), "max": round(max(last), 1),
        "CPU ms a commit": round(cpu / COMMITS * 1000, 2), "CPU µs a delivery": round(cpu / COMMITS / sockets * 1e6, 1),
    }  # fmt: skip


async def commit(writer: RawSocket, number: int, began: dict[int, float], took: list[float], sockets: int) -> float:
    """Create a row at the head of the list; milliseconds until everybody has it."""
    began[number] = time.perf_counter()
    note = {"title": f"commit {number}", "rank": 10**6 + number}
    writer.send(TEXT, json.dumps({"event": "zoo.Note.create", "id": number + 2, "data": note}).encode())
    async with asyncio.timeout(60):
        while len(took) < sockets:
            await asyncio.sleep(0.0005)
    await asyncio.sleep(0.1)
    return max(took)


def run(processes: int, sockets: int, rows: int, broker: str) -> dict[str, Any]:
    env = {**ENV, "TEST_BROKER": broker} if broker == "redis_streams" else ENV
    with Cluster(processes=processes, env=env) as cluster:
        users = [*PYTHON, "-m", "benchmarks.sockets", "users", "--users", str(USERS)]
        made = subprocess.run(users, env=cluster.env, stdout=subprocess.PIPE, check=True)
        fill(cluster.postgres.url, rows)
        found = uvloop.run(measured(cluster, json.loads(made.stdout), sockets))
    return {"processes": processes, "broker": broker, "subscribers": sockets, "rows": rows, **found}


def fill(url: str, rows: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO zoo_note (title, rank, done, secret_code) "
            "SELECT 'n' || n, n %% 1000, false, '' FROM generate_series(1, %s) n", [rows]
        )  # fmt: skip
        connection.execute("CREATE INDEX ON zoo_note (rank DESC, id DESC)")
        connection.execute("ANALYZE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, nargs="*", default=[10, 100, 1000, 5000])
    parser.add_argument("--rows", type=int, nargs="*", default=[1000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--processes", type=int, nargs="*", default=[1, 2, 3])
    asked = parser.parse_args()
    runs = [(1, sockets, 1000, "channel_layer") for sockets in asked.subscribers]
    runs += [(1, 100, rows, "channel_layer") for rows in asked.rows]
    runs += [
        (number, 1000, 1000, broker) for broker in ("channel_layer", "redis_streams") for number in asked.processes
    ]
    found = []
    for each in runs:
        found.append(run(*each))
        print(json.dumps(found[-1], ensure_ascii=False), file=sys.stderr)
    print(json.dumps(found, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
