"""One socket as it is written to: pings, slow readers, and how it ends."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser

from channels_binding.calls.locales import Locale
from channels_binding.exceptions import Unauthenticated
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
    while not Hub.current().rounds.is_idle:  # a reply does not wait for ever
        await asyncio.sleep(0.005)
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
    await asyncio.wait_for(slow.outbox.over(), 5)
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


# Whose it is


class Authenticator:
    """Says whose a token is, as a consumer does: ``found`` is the answer to each question."""

    def __init__(self, found: Identity) -> None:
        self.found = found
        self.seen: list[Identity] = []

    async def identify(self, token: str | None) -> Identity:
        return self.found

    async def entered(self, identity: Identity) -> None:
        self.seen.append(identity)


class Read:
    """A server whose client reads all that is sent."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    async def send(self, event: Any) -> None:
        self.sent.append(event)

    @property
    def messages(self) -> list[Any]:
        return [codecs.parse(event["text"].encode()) for event in self.sent if "text" in event]

    async def closed(self) -> int:
        while not self.sent or self.sent[-1]["type"] != "websocket.close":
            await asyncio.sleep(0.005)
        return int(self.sent[-1]["code"])


async def opened(
    identity: Identity | None, authenticator: Any = None, *, address: str | None = None
) -> tuple[Connection, Read]:
    server = Read()
    scope: dict[str, Any] = {"type": "websocket", "client": address and (address, 1)}
    socket = Connection(scope, server.send, identity, "cb.1", authenticator)
    await socket.open()
    return socket, server


async def test_hello_says_whose_the_connection_is_and_for_how_long(connect: Connect, user: Any) -> None:
    socket, server = await opened(Identity(user, auth={"exp": time.time() + 50}, token="t"))
    while not server.messages:
        await asyncio.sleep(0.005)
    data = server.messages[0]["data"]
    assert (server.messages[0]["event"], data["user"], data["connection"]) == ("cb.hello", str(user.pk), socket.id)
    assert 40 < data["expires_in"] <= 50
    assert data["limits"]["subscriptions"] > 0
    await socket.close()


async def test_a_connection_ends_with_its_token(connect: Connect, user: Any) -> None:
    socket, server = await opened(Identity(user, auth={"exp": time.time() + 0.2}, token="t"))
    assert await server.closed() == 4401
    assert socket not in socket.hub.subscribers
    await socket.close()


async def test_who_does_not_say_who_it_is_in_time_is_asked_to_leave(connect: Connect, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"AUTHENTICATION_SECONDS": 0.1}
    socket, server = await opened(None)
    assert socket not in socket.hub.subscribers
    assert await server.closed() == 4401
    assert server.messages == []
    await socket.close()


async def test_the_connection_that_is_one_too_many_is_closed(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"MAX_CONNECTIONS_PER_USER": 1, "MAX_CONNECTIONS_PER_ADDRESS": 1}
    first, _ = await opened(Identity(user))
    second, server = await opened(Identity(user))
    assert await server.closed() == 4429
    waiting, _ = await opened(None, address="192.0.2.1")
    stranger, late = await opened(None, address="192.0.2.1")
    assert await late.closed() == 4503, "an address may be shared: come back later"
    elsewhere, _ = await opened(None, address="192.0.2.2")
    assert elsewhere.closed_with is None
    await waiting.become(Identity(user))
    assert waiting.closed_with is not None, "counted as its owner's, of whom there is one already"
    for each in (first, second, waiting, stranger, elsewhere):
        await each.close()


async def test_a_token_that_says_something_else_is_noticed_and_one_that_is_revoked_ends_it(
    connect: Connect, user: Any, stranger: Any
) -> None:
    own = Identity(user, auth={"scope": "read"}, token="t")
    authenticator = Authenticator(own)
    socket, _ = await opened(own, authenticator)
    assert socket.has_token
    revision = socket.revision
    assert await socket.identify() is False
    assert socket.revision == revision
    authenticator.found = replace(own, auth={"scope": "write"})
    assert await socket.identify() is True
    assert (socket.auth, socket.revision) == ({"scope": "write"}, revision + 1)
    authenticator.found = Identity(stranger, token="t")
    with pytest.raises(Unauthenticated):
        await socket.identify()
    await socket.close()


async def test_a_session_is_asked_by_others_and_not_by_its_socket(connect: Connect, user: Any, stranger: Any) -> None:
    socket, _ = await opened(Identity(user, session_key="s"), Authenticator(Identity(stranger)))
    assert not socket.has_token
    assert await socket.identify() is False
    await socket.close()


