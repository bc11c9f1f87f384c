"""A server process for each side: one worker, the same settings, a database of its own with the same rows.

Uvicorn; gunicorn, as the peers are mostly served that know no sockets (``"drf gunicorn"``); and django-bolt's own.
"""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from benchmarks.databases import Database

FOLDER = Path(__file__).parent
START_SECONDS = 30.0
SERVER_CORES = {max(os.sched_getaffinity(0))}
"""Servers have a core of their own; the clients and PostgreSQL share the others."""
CLIENT_CORES = os.sched_getaffinity(0) - SERVER_CORES or SERVER_CORES
UVICORN = [
    "uvicorn", "shop.asgi:application", "--log-level", "error", "--no-access-log",
    "--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--lifespan", "off",  "--timeout-keep-alive", "75",
]  # fmt: skip
GUNICORN = [
    "gunicorn", "shop.wsgi:application", "--log-level", "error", "--workers", "1",
    "--worker-class", "gthread", "--threads", "4", "--keep-alive", "75",
]  # fmt: skip

BOLT = ["django", "runbolt", "--host", "127.0.0.1", "--no-admin"]


class Server:
    """``with Server("ours", database) as server: server.port``"""

    def __init__(self, name: str, database: Database) -> None:
        """``"ours"``, or ``"drf gunicorn"``: a side, and how it is served."""
        self.side, _, self._served = name.partition(" ")
        self.port = _free_port()
        self._database = database.copy()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        environment = {
            **os.environ,
            **self._database,
            "BENCH_SIDE": self.side,
            "BENCH_SERVED": self._served,
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "PYTHONPATH": str(FOLDER),
        }
        where = f"127.0.0.1:{self.port}"
        server = [*UVICORN, "--port", str(self.port)]
        if self._served == "gunicorn":
            server = [*GUNICORN, "--bind", where]
        if self.side == "bolt":
            server = [*BOLT, "--port", str(self.port)]
        command = [sys.executable, "-m", *server]
        self._process = subprocess.Popen(command, env=environment, cwd=FOLDER, stdout=sys.stderr)
        os.sched_setaffinity(self.pid, SERVER_CORES)
        self._await()
        return self

    def _await(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"The server of {self.side!r} did not start.")

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
