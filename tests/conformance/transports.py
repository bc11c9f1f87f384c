"""The transports, each as one question: an event with its data, asked by a user → status, and the bytes that answer."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote, urlencode

import orjson
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import connection
from django.test import Client

from channels_binding.asgi import serve_bindings
from channels_binding.testing import BindingCommunicator, session_cookie
from tests.asgi_requests import Asked, ask
from tests.streams import Stream, fleeting_connections

READS = ("retrieve", "search", "list", "aggregate")
ASKED_ON_BOTH = ("async consumer", "http", "rest")
IS_EVERY_ONE_ASKED = connection.vendor == "sqlite" or "EVERY_TRANSPORT" in os.environ


@dataclass(frozen=True)
class Question:
    """What is asked: ``Question("search", {"page": 2})``, or a text that is no message."""

    action: str
    data: dict[str, Any] = field(default_factory=dict)
    stream: str | None = None
    """In place of the stream under test."""
    if_version: str | None = None
    raw: bytes | None = None
    """Bytes in place of the data."""

    def event(self, stream: str) -> str:
        return f"{self.stream or stream}.{self.action}"


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    """``data`` or ``error``, as sent."""
    headers: dict[str, str] = field(default_factory=dict)
    """Of HTTP, by their names in small letters."""

    @property
    def value(self) -> Any:
        return orjson.loads(self.body)


class DoesNotApply(Exception):
    """This transport cannot be asked this; its text says why."""


class Socket:
    """A WebSocket on one of the consumers."""

    def __init__(self, name: str, path: str) -> None:
        self.name, self.path = name, path

    def check(self, question: Question) -> None:
        """A socket can be asked anything."""

    async def ask(self, question: Question, stream: str, user: Any) -> Answer:
        socket = BindingCommunicator(self.path, user=user)
        assert await socket.open()
        try:
            await socket.send(self._text(question, stream))
            return await self._answer(socket)
        finally:
            await socket.close()

    def _text(self, question: Question, stream: str) -> str:
        data = question.data if question.action not in READS else {**question.data, "live": False}
        message = {"event": question.event(stream), "id": 1, "data": data}
        if question.if_version is not None:
            message["if"] = question.if_version
        text = orjson.dumps(message)
        return (text if question.raw is None else text.replace(orjson.dumps(data), question.raw)).decode()

    async def _answer(self, socket: BindingCommunicator) -> Answer:
        while True:
            text = await socket._receive_text(5)
            message = orjson.loads(text)
            if isinstance(message, dict) and (message.get("id") == 1 or message["event"] == "cb.error"):
                return _taken_out(text.encode(), message)


def _taken_out(text: bytes, message: dict[str, Any]) -> Answer:
    """``data`` or ``error`` of a message, and that it stands in the text as it is."""
    name = "error" if "error" in message else "data"
    body = orjson.dumps(message[name])
    assert b'"%s":' % name.encode() + body in text
    return Answer(message[name]["status"] if name == "error" else 200, body)


class Http:
    """``POST /api/<stream>/<action>/`` with the data as body: whatever the action."""

    name = "http"

    def check(self, question: Question) -> None:
        """Raise DoesNotApply if it cannot be asked this."""
        self.route(question)

    def route(self, question: Question) -> tuple[str, str, Any]:
        """Method, path below the stream, and body."""
        if question.action == "form":
            raise DoesNotApply("POST to form/ submits, and its body is what is submitted")
        return "POST", f"{question.action}/", question.data

    async def ask(self, question: Question, stream: str, user: Any) -> Answer:
        method, path, body = self.route(question)
        answer = await self._asked(method, f"/api/{question.stream or stream}/{path}", body, question, user)
        return replace(answer, status=200 if answer.status == 201 else answer.status)

    async def _asked(self, *asked: Any) -> Answer:
        return await sync_to_async(self._send)(*asked)

    def _send(self, method: str, path: str, body: Any, question: Question, user: Any) -> Answer:
        client = Client()
        if user is not None:
            client.force_login(user)
        headers = {} if question.if_version is None else {"If-Match": f'"{question.if_version}"'}
        content = orjson.dumps(body) if question.raw is None else question.raw
        response = client.generic(method, path, content, "application/json", headers=headers)
        return Answer(response.status_code, response.content, {name.lower(): value for name, value in response.items()})


class Rest(Http):
    """The routes of a REST API: ``GET /api/<stream>/?page=2``."""

    name = "rest"

    def route(self, question: Question) -> tuple[str, str, Any]:
        made: Callable[[Question], tuple[str, str, Any]] | None = getattr(self, f"_{question.action}", None)
        if made is None:
            raise DoesNotApply("the action has no route of its own; 'http' asks it by its name")
        return made(question)

    def _search(self, question: Question) -> tuple[str, str, Any]:
        return "GET", _query(question.data), {}

    def _aggregate(self, question: Question) -> tuple[str, str, Any]:
        if "exclude" in question.data:
            raise DoesNotApply("in a query string it is a filter")
        return "GET", f"aggregate/{_query(question.data, LISTS)}", {}

    def _retrieve(self, question: Question) -> tuple[str, str, Any]:
        key, rest = _key(question.data)
        return "GET", f"{key}/{_query(rest)}", {}

    def _create(self, question: Question) -> tuple[str, str, Any]:
        return "POST", "", question.data

    def _update(self, question: Question) -> tuple[str, str, Any]:
        key, rest = _key(question.data)
        return "PATCH", f"{key}/", rest

    def _replace(self, question: Question) -> tuple[str, str, Any]:
        key, rest = _key(question.data)
        return "PUT", f"{key}/", rest

    def _delete(self, question: Question) -> tuple[str, str, Any]:
        key, rest = _key(question.data)
        if rest:
            raise DoesNotApply("DELETE has no data but the id in its path")
        return "DELETE", f"{key}/", {}

    def _describe(self, question: Question) -> tuple[str, str, Any]:
        return "OPTIONS", "", {}

    def _form(self, question: Question) -> tuple[str, str, Any]:
        data = dict(question.data)
        where = f"{data.pop('id')}/form/" if "id" in data else "form/"
        if "submit" not in data:
            return "GET", where, {}
        if not isinstance(data["submit"], dict):
            raise DoesNotApply("the body is what is submitted")
        return "POST", where, data["submit"]


CSRF_TOKEN = "t" * 32


class InFront(Http):
    """What another form of HTTP asks, of ``serve_bindings`` in front of Django's handler."""

    def __init__(self, like: Http) -> None:
        self.name, self.like = f"{like.name} in front", like

    def route(self, question: Question) -> tuple[str, str, Any]:
        return self.like.route(question)

    async def _asked(self, method: str, path: str, body: Any, question: Question, user: Any) -> Answer:
        route, _, query = path.partition("?")
        content = orjson.dumps(body) if question.raw is None else question.raw
        headers = {"content-type": "application/json", "content-length": str(len(content))}
        if user is not None:
            session = await sync_to_async(session_cookie)(user)
            headers |= {"cookie": f"sessionid={session}; csrftoken={CSRF_TOKEN}", "x-csrftoken": CSRF_TOKEN}
        if question.if_version is not None:
            headers["if-match"] = f'"{question.if_version}"'
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        asked = Asked(method, unquote(route), query.encode(), raw, [content])
        answered = await ask(serve_bindings(ASGIHandler()), asked)
        return Answer(answered.status, answered.body, dict(answered.headers))


