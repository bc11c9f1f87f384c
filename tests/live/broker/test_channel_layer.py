"""The channel layer as the way between processes."""

import asyncio
from typing import Any

import pytest

from channels_binding.live.broker import channel_layer
from channels_binding.live.broker.channel_layer import GROUP, LayerTransport


class Layer:
    """A channel layer with one channel; ``receive`` gives what is in ``arriving``, and raises what is a failure."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.joined = self.left = self.closed = 0
        self.arriving: asyncio.Queue[Any] = asyncio.Queue()

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.sent.append((group, message))

    async def new_channel(self, prefix: str) -> str:
        return f"{prefix}!x"

    async def group_add(self, group: str, channel: str) -> None:
        self.joined += 1

    async def group_discard(self, group: str, channel: str) -> None:
        self.left += 1
        raise ConnectionError("the broker is dead")

    async def receive(self, channel: str) -> Any:
        arrived = await self.arriving.get()
        if isinstance(arrived, Exception):
            raise arrived
        return arrived

    async def close_pools(self) -> None:
        self.closed += 1


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Layer:
    fake = Layer()
    monkeypatch.setattr(channel_layer, "own_layer", lambda: fake)
    monkeypatch.setattr(channel_layer, "get_channel_layer", lambda alias: fake)
    return fake


async def test_a_message_goes_to_the_group_of_all_processes(fake: Layer) -> None:
    transport = LayerTransport()
    assert transport.reaches_others()
    await transport.send({"kind": "changes"})
    assert fake.sent == [(GROUP, {"type": "channels_binding", "message": {"kind": "changes"}})]
    await transport.close()
    assert fake.closed == 1


async def test_whoever_joins_may_have_missed_something_and_then_hears_until_the_layer_fails(fake: Layer) -> None:
    heard: list[Any] = []
    fake.arriving.put_nowait({"message": {"n": 1}})
    fake.arriving.put_nowait({"message": {"n": 2}})
    fake.arriving.put_nowait(ConnectionError("the broker is dead"))
    with pytest.raises(ConnectionError):
        await LayerTransport().listen(heard.append, heard.append)
    assert heard == [False, {"n": 1}, {"n": 2}]
    assert (fake.joined, fake.left, fake.closed) == (1, 1, 1)


async def test_a_layer_that_hangs_while_it_is_left_is_left_all_the_same(
    fake: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_layer, "CLOSE_SECONDS", 0.02)

    async def hang(*_: Any) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(Layer, "group_discard", hang)
    monkeypatch.setattr(Layer, "close_pools", hang)
    listening = asyncio.create_task(LayerTransport().listen(lambda message: None, lambda complete: None))
    await asyncio.sleep(0.02)
    listening.cancel()
    await asyncio.wait([listening], timeout=2)
    assert listening.cancelled()


def test_the_in_memory_layer_and_none_at_all_reach_nobody(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    assert not LayerTransport().reaches_others()
    monkeypatch.setattr(channel_layer, "get_channel_layer", lambda alias: None)
    assert not LayerTransport().reaches_others()
