"""Django's handler on one thread of ours: what it takes, where it runs, and what it hands on."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.signals import request_finished, request_started
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import override_settings

from channels_binding import threads
from channels_binding.asgi import serve_bindings
from tests.asgi_requests import Asked, ask
from tests.project.settings import MIDDLEWARE
from tests.streams import fleeting_connections
from tests.test_asgi.projects import JSON, PROJECTS, SEEN, elsewhere

# What is taken, and what is handed on

TAKEN = [
    Asked(path="/api/zoo.Note/", headers=[JSON]),
    Asked(path="/api/zoo.Note", headers=[(b"accept", b"*/*")]),
    Asked(path="/api/zoo.Note/7/"),
    Asked("POST", "/api/zoo.Note/"),
    Asked("POST", "/api/batch/"),
    Asked("OPTIONS", "/api/zoo.Note/"),
    Asked("BREW", "/api/zoo.Note/"),
    Asked(path="/api/no.Such/", headers=[(b"accept", b"application/json, text/plain, */*")]),
    Asked(path="/site/api/zoo.Note/", members={"root_path": "/site"}),
]
HANDED_ON = [
    Asked(path="/"),
    Asked(path="/memory/"),
    Asked(path="/api/"),
    Asked(path="/api/no.Such"),
    Asked(path="/api/zoo.Note/a/b/c/"),
    Asked(path="/apiary/zoo.Note/"),
    Asked(path="/api/zoo.Note/", headers=[(b"accept", b"text/html,application/xhtml+xml,*/*;q=0.8")]),
    Asked(path="/api/zoo.Note/", headers=[(b"accept", b"text/event-stream")]),
    Asked(path="/api/zoo.Note/", headers=[(b"accept", b"*/*"), (b"accept", b"TEXT/*")]),
    Asked(path="/api/zoo.Note/", query=b"format=event%2Dstream"),
    Asked(path="/site/api/zoo.Note/"),
]


@pytest.mark.parametrize("asked", TAKEN, ids=str)
async def test_what_a_binding_answers_is_taken(asked: Asked, transactional_db: None) -> None:
    assert (await ask(serve_bindings(elsewhere), asked)).status != 299


@pytest.mark.parametrize("asked", HANDED_ON, ids=str)
async def test_everything_else_is_handed_on_untouched(asked: Asked) -> None:
    assert (await ask(serve_bindings(elsewhere), asked)).body == b"elsewhere"


async def test_a_urlconf_that_is_broken_is_left_to_djangos_handler() -> None:
    with override_settings(ROOT_URLCONF="tests.project.no_such_module"):
        assert (await ask(serve_bindings(elsewhere), Asked(path="/api/zoo.Note/"))).body == b"elsewhere"


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
async def test_what_is_no_request_is_handed_on(kind: str) -> None:
    await serve_bindings(elsewhere)({"type": kind, "path": "/api/zoo.Note/"}, None, None)
    assert [kind] == SEEN


# On one thread


class Noting:
    """A middleware that notes where it runs, and on which connection."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        SEEN.append(self._here())
        response = self.get_response(request)
        SEEN.append(self._here())
        return response

    def process_view(self, request: Any, *args: Any) -> None:
        SEEN.append(self._here())

    def _here(self) -> tuple[str, int]:
        connection.ensure_connection()
        return threading.current_thread().name, id(connection.connection)


async def test_all_middleware_and_the_view_run_on_one_thread_which_keeps_its_connection(
    cookies: Any, transactional_db: None
) -> None:
    with override_settings(MIDDLEWARE=[*MIDDLEWARE, f"{__name__}.Noting"], CHANNELS_BINDING={"THREADS": 1}):
        application = serve_bindings(elsewhere)
        for _ in range(3):
            assert (await ask(application, Asked(path="/api/zoo.Note/", headers=[JSON, cookies]))).status == 200
    assert len(SEEN) == 9
    assert len({*SEEN}) == 1
    assert SEEN[0][0].startswith("channels-binding")


