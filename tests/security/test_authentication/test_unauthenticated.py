"""A socket that has not yet said who it is: nothing is answered, and it is closed after a while."""

from typing import Any

from rest_framework.authentication import SessionAuthentication

from channels_binding.consumers import AsyncConsumer
from channels_binding.live.hub import Hub
from tests.conftest import Connect
from tests.project.zoo.models import Note
from tests.security.test_authentication.sockets import JWT, closed, in_thread, jwt, socket

BEFORE = [
    "zoo.Note.search", "zoo.Note.list", "zoo.Note.retrieve", "zoo.Note.form", "zoo.Note.create", "zoo.Note.update",
    "zoo.Note.save", "zoo.Note.delete", "zoo.Note.describe", "zoo.Note.subscribe", "zoo.Note.unsubscribe", "zoo.Mine.enter",
    "zoo.Note.burst", "custom_stream.custom_event", "no.Such.search", "cb.batch", "cb.ping", "cb.hello", "cb.nothing",
]  # fmt: skip


async def test_nothing_is_answered_before_it_is_known_who_it_is(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {**JWT, "MAX_REFUSALS": 1000}
    await in_thread(Note.objects.create)(title="canary", pk=9000)
    waiting = socket()
    assert await waiting.open()
    for event in BEFORE:
        data = {"id": 9000, "name": "ann", "title": "x", "sender": "x", "ops": []}
        await waiting.send([{"event": event, "id": 1, "data": data}, {"event": event, "data": {}}])
        for _ in range(2):
            answer = await waiting.receive()
            assert (answer["event"], answer["error"]["code"]) == (event, "unauthenticated")
    assert Hub.current().subscribers == set()
    assert Hub.current().groups == {}
    await in_thread(Note.objects.create)(title="canary")
    assert await waiting.silent()
    await waiting.close()


async def test_what_follows_in_the_frame_of_the_token_is_answered(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = JWT
    waiting = socket()
    assert await waiting.open()
    auth = {"event": "cb.auth", "id": 1, "data": {"token": await in_thread(jwt)(user)}}
    await waiting.send([auth, {"event": "zoo.Note.search", "id": 2, "data": {}}])
    assert [(await waiting.receive()).get("event") for _ in range(3)] == ["cb.hello", "cb.auth", "zoo.Note.search"]
    await waiting.close()


async def test_a_socket_that_does_not_say_who_it_is_is_closed(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {**JWT, "AUTHENTICATION_SECONDS": 0.2}
    waiting, known = socket(), socket(f"/ws/?token={await in_thread(jwt)(user)}")
    assert await waiting.open()
    assert await known.open()
    assert await closed(waiting) == 4401
    assert "data" in await known.call("zoo.Note.search")
    await known.close()


async def test_only_a_client_that_can_say_it_is_let_in_to_say_it(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = JWT
    assert not await socket(modern=False).open()
    settings.CHANNELS_BINDING = {}
    assert not await socket().open()
    settings.CHANNELS_BINDING = {"AUTHENTICATION_CLASSES": (SessionAuthentication,)}
    assert not await socket().open()


async def test_an_anonymous_connection_may_say_later_who_it_is(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {**JWT, "ANONYMOUS_CONNECTION_ALLOWED": True}
    opened = socket()
    assert await opened.open()
    assert opened.hello["data"]["user"] is None
    reply = await opened.call("cb.auth", {"token": await in_thread(jwt)(user)})
    assert reply["data"]["user"] == str(user.pk)
    await opened.close()


async def test_the_hooks_of_a_consumer_are_told_once_it_is_known_who_it_is(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = JWT
    told: list[str] = []

    class Consumer(AsyncConsumer):
        async def connected(self) -> None:
            told.append(f"connected {self.user.username} {self.scope['user'].username}")

        async def disconnected(self) -> None:
            told.append("disconnected")

    never = socket(application=Consumer.as_asgi())
    assert await never.open()
    await never.close()
    assert told == []
    opened = socket(application=Consumer.as_asgi())
    assert await opened.open()
    for _ in range(2):
        await opened.call("cb.auth", {"token": await in_thread(jwt)(user)})
    await opened.close()
    assert told == ["connected ann ann", "disconnected"]
