"""DRF's permission classes over a call that came by socket."""
# ruff: noqa: E501 (tables are read across)

from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connection
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework import permissions as drf
from rest_framework.throttling import AnonRateThrottle, BaseThrottle, ScopedRateThrottle, UserRateThrottle

from channels_binding.calls import Call
from channels_binding.calls.requests import request_of
from channels_binding.consumers import AsyncBinding, Binding, bind
from channels_binding.dispatch import perform
from channels_binding.exceptions import Forbidden, NotFound, Throttled, Unauthenticated
from channels_binding.security.permissions import are_blind_to_objects, check, check_object, check_throttles, refuse
from tests.conftest import Connect
from tests.project.zoo.models import Note

ANN = User(pk=7, username="ann")
NOBODY = AnonymousUser()
SCOPE = {"type": "websocket", "path": "/ws/", "headers": [(b"x-seen", b"yes"), (b"host", b"testserver")], "query_string": b"a=1", "client": ["1.2.3.4", 5]}  # fmt: skip


def call(user: Any = ANN, scope: Any = SCOPE) -> Call:
    return Call("zoo.Note", "search", {"page": 2}, user, scope=scope)


def test_the_request_of_a_socket_looks_like_one_of_http() -> None:
    request = request_of(call(), "PATCH")
    assert (request.user, request.method, request.data, request.path) == (ANN, "PATCH", {"page": 2}, "/ws/")
    assert request.headers["X-Seen"] == "yes"
    assert request.query_params.dict() == {"page": "2"}
    assert request.META["REMOTE_ADDR"] == "1.2.3.4"
    assert request.session is None
    assert request.build_absolute_uri("/x") == "http://testserver/x"
    assert request.auth is None


def test_a_call_from_code_has_a_request_too() -> None:
    request = request_of(call(scope={}), "GET")
    assert (request.user, request.method) == (ANN, "GET")
    assert request.FILES == {}


def test_drf_s_own_classes_work_with_it() -> None:
    view: Any = type("View", (), {"throttle_scope": None})()
    assert drf.IsAuthenticated().has_permission(request_of(call(), "GET"), view)
    assert not drf.IsAuthenticated().has_permission(request_of(call(NOBODY), "GET"), view)
    assert drf.IsAuthenticatedOrReadOnly().has_permission(request_of(call(NOBODY), "GET"), view)
    assert not drf.IsAuthenticatedOrReadOnly().has_permission(request_of(call(NOBODY), "PATCH"), view)
    assert AnonRateThrottle().get_ident(request_of(call(), "GET")) == "1.2.3.4"


class No(drf.BasePermission):
    message = "Not you."

    def has_permission(self, request: Any, view: Any) -> bool:
        return False

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return bool(obj == "mine")


class NoCoroutine(drf.BasePermission):
    async def has_permission(self, request: Any, view: Any) -> bool:  # type: ignore[override]
        return False

    async def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:  # type: ignore[override]
        return False


def test_all_permissions_have_to_let_the_request_in() -> None:
    request = request_of(call(), "GET")
    check([], request, None)
    check([drf.AllowAny(), drf.IsAuthenticated()], request, None)
    with pytest.raises(Forbidden, match="Not you"):
        check([drf.AllowAny(), No()], request, None)


def test_a_coroutine_that_refuses_refuses() -> None:
    with pytest.raises(Forbidden):
        check([NoCoroutine()], request_of(call(), "GET"), None)


def test_permissions_may_be_composed() -> None:
    either: Any = drf.IsAdminUser | drf.IsAuthenticated
    both: Any = drf.IsAdminUser & drf.IsAuthenticated
    check([either()], request_of(call(), "GET"), None)
    with pytest.raises(Forbidden):
        check([both()], request_of(call(), "GET"), None)


@pytest.mark.parametrize("make", [
    lambda: drf.AllowAny & NoCoroutine, lambda: NoCoroutine & drf.AllowAny, lambda: NoCoroutine | No,
    lambda: ~drf.AllowAny, lambda: ~(NoCoroutine | drf.AllowAny), lambda: (drf.AllowAny & NoCoroutine) | No,
])  # fmt: skip
def test_a_coroutine_in_a_composed_permission_is_awaited(make: Any) -> None:
    with pytest.raises(Forbidden):
        check([make()()], request_of(call(), "GET"), None)