@pytest.mark.parametrize("name", ["as it is", "streaming", "refusing"])
async def test_a_connection_that_is_not_to_be_kept_is_closed_at_the_end_of_a_request(
    name: str, cookies: Any, transactional_db: None
) -> None:
    with fleeting_connections(), override_settings(**PROJECTS[name], CHANNELS_BINDING={"THREADS": 1}):
        await threads.run_request(lambda: connection.ensure_connection())
        assert await threads.run_request(lambda: connection.connection) is not None
        await ask(serve_bindings(elsewhere), Asked(path="/api/zoo.Note/", headers=[JSON, cookies]))
        assert await threads.run_request(lambda: connection.connection) is None


@pytest.mark.parametrize("name", ["as it is", "streaming", "refusing"])
async def test_the_signals_of_a_request_are_sent_as_by_djangos_handler(
    name: str, cookies: Any, transactional_db: None
) -> None:
    async def signals(application: Any) -> list[Any]:
        seen: list[Any] = []

        def started(sender: Any, scope: Any, **_: Any) -> None:
            seen.append(("started", sender, scope["path"]))

        def finished(sender: Any, **_: Any) -> None:
            seen.append(("finished", sender))

        request_started.connect(started)
        request_finished.connect(finished)
        try:
            await ask(application, Asked(path="/api/zoo.Note/", headers=[JSON, cookies]))
        finally:
            request_started.disconnect(started)
            request_finished.disconnect(finished)
        return seen

    with override_settings(**PROJECTS[name]):
        expected = await signals(ASGIHandler())
        assert [each[0] for each in expected] == ["started", "finished"]
        assert await signals(serve_bindings(elsewhere)) == expected


async def test_who_leaves_while_sending_is_answered_by_nobody(transactional_db: None) -> None:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(event: Any) -> None:
        SEEN.append(event)

    await serve_bindings(elsewhere)(Asked("POST", "/api/zoo.Note/").scope(), receive, send)
    assert SEEN == []


async def test_a_request_that_is_cancelled_ends_its_work_and_closes_its_response(transactional_db: None) -> None:
    begun, may_end, closed = threading.Event(), threading.Event(), threading.Event()

    class Slow:
        def __init__(self, get_response: Any) -> None:
            self.get_response = get_response

        def __call__(self, request: Any) -> Any:
            begun.set()
            assert may_end.wait(5)
            return self.get_response(request)

    def finished(**_: Any) -> None:
        closed.set()

    globals()["Slow"] = Slow
    request_finished.connect(finished)
    try:
        with override_settings(MIDDLEWARE=[*MIDDLEWARE, f"{__name__}.Slow"]):
            application = serve_bindings(elsewhere)
        task = asyncio.create_task(ask(application, Asked(path="/api/zoo.Note/")))
        await asyncio.to_thread(begun.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        may_end.set()
        assert await asyncio.to_thread(closed.wait, 5)
    finally:
        request_finished.disconnect(finished)
        del globals()["Slow"]


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators:Warning")
async def test_of_responses_that_are_read_while_they_are_sent_each_has_a_thread(transactional_db: None) -> None:
    both, read, closed = threading.Barrier(2, timeout=5), [], []

    class Reading:
        def __init__(self, get_response: Any) -> None:
            self.get_response = get_response

        def __call__(self, request: Any) -> Any:
            return StreamingHttpResponse(self.read())

        def read(self) -> Iterator[bytes]:
            both.wait()
            read.append(threading.get_ident())
            yield b"x"

    def finished(**_: Any) -> None:
        closed.append(threading.get_ident())

    globals()["Reading"] = Reading
    request_finished.connect(finished)
    try:
        with override_settings(MIDDLEWARE=[f"{__name__}.Reading"]):
            application = serve_bindings(elsewhere)
        asked = Asked(path="/api/zoo.Note/")
        answers = await asyncio.gather(ask(application, asked), ask(application, asked))
        assert [each.body for each in answers] == [b"x", b"x"]
        assert len({*read}) == 2
        assert sorted(closed) == sorted(read)  # where its connections are looked after
    finally:
        request_finished.disconnect(finished)
        del globals()["Reading"]
