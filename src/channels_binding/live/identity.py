"""Who is behind a connection, now: users, sessions and memberships are read again when they change, and now and then.

A deactivated, deleted or signed-out user loses the connection (4401), and so does whoever holds a token that is revoked.
Anyone else's reads are evaluated again as the freshly read user, in the group of the audience that the user now belongs
to; the difference is an ordinary diff.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.signals import user_logged_out
from django.db.models import Model
from django.utils.crypto import constant_time_compare

from channels_binding.calls import locales
from channels_binding.calls.call import Call, of_connection
from channels_binding.conf import get_settings
from channels_binding.dispatch.perform import find
from channels_binding.exception_handler import as_error
from channels_binding.exceptions import BindingError, Internal, Unauthenticated
from channels_binding.live.capture import label_of
from channels_binding.live.changes import Changes
from channels_binding.live.queries import audience_of
from channels_binding.protocol.messages import failure
from channels_binding.protocol.names import CloseCode
from channels_binding.threads import run
from channels_binding.types import Subscriber

if TYPE_CHECKING:
    from channels_binding.live.hub import Hub
    from channels_binding.live.queries import Group, Subscription

logger = logging.getLogger("channels_binding")

SILENT_CHECK_SECONDS = 1.0
"""While the broker is silent, how long a connection may be sent things after it was last looked up whose it is."""
HEARD_SECONDS = 60.0
"""Longer than it takes from looking somebody up until a connection is theirs: a handshake, a handler that signs somebody in."""
MOST_HEARD = 10_000
RETRY_SECONDS = 0.5
"""After this long, what a changed user reads is looked at again where that has failed; nothing is sent until it succeeds."""
TOKEN_CHECKS_AT_ONCE = 2
"""Tokens that are looked up side by side; the other threads stay free for calls."""

_token_labels: set[str] = {"authtoken.Token"}
"""Models of which some connection's token is a row."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """One change of what says who somebody is."""

    at: float
    """Loop seconds."""
    users: frozenset[str]
    sessions: frozenset[str]
    everyone: bool
    tokens: Mapping[str, Set[Any] | None]
    """Label of a token's model → keys of changed rows; None for any."""

    def concerns(self, subscriber: Subscriber) -> bool:
        named = str(getattr(subscriber.user, "pk", None)) in self.users or subscriber.session_key in self.sessions
        return self.everyone or named


class Doubts:
    """Of which connections the identity is to be checked in the next round."""

    def __init__(self, checked_at: float, checking: Counter[Subscriber] | None = None) -> None:
        self.users: set[str] = set()
        self.sessions: set[str] = set()
        self.everyone = False
        self.audiences: set[Subscriber] = set()
        """Those whose user may belong to another audience now, by what a binding's ``depends_on`` declares."""
        self.checking: Counter[Subscriber] = Counter() if checking is None else checking
        """Those who are being checked now, and how many times at once."""
        self.checked_at = checked_at
        """Loop seconds at which everyone was last to be checked."""

    def concern(self, subscriber: Subscriber) -> bool:
        user_key = str(getattr(subscriber.user, "pk", None))
        is_named = user_key in self.users or subscriber.session_key in self.sessions or subscriber in self.audiences
        return self.everyone or is_named


def doubts_of(hub: "Hub") -> Doubts:
    return hub.__dict__.setdefault("_doubts", Doubts(hub.loop.time()))  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def _labels() -> tuple[str, frozenset[str], str | None]:
    """Labels of the user model, of what holds memberships and permissions, and of sessions."""
    user = get_user_model()
    related = [field.remote_field for field in user._meta.many_to_many]
    models = {relation.through for relation in related if relation} | {
        relation.model for relation in related if relation
    }
    if apps.is_installed("django.contrib.auth"):
        group = apps.get_model("auth.Group")
        models |= {group, group.permissions.through}
    session = "sessions.Session" if apps.is_installed("django.contrib.sessions") else None
    return label_of(user), frozenset(label_of(model) for model in models if isinstance(model, type)), session


def watched_models() -> set[type[Model]]:
    """Models whose changes may make somebody lose or gain a permission: users, groups, memberships."""
    user_label, membership_labels, _ = _labels()
    return {apps.get_model(label) for label in (user_label, *membership_labels)}


def note(hub: "Hub", changes: Changes) -> None:
    """Doubt those connections whose user, membership or session may have changed."""
    user_label, membership_labels, session_label = _labels()
    doubts = doubts_of(hub)
    _remember(hub, changes)
    for label, keys in changes.keys.items():
        if label in _token_labels:
            check_tokens(hub, [each for each in hub.subscribers if _holds(each, label, keys)])
        if label == user_label:
            doubts.users |= {str(key) for key in keys or ()}
            doubts.everyone |= keys is None
        elif label == session_label:
            doubts.sessions |= {str(key) for key in keys or ()}
            doubts.everyone |= keys is None
        elif label in membership_labels:
            doubts.everyone |= keys is None or bool(keys)


