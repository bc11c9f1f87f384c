"""A transport that takes, refuses or hangs, as a test wants."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from channels_binding.live.transport import Message, Transport


class FakeTransport(Transport):
    """What is sent is kept; what is to be received is put into ``arriving``: messages, ``joined`` answers, or failures."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.fails: Exception | None = None
        self.is_alone = False
        self.released = threading.Event()
        self.released.set()
        self.arriving: asyncio.Queue[Any] = asyncio.Queue()
        self.listened = 0
        self.closed = 0

    def reaches_others(self) -> bool:
        return not self.is_alone

    async def send(self, message: Message) -> None:
        while not self.released.is_set():
            await asyncio.sleep(0.005)
        if self.fails is not None:
            raise self.fails
        self.sent.append(message)

    async def listen(self, hear: Callable[[Message], None], joined: Callable[[bool], None]) -> None:
        self.listened += 1
        while True:
            arrived = await self.arriving.get()
            if isinstance(arrived, Exception):
                raise arrived
            if isinstance(arrived, bool):
                joined(arrived)
            else:
                hear(arrived)

    async def close(self) -> None:
        self.closed += 1

    def messages(self) -> list[Message]:
        """What was sent besides beats."""
        return [message for message in self.sent if message["kind"] != "beat"]
