"""Several server processes of the test project on one PostgreSQL and one Redis, and clients that follow the contract.

python -m tests.integration.cluster prepare     # tables, users, notes; prints session keys: [{"ann": …}, {"reader0": …}]
python -m tests.integration.cluster write 20    # another process that writes: a task, a command
python -m tests.integration.cluster keep_writing    # one that does until its standard input is closed
"""

import asyncio
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count as count_up
from typing import Any, Self
from zlib import crc32

import websockets

from tests.faults import ThreadedProxy
from tests.live.oracle.diffs import apply_diff
from tests.services import Postgres, Redis, free_port

PYTHON = (sys.executable, "-W", "ignore")
COOKIE = "sessionid"
READERS = 16
"""Users who have nothing, for tests that want one whom nobody else has written to: ``reader0``, ``reader1``, …"""


SERVERS: dict[str, tuple[str, ...]] = {
    "uvicorn": (
        *("uvicorn", "--host", "127.0.0.1", "--ws", "websockets-sansio", "--ws-per-message-deflate", "false"),
        *("--log-level", "critical", "--timeout-graceful-shutdown", "3"),
    ),
    "daphne": ("daphne", "--bind", "127.0.0.1", "--verbosity", "0"),
}


class Cluster:
    """PostgreSQL, Redis and server processes, all ended by their ids.

    Args:
        processes: How many servers begin at once.
        env: Environment of every process besides.
        commands: What ``manage.py`` does before the servers start.
        application: What the servers serve.
        is_proxied: Whether clients reach each server, and each server Redis, by a proxy that a test can break.
    """

    def __init__(
        self,
        processes: int = 2,
        *,
        env: Mapping[str, str] | None = None,
        commands: Sequence[Sequence[str]] = (),
        is_proxied: bool = False,
        application: str = "tests.project.asgi:application",
    ) -> None:
        self.postgres, self.redis = Postgres(), Redis()
        self.ports = [free_port() for _ in range(processes)]
        self.servers: dict[int, subprocess.Popen[bytes]] = {}
        self.sessions: dict[str, str] = {}
        """Of ann and bob, who have notes: name → key."""
        self.readers: dict[str, str] = {}
        """Of ``READERS`` more, who have none."""
        self.more_env = dict(env or {})
        self.commands = commands
        self.application = application
        self.to_server = {port: ThreadedProxy(port) for port in self.ports} if is_proxied else {}
        self.to_redis = {port: ThreadedProxy(self.redis.port) for port in self.ports} if is_proxied else {}

    def __enter__(self) -> Self:
        self.postgres.start()
        self.redis.start()
        for proxy in (*self.to_server.values(), *self.to_redis.values()):
            proxy.start()
        done = subprocess.run(
            [*PYTHON, "-m", "tests.integration.cluster", "prepare"], env=self.env, capture_output=True, check=True
        )
        self.sessions, self.readers = json.loads(done.stdout)
        for command in self.commands:
            subprocess.run([*PYTHON, "-m", "django", *command], env=self.env, capture_output=True, check=True)
        for port in self.ports:
            self.start(port)
        for port in self.ports:
            self.wait_for(port)
        return self

    def __exit__(self, *_: object) -> None:
        for port in [*self.servers]:
            self.kill(port)
        for proxy in (*self.to_server.values(), *self.to_redis.values()):
            proxy.stop()
        self.redis.close()
        self.postgres.close()

    @property
    def env(self) -> dict[str, str]:
        return {
            **os.environ,
            "TEST_DATABASE_URL": self.postgres.url,
            "TEST_REDIS_URL": self.redis.url,
            "DJANGO_SETTINGS_MODULE": "tests.project.settings",
            "PYTHONFAULTHANDLER": "1",  # where a thread was when the process crashed stands in what pytest has captured
            **self.more_env,
        }

    def start(self, port: int, server: str = "uvicorn", options: Sequence[str] = (), **env: str) -> None:
        """Begin to start a server; ``wait_for`` waits until it accepts connections."""
        command = [*PYTHON, "-m", *SERVERS[server], *options, "--port", str(port), self.application]
        redis = {"TEST_REDIS_URL": self.to_redis[port].url} if self.to_redis else {}
        self.servers[port] = subprocess.Popen(command, env={**self.env, **redis, **env})

    def replace(self, port: int, server: str = "uvicorn", options: Sequence[str] = (), **env: str) -> None:
        """Another server at the same place, and there."""
        if port in self.servers:
            self.kill(port)
        self.start(port, server, options, **env)
        self.wait_for(port)

    def wait_for(self, port: int) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return
            assert self.servers[port].poll() is None, "the server has ended while it started"
            time.sleep(0.05)
        raise AssertionError("the server did not start")

    def kill(self, port: int) -> None:
        """SIGKILL: nothing is said to anyone."""
        server = self.servers.pop(port)
        server.kill()
        server.wait()

    def terminate(self, port: int) -> None:
        """SIGTERM, as a deployment does."""
        server = self.servers.pop(port)
        server.terminate()
        code = server.wait(20)
        assert code in (0, -signal.SIGTERM), f"it has ended in another way: {code}"

    def write(self, count: int, *, is_burst: bool = False) -> subprocess.Popen[bytes]:
        """Another process that commits ``count`` changes; it has begun when this returns."""
        return self._begin_to_write("burst" if is_burst else "write", str(count))

    def keep_writing(self) -> subprocess.Popen[bytes]:
        """Another process that commits one change after the other until its ``stdin`` is closed."""
        return self._begin_to_write("keep_writing", stdin=subprocess.PIPE)

    def _begin_to_write(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        command = [*PYTHON, "-m", "tests.integration.cluster", *arguments]
        writer = subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE, **options)
        assert writer.stdout is not None
        with writer.stdout:
            assert writer.stdout.readline() == b"writing\n"
        return writer

    def address(self, port: int) -> int:
        """Where clients find the server."""
        return self.to_server[port].port if self.to_server else port


