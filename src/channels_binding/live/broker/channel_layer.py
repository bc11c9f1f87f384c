"""The channel layer as the way between processes: each hub is the one member of a group in its process and loop.

Layers deliver at most once, drop in silence when full and may reorder; numbers and beats show it.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from channels.layers import InMemoryChannelLayer, channel_layers, get_channel_layer

from channels_binding.conf import get_settings
from channels_binding.live.transport import Message, Transport

GROUP = "channels_binding"
CLOSE_SECONDS = 1.0


class LayerTransport(Transport):
    """By the channel layer that ``CHANNEL_LAYER`` names."""

    def __init__(self) -> None:
        self._sending: Any = None

    def reaches_others(self) -> bool:
        """The in-memory layer and no layer at all reach none."""
        layer = get_channel_layer(get_settings().CHANNEL_LAYER)
        return layer is not None and not isinstance(layer, InMemoryChannelLayer)

    async def send(self, message: Message) -> None:
        if self._sending is None:
            self._sending = own_layer()
        await self._sending.group_send(GROUP, {"type": "channels_binding", "message": message})

    async def listen(self, receive: Callable[[Message], None], joined: Callable[[bool], None]) -> None:
        layer = own_layer()
        try:
            await _listen_on(layer, receive, joined)
        finally:
            await _within_a_second(_close(layer))

    async def close(self) -> None:
        if self._sending is not None:
            await _close(self._sending)


def own_layer() -> Any:
    """A channel layer of one's own: channels_redis ties parts of a layer to the event loop that used it first."""
    return channel_layers.make_backend(get_settings().CHANNEL_LAYER)


async def _listen_on(layer: Any, receive: Callable[[Message], None], joined: Callable[[bool], None]) -> None:
    channel = await layer.new_channel("channels_binding")
    await layer.group_add(GROUP, channel)
    try:
        joined(False)  # what was published before the group had us is not known
        while True:
            receive((await layer.receive(channel)).get("message"))
    finally:
        await _within_a_second(layer.group_discard(GROUP, channel))


async def _within_a_second(coroutine: Any) -> None:
    """A layer that hangs forgets what is its own by itself, later."""
    with suppress(Exception):
        await asyncio.wait_for(coroutine, CLOSE_SECONDS)


async def _close(layer: Any) -> None:
    """Give connections back (channels_redis' two layers call it differently; core's flush would empty Redis)."""
    for name in ("close_pools", "flush"):
        if hasattr(type(layer), name):
            await getattr(layer, name)()
            return
