"""The help desk under traffic and faults, and one question at the end: does every client show what its query says?

``python -m tools.soak --minutes 10`` starts PostgreSQL, Redis and two server processes of its own, opens clients that
keep live searches, turns the traffic on, and meanwhile cuts connections, freezes and kills Redis, and restarts a
server. When all is quiet again, each client's list is compared with a fresh search. Exit code 1 where one differs.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

import httpx
from tests.services import Postgres, Redis, free_port
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.typing import Subprotocol

ROOT = Path(__file__).resolve().parent.parent
BACKEND = ROOT / "example" / "backend"

PROCESSES = 2
QUIET_SECONDS = 75.0
"""Longest wait for all lists to be right after the last fault: an audit (60 s) and some."""
SEARCHES: tuple[dict[str, Any], ...] = (
    {"limit": 25},
    {"limit": 25, "order": "-updated"},
    {"limit": 10, "order": ["priority", "-price"], "filters": {"status": "open"}},
    {"limit": 50, "page": 3, "order": "title"},
    {"limit": 25, "query": "router", "order": "-price"},
    {"limit": 25, "filters": {"status__in": "pending,solved"}, "order": "due_date"},
)


@dataclass
class LiveList:
    """One live search as a client holds it: built from a snapshot, kept by differences."""

    event: str
    data: dict[str, Any]
    rows: list[dict[str, Any]] = field(default_factory=list)
    etags: dict[Any, str] = field(default_factory=dict)
    count: int = 0
    version: str | None = None
    divergences: int = 0

    def request(self) -> dict[str, Any]:
        """The read, with what is already shown."""
        message: dict[str, Any] = {"event": self.event, "data": self.data}
        if self.version is not None:
            message["have"] = {"v": self.version, "rows": [[row["id"], self.etags[row["id"]]] for row in self.rows]}
        return message

    def apply(self, message: dict[str, Any]) -> bool:
        """Take one message in → whether the list is what the server says; if not, it must be asked for again."""
        kind = str(message.get("type"))
        if kind == "same":
            self.count = message.get("data", {}).get("count", self.count)
            return True
        if kind == "diff" and message["from"] != self.version:
            return False
        data = message["data"]
        {"snapshot": self._snapshot, "delta": self._delta, "diff": self._diff}[kind](data, message.get("etags", []))
        self.count = data.get("count", self.count)
        self.version = message["v"]
        return self._is_consistent()

    def _snapshot(self, data: dict[str, Any], etags: list[str]) -> None:
        self.rows = data["rows"]
        self.etags = {row["id"]: etag for row, etag in zip(self.rows, etags, strict=True)}

    def _delta(self, data: dict[str, Any], etags: list[str]) -> None:
        known = {row["id"]: row for row in self.rows} | {row["id"]: row for row in data["rows"]}
        self.etags |= {row["id"]: etag for row, etag in zip(data["rows"], etags, strict=True)}
        self.rows = [known[key] for key in data["order"]]

    def _diff(self, data: dict[str, Any], _: Any) -> None:
        removed = set(data.get("remove", ()))
        bodies = {row["id"]: row for row in self.rows}
        self.rows = [row for row in self.rows if row["id"] not in removed]
        for index, row, *etag in sorted(data.get("put", ()), key=lambda put: put[0]):
            self.rows.insert(index, row if isinstance(row, dict) else bodies[row])
            if etag:
                self.etags[row["id"]] = etag[0]
        by_key = {row["id"]: row for row in self.rows}
        for key, changed, etag, *cleared in data.get("patch", ()):
            by_key[key] |= changed
            self.etags[key] = etag
            for name in cleared[0] if cleared else ():
                by_key[key].pop(name, None)

    def _is_consistent(self) -> bool:
        text = ",".join(f"{row['id']}:{self.etags[row['id']]}" for row in self.rows)
        good = f"{crc32(text.encode()):08x}" == self.version
        self.divergences += not good
        return good


class Client:
    """A connection that comes back, and the searches that it keeps open."""

    def __init__(
        self, addresses: list[str], cookie: str, searches: list[dict[str, Any]], chance: random.Random
    ) -> None:
        self.addresses, self.cookie, self.chance = addresses, cookie, chance
        self.lists = {f"desk.Ticket.search#s{number}": data for number, data in enumerate(searches)}
        self.live = {event: LiveList(event, data) for event, data in self.lists.items()}
        self.socket: ClientConnection | None = None
        self.connections = self.messages = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake, InvalidMessage, TimeoutError):
                await self._one_connection()
            await asyncio.sleep(self.chance.uniform(0.1, 0.8))

    async def _one_connection(self) -> None:
        address = self.chance.choice(self.addresses)
        headers = {"Cookie": self.cookie}
        async with connect(
            address.replace("http", "ws") + "/ws/",
            additional_headers=headers,
            subprotocols=[Subprotocol("cb.1.json")],
            compression=None,
        ) as self.socket:
            self.connections += 1
            await self.socket.send(json.dumps([live.request() for live in self.live.values()]))
            async for frame in self.socket:
                await self._hear(json.loads(frame))

    async def _hear(self, frame: Any) -> None:
        assert self.socket is not None
        for message in frame if isinstance(frame, list) else [frame]:
            self.messages += 1
            if message["event"] == "cb.ping":
                await self.socket.send(json.dumps({"event": "cb.pong", "data": message["data"]}))
            elif message["event"] in self.live:
                await self._take(self.live[message["event"]], message)

    async def _take(self, live: LiveList, message: dict[str, Any]) -> None:
        assert self.socket is not None
        if "error" in message:
            await asyncio.sleep(0.5)  # a fault reached the database or the broker: ask again
            await self.socket.send(json.dumps(live.request()))
        elif not live.apply(message):
            await self.socket.send(json.dumps(live.request()))

    async def cut(self) -> None:
        """As a lost network: no goodbye."""
        if self.socket is not None and self.socket.transport is not None:
            self.socket.transport.abort()


class Server:
    """One process of the help desk."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.port, self.environment, self.log = free_port(), environment, log
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        options = [
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--ws",
            "websockets-sansio",
            "--ws-per-message-deflate",
            "false",
            "--log-level",
            "warning",
        ]
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            "helpdesk.asgi:application",
            *options,
            "--timeout-graceful-shutdown",
            "2",
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=BACKEND, env=self.environment, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(self.url + "/login/")
                return
            time.sleep(0.1)
        raise SystemExit(f"The server did not start; see {self.log}.")

    def end(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)

    def restart(self) -> None:
        """Killed without a goodbye, and back on the same port."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)
        self.start()


def sign_in(url: str, username: str) -> httpx.Client:
    client = httpx.Client(base_url=url, headers={"Referer": url}, timeout=60)
    client.get("/login/")
    form = {"username": username, "password": username, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    client.post("/login/", data=form)
    client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
    return client


async def faults(
    clients: list[Client], servers: list[Server], redis: Redis, chance: random.Random, until: float
) -> None:
    """One trouble after another, each about five seconds apart."""
    while time.monotonic() < until:
        await asyncio.sleep(chance.uniform(2, 8))
        kind = chance.choices(("cut", "freeze redis", "kill redis", "kill server"), (8, 2, 1, 1))[0]
        print(f"  {time.strftime('%H:%M:%S')} {kind}", flush=True)
        match kind:
            case "cut":
                await asyncio.gather(*(client.cut() for client in chance.sample(clients, len(clients) // 4)))
            case "freeze redis":
                redis.pause()
                await asyncio.sleep(chance.uniform(0.5, 4))
                redis.resume()
            case "kill redis":
                await asyncio.to_thread(redis.crash)
            case _:  # not the first: the traffic lives there
                await asyncio.to_thread(servers[-1].restart)


def wrong_lists(clients: list[Client], readers: dict[str, httpx.Client]) -> list[str]:
    """Lists that differ from a fresh search by the same reader."""
    fresh: dict[tuple[str, str], Any] = {}
    wrong = []
    for number, client in enumerate(clients):
        reader = next(name for name, http in readers.items() if http.cookies["sessionid"] in client.cookie)
        for live in client.live.values():
            key = reader, json.dumps(live.data, sort_keys=True)
            if key not in fresh:
                flat = {name: value for name, value in live.data.items() if name not in ("filters", "order")}
                order = live.data.get("order")
                extra = {"order": ",".join(order) if isinstance(order, list) else order} if order else {}
                fresh[key] = (
                    readers[reader]
                    .get("/api/desk.Ticket/", params={**flat, **live.data.get("filters", {}), **extra})
                    .json()
                )
            if (live.rows, live.count) != (fresh[key].get("rows"), fresh[key].get("count")):
                wrong.append(f"client {number} ({reader}) {live.event} {live.data}")
    return wrong


def soak(minutes: float, client_count: int, seed: int) -> int:
    chance = random.Random(seed)
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    with Postgres() as postgres, Redis() as redis:
        print(f"{postgres.version}, {redis.version}, seed {seed}, logs in {folder}", flush=True)
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "helpdesk.settings",
            "DATABASE_URL": postgres.url,
            "REDIS_URL": redis.url,
            "MEDIA_ROOT": str(folder / "media"),
        }
        for command in (["migrate", "--verbosity", "0"], ["load_demo"]):
            subprocess.run([sys.executable, "manage.py", *command], cwd=BACKEND, env=environment, check=True)
        servers = [Server(environment, folder / f"server-{number}.log") for number in range(PROCESSES)]
        try:
            for server in servers:
                server.start()
            return asyncio.run(run(minutes, client_count, chance, servers, redis))
        finally:
            for server in servers:
                server.end()


async def run(minutes: float, client_count: int, chance: random.Random, servers: list[Server], redis: Redis) -> int:
    readers = {name: sign_in(servers[0].url, name) for name in ("manager", "agent")}
    addresses = [server.url for server in servers]
    clients = [
        Client(
            addresses,
            f"sessionid={chance.choice([*readers.values()]).cookies['sessionid']}",
            chance.sample(SEARCHES, 3),
            chance,
        )
        for _ in range(client_count)
    ]
    tasks = [asyncio.create_task(client.run()) for client in clients]
    until = time.monotonic() + minutes * 60
    switch = asyncio.create_task(keep_traffic(readers["manager"], until))
    await faults(clients, servers, redis, chance, until)
    await switch
    wrong = await settle(clients, readers)
    for task in tasks:
        task.cancel()
    return report(clients, wrong)


async def keep_traffic(manager: httpx.Client, until: float) -> None:
    """The switch turns itself off after ten minutes; it is turned on again."""
    while time.monotonic() < until:
        await asyncio.to_thread(manager.post, "/api/desk.life/start/", json={"per_second": 50})
        await asyncio.sleep(min(300.0, max(0.0, until - time.monotonic())))
    answer = await asyncio.to_thread(manager.post, "/api/desk.life/stop/", json={})
    print(f"  traffic: {answer.json()}")


async def settle(clients: list[Client], readers: dict[str, httpx.Client]) -> list[str]:
    """Wait until all lists are right → those that never were."""
    started = time.monotonic()
    while True:
        await asyncio.sleep(1)
        wrong = await asyncio.to_thread(wrong_lists, clients, readers)
        if not wrong or time.monotonic() - started > QUIET_SECONDS:
            print(f"  {time.monotonic() - started:.0f} s after the last change: {len(wrong)} lists are wrong")
            return wrong


def report(clients: list[Client], wrong: list[str]) -> int:
    lists = [live for client in clients for live in client.live.values()]
    divergences = sum(live.divergences for live in lists)
    reconnects = sum(client.connections - 1 for client in clients)
    print(
        f"{len(lists)} lists on {len(clients)} clients, {sum(client.messages for client in clients):,} messages, "
        f"{reconnects} reconnects, {divergences} divergences by checksum, {len(wrong)} wrong lists at the end."
    )
    for line in wrong:
        print("  wrong:", line)
    return 1 if wrong or divergences else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=40)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args()
    return soak(given.minutes, given.clients, given.seed)


if __name__ == "__main__":
    sys.exit(main())
