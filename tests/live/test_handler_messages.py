"""Messages from anywhere: to a stream, to everyone, to one user."""

import asyncio
import threading
from typing import Any

import pytest

from channels_binding.live.handler_messages import asend, send
from tests.conftest import Connect


async def test_each_message_reaches_those_it_is_for(connect: Connect, user: Any, stranger: Any) -> None:
    listener, other = await connect(user), await connect(stranger, modern=False)
    await listener.call("custom_stream.subscribe")
    send("custom_stream.news", {"n": 1})
    assert await listener.receive() == {"event": "custom_stream.news", "data": {"n": 1}}
    assert await other.silent(0.1)
    send("any.thing", {"n": 2}, user=stranger)
    assert (await other.receive())["data"] == {"n": 2}
    send("any.thing", {"n": 3}, user=stranger.pk)
    assert (await other.receive())["data"] == {"n": 3}
    assert await listener.silent(0.1)
    await asend("any.thing", {"n": 4}, everyone=True)
    assert [(await each.receive())["data"]["n"] for each in (listener, other)] == [4, 4]


async def test_it_may_be_sent_from_any_thread_and_holds_what_json_can_say(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    data = {"big": 2**60, "set": {1}, "text": "é"}
    thread = threading.Thread(target=send, args=("any.thing", data), kwargs={"everyone": True})
    thread.start()
    await asyncio.to_thread(thread.join)
    assert (await socket.receive())["data"] == {"big": str(2**60), "set": [1], "text": "é"}


@pytest.mark.backends
def test_without_a_listener_it_does_nothing() -> None:
    send("no.body", {}, everyone=True)


def test_what_json_cannot_say_is_refused_at_once() -> None:
    with pytest.raises(TypeError):
        send("no.body", {"bytes": b"x"}, everyone=True)
