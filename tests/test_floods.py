"""Sockets that send what is refused: what it costs the server is bounded, and in the end they are closed."""

import asyncio
import threading
from typing import Any

import pytest

from channels_binding.protocol import codecs
from channels_binding.testing import BindingCommunicator
from tests.conftest import Connect

MANY = "[" + ",".join(["[]"] * 2000) + "]"
NEAR_THE_LIMIT = "[" + ",".join(["[]"] * 21_000) + "]"
TOKENS = {"AUTHENTIFICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"]}


async def answers_until_closed(socket: BindingCommunicator) -> tuple[list[str], int]:
    """The texts that come, and the code with which it ends."""
    texts: list[str] = []
    while True:
        event = await asyncio.wait_for(socket.socket.output_queue.get(), 10)
        if event["type"] == "websocket.close":
            return texts, event["code"]
        texts.append(event["text"])


async def pending() -> BindingCommunicator:
    """A socket of somebody who has not said who it is."""
    socket = BindingCommunicator("/ws/")
    assert await socket.open()
    return socket


@pytest.mark.parametrize("frame", ["no json", "[7]", '{"event":"cb.none"}', '"' + "x" * 70_000 + '"', NEAR_THE_LIMIT])
@pytest.mark.parametrize("modern", [True, False], ids=["cb.1", "seed"])
async def test_who_sends_nothing_but_what_is_refused_is_closed_with_4429(
    frame: str, modern: bool, connect: Connect, user: Any
) -> None:
    socket = await connect(user, modern=modern)
    for _ in range(40):
        await socket.send(frame)
    texts, code = await answers_until_closed(socket)
    assert code == 4429
    assert len(texts) <= 20


async def test_one_frame_of_refused_messages_is_not_answered_with_as_many(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.send("[" + ",".join(["7"] * 256) + "]")
    texts, code = await answers_until_closed(socket)
    assert code == 4429
    assert len(texts) <= 20


async def test_a_call_between_begins_the_row_anew(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    for _ in range(3):
        for _ in range(19):
            await socket.send("no json")
            assert (await socket.receive())["error"]["code"] == "bad_request"
        assert "data" in await socket.call("zoo.Note.search", {"live": False})


@pytest.mark.parametrize("event", ["cb.ping", "cb.pong", "zoo.Note.nothing"])
async def test_whatever_is_sent_without_end_and_measure_ends_the_connection(
    event: str, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"MESSAGES_PER_SECOND": 20, "MAX_BATCH": 30}
    socket = await connect(user)
    for _ in range(200):
        await socket.send({"event": event, "data": {"n": 1}})
    assert (await answers_until_closed(socket))[1] == 4429


async def test_wrong_tokens_count_as_refusals(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {**TOKENS, "MESSAGES_PER_SECOND": 1000}
    socket = await connect(user)
    await socket.send([{"event": "cb.auth", "id": i, "data": {"token": "wrong"}} for i in range(40)])
    texts, code = await answers_until_closed(socket)
    assert code == 4429
    assert len(texts) <= 20


async def test_frames_of_somebody_unknown_are_small_and_few(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = TOKENS
    stranger = await pending()
    await stranger.send(MANY)
    error = (await stranger.receive())["error"]
    assert (error["code"], error["limit"]) == ("too_large", 4096)
    for _ in range(40):
        await stranger.send({"event": "zoo.Note.search"})
    texts, code = await answers_until_closed(stranger)
    assert code == 4429
    assert len(texts) <= 19


async def test_a_large_frame_is_not_read_on_the_event_loop_and_what_follows_waits_for_it(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads, decode, here = [], codecs.decode, threading.get_ident()

    def noting(text: str, **limits: Any) -> Any:
        threads.append((len(text) > 16_384, threading.get_ident() == here))
        return decode(text, **limits)

    monkeypatch.setattr(codecs, "decode", noting)
    socket = await connect(user)
    await socket.send({"event": "zoo.Note.nothing", "id": 1, "data": {"text": "x" * 40_000}})
    await socket.send({"event": "zoo.Note.nothing", "id": 2})
    assert [(await socket.receive())["id"] for _ in range(2)] == [1, 2]
    assert [on_loop for is_large, on_loop in threads if is_large] == [False]
    assert [on_loop for is_large, on_loop in threads if not is_large][-1]


async def test_large_frames_cost_as_many_messages_as_they_have_pages(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"MESSAGES_PER_SECOND": 4, "MAX_BATCH": 30}
    socket = await connect(user)
    for number in range(4):
        await socket.send({"event": "zoo.Note.nothing", "id": number, "data": {"text": "x" * 40_000}})
    codes = [(await socket.receive())["error"]["code"] for _ in range(4)]
    assert codes.count("throttled") >= 2