def test_composed_permissions_let_in_whom_they_should() -> None:
    for made in (NoCoroutine | drf.AllowAny, ~NoCoroutine, ~(No & drf.AllowAny), drf.AllowAny & ~NoCoroutine):
        check([made()], request_of(call(), "GET"), None)


def test_a_row_is_judged_by_composed_permissions_as_drf_does() -> None:
    request = request_of(call(), "GET")
    either: Any = No | NoCoroutine
    with pytest.raises(Forbidden):  # No would let at the row, but not in
        check_object([either()], request, None, "mine")
    for made in (drf.AllowAny | NoCoroutine, drf.AllowAny & No, ~NoCoroutine):
        check_object([made()], request, None, "mine")
    for made in (NoCoroutine & drf.AllowAny, drf.AllowAny & NoCoroutine, ~No, NoCoroutine | No):
        with pytest.raises(Forbidden):
            check_object([made()], request, None, "mine")


class Hides(drf.BasePermission):
    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        raise Http404


def test_what_a_permission_raises_is_said_in_the_contract_s_words() -> None:
    with pytest.raises(NotFound):
        check_object([Hides()], request_of(call(), "GET"), None, "mine")


def test_a_row_is_judged_on_its_own() -> None:
    request = request_of(call(), "GET")
    check_object([No()], request, None, "mine")
    with pytest.raises(Forbidden, match="Not you"):
        check_object([No()], request, None, "another's")


def test_nobody_is_told_to_sign_in_and_somebody_that_they_may_not() -> None:
    with pytest.raises(Unauthenticated):
        refuse(NOBODY)
    with pytest.raises(Unauthenticated):
        refuse(None)
    with pytest.raises(Forbidden):
        refuse(ANN)


# Throttles


class Twice(UserRateThrottle):
    scope = "twice"
    rate = "2/min"


class ThriceScoped(ScopedRateThrottle):
    THROTTLE_RATES = {"thrice": "3/min"}


class Coroutine(BaseThrottle):
    async def allow_request(self, request: Any, view: Any) -> bool:  # type: ignore[override]
        return False


class ThrottledNoteBinding(AsyncBinding):
    stream = "zoo.ThrottledNote"
    model = Note
    fields = ("id", "title")
    throttle_classes = (Twice,)

    @bind("shout", throttle_classes=())
    async def shout(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}

    @bind("whisper", throttle_classes=(ThriceScoped,))
    def whisper(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}

    throttle_scope = "thrice"


class DefaultThrottledBinding(Binding):
    stream = "zoo.DefaultThrottled"
    model = Note
    fields = ("id", "title")


@pytest.fixture(autouse=True)
def _no_counts() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def test_every_throttle_counts_and_the_longest_wait_is_told() -> None:
    class Waits(BaseThrottle):
        def __init__(self, seconds: float | None) -> None:
            self.seconds = seconds
            self.asked = 0

        def allow_request(self, request: Any, view: Any) -> bool:
            self.asked += 1
            return False

        def wait(self) -> float | None:
            return self.seconds

    throttles = [Waits(2.5), Waits(None), Waits(7.25)]
    with pytest.raises(Throttled) as refused:
        check_throttles(throttles, request_of(call(), "GET"), None)
    assert refused.value.facts == {"retry_after": 7.25}
    assert [each.asked for each in throttles] == [1, 1, 1]
    with pytest.raises(Throttled) as refused:
        check_throttles([Coroutine()], request_of(call(), "GET"), None)
    assert refused.value.facts == {}


def api(client: Any, path: str, **body: Any) -> Any:
    return client.post(path, body, "application/json") if body else client.get(path)


async def test_both_doors_share_their_counts(connect: Connect, user: Any) -> None:
    socket, client = await connect(user), Client()
    await sync_to_async(client.force_login)(user)
    assert "data" in await socket.call("zoo.ThrottledNote.search")
    assert (await sync_to_async(api)(client, "/api/zoo.ThrottledNote/")).status_code == 200
    refused = await socket.call("zoo.ThrottledNote.create", {"title": "x"})
    assert refused["error"]["code"] == "throttled"
    assert 50 < refused["error"]["retry_after"] <= 60
    by_http = await sync_to_async(api)(client, "/api/zoo.ThrottledNote/")
    assert (by_http.status_code, by_http.json()["code"]) == (429, "throttled")
    assert 50 < int(by_http["Retry-After"]) <= 61
    assert await Note.objects.acount() == 0


