"""The consumers: who may connect, and the life of a socket from handshake to end.

    path("", AsyncConsumer)              # as a class, or
    path("ws/", AsyncConsumer.as_asgi()) # as Channels has it

``AsyncConsumer`` has coroutine hooks, ``Consumer`` plain ones; each serves bindings of both kinds.
"""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from channels.sessions import InstanceSessionWrapper
from django.contrib.auth.models import AnonymousUser
from django.utils.functional import empty
from rest_framework.exceptions import AuthenticationFailed

from channels_binding.calls.sessions import user_of
from channels_binding.classes import evaluated, unwrapped
from channels_binding.conf import get_settings, load_classes
from channels_binding.exceptions import Unauthenticated
from channels_binding.live import shutdown, unheard
from channels_binding.live.users import fingerprint_newcomer
from channels_binding.protocol import messages
from channels_binding.protocol.names import CloseCode
from channels_binding.security import authentication, origins, refusals
from channels_binding.security.authentication import Identity
from channels_binding.security.refusals import HandshakeRefused
from channels_binding.threads import call_hook, run, settle
from channels_binding.types import Dialect, Receive, Scope, Send
from channels_binding.websocket import newcomers
from channels_binding.websocket.connection import Connection

logger = logging.getLogger("channels_binding")
authentication.redact_server_logs()


