"""Sessions of long connections: what one holds now, and not what it held when the connection was made."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, get_user
from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare

from channels_binding.classes import unwrapped


def fresh(session: Any) -> Any:
    """A session that is read anew when somebody looks into it: a right or a tenant that another request has put there, or taken
    away, counts for the next question on an open connection as it does over HTTP. What is not stored yet stays as it is."""
    store = unwrapped(session)
    if not isinstance(store, SessionBase) or store.session_key is None:
        return session
    read_anew = type(store)(store.session_key)
    read, held = read_anew.load, getattr(store, "_session_cache", None)

    def load() -> dict[str, Any]:
        """An event loop can read by ``aget()`` alone: a coroutine handler that does not wait is shown what was held."""
        return dict(held) if isinstance(held, dict) and _is_on_loop() else read()

    read_anew.load = load  # type: ignore[method-assign]
    return read_anew


def _is_on_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def key_shown(scope: Mapping[str, Any]) -> str | None:
    """The key of the session that hooks find in ``request``, whoever says who the caller is."""
    key = getattr(unwrapped(scope.get("session")), "session_key", None)
    return None if key is None else str(key)


def contents(held: Any) -> list[tuple[str, Any]]:
    """What a session holds, so that it can be compared: ``[("tenant", 3)]``; nothing, of what is no dict."""
    return sorted(held.items(), key=lambda item: str(item[0])) if isinstance(held, dict) else []


def loaded(session: Any) -> list[tuple[str, Any]]:
    """The contents of a session as they were read; nothing, of one that was not."""
    return contents(getattr(unwrapped(session), "_session_cache", None))


class _Held(dict[str, Any]):
    """What a session holds, and what becomes of it while it is asked whose it is.

    Django gives one that was begun with a former ``SECRET_KEY`` another key, and empties one that is of nobody. Here it stays
    as it is: on a socket no browser can be told the other key, and so it would be signed out.
    """

    def cycle_key(self) -> None:
        """Nothing."""

    def flush(self) -> None:
        """Nothing."""


def user_of(session: Any) -> Any:
    """Whose a session is, as Django decides it. In a worker thread."""
    return get_user(SimpleNamespace(session=_Held(session.items())))  # type: ignore[arg-type]  # all that it looks at


def is_begun_by(user: Any, held: Mapping[str, Any]) -> bool:
    """Whether a session was begun with the password that a user has, and with a ``SECRET_KEY`` that counts still."""
    found = held.get(HASH_SESSION_KEY) or ""
    if constant_time_compare(found, user.get_session_auth_hash()):
        return True
    of_former_keys = getattr(user, "get_session_auth_fallback_hash", tuple)
    return any(constant_time_compare(found, each) for each in of_former_keys())
