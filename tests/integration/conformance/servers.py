"""Servers of other processes, ended by their ids."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.services import free_port

COMMANDS: dict[str, tuple[str, ...]] = {
    "uvicorn": ("uvicorn", "--log-level", "critical", "--ws", "websockets-sansio", "--port", "{port}"),
    "daphne": ("daphne", "--verbosity", "0", "--bind", "127.0.0.1", "--port", "{port}"),
    "hypercorn": ("hypercorn", "--log-level", "critical", "--bind", "127.0.0.1:{port}"),
}


@contextmanager
def serving(application: str, server: str = "uvicorn") -> Iterator[str]:
    """``"127.0.0.1:4711"`` of a server that accepts connections."""
    port = free_port()
    command = [part.format(port=port) for part in COMMANDS[server]]
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-m", *command, application])
    try:
        _wait_for(port, process)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert process.poll() is None, "the server has ended while it started"
        time.sleep(0.05)
    raise AssertionError("the server did not start")
