"""Who asks decides what is answered: session, tokens of wide and of narrow scope, no one, two visitors; on each transport.

An oracle of a few lines says what each may have. Every row holds a word that occurs nowhere else, so that one byte of a row
that a caller may not see is found wherever it is sent: in answers, in errors, in pushes.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.db import SessionStore
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.permissions import SAFE_METHODS, BasePermission

from channels_binding.consumers import AsyncBinding
from channels_binding.testing import BindingCommunicator, session_cookie
from tests.project.zoo.models import Note
from tests.streams import Stream, fleeting_connections

SCOPES = {"wide": {"read", "write"}, "writes": {"write"}, "reads": {"read"}}
"""Token → what it is for."""
STREAM = "tests.Scoped"
WORDS = ("canary-ann", "canary-bob", "canary-first", "canary-second")
NO_SUCH_VERSION = "000000000000"
CSRF = "c" * 32
FORM = "GET and PATCH"
"""A form shows the row, and is for those who may change it."""


class ByScope(BasePermission):
    """A token lets in to what its scope says, a session to everything, a visitor with a cart to read."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if request.auth is not None:
            scopes = SCOPES[request.auth.key]
        elif request.user.is_authenticated:
            scopes = {"read", "write"}
        else:
            scopes = {"read"} if request.session.get("cart") else set()
        return ("read" if request.method in SAFE_METHODS else "write") in scopes


class ScopedBinding(AsyncBinding):
    """One's own rows; a visitor's are those of the cart in the session."""

    stream = STREAM
    model = Note
    fields = ("id", "title", "rank")
    permission_classes = (ByScope,)
    authentication_classes = (TokenAuthentication, SessionAuthentication)
    group_by = ("title",)

    def get_queryset(self) -> Any:
        if self.user.is_authenticated:
            return Note.objects.filter(owner=self.user)
        return Note.objects.filter(title=self.request.session.get("cart", ""))


@dataclass(frozen=True)
class Caller:
    """A caller, and what the oracle says of it."""

    name: str
    headers: dict[str, str]
    word: str | None
    """In the one row that it may see."""
    scopes: frozenset[str]

    def may(self, method: str) -> bool:
        if method == FORM:
            return self.scopes == {"read", "write"}
        return ("read" if method in SAFE_METHODS else "write") in self.scopes


@pytest.fixture
async def callers(user: Any, stranger: Any, settings: Any, hub_ended: None) -> AsyncIterator[dict[str, Caller]]:
    settings.CHANNELS_BINDING = {
        "AUTHENTIFICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
        "ANONYMOUS_CONNECTION_ALLOWED": True,
    }
    for owner, title in (
        (user, "canary-ann"),
        (stranger, "canary-bob"),
        (None, "canary-first"),
        (None, "canary-second"),
    ):
        await Note.objects.acreate(title=title, owner=owner)
    await sync_to_async(Token.objects.bulk_create)([Token(key="wide", user=user), Token(key="reads", user=stranger)])
    carts = []
    for title in ("canary-first", "canary-second"):
        session = SessionStore()
        session["cart"] = title
        await sync_to_async(session.save)()
        carts.append(f"sessionid={session.session_key}")
    both, read = frozenset({"read", "write"}), frozenset({"read"})
    signed_in = f"sessionid={await sync_to_async(session_cookie)(user)}"
    made = [
        Caller("a session", {"cookie": signed_in}, "canary-ann", both),
        Caller("a token of wide scope", {"authorization": "Token wide"}, "canary-ann", both),
        Caller("a token that may only write", {"authorization": "Token writes"}, "canary-ann", frozenset({"write"})),
        Caller("a token that may only read", {"authorization": "Token reads"}, "canary-bob", read),
        Caller("no one", {}, None, frozenset()),
        Caller("a visitor", {"cookie": carts[0]}, "canary-first", read),
        Caller("another visitor", {"cookie": carts[1]}, "canary-second", read),
    ]
    with fleeting_connections():
        yield {each.name: each for each in made}


NAMES = (
    *("a session", "a token of wide scope", "a token that may only write", "a token that may only read", "no one"),
    *("a visitor", "another visitor"),
)


async def tokens_of(caller: Caller, user: Any) -> None:
    """One user has one Token: the narrow one takes the place of the wide."""
    if caller.headers.get("authorization") == "Token writes":
        await Token.objects.filter(user=user).adelete()
        await Token.objects.acreate(key="writes", user=user)


async def open_socket(caller: Caller) -> BindingCommunicator:
    headers = [(name.encode(), value.encode()) for name, value in caller.headers.items()]
    socket = BindingCommunicator("/ws/", headers=headers)
    assert await socket.open()
    return socket


