"""A Redis Stream as the way between processes: whoever was cut off for a while reads on where it was.

    CHANNELS_BINDING = {"BROKER": "redis_streams", "BROKER_OPTIONS": {"url": "redis://127.0.0.1:6379/0"}}

Every process adds to one stream (``XADD``, trimmed to about ``max_messages``) and reads it to its end (``XREAD``). The place
of a reader is the entry that it read last. As long as that entry is in the stream nothing after it was trimmed away;
where it is not (too long away, Redis restarted empty, a replica that lagged), continuity is lost and is said to be.
"""

from collections.abc import Callable
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from channels_binding.live.messages import MOST_BYTES
from channels_binding.live.transport import Message, Transport
from channels_binding.protocol import codecs

BLOCK_MILLISECONDS = 1000
SOCKET_SECONDS = 5.0
"""Longest wait for any answer. Above BLOCK_MILLISECONDS, or every quiet second would look like a dead server."""
BATCH = 500


def _message(text: bytes) -> Any:
    """What an entry says; None, which is no message, of one that nobody of ours has written."""
    try:
        return codecs.parse(text) if len(text) <= 2 * MOST_BYTES else None
    except ValueError:
        return None


Entry = tuple[bytes, dict[bytes, bytes]]


class RedisStreams(Transport):
    """By a stream of the Redis server (5.0 or later) at ``url``.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``.
        stream: Its key. Projects that share a server need different ones.
        max_messages: How many it keeps, about: what a process may miss and still read on.
    """

    retried = (RedisError, OSError, TimeoutError)
    drops_when_full = False

    def __init__(self, url: str, stream: str = "channels_binding", max_messages: int = 10_000) -> None:
        self.url = url
        self.stream = stream
        self.max_messages = max_messages
        self._sending: Redis | None = None
        self._place: bytes | None = None
        """Id of the entry read last; None before the first."""

    async def send(self, message: Message) -> None:
        if self._sending is None:
            self._sending = self._connect()
        await self._add(self._sending, codecs.encode(message))

    async def listen(self, receive: Callable[[Message], None], joined: Callable[[bool], None]) -> None:
        client = self._connect()
        try:
            await self._listen_on(client, receive, joined)
        finally:
            await client.aclose()

    async def close(self) -> None:
        if self._sending is not None:
            await self._sending.aclose()

    def _connect(self) -> Redis:
        """A client that tries nothing twice (publisher and broker decide that), and takes silence for an answer."""
        seconds = SOCKET_SECONDS
        retry = Retry(NoBackoff(), 0)
        return Redis.from_url(self.url, protocol=2, socket_timeout=seconds, socket_connect_timeout=seconds, retry=retry)

    async def _listen_on(
        self, client: Redis, receive: Callable[[Message], None], joined: Callable[[bool], None]
    ) -> None:
        if self._place is None:
            self._place = await self._add(client, b"")  # a mark of its own: the place from which it listens
            joined(False)
        while True:
            is_complete, entries = await self._read(client, self._place)
            for place, fields in entries:
                self._place = place
                if fields.get(b"m"):
                    receive(_message(fields[b"m"]))
            if not is_complete and not entries:
                self._place = await self._add(client, b"")
            joined(is_complete)

    async def _add(self, client: Redis, message: bytes) -> bytes:
        place = await client.xadd(self.stream, {"m": message}, maxlen=self.max_messages, approximate=True)
        return place if isinstance(place, bytes) else place.encode()

    async def _read(self, client: Redis, place: bytes) -> tuple[bool, list[Entry]]:
        """Wait for entries after ``place`` → whether ``place`` was still there when the wait began, and the entries."""
        pipeline = client.pipeline(transaction=False)
        pipeline.xrange(self.stream, place, place)
        pipeline.xread({self.stream: place}, count=BATCH, block=BLOCK_MILLISECONDS)
        mark, streams = await pipeline.execute()
        return bool(mark), streams[0][1] if streams else []