def _remember(hub: "Hub", changes: Changes) -> None:
    """Keep for a while what was heard: a connection may join whose identity was read before (``check_newcomer``)."""
    user_label, membership_labels, session_label = _labels()
    named = {label: keys for label, keys in changes.keys.items() if label in {user_label, session_label}}
    tokens = {label: keys for label, keys in changes.keys.items() if label in _token_labels}
    memberships = [changes.keys[label] for label in membership_labels & changes.keys.keys()]
    if named or tokens or memberships:
        users, sessions = (frozenset(map(str, named.get(label) or ())) for label in (user_label, session_label or ""))
        everyone = None in named.values() or any(keys is None or keys for keys in memberships)
        _heard_of(hub).append(_Heard(hub.loop.time(), users, sessions, everyone, tokens))


def _heard_of(hub: "Hub") -> deque[_Heard]:
    heard: deque[_Heard] = hub.__dict__.setdefault("_identities_heard", deque(maxlen=MOST_HEARD))
    while heard and hub.loop.time() - heard[0].at > HEARD_SECONDS:
        heard.popleft()
    return heard


def check_newcomer(hub: "Hub", subscriber: Subscriber) -> None:
    """A connection is somebody's from now on, who was looked up before: look again, if something was heard meanwhile."""
    heard = _heard_of(hub)
    if len(heard) == MOST_HEARD or any(each.concerns(subscriber) for each in heard):
        doubts_of(hub).audiences.add(subscriber)
        hub._wake.set()
    if any(_holds(subscriber, label, keys) for each in heard for label, keys in each.tokens.items()):
        check_tokens(hub, [subscriber], sends_wait=True)


def note_declared(hub: "Hub", groups: "Iterable[Group]") -> None:
    """Doubt whether those who read these still belong to the audience that they are told as."""
    doubts_of(hub).audiences |= {each.subscriber for group in groups for each in group.subscriptions}


def watch(auth: Any) -> None:
    """From now on, notice at once when a token that is a row is changed or deleted."""
    if isinstance(auth, Model):
        _token_labels.add(label_of(type(auth)))


def _holds(subscriber: Subscriber, label: str, keys: Iterable[Any] | None) -> bool:
    """Whether a connection's token is one of these rows."""
    auth = getattr(subscriber, "auth", None)
    if not isinstance(auth, Model) or label_of(type(auth)) != label:
        return False
    return keys is None or str(auth.pk) in {str(key) for key in keys}


def check_tokens(hub: "Hub", subscribers: Iterable[Subscriber], *, sends_wait: bool = False) -> None:
    """Look tokens up again, beside everything else; a connection whose token is no longer good is ended.

    Args:
        sends_wait: Nothing is sent to these connections before that.
    """
    waiting = [*subscribers]
    if sends_wait:
        doubts_of(hub).checking.update(waiting)
    for _ in range(min(TOKEN_CHECKS_AT_ONCE, len(waiting))):
        hub.spawn(_check_tokens(hub, waiting, sends_wait))


async def _check_tokens(hub: "Hub", waiting: list[Subscriber], sends_wait: bool) -> None:
    while waiting:
        subscriber = waiting.pop()
        try:
            if await subscriber.identify():
                await reevaluate(hub, subscriber)
        except Unauthenticated:
            subscriber.end(CloseCode.UNAUTHENTICATED, "the token is no longer good")
        except Exception as exception:
            logger.warning("A token could not be checked: %s", exception)
        finally:
            if sends_wait:
                _end_checking(hub, [subscriber])
    hub.held.release()


def receive(hub: "Hub", message: Mapping[str, Any]) -> None:
    """Somebody signed out (another process, or this one). Its session may be stored still; that does not matter."""
    signed_out = frozenset({str(message["session"])})
    _heard_of(hub).append(_Heard(hub.loop.time(), frozenset(), signed_out, False, {}))
    for subscriber in [*hub.subscribers]:
        if subscriber.session_key == message["session"]:
            subscriber.end(CloseCode.UNAUTHENTICATED, "signed out")


def is_doubted(hub: "Hub", subscriber: Subscriber) -> bool:
    """Whether something was heard of the user that has not been looked into yet: until then nothing is told to it."""
    check_in_silence(hub)
    doubts = doubts_of(hub)
    is_signed_in = bool(getattr(subscriber.user, "is_authenticated", False))
    return subscriber in doubts.checking or (is_signed_in and doubts.concern(subscriber))