class BaseConsumer:
    """An ASGI endpoint for one socket. Awaiting an instance runs it, so that the class itself can stand in a URLconf."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send
        self.user: Any = None
        self.token: str | None = None
        """The token by which somebody wants to be known, for ``get_user(consumer)``; None where there is none."""
        self.auth: Any = None
        """What an authentication class has found beside the user (DRF's ``request.auth``)."""
        self.connection: Connection | None = None
        self._handshake = scope
        """The scope as it came, token included; ``scope`` is without."""
        self._found: Identity | None = None
        self._refusal: AuthenticationFailed | None = None
        self._newcomer: Any = None
        """The user, if all that is to be read of it was read together with that of others."""

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
        unheard.serves_sockets()
        configured = type(cls.__name__, (cls,), initkwargs) if initkwargs else cls

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            await configured(scope, receive, send)

        application.consumer_class = cls  # type: ignore[attr-defined]
        application.consumer_initkwargs = initkwargs  # type: ignore[attr-defined]
        return application

    # Hooks of both kinds are called through these

    async def _user(self) -> Any:
        raise NotImplementedError

    async def _call_hook(self, hook: str) -> None:
        raise NotImplementedError

    # The life of a socket

    async def _run(self) -> None:
        if self.scope["type"] != "websocket":
            raise ValueError(f"{type(self).__name__} serves websockets; route {self.scope['type']!r} elsewhere.")
        event = await self.receive()
        if event["type"] != "websocket.connect":
            return
        dialect = self._dialect()
        try:
            identity = await self._admitted()
        except HandshakeRefused as refusal:
            await self._refuse(refusal, dialect)
            return
        await self._accept(dialect)
        self.connection = Connection(self.scope, past_sessions(self.send), identity, dialect, _Authenticator(self))
        await self._converse(self.connection)

    async def _accept(self, dialect: Dialect) -> None:
        await self.send(
            {"type": "websocket.accept", "subprotocol": messages.SUBPROTOCOL if dialect == "cb.1" else None}
        )

    async def _refuse(self, refusal: HandshakeRefused, dialect: Dialect) -> None:
        """Browsers hide the status of a refused handshake, so who may come back signed in is told by a close code."""
        refusals.log(refusal, self.scope)
        if refusal.is_unauthenticated and dialect == "cb.1":
            await self._accept(dialect)
            await self.send(
                {"type": "websocket.close", "code": int(CloseCode.UNAUTHENTICATED), "reason": refusal.reason}
            )
        else:  # before accept: HTTP 403 to the handshake
            await self.send({"type": "websocket.close", "code": int(CloseCode.FORBIDDEN)})

    async def _admitted(self) -> Identity | None:
        """Who connects; None for a socket that is accepted only to authenticate (``cb.auth``).

        Raises:
            HandshakeRefused: Nobody who may connect.
        """
        if not origins.is_allowed(self.scope):
            raise refusals.foreign_origin(self.scope)
        identity = await self._identity()
        handshake, self.scope = self.scope, self._shown_scope()
        self._handshake = handshake
        if identity.user.is_authenticated or get_settings().ANONYMOUS_CONNECTION_ALLOWED:
            self._become(identity)
            return identity
        if self._takes_tokens() and messages.SUBPROTOCOL in handshake.get("subprotocols", ()):
            return None
        raise refusals.nobody(handshake, self._takes_tokens(), self.authentication_classes())

    def _shown_scope(self) -> Scope:
        return authentication.without_token(self.scope) if self._takes_tokens() else self.scope

    def _dialect(self) -> Dialect:
        return "cb.1" if messages.SUBPROTOCOL in self.scope.get("subprotocols", ()) else "seed"

    async def _converse(self, connection: Connection) -> None:
        try:
            await connection.open()
            shutdown.watch(connection.hub, connection)
            if self.user is not None:  # else it is not known yet who this is
                await self._call_hook("connected")
                connection.keep_context()
            await self._listen_until_over(connection)
        finally:
            await connection.close()
            if self.user is not None:
                await self._call_hook("disconnected")

    async def _listen_until_over(self, connection: Connection) -> None:
        """Until the client leaves, or it is closed. A client that reads nothing is not waited for."""
        task = asyncio.current_task()
        assert task is not None
        if connection.outbox.is_over:
            return
        before = task.cancelling()
        connection.outbox.when_over = task.cancel
        try:
            await self._listen(connection)
        except asyncio.CancelledError:
            if not connection.outbox.is_over or task.uncancel() > before:  # by somebody else
                raise
        finally:
            connection.outbox.when_over = None

    async def _listen(self, connection: Connection) -> None:
        while True:
            event = await self.receive()
            if event["type"] == "websocket.disconnect":
                return
            if event["type"] == "websocket.receive":
                await connection.receive(event.get("text"), event.get("bytes"))

    # Who it is

    def authentication_classes(self) -> list[type]:
        """``AUTHENTIFICATION_CLASSES`` of the settings, loaded."""
        return load_classes(get_settings().AUTHENTIFICATION_CLASSES)

    def _takes_tokens(self) -> bool:
        return any(authentication.takes_tokens(cls) for cls in self.authentication_classes())

    def _become(self, identity: Identity) -> None:
        self.user, self.auth = identity.user, identity.auth
        self.scope = identity.into(self.scope)

    async def _identity(self, token: str | None = None) -> Identity:
        """Who the token belongs to; without one, who the handshake does.

        Raises:
            HandshakeRefused: There is a token, and it is nobody's; or what is asked has failed.
        """
        if self._takes_tokens():
            self.token = token or authentication.token_of(self.scope)
        try:
            user = await self._user()
            if user is not None and user is self._newcomer:
                return self._identified(user)
            return await run(self._identified, user)
        except (Unauthenticated, AuthenticationFailed) as refusal:
            raise refusals.bad_token(self._redacted(str(refusal))) from None
        except Exception:
            logger.error("Somebody could not be authenticated:\n%s", self._redacted(traceback.format_exc()))
            raise refusals.failed() from None

    def _identified(self, user: Any) -> Identity:
        """In a worker thread, but for a newcomer's."""
        if self.token is not None and not user.is_authenticated:
            raise self._refusal or Unauthenticated()
        found = self._found or Identity(user, self.auth, self.token)
        session_key = None if found.token else authentication.session_key_of(self.scope, user)
        marked = user if user is self._newcomer else _with_fingerprint(user)
        return authentication.checked(Identity(marked, found.auth, found.token, session_key))

    async def _scope_user(self) -> Any:
        """The user that a middleware has found, or that the session knows. ``SessionMiddlewareStack`` suffices."""
        user = self.scope.get("user")
        if user is not None:
            found = unwrapped(user)
            return (await run(evaluated, user)) if found is empty else found or user
        if "session" not in self.scope:
            return AnonymousUser()
        self._newcomer = await newcomers.user_of(self.scope["session"])
        return self._newcomer or await run(user_of, self.scope["session"])

    def _redacted(self, text: str) -> str:
        return text.replace(self.token, "***") if self.token else text

    def _ask(self, cls: type) -> Any:
        """One of DRF's authentication classes: the user that it finds, or None. In a worker thread."""
        try:
            self._found = authentication.authenticate(cls, self.scope, self.token)
        except AuthenticationFailed as refusal:
            if self.token is None:
                raise
            self._refusal = refusal  # the token may be another class's
        return None if self._found is None else self._found.user


class _Authenticator:
    """The consumer as its connection knows it. Each question is put to a consumer of its own."""

    __slots__ = ("consumer",)

    def __init__(self, consumer: BaseConsumer) -> None:
        self.consumer = consumer

    async def identify(self, token: str | None) -> Identity:
        """Who the token belongs to; with None, who the handshake does.

        Raises:
            Unauthenticated: Nobody that is known.
        """
        consumer = self.consumer
        fresh = type(consumer)(consumer._handshake, consumer.receive, consumer.send)
        identity = await fresh._identity(token)
        if not identity.user.is_authenticated:
            raise Unauthenticated()
        return identity

    async def entered(self, identity: Identity) -> None:
        is_new = self.consumer.user is None
        self.consumer._become(identity)
        if is_new:
            await self.consumer._call_hook("connected")
            if self.consumer.connection is not None:
                self.consumer.connection.keep_context()


class AsyncConsumer(BaseConsumer):
    """The WebSocket endpoint, with coroutine hooks."""

    async def _user(self) -> Any:
        return await call_hook(self.get_user)

    async def _call_hook(self, hook: str) -> None:
        if getattr(type(self), hook) is not getattr(AsyncConsumer, hook):
            await call_hook(getattr(self, hook))

    async def get_user(self) -> Any:
        """Who connects: the first user that an authentication class finds, else the session's."""
        for cls in self.authentication_classes():
            by_drf = authentication.is_drf(cls)
            user = await (run(self._ask, cls) if by_drf else call_hook(cls().get_user, self))
            if user is not None and user.is_authenticated:
                return user
        return AnonymousUser() if self.token is not None else await self._scope_user()

    async def connected(self) -> None:
        """The socket was accepted; ``self.user`` and ``self.connection`` are set."""

    async def disconnected(self) -> None:
        """The socket is gone."""


class Consumer(BaseConsumer):
    """The WebSocket endpoint, with plain hooks, which run on the package's thread pool."""

    async def _user(self) -> Any:
        user = await run(lambda: settle(self.get_user()))
        if user is not None:
            return user
        return AnonymousUser() if self.token is not None else await self._scope_user()

    async def _call_hook(self, hook: str) -> None:
        if getattr(type(self), hook) is not getattr(Consumer, hook):
            await call_hook(getattr(self, hook))

    def get_user(self) -> Any:
        """Who connects: the first user that an authentication class finds; None leaves it to the session."""
        for cls in self.authentication_classes():
            user = self._ask(cls) if authentication.is_drf(cls) else settle(cls().get_user(self))
            if user is not None and user.is_authenticated:
                return user
        return None

    def connected(self) -> None:
        """The socket was accepted; ``self.user`` and ``self.connection`` are set."""

    def disconnected(self) -> None:
        """The socket is gone."""


def past_sessions(send: Send) -> Send:
    """What takes messages behind Channels' session middleware, which looks at the session for each of them: it has to set a
    cookie with those of HTTP, and with none of an open socket. What a project has made of it is left in its place.
    """
    wrapper = getattr(send, "__self__", None)
    while isinstance(wrapper, InstanceSessionWrapper) and _leaves_sockets_alone(wrapper):
        send = wrapper.real_send
        wrapper = getattr(send, "__self__", None)
    return send


def _leaves_sockets_alone(wrapper: Any) -> bool:
    types = {*wrapper.save_message_types, *wrapper.cookie_response_message_types}
    return type(wrapper) is InstanceSessionWrapper and not any(each.startswith("websocket.") for each in types)


def _with_fingerprint(user: Any) -> Any:
    return fingerprint_newcomer(user) if getattr(user, "pk", None) is not None and hasattr(user, "_meta") else user
