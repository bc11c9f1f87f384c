"""Every way in: a token in the subprotocol, the query string, a header or the first message; a session; an own class."""

import base64
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.test import override_settings
from rest_framework.authentication import BasicAuthentication, SessionAuthentication

from channels_binding.consumers import AsyncConsumer
from channels_binding.live.hub import Hub
from channels_binding.live.users import read_users
from channels_binding.testing import session_cookie
from tests.conftest import Connect
from tests.security.test_authentication.sockets import BOTH, PATHS, ByTicket, header, in_thread, jwt, socket, token


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("way", ["subprotocol", "query", "header", "message"])
@pytest.mark.parametrize("kind", ["drf token", "jwt"])
async def test_a_token_is_taken_wherever_it_comes(
    kind: str, way: str, path: str, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = BOTH
    given = await in_thread(token if kind == "drf token" else jwt)(user)
    keyword = "Token" if kind == "drf token" else "Bearer"
    opened = socket(
        f"{path}?x=1&token={given}" if way == "query" else path,
        subprotocols=[f"bearer.{given}"] if way == "subprotocol" else [],
        headers=header(f"{keyword} {given}") if way == "header" else [],
    )
    assert await opened.open()
    if way == "message":
        assert opened.hello is None
        await opened.send({"event": "cb.auth", "id": 1, "data": {"token": given}})
        opened.hello = await opened.receive()
        reply = await opened.receive()
        assert (reply["id"], reply["data"]["success"], reply["data"]["user"]) == (1, True, str(user.pk))
    assert opened.hello["data"]["user"] == str(user.pk)
    assert (await opened.call("zoo.Note.search"))["data"]["count"] == 0
    await opened.close()


@pytest.mark.parametrize("path", PATHS)
async def test_drf_s_session_authentication_knows_the_session(
    path: str, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"AUTHENTICATION_CLASSES": (SessionAuthentication,)}
    connected = await connect(user, path=path)
    assert connected.hello["data"]["user"] == str(user.pk)
    (subscriber,) = Hub.current().subscribers
    assert subscriber.session_key == connected.session_key
    assert not await socket(path).open()


@pytest.mark.parametrize("classes", [(), (SessionAuthentication,)])
async def test_a_session_that_was_begun_with_a_former_secret_key_is_good_and_stays_as_it_is(
    classes: Any, hub_ended: None, user: Any, settings: Any, transactional_db: None
) -> None:
    """Over HTTP Django gives it another key, which no socket could tell the browser."""
    settings.CHANNELS_BINDING = {"AUTHENTICATION_CLASSES": classes}
    with override_settings(SECRET_KEY="former"):
        key = await in_thread(session_cookie)(user)
    opened = socket("/", headers=cookie(key))
    assert not await opened.open()
    assert await in_thread(stored)(key), "that it is nobody's by this key may be a matter of settings"
    settings.SECRET_KEY_FALLBACKS = ["former"]
    opened = socket("/", headers=cookie(key))
    assert await opened.open()
    assert opened.hello["data"]["user"] == str(user.pk)
    (subscriber,) = Hub.current().subscribers
    assert await in_thread(read_users)([(subscriber.user, subscriber.session_key)]) == [user]
    await opened.close()
    assert await in_thread(stored)(key)


def cookie(key: str) -> list[tuple[bytes, bytes]]:
    return [(b"cookie", f"{django_settings.SESSION_COOKIE_NAME}={key}".encode())]


def stored(key: str) -> bool:
    return Session.objects.filter(pk=key).exists()


async def test_the_chosen_subprotocol_never_holds_the_token(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = BOTH
    given = await in_thread(token)(user)
    opened = socket(subprotocols=[f"bearer.{given}"])
    assert await opened.open()
    assert opened.subprotocol == "cb.1.json"
    await opened.close()
    seed = socket(subprotocols=[f"bearer.{given}"], modern=False)
    assert await seed.open()
    assert seed.subprotocol is None
    await seed.close()


async def test_basic_authentication_works_as_a_header(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"AUTHENTICATION_CLASSES": (BasicAuthentication,)}
    opened = socket(headers=header("Basic " + base64.b64encode(b"ann:ann").decode()))
    assert await opened.open()
    await opened.close()
    assert not await socket(headers=header("Basic " + base64.b64encode(b"ann:wrong").decode()), modern=False).open()


@pytest.mark.parametrize("path", PATHS)
async def test_a_class_with_get_user_may_take_tokens_as_well(
    path: str, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"AUTHENTICATION_CLASSES": (ByTicket,)}
    opened = socket(f"{path}?token=ticket-for-ann")
    assert await opened.open()
    assert 0 < opened.hello["data"]["expires_in"] <= 50
    assert "data" in await opened.call("zoo.ScopedNote.search")
    await opened.close()
    assert not await socket(f"{path}?token=other").open()


async def test_without_a_class_that_takes_tokens_a_query_string_is_left_alone(
    connect: Connect, user: Any, settings: Any
) -> None:
    """A middleware of the project's own may have read it."""
    seen: list[Any] = []

    class Consumer(AsyncConsumer):
        async def connected(self) -> None:
            seen.append((self.scope["query_string"], self.token))

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await Consumer.as_asgi()({**scope, "user": user}, receive, send)

    opened = socket("/?token=x", application=application)
    assert await opened.open()
    assert seen == [(b"token=x", None)]
    await opened.close()
