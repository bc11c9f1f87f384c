"""Who may connect, and how the consumers stand in a URLconf."""

import asyncio
from typing import Any, ClassVar

import pytest
from asgiref.sync import sync_to_async
from channels.sessions import InstanceSessionWrapper
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.utils.functional import SimpleLazyObject

from channels_binding.consumers import AsyncConsumer, Consumer
from channels_binding.live.hub import Hub
from channels_binding.testing import BindingCommunicator
from channels_binding.websocket.consumer import past_sessions
from tests.conftest import Connect
from tests.security.test_authentication.sockets import BOTH, header, in_thread, jwt, token

PATHS = ["/", "/ws/", "/sync/"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("modern", "code"), [(True, 4401), (False, 4403)])
async def test_an_anonymous_connection_is_refused_and_a_client_that_knows_close_codes_is_told_so(
    modern: bool, code: int, path: str, connect: Connect
) -> None:
    socket = BindingCommunicator(path, modern=modern)
    assert not await socket.open()
    assert (socket.close_code, socket.subprotocol) == (code, "cb.1.json" if modern else None)
    assert Hub.current().subscribers == set()


async def test_a_user_that_a_middleware_leaves_to_be_looked_up_is_looked_up_on_a_thread(
    user: Any, connect: Connect
) -> None:
    inner = AsyncConsumer.as_asgi()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        looked_up = SimpleLazyObject(lambda: get_user_model()._default_manager.get(pk=user.pk))
        await inner({**scope, "user": looked_up}, receive, send)

    socket = BindingCommunicator(application=application)
    assert await socket.open()
    assert socket.hello["data"]["user"] == str(user.pk)
    await socket.close()


@pytest.mark.parametrize("path", PATHS)
async def test_an_anonymous_connection_is_accepted_where_the_settings_allow_it(
    path: str, connect: Connect, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}
    socket = await connect(None, path=path)
    assert socket.hello["data"]["user"] is None
    assert (await socket.call("zoo.Note.search"))["data"]["count"] == 0
    refused = await socket.call("zoo.OwnNote.create", {"title": "x"})
    assert "error" in refused


@pytest.mark.parametrize("path", PATHS)
async def test_the_user_of_the_session_is_found(path: str, connect: Connect, user: Any) -> None:
    socket = await connect(user, path=path)
    assert socket.hello["data"]["user"] == str(user.pk)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://[", "file://", "http://testserver.evil"])
async def test_a_page_of_another_site_is_refused(origin: str, connect: Connect, user: Any) -> None:
    socket = BindingCommunicator("/ws/", user=user, headers=[(b"origin", origin.encode()), (b"host", b"testserver")])
    assert not await socket.open()
    assert (socket.close_code, socket.subprotocol) == (4403, None)


async def test_a_page_of_our_own_is_let_in(connect: Connect, user: Any) -> None:
    socket = BindingCommunicator(
        "/ws/", user=user, headers=[(b"origin", b"http://testserver"), (b"host", b"testserver")]
    )
    assert await socket.open()
    await socket.close()


class ByHeader:
    """An authentication class as the settings name it."""

    async def get_user(self, consumer: Any) -> Any:
        name = dict(consumer.scope["headers"]).get(b"x-user", b"").decode()
        return await get_user_model().objects.filter(username=name).afirst() or AnonymousUser()


class PlainByHeader:
    """The same, for synchronous code."""

    def get_user(self, consumer: Any) -> Any:
        name = dict(consumer.scope["headers"]).get(b"x-user", b"").decode()
        return get_user_model().objects.filter(username=name).first()


