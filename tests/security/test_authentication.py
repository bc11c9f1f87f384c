"""Who is behind a socket: every way in, every wrong token, and what becomes of a connection whose owner changes."""

import asyncio
import base64
import json
import logging
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.db import connection as database
from rest_framework.authentication import (
    BaseAuthentication,
    BasicAuthentication,
    SessionAuthentication,
    TokenAuthentication,
)
from rest_framework.authtoken.models import Token
from rest_framework.permissions import BasePermission
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from channels_binding.consumers import AsyncBinding, AsyncConsumer, bind
from channels_binding.live.hub import Hub
from channels_binding.security.authentication import (
    Identity,
    expiry_of,
    redacted,
    takes_tokens,
    token_of,
    without_token,
)
from channels_binding.testing import BindingCommunicator, session_cookie
from tests.conftest import Connect
from tests.project.zoo.models import Note

in_thread = sync_to_async
PATHS = ["/ws/", "/sync/"]
DRF = "rest_framework.authentication"
TOKENS = {"AUTHENTICATION_CLASSES": (f"{DRF}.TokenAuthentication", f"{DRF}.SessionAuthentication")}
JWT = {"AUTHENTICATION_CLASSES": ("rest_framework_simplejwt.authentication.JWTAuthentication",)}
BOTH = {"AUTHENTICATION_CLASSES": (TokenAuthentication, JWTAuthentication)}


class TokenHolder(BasePermission):
    """Knows DRF's ``request.auth``."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return request.auth is not None and request.successful_authenticator is None


class ScopedNoteBinding(AsyncBinding):
    stream = "zoo.ScopedNote"
    model = Note
    fields = ("id", "title")
    permission_classes = (TokenHolder,)


class MineBinding(AsyncBinding):
    """Rows of whoever reads, and events that sign in and out."""

    stream = "zoo.Mine"
    model = Note
    fields = ("id", "title")

    def get_queryset(self) -> Any:
        return Note.objects.filter(owner=self.user).order_by("pk")

    @bind("enter", permission_classes=())
    async def enter(self, data: dict[str, Any]) -> dict[str, Any]:
        await self.login(await get_user_model().objects.aget(username=data["name"]))
        return {"user": self.user.username}

    @bind("leave")
    async def leave(self, data: dict[str, Any]) -> dict[str, Any]:
        await self.logout()
        return {"left": True}

    @bind("shout")
    async def shout(self, data: dict[str, Any]) -> None:
        await self.dispatch("shouted", {"text": data["text"]})


class StaffOnly(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user.is_staff)


class BackstageBinding(AsyncBinding):
    stream = "backstage"
    permission_classes = (StaffOnly,)

    @bind("whisper")
    async def whisper(self, data: dict[str, Any]) -> None:
        await self.dispatch("whispered", {"text": data["text"]})


def token(user: Any) -> str:
    return str(Token.objects.get_or_create(user=user)[0].key)


def jwt(user: Any, seconds: float = 60) -> str:
    made = AccessToken.for_user(user)
    made.set_exp(lifetime=timedelta(seconds=seconds))
    return str(made)


def socket(path: str = "/ws/", **options: Any) -> BindingCommunicator:
    return BindingCommunicator(path, **options)


async def closed(connection: BindingCommunicator, seconds: float = 3) -> int:
    """Wait until the socket is closed; returns the code."""
    while True:
        try:
            await connection.receive(seconds)
        except ConnectionError:
            assert connection.close_code is not None
            return connection.close_code


def header(value: str) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", value.encode())]


# Ways in


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


class ByTicket:
    """An authentication class of the first release's kind that takes tokens."""

    accepts_tokens = True

    async def get_user(self, consumer: Any) -> Any:
        if consumer.token != "ticket-for-ann":
            return None
        consumer.auth = {"ticket": 1, "exp": time.time() + 50}
        return await get_user_model().objects.aget(username="ann")


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


# What is refused


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("way", ["subprotocol", "query"])
async def test_a_wrong_token_is_refused_before_the_socket_is_accepted_even_with_a_good_session(
    way: str, path: str, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = BOTH
    refused = socket(
        f"{path}?token=wrong" if way == "query" else path,
        user=user,
        subprotocols=["bearer.wrong"] if way == "subprotocol" else [],
    )
    assert not await refused.open()
    assert Hub.current().subscribers == set()


def forged(user: Any, head: dict[str, Any], **claims: Any) -> str:
    """A JWT that is signed with nothing."""
    now = int(time.time())
    body = {"user_id": str(user.pk), "token_type": "access", "exp": now + 60, "iat": now, "jti": "x", **claims}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (head, body)]
    return ".".join([*parts, ""])