class LiveClient:
    """One live list on one socket, kept over reconnects: at each loss it comes back to any server with what it has."""

    def __init__(self, cluster: Cluster, session: str, data: dict[str, Any], stream: str = "zoo.Note") -> None:
        self.cluster, self.session, self.data, self.stream = cluster, session, data, stream
        self.rows: list[dict[str, Any]] = []
        self.etags: dict[Any, str] = {}
        self.v: str | None = None
        self.count = 0
        self.mismatches = 0
        self.divergences = 0
        self.returns: list[str] = []
        self.goaways: list[dict[str, Any]] = []
        self.errors: list[Any] = []
        self.first_port: int | None = None
        self.task: asyncio.Task[None] | None = None
        self.socket: Any = None

    def begin(self, port: int | None = None) -> None:
        """Connect, at first to the server that is named."""
        self.first_port = port
        self.task = asyncio.get_running_loop().create_task(self.live())

    async def end(self) -> None:
        if self.task:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    async def live(self) -> None:
        while True:
            with suppress(OSError, websockets.WebSocketException, TimeoutError):
                await self.converse()
            await asyncio.sleep(random.uniform(0.05, 0.2))

    def port(self) -> int:
        """Where to connect to: as a load balancer does it."""
        first, self.first_port = self.first_port, None
        if first is not None:
            return first
        return random.choice([*self.cluster.servers] or self.cluster.ports)

    async def converse(self) -> None:
        async with websockets.connect(
            f"ws://127.0.0.1:{self.cluster.address(self.port())}/ws/", subprotocols=[websockets.Subprotocol("cb.1.json")],
            additional_headers={"Cookie": f"{COOKIE}={self.session}"}, open_timeout=5, max_size=None,
        ) as self.socket:  # fmt: skip
            await self.ask()
            async for text in self.socket:
                frame = json.loads(text)
                for message in frame if isinstance(frame, list) else [frame]:
                    await self.take(message)

    async def ask(self) -> None:
        have = (
            {}
            if self.v is None
            else {"have": {"v": self.v, "rows": [[row["id"], self.etags[row["id"]]] for row in self.rows]}}
        )
        await self.socket.send(json.dumps({"event": f"{self.stream}.search#l", "id": 1, "data": self.data, **have}))

    async def take(self, message: dict[str, Any]) -> None:
        if message["event"] == "cb.ping":
            await self.socket.send(json.dumps({"event": "cb.pong", "data": message["data"]}))
        elif message["event"] == "cb.goaway":
            self.goaways.append(message["data"])
            asyncio.get_running_loop().call_later(message["data"]["after_ms"] / 1000, self.leave)
        elif "error" in message:
            self.errors.append(message["error"])
            await asyncio.sleep(0.2)
            await self.ask()
        elif "type" in message and message["type"] == "diff" and message["from"] != self.v:
            self.mismatches += 1
            await self.ask()
        elif "type" in message:
            self.apply(message)

    def leave(self) -> None:
        self.leaving = asyncio.ensure_future(self.socket.close())

    def apply(self, message: dict[str, Any]) -> None:
        data, kind = message.get("data", {}), message["type"]
        if message.get("id"):
            self.returns.append(kind)
        if kind in ("snapshot", "delta"):
            bodies = {row["id"]: row for row in (*self.rows, *data["rows"])}
            self.etags |= {row["id"]: tag for row, tag in zip(data["rows"], message["etags"], strict=True)}
            order = [row["id"] for row in data["rows"]] if kind == "snapshot" else data["order"]
            self.rows = [bodies[pk] for pk in order]
        if kind == "diff":
            self.rows = apply_diff(self.rows, self.etags, data)
        self.count = data.get("count", self.count)
        self.v = message["v"]
        text = ",".join(f"{row['id']}:{self.etags[row['id']]}" for row in self.rows)
        self.divergences += f"{crc32(text.encode()):08x}" != self.v

    async def fresh(self) -> dict[str, Any]:
        """What a new connection answers now."""
        port = random.choice([*self.cluster.servers])
        async with websockets.connect(
            f"ws://127.0.0.1:{port}/ws/", additional_headers={"Cookie": f"{COOKIE}={self.session}"}, max_size=None
        ) as socket:
            await socket.send(json.dumps({"event": f"{self.stream}.search", "data": {**self.data, "live": False}}))
            answer: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 5))
            return answer["data"]  # type: ignore[no-any-return]

    async def wrong(self) -> str:
        """How the list differs from its query."""
        with suppress(OSError, websockets.WebSocketException, TimeoutError, KeyError):
            fresh = await self.fresh()
            shown = [row for row in self.rows if row not in fresh["rows"]]
            right = [row for row in fresh["rows"] if row not in self.rows]
            return f"{self.data} on {self.socket.remote_address} shows {shown} for {right}, {self.count} for {fresh['count']}"
        return f"{self.data} cannot be asked for"

    async def equals_its_query(self) -> bool:
        try:
            fresh = await self.fresh()
        except (OSError, websockets.WebSocketException, TimeoutError, KeyError):
            return False
        return bool(self.rows == fresh["rows"] and self.count == fresh["count"])


