"""Who is behind a connection, now: users, sessions and memberships are read again when they change, and now and then.

A deactivated, deleted or signed-out user loses the connection (4401). Anyone else's reads are evaluated again as the
freshly read user, in the group of the audience that the user now belongs to; the difference is an ordinary diff.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.signals import user_logged_out
from django.utils.crypto import constant_time_compare

from channels_binding.conf import get_settings
from channels_binding.exceptions import Internal
from channels_binding.failures import as_error
from channels_binding.live.capture import label_of
from channels_binding.live.changes import Changes
from channels_binding.protocol import failure
from channels_binding.threads import run
from channels_binding.types import Subscriber

if TYPE_CHECKING:
    from channels_binding.live.hub import Hub
    from channels_binding.live.queries import Subscription

logger = logging.getLogger("channels_binding")

UNAUTHENTICATED = 4401


class Doubts:
    """Of which connections the identity is to be checked in the next round."""

    def __init__(self, checked_at: float) -> None:
        self.users: set[str] = set()
        self.sessions: set[str] = set()
        self.everyone = False
        self.checked_at = checked_at
        """Loop seconds at which everyone was last to be checked."""

    def concern(self, subscriber: Subscriber) -> bool:
        user_key = str(getattr(subscriber.user, "pk", None))
        return self.everyone or user_key in self.users or subscriber.session_key in self.sessions


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


def note(hub: "Hub", changes: Changes) -> None:
    """Doubt those connections whose user, membership or session may have changed."""
    user_label, membership_labels, session_label = _labels()
    doubts = doubts_of(hub)
    for label, keys in changes.keys.items():
        if label == user_label:
            doubts.users |= {str(key) for key in keys or ()}
            doubts.everyone |= keys is None
        elif label == session_label:
            doubts.sessions |= {str(key) for key in keys or ()}
            doubts.everyone |= keys is None
        elif label in membership_labels:
            doubts.everyone |= keys is None or bool(keys)


def receive(hub: "Hub", message: Mapping[str, Any]) -> None:
    """Somebody signed out (another process, or this one). Its session may be stored still; that does not matter."""
    for subscriber in [*hub.subscribers]:
        if subscriber.session_key == message["session"]:
            subscriber.end(UNAUTHENTICATED, "signed out")


def is_doubted(hub: "Hub", subscriber: Subscriber) -> bool:
    """Whether something was heard of the user that has not been looked into yet: until then nothing is told to it."""
    return bool(getattr(subscriber.user, "is_authenticated", False)) and doubts_of(hub).concern(subscriber)


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
        hub._wake.set()


async def refresh(hub: "Hub") -> None:
    """Read the doubted users again and act on what is found."""
    doubts = doubts_of(hub)
    doubted = [subscriber for subscriber in hub.subscribers if doubts.concern(subscriber)]
    if not (doubts.everyone or doubts.users or doubts.sessions):
        return
    fresh = Doubts(doubts.checked_at)
    hub.__dict__["_doubts"] = fresh
    signed_in = [subscriber for subscriber in doubted if getattr(subscriber.user, "is_authenticated", False)]
    if not signed_in:
        return
    try:
        users = await run(_read_users, [(each.user, each.session_key) for each in signed_in])
    except Exception as exception:
        logger.warning("Identities could not be checked: %s", exception)
        fresh.everyone = True  # the next round tries again
        return
    for subscriber, user in zip(signed_in, users, strict=True):
        if user is None:
            subscriber.end(UNAUTHENTICATED, "signed out")
        elif _is_changed(subscriber.user, user):
            subscriber.user = user
            await _reevaluate(hub, subscriber)


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


async def _reevaluate(hub: "Hub", subscriber: Subscriber) -> None:
    """Move each read to the group of the audience that its user is in now, and mark it stale."""
    for subscription in [*subscriber.subscriptions]:
        subscription.call = subscription.call.as_user(subscriber.user)
        try:
            group = await hub.open(subscription.call)
        except Exception as exception:
            error = as_error(exception)
            if error.retry or isinstance(error, Internal):
                lost(hub)
                continue
            _end(hub, subscription, failure(error, subscription.event))
            continue
        if group is subscription.group:
            group.is_stale, group.changed = True, None
        else:
            hub.move(subscription, group)
    await hub.feeds.move(subscriber)


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