WRONG_JWTS: dict[str, Any] = {
    "alg none": lambda user: forged(user, {"alg": "none", "typ": "JWT"}),
    "alg None": lambda user: forged(user, {"alg": "None", "typ": "JWT"}),
    "unsigned HS256": lambda user: forged(user, {"alg": "HS256", "typ": "JWT"}),
    "RS256 without a key": lambda user: forged(user, {"alg": "RS256", "typ": "JWT"}),
    "kid path": lambda user: forged(user, {"alg": "HS256", "kid": "../../../../dev/null"}),
    "expired": lambda user: jwt(user, -10),
    "not yet": lambda user: _with(AccessToken.for_user(user), nbf=int(time.time()) + 300),
    "a refresh token": lambda user: str(RefreshToken.for_user(user)),
    "no such user": lambda user: _with(AccessToken.for_user(user), user_id="424242"),
    "cut": lambda user: jwt(user)[:-4],
    "a megabyte": lambda user: "a" * 1_000_000,
    "empty": lambda user: "",
    "two words": lambda user: f"{jwt(user)} x",
    "not ASCII": lambda user: "т" * 40,
    "a newline": lambda user: f"{jwt(user)}\r\nX-Evil: 1",
}


def _with(made: Any, **claims: Any) -> str:
    for name, value in claims.items():
        made[name] = value
    return str(made)


