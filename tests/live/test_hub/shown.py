"""What a client shows of a live list, and how a test writes what it is to show."""

import asyncio
from typing import Any

from asgiref.sync import sync_to_async

from channels_binding.live.hub import Hub
from channels_binding.testing import BindingCommunicator
from tests.live.oracle.diffs import apply_diff
from tests.project.zoo.models import Note


class Shown:
    """What a client that follows spec/protocol.md shows of one list. Checks ``from`` and the row order as it goes."""

    def __init__(self, socket: BindingCommunicator, event: str) -> None:
        self.socket, self.event = socket, event
        self.rows: list[dict[str, Any]] = []
        self.meta: dict[str, Any] = {}
        self.v: str | None = None

    async def open(self, **data: Any) -> "Shown":
        answer = await self.socket.call(self.event, data)
        self.v, self.meta = answer["v"], answer["data"]
        self.rows = self.meta.pop("rows")
        return self

    async def take(self) -> dict[str, Any]:
        """Apply the next push; returns its data."""
        push = await self.socket.receive()
        assert push["event"] == self.event
        assert push["from"] == self.v
        data: dict[str, Any] = dict(push["data"])
        self.rows = apply_diff(self.rows, {}, data)
        self.meta.update({name: value for name, value in data.items() if name not in ("remove", "put", "patch")})
        self.v = push["v"]
        return data

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows]


def in_thread(function: Any) -> Any:
    return sync_to_async(function, thread_sensitive=True)


@in_thread
def make_notes(*ranks: int, **fields: Any) -> list[Note]:
    return [Note.objects.create(title=f"n{rank}", rank=rank, **fields) for rank in ranks]


async def evaluations(socket: BindingCommunicator) -> int:
    await asyncio.sleep(0.1)
    return sum(group.started for group in Hub.current().groups.values())


def hold_the_next_round(hub: Hub, seconds: float) -> None:
    """Let changes of so many seconds be answered together, as under load, and for COALESCE_SECONDS after every round."""
    hub.rounds._ended_at, hub.rounds._rest_seconds = hub.loop.time(), seconds
