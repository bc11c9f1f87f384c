"""A TCP proxy that a test can break: connections cut, refused, or left open while nothing comes through.

async with Proxy(redis.port) as proxy:
    proxy.url         # "redis://127.0.0.1:40721/0"
    proxy.cut()       # RST to all, and to whoever comes
    proxy.swallow()   # a black hole: no FIN, no RST, no bytes
    proxy.heal()
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

WAYS = ("to", "from")


class Proxy:
    """Between clients and ``127.0.0.1:target``. Used on one event loop; ``ThreadedProxy`` by tests of several."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self._refuses = False
        self._open = {way: asyncio.Event() for way in WAYS}
        """Set while bytes come through, to the target and from it."""
        self._server: asyncio.Server | None = None
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def __aenter__(self) -> Self:
        self.heal()
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

    def swallow(self, *ways: str) -> None:
        """Both ways, unless one is named: ``"to"`` the target or ``"from"`` it."""
        for way in ways or WAYS:
            self._open[way].clear()

    def heal(self) -> None:
        """Connections that are left from before bring what they held back, or end, as their other end has done."""
        self._refuses = False
        for each in self._open.values():
            each.set()

    def _abort(self) -> None:
        for pair in [*self._pairs]:
            for writer in pair:
                writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            writer.transport.abort()
            return
        with suppress(OSError):
            await self._open["to"].wait()
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
            await asyncio.gather(self._pump(near[0], far[1], "to"), self._pump(far[0], near[1], "from"))
        finally:
            self._pairs.discard(pair)
            for writer in pair:
                writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str) -> None:
        while chunk := await reader.read(65_536):
            await self._open[way].wait()
            writer.write(chunk)
            await writer.drain()
        await self._open[way].wait()
        writer.close()


class ThreadedProxy:
    """A proxy on a loop and thread of its own, for as long as several tests need it."""

    def __init__(self, target: int) -> None:
        self.proxy = Proxy(target)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def port(self) -> int:
        return self.proxy.port

    @property
    def url(self) -> str:
        return self.proxy.url

    def start(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.proxy.__aenter__(), self._loop).result(10)
        return self

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.proxy.__aexit__(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def cut(self) -> None:
        self._do(self.proxy.cut)

    def swallow(self, *ways: str) -> None:
        self._do(lambda: self.proxy.swallow(*ways))

    def heal(self) -> None:
        self._do(self.proxy.heal)

    def _do(self, change: Callable[[], None]) -> None:
        done = threading.Event()

        def work() -> None:
            change()
            done.set()

        self._loop.call_soon_threadsafe(work)
        assert done.wait(10)
