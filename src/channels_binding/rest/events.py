"""Live reads as server-sent events: the same messages as on a socket, each with its ``v`` as the event's id.

    curl -N -H 'Accept: text/event-stream' -H 'Authorization: Token …' 'https://…/api/app.Order/?order=-amount&limit=3'

To the hub a stream is a ``Subscriber`` like a socket: its user is checked again as theirs is, and a slow reader gets fewer
and larger updates.
"""

import asyncio
import contextvars
import re
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any, Literal

from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser
from django.core.handlers.asgi import ASGIRequest
from django.db.models import Model
from django.http import StreamingHttpResponse
from django.utils.cache import patch_vary_headers
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from channels_binding.calls import locales
from channels_binding.calls.call import Call
from channels_binding.calls.requests import django_request
from channels_binding.calls.scopes import CONTEXT
from channels_binding.conf import get_settings
from channels_binding.exception_handler import as_error
from channels_binding.exceptions import (
    BindingError,
    Forbidden,
    LimitExceeded,
    NotAcceptable,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from channels_binding.live import users
from channels_binding.live.connection_limits import most_connections_of, owner_of
from channels_binding.live.expiry import Expiry
from channels_binding.live.failures import for_returning
from channels_binding.live.hub import Hub
from channels_binding.live.identity.models import watch
from channels_binding.live.overflow import Overflow
from channels_binding.live.queries.diff import returning, snapshot
from channels_binding.live.queries.group import Subscription
from channels_binding.live.queries.why import explained
from channels_binding.protocol import codecs
from channels_binding.protocol.messages import failure, frame, message
from channels_binding.protocol.names import CloseCode
from channels_binding.rest.asgi import give_back_connections
from channels_binding.rest.callers import carrier_of, identity_of
from channels_binding.security.authentication import Identity, facts_of
from channels_binding.threads import run
from channels_binding.types import Dialect

KEEP_ALIVE = b": keep-alive\n\n"

_VERSION = re.compile(rb'\{"event":"[^"]*"(?:,"id":[^,]+)?,"type":"\w+"(?:,"from":"\w+")?,"v":"(\w+)"')
_HAVE = re.compile(r"[0-9a-f]{8,12}\Z")
_WAITS_NOT = re.compile(r"(?i)(?:^|[,;])\s*wait\s*=\s*\"?0\"?\s*(?:[,;]|$)")
"""``Prefer: wait=0`` (RFC 7240, section 4.3): the first message alone."""


class EventStreamRenderer(BaseRenderer):
    """Lets ``Accept: text/event-stream`` be understood; what it renders is never sent."""

    media_type = "text/event-stream"
    format = "event-stream"
    charset = None

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        return codecs.encode(data)


def event_of(text: bytes) -> bytes:
    """``{"event":…,"type":"diff",…,"v":"1b77c3e9",…}`` → ``id: 1b77c3e9\\ndata: {…}\\n\\n``."""
    version = _VERSION.match(text)
    return (b"id: " + version[1] + b"\n" if version else b"") + b"data: " + text + b"\n\n"


def respond(request: Request, call: Call, get_authenticators: Callable[[], Any]) -> StreamingHttpResponse:
    """The answer to a GET that asks for events.

    Args:
        get_authenticators: DRF's authentication instances of the view, by which it is asked again later who this is.

    Raises:
        NotAcceptable: The server is WSGI, which holds a thread for each answer.
        Exception: Whatever refuses the read.
    """
    as_it_came = django_request(request)
    if not isinstance(as_it_came, ASGIRequest):
        raise NotAcceptable("Server-sent events need an ASGI server.")
    identity = _with_fingerprint(identity_of(request))
    own = {"locale": locales.current(), CONTEXT: contextvars.copy_context()}
    scope = {**identity.into(carrier_of(as_it_came), _id()), **own}
    question = replace(call.as_user(identity.user, scope), handler_messages=None)
    have = request.headers.get("Last-Event-ID")
    try:
        hub = async_to_sync(_checked)(question)
    except Exception as exception:
        raise for_returning(exception, have) from None
    again = _Again(as_it_came, get_authenticators)
    is_once = _WAITS_NOT.search(request.headers.get("Prefer", "")) is not None
    stream = EventStream(hub, question, identity, have, again, is_once=is_once)
    response = StreamingHttpResponse(Body(stream), content_type="text/event-stream")
    response["Cache-Control"] = "private, no-cache"
    response["X-Accel-Buffering"] = "no"  # nginx would collect it
    patch_vary_headers(response, ("Accept", "Cookie"))
    return response


def _id() -> str:
    """The name of a stream of events, unlike that of any other."""
    return secrets.token_urlsafe(9)


def _with_fingerprint(identity: Identity) -> Identity:
    """By which it is noticed later that the user has changed. In a worker thread."""
    user = identity.user
    return replace(identity, user=users.fingerprint(user)) if isinstance(user, Model) else identity


async def _checked(call: Call) -> Hub:
    """The hub, on the server's loop. Whatever refuses the read is raised here, while there is a status to say it with."""
    hub = Hub.current()
    owner, most = owner_of(call.user, call.scope), most_connections_of(call.user, get_settings())
    if owner is not None and hub.connection_limits.count(owner) >= most:
        raise _too_many(most)
    group = await hub.open(call)
    if group.reading is None:
        raise NotFound()
    return hub


def _too_many(most: int) -> LimitExceeded:
    return LimitExceeded(f"{most} connections are open.", limit=most)


class _Again:
    """Asks DRF's authentication classes once more who made a request."""

    def __init__(self, request: ASGIRequest, get_authenticators: Callable[[], Any]) -> None:
        self.request = request
        self.get_authenticators = get_authenticators

    def __call__(self) -> tuple[Any, Any]:
        """The user whose token it is, and what it says beside (``request.auth``). In a worker thread.

        Raises:
            AuthenticationFailed: The token is no longer good.
        """
        request = copy(self.request)
        request.user = AnonymousUser()  # as it came; DRF has noted there whom it found
        found = Request(request, authenticators=self.get_authenticators())
        return found.user, found.auth


class Body:
    """The pieces of an answer, for Django. It ends them by ``close`` alone if the client leaves while a piece is being sent."""

    def __init__(self, stream: "EventStream") -> None:
        self.stream = stream

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.stream.events()

    def close(self) -> None:
        """From any thread."""
        self.stream.loop.call_soon_threadsafe(self.stream.leave)


class EventStream:
    """One answer that does not end. Everything happens on the hub's loop, from the first event asked for."""

    dialect: Dialect = "cb.1"
    transport: Literal["http"] = "http"

    def __init__(
        self,
        hub: Hub,
        call: Call,
        identity: Identity,
        have: str | None,
        again: Callable[[], tuple[Any, Any]],
        *,
        is_once: bool = False,
    ) -> None:
        """
        Args:
            have: The ``v`` that a returning client has (``Last-Event-ID``).
            is_once: The first message is the last one.
        """
        self.loop = hub.loop
        self.hub = hub
        self.revision = 0
        self.id = str(call.scope["connection_id"])
        self.call = call
        self.scope: Mapping[str, Any] = call.scope
        self.identity = identity
        self.user, self.auth, self.session_key = identity.user, identity.auth, identity.session_key
        self.streams: dict[str, str] = {}
        self.subscription: Subscription | None = None
        self._have = have if have and _HAVE.match(have) else None
        self._again = again
        self._settings = get_settings()
        self._waiting: list[bytes] = []
        self._queued = 0
        """Bytes that the server has not taken yet."""
        self._has_output = asyncio.Event()
        self._expiry = Expiry(self.loop, lambda: self.end(CloseCode.UNAUTHENTICATED, "the token is over"))
        self._is_over = False
        self._is_once = is_once
        self._overflow = Overflow(self._settings.UNACKNOWLEDGED_BYTES, lambda text: self.push([text]))

    # What the server takes

    async def events(self) -> AsyncIterator[bytes]:
        """The body of the answer, piece by piece. Cancelling is how it ends when the client leaves."""
        self._expiry.set(self.identity.expires_at)
        try:
            await give_back_connections()  # all middleware is through
            await self._begin()
            while self._waiting or not self._is_over:
                chunk = await self._next()
                patience = self._patience()
                try:
                    yield chunk
                finally:
                    patience.cancel()
                self._queued = sum(map(len, self._waiting))
                self._catch_up()
        finally:
            self.leave()

    def _patience(self) -> asyncio.TimerHandle:
        """Nothing else ends an answer whose reader takes nothing in."""
        task = asyncio.current_task()
        assert task is not None
        return self.hub.loop.call_later(self._settings.SLOW_SECONDS, self._give_up, task)

    def _give_up(self, task: "asyncio.Task[Any]") -> None:
        """Leave first: where Django sends in the task of the request (6.1), nothing is closed after it was cancelled."""
        self.leave()
        task.cancel()

    async def _next(self) -> bytes:
        """What waits; a comment after ``PING_SECONDS`` of silence, so that nobody on the way takes the line for dead."""
        try:
            await asyncio.wait_for(self._has_output.wait(), self._settings.PING_SECONDS)
        except TimeoutError:
            return KEEP_ALIVE
        self._has_output.clear()
        waiting, self._waiting = self._waiting, []
        return b"".join(waiting)

    async def _begin(self) -> None:
        """Join, read, and put the first message; between the last two nothing is awaited, so no push can come between."""
        try:
            await self.hub.ready()
            if self._is_over:
                return
            most = most_connections_of(self.user, self._settings)
            if not self.hub.connection_limits.admit(self, owner_of(self.user, self.scope), most):
                raise _too_many(most)
            self.hub.join(self)
            watch(self.auth)
            opened = await self.hub.open_for(self, lambda: self.call.as_user(self.user, self.scope))
            if opened is None:
                return
            group, self.call = opened
            if group.reading is None:
                raise NotFound()
        except Exception as exception:
            self._finish(as_error(for_returning(exception, self._have)), self.call.event)
            return
        self.streams[self.call.stream] = self.call.action
        self.subscription = self.hub.subscribe(group, self, self.call.event, self.call)
        most = self._settings.MAX_HELD_BYTES
        if self.hub.connection_limits.hold_more_than(most, self):
            self._finish(LimitExceeded(f"More than {most} bytes are held (MAX_HELD_BYTES).", limit=most))
            return
        shown = self.subscription.shown() or group.reading
        first = snapshot(shown) if self._have is None else returning({"v": self._have}, shown)
        text = frame(self.call.event, first.tail())
        self.push([explained(text, group.why()) if self.subscription.explains else text])
        if self._is_once:
            self.leave()

    def leave(self) -> None:
        """Nothing is sent any more."""
        self._is_over = True
        self._expiry.cancel()
        self.hub.leave(self, self.subscriptions)
        self.subscription = None

    # What the hub sends

    def push(self, frames: Sequence[bytes]) -> None:
        self.hub.totals.sent += len(frames)
        for text in frames:
            self._put(event_of(text))
        if self.hub.connection_limits.exceeds_its_share(self, self._settings.MAX_HELD_BYTES):
            self.loop.call_soon(self.end, CloseCode.TOO_MANY, "it has grown: more is held than may be (MAX_HELD_BYTES)")

    def _put(self, text: bytes) -> None:
        if not self._is_over:
            self._waiting.append(text)
            self._queued += len(text)
            self._has_output.set()

    @property
    def held_bytes(self) -> int:
        """What is kept in memory for this stream."""
        readings = {} if self.subscription is None else self.subscription.readings()
        return sum(readings.values()) + self._queued

    @property
    def congested(self) -> bool:
        return self._queued > self._settings.UNACKNOWLEDGED_BYTES

    def overflow(self, event: str) -> None:
        self._overflow.report(event)

    def _catch_up(self) -> None:
        if not self.congested:
            self._overflow.reset()
            self.hub.delivery.catch_up(self)

    @property
    def subscriptions(self) -> Sequence[Subscription]:
        return [] if self.subscription is None else [self.subscription]

    def drop(self, subscription: Subscription) -> None:
        """The one read is over, and with it the stream: once its last words are taken."""
        if subscription is self.subscription:
            self.subscription = None
            self.hub.loop.call_soon(self._leave_and_wake)

    def _leave_and_wake(self) -> None:
        self.leave()
        self._has_output.set()

    def end(self, code: int, reason: str) -> None:
        """End the stream with an error, in place of what waits. An ``EventSource`` asks again, and gets a status."""
        kinds: Mapping[int, type[BindingError]] = {
            CloseCode.UNAUTHENTICATED: Unauthenticated,
            CloseCode.FORBIDDEN: Forbidden,
            CloseCode.TOO_MANY: LimitExceeded,
        }
        if not self._is_over:
            self._waiting.clear()
            self._finish(kinds.get(code, Unavailable)(reason))

    def _finish(self, error: BindingError, event: str | None = None) -> None:
        self.push([failure(error, event)])
        self.leave()

    def go_away(self, reason: str, after_seconds: float) -> None:
        after_ms = round(after_seconds * 1000)
        self._put(b"retry: %d\n" % max(after_ms, 1))
        self.push([message("cb.goaway", {"reason": reason, "reconnect": True, "after_ms": after_ms})])

    async def retire(self, code: int, reason: str) -> None:
        self.end(code, reason)

    # Whose it is

    @property
    def has_token(self) -> bool:
        """Whether something else than a session says who this is. Not every authentication class gives a ``request.auth``."""
        return self.auth is not None or (bool(self.user.is_authenticated) and self.session_key is None)

    def refresh_user(self, user: Any) -> None:
        """The same user, read again."""
        self.revision += 1
        self.user = user

    async def identify(self) -> bool:
        """Ask again who this is. Returns whether the token says something else than before.

        Raises:
            Unauthenticated: The token is no longer good.
        """
        try:
            user, auth = await run(self._again)
        except Exception as exception:
            raise as_error(exception) from None
        if getattr(user, "pk", None) != getattr(self.user, "pk", None):
            raise Unauthenticated()
        if facts_of(auth) == facts_of(self.auth):
            return False
        self.revision += 1
        self.identity, self.auth = replace(self.identity, auth=auth), auth
        self.scope = self.identity.into(self.scope, self.id)
        return True
