"""One accepted socket from its opening to its end: whose it is, and what leaves. What arrives is not known here."""

import asyncio
import contextvars
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Literal, Protocol

from django.contrib.auth.models import AnonymousUser

from channels_binding.calls import locales
from channels_binding.calls.scopes import CONTEXT
from channels_binding.conf import Settings, get_settings
from channels_binding.exceptions import (
    BindingError,
    LimitExceeded,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from channels_binding.live.connection_limits import most_connections_of, owner_of
from channels_binding.live.expiry import Expiry
from channels_binding.live.hub import Hub
from channels_binding.live.identity.models import watch
from channels_binding.live.overflow import Overflow
from channels_binding.live.queries.group import Subscription
from channels_binding.protocol import messages
from channels_binding.protocol.messages import CallId, failure, message
from channels_binding.protocol.names import CloseCode
from channels_binding.protocol.session import Limits, Rate, Refusals, Session
from channels_binding.protocol.states import Act, Event, State
from channels_binding.security.authentication import Identity, facts_of
from channels_binding.types import Dialect, Scope, Send
from channels_binding.websocket.heartbeat import Heartbeat
from channels_binding.websocket.held_bytes import HeldBytes
from channels_binding.websocket.outbox import Outbox

LAST_MESSAGE_SECONDS = 1.0
"""How long a last message may take to leave before the socket is closed after it."""
READS_AT_ONCE = 4
"""Reads of one connection that are made side by side: so many answers may go beyond what is let wait for a client."""
PINGS = 3
"""So often it is asked whether a client that is in a room is still there, before it counts as gone."""
MAX_QUEUED_BYTES = 8 * 1024 * 1024
"""More than this waiting for a client that does not read: it is closed with 4508. Live reads alone never get there."""


def limits_of(settings: Settings) -> Limits:
    return Limits(
        frame_bytes=settings.MAX_FRAME_BYTES,
        subscriptions=settings.MAX_SUBSCRIPTIONS,
        window_rows=settings.MAX_WINDOW_ROWS,
        calls_in_flight=settings.MAX_CALLS_IN_FLIGHT,
        messages_per_second=settings.MESSAGES_PER_SECOND,
        depth=settings.MAX_DEPTH,
        refusals=settings.MAX_REFUSALS,
        held_bytes=settings.MAX_HELD_BYTES,
        connections=settings.MAX_CONNECTIONS_PER_USER,
    )


def _first_state(identity: Identity | None, dialect: Dialect) -> State:
    if identity is None:
        return State.PENDING
    return State.OPEN if dialect == "cb.1" else State.PLAIN


def beat_seconds() -> float:
    """How often open sockets are looked after."""
    return min(1.0, get_settings().PING_SECONDS / 4, get_settings().PRESENCE_SECONDS / 8)


class Authenticator(Protocol):
    """Who knows whose a handshake or a token is: the consumer."""

    async def identify(self, token: str | None) -> Identity:
        """Who the token belongs to; with None, ask again who the handshake belongs to.

        Raises:
            Exception: It is not known.
        """

    async def entered(self, identity: Identity) -> None:
        """The connection is this user's from now on."""


class Socket:
    """An open socket. To the hub it is a ``Subscriber``."""

    transport: Literal["websocket"] = "websocket"

    def __init__(
        self,
        scope: Scope,
        send: Send,
        identity: Identity | None,
        dialect: Dialect,
        authenticator: Authenticator | None = None,
    ) -> None:
        """``identity`` is None for a socket that is open only to say who it is (``cb.auth``)."""
        settings = get_settings()
        self.id = secrets.token_urlsafe(9)
        self.revision = 0
        self.scope: Mapping[str, Any] = {**scope, "locale": locales.of_handshake(scope)}
        self.keep_context()
        self.dialect: Dialect = dialect
        self.streams: dict[str, str] = {}
        self._authenticator = authenticator
        self._token: str | None = None
        """The token of the last ``cb.auth``; None while the handshake says who this is."""
        self._handshake: Mapping[str, Any] = scope
        self.settings = settings
        self.session = Session(
            dialect, limits_of(settings), Rate(settings.MESSAGES_PER_SECOND), _first_state(identity, dialect)
        )
        self.refusals = Refusals(settings.MAX_REFUSALS, Rate(max(settings.MESSAGES_PER_SECOND, settings.MAX_BATCH)))
        self.hub = Hub.current()
        self._expiry = Expiry(self.hub.loop, lambda: self.end(CloseCode.UNAUTHENTICATED, "the token is over"))
        self.outbox = Outbox(send, dialect, min(settings.UNACKNOWLEDGED_BYTES, MAX_QUEUED_BYTES), self._catch_up)
        self._after_reply: list[tuple[int, bytes]] = []
        """What waits for the reply to a write, each with the ``revision`` that it was sent for."""
        self._bytes_after_reply = 0
        self._writes_in_flight = 0
        self.held = HeldBytes(self, self.session.reads, self.hub.connection_limits, settings.MAX_HELD_BYTES)
        self._opening = 0
        """Live reads and subscriptions that are being opened."""
        self._when_idle: asyncio.Future[None] | None = None
        """For those who wait until every call is answered."""
        self._reads_at_once = asyncio.Semaphore(READS_AT_ONCE)
        self._overflow = Overflow(settings.UNACKNOWLEDGED_BYTES, lambda frame: self.push([frame]))
        self._answered_while_full = 0
        """Bytes of refusals and pongs since the outbox became full."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_heard = self.hub.loop.time()
        self._take(identity or Identity(AnonymousUser()))

    # Life

    async def open(self) -> None:
        """Let messages leave; of a socket whose owner is known, join the hub and, with ``cb.1``, say hello."""
        self.outbox.start()
        Heartbeat.current(beat_seconds).add(self)
        if not self._is_counted_in():
            return
        if self.is_pending:
            self._spawn(self._expect_authentication())
        else:
            await self._enter()

    def _is_counted_in(self) -> bool:
        """Have this connection counted as its owner's. The one that is one too many is closed.

        Somebody unknown may be a user whom the address shares with many, so is asked to come back later (45xx).
        """
        most = most_connections_of(self.user, self.settings)
        if self.hub.connection_limits.admit(self, owner_of(self.user, self._handshake), most):
            return True
        self.end(CloseCode.GOING_AWAY if self.is_pending else CloseCode.TOO_MANY, f"{most} connections are open")
        return False

    async def _enter(self) -> None:
        if not self._is_counted_in():
            return
        await self.hub.ready()
        self.hub.join(self)
        if self.dialect == "cb.1":
            self.put(message("cb.hello", self._hello()))

    async def _expect_authentication(self) -> None:
        await asyncio.sleep(self.settings.AUTHENTICATION_SECONDS)
        await self._happened(Event.LATE, "did not authenticate in time")

    async def _happened(self, event: Event, reason: str) -> None:
        """What may end the connection: with 4401, once what was put before has left."""
        if self.session.on(event) is not Act.SAY_GOODBYE:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self.outbox.written(), LAST_MESSAGE_SECONDS)
        self.end(CloseCode.UNAUTHENTICATED, reason)

    @property
    def is_pending(self) -> bool:
        """Whether it is not known yet who this is. Then nothing but ``cb.auth`` is answered."""
        return self.session.state is State.PENDING

    # Whose it is

    def _take(self, identity: Identity) -> None:
        """Be this user's from now on, for as long as its token lasts."""
        self.revision += 1
        self.identity, self.user, self.session_key = identity, identity.user, identity.session_key
        own = {name: self.scope[name] for name in ("locale", CONTEXT)}
        self.scope = identity.into({**self._handshake, **own}, self.id)
        watch(identity.auth)
        if self in self.hub.subscribers:
            self.hub.identity.check_newcomer(self)
        self._expiry.set(identity.expires_at)

    def keep_context(self) -> None:
        """What is asked for this connection later is asked in the context variables of now, as its calls are."""
        self.scope = {**self.scope, CONTEXT: contextvars.copy_context()}

    async def set_locale(self, locale: locales.Locale) -> None:
        """Be answered in another language and time zone from now on: every live read is read again in them."""
        if locale == self.scope["locale"]:
            return
        self.revision += 1
        self.scope = {**self.scope, "locale": locale}
        await self._read_again()

    def refresh_user(self, user: Any) -> None:
        """The same user, read again."""
        self.revision += 1
        self.user = user

    async def become(self, identity: Identity) -> None:
        """Be somebody else's, or somebody's with another token: every live read is read again as this user."""
        self._take(identity)
        if not self._is_counted_in():
            return
        if self._authenticator is not None:
            await self._authenticator.entered(identity)
        if self._remains(identity.user):
            await self._read_again()
        else:
            await self._happened(Event.SIGNED_OUT, "signed out")

    async def _read_again(self) -> None:
        """Every live read as this user, language and time zone, and what differs sent, once it is checked who that is."""
        await self.hub.identity.reevaluate(self)
        with suppress(Unavailable):  # the check is made once the database answers, and what differs is sent then
            await self.hub.until_checked(self)
        self.hub.delivery.deliver(self.subscriptions)

    def _remains(self, user: Any) -> bool:
        """Whether the connection stays open as this user's."""
        return bool(user.is_authenticated) or self.settings.ANONYMOUS_CONNECTION_ALLOWED

    @property
    def auth(self) -> Any:
        """What an authentication class has found beside the user."""
        return self.identity.auth

    @property
    def has_token(self) -> bool:
        return self.identity.token is not None

    async def identify(self) -> bool:
        """Ask again who this is, where a token says it. Returns whether the token says something else than before.

        Raises:
            Unauthenticated: The token is no longer good, or somebody else's.
        """
        asked = self.identity
        if self._authenticator is None or asked.token is None:
            return False
        found = await self._authenticator.identify(self._token)
        if found.user.pk != asked.user.pk:
            raise Unauthenticated()
        if self.identity is not asked or facts_of(found.auth) == facts_of(asked.auth):
            return False
        self._take(replace(asked, auth=found.auth))
        return True

    def _hello(self) -> dict[str, Any]:
        limits = self.session.limits
        return {
            "proto": "cb.1",
            "connection": self.id,
            **self._owner_members(),
            "ping_seconds": self.settings.PING_SECONDS,
            "limits": {name: getattr(limits, name) for name in Limits.__slots__},
        }

    def _owner_members(self) -> dict[str, Any]:
        """Whose the connection is, and for how many seconds: ``{"user": "7", "expires_in": 300}``."""
        moment = self.identity.expires_at
        lasts = {} if moment is None else {"expires_in": max(0, int(moment - time.time()))}
        return {"user": None if getattr(self.user, "pk", None) is None else str(self.user.pk), **lasts}

    async def close(self) -> None:
        """The socket is gone: leave the hub, end what runs for it."""
        self.session.on(Event.ENDED)
        self._expiry.cancel()
        Heartbeat.current(beat_seconds).remove(self)
        self.hub.leave(self, self.subscriptions)
        self.session.reads.clear()
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.outbox.end()

    @property
    def closed_with(self) -> tuple[int, str] | None:
        return self.outbox.closed_with

    def end(self, code: int, reason: str) -> None:
        """Close the socket; what waits to be written is dropped."""
        if self.session.on(Event.ENDED) is Act.CLOSE:
            self.outbox.close(code, reason)
            self.hub.leave(self, self.subscriptions)
            self.session.reads.clear()

    def go_away(self, reason: str, after_seconds: float) -> None:
        """Tell the client to come back after a while, to another process. It may finish what it has begun."""
        if self.dialect == "cb.1":
            self.put(
                message("cb.goaway", {"reason": reason, "reconnect": True, "after_ms": round(after_seconds * 1000)})
            )

    async def retire(self, code: int, reason: str) -> None:
        """Close the socket once every call is answered and everything written. Cancelling is safe."""
        while self.session.is_busy or not self.outbox.is_written:
            if self.session.is_busy:
                await asyncio.wait([self._idle()])
            await self.outbox.written()
        self.end(code, reason)

    def _idle(self) -> "asyncio.Future[None]":
        """Resolved once every call is answered."""
        if self._when_idle is None:
            self._when_idle = self.hub.loop.create_future()
        return self._when_idle

    def _answered(self) -> None:
        if self._when_idle is not None and not self.session.is_busy:
            self._when_idle.set_result(None)
            self._when_idle = None

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # What leaves

    def put(self, *frames: bytes) -> None:
        """Send messages after all that was put before. Never blocks."""
        self.hub.totals.sent += len(frames)
        if self.outbox.put(frames[0] if len(frames) == 1 else messages.batch(frames)):
            self._end_if_too_slow()

    def _end_if_too_slow(self) -> None:
        if self.outbox.queued > MAX_QUEUED_BYTES:
            self.end(CloseCode.SLOW, "too much waits to be read")
        elif self.held.is_too_much():
            self.end(CloseCode.SLOW, "too much is held for this user's connections")

    @property
    def held_bytes(self) -> int:
        """What is kept in memory for this connection. Live reads as of the last time that they were weighed."""
        return self.held.kept + self.outbox.queued + self._bytes_after_reply

    def _give_up(self, largest: Subscription) -> None:
        self.drop(largest)
        self.hub.delivery.unsubscribe(largest)
        self.put(failure(self.held.refusal("It has grown. "), largest.event))

    def _refused(self, error: BindingError, event: str | None = None, call_id: CallId | None = None) -> None:
        """Answer what did not become a call. Who is refused again and again is asked to leave."""
        self._answer_at_once(failure(error, event, call_id))
        self._count_other(is_message=isinstance(error, (Throttled, LimitExceeded)))

    def _count_other(self, *, is_message: bool = True) -> None:
        """Account for a message that is no call. Nothing else bounds how many of them come."""
        if self.closed_with is None and self.refusals.count(self.hub.loop.time(), is_message=is_message):
            self.end(CloseCode.TOO_MANY, "too many messages were refused")

    def _answer_at_once(self, answer: bytes) -> None:
        """What costs nothing to ask for: a refusal, a pong. Who asks without reading is asked to leave."""
        self._answered_while_full = self._answered_while_full + len(answer) if self.congested else 0
        if self._answered_while_full > self.outbox.bound:
            self.end(CloseCode.SLOW, "answers wait to be read")
        self.put(answer)

    def push(self, frames: Sequence[bytes]) -> None:
        """What the hub sends: one array frame with ``cb.1``; to others one by one, and after the reply to their own write."""
        while (largest := self.held.read_to_end()) is not None:
            self._give_up(largest)
        if self.dialect == "cb.1":
            self.put(*frames)
        elif self._writes_in_flight:
            self._after_reply.extend((self.revision, frame) for frame in frames)
            self._bytes_after_reply += sum(map(len, frames))
        else:
            for each in frames:
                self.put(each)

    def _release_after_reply(self) -> None:
        """Send what has waited, if it is for whoever the connection belongs to by now; else the reads as they are for them."""
        waiting, self._after_reply, self._bytes_after_reply = self._after_reply, [], 0
        for revision, frame in waiting:
            is_due = partial(self._is_of, revision)
            if is_due() and not self.hub.held.keeps(self, "cb.error", frame, is_due):
                self.put(frame)
        if any(revision != self.revision for revision, _ in waiting):
            for subscription in self.subscriptions:
                subscription.sent = None
            self.hub.delivery.deliver(self.subscriptions)
        self._catch_up()

    def _is_of(self, revision: int) -> bool:
        return self.revision == revision

    @property
    def congested(self) -> bool:
        return self.outbox.is_full or self._bytes_after_reply > self.outbox.bound

    def overflow(self, event: str) -> None:
        self._overflow.report(event)
        self.outbox.tell_when_moved()

    @property
    def subscriptions(self) -> Sequence[Subscription]:
        return [*self.session.reads.values()]

    def drop(self, subscription: Subscription) -> None:
        for name, present in [*self.session.reads.items()]:
            if present is subscription:
                del self.session.reads[name]

    def beat(self) -> None:
        """Ping after silence; give up on a client that takes in nothing."""
        if self.outbox.stalled_seconds() > self.settings.SLOW_SECONDS:
            self.end(CloseCode.SLOW, "nothing was acknowledged")
            return
        silent_seconds, is_there = self._silent_seconds(), self.hub.rooms.is_anywhere(self)
        if is_there:
            self.hub.rooms.heed(self, is_silent=silent_seconds > self.settings.PRESENCE_SECONDS)
        if self._is_pinged and silent_seconds > self._ping_seconds(is_there=is_there) and not self.outbox.flow.awaited:
            self.outbox.ping()

    def _ping_seconds(self, *, is_there: bool) -> float:
        """After how long a silence it is pinged: who is in a room in good time, before it would leave."""
        seconds = self.settings.PING_SECONDS
        return min(seconds, self.settings.PRESENCE_SECONDS / PINGS) if is_there else seconds

    @property
    def _is_pinged(self) -> bool:
        return self.dialect == "cb.1" and not self.is_pending

    def _silent_seconds(self) -> float:
        return self.hub.loop.time() - self._last_heard

    def _catch_up(self) -> None:
        """There may be room again: bring reads up to date that were held back."""
        if not self.congested:
            self._overflow.reset()
            self.hub.delivery.catch_up(self)
