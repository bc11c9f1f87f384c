"""For the tests of projects that use the package: calls of a user, and a socket that speaks the protocol, without a server.

Both work in Django's ``TestCase`` as well as in ``TransactionTestCase``; docs/howto/test-your-bindings.md shows how.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.db import connections
from django.utils.module_loading import import_string

from channels_binding import threads
from channels_binding.calls.call import Call, Reading
from channels_binding.dispatch.perform import perform
from channels_binding.exception_handler import as_error
from channels_binding.exceptions import Internal
from channels_binding.live.capture import recorder
from channels_binding.live.hub import Hub
from channels_binding.protocol import codecs
from channels_binding.protocol.messages import SUBPROTOCOL, split_event
from channels_binding.threads import run

SECONDS = 5.0
"""How long a message is waited for."""


def session_cookie(user: Any) -> str:
    """Sign ``user`` in with a new session; returns its key."""
    store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")()
    store[SESSION_KEY] = str(user._meta.pk.value_to_string(user))
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return str(store.session_key)


@dataclass(frozen=True)
class Message:
    """What a handler has sent: ``Message("dispatch", "app.Order.closed", {"id": 7})``."""

    kind: str
    """``reflect``, ``dispatch``, ``broadcast`` or ``send_to``."""
    event: str
    data: Any
    user: Any = None
    """The key of the user to whom it was sent, with ``send_to``."""


class BindingClient:
    """Calls of one user, as plain functions and as coroutines, performed as those of a socket are.

    >>> client = BindingClient(user)
    >>> page = client.search("app.Order", filters={"status": "open"}, page=2)
    >>> page["rows"][0]["title"]
    >>> await client.acall("app.Order.close", {"id": 7})

    Answers are what a client would see of them, as plain data. What is refused raises (``exceptions.Forbidden`` …).
    It runs where the test runs, so it sees the test's own transaction.
    """

    def __init__(self, user: Any = None) -> None:
        self.user = AnonymousUser() if user is None else user
        self.sent: list[Message] = []
        """What handlers have sent so far, in order."""

    def call(self, event: str, data: Mapping[str, Any] | None = None, **members: Any) -> Any:
        """Answer ``app.Order.close`` with its data.

        Args:
            **members: Of the Call: ``key``, ``if_version``, ``files``.
        """
        stream, action, hash_ = split_event(event)
        outlet = _Outlet(self, f"{stream}.{action}")
        call = Call(stream, action, _plain(data or {}), self.user, hash=hash_, outlet=outlet, **members)
        try:
            answer = perform(call)
        except Exception as exception:
            error = as_error(exception)
            raise (exception if isinstance(error, Internal) else error) from exception
        return (outlet.reflected or {}) if answer is None else _plain(answer)

    def search(self, stream: str, **data: Any) -> Any:
        """``search("app.Order", page=2, order="-amount")`` → ``{"page": 2, "count": …, "rows": […]}``."""
        return self.call(f"{stream}.search", data)

    def list(self, stream: str, **data: Any) -> Any:
        """Every row that matches."""
        return self.call(f"{stream}.list", data)

    def retrieve(self, stream: str, id: Any, **data: Any) -> Any:
        """One row."""
        return self.call(f"{stream}.retrieve", {"id": id, **data})

    def create(self, stream: str, **fields: Any) -> Any:
        """A new row."""
        return self.call(f"{stream}.create", fields)

    def update(self, stream: str, id: Any, **fields: Any) -> Any:
        """Some fields of a row."""
        return self.call(f"{stream}.update", {"id": id, **fields})

    def save(self, stream: str, **fields: Any) -> Any:
        """``update`` with an ``id``, ``create`` without."""
        return self.call(f"{stream}.save", fields)

    def delete(self, stream: str, id: Any) -> Any:
        """A row, away."""
        return self.call(f"{stream}.delete", {"id": id})

    def form(self, stream: str, id: Any = None, submit: Mapping[str, Any] | None = None) -> Any:
        """The form of a row or a new one; with ``submit`` it is validated and saved."""
        given = {"id": id, "submit": submit}
        return self.call(f"{stream}.form", {name: value for name, value in given.items() if value is not None})

    def describe(self, stream: str) -> Any:
        """What a UI is told of the stream."""
        return self.call(f"{stream}.describe")

    async def acall(self, event: str, data: Mapping[str, Any] | None = None, **members: Any) -> Any:
        """``call`` for coroutine tests. Every other method has such a twin: ``await client.asearch("app.Order")``."""
        return await sync_to_async(self.call)(event, data, **members)

    async def asearch(self, stream: str, **data: Any) -> Any:
        return await sync_to_async(self.search)(stream, **data)

    async def alist(self, stream: str, **data: Any) -> Any:
        return await sync_to_async(self.list)(stream, **data)

    async def aretrieve(self, stream: str, id: Any, **data: Any) -> Any:
        return await sync_to_async(self.retrieve)(stream, id, **data)

    async def acreate(self, stream: str, **fields: Any) -> Any:
        return await sync_to_async(self.create)(stream, **fields)

    async def aupdate(self, stream: str, id: Any, **fields: Any) -> Any:
        return await sync_to_async(self.update)(stream, id, **fields)

    async def asave(self, stream: str, **fields: Any) -> Any:
        return await sync_to_async(self.save)(stream, **fields)

    async def adelete(self, stream: str, id: Any) -> Any:
        return await sync_to_async(self.delete)(stream, id)

    async def aform(self, stream: str, id: Any = None, submit: Mapping[str, Any] | None = None) -> Any:
        return await sync_to_async(self.form)(stream, id, submit)

    async def adescribe(self, stream: str) -> Any:
        return await sync_to_async(self.describe)(stream)


class _Outlet:
    """Notes what a handler sends, for the test to look at."""

    def __init__(self, client: BindingClient, event: str) -> None:
        self.client, self.event = client, event
        self.reflected: Any = None

    def admitted(self, stream: str, action: str) -> None:
        """Nothing stays open behind a call."""

    def become(self, user: Any) -> None:
        self.client.user = AnonymousUser() if user is None else user

    def reflect(self, event: str, data: Mapping[str, Any]) -> None:
        if event == self.event and self.reflected is None:
            self.reflected = _plain(data)
        self._note("reflect", event, data)

    def dispatch(self, stream: str, event: str, data: Mapping[str, Any]) -> None:
        self._note("dispatch", event, data)

    def broadcast(self, event: str, data: Mapping[str, Any]) -> None:
        self._note("broadcast", event, data)

    def send_to(self, user_pk: Any, event: str, data: Mapping[str, Any]) -> None:
        self._note("send_to", event, data, user_pk)

    def _note(self, kind: str, event: str, data: Mapping[str, Any], user: Any = None) -> None:
        self.client.sent.append(Message(kind, event, _plain(data), user))


def _plain(value: Any) -> Any:
    """What JSON makes of a value."""
    return codecs.parse(value.data if isinstance(value, Reading) else codecs.encode(value))


class LiveList:
    """A live list as its client shows it: brought up to date by every push (spec/protocol.md §3)."""

    def __init__(self, event: str, data: Mapping[str, Any], answer: Any) -> None:
        self.event, self.data = event, dict(data)
        self.rows: list[dict[str, Any]] = []
        self.count = 0
        self.v: str | None = None
        self.error: Any = None
        """Why it is over, if its reader may no longer read it."""
        self.apply(answer)

    def apply(self, message: Mapping[str, Any]) -> None:
        """Take in a snapshot, a diff or an error."""
        if "error" in message:
            self.error, self.rows, self.count = message["error"], [], 0
            return
        data = message["data"]
        if message["type"] == "diff":
            assert message["from"] == self.v, f"A diff from {message['from']} does not fit {self.v}."
            self._step(data)
        else:
            self.rows = data["rows"]
        self.v, self.count = message["v"], data.get("count", self.count)

    def _step(self, data: Mapping[str, Any]) -> None:
        bodies = {row["id"]: row for row in self.rows}
        self.rows = [row for row in self.rows if row["id"] not in data.get("remove", ())]
        for index, row, *_ in data.get("put", ()):
            self.rows.insert(index, row if isinstance(row, dict) else bodies[row])
        for key, changed, _, *cleared in data.get("patch", ()):
            place = next(place for place, row in enumerate(self.rows) if row["id"] == key)
            kept = {name: value for name, value in self.rows[place].items() if name not in [*cleared, []][0]}
            self.rows[place] = {**kept, **changed}


class BindingCommunicator:
    """One socket on an ASGI application (by default the project's), signed in as ``user``.

    >>> socket = BindingCommunicator("/ws/", user=user)
    >>> await socket.open()
    >>> page = await socket.call("app.Order.search", {"limit": 3})
    >>> push = await socket.receive()
    """

    def __init__(
        self,
        path: str = "/",
        *,
        user: Any = None,
        modern: bool = True,
        application: Any = None,
        headers: Any = (),
        subprotocols: Sequence[str] = (),
    ) -> None:
        self.user = user
        self.path = path
        self.modern = modern
        self.headers = [*headers]
        self.subprotocols = [*([SUBPROTOCOL] if modern else []), *subprotocols]
        """What is offered; ``bearer.<token>`` signs in by a token."""
        self.subprotocol: str | None = None
        """What the server has chosen."""
        self.application = application or import_string(settings.ASGI_APPLICATION)
        self.hello: Any = None
        self.session_key: str | None = None
        self.close_code: int | None = None
        self._is_guest = False
        self._ids = 0
        self._waiting: list[Any] = []
        self._socket: Any = None

    async def open(self) -> bool:
        """Connect; returns whether the socket was accepted. With ``cb.1`` the hello is kept in ``hello``."""
        await self._share_thread()
        if self.user is not None:
            self.session_key = await run(session_cookie, self.user)
            self.headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={self.session_key}".encode()))
        self._socket = ApplicationCommunicator(self.application, self._scope())  # type: ignore[no-untyped-call]
        await self._socket.send_input({"type": "websocket.connect"})
        answer = await self._socket.receive_output(timeout=SECONDS)
        if answer["type"] != "websocket.accept":
            self.close_code = answer.get("code", 1000)
            return False
        self.subprotocol = answer.get("subprotocol")
        if self.subprotocol == SUBPROTOCOL:
            self.hello = await self._hello()
        return True

    async def _share_thread(self) -> None:
        """In a ``TestCase`` only the test's own thread sees what the test has written."""
        self._is_guest = await sync_to_async(_keep_transactions)()
        if self._is_guest:
            threads.borrow()

    async def _hello(self) -> Any:
        """The server's hello; None from one that first wants to know who this is (``cb.auth``)."""
        await self.send({"event": "cb.ping", "id": 0, "data": {}})
        first = await self.receive()
        if first.get("id") == 0:
            return None
        while (await self.receive()).get("id") != 0:
            pass
        return first

    def _scope(self) -> dict[str, Any]:
        """What a server would say of the handshake."""
        path, _, query = self.path.partition("?")
        return {
            "type": "websocket",
            "scheme": "ws",
            "path": path,
            "query_string": query.encode(),
            "headers": self.headers,
            "subprotocols": self.subprotocols,
        }

    @property
    def socket(self) -> Any:
        """asgiref's ``ApplicationCommunicator``, for what this class does not do."""
        assert self._socket is not None, "open() the socket first"
        return self._socket

    async def send(self, message: Any) -> None:
        """Send a message (or several, as a list), or text as it is."""
        text = message if isinstance(message, str) else orjson.dumps(message).decode()
        await self.socket.send_input({"type": "websocket.receive", "text": text})

    async def receive(self, seconds: float = SECONDS) -> Any:
        """The next message; an array frame gives its messages one by one. Pings are answered.

        Raises:
            TimeoutError: Nothing came within ``seconds``.
        """
        while not self._waiting:
            frame = orjson.loads(await self._receive_text(seconds))
            self._waiting.extend(frame if isinstance(frame, list) else [frame])
            for ping in [each for each in self._waiting if _is_ping(each)]:
                self._waiting.remove(ping)
                await self.send({"event": "cb.pong", "data": ping["data"]})
        return self._waiting.pop(0)

    async def _receive_text(self, seconds: float) -> str:
        event = await asyncio.wait_for(self.socket.output_queue.get(), seconds)
        if event["type"] == "websocket.close":
            self.close_code = event.get("code", 1000)
            raise ConnectionError(f"The socket was closed with {self.close_code}.")
        return str(event["text"])

    async def call(self, event: str, data: Mapping[str, Any] | None = None, **members: Any) -> Any:
        """Send a call and wait for its reply; pushes in between stay for ``receive``. Returns the whole message."""
        self._ids += 1
        call_id = self._ids
        await self.send({"event": event, "id": call_id, "data": data or {}, **members})
        before: list[Any] = []
        try:
            while True:
                message = await self.receive()
                if message.get("id") == call_id:
                    return message
                before.append(message)
        finally:
            self._waiting[:0] = before

    async def live(self, event: str, data: Mapping[str, Any] | None = None) -> LiveList:
        """Open a live ``search`` or ``list``: ``orders = await socket.live("app.Order.search#a", {"limit": 3})``."""
        answer = await self.call(event, data)
        assert "error" not in answer, answer["error"]
        return LiveList(event, data or {}, answer)

    async def assert_live(self, *lists: LiveList, seconds: float = SECONDS) -> None:
        """Wait until each live list shows what its query answers now.

        Raises:
            AssertionError: One of them still does not after ``seconds``; it says how they differ.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        for each in lists:
            while (fresh := await self._fresh(each)) != (each.rows, each.count):
                if asyncio.get_running_loop().time() > deadline:
                    raise AssertionError(
                        f"{each.event} shows {each.rows} of {each.count}, its query {fresh[0]} of {fresh[1]}."
                    )
                await self._follow(lists)

    async def _fresh(self, live: LiveList) -> tuple[Any, int]:
        """Rows and count of the same query, asked now."""
        event = live.event.partition("#")[0]
        answer = await self.call(event, {**live.data, "live": False})
        await self._follow((live,), seconds=0)
        return ([], 0) if "error" in answer else (answer["data"]["rows"], answer["data"]["count"])

    async def _follow(self, lists: Iterable[LiveList], seconds: float = 0.05) -> None:
        """Take in what has arrived for these lists, waiting for it a little; all else stays for ``receive``."""
        by_event = {each.event: each for each in lists}
        if not self._waiting and seconds:
            with suppress(TimeoutError):
                self._waiting.append(await self.receive(seconds))
        others = []
        for message in self._waiting:
            live = by_event.get(message["event"]) if "id" not in message else None
            if live is None:
                others.append(message)
            else:
                live.apply(message)
        self._waiting = others

    async def silent(self, seconds: float = 0.2) -> bool:
        """Whether nothing arrives for ``seconds``."""
        try:
            self._waiting.append(await self.receive(seconds))
        except TimeoutError:
            return True
        return False

    async def close(self) -> None:
        """Disconnect. In a ``TestCase``, what ran beside the test ends with its last socket."""
        if self._socket is not None:
            await self._socket.send_input({"type": "websocket.disconnect", "code": 1000})
            await self._socket.wait(SECONDS)
        if self._is_guest:
            self._is_guest = False
            if not Hub.current().subscribers:
                await Hub.current().stop()
                await sync_to_async(_look_after_connections)()
            threads.borrow(-1)


@asynccontextmanager
async def committed(using: str = "default") -> AsyncIterator[None]:
    """In a coroutine test of a ``TestCase``: what is written inside counts as committed at the end, so live reads hear of it.

    The commit hooks that were added inside are run, on the thread that holds the test's transaction.
    """
    before = await sync_to_async(lambda: {id(hook) for hook in connections[using].run_on_commit})()
    yield
    await sync_to_async(_commit)(using, before)


def _commit(using: str, before: set[int]) -> None:
    for hook in [*connections[using].run_on_commit]:
        if id(hook) not in before:
            hook[1]()
    recorder.recorder(using).rehearse()


async def finish() -> None:
    """End what runs beside the tests of this event loop: call it when a test with sockets outside a ``TestCase`` is over.

    Database connections of the package's threads are closed, so that the test database can be removed.
    """
    await Hub.current().stop()
    await asyncio.to_thread(threads.shut_down)


def _keep_transactions() -> bool:
    """Whether the test runs in a transaction. Channels looks after connections before and after each use, as Django does
    around a request, and would close one inside a transaction; Django's own test client keeps it from that as well."""
    kept = [each for each in connections.all(initialized_only=True) if each.in_atomic_block]
    for each in kept:
        each.close_if_unusable_or_obsolete = _nothing  # type: ignore[method-assign]
    return bool(kept)


def _look_after_connections() -> None:
    """As before ``_keep_transactions``."""
    for each in connections.all(initialized_only=True):
        vars(each).pop("close_if_unusable_or_obsolete", None)


def _nothing() -> None:
    """In place of closing a connection."""


def _is_ping(message: Any) -> bool:
    """Whether the server asks for a sign of life, and does not refuse ours."""
    return bool(message.get("event") == "cb.ping" and "data" in message)
