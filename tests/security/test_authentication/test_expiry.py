"""A connection ends with the token that opened it, and not with another one's or a session beside it."""

import asyncio
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import connection as database
from rest_framework.authtoken.models import Token

from channels_binding.live.hub import Hub
from tests.conftest import Connect
from tests.security.test_authentication.sockets import BOTH, JWT, PATHS, closed, header, in_thread, jwt, socket, token


@pytest.mark.parametrize("path", PATHS)
async def test_a_connection_ends_with_its_token(path: str, connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = JWT
    opened = socket(f"{path}?token={await in_thread(jwt)(user, 2)}")
    assert await opened.open()
    assert opened.hello["data"]["expires_in"] <= 2
    began = asyncio.get_running_loop().time()
    assert await closed(opened) == 4401
    assert asyncio.get_running_loop().time() - began < 2.5


async def test_a_renewed_token_keeps_the_connection_open(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = JWT
    opened = socket(f"/ws/?token={await in_thread(jwt)(user, 2)}")
    assert await opened.open()
    await opened.call("cb.auth", {"token": await in_thread(jwt)(user, 60)})
    assert await opened.silent(2.2)
    assert "data" in await opened.call("zoo.Note.search")
    await opened.close()


async def test_a_revoked_token_ends_its_connections_at_once_and_no_others(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = BOTH
    opened = socket(f"/ws/?token={await in_thread(token)(user)}")
    other = socket(f"/ws/?token={await in_thread(jwt)(user)}")
    assert await opened.open()
    assert await other.open()
    await in_thread(Token.objects.all().delete)()
    assert await closed(opened) == 4401
    assert "data" in await other.call("zoo.Note.search")
    await other.close()


async def test_a_token_revoked_behind_our_back_is_noticed(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {**BOTH, "IDENTITY_SECONDS": 0.5}
    given = await in_thread(token)(user)
    opened = [socket(f"/ws/?token={given}"), socket(headers=header(f"Token {given}"))]
    for each in opened:
        assert await each.open()

    def revoke() -> None:
        from channels_binding.live.capture import recorder

        publishers, recorder._publishers[:] = [*recorder._publishers], []
        try:
            with database.cursor() as cursor:
                cursor.execute("DELETE FROM authtoken_token")
        finally:
            recorder._publishers[:] = publishers

    await in_thread(revoke)()
    for each in opened:
        assert await closed(each) == 4401


async def test_the_periodic_check_leaves_good_tokens_alone(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {**BOTH, "IDENTITY_SECONDS": 0.3}
    given = await in_thread(token)(user)
    opened = [socket(f"/ws/?token={given}"), socket(headers=header(f"Token {given}")), socket()]
    for each in opened:
        assert await each.open()
    await opened[2].send({"event": "cb.auth", "id": 1, "data": {"token": given}})
    await asyncio.sleep(2.2)
    for each in opened:
        assert "data" in await each.call("zoo.ScopedNote.search")
        await each.close()


async def test_a_token_is_not_mistaken_for_the_session_beside_it(
    connect: Connect, user: Any, stranger: Any, settings: Any
) -> None:
    """Ann's token and Bob's cookie: the connection is Ann's, and Bob's signing out is none of its business."""
    settings.CHANNELS_BINDING = {**BOTH, "IDENTITY_SECONDS": 0.3}
    opened = socket(f"/ws/?token={await in_thread(token)(user)}", user=stranger)
    assert await opened.open()
    assert opened.hello["data"]["user"] == str(user.pk)
    await asyncio.sleep(2.2)
    assert "data" in await opened.call("zoo.Note.search")
    await opened.close()


class AnnByHeader:
    """An authentication class of the first release's kind, beside a session."""

    def get_user(self, consumer: Any) -> Any:
        return get_user_model().objects.get(username="ann") if (b"x-ann", b"1") in consumer.scope["headers"] else None


async def test_nor_is_a_user_whom_a_class_has_found(connect: Connect, user: Any, stranger: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"AUTHENTICATION_CLASSES": (AnnByHeader,), "IDENTITY_SECONDS": 0.3}
    opened = socket(user=stranger, headers=[(b"x-ann", b"1")])
    assert await opened.open()
    assert opened.hello["data"]["user"] == str(user.pk)
    await asyncio.sleep(2.2)
    assert "data" in await opened.call("zoo.Note.search")
    await opened.close()


async def test_the_end_of_ones_own_session_does_not_end_a_connection_by_token(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = BOTH
    opened = socket(f"/ws/?token={await in_thread(token)(user)}", user=user)
    assert await opened.open()
    await in_thread(Session.objects.all().delete)()
    assert await opened.silent(0.5)
    assert "data" in await opened.call("zoo.Note.search")
    await opened.close()


async def test_request_auth_is_what_drf_s_permissions_know_and_tokens_do_not_share_readings(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = BOTH
    given = [await in_thread(token)(user), await in_thread(jwt)(user)]
    opened = [socket(f"/ws/?token={each}") for each in given]
    for each in opened:
        assert await each.open()
        assert "data" in await each.call("zoo.ScopedNote.search")
    assert len(Hub.current().groups) == 2
    by_session = socket(user=user)
    assert await by_session.open()
    assert (await by_session.call("zoo.ScopedNote.search"))["error"]["code"] == "forbidden"
    for one in (*opened, by_session):
        await one.close()
