"""Whatever is asked while one call is answered, the first and the second time, is shown the same request by the same caller."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client, override_settings
from rest_framework import serializers
from rest_framework.authentication import TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.permissions import BasePermission
from rest_framework.throttling import BaseThrottle

from channels_binding.consumers import Binding, bind
from channels_binding.testing import BindingCommunicator
from tests.project.zoo.models import Note
from tests.streams import Stream, fleeting_connections
from tests.throwaway import throwaway

pytestmark = pytest.mark.django_db(transaction=True)

STREAM, OTHER = "test.recorded", "test.other"
asked: list[tuple[str, Any, str, str]] = []
"""What was asked: by whom of us, the caller's facts, method, ``view.action``."""


def note(who: str, request: Any, view: Any) -> None:
    facts = (
        request.user.pk,
        getattr(request.auth, "key", None),
        request.META.get("HTTP_X_TENANT"),
        request.session.session_key,
        json.dumps(request.query_params, sort_keys=True),
    )
    asked.append((who, facts, request.method, view.action))


class Recording(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        note("permission", request, view)
        return True

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        note("object permission", request, view)
        return True


class ReadsNothing(Recording):
    """Refuses objects to writers, so that it is asked whether they may read them."""

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        note("object permission", request, view)
        return bool(request.method == "GET")


class Counting(BaseThrottle):
    def allow_request(self, request: Any, view: Any) -> bool:
        note("throttle", request, view)
        return True


class Shown(serializers.ModelSerializer[Note]):
    class Meta:
        model = Note
        fields = ("id", "title", "rank")

    def to_representation(self, instance: Note) -> Any:
        note("serializer", self.context["request"], self.context["view"])
        return super().to_representation(instance)


@pytest.fixture(autouse=True)
def _streams(transactional_db: None) -> Iterator[None]:
    with throwaway():

        class Recorded(Binding):
            stream, model, serializer_class = STREAM, Note, Shown
            permission_classes, throttle_classes = (Recording,), (Counting,)
            authentication_classes = (TokenAuthentication,)
            filterset_fields, ordering_fields = ("rank",), ("rank",)
            bulk = "independent"
            group_by = ("rank",)

            def get_queryset(self) -> Any:
                note("get_queryset", self.request, self)
                return super().get_queryset()

            def filter_queryset(self, queryset: Any, data: Any) -> Any:
                note("filter_queryset", self.request, self)
                return super().filter_queryset(queryset, data)

            @bind("touch")
            def touch(self, data: Any) -> Any:
                note("handler", self.request, self)
                return {"title": self.get_object(self.key_of(data)).title}

        class Other(Recorded):
            stream, permission_classes = OTHER, (ReadsNothing,)

        yield


@pytest.fixture
def token(user: Any) -> str:
    return str(Token.objects.create(user=user).key)


def headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Token {token}", "X-Tenant": "3"}


READ_AGAIN = ("GET", "retrieve")
"""What a write is answered with is asked of those who may read."""
QUESTIONS: list[tuple[str, Callable[[int], dict[str, Any]], set[tuple[str, str]]]] = [
    ("retrieve", lambda pk: {"id": pk, "live": False}, {("GET", "retrieve")}),
    ("search", lambda pk: {"order": "-rank", "filters": {"rank": 3}, "live": False}, {("GET", "list")}),
    ("list", lambda pk: {"filters": {"rank": 3}, "live": False}, {("GET", "list")}),
    ("aggregate", lambda pk: {"filters": {"rank": 3}, "live": False}, {("GET", "list"), ("GET", "retrieve")}),
    ("create", lambda pk: {"title": "made"}, {("POST", "create"), READ_AGAIN}),
    ("update", lambda pk: {"id": pk, "title": "new"}, {("PATCH", "partial_update"), READ_AGAIN}),
    ("update", lambda pk: {"ids": [pk], "title": "new"}, {("PATCH", "partial_update"), READ_AGAIN}),
    ("replace", lambda pk: {"id": pk, "title": "new"}, {("PUT", "update"), READ_AGAIN}),
    ("save", lambda pk: {"title": "made"}, {("POST", "create"), READ_AGAIN}),
    ("save", lambda pk: {"id": pk, "title": "made"}, {("PATCH", "partial_update"), READ_AGAIN}),
    ("delete", lambda pk: {"id": pk}, {("DELETE", "destroy")}),
    ("form", lambda pk: {}, {("GET", "form"), ("POST", "create")}),
    ("form", lambda pk: {"id": pk}, {("GET", "form"), ("PATCH", "partial_update"), READ_AGAIN}),
    ("form", lambda pk: {"id": pk, "submit": {"title": "x"}}, {("POST", "form"), ("PATCH", "partial_update"), READ_AGAIN}),
    ("describe", lambda pk: {}, {("GET", "metadata"), ("POST", "create"), ("PATCH", "partial_update"), ("DELETE", "destroy")}),
    ("touch", lambda pk: {"id": pk}, {("POST", "touch")}),
]  # fmt: skip


def ask_http(token: str, path: str, data: Any, method: str = "POST", **others: str) -> Any:
    body = b"" if data is None else json.dumps(data)
    return Client().generic(method, f"/api/{path}", body, "application/json", headers={**headers(token), **others})


def by_http(token: str, stream: str, action: str, data: Any) -> None:
    data = {name: value for name, value in data.items() if name != "live"}
    if action == "form":
        path = "form/" if "id" not in data else f"{data['id']}/form/"
        ask_http(token, f"{stream}/{path}", data.get("submit"), "POST" if "submit" in data else "GET")
    else:
        ask_http(token, f"{stream}/{action}/", data)


def by_http_batch(token: str, stream: str, action: str, data: Any) -> None:
    ops = [{"event": f"{stream}.{action}", "data": data}]
    with override_settings(CHANNELS_BINDING=_settings(DEFAULT_AUTHENTICATION_CLASSES=[TokenAuthentication])):
        assert "error" not in ask_http(token, "batch/", {"ops": ops, "atomic": False}).json()["results"][0]


def _settings(**others: Any) -> dict[str, Any]:
    return {"AUTHENTIFICATION_CLASSES": [TokenAuthentication], "IDENTITY_SECONDS": 3600, **others}


async def socket_of(token: str) -> BindingCommunicator:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers(token).items()]
    socket = BindingCommunicator("/ws/", headers=raw)
    assert await socket.open()
    return socket