async def test_who_signs_out_leaves_unless_nobody_in_particular_may_stay(
    connect: Connect, user: Any, settings: Any
) -> None:
    authenticator = Authenticator(Identity(user))
    socket, server = await opened(Identity(user), authenticator)
    await socket.become(Identity(AnonymousUser()))
    assert await server.closed() == 4401
    assert [each.user.is_authenticated for each in authenticator.seen] == [False]
    await socket.close()
    settings.CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}
    stays, _ = await opened(Identity(user))
    await stays.become(Identity(AnonymousUser()))
    assert stays.closed_with is None
    assert stays.user == AnonymousUser()
    await stays.close()


async def test_another_language_is_another_revision_and_the_same_is_not(connect: Connect, user: Any) -> None:
    socket, _ = await opened(Identity(user))
    revision, present = socket.revision, socket.scope["locale"]
    await socket.set_locale(present)
    assert socket.revision == revision
    await socket.set_locale(Locale("de", "Asia/Tokyo"))
    assert (socket.revision, socket.scope["locale"].language) == (revision + 1, "de")
    await socket.close()


async def test_a_project_s_own_member_of_the_scope_stays_and_tells_callers_apart(user: Any, connect: Connect) -> None:
    """Whatever its name: a middleware may say there who calls."""
    scopes = [{"type": "websocket", "context": name} for name in ("theirs", "others", "theirs")]
    sockets = [Connection(each, Read().send, Identity(user), "seed") for each in scopes]
    assert [each.scope["context"] for each in sockets] == ["theirs", "others", "theirs"]
    callers = [each.scope["caller"] for each in sockets]
    assert callers[0] == callers[2] != callers[1]
    for each in sockets:
        await each.close()


async def test_what_was_held_for_somebody_who_has_left_is_not_sent_to_the_next(
    connect: Connect, user: Any, stranger: Any
) -> None:
    server = Read()
    seed = Connection({"type": "websocket"}, server.send, Identity(user), "seed")
    await seed.open()
    seed._writes_in_flight = 1
    seed.push([b'{"event":"x.hers"}'])
    seed._take(Identity(stranger))
    seed.push([b'{"event":"x.his"}'])
    assert seed.held_bytes > 0
    seed._writes_in_flight = 0
    seed._release_after_reply()
    while not server.messages:
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.05)
    assert [message["event"] for message in server.messages] == ["x.his"]
    await seed.close()


async def test_a_socket_has_few_enough_attributes_to_need_no_dict_of_its_own(connect: Connect, user: Any) -> None:
    """Beyond 30, CPython gives each instance a dict, of 1.3 KiB more."""
    await connect(user)
    (socket,) = Hub.current().subscribers
    assert len(vars(socket)) <= 30
    assert not hasattr(socket.outbox, "__dict__")  # type: ignore[attr-defined]


async def test_nobody_is_closed_for_what_a_larger_bound_lets_wait(user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"UNACKNOWLEDGED_BYTES": 10**9}
    socket, _ = await opened(Identity(user))
    assert socket.outbox.bound == sockets.MAX_QUEUED_BYTES, "live reads are held back before"
    await socket.close()


async def test_what_waits_for_the_reply_to_a_write_is_bounded_as_what_waits_for_the_client_is(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"UNACKNOWLEDGED_BYTES": 2000, "COALESCE_SECONDS": 0.0}
    note = await create(title="old")
    server = Read()
    seed = Connection({"type": "websocket"}, server.send, Identity(user), "seed")
    await seed.open()
    await seed.receive(f'{{"event": "zoo.Note.retrieve", "data": {{"id": {note.pk}}}}}', None)
    while not server.messages:
        await asyncio.sleep(0.005)
    server.messages.clear()
    seed._writes_in_flight = 1
    for number in range(100):
        send("any.thing", {"number": number, "text": "x" * 500}, user=user)
    async with asyncio.timeout(10):
        while not seed.congested:
            await asyncio.sleep(0.005)
    await sync_to_async(Note.objects.update)(title="new")
    while not seed.subscriptions[0].is_behind:
        await asyncio.sleep(0.005)
    assert seed.held_bytes < 20_000
    seed._writes_in_flight = 0
    seed._release_after_reply()
    while not server.messages or server.messages[-1].get("data", {}).get("title") != "new":
        await asyncio.sleep(0.005)
    said = [message for message in server.messages if message["event"] == "any.thing"]
    assert [message["data"]["number"] for message in said[:-1]] == [*range(len(said) - 1)]
    assert 2 < len(said) < 8
    assert said[-1]["error"]["code"] == "limit_exceeded"
    await seed.close()
