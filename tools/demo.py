#!/usr/bin/env python3
"""Serve the help desk: migrate, load the demo's rows, start uvicorn, and say where it is. ``make demo`` calls it.

The environment decides the rest: ``PORT`` (8000), ``DATABASE_URL`` (else SQLite), ``REDIS_URL`` (else memory).
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

BACKEND = Path(__file__).resolve().parent.parent / "example" / "backend"
HOST = "127.0.0.1"
START_SECONDS = 60.0
RESTART = 75
"""The exit code by which the server asks for a new one: the page's button "Kill the server" (helpdesk/demo.py)."""
BANNER = """
  ┌──────────────────────────────────────────────────────────────────────┐
  │  Channels Binding · the help desk {state:<35}│
  │                                                                      │
  │    {url:<66}│
  │    {explorer:<66}│
  │                                                                      │
  │  Manager and agent side by side, with traffic; nothing to sign in.   │
  │  Or sign in with a click, in two windows:                            │
  │                                                                      │
  │    admin   / admin      may do everything, and has {admin:<18}│
  │    manager / manager    sees the tickets of all teams                │
  │    agent   / agent      sees the tickets of the team Support         │
  │                                                                      │
  │  Ctrl-C ends it.                                                     │
  └──────────────────────────────────────────────────────────────────────┘
"""


def main() -> int:
    port = int(os.environ.get("PORT") or 8000)
    if is_taken(port):
        print(f"Port {port} is taken by another program. Try: make demo PORT={port + 1}", file=sys.stderr)
        return 1
    # The page that is two users at once, and the button that kills the server: on this machine only (DEMO=0 for neither).
    if not os.environ.get("ALLOWED_HOSTS"):
        os.environ.setdefault("DEBUG", "1")
        os.environ.setdefault("DEMO", "1")
    say(port, "is starting")
    manage("migrate", "--verbosity", "0")
    manage("load_demo")
    return serve(port)


def manage(*arguments: str) -> None:
    """One of Django's commands; where it fails, its own words are the message."""
    done = subprocess.run([sys.executable, "manage.py", *arguments], cwd=BACKEND, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


def serve(port: int) -> int:
    """Run uvicorn until it ends or Ctrl-C ends it (which is no error); a server that asks for a new one is given one."""
    ended = serve_once(port)
    while ended == RESTART:
        print("  The server was killed from the page; here is the next one.", flush=True)
        ended = serve_once(port, is_first=False)
    return ended


def serve_once(port: int, *, is_first: bool = True) -> int:
    """One server, until it ends."""
    # The sans-I/O implementation and no compression: deflate would cost twice the CPU and four times the memory.
    command = [
        sys.executable, "-m", "uvicorn", "helpdesk.asgi:application", "--host", HOST, "--port", str(port),
        "--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--log-level", "warning",
        "--timeout-graceful-shutdown", "3",
    ]  # fmt: skip
    server = subprocess.Popen(command, cwd=BACKEND)
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    try:
        if wait_until_it_answers(server, port) and is_first:
            say(port, "is ready")
        return server.wait()
    except KeyboardInterrupt:
        end(server)
        return 0


def end(server: subprocess.Popen[bytes]) -> None:
    """After Ctrl-C: the terminal has told the server as well; one that was not told is told now."""
    try:
        server.wait(4)
    except subprocess.TimeoutExpired:
        server.terminate()
        server.wait()


def wait_until_it_answers(server: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/login/", timeout=5):
                return True
        except OSError:
            time.sleep(0.1)
    return False


def is_taken(port: int) -> bool:
    """Whether binding the port would fail, as it will for uvicorn."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def say(port: int, state: str) -> None:
    address = f"http://{HOST}:{port}/"
    print(
        BANNER.format(
            state=state, url=address, explorer=f"{address}api/explorer/   all streams, live (admin)", admin="/admin/"
        ),
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
