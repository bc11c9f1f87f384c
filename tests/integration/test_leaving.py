"""Connections that end in the middle of whatever they have asked for leave nothing behind, and nothing goes on for them."""

import asyncio
import gc
import os
import random
from collections import Counter
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from rest_framework.authtoken.models import Token

from channels_binding.live.hub import Hub
from channels_binding.live.queries.group import Subscription
from channels_binding.rest.events import EventStream
from channels_binding.testing import BindingCommunicator, session_cookie
from channels_binding.websocket.socket import Socket
from tests.live.identity.test_checks import GroupNoteBinding
from tests.live.test_hub.shown import in_thread, make_notes
from tests.live.test_presence import rounds_within
from tests.project.zoo.models import Note
from tests.streams import Stream, fleeting_connections

pytestmark = pytest.mark.one_backend("counts what is left in this process")

LEAVERS = int(os.environ.get("LEAVERS", "400"))
AT_ONCE = 40
LONGEST_STAY_SECONDS = 0.2
"""Longer than a call takes with the rounds that follow: so they leave before, during and after each part of it."""


def calls(rng: random.Random, token: str) -> list[dict[str, Any]]:
    """One frame with a call of any kind, or two."""
    groups = GroupNoteBinding.stream
    kinds: list[dict[str, Any]] = [
        {"event": "zoo.Note.search#a", "data": {"limit": 3, "order": "-rank"}},
        {"event": "zoo.Note.list#b", "data": {"labels": True}},
        {"event": "zoo.Note.search", "data": {"live": False}},
        {"event": "zoo.Note.retrieve", "data": {"id": rng.randrange(1, 9)}},
        {"event": f"{groups}.search#g"},
        {"event": f"{groups}.subscribe"},
        {"event": "zoo.Note.subscribe"},
        {"event": "zoo.Note.unsubscribe"},
        {"event": "zoo.Note.create", "data": {"title": "n1", "rank": rng.randrange(9)}},
        {"event": "zoo.Note.form"},
        {"event": "zoo.Note.describe"},
        {"event": "zoo.Note.slow", "data": {"seconds": 0.02}},
        {"event": "zoo.Note.drowsy", "data": {"seconds": 0.02}},
        {"event": "cb.batch", "data": {"ops": [{"event": "zoo.Note.create", "data": {"title": "n2"}}]}},
        {"event": "cb.auth", "data": {"token": token}},
        {"event": "zoo.Nothing.search"},
    ]
    moving = [{"event": f"{groups}.search#m"}, {"event": f"{groups}.subscribe"}] if rng.random() < 0.5 else []
    chosen = [*rng.sample(kinds, rng.randrange(1, 4)), *moving]
    return [{**each, "id": number} for number, each in enumerate(chosen, 1)]


async def socket_that_leaves(rng: random.Random, cookie: str, token: str) -> str:
    socket = BindingCommunicator("/ws/", headers=[(b"cookie", cookie.encode())])
    if not await socket.open():
        return "refused"
    frame = calls(rng, token)
    await socket.send(frame)
    await asyncio.sleep(rng.uniform(0, LONGEST_STAY_SECONDS))
    await socket.socket.send_input({"type": "websocket.disconnect", "code": 1006})
    await socket.socket.wait(30)
    return f"socket: {frame[0]['event']}"


async def stream_that_leaves(rng: random.Random, cookie: str) -> str:
    path = rng.choice(["/api/zoo.Note/?limit=3", f"/api/{GroupNoteBinding.stream}/", "/api/zoo.Note/3/"])
    stream = Stream(path, headers={"cookie": cookie})
    opening = asyncio.ensure_future(stream.open())
    await asyncio.sleep(rng.uniform(0, LONGEST_STAY_SECONDS))
    await stream.application.send_input({"type": "http.disconnect"})
    await asyncio.gather(opening, return_exceptions=True)
    await stream.application.wait(30)
    return "stream"


async def write_meanwhile(rng: random.Random, user: Any, groups: list[Group], is_over: asyncio.Event) -> None:
    """So that they leave in the middle of rounds, too, and while their memberships change."""
    while not is_over.is_set():
        await in_thread(Note.objects.filter(rank=rng.randrange(9)).update)(done=rng.random() < 0.5)
        await in_thread(user.groups.set)(rng.sample(groups, rng.randrange(3)))


def left_over() -> Counter[str]:
    """Objects that stand for a connection or for what it is subscribed to."""
    gc.collect()
    kinds = (Socket, EventStream, Subscription)
    return Counter(type(each).__name__ for each in gc.get_objects() if issubclass(type(each), kinds))


@pytest.mark.usefixtures("transactional_db", "hub_ended")
async def test_connections_that_end_at_any_moment_leave_nothing(
    user: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {
        "AUTHENTIFICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
        "MAX_FRAME_BYTES": 65_536,
    }
    rng = random.Random(20)
    token = (await Token.objects.acreate(user=user)).key
    cookie = f"sessionid={await sync_to_async(session_cookie)(user)}"
    groups = [await Group.objects.acreate(name=f"n{number}") for number in range(3)]
    await make_notes(*range(9))
    hub = Hub.current()
    await hub.ready()
    resting, before = {task.get_name() for task in hub._tasks}, left_over()
    is_over, places = asyncio.Event(), asyncio.Semaphore(AT_ONCE)
    done: Counter[str] = Counter()

    async def one() -> None:
        async with places:
            leaving = stream_that_leaves(rng, cookie) if rng.random() < 0.2 else socket_that_leaves(rng, cookie, token)
            done[await leaving] += 1

    with fleeting_connections():
        writing = asyncio.ensure_future(write_meanwhile(rng, user, groups, is_over))
        await asyncio.gather(*(one() for _ in range(LEAVERS)))
        is_over.set()
        await writing
    assert done["stream"] > LEAVERS / 10, done
    assert len(done) > 12, "of every kind of call"

    deadline = hub.loop.time() + 20
    while (not hub.rounds.is_idle or {task.get_name() for task in hub._tasks} != resting) and (
        hub.loop.time() < deadline
    ):
        await asyncio.sleep(0.05)
    assert hub.subscribers == set()
    assert [each for group in hub.groups.values() for each in group.subscriptions] == []
    assert hub.stream_groups.by_key == {}
    assert hub.rounds._waiters == []
    assert {task.get_name() for task in hub._tasks} == resting
    assert await rounds_within(hub, 1.0, monkeypatch) == 0, "nobody is connected"
    assert left_over() == before
