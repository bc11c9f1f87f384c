"""Revocation: users, sessions, memberships and tokens of open connections are read again when they change, and now and then.

A deactivated, deleted or signed-out user loses the connection (4401), and so does whoever holds a token that is revoked.
Anyone else's reads are evaluated again as the freshly read user, in the group of the audience that the user now belongs
to; the difference is an ordinary diff.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.contrib.auth.signals import user_logged_out
from django.db.models import Model

from channels_binding.bindings.sharing import EVERYBODY
from channels_binding.calls.call import Call, of_connection
from channels_binding.calls.primary import asking_primary
from channels_binding.calls.sessions import contents, key_shown, loaded
from channels_binding.conf import get_settings
from channels_binding.exception_handler import as_error
from channels_binding.live.capture.changes import Changes
from channels_binding.live.delivery import Delivery
from channels_binding.live.held_messages import HeldMessages
from channels_binding.live.identity.admission import may_ask_who, moved, refused, ruled_out, streams_declaring
from channels_binding.live.identity.changes import RecentChanges
from channels_binding.live.identity.models import holds, labels, token_labels
from channels_binding.live.identity.pending_checks import PendingChecks
from channels_binding.live.identity.tokens import TokenChecks
from channels_binding.live.presence import Presence, Subscribers
from channels_binding.live.queries.group import Group, Subscription
from channels_binding.live.queries.store import QueryStore
from channels_binding.live.sessions import read_sessions
from channels_binding.live.streams import StreamGroups
from channels_binding.live.users import is_changed, read_users, slices
from channels_binding.protocol.messages import failure, message
from channels_binding.protocol.names import CloseCode
from channels_binding.repeated import Repeated
from channels_binding.threads import run
from channels_binding.types import Subscriber

logger = logging.getLogger("channels_binding")
_not_checked = Repeated(logger, "Identities could not be checked: %s")
_not_read = Repeated(logger, "The reads of a connection could not be read again: %s")

SILENT_CHECK_SECONDS = 1.0
"""While the broker is silent, how long a connection may be sent things after its last identity check."""
RETRY_SECONDS = 0.5
"""After this long, what a changed user reads is looked at again where that has failed; nothing is sent until it succeeds."""
BREATH_SECONDS = 0.05
"""Between two slices of those who are checked without a reason: calls and pushes go first."""
TOKEN_PATIENCE_SECONDS = 5.0
"""How long what others are sent waits for the tokens that are looked up in silence. Theirs waits for as long as it takes."""


def tell(subscriber: Subscriber) -> None:
    """Say that what a connection's user may do has changed, whatever is shown: ``describe`` and forms are asked again then."""
    is_over = subscriber.transport == "http" and not subscriber.subscriptions
    if subscriber.dialect == "cb.1" and not is_over:
        key = getattr(subscriber.user, "pk", None)
        subscriber.push([message("cb.user", {"user": None if key is None else str(key)})])


def _own_reads(subscriber: Subscriber) -> list[Any]:
    """What a connection reads that is not everybody's, and so may depend on its session."""
    return [each for each in subscriber.subscriptions if each.group.audience != EVERYBODY]