def check_in_silence(hub: "Hub") -> None:
    """Have everyone looked up where another process may have said something about them that was not heard here."""
    doubts, now = doubts_of(hub), hub.loop.time()
    if now - doubts.checked_at > SILENT_CHECK_SECONDS and hub.misses_messages():
        doubts.checked_at = now
        doubts.everyone = True
        check_tokens(hub, [each for each in hub.subscribers if each.has_token], sends_wait=True)
        hub._wake.set()


@contextmanager
def _checking(hub: "Hub", subscribers: Sequence[Subscriber]) -> Iterator[None]:
    """Tell these nothing until it is known who they are."""
    checking = doubts_of(hub).checking
    checking.update(subscribers)
    try:
        yield
    finally:
        _end_checking(hub, subscribers)


def _end_checking(hub: "Hub", subscribers: Sequence[Subscriber]) -> None:
    checking = doubts_of(hub).checking
    checking.subtract(subscribers)
    for each in subscribers:
        if checking[each] <= 0:
            del checking[each]


def doubt(hub: "Hub", subscribers: Iterable[Subscriber]) -> None:
    """Check these connections in the next round, and take their users for changed whatever is found."""
    for subscriber in subscribers:
        doubts_of(hub).users.add(str(getattr(subscriber.user, "pk", None)))
        if hasattr(subscriber.user, "_channels_binding_fingerprint"):
            subscriber.user._channels_binding_fingerprint = None


def lost(hub: "Hub") -> None:
    """Anything may have changed: check everyone in the next round."""
    doubts_of(hub).everyone = True
    hub._wake.set()


def tend(hub: "Hub", now: float) -> None:
    """Check everyone now and then, for changes that no signal shows."""
    doubts = doubts_of(hub)
    if now - doubts.checked_at > get_settings().IDENTITY_SECONDS:
        doubts.checked_at = now
        doubts.everyone = True
        check_tokens(hub, [each for each in hub.subscribers if each.has_token])
        hub._wake.set()


async def refresh(hub: "Hub") -> None:
    """Read the doubted users again and act on what is found."""
    check_in_silence(hub)
    doubts = doubts_of(hub)
    doubted = [subscriber for subscriber in hub.subscribers if doubts.concern(subscriber)]
    if not (doubts.everyone or doubts.users or doubts.sessions or doubts.audiences):
        return
    fresh = Doubts(doubts.checked_at, doubts.checking)
    hub.__dict__["_doubts"] = fresh
    signed_in = [subscriber for subscriber in doubted if getattr(subscriber.user, "is_authenticated", False)]
    with _checking(hub, signed_in):
        try:
            await _check(hub, [each for each in signed_in if isinstance(each.user, Model)])
            await _check_audiences(hub, signed_in)
        except Exception as exception:
            logger.warning("Identities could not be checked: %s", exception)
            fresh.everyone = True  # the next round tries again


async def _check(hub: "Hub", subscribers: Sequence[Subscriber]) -> None:
    """Read the users of these connections again: end those who may not be here, and re-evaluate those who changed."""
    asked = [(hub.presence(each), each.user, each.session_key) for each in subscribers]
    users = await run(_read_users, [(user, session_key) for _, user, session_key in asked]) if asked else []
    for (presence, old, _), user in zip(asked, users, strict=True):
        subscriber = presence.subscriber
        if not hub.is_present(presence):
            continue  # gone, or somebody else's by now, who was read later than this
        if user is None:
            subscriber.end(CloseCode.UNAUTHENTICATED, "signed out")
        elif _is_changed(old, user):
            subscriber.refresh_user(user)
            await reevaluate(hub, subscriber)


async def _check_audiences(hub: "Hub", subscribers: Sequence[Subscriber]) -> None:
    """Move those reads whose reader belongs to another audience now."""
    reads = [each for subscriber in subscribers for each in subscriber.subscriptions]
    doubtful = [each for each in reads if each.group.may_move]
    for subscription in await run(_moved, doubtful) if doubtful else ():
        await _reread(hub, subscription)


def _moved(subscriptions: "Iterable[Subscription]") -> "list[Subscription]":
    """Those of the reads that do not belong to their group any more. In a worker thread."""
    return [each for each in subscriptions if not _belongs(each)]


def _belongs(subscription: "Subscription") -> bool:
    try:
        call = subscription.call.as_user(subscription.subscriber.user)
        with locales.active(call.locale):
            return audience_of(find(call)[0]) == subscription.group.audience
    except Exception:  # reading it again tells why
        return False


def _is_changed(old: Any, new: Any) -> bool:
    """Whether anything about a user or its permissions differs. Permissions are part of it as ``_fingerprint``."""
    return bool(getattr(old, "_channels_binding_fingerprint", None) != new._channels_binding_fingerprint)


