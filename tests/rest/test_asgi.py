"""Threaded views: one view for both kinds of handler, whose work is done on the package's threads where a loop is running."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextvars import Context
from typing import Any, ClassVar

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings
from django.urls import path
from rest_framework.permissions import AllowAny
from rest_framework.renderers import StaticHTMLRenderer
from rest_framework.response import Response

from channels_binding import threads
from channels_binding.consumers import AsyncBinding, bind
from channels_binding.fair_queue import CALLER
from channels_binding.rest import asgi
from channels_binding.rest.asgi import ThreadedView
from channels_binding.rest.base_view import BindingView
from channels_binding.rest.http import WireRenderer
from channels_binding.rest.views import StreamView
from tests.project.zoo.models import Label, Note
from tests.streams import Stream

SEEN: list[Any] = []


class LoggedRenderer(WireRenderer):
    def render(self, *args: Any, **kwargs: Any) -> bytes:
        SEEN.append(threading.current_thread().name)
        return super().render(*args, **kwargs)


class WhereView(BindingView):
    def get_authenticators(self) -> list[Any]:
        return []

    def get_renderers(self) -> list[Any]:
        return [LoggedRenderer(), StaticHTMLRenderer()]

    def get(self, request: Any) -> Response:
        connection.ensure_connection()
        SEEN.append(threading.current_thread().name)
        return Response({"thread": threading.current_thread().name, "database": id(connection.connection)})

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response("<p>here</p>")


def write_and_fail(request: HttpRequest) -> HttpResponse:
    Label.objects.create(name="written")
    raise ValueError("in the middle")


urlpatterns = [path("where/", WhereView.as_view()), path("fail/", ThreadedView(write_and_fail))]
here = override_settings(ROOT_URLCONF=__name__)


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    threads.shut_down()
    SEEN.clear()
    yield
    threads.shut_down()


async def ask(route: str, **options: Any) -> Any:
    """Over the ASGI handler, as a server would."""
    options.setdefault("headers", {"accept": "application/json"})
    stream = Stream(route, application=ASGIHandler(), **options)
    await stream.open()
    body = b""
    while not stream.is_over:
        body += await stream.chunk()
    await stream.leave()
    return stream.status, body


@pytest.mark.django_db(transaction=True)
@here
async def test_under_asgi_requests_share_the_packages_threads_and_their_database_connections() -> None:
    with override_settings(CHANNELS_BINDING={"THREADS": 1}):
        answers = [await ask("/where/") for _ in range(3)]
    assert {status for status, _ in answers} == {200}
    assert len({body for _, body in answers}) == 1  # Django's own would be three threads with a connection each
    assert b'"channels-binding' in answers[0][1]


@pytest.mark.django_db(transaction=True)
@here
async def test_json_is_made_without_waking_a_thread() -> None:
    await ask("/where/")
    assert SEEN[0].startswith("channels-binding")
    assert SEEN[1] == threading.current_thread().name


@pytest.mark.django_db(transaction=True)
@here
async def test_what_is_no_json_is_rendered_where_it_may_use_the_database() -> None:
    assert (await ask("/where/", method="OPTIONS", headers={"accept": "text/html"}))[1] == b"<p>here</p>"


@pytest.mark.django_db
@here
def test_a_synchronous_client_is_answered_on_its_own_thread_and_in_its_transaction() -> None:
    answer = Client().get("/where/").json()
    assert answer == {"thread": threading.current_thread().name, "database": id(connection.connection)}


@pytest.mark.django_db
@here
def test_an_asynchronous_client_sees_what_the_test_has_not_committed() -> None:
    async def asked() -> Any:
        return (await AsyncClient().get("/where/")).json()

    assert connection.in_atomic_block
    assert async_to_sync(asked)()["database"] == id(connection.connection)


@pytest.mark.django_db(transaction=True)
@here
async def test_a_request_is_one_transaction_where_the_database_says_so() -> None:
    options = connections.settings["default"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(options, "ATOMIC_REQUESTS", True)
        assert (await ask("/fail/"))[0] == 500
        assert not await Label.objects.filter(name="written").aexists()
        patch.setitem(options, "ATOMIC_REQUESTS", False)
        assert (await ask("/fail/"))[0] == 500
        assert await Label.objects.filter(name="written").aexists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("", "text/event-stream"),
        ("", "*/event-stream"),
        ("?format=event-stream", "*/*"),
        ("?format=event%2Dstream", "*/*"),
    ],
)
async def test_opening_a_stream_of_events_holds_no_thread_that_it_waits_for(
    query: str, accept: str, user: Any, hub_ended: None
) -> None:
    with override_settings(CHANNELS_BINDING={"THREADS": 1, "ANONYMOUS_CONNECTION_ALLOWED": True}):
        streams = [Stream(f"/api/zoo.Label/{query}", headers={"accept": accept}) for _ in range(3)]
        statuses = await asyncio.wait_for(asyncio.gather(*(each.open() for each in streams)), 10)
        for each in streams:
            await each.leave()
    assert statuses == [200, 200, 200]
    assert {each.headers["content-type"] for each in streams} == {"text/event-stream"}


def test_it_is_a_coroutine_function_only_where_a_loop_is_running() -> None:
    async def asked() -> bool:
        return iscoroutinefunction(view)

    view = StreamView.as_view()
    assert not iscoroutinefunction(view)
    assert asyncio.run(asked())


def test_it_is_known_by_what_the_view_is_known_by() -> None:
    view: Any = StreamView.as_view()
    assert view.csrf_exempt
    assert (view.cls, view.view_class) == (StreamView, StreamView)
    with pytest.raises(AttributeError, match="nothing"):
        assert view.nothing
    assert view._non_atomic_requests == {*connections}  # it is atomic by itself, since its handlers may want not to be


async def test_threads_work_for_the_token_the_session_or_the_address_that_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    callers: list[object] = []

    async def noting(*args: Any) -> Any:
        callers.append(CALLER.get())
        return await threads.run(*args)

    monkeypatch.setattr(asgi, "run", noting)
    monkeypatch.setattr(asgi, "_is_for_djangos_thread", lambda request: False)
    make, view = RequestFactory(), asgi.ThreadedView(lambda request: HttpResponse())
    signed_in = make.get("/")
    signed_in.COOKIES["sessionid"] = "s"
    for request in (
        make.get("/", headers={"Authorization": "Token t"}),
        signed_in,
        make.get("/", REMOTE_ADDR="1.2.3.4"),
    ):
        await view(request)
    assert callers == [("token", "Token t"), ("session", "s"), ("address", "1.2.3.4")]
    assert CALLER.get() is None


JSON = {"accept": "application/json", "content-type": "application/json"}


for_anybody = override_settings(CHANNELS_BINDING={"ANONYMOUS_CONNECTION_ALLOWED": True})


class Beginner(AsyncBinding):
    """A handler that goes on after its answer."""

    stream = "tests.beginner"
    permission_classes = (AllowAny,)
    tasks: ClassVar[list[asyncio.Task[Any]]] = []

    @bind
    async def begin(self, data: Any) -> dict[str, Any]:
        async def work() -> int:
            await asyncio.sleep(0.05)
            return await Label.objects.acount()

        self.tasks.append(asyncio.get_running_loop().create_task(work(), context=Context()))
        return {"begun": True}


@pytest.mark.usefixtures("transactional_db")
@for_anybody
async def test_what_a_coroutine_handler_begins_over_http_lives_on() -> None:
    status, body = await ask("/api/tests.beginner/begin/", method="POST", content=b"{}", headers=JSON)
    assert (status, body) == (200, b'{"begun":true}')
    assert await Beginner.tasks.pop() == 0


@pytest.mark.usefixtures("transactional_db")
@for_anybody
def test_where_no_loop_outlives_the_request_it_is_refused_with_a_sentence(caplog: pytest.LogCaptureFixture) -> None:
    response = Client().post("/api/tests.beginner/begin/", {}, "application/json")
    assert response.status_code == 500
    assert "serve the project with an ASGI server" in caplog.text
    assert Beginner.tasks.pop().cancelled()


class Orphaner(AsyncBinding):
    """A handler whose transaction is refused when it is to be committed: foreign keys are looked at then."""

    stream = "tests.orphaner"
    permission_classes = (AllowAny,)

    @bind
    def orphan(self, data: Any) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM zoo_note WHERE parent_id IS NULL")
        return {"done": True}


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("served", ["asgi", "wsgi"])
@for_anybody
async def test_what_is_refused_when_it_is_committed_is_answered_in_the_contract_s_words(
    served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await Note.objects.acreate(title="child", parent=await Note.objects.acreate(title="parent"))
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    path = "/api/tests.orphaner/orphan/"
    if served == "asgi":
        status, body = await ask(path, method="POST", content=b"{}", headers=JSON)
    else:
        answer = await sync_to_async(Client().post)(path, {}, "application/json")
        status, body = answer.status_code, answer.content
    assert (status, json.loads(body)["code"]) == (409, "conflict")
    assert await Note.objects.acount() == 2
