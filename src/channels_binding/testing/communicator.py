"""``BindingCommunicator``: one WebSocket on an ASGI application that speaks the protocol, without a server."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import orjson
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils.module_loading import import_string

from channels_binding import threads
from channels_binding.live.hub import Hub
from channels_binding.protocol.messages import SUBPROTOCOL
from channels_binding.testing.live_list import LiveList
from channels_binding.testing.transactions import keep_transactions, look_after_connections
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
        self.users: list[str | None] = []
        """What ``cb.user`` has said; ``receive`` does not bring it."""
        self._is_guest = False
        self._ids = 0
        self._waiting: list[Any] = []
        self._socket: Any = None

    async def open(self) -> bool:
        """Connect; returns whether the socket was let in, else ``close_code`` says why. With ``cb.1`` there is a ``hello``."""
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
            with suppress(ConnectionError):
                self.hello = await self._hello()
        return self.close_code is None

    async def _share_thread(self) -> None:
        """In a ``TestCase`` only the test's own thread sees what the test has written."""
        self._is_guest = await sync_to_async(keep_transactions)()
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
        """The next message; an array frame gives its messages one by one. Pings are answered, ``cb.user`` goes to ``users``.

        Raises:
            TimeoutError: Nothing came within ``seconds``.
        """
        while not self._waiting:
            frame = orjson.loads(await self._receive_text(seconds))
            self._waiting.extend(frame if isinstance(frame, list) else [frame])
            for ping in [each for each in self._waiting if _is_ping(each)]:
                self._waiting.remove(ping)
                await self.send({"event": "cb.pong", "data": ping["data"]})
            for told in [each for each in self._waiting if each.get("event") == "cb.user"]:
                self._waiting.remove(told)
                self.users.append(told["data"]["user"])
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
        """Rows and count of the same query, asked now; 0 of one that is not counted."""
        event = live.event.partition("#")[0]
        answer = await self.call(event, {**live.data, "live": False})
        await self._follow((live,), seconds=0)
        return ([], 0) if "error" in answer else (answer["data"]["rows"], answer["data"].get("count", 0))

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
                await sync_to_async(look_after_connections)()
            threads.borrow(-1)


def _is_ping(message: Any) -> bool:
    """Whether the server asks for a sign of life, and does not refuse ours."""
    return bool(message.get("event") == "cb.ping" and "data" in message)
