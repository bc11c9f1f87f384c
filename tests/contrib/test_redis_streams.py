"""A Redis Stream between processes, on a real Redis that is cut off, killed, emptied, frozen and trimmed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from redis import Redis as Client
from redis.exceptions import RedisError

from channels_binding.contrib import redis_streams
from channels_binding.contrib.redis_streams import RedisStreams
from channels_binding.live.broker import listener, publisher
from channels_binding.live.broker.listener import Broker
from tests.contrib.transports import (
    Reader,
    assert_all_hear_in_order_after_they_have_joined,
    assert_nothing_lost_after_a_freeze,
    assert_reads_on_without_loss,
    ended,
    send,
)
from tests.faults import Proxy
from tests.services import Redis

DEFAULTS = (redis_streams.BLOCK_MILLISECONDS, redis_streams.SOCKET_SECONDS)


@pytest.fixture(scope="module")
def server() -> Iterator[Redis]:
    with Redis() as running:
        yield running


@pytest.fixture
def redis(server: Redis) -> Iterator[Redis]:
    """Empty, running, and with fast answers about its silence."""
    server.start()
    with Client.from_url(server.url) as client:
        client.flushall()
    yield server
    server.resume()


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_streams, "BLOCK_MILLISECONDS", 100)
    monkeypatch.setattr(redis_streams, "SOCKET_SECONDS", 0.5)


@pytest.fixture
async def read(redis: Redis) -> AsyncIterator[Callable[..., Any]]:
    """``await read(url)`` gives a reader that listens."""
    readers: list[Reader] = []

    async def begin(url: str = redis.url, **options: Any) -> Reader:
        readers.append(Reader(RedisStreams(url, **options)))
        await readers[-1].until(lambda: readers[-1].reads)
        return readers[-1]

    yield begin
    for reader in readers:
        await reader.end()


@pytest.fixture
async def proxy(redis: Redis) -> AsyncIterator[Proxy]:
    async with Proxy(redis.port) as running:
        yield running


async def sent(url: str, *numbers: int, **options: Any) -> None:
    await send(RedisStreams(url, **options), *numbers)


async def test_what_one_sends_all_others_hear_in_order_after_they_have_joined(redis: Any, read: Any) -> None:
    await assert_all_hear_in_order_after_they_have_joined(read, partial(sent, redis.url))


async def test_streams_of_different_names_do_not_meet(redis: Redis, read: Any) -> None:
    one, other = await read(stream="one"), await read(stream="other")
    await sent(redis.url, 1, stream="one")
    await one.until(lambda: one.heard)
    await other.has_read_on()
    assert other.heard == []


async def test_the_stream_is_trimmed_to_about_its_size(redis: Redis) -> None:
    await sent(redis.url, *range(1000), max_messages=100)
    with Client.from_url(redis.url) as client:
        assert 100 <= client.xlen("channels_binding") < 300


async def test_who_was_cut_off_reads_on_without_loss(redis: Any, read: Any, proxy: Proxy) -> None:
    reader = await read(proxy.url)
    await assert_reads_on_without_loss(reader, proxy.cut, proxy.heal, partial(sent, redis.url))


async def test_a_way_that_swallows_everything_is_noticed_and_then_read_on(
    redis: Redis, read: Any, proxy: Proxy
) -> None:
    reader = await read(proxy.url)
    proxy.swallow()
    await sent(redis.url, *range(1, 50))
    await asyncio.sleep(redis_streams.SOCKET_SECONDS * 2)
    assert reader.heard == []
    proxy.heal()
    await reader.until(lambda: len(reader.heard) == 49)
    assert reader.losses == 1


async def test_a_frozen_server_loses_nothing(redis: Any, read: Any) -> None:
    reader = await read()
    redis.pause()
    await assert_nothing_lost_after_a_freeze(reader, redis.resume, partial(sent, redis.url))


async def test_a_server_that_comes_back_empty_is_a_loss(redis: Redis, read: Any) -> None:
    reader = await read()
    await sent(redis.url, 1)
    await reader.until(lambda: reader.heard)
    await asyncio.to_thread(redis.crash)
    await reader.until(lambda: reader.losses == 2)
    await sent(redis.url, 2)
    await reader.until(lambda: reader.heard == [1, 2])
    assert reader.losses == 2


async def test_what_was_said_in_an_emptied_stream_before_the_reader_came_back_is_heard_and_told_as_incomplete(
    redis: Redis, read: Any, proxy: Proxy
) -> None:
    reader = await read(proxy.url)
    proxy.cut()
    with Client.from_url(redis.url) as client:
        client.flushall()
    await sent(redis.url, 1, 2)
    proxy.heal()
    await reader.until(lambda: len(reader.heard) == 2)
    assert reader.losses == 2
    await reader.has_read_on()
    assert reader.losses == 2


async def test_who_was_away_for_longer_than_the_stream_is_told_so(redis: Redis, read: Any, proxy: Proxy) -> None:
    reader = await read(proxy.url, max_messages=100)
    proxy.cut()
    await sent(redis.url, *range(1, 1001), max_messages=100)
    proxy.heal()
    await reader.until(lambda: reader.heard and reader.heard[-1] == 1000)
    assert len(reader.heard) < 400
    assert reader.losses == 2
    await reader.has_read_on()
    assert reader.losses == 2


async def test_an_own_beat_shows_that_the_way_is_good_and_its_lack_that_it_is_not(
    redis: Redis, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hub:
        losses = 0

        def receive(self, message: Any) -> None:
            raise AssertionError("nobody else speaks")

        def lost(self) -> None:
            self.losses += 1

    own = RedisStreams(proxy.url)

    async def beat() -> None:
        while True:
            with suppress(*RedisStreams.retried):
                await own.send({"kind": "beat", "from": publisher.current().id, "n": 0})
            await asyncio.sleep(0.05)

    monkeypatch.setattr(listener, "make_transport", lambda: RedisStreams(proxy.url))
    monkeypatch.setattr(publisher, "publish", lambda message: None)  # no thread that outlives the proxy
    monkeypatch.setattr(publisher, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(listener, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(listener, "DEAF_SECONDS", 0.4)
    hub, beating = Hub(), asyncio.create_task(beat())
    receiving = Broker(hub)
    receiving.start()
    async with asyncio.timeout(10):
        await receiving.joined.wait()
        await asyncio.sleep(1.0)
        assert hub.losses == 1
        proxy.swallow()
        while hub.losses < 2:
            await asyncio.sleep(0.02)
        proxy.heal()
        before = receiving.own_message_at
        while receiving.own_message_at == before:
            await asyncio.sleep(0.02)
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    await receiving.stop()
    await ended(own)


async def test_the_listener_survives_quiet_for_longer_than_the_socket_timeout(redis: Redis, read: Any) -> None:
    """redis-py 8 cuts off blocking reads after 5 s unless it is told otherwise; ours block for less."""
    reader = await read()
    with Client.from_url(redis.url) as client:
        connected = {each["id"] for each in client.client_list()}
        await asyncio.sleep(redis_streams.SOCKET_SECONDS * 2)
        assert connected <= {each["id"] for each in client.client_list()}
    assert reader.losses == 1


def test_defaults_leave_a_blocking_read_time_to_answer() -> None:
    block_milliseconds, socket_seconds = DEFAULTS
    assert block_milliseconds / 1000 < socket_seconds / 2


async def test_a_wrong_server_is_an_error_that_is_tried_again(redis: Redis) -> None:
    await asyncio.to_thread(redis.stop)
    with pytest.raises(RedisError):
        await sent(redis.url, 1)
    await asyncio.to_thread(redis.start)
    await sent(redis.url, 1)


@pytest.mark.parametrize("text", [b"no json", b"\xff", b"{", b'"' + b"x" * 3_000_000 + b'"'], ids=lambda text: text[:8])
def test_an_entry_that_nobody_of_ours_wrote_is_no_message(text: bytes) -> None:
    assert redis_streams._message(text) is None
    assert redis_streams._message(b'{"n":1}') == {"n": 1}
