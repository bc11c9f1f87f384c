"""The socket for the tests of projects."""

import asyncio
from typing import Any

import pytest

from channels_binding.live.hub import Hub
from channels_binding.testing import BindingCommunicator
from tests.conftest import Connect
from tests.project.zoo.models import Note


async def test_a_call_returns_its_own_reply_and_keeps_pushes_for_later(connect: Connect, user: Any) -> None:
    note = await Note.objects.acreate(title="x")
    socket = await connect(user)
    await socket.call("zoo.Note.search#h")
    reply = await socket.call("zoo.Note.update", {"id": note.pk, "title": "y"})
    assert reply["data"] == {"success": True, "id": note.pk}
    assert (await socket.receive())["data"]["patch"][0][1] == {"title": "y"}


async def test_waiting_in_vain_loses_nothing_that_comes_later(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    with pytest.raises(TimeoutError):
        await socket.receive(0.05)
    assert await socket.silent(0.05)
    await socket.send({"event": "zoo.Note.search", "data": {}})
    assert (await socket.receive())["event"] == "zoo.Note.search"


async def test_what_was_not_silent_is_still_there(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.send({"event": "zoo.Note.search", "data": {}})
    assert not await socket.silent(2)
    assert (await socket.receive())["event"] == "zoo.Note.search"


async def test_a_refused_socket_says_so(connect: Connect) -> None:
    socket = BindingCommunicator("/ws/")
    assert not await socket.open()
    assert socket.close_code is not None


async def test_a_socket_that_the_server_closes_raises_with_the_code(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    (subscriber,) = Hub.current().subscribers
    subscriber.end(4401, "test")
    with pytest.raises(ConnectionError, match="4401"):
        await socket.receive()


async def test_pings_are_answered_in_passing(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"PING_SECONDS": 0.1, "SLOW_SECONDS": 0.6}
    socket = await connect(user)
    for _ in range(10):
        await socket.silent(0.1)
    assert "data" in await asyncio.wait_for(socket.call("zoo.Note.search"), 2)


# Live lists


async def test_a_live_list_that_does_not_show_its_query_is_an_assertion_error(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await Note.objects.acreate(title="a")
    notes = await socket.live("zoo.Note.search#h", {"order": "title", "limit": 2})
    await socket.assert_live(notes)
    for title in ("c", "b"):
        await Note.objects.acreate(title=title)
    await socket.assert_live(notes)
    assert ([row["title"] for row in notes.rows], notes.count) == (["a", "b"], 3)
    notes.rows = notes.rows[:1]
    with pytest.raises(AssertionError, match="its query"):
        await socket.assert_live(notes, seconds=0.2)


@pytest.mark.parametrize("data", [{"count": False}, {"after": ""}])
async def test_a_live_list_that_is_not_counted_is_compared_by_its_rows(
    data: dict[str, Any], connect: Connect, user: Any
) -> None:
    socket = await connect(user)
    notes = await socket.live("zoo.Note.search#h", {"order": "title", **data})
    await Note.objects.acreate(title="a")
    await socket.assert_live(notes)
    assert ([row["title"] for row in notes.rows], notes.count) == (["a"], 0)


async def test_other_pushes_stay_for_receive(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    first, second = [await socket.live(f"zoo.Note.search#{name}", {}) for name in ("one", "two")]
    await Note.objects.acreate(title="a")
    await socket.assert_live(first)
    assert (await socket.receive())["event"] == "zoo.Note.search#two"
    assert second.count == 0
