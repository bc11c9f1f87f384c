"""One accepted socket: frames in, answers and pushes out. Shared by both consumers; who a token belongs to, its door says.

A call runs as a task of its own, so a slow one holds up neither the next one nor a push. What leaves passes one outbox
with one writer, so order holds.
"""

import asyncio
import logging
import secrets
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import replace
from typing import Any, Protocol

from django.contrib.auth.models import AnonymousUser

from channels_binding import authentication, batches, codecs, protocol
from channels_binding.authentication import Identity
from channels_binding.calls import Call, Reading, forgetful
from channels_binding.conf import Settings, get_settings
from channels_binding.dispatch import aperform
from channels_binding.exceptions import (
    BadRequest,
    BindingError,
    Invalid,
    LimitExceeded,
    NotFound,
    Timeout,
    TooLarge,
    Unauthenticated,
)
from channels_binding.failures import as_error
from channels_binding.live import identity as live_identity
from channels_binding.live import outlet
from channels_binding.live.capture import WRITTEN
from channels_binding.live.hub import Hub
from channels_binding.live.queries import Group, Subscription
from channels_binding.live.window import returning, snapshot
from channels_binding.outbox import Outbox
from channels_binding.protocol import Body, Malformed, Request, failure, frame, message
from channels_binding.registry import registry
from channels_binding.session import Limits, Rate, Session, read_name
from channels_binding.threads import run
from channels_binding.types import Dialect, Scope, Send

logger = logging.getLogger("channels_binding")

OWN_DIFFS_SECONDS = 0.25
"""How long the reply to a write waits for the diffs that the write causes on its own connection."""
READS = ("retrieve", "search", "list")
UNAUTHENTICATED = 4401
FAREWELL_SECONDS = 1.0
"""How long a last message may take to leave before the socket is closed after it."""
READS_AT_ONCE = 4
"""Reads of one connection that are made side by side: so many answers may go beyond what is let wait for a client."""
MAX_QUEUED_BYTES = 8 * 1024 * 1024
"""More than this waiting for a client that does not read: it is closed with 4508. Live reads alone never get there."""


def limits_of(settings: Settings) -> Limits:
    return Limits(
        frame_bytes=settings.MAX_FRAME_BYTES,
        subscriptions=settings.MAX_SUBSCRIPTIONS,
        window_rows=settings.MAX_PAGE_SIZE,
        calls_in_flight=settings.MAX_CALLS_IN_FLIGHT,
        messages_per_second=settings.MESSAGES_PER_SECOND,
    )


class Outlet:
    """Where the handler of one call sends its own messages. Any thread may use it; it never blocks."""

    def __init__(self, connection: "Connection", request: Request) -> None:
        self.connection = connection
        self.request = request
        self.has_answered = False
        """Whether a reflected message under the call's own name was its reply."""
        self.successor: Any = None
        """Whose the connection is once the call is answered, if the handler has signed somebody in or out."""
        self._caller = getattr(connection.user, "pk", None)

    def _on_loop(self, function: Any, *args: Any) -> None:
        """Keep the order of what is sent: at once on the loop, in line from a thread."""
        loop = self.connection.hub.loop
        if threading.get_ident() == self.connection.thread:
            function(*args)
        else:
            loop.call_soon_threadsafe(function, *args)

    def admitted(self, stream: str, action: str) -> None:
        if getattr(self.connection.user, "pk", None) == self._caller:  # who asked may have signed out meanwhile
            self.connection.streams[stream] = action

    def become(self, user: Any) -> None:
        self.successor = AnonymousUser() if user is None else user

    def reflect(self, event: str, data: Mapping[str, Any]) -> None:
        call_id = None
        if event == self.request.event.partition("#")[0] and not self.has_answered:
            self.has_answered, call_id, event = True, self.request.id, self.request.event
        self._on_loop(self.connection.put, message(event, data, call_id))

    def dispatch(self, stream: str, event: str, data: Mapping[str, Any]) -> None:
        outlet.to_stream(stream, event, data)

    def broadcast(self, event: str, data: Mapping[str, Any]) -> None:
        outlet.to_everyone(event, data)

    def send_to(self, user_pk: Any, event: str, data: Mapping[str, Any]) -> None:
        outlet.to_user(user_pk, event, data)


class Door(Protocol):
    """What lets people in: the consumer."""

    async def identify(self, token: str | None) -> Identity:
        """Who the token belongs to; with None, ask again who the handshake belongs to.

        Raises:
            Exception: It is not known.
        """

    async def entered(self, identity: Identity) -> None:
        """The connection is this user's from now on."""