@pytest.mark.parametrize("name", ["AUTHENTIFICATION_CLASSES", "AUTHENTICATION_CLASSES"])
@pytest.mark.parametrize("cls", ["ByHeader", "PlainByHeader"])
@pytest.mark.parametrize("path", ["/ws/", "/sync/"])
async def test_an_authentication_class_names_the_user(
    path: str, cls: str, name: str, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {name: (f"tests.websocket.test_consumer.{cls}",)}
    socket = BindingCommunicator(path, headers=[(b"x-user", b"ann")])
    assert await socket.open()
    assert socket.hello["data"]["user"] == str(user.pk)
    await socket.close()
    assert not await BindingCommunicator(path, headers=[(b"x-user", b"nobody")]).open()


async def test_an_authentication_class_that_raises_refuses_the_connection_and_the_client_tries_again(
    connect: Connect, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"AUTHENTICATION_CLASSES": ("tests.websocket.test_consumer.Broken",)}
    socket = BindingCommunicator("/ws/")
    assert not await socket.open()
    assert (socket.close_code, socket.subprotocol) == (4403, None)


class Broken:
    async def get_user(self, consumer: Any) -> Any:
        raise RuntimeError("no")


class Counting(AsyncConsumer):
    """Hooks of a project's own."""

    told: ClassVar[list[str]] = []
    greeting = "none"

    async def connected(self) -> None:
        self.told.append(f"connected {self.user.username} {self.greeting}")

    async def disconnected(self) -> None:
        self.told.append("disconnected")


class PlainCounting(Consumer):
    told: ClassVar[list[str]] = []

    def connected(self) -> None:
        self.told.append(f"connected {self.user.username}")

    def disconnected(self) -> None:
        self.told.append("disconnected")


@pytest.mark.parametrize("consumer", [Counting, PlainCounting])
async def test_a_consumer_tells_its_hooks(consumer: Any, connect: Connect, user: Any) -> None:
    consumer.told.clear()
    socket = BindingCommunicator("/", application=_with_user(consumer.as_asgi(), user))
    assert await socket.open()
    await socket.close()
    assert [told.partition(" ")[0] for told in consumer.told] == ["connected", "disconnected"]


def _with_user(application: Any, user: Any) -> Any:
    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        await application({**scope, "user": user}, receive, send)

    return wrapped


async def test_as_asgi_takes_attributes_of_the_class_and_no_others(connect: Connect, user: Any) -> None:
    Counting.told.clear()
    socket = BindingCommunicator("/", application=_with_user(Counting.as_asgi(greeting="hi"), user))
    assert await socket.open()
    await socket.close()
    assert Counting.told[0] == "connected ann hi"
    with pytest.raises(TypeError, match="no attributes"):
        AsyncConsumer.as_asgi(nonsense=1)


async def test_a_closed_socket_leaves_nothing_behind(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.call("zoo.Note.search#h", {})
    await socket.call("zoo.Note.subscribe", {})
    await socket.close()
    hub = Hub.current()
    assert hub.subscribers == set()
    assert hub.stream_groups.by_key == {}
    assert all(not group.subscriptions for group in hub.groups.values())
    assert all(group.idle_since is not None for group in hub.groups.values())


async def test_a_signed_in_user_is_read_with_what_decides_about_it(connect: Connect, user: Any) -> None:
    await connect(user)
    (subscriber,) = Hub.current().subscribers
    assert subscriber.user.username == "ann"
    assert await sync_to_async(lambda: subscriber.user._channels_binding_fingerprint is not None)()


# Tokens


@pytest.mark.parametrize("path", ["/ws/", "/sync/"])
async def test_a_token_is_asked_of_each_class_until_one_knows_it(
    path: str, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = BOTH
    for given in (await in_thread(token)(user), await in_thread(jwt)(user)):
        socket = BindingCommunicator(f"{path}?token={given}")
        assert await socket.open()
        assert socket.hello["data"]["user"] == str(user.pk)
        await socket.close()
    assert not await BindingCommunicator(f"{path}?token=wrong").open()
    assert not await BindingCommunicator(path, headers=header("Token wrong")).open()


async def test_a_socket_that_must_say_who_it_is_tells_its_hook_once_it_has(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = BOTH
    Counting.told.clear()
    socket = BindingCommunicator("/", application=Counting.as_asgi())
    assert await socket.open()
    assert Counting.told == []
    for _ in range(2):
        await socket.send({"event": "cb.auth", "id": 1, "data": {"token": await in_thread(jwt)(user)}})
        while "success" not in (await socket.receive())["data"]:
            pass
    assert Counting.told == ["connected ann none"]
    await socket.close()
    assert Counting.told == ["connected ann none", "disconnected"]


async def test_a_token_that_an_own_class_finds_nobody_by_is_refused(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"AUTHENTICATION_CLASSES": (Nobody,)}
    assert not await BindingCommunicator("/ws/?token=secret", user=user).open()


class Nobody:
    accepts_tokens = True

    async def get_user(self, consumer: Any) -> Any:
        return None


@pytest.mark.parametrize("consumer", [AsyncConsumer, Consumer])
async def test_only_websockets_are_served_and_only_once_they_connect(consumer: Any) -> None:
    async def receive() -> Any:
        return {"type": "websocket.disconnect", "code": 1006}

    sent: list[Any] = []

    async def send(event: Any) -> None:
        sent.append(event)

    with pytest.raises(ValueError, match="route 'http' elsewhere"):
        await consumer.as_asgi()({"type": "http"}, receive, send)
    await consumer.as_asgi()({"type": "websocket"}, receive, send)
    assert sent == []


async def idle(connect: Connect, user: Any) -> tuple[Any, asyncio.Task[Any], BindingCommunicator]:
    """A connection whose client says nothing, the task that a server has given its consumer, and the client."""
    socket = await connect(user)
    (connection,) = Hub.current().subscribers
    connect.opened.clear()  # its task ends in the test
    return connection, socket._socket.future, socket


async def test_a_consumer_ends_with_its_socket_although_the_client_says_nothing(connect: Connect, user: Any) -> None:
    connection, task, _client = await idle(connect, user)
    connection.end(4500, "enough")
    await asyncio.wait_for(task, 1)
    assert task.cancelling() == 0
    assert Hub.current().subscribers == set()


async def test_a_consumer_that_is_cancelled_by_its_server_ends_so(connect: Connect, user: Any) -> None:
    _, task, _client = await idle(connect, user)
    task.cancel()
    await asyncio.wait([task], timeout=1)
    assert task.cancelled()
    assert Hub.current().subscribers == set()


async def test_both_at_once_is_a_cancelled_one(connect: Connect, user: Any) -> None:
    connection, task, _client = await idle(connect, user)
    task.cancel()
    connection.outbox._end()
    await asyncio.wait([task], timeout=1)
    assert task.cancelled()


async def test_an_open_socket_has_the_task_of_its_server_and_no_other(connect: Connect, user: Any) -> None:
    await connect(user)
    before = len(asyncio.all_tasks())
    for _ in range(3):
        await connect(user)
    await asyncio.sleep(0.05)
    assert len(asyncio.all_tasks()) == before + 3


async def _send(event: Any) -> None:
    """Takes a message."""


def test_messages_of_a_socket_go_past_channels_session_middleware_and_past_no_other() -> None:
    class Own(InstanceSessionWrapper):  # type: ignore[misc]
        async def send(self, message: Any) -> None:
            """What a project does with each message."""

    class Saving(InstanceSessionWrapper):  # type: ignore[misc]
        save_message_types: ClassVar = ["websocket.send"]

    scope: dict[str, Any] = {"cookies": {}}
    assert past_sessions(_send) is _send
    assert past_sessions(InstanceSessionWrapper(scope, InstanceSessionWrapper(scope, _send).send).send) is _send
    for kind in (Own, Saving):
        wrapped = kind(scope, _send).send
        assert past_sessions(wrapped) == wrapped
        assert past_sessions(InstanceSessionWrapper(scope, wrapped).send) == wrapped
