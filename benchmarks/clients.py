"""Clients that cost as little as possible: answers are received and not parsed, except for the first, which is checked."""

import asyncio
import json
import random
import socket
import time
from collections.abc import Callable
from typing import Any

import websockets

from benchmarks.measuring import Cost, cpu_seconds
from benchmarks.servers import Server

Make = Callable[[int], Any]
"""Number of the call → what is asked."""


class HttpSide:
    """One connection that is kept alive, one request after the other."""

    def __init__(self, name: str, server: Server, path: Callable[[], str], check: Callable[[Any], bool], calls: int):
        self.name = name
        self._server = server
        self._path = path
        self._calls = calls
        self._socket = socket.create_connection(("127.0.0.1", server.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answer = json.loads(self._get(path()))
        assert check(answer), (name, answer)

    def round(self) -> Cost:
        cpu = cpu_seconds(self._server.pid)
        started = time.perf_counter()
        for _ in range(self._calls):
            self._get(self._path())
        seconds = time.perf_counter() - started
        return Cost(seconds / self._calls, (cpu_seconds(self._server.pid) - cpu) / self._calls)

    def close(self) -> None:
        self._socket.close()

    def _get(self, path: str) -> bytes:
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n".encode())
        head, _, body = self._receive(b"", until=b"\r\n\r\n").partition(b"\r\n\r\n")
        assert b" 200 " in head[:20], head
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        while len(body) < length:
            body += self._more()
        return body

    def _receive(self, buffer: bytes, until: bytes) -> bytes:
        while until not in buffer:
            buffer += self._more()
        return buffer

    def _more(self) -> bytes:
        if data := self._socket.recv(65536):
            return data
        raise ConnectionError(f"{self.name} has closed a connection that was to be kept alive")


class SocketSide:
    """Several connections, each with one call in flight, so that the server is what is waited for."""

    def __init__(
        self,
        name: str,
        server: Server,
        make: Make,
        check: Callable[[Any], bool],
        *,
        calls: int,
        loop: asyncio.AbstractEventLoop,
        connections: int = 8,
    ):
        self.name = name
        self._server = server
        self._make = make
        self._calls = calls
        self._loop = loop
        self._number = 0
        self._sockets = [loop.run_until_complete(self._connect()) for _ in range(connections)]
        answer = json.loads(loop.run_until_complete(self._call(self._sockets[0])))
        assert check(answer), (name, answer)

    async def _connect(self) -> Any:
        is_ours = self._server.side == "ours"
        opened = await websockets.connect(
            f"ws://127.0.0.1:{self._server.port}/ws/",
            subprotocols=[websockets.Subprotocol("cb.1.json")] if is_ours else None,
            compression=None,
            max_size=None,
            ping_interval=None,
        )
        if is_ours:
            await opened.recv()  # cb.hello
        return opened

    async def _call(self, opened: Any) -> bytes:
        self._number += 1
        await opened.send(json.dumps(self._make(self._number)))
        while True:
            text: bytes = await opened.recv(decode=False)
            if not text.startswith(b'{"event":"cb.ping"'):
                return text
            await opened.send(text.replace(b"cb.ping", b"cb.pong").decode())

    def round(self) -> Cost:
        cpu = cpu_seconds(self._server.pid)
        started = time.perf_counter()
        self._loop.run_until_complete(self._round())
        seconds = time.perf_counter() - started
        done = self._calls * len(self._sockets)
        return Cost(seconds / done, (cpu_seconds(self._server.pid) - cpu) / done)

    def close(self) -> None:
        self._loop.run_until_complete(self._close())

    async def _close(self) -> None:
        await asyncio.gather(*(opened.close() for opened in self._sockets))

    async def _round(self) -> None:
        await asyncio.gather(*(self._several(opened) for opened in self._sockets))

    async def _several(self, opened: Any) -> None:
        for _ in range(self._calls):
            await self._call(opened)


def some_id(rows: int) -> int:
    return random.randint(1, rows)