@pytest.mark.parametrize("case", WRONG_JWTS)
async def test_a_wrong_jwt_lets_nobody_in(case: str, connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {**JWT, "MAX_FRAME_BYTES": 2_000_000, "MAX_PENDING_FRAME_BYTES": 2_000_000}
    given = await in_thread(WRONG_JWTS[case])(user)
    waiting = socket()
    assert await waiting.open()
    await waiting.send({"event": "cb.auth", "id": 1, "data": {"token": given}})
    answer = await waiting.receive()
    assert answer["error"]["code"] == "unauthenticated"
    assert await closed(waiting) == 4401
    if given and given.isascii() and given.isprintable() and len(given) < 5000 and " " not in given:
        assert not await socket(f"/ws/?token={given}").open()


@pytest.mark.parametrize("data", [{}, {"token": None}, {"token": 7}, {"token": ["x"]}, {"token": {}}])
async def test_a_message_without_a_token_is_invalid(data: Any, connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = JWT
    waiting = socket()
    assert await waiting.open()
    await waiting.send({"event": "cb.auth", "id": 1, "data": data})
    assert (await waiting.receive())["error"]["code"] == "invalid"
    assert await closed(waiting) == 4401


async def test_a_deactivated_user_s_token_is_refused(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = BOTH
    given = await in_thread(token)(user)
    user.is_active = False
    await user.asave()
    assert not await socket(f"/ws/?token={given}").open()


async def test_an_authenticator_of_ones_own_cannot_let_a_deactivated_user_in(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"AUTHENTICATION_CLASSES": (ByTicket,)}
    user.is_active = False
    await user.asave()
    assert not await socket("/ws/?token=ticket-for-ann").open()


class Broken(BaseAuthentication):
    def authenticate(self, request: Any) -> Any:
        raise RuntimeError(f"no {request.headers.get('Authorization')}")

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"


async def test_an_authenticator_that_fails_refuses_and_its_token_is_not_logged(
    connect: Connect, user: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHANNELS_BINDING = {"AUTHENTICATION_CLASSES": (Broken,)}
    with caplog.at_level(logging.DEBUG):
        assert not await socket("/ws/?token=canary-token").open()
    assert "RuntimeError" in caplog.text
    assert "canary-token" not in caplog.text


# Origin


@pytest.mark.parametrize(
    ("origin", "cookie", "bearer", "is_let_in"),
    [
        (None, False, True, True),
        (None, True, True, True),
        ("http://testserver", True, False, True),
        ("http://testserver", True, True, True),
        ("http://evil.example", True, False, False),
        ("http://evil.example", True, True, False),
        ("http://evil.example", False, True, False),
        ("null", True, True, False),
    ],
)
async def test_a_foreign_origin_is_refused_whatever_it_brings(
    origin: str | None, cookie: bool, bearer: bool, is_let_in: bool, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = BOTH
    given = await in_thread(token)(user)
    headers = [(b"host", b"testserver"), *([(b"origin", origin.encode())] if origin else [])]
    opened = socket(user=user if cookie else None, subprotocols=[f"bearer.{given}"] if bearer else [], headers=headers)
    assert await opened.open() is is_let_in
    if is_let_in:
        await opened.close()


# Before it is known who it is

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


# Another token, another user


async def test_a_second_token_of_another_user_shows_nothing_of_the_first_any_more(
    connect: Connect, user: Any, stranger: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = JWT
    hers = await in_thread(Note.objects.create)(title="hers", owner=user)
    his = await in_thread(Note.objects.create)(title="his", owner=stranger)
    opened = socket(f"/ws/?token={await in_thread(jwt)(user)}")
    assert await opened.open()
    listed = await opened.call("zoo.Mine.search#a", {})
    row = await opened.call("zoo.Mine.retrieve#b", {"id": hers.pk})
    assert [row["title"] for row in listed["data"]["rows"]] == ["hers"]
    assert row["data"]["title"] == "hers"
    await opened.call("cb.auth", {"token": await in_thread(jwt)(stranger)})
    pushes: dict[str, Any] = {}
    while len(pushes) < 2:
        push = await opened.receive()
        pushes[push["event"]] = push
    assert pushes["zoo.Mine.search#a"]["data"]["remove"] == [hers.pk]
    assert [row["title"] for _, row, _ in pushes["zoo.Mine.search#a"]["data"]["put"]] == ["his"]
    assert pushes["zoo.Mine.retrieve#b"]["type"] == "gone"
    await in_thread(Note.objects.filter(pk=hers.pk).update)(title="canary")
    await in_thread(Note.objects.filter(pk=his.pk).update)(title="news")
    push = await opened.receive()
    assert push["data"]["patch"][0][1] == {"title": "news"}
    assert await opened.silent()
    (subscriber,) = Hub.current().subscribers
    assert subscriber.user.pk == stranger.pk
    await opened.close()


async def test_a_renewed_token_of_the_same_user_changes_nothing_that_is_shown(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = JWT
    note = await in_thread(Note.objects.create)(title="x", owner=user)
    opened = socket(f"/ws/?token={await in_thread(jwt)(user, 30)}")
    assert await opened.open()
    await opened.call("zoo.Mine.search#a", {})
    reply = await opened.call("cb.auth", {"token": await in_thread(jwt)(user, 90)})
    assert 80 < reply["data"]["expires_in"] <= 90
    assert await opened.silent()
    await in_thread(Note.objects.filter(pk=note.pk).update)(title="y")
    assert (await opened.receive())["data"]["patch"][0][1] == {"title": "y"}
    await opened.close()


async def test_a_wrong_second_token_changes_nothing(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = JWT
    opened = socket(f"/ws/?token={await in_thread(jwt)(user)}")
    assert await opened.open()
    assert (await opened.call("cb.auth", {"token": "wrong"}))["error"]["code"] == "unauthenticated"
    assert "data" in await opened.call("zoo.Note.search")
    (subscriber,) = Hub.current().subscribers
    assert subscriber.user.pk == user.pk
    await opened.close()


async def test_tokens_cannot_be_guessed_faster_than_messages_may_come(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {**JWT, "MESSAGES_PER_SECOND": 5}
    opened = socket(f"/ws/?token={await in_thread(jwt)(user)}")
    assert await opened.open()
    await opened.send([{"event": "cb.auth", "id": i, "data": {"token": "wrong"}} for i in range(20)])
    codes = [(await opened.receive())["error"]["code"] for _ in range(20)]
    assert codes.count("throttled") >= 10
    await opened.close()


async def test_a_read_under_way_while_somebody_else_signs_in_is_made_as_the_newcomer(
    connect: Connect, user: Any, stranger: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHANNELS_BINDING = JWT
    await in_thread(Note.objects.create)(title="canary", owner=user)
    opened = socket(f"/ws/?token={await in_thread(jwt)(user)}")
    assert await opened.open()
    hub, may_go_on = Hub.current(), asyncio.Event()
    real_open = hub.open

    async def slow_open(call: Any) -> Any:
        group = await real_open(call)
        await may_go_on.wait()
        return group

    monkeypatch.setattr(hub, "open", slow_open)
    await opened.send({"event": "zoo.Mine.search#a", "id": 1, "data": {}})
    await asyncio.sleep(0.1)
    monkeypatch.undo()
    await opened.send({"event": "cb.auth", "id": 2, "data": {"token": await in_thread(jwt)(stranger)}})
    assert (await opened.receive())["id"] == 2
    may_go_on.set()
    answer = await opened.receive()
    assert (answer["id"], answer["data"]["rows"]) == (1, [])
    await opened.close()


async def test_streams_that_the_newcomer_may_not_hear_are_silent(
    connect: Connect, user: Any, stranger: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = JWT
    user.is_staff = True
    await user.asave()
    opened, other = [socket(f"/ws/?token={await in_thread(jwt)(user)}") for _ in range(2)]
    assert await opened.open()
    assert await other.open()
    for each in (opened, other):
        await each.call("backstage.subscribe")
    await other.call("backstage.whisper", {"text": "one"})
    assert (await opened.receive())["data"] == {"text": "one"}
    await opened.call("cb.auth", {"token": await in_thread(jwt)(stranger)})
    await other.call("backstage.whisper", {"text": "canary"})
    assert await opened.silent()
    user.is_staff = False  # the same, by a change of the user
    await user.asave()
    while Hub.current().subscribers and any("backstage" in each.streams for each in Hub.current().subscribers):
        await asyncio.sleep(0.01)
    await opened.close()
    await other.close()


# The end of a token


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


# login and logout


@pytest.mark.parametrize("path", PATHS)
async def test_a_handler_signs_somebody_in_and_the_reads_are_theirs_at_once(
    path: str, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}
    await in_thread(Note.objects.create)(title="hers", owner=user)
    opened = await connect(None, path=path)
    other = await connect(None, path=path)
    assert (await opened.call("zoo.Mine.search#a", {"filters": {}}))["error"]
    assert (await opened.call("zoo.Mine.enter", {"name": "ann"}))["data"] == {"user": "ann"}
    assert (await opened.call("zoo.Mine.search#a", {}))["data"]["count"] == 1
    assert (await other.call("zoo.Mine.search#a", {}))["error"]


async def test_signing_out_answers_then_ends_the_session_and_its_sockets(connect: Connect, user: Any) -> None:
    opened = await connect(user)
    beside = socket(headers=[(b"cookie", f"sessionid={opened.session_key}".encode())])
    elsewhere = await connect(user)
    assert await beside.open()
    assert (await opened.call("zoo.Mine.leave", {}))["data"] == {"left": True}
    assert await closed(opened) == 4401
    assert await closed(beside) == 4401
    assert "data" in await elsewhere.call("zoo.Note.search")
    again = socket(headers=[(b"cookie", f"sessionid={opened.session_key}".encode())])
    assert not await again.open()


async def test_where_anonymous_connections_are_allowed_signing_out_leaves_the_socket_open(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}
    opened = await connect(user)
    await opened.call("zoo.Note.search#h", {})
    assert (await opened.call("zoo.Mine.leave", {}))["data"] == {"left": True}
    (subscriber,) = Hub.current().subscribers
    assert not subscriber.user.is_authenticated
    assert await opened.silent()
    assert "data" in await opened.call("zoo.Note.search")


@pytest.mark.django_db(transaction=True)
def test_over_http_signing_in_sets_the_cookie_and_signing_out_ends_it(user: Any, settings: Any, client: Any) -> None:
    settings.CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}
    entered = client.post("/api/zoo.Mine/enter/", {"name": "ann"}, "application/json")
    assert (entered.json(), "sessionid" in entered.cookies) == ({"user": "ann"}, True)
    assert client.get("/api/zoo.Mine/").status_code == 200
    left = client.post("/api/zoo.Mine/leave/", {}, "application/json")
    assert (left.json(), left.cookies["sessionid"].value) == ({"left": True}, "")
    assert "_auth_user_id" not in client.session


# Words


def test_where_a_token_stands_in_a_handshake() -> None:
    assert token_of({"subprotocols": ["cb.1.json", "bearer.abc"]}) == "abc"
    assert token_of({"query_string": b"a=1&token=a%2Bc"}) == "a+c"
    assert token_of({"query_string": b"", "subprotocols": ["cb.1.json"]}) is None
    assert token_of({"query_string": b"%74oken=abc"}) is None, "what looks for tokens in addresses would not know it"


def test_a_scope_is_shown_without_its_token() -> None:
    shown = without_token(
        {
            "query_string": b"a=1&token=abc&b=2",
            "subprotocols": ["cb.1.json", "bearer.abc"],
            "headers": [(b"sec-websocket-protocol", b"bearer.abc"), (b"authorization", b"Token abc"), (b"host", b"x")],
        }
    )
    assert shown == {"query_string": b"a=1&b=2", "subprotocols": ["cb.1.json"], "headers": [(b"host", b"x")]}


def test_which_classes_take_tokens() -> None:
    found = [takes_tokens(cls) for cls in (TokenAuthentication, JWTAuthentication, BasicAuthentication, ByTicket)]
    assert found == [True] * 4
    assert not takes_tokens(SessionAuthentication)


def test_when_a_token_is_over() -> None:
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    assert expiry_of({"exp": 7}) == 7.0
    assert expiry_of(SimpleNamespace(payload={"exp": 8})) == 8.0
    assert expiry_of(SimpleNamespace(expires=moment)) == moment.timestamp()
    assert expiry_of(SimpleNamespace(expiry=moment)) == moment.timestamp()
    silent: list[Any] = [None, {}, SimpleNamespace(), SimpleNamespace(expires="soon")]
    assert [expiry_of(each) for each in silent] == [None] * 4


def test_an_identity_does_not_show_its_token() -> None:
    identity = Identity(AnonymousUser(), token="canary")
    assert "canary" not in repr(identity)
    assert identity.key is not None
    assert identity.key != Identity(AnonymousUser(), token="other").key
    assert identity.into({"path": "/"})["auth_key"] == identity.key


def test_a_query_token_is_redacted() -> None:
    assert (
        redacted('"WebSocket /ws/?a=1&token=abc.def&b=2" [accepted]') == '"WebSocket /ws/?a=1&token=***&b=2" [accepted]'
    )
    assert (
        redacted("< Sec-WebSocket-Protocol: cb.1.json, bearer.abc.def, x")
        == "< Sec-WebSocket-Protocol: cb.1.json, bearer.***, x"
    )
    assert redacted("< authorization: Token abc") == "< authorization: Token ***"
    assert redacted("token=abc") == "token=abc"
    assert redacted("GET /ws/?%74oken=abc&t%6Fken=d HTTP/1.1") == "GET /ws/?%74oken=***&t%6Fken=*** HTTP/1.1"


async def test_no_token_is_logged_on_any_way_in(
    connect: Connect, user: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHANNELS_BINDING = BOTH
    given = await in_thread(token)(user)
    ways: list[dict[str, Any]] = [
        {"path": f"/ws/?token={given}"},
        {"path": f"/ws/?token={given}x"},
        {"subprotocols": [f"bearer.{given}"]},
        {"subprotocols": [f"bearer.{given}x"]},
        {"headers": header(f"Token {given}")},
        {"headers": header(f"Token {given}x")},
        {},
    ]
    with caplog.at_level(logging.DEBUG):
        for options in ways:
            opened = socket(**options)
            if await opened.open():
                await opened.send({"event": "cb.auth", "id": 1, "data": {"token": given + "x"}})
                await opened.receive()
                await opened.close()
        logging.getLogger("uvicorn.error").info('%s - "WebSocket %s" [accepted]', "1.2.3.4", f"/ws/?token={given}")
    assert "[accepted]" in caplog.text
    assert given not in caplog.text


async def test_the_session_s_own_user_keeps_its_session_key(connect: Connect, user: Any) -> None:
    key = await in_thread(session_cookie)(user)
    opened = socket(headers=[(b"cookie", f"sessionid={key}".encode())])
    assert await opened.open()
    (subscriber,) = Hub.current().subscribers
    assert (subscriber.session_key, subscriber.has_token) == (key, False)
    await opened.close()