async def by_socket(token: str, stream: str, action: str, data: Any) -> None:
    socket = await socket_of(token)
    await socket.call(f"{stream}.{action}", data)
    await socket.close()


async def by_socket_batch(token: str, stream: str, action: str, data: Any) -> None:
    socket = await socket_of(token)
    answer = await socket.call("cb.batch", {"ops": [{"event": f"{stream}.{action}", "data": data}]})
    assert "error" not in answer
    await socket.close()


TRANSPORTS: dict[str, Any] = {
    "http": sync_to_async(by_http),
    "http batch": sync_to_async(by_http_batch),
    "socket": by_socket,
    "socket batch": by_socket_batch,
}


@pytest.fixture
def _with_tokens() -> Iterator[None]:
    with override_settings(CHANNELS_BINDING=_settings()):
        yield


@pytest.mark.usefixtures("_with_tokens", "hub_ended")
@pytest.mark.parametrize(("action", "data", "questions"), QUESTIONS)
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_every_question_of_a_call_is_shown_the_same_caller(
    transport: str, action: str, data: Any, questions: set[tuple[str, str]], token: str, user: Any
) -> None:
    row = await Note.objects.acreate(title="x", rank=3)
    asked.clear()
    await TRANSPORTS[transport](token, STREAM, action, data(row.pk))
    assert {facts[:3] for _, facts, _, _ in asked} == {(user.pk, token, "3")}
    assert len({facts for _, facts, _, _ in asked}) == 1
    if "ids" in data(row.pk) and transport.startswith("socket"):
        questions = questions - {READ_AGAIN}  # of several rows a socket is told the keys alone
    assert {(method, name) for _, _, method, name in asked} == questions


@pytest.mark.usefixtures("_with_tokens", "hub_ended")
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_read_shows_the_query_parameters_that_its_url_would_have(transport: str, token: str) -> None:
    asked.clear()
    await TRANSPORTS[transport](
        token, STREAM, "search", {"page": 2, "filters": {"rank": 3}, "order": "-rank", "live": False}
    )
    shown = {facts[4] for _, facts, _, _ in asked}
    assert shown == {'{"order": "-rank", "page": "2", "rank": "3"}'}


@pytest.mark.usefixtures("_with_tokens", "hub_ended")
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_whether_a_refused_writer_may_read_is_asked_of_the_same_caller(transport: str, token: str) -> None:
    row = await Note.objects.acreate(title="x")
    asked.clear()
    with suppress(AssertionError):  # of a batch, which says so
        await TRANSPORTS[transport](token, OTHER, "delete", {"id": row.pk})
    assert len({facts for _, facts, _, _ in asked}) == 1
    assert {(method, name) for _, _, method, name in asked} == {("DELETE", "destroy"), ("GET", "retrieve")}
    assert await Note.objects.filter(pk=row.pk).aexists()