@dataclass(eq=False)
class IdentityChecks:
    """Looks users, sessions and tokens up again for the connections of one hub. Everything happens on its event loop."""

    loop: asyncio.AbstractEventLoop
    subscribers: Subscribers
    store: QueryStore
    delivery: Delivery
    stream_groups: StreamGroups
    held: HeldMessages
    spawn: Callable[[Any], Any]
    wake: Callable[[], None]
    """Begin a round, which begins with the pending checks."""
    misses_messages: Callable[[], bool]
    """Whether messages of other processes may have been lost."""

    def __post_init__(self) -> None:
        self.pending = PendingChecks(self.loop.time())
        self.recent = RecentChanges(self.loop)
        self.tokens = TokenChecks(self.pending, self.held, self.spawn, self._token_has_changed)
        self._looking_around: asyncio.Task[Any] | None = None
        self._sessions: WeakKeyDictionary[Subscriber, list[tuple[str, Any]]] = WeakKeyDictionary()
        """What the sessions of connections held when that was last looked at; before, what the handshake has read."""

    def note(self, changes: Changes) -> None:
        """Have those connections checked whose user, membership or session may have changed.

        But not where a hook has noted on them, while it was asked, that somebody was here: it would do so again at each check.
        """
        user_label, membership_labels, session_label = labels()
        pending = self.pending
        if changes.is_of_reading:
            own = {user_label, session_label, *token_labels}
            changes = Changes({label: keys for label, keys in changes.keys.items() if label not in own})
        self.recent.note(changes)
        for label, keys in changes.keys.items():
            if label in token_labels:
                self.tokens.check([each for each in self.subscribers if holds(each, label, keys)], sends_wait=True)
            if label == user_label:
                pending.users |= {str(key) for key in keys or ()}
                pending.everyone |= keys is None
            elif label == session_label:
                pending.sessions |= {str(key) for key in keys or ()}
                pending.everyone |= keys is None
            elif label in membership_labels:
                pending.everyone |= keys is None or bool(keys)

    def check_newcomer(self, subscriber: Subscriber) -> None:
        """A connection has another user from now on, who was read before: check it, if a change arrived meanwhile."""
        if self.recent.may_concern(subscriber):
            self.pending.audiences.add(subscriber)
            self.wake()
        if self.recent.are_of_token_of(subscriber):
            self.tokens.check([subscriber], sends_wait=True)

    def note_declared(self, groups: Iterable[Group]) -> None:
        """Have it checked whether those who read these still may, and belong to the audience that they are sent as."""
        self.check_soon(each.subscriber for group in groups for each in group.subscriptions)

    def note_admitted(self, changes: Changes) -> bool:
        """Have it checked of those who are told what handlers say on a stream whether they still may be, where it may depend
        on these changes. Returns whether there are any."""
        streams = streams_declaring(
            [label for label, keys in changes.keys.items() if keys != set() or label in changes.joins]
        )
        admitted = [each for each in self.subscribers if not streams.isdisjoint(each.streams)] if streams else []
        self.check_soon(admitted)
        return bool(admitted)

    def check_soon(self, subscribers: Iterable[Subscriber]) -> None:
        """Have it checked in the next round to which audiences these belong, and what they may read."""
        self.pending.audiences.update(subscribers)

    def receive(self, told: Mapping[str, Any]) -> None:
        """Somebody signed out (another process, or this one). Its session may be stored still; that does not matter."""
        self.recent.note_signed_out(str(told["session"]))
        for subscriber in [*self.subscribers]:
            if subscriber.session_key == told["session"]:
                subscriber.end(CloseCode.UNAUTHENTICATED, "signed out")

    def is_pending(self, subscriber: Subscriber) -> bool:
        """Whether it is yet to be checked whose a connection is: until then nothing is sent to it."""
        self.check_in_silence()
        return self.pending.holds(subscriber)

    def is_anyone_pending(self) -> bool:
        """Whether that is to be checked of anybody."""
        self.check_in_silence()
        return bool(self.pending or self.pending.running)

    def forget(self, subscriber: Subscriber) -> None:
        """The connection is gone."""
        self.pending.unread.discard(subscriber)
        self.pending.audiences.discard(subscriber)

    def check_in_silence(self) -> None:
        """Have everyone checked while messages of other processes may have been lost."""
        pending, now = self.pending, self.loop.time()
        if now - pending.checked_at > SILENT_CHECK_SECONDS and self.misses_messages():
            pending.checked_at = now
            pending.everyone = True
            self.tokens.check([each for each in self.subscribers if each.has_token], sends_wait=True)
            self.wake()

    def recheck(self, subscribers: Iterable[Subscriber]) -> None:
        """Check these connections in the next round, and treat their users as changed whatever is read."""
        for subscriber in subscribers:
            self.pending.users.add(str(getattr(subscriber.user, "pk", None)))
            if hasattr(subscriber.user, "_channels_binding_fingerprint"):
                subscriber.user._channels_binding_fingerprint = None

    def lost(self) -> None:
        """Anything may have changed: check everyone in the next round."""
        self.pending.everyone = True
        self.wake()

    def maintain(self, now: float) -> None:
        """Check everyone now and then, for changes that no signal shows."""
        pending = self.pending
        if now - pending.checked_at > get_settings().IDENTITY_SECONDS:
            pending.checked_at = now
            self.tokens.check([each for each in self.subscribers if each.has_token])
            if self._looking_around is None or self._looking_around.done():
                self._looking_around = self.spawn(self._look_around())

    async def _look_around(self) -> None:
        """Check everyone, some users at a time. Nothing says that anything has changed, so nobody is kept waiting for it."""
        for subscribers in slices(self.subscribers):
            try:
                await self._check_these([each for each in subscribers if each in self.subscribers])
            except Exception as exception:  # the database does not answer; the next time is soon enough
                _not_checked(exception)
            await asyncio.sleep(BREATH_SECONDS)

    async def refresh(self) -> None:
        """Make the pending checks: read the users again and act on what is found."""
        self.check_in_silence()
        if not self.pending:
            return
        concerned = [subscriber for subscriber in self.subscribers if self.pending.concern(subscriber)]
        unread = self.pending.unread & self.subscribers
        held = [each for each in concerned if self.pending.holds(each)]
        is_everyone = self.pending.everyone
        self.pending.clear()
        with self.pending.run([*held, *unread]):
            await self._read_unread(unread)
            try:
                await self._check_these(concerned)
            except Exception as exception:
                _not_checked(exception)
                self.pending.everyone = True  # the next round tries again
            else:
                if is_everyone:  # as of now, or a check that takes long would be due again before anything is sent
                    self.pending.checked_at = self.loop.time()

    async def _read_unread(self, subscribers: Iterable[Subscriber]) -> None:
        """Try once more to read again what could not be."""
        for subscriber in subscribers:
            try:
                if subscriber in self.subscribers and await self.reevaluate(subscriber):
                    tell(subscriber)
            except Exception as exception:  # once more in the next round; the others do not wait for that
                _not_read(exception)

    async def refresh_in_silence(self) -> None:
        """While messages may have been lost, look everyone up again, tokens included; what is sent next follows at once.

        A query that takes long would otherwise be read for ever: each time the check made before it would be outdated.
        """
        if self.misses_messages():
            await self.refresh()
            await self.tokens.until_done(TOKEN_PATIENCE_SECONDS)

    async def _check_these(self, subscribers: Sequence[Subscriber]) -> None:
        await self._check([each for each in subscribers if isinstance(each.user, Model)])
        await self._check_sessions(subscribers)
        await self._check_audiences(subscribers)

    async def _check(self, subscribers: Sequence[Subscriber]) -> None:
        """Read the users of these connections again: end those who may not be here, and re-evaluate those who changed."""
        asked = [(self.subscribers.presence(each), each.user, each.session_key) for each in subscribers]
        users = await run(read_users, [(user, session_key) for _, user, session_key in asked]) if asked else []
        for (presence, old, _), user in zip(asked, users, strict=True):
            subscriber = presence.subscriber
            if not self.subscribers.is_present(presence):
                continue  # gone, or somebody else's by now, who was read later than this
            if user is None:
                subscriber.end(CloseCode.UNAUTHENTICATED, "signed out")
            elif is_changed(old, user):
                subscriber.refresh_user(user)
                await self._read_unread([subscriber])

    async def _check_sessions(self, subscribers: Sequence[Subscriber]) -> None:
        """Where their sessions hold something else than before, have read again what these do not share with everybody."""
        keys = {each: key for each in subscribers if self._may_ask_session(each) and (key := key_shown(each.scope))}
        held = await run(read_sessions, {*keys.values()}) if keys else {}
        for subscriber, key in keys.items():
            before, now = self._sessions.get(subscriber), contents(held[key])
            self._sessions[subscriber] = now
            if now == (loaded(subscriber.scope.get("session")) if before is None else before):
                continue
            for subscription in _own_reads(subscriber):
                subscription.group.touch(None)
            await self.stream_groups.move(subscriber)
            self.wake()

    def _may_ask_session(self, subscriber: Subscriber) -> bool:
        return bool(_own_reads(subscriber)) or self.stream_groups.has(subscriber)

    async def _check_audiences(self, subscribers: Sequence[Subscriber]) -> None:
        """Move those reads and streams whose reader belongs to another audience now, and end what it may read no longer."""
        subscribers = [
            each for each in subscribers if each not in self.pending.unread
        ]  # of those, all will be read again
        reads = [each for subscriber in subscribers for each in subscriber.subscriptions]
        movable = [each for each in reads if each.group.may_move]
        for subscription in await run(moved, movable) if movable else ():
            await self._reread(subscription)
        await self.stream_groups.check(subscribers)
        await self._forget_streams(subscribers, ruled_out, may_ask_who)

    async def reevaluate(self, subscriber: Subscriber) -> bool:
        """A connection's user is another one, or a changed one, or wants another language: read all that it is sent again.

        Until that is done nothing is sent to it. Returns whether it is done: where the database does not answer, a later round
        tries again.

        Raises:
            Exception: An error of the project's; a later round tries again then, too.
        """
        with self.pending.run([subscriber]), asking_primary():
            try:
                await self._forget_streams([subscriber], refused)
                for subscription in [*subscriber.subscriptions]:
                    subscription.group.touch(None)  # it may have been read as the user was before
                    await self._reread(subscription)
                await self.stream_groups.move(subscriber)
            except Exception as exception:
                if subscriber not in self.subscribers:
                    return False
                self.pending.unread.add(subscriber)
                self.loop.call_later(RETRY_SECONDS, self.wake)
                if not as_error(exception).retry:
                    raise
                return False
        self.delivery.deliver(subscriber.subscriptions)
        self.held.release()
        return True

    async def _token_has_changed(self, subscriber: Subscriber) -> None:
        await self.reevaluate(subscriber)
        tell(subscriber)

    async def _reread(self, subscription: Subscription) -> None:
        """Move a read to the group of the audience that its user is in now, and mark it stale.

        Unless it is over by the time it is read, or its connection is another's again: then that is a matter of who did that.
        """
        subscriber = subscription.subscriber
        presence = self.subscribers.presence(subscriber)
        subscription.call = subscription.call.as_user(subscriber.user, subscriber.scope)
        failed = group = None
        try:
            group = await self.store.open(subscription.call)
        except Exception as exception:
            failed = as_error(exception)
        if not self.subscribers.is_present(presence) or subscription not in subscriber.subscriptions:
            return
        if failed is not None:
            if failed.retry:
                raise failed
            self._end(subscription, failure(failed, subscription.event))
        elif group is subscription.group:
            group.touch(None)
            self.wake()
        elif group is not None:
            self.delivery.move(subscription, group)

    async def _forget_streams(
        self,
        subscribers: Iterable[Subscriber],
        find_refused: Callable[[Iterable[tuple[Presence, Call]]], list[tuple[Presence, Call]]],
        is_concerned: Callable[[str], bool] = lambda stream: True,
    ) -> None:
        """No longer send what handlers dispatch on streams whose permissions refuse a connection's user by now."""
        asked = [
            (self.subscribers.presence(each), of_connection(each, stream, action))
            for each in subscribers
            for stream, action in each.streams.items()
            if is_concerned(stream)
        ]
        for presence, call in await run(find_refused, asked) if asked else ():
            if self.subscribers.is_present(presence):
                presence.subscriber.streams.pop(call.stream, None)

    def _end(self, subscription: Subscription, last_words: bytes) -> None:
        """A read is refused by now. One that nobody else makes is not kept for whoever comes back to it."""
        self.delivery.unsubscribe(subscription)
        if not subscription.group.subscriptions:
            self.store.forget(subscription.group)
        subscription.subscriber.drop(subscription)
        subscription.subscriber.push([last_words])


def install(publish: Callable[[Mapping[str, Any]], None]) -> None:
    """Tell every process when somebody signs out."""

    def signed_out(sender: Any, request: Any, **_: Any) -> None:
        key = getattr(getattr(request, "session", None), "session_key", None)
        if key:
            publish({"kind": "identity", "session": key})

    user_logged_out.connect(signed_out, weak=False, dispatch_uid="channels_binding.signed_out")