def _read_users(asked: Iterable[tuple[Any, str | None]]) -> list[Any]:
    """Fresh users in the order asked, None for those who are no longer signed in. In a worker thread."""
    asked = [*asked]
    model = get_user_model()
    found = {user.pk: user for user in model._default_manager.filter(pk__in={user.pk for user, _ in asked})}
    for user in found.values():
        fingerprint(user)
    return [_valid(found.get(user.pk), session_key) for user, session_key in asked]


def fingerprint(user: Any) -> Any:
    """Mark a freshly read user with all that decides what it may do, to notice a later difference."""
    columns = {field.attname: getattr(user, field.attname) for field in user._meta.concrete_fields}
    columns.pop("last_login", None)
    permissions = frozenset(user.get_all_permissions()) if hasattr(user, "get_all_permissions") else frozenset()
    groups = frozenset(user.groups.values_list("pk", flat=True)) if hasattr(user, "groups") else frozenset()
    user._channels_binding_fingerprint = (tuple(sorted((k, repr(v)) for k, v in columns.items())), permissions, groups)
    return user


def _valid(user: Any, session_key: str | None) -> Any:
    if user is None or not user.is_active:
        return None
    if session_key is None:
        return user
    store = import_module(settings.SESSION_ENGINE).SessionStore
    data = store(session_key).load()
    if str(data.get(SESSION_KEY)) != str(user._meta.pk.value_to_string(user)):
        return None
    wanted, present = user.get_session_auth_hash(), data.get(HASH_SESSION_KEY, "")
    return user if constant_time_compare(wanted, present) else None


async def reevaluate(hub: "Hub", subscriber: Subscriber) -> None:
    """A connection's user is another one, or a changed one: read all that it is told again, as this user.

    Until that is done nothing is told to it.
    """
    with _checking(hub, [subscriber]):
        try:
            await _forget_streams(hub, subscriber)
            for subscription in [*subscriber.subscriptions]:
                await _reread(hub, subscription)
            await hub.feeds.move(subscriber)
        except Exception:
            doubt(hub, [subscriber])  # again, as if nothing were known of the user yet
            hub.loop.call_later(RETRY_SECONDS, hub._wake.set)
            raise
    hub.tell(subscriber.subscriptions)
    hub.held.release()


async def _reread(hub: "Hub", subscription: "Subscription") -> None:
    """Move a read to the group of the audience that its user is in now, and mark it stale.

    Unless it is over by the time it is read, or its connection is another's again: then that is a matter of who did that.
    """
    subscriber = subscription.subscriber
    presence = hub.presence(subscriber)
    subscription.call = subscription.call.as_user(subscriber.user, subscriber.scope)
    failed = group = None
    try:
        group = await hub.open(subscription.call)
    except Exception as exception:
        failed = as_error(exception)
    if not hub.is_present(presence) or subscription not in subscriber.subscriptions:
        return
    if failed is not None:
        if failed.retry or isinstance(failed, Internal):
            lost(hub)
        else:
            _end(hub, subscription, failure(failed, subscription.event))
    elif group is subscription.group:
        group.touch(None)
        hub._wake.set()
    elif group is not None:
        hub.move(subscription, group)


async def _forget_streams(hub: "Hub", subscriber: Subscriber) -> None:
    """No longer hear what handlers dispatch on streams that the user may not hear any more."""
    presence, admitted = hub.presence(subscriber), [*subscriber.streams.items()]
    calls = [of_connection(subscriber, stream, action) for stream, action in admitted]
    refused = await run(_refused, calls) if calls else ()
    for call in refused if hub.is_present(presence) else ():
        subscriber.streams.pop(call.stream, None)


def _refused(calls: Iterable[Call]) -> list[Call]:
    """Those of the calls that the permissions of their streams do not let in. In a worker thread."""
    return [call for call in calls if not _is_admitted(call)]


def _is_admitted(call: Call) -> bool:
    try:
        with locales.active(call.locale):
            find(call)[0].check_permissions()
    except BindingError:
        return False
    return True


def _end(hub: "Hub", subscription: "Subscription", last_words: bytes) -> None:
    hub.unsubscribe(subscription)
    subscription.subscriber.drop(subscription)
    subscription.subscriber.push([last_words])


def install(publish: Callable[[Mapping[str, Any]], None]) -> None:
    """Tell every process when somebody signs out."""

    def signed_out(sender: Any, request: Any, **_: Any) -> None:
        key = getattr(getattr(request, "session", None), "session_key", None)
        if key:
            publish({"kind": "identity", "session": key})

    user_logged_out.connect(signed_out, weak=False, dispatch_uid="channels_binding.signed_out")
