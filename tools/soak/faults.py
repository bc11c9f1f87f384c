"""Faults, one at a time: each is made, holds for a while, and is mended."""

import asyncio
import random
import signal
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from tests.integration.cluster import Cluster, LiveClient

LIBFAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
"""Moves the clocks of the servers where the package is there (``apt-get install libfaketime``).

Of the servers alone: with it Python's ``time.sleep`` fails, which they do not use.
"""


Kind = tuple[int, Callable[[], Awaitable[None]]]


@dataclass
class Clock:
    """The servers' wall clock. The monotonic one, which timers go by, is left alone, as an administrator leaves it."""

    file: Path

    def __post_init__(self) -> None:
        self.move(0)

    def move(self, seconds: int) -> None:
        self.file.write_text(f"{seconds:+d}")

    @property
    def env(self) -> dict[str, str]:
        if LIBFAKETIME is None:
            return {}
        return {
            "LD_PRELOAD": str(LIBFAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1",
        }  # fmt: skip


class Servers(Cluster):
    """Servers whose clock can be moved."""

    def __init__(self, clock: Clock, **options: Any) -> None:
        super().__init__(**options)
        self.clock = clock

    def start(self, port: int, server: str = "uvicorn", options: Sequence[str] = (), **env: str) -> None:
        super().start(port, server, options, **self.clock.env, **env)


@dataclass
class Faults:
    """Makes one after the other. ``made`` counts them."""

    cluster: Servers
    clients: list[LiveClient]
    chance: random.Random
    made: Counter[str] = field(default_factory=Counter)

    def kinds(self) -> dict[str, Kind]:
        """Name → how often it is chosen compared with the others, and how it is made."""
        found: dict[str, Kind] = {
            "connections cut": (6, self.cut), "slow readers": (4, self.read_slowly),
            "server killed": (2, self.kill_server), "server ended (SIGTERM)": (2, self.end_server),
            "server frozen": (2, self.freeze_server),
            "Redis frozen": (2, self.freeze_redis), "Redis killed": (1, self.kill_redis),
            "Redis flushed": (1, self.flush_redis),
            "Redis cut off": (2, self.cut_off_redis), "Redis cut off one way": (2, self.cut_off_redis_one_way),
            "PostgreSQL killed": (1, self.kill_postgres), "PostgreSQL's sessions ended": (1, self.end_sessions),
        }  # fmt: skip
        return found | ({"clock moved": (2, self.move_clock)} if LIBFAKETIME else {})

    async def make(self) -> str:
        """One of those that were made least in proportion, or any."""
        kinds = self.kinds()
        never = [name for name in kinds if not self.made[name]]
        chosen = self.chance.choice(never or self.chance.choices([*kinds], [weight for weight, _ in kinds.values()]))
        await kinds[chosen][1]()
        self.made[chosen] += 1
        return chosen

    async def _hold(self, least: float = 0.5, most: float = 3.0) -> None:
        await asyncio.sleep(self.chance.uniform(least, most))

    def _port(self) -> int:
        return self.chance.choice([*self.cluster.servers])

    # Clients

    async def cut(self) -> None:
        for client in self.chance.sample(self.clients, len(self.clients) // 3):
            if (transport := getattr(client.socket, "transport", None)) is not None:
                transport.abort()

    async def read_slowly(self) -> None:
        slow: list[Any] = []
        for client in self.chance.sample(self.clients, len(self.clients) // 3):
            if (transport := getattr(client.socket, "transport", None)) is not None and transport.is_reading():
                transport.pause_reading()
                slow.append(transport)
        await self._hold(2, 6)
        for transport in slow:
            if not transport.is_closing():
                transport.resume_reading()

    # Servers

    async def kill_server(self) -> None:
        port = self._port()
        self.cluster.kill(port)
        await self._hold()
        await asyncio.to_thread(self.cluster.replace, port)

    async def end_server(self) -> None:
        port = self._port()
        await asyncio.to_thread(self.cluster.terminate, port)
        await asyncio.to_thread(self.cluster.replace, port)

    async def freeze_server(self) -> None:
        server = self.cluster.servers[self._port()]
        server.send_signal(signal.SIGSTOP)
        await self._hold(1, 5)
        server.send_signal(signal.SIGCONT)

    async def move_clock(self) -> None:
        self.cluster.clock.move(self.chance.choice((-3_600, -30, 30, 3_600)))
        await self._hold(2, 5)
        self.cluster.clock.move(0)

    # Redis

    async def freeze_redis(self) -> None:
        self.cluster.redis.pause()
        await self._hold(1, 5)
        self.cluster.redis.resume()

    async def kill_redis(self) -> None:
        await asyncio.to_thread(self.cluster.redis.crash)

    async def flush_redis(self) -> None:
        with socket.create_connection(("127.0.0.1", self.cluster.redis.port)) as connection:
            connection.sendall(b"FLUSHALL\r\n")
            assert connection.recv(5) == b"+OK\r\n"

    async def cut_off_redis(self) -> None:
        proxy = self.cluster.to_redis[self._port()]
        self.chance.choice((proxy.cut, proxy.swallow))()
        await self._hold(1, 8)
        proxy.heal()

    async def cut_off_redis_one_way(self) -> None:
        proxy = self.cluster.to_redis[self._port()]
        proxy.swallow(self.chance.choice(("to", "from")))
        await self._hold(1, 8)
        proxy.heal()

    # PostgreSQL

    async def kill_postgres(self) -> None:
        await asyncio.to_thread(self.cluster.postgres.kill)
        await self._hold(0.2, 1.5)
        await asyncio.to_thread(self.cluster.postgres.start)

    async def end_sessions(self) -> None:
        async with await psycopg.AsyncConnection.connect(self.cluster.postgres.url, autocommit=True) as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )


def environment_of(mode: str) -> dict[str, str]:
    """How changes reach the other processes."""
    return {
        "channel_layer": {"TEST_BROKER": "channel_layer", "TEST_TRIGGERS_DATABASE": ""},
        "redis_streams": {"TEST_BROKER": "redis_streams", "TEST_TRIGGERS_DATABASE": ""},
        "postgres": {"TEST_BROKER": "postgres", "TEST_TRIGGERS_DATABASE": ""},
        "triggers": {"TEST_BROKER": "channel_layer", "TEST_TRIGGERS_DATABASE": "default"},
    }[mode]


MODES = ("channel_layer", "redis_streams", "postgres", "triggers")