class Events:
    """The first message of server-sent events."""

    name = "sse"

    def check(self, question: Question) -> None:
        """Raise DoesNotApply if it cannot be asked this."""
        self.path(question)

    def path(self, question: Question) -> str:
        if question.action not in ("search", "retrieve", "aggregate"):
            raise DoesNotApply("events are for search, retrieve and aggregate")
        return Rest().route(question)[1]

    async def ask(self, question: Question, stream: str, user: Any) -> Answer:
        path = self.path(question)
        cookie = {} if user is None else {"cookie": f"sessionid={await sync_to_async(session_cookie)(user)}"}
        asked = Stream(f"/api/{question.stream or stream}/{path}", headers=cookie)
        with fleeting_connections():
            return await self._first(asked)

    async def _first(self, asked: Stream) -> Answer:
        try:
            if await asked.open() != 200:
                return Answer(asked.status, orjson.dumps(await asked.body()))
            text = await asked.chunk()
            line = next(line for line in text.split(b"\n") if line.startswith(b"data: ")).removeprefix(b"data: ")
            return _taken_out(line, orjson.loads(line))
        finally:
            await asked.leave()


NAMES = ("page", "limit", "count", "after", "before", "until", "order", "query", "fields", "labels", "expand")
LISTS = ("measures", "by")


def _query(data: dict[str, Any], lists: tuple[str, ...] = ()) -> str:
    """``{"page": 2, "filters": {"rank__in": [1, 2]}}`` → ``?page=2&rank__in=1,2``."""
    unknown = set(data) - {*NAMES, *lists, "filters"}
    if unknown:
        raise DoesNotApply("every other name of a query string is a filter")
    plain = {
        name: _text(value, is_list=name in ("fields", "expand", *lists), is_bool=name in ("labels", "count"))
        for name, value in data.items()
        if name != "filters"
    }
    filters = data.get("filters", {})
    if not isinstance(filters, dict):
        raise DoesNotApply(TEXT_ONLY)
    plain |= {name: _text(value, is_list=True, is_bool=True) for name, value in filters.items()}
    return f"?{urlencode(plain)}" if plain else ""


TEXT_ONLY = "a query string holds text only"


def _text(value: Any, *, is_list: bool, is_bool: bool) -> str:
    if isinstance(value, bool):
        if not is_bool:
            raise DoesNotApply(TEXT_ONLY)
        return str(value).lower()
    if isinstance(value, list) and is_list:
        return ",".join(map(str, value))
    if not isinstance(value, int | str):
        raise DoesNotApply(TEXT_ONLY)
    return str(value)


def _key(data: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    if not isinstance(data.get("id"), int | str) or isinstance(data["id"], bool):
        raise DoesNotApply("the path holds the id")
    return data["id"], {name: value for name, value in data.items() if name != "id"}


def asked_here(*transports: Any) -> tuple[Any, ...]:
    """All of them; of PostgreSQL only those that get at the database in different ways: ``make soak`` asks it by all."""
    return tuple(each for each in transports if IS_EVERY_ONE_ASKED or each.name in ASKED_ON_BOTH)


TRANSPORTS = asked_here(
    Socket("async consumer", "/ws/"),
    Socket("sync consumer", "/sync/"),
    Http(),
    Rest(),
    InFront(Http()),
    InFront(Rest()),
    Events(),
)
