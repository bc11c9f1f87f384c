"""A permission that is withdrawn in one process is gone in the other within a second, and nothing is sent after that."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import websockets

from tests.integration.cluster import COOKIE, Cluster

READS: dict[str, dict[str, Any]] = {
    "zoo.OwnNote.search#o": {},
    "zoo.TeamNote.search#t": {},
    "zoo.OwnNote.subscribe": {},
}
CLOSING = ["deactivate", "deactivate_by_update", "delete", "change_password", "log_out", "flush_session"]
SHRINKING = {
    "leave_team": ["zoo.TeamNote.search#t"],
    "delete_team": ["zoo.TeamNote.search#t"],
    "change_owner": ["zoo.OwnNote.search#o", "zoo.TeamNote.search#t"],
}
WITHIN = 1.0


@pytest.fixture(scope="module", params=["channel_layer", "redis_streams"])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with Cluster(env={"TEST_BROKER": request.param}) as running:
        yield running


class Listener:
    """A user of one process who shows a note, and keeps every byte."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.frames: list[tuple[float, str]] = []
        self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        try:
            async for text in self.socket:
                self.frames.append((time.monotonic(), text))
        except websockets.ConnectionClosed:
            pass

    def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for _, text in self.frames:
            frame = json.loads(text)
            found += frame if isinstance(frame, list) else [frame]
        return found

    async def until(self, condition: Any, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)

    def has_lost(self, event: str, pk: int) -> bool:
        return any(pk in m.get("data", {}).get("remove", ()) for m in self.messages() if m["event"] == event)


def connect(port: int, session: str) -> Any:
    return websockets.connect(
        f"ws://127.0.0.1:{port}/ws/", subprotocols=[websockets.Subprotocol("cb.1.json")],
        additional_headers={"Cookie": f"{COOKIE}={session}"},
    )  # fmt: skip


async def call(socket: Any, event: str, data: dict[str, Any]) -> Any:
    await socket.send(json.dumps({"event": event, "id": event, "data": data}))
    while True:
        frame = json.loads(await asyncio.wait_for(socket.recv(), 10))
        for message in frame if isinstance(frame, list) else [frame]:
            if message.get("id") == event:
                return message["data"]


@pytest.mark.parametrize("how", [*CLOSING, *SHRINKING])
async def test_what_is_withdrawn_in_one_process_is_gone_in_the_other_within_a_second(
    how: str, cluster: Cluster
) -> None:
    here, there = cluster.ports
    user = f"user-{how}"
    async with connect(here, cluster.sessions["ann"]) as admin:
        granted = await call(admin, "zoo.revocation.grant", {"user": user})
        note, session = granted["note"], granted["session"]
        async with connect(there, session) as socket:
            listener = Listener(socket)
            for event, data in READS.items():
                await socket.send(json.dumps({"event": event, "id": event, "data": data}))
            await listener.until(lambda: {m.get("id") for m in listener.messages()} >= set(READS), 10)
            assert sum('"visible"' in text for _, text in listener.frames) == 2, "both lists show the note"
            began = time.monotonic()
            details = {"user": user, "how": how, "session": session, "note": note}
            await call(admin, "zoo.revocation.revoke", details)
            if how in CLOSING:
                await asyncio.wait_for(socket.wait_closed(), WITHIN - (time.monotonic() - began))
                assert socket.close_code == 4401
            else:
                for event in SHRINKING[how]:
                    await listener.until(lambda event=event: listener.has_lost(event, note), WITHIN)
            if how in ("leave_team", "delete_team"):
                await call(admin, "zoo.revocation.revoke", {**details, "how": "change_owner"})
                await listener.until(lambda: listener.has_lost("zoo.OwnNote.search#o", note), WITHIN)
            await call(admin, "zoo.revocation.whisper", {"note": note, "text": f"canary-{how}"})
            await asyncio.sleep(0.5)
            await listener.task if how in CLOSING else None
            assert [text for _, text in listener.frames if f'"canary-{how}"' in text] == []
            listener.task.cancel()