async def test_counts_belong_to_a_user_whichever_socket_it_uses(connect: Connect, user: Any, stranger: Any) -> None:
    first, second, other = await connect(user), await connect(user, path="/sync/"), await connect(stranger)
    for socket in (first, second):
        assert "data" in await socket.call("zoo.ThrottledNote.describe")
    assert (await second.call("zoo.ThrottledNote.describe"))["error"]["code"] == "throttled"
    assert "data" in await other.call("zoo.ThrottledNote.describe")


async def test_pushes_and_evaluations_of_a_live_read_are_not_counted(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    assert "data" in await socket.call("zoo.ThrottledNote.search#h", {})
    for number in range(5):
        await Note.objects.acreate(title=f"n{number}")
        assert (await socket.receive())["type"] == "diff"
    user.first_name = "Ann"
    await user.asave()  # read again as a changed user
    await Note.objects.acreate(title="after")
    assert (await socket.receive())["type"] == "diff"
    assert "data" in await socket.call("zoo.ThrottledNote.subscribe", {})
    assert (await socket.call("zoo.ThrottledNote.search#h", {}))["error"]["code"] == "throttled"
    assert "data" in await socket.call("zoo.ThrottledNote.unsubscribe#h", {})


async def test_an_event_s_own_throttles_stand_in_place_of_the_binding_s(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    for _ in range(5):
        assert "data" in await socket.call("zoo.ThrottledNote.shout")
    answers = [await socket.call("zoo.ThrottledNote.whisper") for _ in range(4)]
    assert ["error" in answer for answer in answers] == [False, False, False, True]


async def test_drf_s_own_settings_hold(connect: Connect, user: Any, settings: Any, monkeypatch: Any) -> None:
    settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"]}
    monkeypatch.setattr(UserRateThrottle, "THROTTLE_RATES", {"user": "1/day"})
    socket = await connect(user)
    assert "data" in await socket.call("zoo.DefaultThrottled.search")
    assert (await socket.call("zoo.DefaultThrottled.search"))["error"]["code"] == "throttled"
    assert "data" in await socket.call("zoo.ThrottledNote.search")


def test_code_is_not_throttled(user: Any) -> None:
    for _ in range(5):
        perform(Call("zoo.ThrottledNote", "search", {}, user))


async def test_who_is_refused_is_not_counted(connect: Connect, user: Any, settings: Any) -> None:
    """As in DRF: permissions are asked before throttles."""
    settings.CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}
    socket = await connect(None)
    for _ in range(4):
        assert (await socket.call("zoo.ClosedNote.search"))["error"]["code"] == "unauthenticated"


class Nobody(drf.BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return False


class ClosedNoteBinding(ThrottledNoteBinding):
    stream = "zoo.ClosedNote"
    permission_classes = (Nobody,)


# Django's permissions


class ModelPermittedBinding(AsyncBinding):
    stream = "zoo.ModelPermitted"
    model = Note
    fields = ("id", "title")
    permission_classes = (drf.DjangoModelPermissions,)

    async def get_queryset(self) -> Any:  # DRF's class asks for it, and knows no coroutines
        return Note.objects.all()


class ViewPermissions(drf.DjangoObjectPermissions):
    """As DRF's documentation says it, for whoever wants ``view`` to be asked."""

    perms_map = {**drf.DjangoObjectPermissions.perms_map, "GET": ["%(app_label)s.view_%(model_name)s"]}


class ObjectPermittedBinding(AsyncBinding):
    stream = "zoo.ObjectPermitted"
    model = Note
    fields = ("id", "title")
    permission_classes = (ViewPermissions,)


def grant(user: Any, *names: str) -> None:
    kind = ContentType.objects.get_for_model(Note)
    for name in names:
        user.user_permissions.add(
            Permission.objects.get_or_create(codename=f"{name}_note", content_type=kind, defaults={"name": name})[0]
        )


async def test_django_s_model_permissions_decide(connect: Connect, user: Any) -> None:
    note = await Note.objects.acreate(title="x")
    socket = await connect(user)
    assert "data" in await socket.call("zoo.ModelPermitted.search")
    writes: dict[str, dict[str, Any]] = {
        "create": {"title": "y"},
        "update": {"id": note.pk, "title": "z"},
        "delete": {"id": note.pk},
    }
    for action, data in writes.items():
        assert (await socket.call(f"zoo.ModelPermitted.{action}", data))["error"]["code"] == "forbidden"
    await sync_to_async(grant)(user, "add", "change")
    described = (await socket.call("zoo.ModelPermitted.describe"))["data"]["can"]
    assert described == {"create": True, "update": True, "delete": False}
    answers = {action: await socket.call(f"zoo.ModelPermitted.{action}", data) for action, data in writes.items()}
    assert {action: "error" in answer for action, answer in answers.items()} == {
        "create": False, "update": False, "delete": True,
    }  # fmt: skip


class ByTitle(ModelBackend):
    """Object permissions: whoever holds the model's, holds those of rows that bear the own name."""

    def has_perm(self, user: Any, perm: str, obj: Any = None) -> bool:
        if obj is None:
            return super().has_perm(user, perm)
        return obj.title == user.username and super().has_perm(user, perm)


async def test_django_s_object_permissions_decide(connect: Connect, user: Any, settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = ["tests.security.test_permissions.ByTitle"]
    mine, other = [await Note.objects.acreate(title=title) for title in ("ann", "bob")]
    await sync_to_async(grant)(user, "view", "change")
    socket = await connect(user)
    assert "data" in await socket.call("zoo.ObjectPermitted.update", {"id": mine.pk, "title": "ann"})
    refused = await socket.call("zoo.ObjectPermitted.update", {"id": other.pk, "title": "ann"})
    missing = await socket.call("zoo.ObjectPermitted.update", {"id": 424242, "title": "ann"})
    assert refused["error"] == missing["error"]
    assert refused["error"]["code"] == "not_found"


# Rows that may not be seen


class Secretive(drf.BasePermission):
    """Rows titled ``secret`` are not to be seen, rows titled ``fixed`` not to be written."""

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return obj.title != "secret" and (request.method in drf.SAFE_METHODS or obj.title != "fixed")


class SecretiveNoteBinding(AsyncBinding):
    stream = "zoo.SecretiveNote"
    model = Note
    fields = ("id", "title", "labels")
    permission_classes = (Secretive,)


@pytest.mark.parametrize("is_signed_in", [True, False])
async def test_a_row_that_may_not_be_seen_is_missing_and_one_that_may_not_be_written_forbidden(
    is_signed_in: bool, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}
    secret, fixed = [await Note.objects.acreate(title=title) for title in ("secret", "fixed")]
    socket = await connect(user if is_signed_in else None)
    asked: dict[str, dict[str, Any]] = {
        "retrieve": {"live": False}, "form": {}, "update": {"title": "x"}, "save": {"title": "x"}, "delete": {},
    }  # fmt: skip
    for action, data in asked.items():
        keys = (secret.pk, 424242, fixed.pk)
        answers = [await socket.call(f"zoo.SecretiveNote.{action}", {"id": pk, **data}) for pk in keys]
        assert answers[0]["error"] == answers[1]["error"]
        assert answers[0]["error"]["code"] == "not_found"
        refusal = "forbidden" if is_signed_in else "unauthenticated"
        assert answers[2].get("error", {}).get("code") == (None if action == "retrieve" else refusal)


def test_a_refused_row_costs_as_many_statements_as_a_missing_one(user: Any) -> None:
    secret = Note.objects.create(title="secret")
    counted = []
    for pk in (secret.pk, 424242):
        with CaptureQueriesContext(connection) as statements, pytest.raises(NotFound):
            perform(Call("zoo.SecretiveNote", "retrieve", {"id": pk}, user))
        counted.append(len(statements))
    assert counted == [1, 1]


class LooksAtRows(drf.BasePermission):
    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return True


@pytest.mark.parametrize(
    ("classes", "blind"),
    [
        ([], True),
        ([drf.IsAuthenticated, drf.IsAdminUser], True),
        ([drf.IsAuthenticated & drf.IsAdminUser], True),
        ([drf.IsAuthenticated | drf.IsAdminUser], True),
        ([LooksAtRows], False),
        ([drf.IsAuthenticated, LooksAtRows], False),
        ([drf.IsAuthenticated | LooksAtRows], False),
        ([(drf.IsAuthenticated & LooksAtRows) | drf.AllowAny], False),
        ([~drf.IsAuthenticated], False),  # what says nothing of a row, NOT refuses
    ],
)
def test_only_permissions_that_look_at_no_row_are_blind_to_objects(classes: list[Any], blind: bool) -> None:
    assert are_blind_to_objects([cls() for cls in classes]) is blind