async def ask(
    caller: Caller, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """One request over HTTP, as a page would send it: status and decoded body."""
    given = {**caller.headers, "accept": "application/json", "content-type": "application/json", **(headers or {})}
    if "cookie" in given:
        given |= {"cookie": f"{given['cookie']}; csrftoken={CSRF}", "x-csrftoken": CSRF}
    content = b"" if body is None else json.dumps(body).encode()
    request = Stream(path, method=method, headers={**given, "content-length": str(len(content))}, content=content)
    status = await request.open()
    return status, await request.body()


async def row_of(caller: Caller) -> int:
    """The key of the row that the caller may see; of no one, somebody's."""
    return int((await Note.objects.aget(title=caller.word or "canary-ann")).pk)


def questions(key: int) -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Action, the method that it is like, its data, and further members of the message."""
    return [
        ("retrieve", "GET", {"id": key}, {}),
        ("search", "GET", {}, {}),
        ("list", "GET", {}, {}),
        ("search", "GET", {"live": False}, {}),
        ("aggregate", "GET", {"by": ["title"]}, {}),
        ("subscribe", "GET", {}, {}),
        ("describe", "GET", {}, {}),
        ("create", "POST", {"title": "new"}, {}),
        ("update", "PATCH", {"id": key, "rank": 5}, {}),
        ("update", "PATCH", {"id": key, "rank": 6}, {"if": NO_SUCH_VERSION}),
        ("form", FORM, {"id": key}, {}),
        ("form", "POST", {"id": key, "submit": {"rank": 7}}, {}),
        ("delete", "DELETE", {"id": key}, {"if": NO_SUCH_VERSION}),
    ]


def judge(caller: Caller, action: str, method: str, members: Any, error: Any, text: str) -> None:
    """What the oracle says of one answer."""
    where = f"{caller.name}: {action} → {text[:300]}"
    foreign = [word for word in WORDS if word != caller.word and word in text]
    assert foreign == [], where
    if not caller.may(method):
        assert error is not None, where
        assert error["code"] == ("unauthenticated" if caller.name in ("no one", *NAMES[5:]) else "forbidden"), where
        assert str(caller.word) not in text, where
    elif members.get("if") == NO_SUCH_VERSION:
        assert error["code"] == "precondition_failed", where
        assert ("current" in error) is caller.may("GET"), where
        assert (str(caller.word) in text) is caller.may("GET"), where
    else:
        assert error is None, where


@pytest.mark.parametrize("name", NAMES)
async def test_on_a_socket_each_is_answered_as_the_oracle_says(
    name: str, callers: dict[str, Caller], user: Any
) -> None:
    caller = callers[name]
    await tokens_of(caller, user)
    socket = await open_socket(caller)
    for action, method, data, members in questions(await row_of(caller)):
        before = [note async for note in Note.objects.order_by("pk").values()]
        answer = await socket.call(f"{STREAM}.{action}", data, **members)
        judge(caller, action, method, members, answer.get("error"), json.dumps(answer))
        if "error" in answer:
            assert [note async for note in Note.objects.order_by("pk").values()] == before
    await socket.close()


@pytest.mark.parametrize("name", NAMES)
async def test_in_a_batch_each_is_answered_as_the_oracle_says(name: str, callers: dict[str, Caller], user: Any) -> None:
    caller = callers[name]
    await tokens_of(caller, user)
    socket = await open_socket(caller)
    for action, method, data, members in questions(await row_of(caller)):
        if members or action in ("subscribe", "describe"):
            continue
        batch = {"ops": [{"event": f"{STREAM}.{action}", "data": data}], "atomic": False}
        for answer in (
            (await socket.call("cb.batch", batch)).get("data"),
            (await ask(caller, "POST", "/api/batch/", batch))[1],
        ):
            error = answer if "results" not in answer else answer["results"][0].get("error")
            judge(caller, action, method, members, error, json.dumps(answer))
    await socket.close()


@pytest.mark.parametrize("name", NAMES)
async def test_over_http_each_is_answered_as_the_oracle_says(name: str, callers: dict[str, Caller], user: Any) -> None:
    caller = callers[name]
    await tokens_of(caller, user)
    key = await row_of(caller)
    row, rows = f"/api/{STREAM}/{key}/", f"/api/{STREAM}/"
    other = {"if-match": f'"{NO_SUCH_VERSION}"'}
    asked: list[tuple[str, str, Any, dict[str, str]]] = [
        ("GET", row, None, {}),
        ("GET", rows, None, {}),
        ("GET", f"{rows}?ids={key}", None, {}),
        ("GET", f"{row}form/", None, {}),
        ("OPTIONS", rows, None, {}),
        ("POST", rows, {"title": "new"}, {}),
        ("POST", f"{rows}search/", {}, {}),
        ("POST", f"{row}form/", {"rank": 7}, {}),
        ("PATCH", row, {"rank": 5}, {}),
        ("PATCH", row, {"rank": 6}, other),
        ("PUT", row, {"title": str(caller.word), "rank": 6}, other),
        ("DELETE", row, None, other),
    ]
    for method, path, body, headers in asked:
        like = "GET" if path.endswith("search/") else FORM if (method, path) == ("GET", f"{row}form/") else method
        status, said = await ask(caller, method, path, body, headers)
        members = {"if": NO_SUCH_VERSION} if headers else {}
        judge(caller, f"{method} {path}", like, members, said if status >= 400 else None, json.dumps(said))


@pytest.mark.parametrize("name", NAMES)
async def test_events_and_pushes_are_what_the_oracle_says(name: str, callers: dict[str, Caller], user: Any) -> None:
    caller = callers[name]
    await tokens_of(caller, user)
    socket, stream = await open_socket(caller), Stream(f"/api/{STREAM}/", headers=caller.headers)
    await socket.call(f"{STREAM}.search#h")
    await socket.call(f"{STREAM}.subscribe")
    is_let_in = await stream.open() == 200
    assert is_let_in is caller.may("GET")
    for word in WORDS:
        await Note.objects.filter(title=word).aupdate(rank=9)
    heard = ""
    while not await socket.silent():
        heard += json.dumps(await socket.receive())
    if is_let_in:
        while f'"{caller.word}"' not in heard or not await stream.silent():
            heard += json.dumps((await stream.event())[1])
        await stream.leave()
    assert [word for word in WORDS if word != caller.word and word in heard] == []
    assert (str(caller.word) in heard) is caller.may("GET")
    await socket.close()
