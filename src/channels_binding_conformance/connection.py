"""The server that is tried, as its clients reach it: sockets, HTTP, and the address that fills it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import websockets
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from channels_binding_conformance.checking import TOKENS, Failure, expect
from channels_binding_conformance.specification import errors, problems

PROTOCOL = "cb.1.json"


class Socket:
    """One connection. Every message that comes in must obey ``messages.schema.json``; pings of the server are answered."""

    def __init__(self, connection: ClientConnection, seconds: float, *, is_modern: bool) -> None:
        self._connection, self._seconds, self._is_modern = connection, seconds, is_modern
        self._waiting: list[dict[str, Any]] = []
        self._numbers = 0
        self.frames: list[list[dict[str, Any]]] = []
        """What each text frame held so far."""
        self.pushes: list[dict[str, Any]] = []
        """Messages without an id that came while a reply was waited for."""

    @property
    def subprotocol(self) -> str | None:
        return self._connection.subprotocol

    async def send(self, frame: Any) -> None:
        """Send a frame: bytes and text as they stand, all else as JSON."""
        await self._connection.send(frame if isinstance(frame, (str, bytes)) else json.dumps(frame))

    async def receive(self, seconds: float | None = None) -> dict[str, Any]:
        """The next message.

        Raises:
            Failure: None comes, or what comes is none; or the server closes.
        """
        while not self._waiting:
            self._waiting = await self._frame(self._seconds if seconds is None else seconds)
        return self._waiting.pop(0)

    async def _frame(self, seconds: float) -> list[dict[str, Any]]:
        try:
            text = await asyncio.wait_for(self._connection.recv(), seconds)
        except TimeoutError:
            raise Failure("a message", f"none within {seconds:g} s") from None
        except websockets.ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            raise Failure("a message", f"the connection was closed with {code}") from None
        expect(isinstance(text, str), "text frames alone", f"a binary frame of {len(text)} bytes")
        messages = self._read(str(text))
        self.frames.append(messages)
        return [each for each in messages if not await self._is_ping(each)]

    def _read(self, text: str) -> list[dict[str, Any]]:
        try:
            frame = json.loads(text)
        except ValueError:
            raise Failure("JSON", text[:200]) from None
        messages: list[dict[str, Any]] = frame if isinstance(frame, list) else [frame]
        for each in messages:
            found = problems("serverMessage" if self._is_modern else "seedMessage", each)
            expect(not found, "a message that obeys messages.schema.json", f"{each} ({'; '.join(found[:2])})")
            _check_error(each.get("error"))
        return messages

    async def _is_ping(self, message: Mapping[str, Any]) -> bool:
        if message["event"] != "cb.ping":
            return False
        await self.send({"event": "cb.pong", "data": message["data"]})
        return True

    async def call(self, event: str, data: Any = None, **more: Any) -> dict[str, Any]:
        """Send a call and return its reply; what else comes before it joins ``pushes``. ``if_`` is the key ``if``."""
        self._numbers += 1
        number = more.setdefault("id", self._numbers)
        named = {name.rstrip("_"): value for name, value in more.items()}
        await self.send({"event": event, **named, "data": {} if data is None else data})
        return await self.reply(number, event)

    async def reply(self, number: Any, event: str) -> dict[str, Any]:
        """The reply with an id."""
        while True:
            try:
                message = await self.receive()
            except Failure as failure:
                raise Failure(f"a reply to {event} (id {number!r})", failure.came) from None
            if message.get("id") == number:
                return message
            self.pushes.append(message)

    async def value(self, event: str, data: Any = None, **more: Any) -> dict[str, Any]:
        """The ``data`` of a reply that must be no error."""
        reply = await self.call(event, data, **more)
        expect("data" in reply, f"{event} to be answered with data", reply)
        answered: dict[str, Any] = reply["data"]
        return answered

    async def push(self) -> dict[str, Any]:
        """The next push, whether it has come already or not."""
        return self.pushes.pop(0) if self.pushes else await self.receive()

    async def is_silent(self, seconds: float = 0.4) -> None:
        """Fail if anything but pings comes."""
        came = [*self.pushes, *self._waiting]
        try:
            came.append(await self.receive(seconds))
        except Failure as failure:
            if "none within" not in failure.came:
                raise
        expect(not came, "no further message", came)

    async def closed(self) -> int | None:
        """The code with which the server closes; what it says before that is a failure."""
        try:
            came = await self.receive()
        except Failure as failure:
            if "was closed" not in failure.came:
                raise Failure("the connection to be closed", failure.came) from None
            return self._connection.close_code
        raise Failure("the connection to be closed with nothing in between", came)


def _check_error(error: Any) -> None:
    """Status and ``retry`` of an error are those of its code."""
    if isinstance(error, dict) and error.get("code") in errors():
        facts = errors()[error["code"]]
        said = {name: error.get(name) for name in facts}
        expect(said == facts, f"{error['code']} with {facts}", error)


class Server:
    """Where a server is found, and how clients come to it."""

    def __init__(self, url: str, api: str, reset: str, *, seconds: float = 5.0) -> None:
        self.url, self.api, self._reset, self.seconds = url, api, reset, seconds
        self.users: dict[str, Any] = {}
        """Name → key, as the server has said after the last ``reset``."""

    async def reset(self, fixture: Mapping[str, Any]) -> None:
        """Have the server hold exactly this.

        Raises:
            ConnectionError: It does not, so nothing can be tried.
        """
        body = {**fixture, "tokens": TOKENS}
        async with httpx.AsyncClient(timeout=30) as client:
            try:
                answer = await client.post(self._reset, json=body)
                self.users = answer.raise_for_status().json()["users"]
            except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
                raise ConnectionError(f"POST {self._reset} (spec/profile.md): {error!r}") from None

    @asynccontextmanager
    async def connect(
        self, user: str | None = "ann", *, is_modern: bool = True, greets: bool = True, **more: Any
    ) -> AsyncIterator[Socket]:
        """A socket of a user; of nobody where that is None.

        Args:
            greets: Whether ``cb.hello`` is read first.
            more: ``token`` in place of the user's, ``origin``.
        """
        token = more.get("token") or (user and f"tok-{user}")
        protocols = [PROTOCOL, *([f"bearer.{token}"] if token else [])] if is_modern else []
        headers = {} if is_modern or not token else {"Authorization": f"Bearer {token}"}
        async with connect(
            self.url, subprotocols=[Subprotocol(each) for each in protocols] or None, additional_headers=headers,
            origin=more.get("origin"), open_timeout=self.seconds, max_size=None, proxy=None,
        ) as connection:  # fmt: skip
            socket = Socket(connection, self.seconds, is_modern=is_modern)
            if is_modern and token and greets:
                hello = await socket.receive()
                expect(hello["event"] == "cb.hello", "cb.hello first", hello)
            yield socket

    async def refusal(self, user: str | None = None, *, is_modern: bool, **more: Any) -> int | None:
        """The HTTP status with which a handshake is refused; None if it is not."""
        try:
            async with self.connect(user, is_modern=is_modern, greets=False, **more):
                return None
        except websockets.InvalidStatus as error:
            return error.response.status_code

    @asynccontextmanager
    async def http(self, user: str | None = "ann") -> AsyncIterator[httpx.AsyncClient]:
        """A client whose addresses begin at the API: ``get("zoo.Note/")``."""
        headers = {"Authorization": f"Bearer tok-{user}"} if user else {}
        async with httpx.AsyncClient(
            base_url=self.api, headers=headers, timeout=self.seconds, trust_env=False
        ) as client:
            yield client
