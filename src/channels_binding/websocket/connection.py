"""What arrives on a socket, and what is answered. Shared by both consumers; who a token belongs to, the consumer says.

A call runs as a task of its own, so a slow one holds up neither the next one nor a push. What leaves passes one outbox
with one writer, so order holds.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, ClassVar

from channels_binding import fair_queue
from channels_binding.calls import locales
from channels_binding.calls.call import Call, Reading, Written, forgetful
from channels_binding.dispatch import batch as batches
from channels_binding.dispatch import idempotency
from channels_binding.dispatch.perform import aperform
from channels_binding.exception_handler import as_error
from channels_binding.exceptions import (
    BadRequest,
    BindingError,
    Invalid,
    LimitExceeded,
    NotFound,
    Throttled,
    Timeout,
    TooLarge,
    Unauthenticated,
)
from channels_binding.live import users
from channels_binding.live.capture.recorder import WRITTEN
from channels_binding.live.failures import for_returning
from channels_binding.live.identity.checks import tell
from channels_binding.live.queries.diff import returning, snapshot
from channels_binding.live.queries.why import explained
from channels_binding.protocol import codecs, messages
from channels_binding.protocol.messages import Body, Malformed, Request, failure, frame, message
from channels_binding.protocol.names import PRESENCE, READS
from channels_binding.protocol.session import read_name
from channels_binding.protocol.states import Act, Event, arrival
from channels_binding.registry import registry
from channels_binding.security import authentication
from channels_binding.security.authentication import Identity
from channels_binding.threads import run
from channels_binding.websocket.attendance import Attendance
from channels_binding.websocket.handler_messages import SocketMessages
from channels_binding.websocket.socket import Socket

SMALL_FRAME = 16_384
"""Longest frame, in characters, that is read on the event loop: less than a millisecond whatever it holds."""
OWN_DIFFS_SECONDS = 0.25
"""How long the reply to a write waits for the diffs that the write causes on its own connection."""
_AT_ONCE: AbstractAsyncContextManager[None] = nullcontext()
"""In place of a turn."""


class Connection(Socket):
    """An open socket that is talked to. To the hub it is a ``Subscriber``."""

    @cached_property
    def _attendance(self) -> Attendance:
        return Attendance(self)

    async def receive(self, text: str | None, binary: bytes | None) -> None:
        """One frame of the client. Never raises; what is wrong with it is answered."""
        self._last_heard = self.hub.loop.time()
        try:
            value = await self._decoded(text)
        except (BadRequest, TooLarge, Throttled) as error:
            for refused in messages.refused_frame(error, max_batch=self.settings.MAX_BATCH):
                await self._arrived(refused)
            return
        for request in messages.read_frame(value, max_batch=self.settings.MAX_BATCH):
            self.hub.totals.received += 1
            await self._arrived(request)

    async def _arrived(self, request: Request | Malformed) -> None:
        """What is done about one message, the table says (``protocol/states.py``)."""
        act = self.session.on(arrival(request))
        if act is Act.SERVE:  # nearly always
            self._begin(request)  # type: ignore[arg-type]
        elif act is not Act.NOTHING:
            waiting = self._ACTS[act](self, request)
            if waiting is not None:
                await waiting

    async def _decoded(self, text: str | None) -> Any:
        """What a frame says. A large one is read on another thread, and costs as many messages as it has pages."""
        if text is None:
            raise BadRequest("Frames are text.")
        settings = self.settings
        most = min(settings.MAX_FRAME_BYTES, settings.MAX_PENDING_FRAME_BYTES if self.is_pending else sys.maxsize)
        read = partial(codecs.decode, text, max_bytes=most, max_depth=settings.MAX_DEPTH)
        if len(text) <= SMALL_FRAME or len(text) > most:
            return read()
        self.session.rate.check(self.hub.loop.time())
        self.session.rate.charge(len(text) // SMALL_FRAME)
        return await self.hub.loop.run_in_executor(None, read)

    def _begin(self, request: Request) -> None:
        try:
            self.session.begin(request, self.hub.loop.time())
        except BindingError as error:
            self._refused(error, request.event, request.id)
            return
        self.refusals.end_row()
        self._spawn(self._serve(request))

    async def _authenticate(self, request: Request) -> None:
        """``cb.auth``: be whoever the token says. What follows in the same frame, and later ones, wait for it."""
        try:
            identity = await self._identified(request)
        except Exception as exception:
            self._refused(as_error(exception), request.event, request.id)
            await self._happened(Event.UNKNOWN, "not authenticated")
            return
        act = self.session.on(Event.KNOWN)
        if act is Act.NOTHING:  # it was closed meanwhile
            return
        self.keep_context()
        await (self._admit(identity) if act is Act.ADMIT else self.become(identity))
        self.put(message(request.event, {"success": True, **self._owner_members()}, request.id))

    async def _identified(self, request: Request) -> Identity:
        self.session.rate.take(self.hub.loop.time())
        token = request.data.get("token")
        if not isinstance(token, str):
            raise Invalid.field("token", "required", "'token' is missing, or is no text.")
        if self._authenticator is None:
            raise Unauthenticated()
        identity = await self._authenticator.identify(token)
        self._token = token
        return identity

    async def _admit(self, identity: Identity) -> None:
        self._take(identity)
        await self._enter()
        if self._authenticator is not None:
            await self._authenticator.entered(identity)

    async def _speak(self, request: Request) -> None:
        """``cb.locale``: answer in this language and time zone. What follows in the same frame, and later ones, wait for it."""
        try:
            self.session.rate.take(self.hub.loop.time())
            locale = locales.asked(request.data, self.scope["locale"])
        except BindingError as error:
            self._refused(error, request.event, request.id)
            return
        await self.set_locale(locale)
        self.put(
            message(
                request.event, {"success": True, "language": locale.language, "timezone": locale.timezone}, request.id
            )
        )

    def _answer_ping(self, request: Request) -> None:
        self._answer_at_once(message("cb.pong", {"n": request.data.get("n")}, request.id))
        self._count_other()

    def _acknowledge(self, request: Request) -> None:
        self.outbox.pong(request.data.get("n"))
        self._count_other()

    def _refuse(self, request: Malformed) -> None:
        self._refused(request.error, request.event, request.id)

    def _ask_who(self, request: Request) -> None:
        self._refused(Unauthenticated("Say first who you are: cb.auth."), request.event, request.id)

    def _needs_protocol(self, request: Request) -> None:
        why = "Names beginning with 'cb.' need the subprotocol cb.1.json."
        self._refused(BadRequest(why), request.event, request.id)

    def _no_such_name(self, request: Request) -> None:
        self._refused(BadRequest("There is no such system message."), request.event, request.id)

    _ACTS: ClassVar[Mapping[Act, Callable[..., Coroutine[Any, Any, None] | None]]] = {
        Act.REFUSE: _refuse,
        Act.ASK_WHO: _ask_who,
        Act.NEEDS_PROTOCOL: _needs_protocol,
        Act.NO_SUCH_NAME: _no_such_name,
        Act.AUTHENTICATE: _authenticate,
        Act.SPEAK: _speak,
        Act.ANSWER_PING: _answer_ping,
        Act.ACKNOWLEDGE: _acknowledge,
    }

    @property
    def caller(self) -> tuple[str, ...]:
        """For whom threads work here: a user on all of its sockets, an anonymous caller on this one."""
        key = getattr(self.user, "pk", None)
        return ("connection", self.id) if key is None else ("user", type(self.user).__name__, str(key))

    async def _serve(self, request: Request) -> None:
        """Answer one call, whatever happens in it."""
        fair_queue.CALLER.set(self.caller)
        is_large = request.is_system or request.action in READS
        try:
            async with self._reads_at_once if is_large else _AT_ONCE:  # reads and batches, whose answers are large
                await self.outbox.room()
                await self.hub.until_checked(self)
                await self._answer(request, self._call(request))
        except Exception as exception:
            self.put(failure(as_error(exception), request.event, request.id))
        finally:
            self.session.finish(request)
            self._answered()

    def _call(self, request: Request) -> Call:
        return Call(
            stream=request.stream,
            action=request.action,
            data=request.data,
            user=forgetful(self.user),
            transport="websocket",
            hash=request.hash,
            key=request.key,
            have=request.have,
            if_version=request.if_version,
            scope=self.scope,
            handler_messages=SocketMessages(self, request),
            terse=self.dialect == "seed",
        )

    async def _answer(self, request: Request, call: Call) -> None:
        if request.is_system:
            await self._act(request, call)
        elif "meta" in request.data and self._is_live_read(call) and request.action == PRESENCE:
            await self._opened(self._attend(request))
        elif self._is_live_read(call):
            await self._opened(self._read(request))
        elif request.action == "subscribe" and request.hash is None:
            await self._opened(self._subscribe(request))
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
        return bool(self._opening or self.session.reads) or self.hub.stream_groups.has(self)

    def _is_live_read(self, call: Call) -> bool:
        if call.action not in self._live_actions or not call.is_live:
            return False
        action = registry.get(call.stream).find_action(call.action)
        return action is not None and action.is_read and not action.is_coroutine

    @property
    def _live_actions(self) -> tuple[str, ...]:
        """Those who may be gone without a word, since nobody pings them, see nobody come and go."""
        return (*READS, PRESENCE) if self.dialect == "cb.1" else READS

    async def _attend(self, request: Request) -> None:
        """``presence`` with ``meta``: be in a room, or leave it."""
        answer = await self._attendance.answer(request, lambda: self._call(request))
        if answer is not None:
            self.put(message(request.event, answer, request.id))

    async def _read(self, request: Request) -> None:
        """A read that stays live. From the subscription to the reply nothing is awaited, so no push can come between."""
        name = read_name(request)
        self.session.check_room(name)
        self.held.check()
        try:
            opened = await self.hub.open_for(self, lambda: self._call(request))
        except Exception as exception:
            raise for_returning(exception, request.have) from None
        if opened is None:
            return
        group, call = opened
        self.session.check_room(name, len(group.reading.rows) if group.reading else 1)
        self.streams[call.stream] = call.action
        if group.reading is None:
            raise NotFound()
        self._forget(name)
        kept = replace(
            call, user=self.user, handler_messages=None, have=None
        )  # what is asked again, without its answer
        subscription = self.hub.subscribe(group, self, request.event, kept)
        self.session.reads[name] = subscription
        self._keep_if_light(lambda: self._forget(name))
        first = self._first(request, subscription.shown() or group.reading)
        self.put(explained(first, group.why()) if subscription.explains and self.dialect == "cb.1" else first)

    def _keep_if_light(self, undo: Callable[[], object]) -> None:
        try:
            self.held.check()
        except LimitExceeded:
            undo()
            self.held.weigh()
            raise

    def _first(self, request: Request, reading: Reading) -> bytes:
        if self.dialect == "seed":
            return frame(request.event, b',"data":' + reading.terse_data + b"}", request.id)
        body = snapshot(reading) if request.have is None else returning(request.have, reading)
        return frame(request.event, body.tail(), request.id)

    def _forget(self, name: str) -> None:
        subscription = self.session.reads.pop(name, None)
        if subscription is not None:
            self.hub.delivery.unsubscribe(subscription)
            self.held.weigh()

    async def _subscribe(self, request: Request) -> None:
        """As whoever the connection belongs to once its permissions are checked; joined before anything else is awaited."""
        is_counted, has_rows = False, registry.get(request.stream).find_model() is not None
        while True:
            presence, call = self.hub.subscribers.presence(self), replace(self._call(request), is_counted=is_counted)
            await aperform(call)
            group = await self.hub.stream_groups.open(call) if has_rows else None
            await self.hub.until_checked(self)
            if self.hub.subscribers.is_present(presence):
                break
            if self.closed_with is not None or self not in self.hub.subscribers:
                return
            is_counted = call.is_counted
        self.streams[call.stream] = "subscribe"
        if group is not None:
            self.held.stream_keys[call.stream] = await self.hub.stream_groups.join(group, self)
            self._keep_if_light(lambda: self._leave_stream(call.stream))
        self.put(message(request.event, {"success": True}, request.id))

    async def _unsubscribe(self, request: Request, call: Call) -> None:
        await aperform(call)
        if request.hash is None:
            self._leave_stream(call.stream)
        else:
            for name in [name for name in self.session.reads if self._is_named(name, call)]:
                self._forget(name)
        self.put(message(request.event, {"success": True}, request.id))

    def _leave_stream(self, stream: str) -> None:
        self.streams.pop(stream, None)
        self.held.stream_keys.pop(stream, None)
        self.hub.stream_groups.unsubscribe(stream, self)
        self.held.weigh()

    def _is_named(self, name: str, call: Call) -> bool:
        return name in {f"{call.stream}.{action}#{call.hash}" for action in (*READS, PRESENCE)}

    async def _act(self, request: Request, call: Call) -> None:
        """Anything else: a write, a form, a bound event. Its reply comes after the diffs that it causes here."""
        handler_messages: Any = call.handler_messages
        written: list[int] = []
        token = WRITTEN.set(written)
        self._writes_in_flight += 1
        try:
            answer = await (self._batch(request, call) if request.is_system else aperform(call))
            if self.dialect == "cb.1" and self._listens:
                await self.hub.rounds.wait_settled(written, self, OWN_DIFFS_SECONDS)
            if handler_messages.successor is None:
                self._reply(request, answer, handler_messages)
            else:
                await self._hand_over(request, answer, handler_messages)
        except Exception as exception:
            self.put(failure(as_error(exception), request.event, request.id))
        finally:
            WRITTEN.reset(token)
            self._writes_in_flight -= 1
            if not self._writes_in_flight:
                self._release_after_reply()

    async def _batch(self, request: Request, call: Call) -> Any:
        """``cb.batch``: its operations one after another, on one thread. Each counts against the rate."""
        ops = request.data.get("ops")
        for _ in ops[1 : self.settings.MAX_BATCH_OPS] if isinstance(ops, list) else ():
            self.session.rate.take(self.hub.loop.time())
        work = idempotency.retrying(
            lambda: run(batches.run_batch, call, lambda operation, data: self._operation(call, operation, data))
        )
        try:
            return await asyncio.wait_for(work, self.settings.CALL_TIMEOUT_SECONDS)
        except TimeoutError:
            raise Timeout() from None

    def _operation(self, batch: Call, operation: batches.Operation, data: dict[str, Any]) -> Call:
        return batch.operation(operation.stream, operation.action, data, batch.handler_messages)

    async def _hand_over(self, request: Request, answer: Any, handler_messages: Any) -> None:
        """The handler has signed somebody in or out. A socket that is closed for it is sent the answer first."""
        user = handler_messages.successor
        self.session_key = None  # the end of the session must not end this socket before its answer
        if user.is_authenticated:
            user = await run(users.fingerprint, user)
        else:
            await run(authentication.sign_out, self.scope)
        stays = self._remains(user)
        if stays:
            await self.become(Identity(user))
            tell(self)
        self._reply(request, answer, handler_messages)
        if not stays:
            await self.become(Identity(user))

    def _reply(self, request: Request, answer: Any, handler_messages: Any) -> None:
        if isinstance(answer, Reading):
            data = answer.terse_data if self.dialect == "seed" else answer.data
            etags = None if self.dialect == "seed" or answer.is_single else answer.etags
            version = None if self.dialect == "seed" else answer.version
            self.put(frame(request.event, Body(data, v=version, etags=etags).tail(), request.id))
        elif isinstance(answer, Written) and answer.version is not None and self.dialect != "seed":
            self.put(frame(request.event, Body(codecs.encode(answer), v=answer.version).tail(), request.id))
        elif isinstance(answer, Mapping):
            self.put(message(request.event, answer, request.id))
        elif request.id is not None and not handler_messages.has_answered:
            self.put(message(request.event, {}, request.id))
