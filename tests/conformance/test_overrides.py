"""Whatever a project overrides, and whatever of the caller it asks for: nobody is shown what was answered to another.

Each function and attribute of a binding, serializer, field, filterset, filter and permission that an instance has is overridden
by itself, by one whose result depends on user, token, session, headers and language. Callers who differ in one of these read
the same live, over sockets and as event streams; what each is sent must be what it is answered alone. New hooks are found here
by themselves.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import django_filters
import pytest
from asgiref.sync import sync_to_async
from channels.auth import AuthMiddlewareStack
from django.contrib.sessions.backends.db import SessionStore
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.throttling import UserRateThrottle

from channels_binding import bindings
from channels_binding.consumers import AsyncConsumer, Binding
from channels_binding.live.hub import Hub
from channels_binding.live.queries.evaluation import evaluate
from channels_binding.registry import registry
from channels_binding.rest.events import EventStream
from channels_binding.testing import BindingCommunicator, LiveList, session_cookie
from channels_binding.threads import run
from tests.conformance.overriding import CANARY, overrides
from tests.project.zoo.models import Note
from tests.streams import Stream, fleeting_connections

pytestmark = pytest.mark.one_backend("who shares an answer is known before the database is asked")

OURS, DRF = ("channels_binding", "tests"), ("rest_framework",)
MADE_BY_US = {"_actions", "_default_serializer", "_neighbours", "stream", "model"}
READ = {"order": "rank", "filters": {"rank__gte": 0}}
PER_ROUND = 40
"""Streams that are read at once: live reads of one connection have a limit."""


class NoteFilters(django_filters.FilterSet):  # type: ignore[misc]
    rank__gte = django_filters.NumberFilter(field_name="rank", lookup_expr="gte")


class Permission(BasePermission):
    pass


class NotesBinding(Binding):
    """A binding of which nothing asks who calls."""

    page_size = 8
    ordering_fields = ("rank", "id")
    filterset_class = NoteFilters
    authentication_classes = (TokenAuthentication, SessionAuthentication)


def serializer_class(members: dict[str, Any], fields: dict[str, Any] | None = None) -> Any:
    meta = type("Meta", (), {"model": Note, "fields": ("id", "title", "rank")})
    return type("NoteSerializer", (serializers.ModelSerializer,), {"Meta": meta, **(fields or {}), **members})


def of_binding() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in overrides(NotesBinding, OURS):
        if name not in MADE_BY_US:
            yield name, {name: value}


def of_serializer() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in overrides(serializers.ModelSerializer, DRF):
        yield name, {"serializer_class": serializer_class({name: value})}


def of_field() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in overrides(serializers.CharField, DRF):
        field = type("TitleField", (serializers.CharField,), {name: value})
        with suppress(Exception):  # what is needed to make a field depends on no caller
            yield name, {"serializer_class": serializer_class({}, {"title": field()})}


def of_filterset() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in overrides(django_filters.FilterSet, ("django_filters",)):
        yield name, {"filterset_class": type("Filters", (NoteFilters,), {name: value})}


def of_permission() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in overrides(AllowAny, DRF):
        yield name, {"permission_classes": (type("Own", (Permission,), {name: value}),)}


def of_filter() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in overrides(django_filters.NumberFilter, ("django_filters",)):
        own = type("Own", (django_filters.NumberFilter,), {name: value})
        with suppress(Exception):
            made = own(field_name="rank", lookup_expr="gte")
            yield name, {"filterset_class": type("Filters", (NoteFilters,), {"rank__gte": made})}


def of_throttle() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in overrides(UserRateThrottle, DRF):
        yield name, {"throttle_classes": (type("Own", (UserRateThrottle,), {"rate": "100000/min", name: value}),)}


def of_paginator() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in overrides(PageNumberPagination, DRF):
        yield name, {"pagination_class": type("Own", (PageNumberPagination,), {"page_size": 8, name: value})}


KINDS = {
    "binding": of_binding,
    "serializer": of_serializer,
    "field": of_field,
    "filterset": of_filterset,
    "permission": of_permission,
    "filter": of_filter,
    "throttle": of_throttle,
    "paginator": of_paginator,
}
MUST_DEPEND = {
    "binding": {
        *("get_queryset", "reading_queryset", "filter_queryset", "search", "_page", "page_size", "get_page_size"),
        *("ordering_fields", "check_permissions"),
    },
    "serializer": {"to_representation"},
    "field": {"to_representation"},
    "filterset": {"qs", "filter_queryset", "is_valid"},
    "permission": {"has_permission"},
    "filter": {"filter"},
    "throttle": {"allow_request"},
    "paginator": set(),
}
"""Overrides that are known to give callers other answers: where they do not, the test does not try what it says."""


class Defined:
    """Bindings that each override one thing."""

    def __init__(self, kind: str) -> None:
        self.names: dict[str, str] = {}
        for number, (name, members) in enumerate(KINDS[kind]()):
            stream = f"overriding.{kind}{number}"
            stock = {"stream": stream, "model": Note, "serializer_class": serializer_class({})}
            try:
                type("OverridingBinding", (NotesBinding,), {**stock, **members})
            except Exception:  # what is needed to make the class depends on no caller
                continue
            self.names[stream] = name


@pytest.fixture(params=KINDS)
def defined(request: pytest.FixtureRequest) -> Iterator[tuple[str, Defined]]:
    registry._catch_up()
    streams, count = dict(registry._by_stream), len(bindings.defined)
    yield request.param, Defined(request.param)
    registry._by_stream.clear()
    registry._by_stream.update(streams)
    del bindings.defined[count:]
    registry._read = count


def visitor() -> str:
    session = SessionStore()
    session["cart"] = "1"
    session.save()
    return str(session.session_key)


async def callers(user: Any, stranger: Any) -> dict[str, list[tuple[bytes, bytes]]]:
    """Headers of callers of whom each differs from another in one thing."""
    tokens = [await Token.objects.acreate(user=user, key=key) for key in ("wide",)]
    sessions = [await sync_to_async(session_cookie)(each) for each in (user, user, stranger)]
    visitors = [await sync_to_async(visitor)() for _ in range(2)]

    def cookie(key: str, *others: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        return [(b"cookie", f"sessionid={key}".encode()), *others]

    return {
        "ann by a token": [(b"authorization", f"Token {tokens[0].key}".encode())],
        "ann": cookie(sessions[0]),
        "ann in another session": cookie(sessions[1]),
        "ann with another browser": cookie(sessions[0], (b"user-agent", b"other")),
        "ann in German": cookie(sessions[0], (b"accept-language", b"de")),
        "bob": cookie(sessions[2]),
        "a visitor": cookie(visitors[0]),
        "another visitor": cookie(visitors[1]),
    }


class Reader:
    """One caller, on a socket and with event streams."""

    def __init__(self, headers: list[tuple[bytes, bytes]]) -> None:
        self.headers = headers
        self.socket = BindingCommunicator("/ws/", headers=[*headers])
        self.streams: list[Stream] = []

    async def open(self) -> "Reader":
        assert await self.socket.open()
        return self

    async def alone(self, stream: str) -> str:
        return str((await self.socket.call(f"{stream}.search", {**READ, "live": False})).get("data"))

    async def listen(self, stream: str) -> None:
        given = {name.decode(): value.decode() for name, value in self.headers}
        opened = Stream(f"/api/{stream}/?order=rank&rank__gte=0", headers=given)
        await opened.open()
        self.streams.append(opened)

    async def leave(self) -> None:
        for each in self.streams:
            await each.leave()
        self.streams.clear()


@pytest.fixture
async def readers(user: Any, stranger: Any, settings: Any, hub_ended: None) -> AsyncIterator[dict[str, Reader]]:
    settings.CHANNELS_BINDING = {
        "AUTHENTIFICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
        "ANONYMOUS_CONNECTION_ALLOWED": True,
        "MAX_SUBSCRIPTIONS": PER_ROUND,
        "MESSAGES_PER_SECOND": 10_000,
    }
    found = {name: await Reader(headers).open() for name, headers in (await callers(user, stranger)).items()}
    with fleeting_connections():
        yield found
        for each in found.values():
            await each.leave()
            await each.socket.close()


async def test_nobody_is_shown_what_was_answered_to_another(
    defined: tuple[str, Defined], readers: dict[str, Reader]
) -> None:
    kind, made = defined
    for rank in range(8):
        await Note.objects.acreate(title=f"n{rank}", rank=rank)
    depending: set[str] = set()
    streams = [*made.names]
    for start in range(0, len(streams), PER_ROUND):
        depending |= await one_round(streams[start : start + PER_ROUND], made, readers)
    assert MUST_DEPEND[kind] <= depending, "these were seen to give callers other answers"


class TenantConsumer(AsyncConsumer):
    """Says of each user which tenant the handshake names."""

    async def get_user(self) -> Any:
        user = await super().get_user()
        user.tenant = dict(self.scope["headers"])[b"tenant"].decode()
        return user


class TenantNotesBinding(Binding):
    """Rows of the tenant; nothing but what the consumer has set tells the callers apart."""

    stream = "tests.TenantNotes"
    model = Note
    fields = ("id", "title")

    def get_queryset(self) -> Any:
        return Note.objects.filter(title=self.user.tenant)


async def test_what_a_consumer_says_of_a_user_is_one_connections(user: Any, hub_ended: None) -> None:
    application = AuthMiddlewareStack(TenantConsumer.as_asgi())
    key = await sync_to_async(session_cookie)(user)
    for tenant in ("acme", "bolt"):
        await Note.objects.acreate(title=tenant)
    sockets = {}
    for tenant in ("acme", "bolt"):
        headers = [(b"cookie", f"sessionid={key}".encode()), (b"tenant", tenant.encode())]
        sockets[tenant] = BindingCommunicator("/", headers=headers, application=application)
        assert await sockets[tenant].open()
        answer = await sockets[tenant].call(f"{TenantNotesBinding.stream}.search#h")
        assert [row["title"] for row in answer["data"]["rows"]] == [tenant]
    await Note.objects.acreate(title="acme")
    assert (await sockets["acme"].receive())["data"]["count"] == 2
    assert await sockets["bolt"].silent()
    for socket in sockets.values():
        await socket.close()


async def one_round(streams: list[str], made: Defined, readers: dict[str, Reader]) -> set[str]:
    """Read these as everybody; returns the names of the overrides by which two callers were answered otherwise."""
    depending: set[str] = set()
    lists: list[tuple[Reader, LiveList]] = []
    for stream in streams:
        answers = {}
        for who, reader in readers.items():
            answer = await reader.socket.call(f"{stream}.search#h", READ)
            answers[who] = await reader.alone(stream)
            assert str(answer.get("data")) == answers[who], f"{made.names[stream]}: {who}"
            if "error" not in answer:
                lists.append((reader, LiveList(f"{stream}.search#h", READ, answer)))
        if len({*answers.values()}) > 1:
            depending.add(made.names[stream])
    for stream in streams[::4] if len(streams) > 8 else streams:
        for reader in readers.values():
            await reader.listen(stream)
    await every_reader_is_shown_its_own(made, EventStream)  # what sockets were answered has been compared above
    await Note.objects.filter(rank=3).aupdate(title="new")
    for reader, live in lists:
        await reader.socket.assert_live(live)
    await every_reader_is_shown_its_own(made)
    for reader in readers.values():
        for stream in streams:
            await reader.socket.call(f"{stream}.unsubscribe#h")
        await reader.leave()
    return depending


async def every_reader_is_shown_its_own(made: Defined, kind: type = object) -> None:
    """What each connection was sent last is what it would be answered alone, pushes and event streams included."""
    hub = Hub.current()
    async with asyncio.timeout(30):  # who hears by an event stream has yet to be told of the last change
        while not (hub.rounds.is_idle and hub.invalidation.is_at_rest):
            await asyncio.sleep(0.005)
    for subscriber in [each for each in hub.subscribers if isinstance(each, kind)]:
        for subscription in [*subscriber.subscriptions]:
            call = subscription.call.as_user(subscriber.user, subscriber.scope)
            alone = (await run(evaluate, call)).reading
            shown = subscription.group.reading
            assert alone is not None
            assert shown is not None
            assert (shown.version, shown.meta) == (alone.version, alone.meta), made.names[call.stream]
            assert CANARY not in str(shown.meta) or shown.meta == alone.meta