@pytest.mark.usefixtures("_with_tokens", "hub_ended")
@pytest.mark.parametrize("data", [{"order": "-rank"}, {"page": 1, "filters": {"rank": 3}}, {}])
async def test_a_live_read_is_pushed_to_the_caller_that_it_was_opened_by(data: Any, token: str) -> None:
    row = await Note.objects.acreate(title="x", rank=3)
    socket = await socket_of(token)
    asked.clear()
    await socket.send({"event": f"{STREAM}.search#a", "data": data})
    await socket.receive()
    first = {facts for _, facts, _, _ in asked}
    asked.clear()
    await sync_to_async(Note.objects.filter(pk=row.pk).update)(title="new")
    assert (await socket.receive())["type"] == "diff"
    assert {facts for _, facts, _, _ in asked} == first
    assert len(first) == 1
    await socket.close()


@pytest.mark.usefixtures("_with_tokens", "hub_ended")
async def test_a_subscriber_of_a_stream_is_asked_about_as_it_was_when_it_came(token: str) -> None:
    row = await Note.objects.acreate(title="x")
    socket = await socket_of(token)
    asked.clear()
    await socket.call(f"{STREAM}.subscribe", {})
    await sync_to_async(Note.objects.filter(pk=row.pk).update)(title="new")
    await socket.receive()
    assert len({facts for _, facts, _, _ in asked}) == 1
    await socket.close()


@pytest.mark.usefixtures("hub_ended")
async def test_a_stream_of_events_is_read_by_the_caller_that_it_was_opened_by(token: str) -> None:
    row = await Note.objects.acreate(title="x")
    with fleeting_connections():
        given = {name.lower(): value for name, value in headers(token).items()}
        stream = Stream(f"/api/{STREAM}/?order=-rank", headers=given)
        asked.clear()
        assert await stream.open() == 200
        await stream.event()
        await sync_to_async(Note.objects.filter(pk=row.pk).update)(title="new")
        await stream.event()
        await stream.leave()
    assert {facts[1:3] + facts[4:] for _, facts, _, _ in asked} == {(token, "3", '{"order": "-rank"}')}
    assert len({facts for _, facts, _, _ in asked}) == 1


class OnlyRankThree(BasePermission):
    """Reads what is written, as permissions in DRF may."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return view.action not in ("create", "partial_update") or request.data.get("rank") == 3


@pytest.mark.parametrize("path", ["", "form/"])
def test_what_a_form_writes_is_shown_to_permissions_as_what_any_write_does(path: str, token: str) -> None:
    with throwaway():
        named = {"stream": "test.three", "permission_classes": (OnlyRankThree,), "fields": ("id", "title", "rank")}
        type("ScopedBinding", (Scoped,), named)
        made = [ask_http(token, f"test.three/{path}", {"title": "y", "rank": rank}).status_code for rank in (3, 4)]
    assert made in ([201, 403], [200, 403])


class WriteOnly(BasePermission):
    """A token's scope: what the token may do stands in ``request.auth``."""

    methods: tuple[str, ...] = ("POST", "PATCH", "DELETE")

    def has_permission(self, request: Any, view: Any) -> bool:
        return request.auth is None or request.method in self.methods


class CreateOnly(WriteOnly):
    methods = ("POST",)


class Scoped(Binding):
    model = Note
    stream = "test.scoped"
    fields = ("id", "title")
    authentication_classes = (TokenAuthentication,)
    permission_classes = (WriteOnly,)


def test_a_token_that_may_not_read_is_not_shown_the_row_by_a_version_that_does_not_match(token: str) -> None:
    row = Note.objects.create(title="secret")
    with throwaway():
        type("ScopedBinding", (Scoped,), {"stream": "test.write_only"})
        refused = ask_http(token, f"test.write_only/{row.pk}/", {"title": "x"}, "PATCH", **{"If-Match": '"x"'})
    assert refused.status_code == 412
    assert "secret" not in refused.content.decode()


def test_a_token_that_may_only_create_changes_no_row_by_its_form(token: str) -> None:
    row = Note.objects.create(title="mine")
    with throwaway():
        type("ScopedBinding", (Scoped,), {"stream": "test.create_only", "permission_classes": (CreateOnly,)})
        refused = ask_http(token, f"test.create_only/{row.pk}/form/", {"title": "yours"})
        made = ask_http(token, "test.create_only/form/", {"title": "yours"})
    assert (refused.status_code, made.status_code) == (403, 200)
    row.refresh_from_db()
    assert row.title == "mine"
