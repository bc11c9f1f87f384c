"""Users of open connections, read again: a user once and a session once, however many connections are theirs."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.utils.crypto import constant_time_compare

from channels_binding.types import Subscriber

USERS_AT_ONCE = 20
"""Users whose connections are checked together. Each costs some four statements on one thread."""
SHARED_SECONDS = 1.0
"""How long what one connection's user may do is taken for that of another connection of the same user."""
MOST_SHARED = 1_000

_shared: "dict[tuple[type, Any], _Grants]" = {}


def slices(subscribers: Iterable[Subscriber]) -> Iterator[list[Subscriber]]:
    """Connections in parts that are checked one after the other; those of one user are in one part."""
    by_user = defaultdict[Any, list[Subscriber]](list)
    for each in subscribers:
        by_user[getattr(each.user, "pk", None)].append(each)
    users = [*by_user.values()]
    for start in range(0, len(users), USERS_AT_ONCE):
        yield [each for theirs in users[start : start + USERS_AT_ONCE] for each in theirs]


def read_users(asked: Iterable[tuple[Any, str | None]]) -> list[Any]:
    """Fresh users for pairs of a user and a session's key, in their order; None for who is no longer signed in.

    In a worker thread.
    """
    asked = [*asked]
    model = get_user_model()
    found = {user.pk: user for user in model._default_manager.filter(pk__in={user.pk for user, _ in asked})}
    for user in found.values():
        fingerprint(user)
    sessions = {key: _session(key) for key in {key for _, key in asked}}
    return [_valid(found.get(user.pk), sessions[key]) for user, key in asked]


def _session(key: str | None) -> dict[str, Any] | None:
    """What a session holds, nothing where there is none by that key; None for a connection that came without one."""
    if key is None:
        return None
    data: dict[str, Any] = import_module(settings.SESSION_ENGINE).SessionStore(key).load()
    return data


def _valid(user: Any, session: dict[str, Any] | None) -> Any:
    if user is None or not user.is_active:
        return None
    if session is None:
        return user
    if str(session.get(SESSION_KEY)) != str(user._meta.pk.value_to_string(user)):
        return None
    wanted, present = user.get_session_auth_hash(), session.get(HASH_SESSION_KEY, "")
    return user if constant_time_compare(wanted, present) else None


def fingerprint(user: Any) -> Any:
    """Mark a freshly read user with all that decides what it may do, to notice a later difference."""
    _mark(user, _Grants.read(user))
    return user


def fingerprint_newcomer(user: Any) -> Any:
    """As ``fingerprint``, for the user of a new connection: of many that come at once, one reads what theirs may do.

    The user itself has read nothing yet (else it is marked with that), so all that it will find is later than what is shared,
    and a change in between is noticed as one.
    """
    if vars(user).keys() - vars(type(user)()).keys() - {"backend"}:
        return fingerprint(user)  # somebody has looked already at what it may do, which is kept on it
    key, now = (type(user), user.pk), time.monotonic()
    shared = _shared.get(key)
    if shared is None or now - shared.read_at > SHARED_SECONDS:
        if len(_shared) >= MOST_SHARED:
            _shared.clear()
        # of a copy, since Django keeps what it is asked here on the instance
        shared = _shared[key] = _Grants.read(copy(user))
    _mark(user, shared)
    return user


@dataclass(frozen=True, slots=True)
class _Grants:
    """Permissions and groups of a user, as they are stored."""

    read_at: float
    permissions: frozenset[str]
    groups: frozenset[Any]

    @classmethod
    def read(cls, user: Any) -> "_Grants":
        read_at = time.monotonic()
        permissions = frozenset(user.get_all_permissions()) if hasattr(user, "get_all_permissions") else frozenset()
        groups = frozenset(user.groups.values_list("pk", flat=True)) if hasattr(user, "groups") else frozenset()
        return cls(read_at, permissions, groups)


def _mark(user: Any, grants: _Grants) -> None:
    columns = {field.attname: getattr(user, field.attname) for field in user._meta.concrete_fields}
    columns.pop("last_login", None)
    user._channels_binding_fingerprint = (
        tuple(sorted((k, repr(v)) for k, v in columns.items())), grants.permissions, grants.groups,
    )  # fmt: skip


def is_changed(old: Any, new: Any) -> bool:
    """Whether anything about a user or its permissions differs. Permissions are part of it as ``_fingerprint``."""
    return bool(getattr(old, "_channels_binding_fingerprint", None) != new._channels_binding_fingerprint)
