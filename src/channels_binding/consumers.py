"""Door 1, the WebSocket: who may connect, and the life of a socket from handshake to end.

    path("", AsyncConsumer)              # as a class, or
    path("ws/", AsyncConsumer.as_asgi()) # as Channels has it

``AsyncConsumer`` has coroutine hooks, ``Consumer`` plain ones; each serves bindings of both kinds.
"""

# ruff: noqa: E402  (what follows begin() imports models)
from channels_binding import _boot

_boot.begin()

import logging
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from channels.auth import get_user as channels_get_user
from django.contrib.auth.models import AnonymousUser

from channels_binding import origins, protocol
from channels_binding.actions import bind
from channels_binding.bindings import AsyncBinding, Binding
from channels_binding.conf import get_settings, load_classes
from channels_binding.connections import Connection
from channels_binding.live.identity import fingerprint
from channels_binding.threads import call_hook, run, settle
from channels_binding.types import Dialect, Receive, Scope, Send

logger = logging.getLogger("channels_binding")


class BaseConsumer:
    """An ASGI endpoint for one socket. Awaiting an instance runs it, so that the class itself can stand in a URLconf."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send
        self.user: Any = None
        self.connection: Connection | None = None

    def __await__(self) -> Generator[Any, None, None]:
        return self._run().__await__()

    @classmethod
    def as_asgi(cls, **initkwargs: Any) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        """An ASGI application that makes a consumer for each socket, as Channels' consumers have it.

        Args:
            **initkwargs: Attributes of the class to set on each instance.
        """
        unknown = [name for name in initkwargs if not hasattr(cls, name)]
        if unknown:
            raise TypeError(f"{cls.__name__}.as_asgi() received {unknown}, which are no attributes of the class.")
        configured = type(cls.__name__, (cls,), initkwargs) if initkwargs else cls

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            await configured(scope, receive, send)

        application.consumer_class = cls  # type: ignore[attr-defined]
        application.consumer_initkwargs = initkwargs  # type: ignore[attr-defined]
        return application

    # Hooks of both kinds are called through these

    async def _authenticated(self) -> Any:
        raise NotImplementedError

    async def _told(self, hook: str) -> None:
        raise NotImplementedError

    # The life of a socket

    async def _run(self) -> None:
        if self.scope["type"] != "websocket":
            raise ValueError(f"{type(self).__name__} serves websockets; route {self.scope['type']!r} elsewhere.")
        event = await self.receive()
        if event["type"] != "websocket.connect":
            return
        if not await self._admit():
            await self.send({"type": "websocket.close", "code": 4403})  # before accept: HTTP 403 to the handshake
            return
        dialect = self._dialect()
        await self.send(
            {"type": "websocket.accept", "subprotocol": protocol.SUBPROTOCOL if dialect == "cb.1" else None}
        )
        self.connection = Connection(self.scope, self.send, self.user, dialect)
        await self._converse(self.connection)

    async def _admit(self) -> bool:
        """Whether the socket is accepted: its origin is ours, and somebody is signed in (or need not be)."""
        if not origins.is_allowed(self.scope):
            logger.info("A connection was refused: foreign origin")
            return False
        try:
            self.user = await self._authenticated()
        except Exception:
            logger.exception("A connection was refused: it could not be authenticated")
            return False
        self.scope["user"] = self.user
        return bool(self.user.is_authenticated) or get_settings().ANONYMOUS_CONNECTION_ALLOWED

    def _dialect(self) -> Dialect:
        return "cb.1" if protocol.SUBPROTOCOL in self.scope.get("subprotocols", ()) else "seed"

    async def _converse(self, connection: Connection) -> None:
        await connection.open()
        try:
            await self._told("connected")
            while True:
                event = await self.receive()
                if event["type"] == "websocket.disconnect":
                    return
                if event["type"] == "websocket.receive":
                    await connection.receive(event.get("text"), event.get("bytes"))
        finally:
            await connection.close()
            await self._told("disconnected")

    def authentication_classes(self) -> list[type]:
        """``AUTHENTIFICATION_CLASSES`` of the settings, loaded."""
        return load_classes(get_settings().AUTHENTIFICATION_CLASSES)


class AsyncConsumer(BaseConsumer):
    """The WebSocket endpoint, with coroutine hooks."""

    async def _authenticated(self) -> Any:
        return await run(_with_fingerprint, await call_hook(self.get_user))

    async def _told(self, hook: str) -> None:
        await call_hook(getattr(self, hook))

    async def get_user(self) -> Any:
        """Who connects: the first user that an authentication class finds, else the session's."""
        for cls in self.authentication_classes():
            user = await call_hook(cls().get_user, self)
            if user is not None and user.is_authenticated:
                return user
        return await scope_user(self.scope)

    async def connected(self) -> None:
        """The socket was accepted; ``self.user`` and ``self.connection`` are set."""

    async def disconnected(self) -> None:
        """The socket is gone."""


class Consumer(BaseConsumer):
    """The WebSocket endpoint, with plain hooks, which run on the package's thread pool."""

    async def _authenticated(self) -> Any:
        present = await scope_user(self.scope)
        return await run(self._find_user, present)

    def _find_user(self, present: Any) -> Any:
        return _with_fingerprint(settle(self.get_user()) or present)

    async def _told(self, hook: str) -> None:
        if getattr(type(self), hook) is not getattr(Consumer, hook):
            await call_hook(getattr(self, hook))

    def get_user(self) -> Any:
        """Who connects: the first user that an authentication class finds; None leaves it to the session."""
        for cls in self.authentication_classes():
            user = settle(cls().get_user(self))
            if user is not None and user.is_authenticated:
                return user
        return None

    def connected(self) -> None:
        """The socket was accepted; ``self.user`` and ``self.connection`` are set."""

    def disconnected(self) -> None:
        """The socket is gone."""


async def scope_user(scope: Scope) -> Any:
    """The user that a middleware has found, or that the session knows. ``SessionMiddlewareStack`` suffices."""
    user = scope.get("user")
    if user is not None:
        return getattr(user, "_wrapped", None) or user
    if "session" in scope:
        return await channels_get_user(scope)
    return AnonymousUser()


def _with_fingerprint(user: Any) -> Any:
    return fingerprint(user) if getattr(user, "pk", None) is not None and hasattr(user, "_meta") else user


__all__ = ["AsyncBinding", "AsyncConsumer", "BaseConsumer", "Binding", "Consumer", "bind"]

_boot.end()
