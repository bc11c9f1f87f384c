"""The corridor: stream, action, permission, answer; on a thread, on the loop, in time."""
# ruff: noqa: E501 (tables are read across)

import asyncio
import sys
from collections.abc import Iterator
from typing import Any, TypedDict

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection, connections, transaction
from django.test import AsyncClient, Client, override_settings
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.throttling import UserRateThrottle

from channels_binding.calls import Call, Reading
from channels_binding.consumers import AsyncBinding, Binding, bind
from channels_binding.dispatch import aperform, perform
from channels_binding.dispatch.perform import find
from channels_binding.exceptions import Forbidden, MethodNotAllowed, NotFound, Timeout, Unauthenticated
from channels_binding.threads import run
from tests.conftest import Connect
from tests.project.zoo.models import Label, Note
from tests.throwaway import throwaway

ANN = User(pk=7, username="ann")
ran: list[str] = []


class No(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return False


@pytest.fixture(autouse=True)
def _streams(hub_ended: None) -> Iterator[None]:
    with throwaway():
        ran.clear()

        class Open(AsyncBinding):
            stream = "test.open"

            @bind
            def plain(self, data: Any) -> Any:
                ran.append("plain")
                return {"got": data}

            @bind
            async def coroutine(self, data: Any) -> Any:
                ran.append("coroutine")
                await asyncio.sleep(data.get("seconds", 0))
                return {"got": data}

            @bind(permission_classes=[No])
            async def closed(self, data: Any) -> Any:
                ran.append("closed")

            def not_bound(self, data: Any) -> Any:
                ran.append("not_bound")

        class Closed(Binding):
            stream = "test.closed"
            permission_classes = (No,)

            @bind
            def plain(self, data: Any) -> Any:
                ran.append("plain")

        yield


def call(stream: str, action: str, user: Any = ANN, **data: Any) -> Call:
    return Call(stream, action, data, user)


@pytest.mark.parametrize("action", ["plain", "coroutine"])
async def test_an_event_is_answered_on_a_thread_or_on_the_loop(action: str) -> None:
    assert await aperform(call("test.open", action, n=1)) == {"got": {"n": 1}}


async def test_an_unknown_stream_is_not_found() -> None:
    with pytest.raises(NotFound):
        await aperform(call("test.nowhere", "plain"))


PRIVATE = ["not_bound", "check_permissions", "get_queryset", "perform", "dispatch", "reflect", "__init__", "__class__", "_dispatch", "call", "user", "Plain", "plain ", "", "search", "create", "delete", "retrieve"]  # fmt: skip


@pytest.mark.parametrize("action", PRIVATE)
async def test_only_what_is_bound_can_be_called(action: str) -> None:
    with pytest.raises(MethodNotAllowed):
        await aperform(call("test.open", action))
    assert ran == []


@pytest.mark.parametrize(("stream", "action"), [("test.open", "closed"), ("test.closed", "plain")])
async def test_a_refused_call_does_not_reach_its_handler(stream: str, action: str) -> None:
    with pytest.raises(Forbidden):
        await aperform(call(stream, action))
    with pytest.raises(Unauthenticated):
        await aperform(call(stream, action, AnonymousUser()))
    assert ran == []


@pytest.mark.parametrize("user", [None, AnonymousUser()])
async def test_nobody_may_do_anything_unless_anonymous_connections_are_allowed(user: Any) -> None:
    for action in ("plain", "coroutine"):
        with pytest.raises(Unauthenticated):
            await aperform(call("test.open", action, user))
    assert ran == []
    with override_settings(CHANNELS_BINDING={"ANONYMOUS_CONNECTION_ALLOWED": True}):
        assert await aperform(call("test.open", "plain", user)) == {"got": {}}


@pytest.fixture
def hopped(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What has been done on a thread."""
    done: list[Any] = []

    async def noted(*args: Any) -> Any:
        done.append(args)
        return await run(*args)

    monkeypatch.setattr(sys.modules[find.__module__], "run", noted)
    return done


class Yes(BasePermission):
    pass


class RateInTheDatabase(UserRateThrottle):
    """Asked for when it is made."""

    rate = None

    def get_rate(self) -> str:
        return f"{Note.objects.count() + 9}/min"


class Said(TypedDict):
    text: str


def _own_permissions(binding: Any) -> Any:
    return []


@pytest.mark.parametrize(
    ("members", "key", "hops"),
    [
        ({}, None, 0),
        ({"permission_classes": (AllowAny,)}, None, 0),
        ({"permission_classes": (Yes,)}, None, 1),
        ({"permission_classes": (AllowAny, Yes)}, None, 1),
        ({"get_permissions": _own_permissions}, None, 1),
        ({"get_permission_classes": classmethod(_own_permissions)}, None, 1),
        ({"check_permissions": _own_permissions}, None, 1),
        ({"throttle_classes": (UserRateThrottle,)}, None, 1),
        ({"get_throttles": _own_permissions}, None, 1),
        ({"get_throttle_classes": classmethod(_own_permissions)}, None, 1),
        ({"check_throttles": _own_permissions}, None, 1),
        ({"throttle_classes": (RateInTheDatabase,)}, None, 1),
        ({"said": Said}, None, 1),
        ({}, "a-key", 2),
    ],
)
async def test_a_coroutine_handler_waits_for_a_thread_only_where_something_may_ask_the_database_before_it(
    members: dict[str, Any],
    key: str | None,
    hops: int,
    hopped: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    transactional_db: None,
) -> None:
    annotation: Any = members.pop("said", Any)

    async def echo(self: Any, data: Any) -> Any:
        return {"got": data["text"]}

    echo.__annotations__["data"] = annotation
    type("Echo", (AsyncBinding,), {"stream": "test.echo", "echo": bind(echo), **members})
    monkeypatch.setattr(UserRateThrottle, "rate", "100/min", raising=False)
    asked = Call("test.echo", "echo", {"text": "hi"}, ANN, transport="websocket", key=key)
    assert await aperform(asked) == {"got": "hi"}
    assert len(hopped) == hops


async def test_over_http_the_user_is_looked_up_on_a_thread(hopped: list[Any]) -> None:
    await aperform(Call("test.open", "coroutine", {}, ANN, transport="http"))
    assert len(hopped) == 1


@override_settings(CHANNELS_BINDING={"CALL_TIMEOUT_SECONDS": 0.05})
async def test_a_call_that_takes_too_long_is_told_so() -> None:
    with pytest.raises(Timeout):
        await aperform(call("test.open", "coroutine", seconds=5))


class Messages:
    def __init__(self) -> None:
        self.heard: list[str] = []

    def admitted(self, stream: str, action: str) -> None:
        self.heard.append(stream)


async def test_who_passes_the_permissions_hears_the_stream_and_who_does_not_does_not() -> None:
    handler_messages: Any = Messages()
    await aperform(Call("test.open", "plain", {}, ANN, handler_messages=handler_messages))
    with pytest.raises(Forbidden):
        await aperform(Call("test.closed", "plain", {}, ANN, handler_messages=handler_messages))
    assert handler_messages.heard == ["test.open"]


def test_the_same_call_is_performed_on_the_thread_at_hand(user: Any) -> None:
    note = Note.objects.create(title="n")
    answer = perform(Call("zoo.Note", "retrieve", {"id": note.pk}, user))
    assert isinstance(answer, Reading)
    assert answer.is_single
    assert answer.rows[0].pk == note.pk


def test_an_instance_serves_one_call() -> None:
    first, second = (find(call("test.open", "plain"))[0] for _ in range(2))
    assert first is not second


@pytest.fixture
def atomic_requests(monkeypatch: pytest.MonkeyPatch, user: Any) -> Any:
    """With ``ATOMIC_REQUESTS``, and a stream whose handlers fail after they have written; gives whoever may ask it."""
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)

    class Failing(AsyncBinding):
        stream = "test.failing"

        @bind
        def plain(self, data: Any) -> Any:
            Label.objects.create(name="plain")
            raise Forbidden()

        @bind
        async def coroutine(self, data: Any) -> Any:
            await Label.objects.acreate(name="coroutine")
            raise Forbidden()

        @bind
        @transaction.non_atomic_requests
        def plain_without(self, data: Any) -> Any:
            Label.objects.create(name="plain_without")
            raise Forbidden()

        @bind
        @transaction.non_atomic_requests
        async def coroutine_without(self, data: Any) -> Any:
            await Label.objects.acreate(name="coroutine_without")
            raise Forbidden()

        @bind
        async def whole(self, data: Any) -> Any:
            await Label.objects.acreate(name="whole")
            ran.append(str(await sync_to_async(lambda: connection.in_atomic_block)()))
            return {"is_there": await Label.objects.filter(name="whole").aexists()}

        @bind(method="GET")
        def read(self, data: Any) -> Any:
            return {"is_atomic": connection.in_atomic_block}

    return user


FAILING = ["plain", "coroutine", "plain_without", "coroutine_without"]
STAYS = ["coroutine_without", "plain_without"]


def names() -> list[str]:
    return sorted(Label.objects.values_list("name", flat=True))


async def test_a_call_by_socket_is_one_transaction_where_requests_are(atomic_requests: Any, connect: Connect) -> None:
    socket = await connect(atomic_requests)
    for action in FAILING:
        assert (await socket.call(f"test.failing.{action}"))["error"]["code"] == "forbidden"
    assert await sync_to_async(names)() == STAYS
    assert (await socket.call("test.failing.whole"))["data"] == {"is_there": True}
    assert ran == ["True"]
    assert (await socket.call("test.failing.read"))["data"] == {"is_atomic": False}


async def test_without_atomic_requests_no_transaction_is_put_around_a_handler(
    atomic_requests: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", False)
    socket = await connect(atomic_requests)
    for action in FAILING:
        await socket.call(f"test.failing.{action}")
    assert await sync_to_async(names)() == sorted(FAILING)


async def test_what_a_handler_writes_in_that_transaction_is_shown_before_its_answer(
    atomic_requests: Any, connect: Connect
) -> None:
    socket = await connect(atomic_requests)
    await socket.call("zoo.Label.search#h")
    await socket.send({"event": "test.failing.whole", "id": 9})
    diff, answer = await socket.receive(), await socket.receive()
    assert (diff["event"], diff["type"], answer["id"]) == ("zoo.Label.search#h", "diff", 9)


def sent(user: Any, path: str, data: Any = None) -> Any:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client.post(path, data or {}, "application/json")


def test_a_handler_that_wants_no_transaction_has_none_over_http_either(atomic_requests: Any) -> None:
    for action in FAILING:
        assert sent(atomic_requests, f"/api/test.failing/{action}/").status_code == 403
    assert names() == STAYS


async def test_it_has_none_under_asgi_either(atomic_requests: Any) -> None:
    client = AsyncClient()
    await client.aforce_login(atomic_requests)
    for action in FAILING:
        answer = await client.post(f"/api/test.failing/{action}/", {}, "application/json")
        assert answer.status_code == 403
    assert await sync_to_async(names)() == STAYS


@pytest.mark.parametrize("is_by_socket", [True, False])
async def test_of_a_batch_that_is_not_atomic_each_operation_is_a_transaction(
    atomic_requests: Any, connect: Connect, is_by_socket: bool
) -> None:
    events = ["test.failing.plain", "test.failing.coroutine", "test.failing.whole"]
    batch = {"ops": [{"event": event, "data": {}} for event in events], "atomic": False}
    if is_by_socket:
        answer = (await (await connect(atomic_requests)).call("cb.batch", batch))["data"]
    else:
        answer = (await sync_to_async(sent)(atomic_requests, "/api/batch/", batch)).json()
    assert ["error" in result for result in answer["results"]] == [True, True, False]
    assert await sync_to_async(names)() == ["whole"]


@pytest.mark.parametrize(("event", "kind"), [("row", "Note"), ("rows", "QuerySet"), ("inside", "Note")])
async def test_a_handler_that_answers_with_rows_is_told_how_to(event: str, kind: str) -> None:
    """Their text was sent, as if it were the row."""

    class Rows(Binding):
        stream = "test.rows"

        @bind
        def row(self, data: Any) -> Any:
            return Note(title="x")

        @bind
        async def rows(self, data: Any) -> Any:
            return Note.objects.all()

        @bind
        def inside(self, data: Any) -> Any:
            return {"number": 1, "found": [{"note": Note(title="x")}]}

    with pytest.raises(TypeError, match=rf"The handler of '{event}' has answered a {kind}, .* self\.perform"):
        await aperform(Call("test.rows", event, {}, ANN, "websocket"))
