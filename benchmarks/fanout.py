"""What it costs to tell 1,000 sockets of one commit: ``python -m benchmarks.fanout``.

A uvicorn process with PostgreSQL and Redis of the tests' own, and 1,000 clients that read the same live list. Side by
side, on the same server with the same messages: the limit (an ASGI application that does nothing but send those bytes to
every socket) and Channels' own way (each socket in a group, ``group_send`` over Redis, ``send_json`` in each consumer).
"""

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import websockets
from tests.integration.cluster import COOKIE, PYTHON, SERVERS, Cluster
from tests.services import free_port

CLIENTS = int(os.environ.get("FANOUT_CLIENTS", "1000"))
COMMITS = 20
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
READ = json.dumps({"event": "zoo.Note.search#h", "id": 1, "data": {"order": "-rank", "limit": 25}})


class Process:
    """What a server process has used, as Linux counts it."""

    def __init__(self, pid: int) -> None:
        self.path = Path(f"/proc/{pid}")

    @property
    def cpu_seconds(self) -> float:
        fields = (self.path / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    @property
    def kilobytes(self) -> float:
        return int((self.path / "statm").read_text().split()[1]) * PAGE / 1024


async def measured(
    port: int, pid: int, cookie: str, write: Callable[[int], Awaitable[Any]], opening: str
) -> dict[str, Any]:
    """Tell every client ``COMMITS`` times, one after the other."""
    process = Process(pid)
    before = process.kilobytes
    sockets = [await connected(port, cookie) for _ in range(CLIENTS)]
    for each in sockets:
        await each.send(opening)
    await asyncio.gather(*(answered(each) for each in sockets))
    kilobytes = (process.kilobytes - before) / CLIENTS
    took, cpu = [], process.cpu_seconds
    for number in range(COMMITS):
        waiting = [asyncio.ensure_future(told(each)) for each in sockets]
        await asyncio.sleep(0)
        began = time.perf_counter()
        await write(number)
        await asyncio.gather(*waiting)
        took.append((time.perf_counter() - began) * 1000)
    cpu = process.cpu_seconds - cpu
    await asyncio.gather(*(each.close() for each in sockets))
    return {
        "ms to the last of them": round(statistics.median(took), 1),
        "min": round(min(took), 1),
        "max": round(max(took), 1),
        "CPU µs a delivery": round(cpu / (COMMITS * CLIENTS) * 1e6, 1),
        "KiB a connection": round(kilobytes, 1),
    }


async def connected(port: int, cookie: str) -> Any:
    return await websockets.connect(
        f"ws://127.0.0.1:{port}/ws/", subprotocols=[websockets.Subprotocol("cb.1.json")], compression=None,
        additional_headers={"Cookie": f"{COOKIE}={cookie}"}, open_timeout=60, ping_interval=None, max_size=None,
    )  # fmt: skip


async def answered(socket: Any) -> None:
    """The first answer; ``cb.hello`` comes before it."""
    while "snapshot" not in str(await socket.recv()):
        pass


async def told(socket: Any) -> None:
    while True:
        text = str(await socket.recv())
        if '"diff"' in text:
            return
        if "cb.ping" in text:
            await socket.send(json.dumps({"event": "cb.pong", "data": json.loads(text)["data"]}))


def begun(application: str, env: dict[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    port = free_port()
    command, *options = SERVERS["uvicorn"]
    server = subprocess.Popen([*PYTHON, "-m", command, application, *options, "--port", str(port)], env=env)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return server, port
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{application} does not start")


async def ours(cluster: Cluster) -> dict[str, Any]:
    os.environ.update({key: value for key, value in cluster.env.items() if key.startswith(("TEST_", "DJANGO_"))})
    port = cluster.ports[0]
    writer = await connected(port, cluster.sessions["ann"])

    async def write(number: int) -> None:
        data = {"title": f"commit {number}", "rank": 1000 + number}
        await writer.send(json.dumps({"event": "zoo.Note.create", "id": number, "data": data}))

    result = await measured(port, cluster.servers[port].pid, cluster.sessions["ann"], write, READ)
    await writer.close()
    return result


async def peer(application: str, cluster: Cluster) -> dict[str, Any]:
    server, port = begun(application, cluster.env)
    try:
        writer = await connected(port, "")
        return await measured(port, server.pid, "", lambda number: writer.send("go"), "begin")
    finally:
        server.terminate()
        server.wait(20)


def main() -> list[dict[str, Any]]:
    found = []
    env = {"DJANGO_SETTINGS_MODULE": "benchmarks.sockets_settings"}  # one user has all the sockets
    with Cluster(processes=1, env=env) as cluster:
        runs: list[tuple[str, Callable[[], Awaitable[dict[str, Any]]]]] = [
            ("limit: the same bytes to every socket", lambda: peer("benchmarks.fanout_peers:limit", cluster)),
            ("ours: a live list", lambda: ours(cluster)),
            ("Channels: group_send to each socket", lambda: peer("benchmarks.fanout_peers:channels", cluster)),
        ]
        for name, run in runs:
            found.append({"how": name, "sockets": CLIENTS, **asyncio.run(as_coroutine(run))})
            print(json.dumps(found[-1], ensure_ascii=False), file=sys.stderr)
    return found


async def as_coroutine(run: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    return await run()


if __name__ == "__main__":
    print(json.dumps(main(), indent=1, ensure_ascii=False))
