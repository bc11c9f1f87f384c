"""A server process for each side: uvicorn, one worker, the same settings, a database of its own with the same rows."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

FOLDER = Path(__file__).parent
START_SECONDS = 30.0


class Server:
    """``with Server("ours", database) as server: server.port``"""

    def __init__(self, side: str, database: Path) -> None:
        self.side = side
        self.port = _free_port()
        self._folder = Path(tempfile.mkdtemp(prefix=f"bench-{side}-"))
        self._database = self._folder / "db.sqlite3"
        shutil.copy(database, self._database)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        environment = {
            **os.environ,
            "BENCH_SIDE": self.side,
            "BENCH_DATABASE": str(self._database),
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "PYTHONPATH": str(FOLDER),
        }
        command = [
            sys.executable, "-m", "uvicorn", "shop.asgi:application", "--port", str(self.port), "--log-level", "error",
            "--no-access-log", "--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--lifespan", "off",
        ]  # fmt: skip
        self._process = subprocess.Popen(command, env=environment, cwd=FOLDER)
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
        shutil.rmtree(self._folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def make_database(path: Path, rows: int) -> None:
    """Tables and rows, alike for every side."""
    environment = {
        **os.environ,
        "BENCH_SIDE": "drf",
        "BENCH_DATABASE": str(path),
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "PYTHONPATH": str(FOLDER),
    }
    subprocess.run([sys.executable, "-m", "shop.rows", str(rows)], env=environment, cwd=FOLDER, check=True)
