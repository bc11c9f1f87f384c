"""One socket as it is written to: pings, slow readers, and how it ends."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from channels_binding.live import send
from channels_binding.live.hub import Hub
from channels_binding.protocol import codecs
from channels_binding.security.authentication import Identity
from channels_binding.websocket import outbox
from channels_binding.websocket import socket as sockets
from channels_binding.websocket.connection import Connection
from tests.conftest import Connect
from tests.project.zoo.models import Note

create = sync_to_async(Note.objects.create)


async def test_silence_is_pinged_and_a_pong_is_asked_for(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"PING_SECONDS": 0.2}
    socket = await connect(user)
    frame = await asyncio.wait_for(socket.socket.output_queue.get(), 2)
    assert '"cb.ping"' in frame["text"]
    answer = await socket.call("cb.ping", {"n": 5})
    assert (answer["event"], answer["data"]) == ("cb.pong", {"n": 5})


async def test_who_acknowledges_nothing_is_closed_with_4508(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"PING_SECONDS": 0.2, "SLOW_SECONDS": 0.5}
    socket = await connect(user)
    events: list[Any] = []
    while not events or events[-1]["type"] != "websocket.close":
        events.append(await asyncio.wait_for(socket.socket.output_queue.get(), 5))
    assert events[-1]["code"] == 4508


async def test_a_slow_reader_is_conflated_and_catches_up_with_one_message(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"UNACKNOWLEDGED_BYTES": 2000, "COALESCE_SECONDS": 0.0}
    note = await create(title="x" * 80)
    slow, writer = await connect(user), await connect(user)
    await slow.call("zoo.Note.search#h", {})
    await writer.call("zoo.Label.search", {})  # who listens is answered after the diffs of its writes, and so in step
    for rank in range(1, 120):
        await writer.call("zoo.Note.update", {"id": note.pk, "title": f"{rank}".rjust(80, "x"), "rank": rank})
    waiting = []
    while not slow.socket.output_queue.empty():
        waiting.append(slow.socket.output_queue.get_nowait()["text"])
    assert sum(map(len, waiting)) < 5000
    assert len(waiting) < 40
    pings = [text for text in waiting if "cb.ping" in text]
    number = pings[-1].partition('"n":')[2].partition("}")[0]
    await slow.send({"event": "cb.pong", "data": {"n": int(number)}})
    frame = (await asyncio.wait_for(slow.socket.output_queue.get(), 2))["text"]
    assert '"rank":119' in frame


class Clogged:
    """A server whose client does not read: ``send`` waits, as uvicorn's does, until the way is free."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.sent: list[Any] = []

    async def send(self, event: Any) -> None:
        await self.free.wait()
        self.sent.append(event)


async def test_a_client_without_a_subprotocol_that_does_not_read_is_conflated_too(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"UNACKNOWLEDGED_BYTES": 2000, "COALESCE_SECONDS": 0.0}
    note = await create(title="x" * 80)
    writer = await connect(user)
    server = Clogged()
    slow = Connection({"type": "websocket"}, server.send, Identity(user), "seed")
    await slow.open()
    await slow.receive(f'{{"event": "zoo.Note.retrieve", "data": {{"id": {note.pk}}}}}', None)
    while not slow.subscriptions:
        await asyncio.sleep(0.01)
    for rank in range(1, 60):
        await writer.call("zoo.Note.update", {"id": note.pk, "rank": rank})
    assert slow.outbox.queued < 2500
    server.free.set()
    while not server.sent or '"rank":59' not in server.sent[-1]["text"]:
        await asyncio.sleep(0.01)
    assert len(server.sent) < 20
    await slow.close()


async def test_what_goes_far_beyond_the_bound_ends_the_connection(connect: Connect, user: Any) -> None:
    server = Clogged()
    slow = Connection({"type": "websocket"}, server.send, Identity(user), "seed")
    await slow.open()
    for _ in range(10):
        slow.push([b'{"event":"x.y","data":"' + b"x" * 1_000_000 + b'"}'])
    assert slow.closed_with == (4508, "too much waits to be read")
    assert slow not in slow.hub.subscribers
    server.free.set()
    while not server.sent or server.sent[-1]["type"] != "websocket.close":
        await asyncio.sleep(0.01)
    assert server.sent[-1]["code"] == 4508
    await slow.close()


