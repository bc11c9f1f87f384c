"""A TCP proxy that a test can break: connections cut, refused, or left open while nothing comes through.

async with Proxy(redis.port) as proxy:
    proxy.url         # "redis://127.0.0.1:40721/0"
    proxy.cut()       # RST to all, and to whoever comes
    proxy.swallow()   # a black hole: no FIN, no RST, no bytes
    proxy.heal()
"""

import asyncio
from contextlib import suppress
from typing import Self


class Proxy:
    """Between clients and ``127.0.0.1:target``."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self._refuses = False
        self._open = asyncio.Event()
        """Set while bytes come through."""
        self._server: asyncio.Server | None = None
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def __aenter__(self) -> Self:
        self._open.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self._abort()
        await self._server.wait_closed()
        while self._pairs:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.02)  # what was aborted ends in the next turns of the loop

    def cut(self) -> None:
        self._refuses = True
        self._abort()

    def swallow(self) -> None:
        self._open.clear()

    def heal(self) -> None:
        """Connections that are left from before bring what they held back, or end, as their other end has done."""
        self._refuses = False
        self._open.set()

    def _abort(self) -> None:
        for pair in [*self._pairs]:
            for writer in pair:
                writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            writer.transport.abort()
            return
        with suppress(OSError):
            await self._open.wait()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
            await self._join((reader, writer), (far_reader, far_writer))
        writer.transport.abort()

    async def _join(
        self,
        near: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        far: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        pair = (near[1], far[1])
        self._pairs.add(pair)
        try:
            await asyncio.gather(self._pump(near[0], far[1]), self._pump(far[0], near[1]))
        finally:
            self._pairs.discard(pair)
            for writer in pair:
                writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(65_536):
            await self._open.wait()
            writer.write(chunk)
            await writer.drain()
        await self._open.wait()
        writer.close()
