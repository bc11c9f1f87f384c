"""The other sides of ``benchmarks.fanout``: the limit, and a consumer as Channels' tutorial has it."""

import json
import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.project.settings")
django.setup()

from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402

ROW = {"id": 1, "title": "commit", "rank": 1000, "weight": None, "done": False, "owner": None, "labels": []}
DIFF = {
    "event": "zoo.Note.search#h", "type": "diff", "from": "8d21f0aa", "v": "1b77c3e9",
    "data": {"remove": [7], "put": [[0, ROW, "a1b2c3d4e5f6"]], "count": 57},
}  # fmt: skip
TEXT = json.dumps(DIFF, separators=(",", ":"))

_open: set[Any] = set()


async def limit(scope: Any, receive: Any, send: Any) -> None:
    """Sends the same bytes to every socket, and nothing else."""
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "cb.1.json"})
    while (message := await receive())["type"] == "websocket.receive":
        if message["text"] == "begin":
            _open.add(send)
            await send({"type": "websocket.send", "text": "snapshot"})
        else:
            for each in _open:
                await each({"type": "websocket.send", "text": TEXT})
    _open.discard(send)


class Group(AsyncJsonWebsocketConsumer):
    """Each socket is a member of a group; a message to the group is a message to each."""

    async def connect(self) -> None:
        await self.channel_layer.group_add("bench", self.channel_name)
        await self.accept("cb.1.json")

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **_: Any) -> None:
        if text_data == "begin":
            await self.send("snapshot")
        else:
            await self.channel_layer.group_send("bench", {"type": "tell", "data": DIFF})

    async def tell(self, event: dict[str, Any]) -> None:
        await self.send_json(event["data"])


async def channels(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await Group.as_asgi()(scope, receive, send)