class Connection:
    """An open socket. To the hub it is a ``Subscriber``."""

    def __init__(
        self, scope: Scope, send: Send, identity: Identity | None, dialect: Dialect, door: Door | None = None
    ) -> None:
        """``identity`` is None for a socket that is open only to say who it is (``cb.auth``)."""
        settings = get_settings()
        self.id = secrets.token_urlsafe(9)
        self.scope: Mapping[str, Any] = scope
        self.is_pending = identity is None
        """Whether it is not known yet who this is. Then nothing but ``cb.auth`` is answered."""
        self.dialect: Dialect = dialect
        self.streams: dict[str, str] = {}
        self._door = door
        self._token: str | None = None
        """The token of the last ``cb.auth``; None while the handshake says who this is."""
        self._handshake = scope
        self._expiry: asyncio.TimerHandle | None = None
        self.settings = settings
        self.session = Session(dialect, limits_of(settings), Rate(settings.MESSAGES_PER_SECOND))
        self.hub = Hub.current()
        self.thread = threading.get_ident()
        """The thread of the hub's loop."""
        self.outbox = Outbox(send, dialect, settings.UNACKNOWLEDGED_BYTES, self._catch_up)
        self._held: list[bytes] = []
        self._writes_in_flight = 0
        self._opening = 0
        """Live reads and subscriptions that are being opened."""
        self._is_idle = asyncio.Event()
        """Set while every call is answered."""
        self._is_idle.set()
        self._reads_at_once = asyncio.Semaphore(READS_AT_ONCE)
        self._was_told_of_overflow = False
        self._answered_while_full = 0
        """Bytes of refusals and pongs since the outbox became full."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_heard = self.hub.loop.time()
        self._take(identity or Identity(AnonymousUser()))

    # Life

    async def open(self) -> None:
        """Let messages leave; of a socket whose owner is known, join the hub and, with ``cb.1``, say hello."""
        self.outbox.start()
        self._spawn(self._keep_alive())
        if self.is_pending:
            self._spawn(self._expect_authentication())
        else:
            await self._enter()

    async def _enter(self) -> None:
        await self.hub.ready()
        self.hub.join(self)
        if self.dialect == "cb.1":
            self.put(message("cb.hello", self._hello()))

    async def _expect_authentication(self) -> None:
        await asyncio.sleep(self.settings.AUTHENTICATION_SECONDS)
        if self.is_pending:
            self.end(UNAUTHENTICATED, "did not authenticate in time")

    # Whose it is

    def _take(self, identity: Identity) -> None:
        """Be this user's from now on, for as long as its token lasts."""
        self.identity, self.user, self.auth = identity, identity.user, identity.auth
        self.session_key = identity.session_key
        self.scope = identity.into(self._handshake)
        live_identity.watch(identity.auth)
        self._expire_at(identity.expires_at)

    def _expire_at(self, moment: float | None) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        self._expiry = None
        if moment is not None:
            self._expiry = self.hub.loop.call_later(max(0.0, moment - time.time()), self._expire, moment)

    def _expire(self, moment: float) -> None:
        if time.time() < moment:  # the loop's clock and the wall's go apart
            self._expire_at(moment)
        else:
            self.end(UNAUTHENTICATED, "the token is over")

    async def become(self, identity: Identity) -> None:
        """Be somebody else's, or somebody's with another token: every live read is read again as this user."""
        self._take(identity)
        if self._door is not None:
            await self._door.entered(identity)
        if not self._remains(identity.user):
            await self._farewell(UNAUTHENTICATED, "signed out")
        else:
            await live_identity.reevaluate(self.hub, self)

    def _remains(self, user: Any) -> bool:
        """Whether the connection stays open as this user's."""
        return bool(user.is_authenticated) or self.settings.ANONYMOUS_CONNECTION_ALLOWED

    @property
    def has_token(self) -> bool:
        return self.identity.token is not None

    async def identify(self) -> None:
        """Ask again who this is, where a token says it.

        Raises:
            Unauthenticated: The token is no longer good, or somebody else's.
        """
        asked = self.identity
        if self._door is None or asked.token is None:
            return
        found = await self._door.identify(self._token)
        if found.user.pk != asked.user.pk:
            raise Unauthenticated()
        if self.identity is asked:
            self._take(replace(asked, auth=found.auth))

    async def _farewell(self, code: int, reason: str) -> None:
        """Close the socket once what was put before has left."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.outbox.is_written.wait(), FAREWELL_SECONDS)
        self.end(code, reason)

    def _hello(self) -> dict[str, Any]:
        limits = self.session.limits
        return {
            "proto": "cb.1",
            "connection": self.id,
            **self._whose(),
            "ping_seconds": self.settings.PING_SECONDS,
            "limits": {name: getattr(limits, name) for name in Limits.__slots__},
        }

    def _whose(self) -> dict[str, Any]:
        """Whose the connection is, and for how many seconds: ``{"user": "7", "expires_in": 300}``."""
        moment = self.identity.expires_at
        lasts = {} if moment is None else {"expires_in": max(0, int(moment - time.time()))}
        return {"user": None if getattr(self.user, "pk", None) is None else str(self.user.pk), **lasts}

    async def close(self) -> None:
        """The socket is gone: leave the hub, end what runs for it."""
        self._expire_at(None)
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
        if self.closed_with is None:
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
        while not (self._is_idle.is_set() and self.outbox.is_written.is_set()):
            await self._is_idle.wait()
            await self.outbox.is_written.wait()
        self.end(code, reason)

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # What leaves

    def put(self, *frames: bytes) -> None:
        """Send messages after all that was put before. Never blocks."""
        self.outbox.put(protocol.batch(frames))
        if self.outbox.queued > MAX_QUEUED_BYTES:
            self.end(4508, "too much waits to be read")

    def _answer_at_once(self, answer: bytes) -> None:
        """What costs nothing to ask for: a refusal, a pong. Who asks without reading is asked to leave."""
        self._answered_while_full = self._answered_while_full + len(answer) if self.congested else 0
        if self._answered_while_full > self.outbox.bound:
            self.end(4508, "answers wait to be read")
        self.put(answer)

    def push(self, frames: Sequence[bytes]) -> None:
        """What the hub tells: one array frame with ``cb.1``; to others one by one, and after the reply to their own write."""
        if self.dialect == "cb.1":
            self.put(*frames)
        elif self._writes_in_flight:
            self._held.extend(frames)
        else:
            for each in frames:
                self.put(each)

    def _release_held(self) -> None:
        held, self._held = self._held, []
        for each in held:
            self.put(each)

    @property
    def congested(self) -> bool:
        return self.outbox.is_full

    def overflow(self, event: str) -> None:
        if not self._was_told_of_overflow:
            self._was_told_of_overflow = True
            bound = self.outbox.bound
            why = f"{bound} bytes are not taken in yet; this message and those after it are dropped."
            self.put(failure(LimitExceeded(why, limit=bound), event))

    @property
    def subscriptions(self) -> Sequence[Subscription]:
        return [*self.session.reads.values()]

    def drop(self, subscription: Subscription) -> None:
        for name, present in [*self.session.reads.items()]:
            if present is subscription:
                del self.session.reads[name]

    async def _keep_alive(self) -> None:
        """Ping after silence; give up on a client that takes in nothing."""
        ping_seconds = self.settings.PING_SECONDS
        while True:
            await asyncio.sleep(min(1.0, ping_seconds / 4))
            if self.outbox.stalled_seconds() > self.settings.SLOW_SECONDS:
                self.end(4508, "nothing was acknowledged")
            elif self._is_pinged and self._silent_seconds() > ping_seconds and not self.outbox.flow.awaited:
                self.outbox.ping()

    @property
    def _is_pinged(self) -> bool:
        return self.dialect == "cb.1" and not self.is_pending

    def _silent_seconds(self) -> float:
        return self.hub.loop.time() - self._last_heard

    def _catch_up(self) -> None:
        """There may be room again: bring reads up to date that were held back."""
        if self.congested:
            return
        self._was_told_of_overflow = False
        behind = [subscription for subscription in self.subscriptions if subscription.is_behind]
        if behind:
            frames: dict[Any, list[bytes]] = {self: []}
            self.hub.bring_up_to_date(behind, frames)
            if frames[self]:
                self.push(frames[self])

    # What arrives

    async def receive(self, text: str | None, binary: bytes | None) -> None:
        """One frame of the client. Never raises; what is wrong with it is answered."""
        self._last_heard = self.hub.loop.time()
        try:
            if text is None:
                raise BadRequest("Frames are text.")
            value = codecs.decode(text, max_bytes=self.settings.MAX_FRAME_BYTES, max_depth=self.settings.MAX_DEPTH)
        except (BadRequest, TooLarge) as error:
            self._answer_at_once(failure(error))
            return
        for request in protocol.read_frame(value, max_batch=self.settings.MAX_BATCH):
            if isinstance(request, Malformed):
                self._answer_at_once(failure(request.error, request.event, request.id))
            elif request.event == "cb.auth" and self.dialect == "cb.1":
                await self._authenticate(request)
            elif self.is_pending:
                self._answer_at_once(
                    failure(Unauthenticated("Say first who you are: cb.auth."), request.event, request.id)
                )
            elif request.is_system and not self._is_batch(request):
                self._system(request)
            else:
                self._begin(request)

    def _begin(self, request: Request) -> None:
        try:
            self.session.begin(request, self.hub.loop.time())
        except BindingError as error:
            self._answer_at_once(failure(error, request.event, request.id))
            return
        self._is_idle.clear()
        self._spawn(self._serve(request))

    def _is_batch(self, request: Request) -> bool:
        return request.event == batches.EVENT and self.dialect == "cb.1"

    async def _authenticate(self, request: Request) -> None:
        """``cb.auth``: be whoever the token says. What follows in the same frame, and later ones, wait for it."""
        try:
            identity = await self._identified(request)
        except Exception as exception:
            self._answer_at_once(failure(as_error(exception), request.event, request.id))
            if self.is_pending:
                await self._farewell(UNAUTHENTICATED, "not authenticated")
            return
        if self.is_pending:
            await self._admit(identity)
        else:
            await self.become(identity)
        self.put(message(request.event, {"success": True, **self._whose()}, request.id))

    async def _identified(self, request: Request) -> Identity:
        self.session.rate.take(self.hub.loop.time())
        token = request.data.get("token")
        if not isinstance(token, str):
            raise Invalid.field("token", "required", "'token' is missing, or is no text.")
        if self._door is None:
            raise Unauthenticated()
        identity = await self._door.identify(token)
        self._token = token
        return identity

    async def _admit(self, identity: Identity) -> None:
        self.is_pending = False
        self._take(identity)
        await self._enter()
        if self._door is not None:
            await self._door.entered(identity)

    def _system(self, request: Request) -> None:
        if self.dialect != "cb.1":
            self._refuse(request, "Names beginning with 'cb.' need the subprotocol cb.1.json.")
        elif request.event == "cb.pong":
            self.outbox.pong(request.data.get("n"))
        elif request.event == "cb.ping":
            self._answer_at_once(message("cb.pong", {"n": request.data.get("n")}, request.id))
        else:
            self._refuse(request, "There is no such system message.")

    def _refuse(self, request: Request, why: str) -> None:
        self._answer_at_once(failure(BadRequest(why), request.event, request.id))

    async def _serve(self, request: Request) -> None:
        """Answer one call, whatever happens in it."""
        try:
            async with self._turn(request):
                await self.hub.certain_of(self)
                await self._answer(request, self._call(request))
        except Exception as exception:
            self.put(failure(as_error(exception), request.event, request.id))
        finally:
            self.session.finish(request)
            if not self.session.is_busy:
                self._is_idle.set()

    @asynccontextmanager
    async def _turn(self, request: Request) -> AsyncIterator[None]:
        """Wait until there is room for the answer. Reads and batches, whose answers are large, take turns."""
        is_large = request.is_system or request.action in READS
        async with self._reads_at_once if is_large else nullcontext():
            await self.outbox.room()
            yield

    def _call(self, request: Request) -> Call:
        return Call(
            stream=request.stream,
            action=request.action,
            data=request.data,
            user=forgetful(self.user),
            door="websocket",
            hash=request.hash,
            key=request.key,
            have=request.have,
            if_version=request.if_version,
            scope=self.scope,
            outlet=Outlet(self, request),
            terse=self.dialect == "seed",
        )

    async def _answer(self, request: Request, call: Call) -> None:
        if request.is_system:
            await self._act(request, call)
        elif self._is_live_read(call):
            await self._opened(self._read(request, call))
        elif request.action == "subscribe" and request.hash is None:
            await self._opened(self._subscribe(request, call))
        elif request.action == "unsubscribe":
            await self._unsubscribe(request, call)
        else:
            await self._act(request, call)

    async def _opened(self, opening: Awaitable[None]) -> None:
        self._opening += 1
        try:
            await opening
        finally:
            self._opening -= 1

    @property
    def _listens(self) -> bool:
        """Whether a write can cause anything here that must come before its reply."""
        return bool(self._opening or self.session.reads) or self.hub.feeds.has(self)

    def _is_live_read(self, call: Call) -> bool:
        if call.action not in READS or not call.is_live:
            return False
        action = registry.get(call.stream).get_actions().get(call.action)
        return action is not None and action.is_read and not action.is_coroutine

    async def _read(self, request: Request, call: Call) -> None:
        """A read that stays live. From the subscription to the reply nothing is awaited, so no push can come between."""
        name = read_name(request)
        self.session.check_room(name)
        group = await self.hub.open(call)
        if getattr(call.user, "pk", None) != getattr(self.user, "pk", None):  # signed in as another meanwhile
            await self._read(request, self._call(request))
            return
        self.session.check_room(name)
        self.streams[call.stream] = call.action
        if group.reading is None:
            raise NotFound()
        self._forget(name)
        self.session.reads[name] = self.hub.subscribe(group, self, request.event, call)
        self.put(self._first(request, group, group.reading))

    def _first(self, request: Request, group: Group, reading: Reading) -> bytes:
        if self.dialect == "seed":
            return frame(request.event, b',"data":' + reading.terse_data + b"}", request.id)
        body = snapshot(reading) if request.have is None else returning(request.have, reading)
        return frame(request.event, body.tail(), request.id)

    def _forget(self, name: str) -> None:
        subscription = self.session.reads.pop(name, None)
        if subscription is not None:
            self.hub.unsubscribe(subscription)

    async def _subscribe(self, request: Request, call: Call) -> None:
        await aperform(call)
        self.streams[call.stream] = "subscribe"
        if registry.get(call.stream).find_model() is not None:
            await self.hub.feeds.subscribe(call, self)
        self.put(message(request.event, {"success": True}, request.id))

    async def _unsubscribe(self, request: Request, call: Call) -> None:
        await aperform(call)
        if request.hash is None:
            self.streams.pop(call.stream, None)
            self.hub.feeds.unsubscribe(call.stream, self)
        else:
            for name in [name for name in self.session.reads if self._is_named(name, call)]:
                self._forget(name)
        self.put(message(request.event, {"success": True}, request.id))

    def _is_named(self, name: str, call: Call) -> bool:
        return name in {f"{call.stream}.{action}#{call.hash}" for action in READS}

    async def _act(self, request: Request, call: Call) -> None:
        """Anything else: a write, a form, a bound event. Its reply comes after the diffs that it causes here."""
        way_out: Any = call.outlet
        written: list[int] = []
        token = WRITTEN.set(written)
        self._writes_in_flight += 1
        try:
            answer = await (self._batch(request, call) if request.is_system else aperform(call))
            if self.dialect == "cb.1" and self._listens:
                await self.hub.wait_settled(written, self, OWN_DIFFS_SECONDS)
            if way_out.successor is None:
                self._reply(request, answer, way_out)
            else:
                await self._hand_over(request, answer, way_out)
        except Exception as exception:
            self.put(failure(as_error(exception), request.event, request.id))
        finally:
            WRITTEN.reset(token)
            self._writes_in_flight -= 1
            if not self._writes_in_flight:
                self._release_held()

    async def _batch(self, request: Request, call: Call) -> Any:
        """``cb.batch``: its operations one after another, on one thread. Each counts against the rate."""
        ops = request.data.get("ops")
        for _ in ops[1 : self.settings.MAX_BATCH_OPS] if isinstance(ops, list) else ():
            self.session.rate.take(self.hub.loop.time())
        work = run(batches.run_batch, call, lambda operation, data: self._operation(call, operation, data))
        try:
            return await asyncio.wait_for(work, self.settings.CALL_TIMEOUT_SECONDS)
        except TimeoutError:
            raise Timeout() from None

    def _operation(self, batch: Call, operation: batches.Operation, data: dict[str, Any]) -> Call:
        return replace(batch, stream=operation.stream, action=operation.action, data=data, key=None, is_counted=False)

    async def _hand_over(self, request: Request, answer: Any, way_out: Any) -> None:
        """The handler has signed somebody in or out. A socket that is closed for it is told the answer first."""
        user = way_out.successor
        self.session_key = None  # the end of the session must not end this socket before its answer
        if user.is_authenticated:
            user = await run(live_identity.fingerprint, user)
        else:
            await run(authentication.sign_out, self.scope)
        stays = self._remains(user)
        if stays:
            await self.become(Identity(user))
        self._reply(request, answer, way_out)
        if not stays:
            await self.become(Identity(user))

    def _reply(self, request: Request, answer: Any, way_out: Any) -> None:
        if isinstance(answer, Reading):
            data = answer.terse_data if self.dialect == "seed" else answer.data
            etags = None if self.dialect == "seed" or answer.is_single else answer.etags
            version = None if self.dialect == "seed" else answer.version
            self.put(frame(request.event, Body(data, v=version, etags=etags).tail(), request.id))
        elif isinstance(answer, Mapping):
            self.put(message(request.event, answer, request.id))
        elif request.id is not None and not way_out.has_answered:
            self.put(message(request.event, {}, request.id))