@pytest.mark.parametrize("event", ["zoo.Note.loud", "zoo.Note.retrieve"])
async def test_messages_that_nothing_brings_again_are_dropped_beyond_the_bound_and_the_client_is_told_so_once(
    event: str, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"UNACKNOWLEDGED_BYTES": 2000, "COALESCE_SECONDS": 0.0}
    slow, writer = await connect(user), await connect(user)
    await slow.call("zoo.Note.subscribe")
    await writer.call("zoo.Label.search", {})  # who listens is answered after the diffs of its writes, and so in step
    for number in range(60):
        if event == "zoo.Note.loud":
            send(event, {"text": "x" * 80, "number": number})
        else:
            await writer.call("zoo.Note.create", {"title": "x" * 80, "rank": number})
    await asyncio.sleep(0.2)
    frames = [slow.socket.output_queue.get_nowait()["text"] for _ in range(slow.socket.output_queue.qsize())]
    assert sum(map(len, frames)) < 4000
    parsed = [codecs.parse(text.encode()) for text in frames]
    messages = [message for each in parsed for message in (each if isinstance(each, list) else [each])]
    errors = [message for message in messages if "error" in message]
    assert [(message["event"], message["error"]["code"], message["error"]["limit"]) for message in errors] == [
        (event, "limit_exceeded", 2000)
    ]
    after = messages[messages.index(errors[0]) + 1 :]
    assert {message["event"] for message in after} <= {"cb.ping"}, "the error stands where the gap is"
    number = [message for message in messages if message["event"] == "cb.ping"][-1]["data"]["n"]
    await slow.send({"event": "cb.pong", "data": {"n": number}})
    await slow.call("cb.ping")
    send("zoo.Note.loud", {"text": "again"})
    assert (await slow.receive())["data"] == {"text": "again"}


PAGE = {"event": "zoo.Note.search", "data": {"live": False, "limit": 20}}


@pytest.mark.parametrize("asked", [PAGE, {"event": "cb.batch", "data": {"ops": [PAGE]}}], ids=["search", "batch"])
async def test_who_does_not_acknowledge_is_not_answered_beyond_the_bound_either(
    asked: dict[str, Any], connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"UNACKNOWLEDGED_BYTES": 2000}
    for number in range(20):
        await create(title=f"{number}".rjust(80, "x"))
    slow = await connect(user)
    for number in range(40):
        await slow.send({**asked, "id": number})
    await asyncio.sleep(0.5)
    frames = [slow.socket.output_queue.get_nowait()["text"] for _ in range(slow.socket.output_queue.qsize())]
    assert 1 <= sum('"rows"' in text for text in frames) <= sockets.READS_AT_ONCE + 1
    pings = [text for text in frames if "cb.ping" in text]
    await slow.send(pings[-1].replace("ping", "pong"))
    answered = {(await slow.receive())["id"] for _ in range(40 - (len(frames) - len(pings)))}
    assert len(answered) == 40 - (len(frames) - len(pings)), "every call is answered once there is room"


@pytest.mark.parametrize("frame", ["no json", '{"event":"cb.ping","data":{"n":1}}', '{"event":"cb.none"}'])
async def test_who_asks_for_answers_without_taking_them_in_is_asked_to_leave(
    frame: str, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"UNACKNOWLEDGED_BYTES": 2000, "MAX_REFUSALS": 1000}
    slow = await connect(user)
    written = 0
    for _ in range(500):
        await slow.send(frame)
    while True:
        event = await asyncio.wait_for(slow.socket.output_queue.get(), 5)
        if event["type"] == "websocket.close":
            break
        written += len(event["text"])
    assert event["code"] == 4508
    assert written < 6000


async def test_a_client_that_does_not_read_at_all_is_given_up(
    connect: Connect, user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHANNELS_BINDING = {"SLOW_SECONDS": 0.2, "PING_SECONDS": 0.2}
    monkeypatch.setattr(outbox, "CLOSE_SECONDS", 0.1)
    server = Clogged()
    slow = Connection({"type": "websocket"}, server.send, Identity(user), "seed")
    await slow.open()
    slow.put(b'{"event":"x.y"}')
    await asyncio.wait_for(slow.outbox.is_over.wait(), 5)
    assert slow.closed_with == (4508, "nothing was acknowledged")
    assert slow not in slow.hub.subscribers
    await slow.close()


async def test_a_connection_retires_after_its_calls_are_answered(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.send({"event": "zoo.Note.drowsy", "id": 1, "data": {"seconds": 0.3}})
    connection = next(iter(Hub.current().subscribers))
    while not connection.session.is_busy:  # type: ignore[attr-defined]
        await asyncio.sleep(0.01)
    connection.go_away("shutdown", 1.5)
    await connection.retire(4503, "shutdown")
    assert (await socket.receive())["data"] == {"reason": "shutdown", "reconnect": True, "after_ms": 1500}
    assert (await socket.receive())["data"] == {"slept": True}
    with pytest.raises(ConnectionError):
        await socket.receive()
    assert socket.close_code == 4503
