"""A listener and a sender of one transport between processes, for tests that break what is between them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from channels_binding.live.transport import Transport, is_cancelled


class Reader:
    """Listens as a broker does, again and again, and keeps what it receives in order."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.heard: list[int] = []
        self.losses = 0
        self.reads = 0
        self.task = asyncio.get_running_loop().create_task(self._listen())

    async def _listen(self) -> None:
        while not is_cancelled():
            with suppress(*self.transport.retried):
                await self.transport.listen(lambda message: self.heard.append(message["n"]), self._joined)
            await asyncio.sleep(0.02)

    def _joined(self, complete: bool) -> None:
        self.reads += 1
        self.losses += not complete

    async def until(self, condition: Callable[[], Any], seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)

    async def has_read_on(self) -> None:
        """Wait until it has answered once more than now."""
        before = self.reads
        await self.until(lambda: self.reads > before + 1)

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await ended(self.transport)


async def ended(transport: Transport) -> None:
    await transport.close()
    await asyncio.sleep(0.02)  # what was closed ends in the next turns of the loop


async def send(transport: Transport, *numbers: int, text: str = "ä") -> None:
    """Send messages of these numbers, as a process that ends then."""
    try:
        for number in numbers:
            await transport.send({"kind": "changes", "n": number, "changes": {"zoo.Note": [number, text]}})
    finally:
        await ended(transport)


async def assert_all_hear_in_order_after_they_have_joined(begin: Callable[[], Any], say: Callable[..., Any]) -> None:
    await say(1)
    readers = [await begin(), await begin()]
    assert [reader.losses for reader in readers] == [1, 1], "what was said before is not known"
    await say(*range(2, 40))
    for reader in readers:
        await reader.until(lambda heard=reader.heard: len(heard) == 38)
        assert reader.heard == [*range(2, 40)]
        assert reader.losses == 1


async def assert_reads_on_without_loss(
    reader: Reader, cut: Callable[[], Any], heal: Callable[[], Any], say: Callable[..., Any]
) -> None:
    """What is said while a reader is cut off, it hears when it is back: all of it, in order."""
    cut()
    await say(*range(1, 50))
    heal()
    await reader.until(lambda: len(reader.heard) == 49)
    assert reader.heard == [*range(1, 50)]
    assert reader.losses == 1


async def assert_nothing_lost_after_a_freeze(
    reader: Reader, resume: Callable[[], Any], say: Callable[..., Any]
) -> None:
    """The server stands still: who sends is told so."""
    with pytest.raises(reader.transport.retried):
        await say(1)
    resume()
    await reader.has_read_on()
    await say(2)
    await reader.until(lambda: 2 in reader.heard)
    assert reader.heard in ([1, 2], [2])  # what timed out may have arrived
    assert reader.losses == 1
