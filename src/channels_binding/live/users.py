"""Users of open connections, read again: a user once and a session once, however many connections are theirs."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from typing import Any

from django.contrib.auth import SESSION_KEY, get_user_model

from channels_binding.calls.sessions import is_begun_by
from channels_binding.live.grants import Grants, grants_of, read_grants
from channels_binding.live.sessions import read_sessions
from channels_binding.types import Subscriber

USERS_AT_ONCE = 20
"""Users whose connections are checked together. Each costs some four statements on one thread."""
SHARED_SECONDS = 5.0
"""How long what one connection's user may do is taken for that of another connection of the same user, unless a change of
users, groups or memberships is noticed."""
MOST_SHARED = 1_000

_shared: dict[tuple[type, Any], Grants] = {}


def slices(subscribers: Iterable[Subscriber]) -> Iterator[list[Subscriber]]:
    """Connections in parts that are checked one after the other; those of one user are in one part."""
    by_user = defaultdict[Any, list[Subscriber]](list)
    for each in subscribers:
        key = getattr(each.user, "pk", None)
        by_user[each if key is None else key].append(each)  # nobody in particular is as many as there are connections
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
    granted = read_grants([*found.values()])
    for user in found.values():
        _mark(user, granted[user.pk])
    sessions = read_sessions({key for _, key in asked if key is not None})
    return [_valid(found.get(user.pk), None if key is None else sessions[key]) for user, key in asked]


def _valid(user: Any, session: dict[str, Any] | None) -> Any:
    """The user, if it is signed in still; ``session`` is None for a connection that came without one."""
    if user is None or not user.is_active:
        return None
    if session is None:
        return user
    if str(session.get(SESSION_KEY)) != str(user._meta.pk.value_to_string(user)):
        return None
    return user if is_begun_by(user, session) else None


def fingerprint(user: Any) -> Any:
    """Mark a freshly read user with all that decides what it may do, to notice a later difference."""
    _mark(user, grants_of(user))
    return user


def fingerprint_newcomer(user: Any) -> Any:
    """As ``fingerprint``, for the user of a new connection."""
    fingerprint_newcomers([user])
    return user


def fingerprint_newcomers(users: Sequence[Any]) -> None:
    """As ``fingerprint``, for users of new connections: of many that come at once, one reads what theirs may do.

    The users themselves have read nothing yet (else they are marked with that), so all that they will find is later than what
    is shared, and a change in between is noticed as one.
    """
    newcomers = []
    for user in users:
        if vars(user).keys() - vars(type(user)()).keys() - {"backend"}:
            fingerprint(user)  # somebody has looked already at what it may do, which is kept on it
        else:
            newcomers.append(user)
    known = _known_grants(newcomers)
    for user in newcomers:
        _mark(user, known[user.pk])


def _known_grants(users: Sequence[Any]) -> dict[Any, Grants]:
    """What is shared of these users, or is read now and shared from then on."""
    held = {user.pk: _shared.get((type(user), user.pk)) for user in users}
    now = time.monotonic()
    known = {key: grants for key, grants in held.items() if grants and now - grants.read_at <= SHARED_SECONDS}
    # of copies, since Django keeps what it is asked here on the instance
    fresh = read_grants([copy(user) for user in users if user.pk not in known])
    if len(_shared) + len(fresh) > MOST_SHARED:
        _shared.clear()
    for user in users:
        if user.pk in fresh:
            before, grants = held[user.pk], fresh[user.pk]
            grants.fingerprint = None if before is None else before.fingerprint
            _shared[type(user), user.pk] = grants
    return known | fresh


def forget_shared() -> None:
    """What users may do may have changed."""
    _shared.clear()


def _mark(user: Any, grants: Grants) -> None:
    columns = tuple(
        (field.attname, repr(getattr(user, field.attname)))
        for field in user._meta.concrete_fields
        if field.attname != "last_login"
    )
    user._channels_binding_fingerprint = grants.shared_by((columns, grants.permissions, grants.groups))


def is_changed(old: Any, new: Any) -> bool:
    """Whether anything about a user or its permissions differs. Permissions are part of it as ``_fingerprint``."""
    return bool(getattr(old, "_channels_binding_fingerprint", None) != new._channels_binding_fingerprint)