async def converge(clients: list[LiveClient], seconds: float) -> float:
    """Wait until every list equals its query; returns how long it took.

    Raises:
        AssertionError: Some do not after ``seconds``.
    """
    began = time.monotonic()
    while True:
        wrong = [client for client in clients if not await client.equals_its_query()]
        if not wrong:
            return time.monotonic() - began
        if time.monotonic() - began > seconds:
            raise AssertionError(
                f"{len(wrong)} of {len(clients)} lists are wrong: {[await each.wrong() for each in wrong]}"
            )
        await asyncio.sleep(0.05)


def prepare() -> None:
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    from channels_binding.testing import session_cookie
    from tests.project.zoo.models import Note

    call_command("migrate", run_syncdb=True, verbosity=0)
    users = [get_user_model().objects.create_user(name) for name in ("ann", "bob")]
    readers = [get_user_model().objects.create_user(f"reader{number}") for number in range(READERS)]
    Note.objects.bulk_create(Note(title=f"n{i}", rank=i % 10, owner=users[i % 2]) for i in range(60))
    print(json.dumps([{user.username: session_cookie(user) for user in each} for each in (users, readers)]))


def write(count: int) -> None:
    """Random changes, 10 ms apart."""
    for _ in _changing(range(count)):
        time.sleep(0.01)


def keep_writing() -> None:
    """The same until standard input is closed."""
    for _ in _changing(count_up()):
        if select.select([sys.stdin], [], [], 0.01)[0]:
            return


def _changing(numbers: Iterable[int]) -> Iterator[int]:
    """After each change its number."""
    import django

    django.setup()
    from django.db import OperationalError, close_old_connections

    from tests.project.zoo.models import Note

    print("writing", flush=True)
    for number in numbers:
        try:
            _write_once(Note, number)
        except OperationalError:  # the database is restarting
            close_old_connections()
            time.sleep(0.1)
        yield number


def burst(count: int) -> None:
    """One row after the other as fast as it goes; what fills a small channel first is of no interest to anybody."""
    import django

    django.setup()
    from tests.project.zoo.models import Label, Note

    print("writing", flush=True)
    for number in range(50):
        Label.objects.create(name=f"nobody shows {number}")
    notes = [*Note.objects.all()]
    for number in range(count):
        note = notes[number % len(notes)]
        note.rank, note.title, note.done = number % 97, f"b{number}", number % 3 == 0
        note.save()


def _write_once(note_model: Any, number: int) -> None:
    note = note_model.objects.order_by("?").first()
    kind = number % 5
    if kind == 0 or note is None:
        note_model.objects.create(title=f"w{number}", rank=number % 10)
    elif kind == 1:
        note.delete()
    elif kind == 2:
        note_model.objects.filter(rank=number % 10).update(done=True)
    else:
        note.rank, note.title = number % 10, f"w{number}"
        note.save()


if __name__ == "__main__":
    commands: dict[str, Any] = {"prepare": prepare, "write": write, "keep_writing": keep_writing, "burst": burst}
    commands[sys.argv[1]](*map(int, sys.argv[2:]))
