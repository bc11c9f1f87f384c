"""Users of handshakes that arrive together, read together: one statement for their sessions and one for the users.

After a restart all browsers come back at once, and reading each session and each user by itself is half of what that costs.
Only that somebody is signed in is found here, where all code on the way is Django's; everybody else is asked for alone.
"""

import asyncio
from collections.abc import Sequence
from copy import copy
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY, get_user_model, load_backend
from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends import db
from django.core.exceptions import ValidationError

from channels_binding.calls.sessions import is_begun_by
from channels_binding.classes import unwrapped
from channels_binding.live.sessions import is_read_by_django, is_stored_by_django, stored
from channels_binding.live.users import fingerprint_newcomers
from channels_binding.threads import run

MOST_AT_ONCE = 200
"""Sessions that are read by one statement."""


async def user_of(session: Any) -> Any:
    """The user of a session that nobody has read yet, marked by ``fingerprint_newcomers``; None where that says nothing.

    Waits for those who came before and are being read, and is then read with all who came meanwhile. Cancelling is safe.
    """
    store = unwrapped(session)
    if not _is_unread(store):
        return None
    loop = asyncio.get_running_loop()
    arrivals = _by_loop.get(loop) or _by_loop.setdefault(loop, _Arrivals())
    return await arrivals.user_of(store)


def _is_unread(store: Any) -> bool:
    if not isinstance(store, db.SessionStore) or hasattr(store, "_session_cache"):
        return False
    key = store.session_key
    return key is not None and "\x00" not in key  # PostgreSQL takes no such text: one cookie would spoil it for all


class _Arrivals:
    """Those who wait on one event loop."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Any, asyncio.Future[Any]]] = []
        self._reading: asyncio.Task[None] | None = None

    async def user_of(self, store: Any) -> Any:
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((store, future))
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        return await future

    async def _read(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            try:
                users = await run(read_together, [store for store, _ in together])
            except Exception:  # asked one by one, each is told what has failed
                users = [None] * len(together)
            for (_, future), user in zip(together, users, strict=True):
                if not future.done():
                    future.set_result(user)


_by_loop: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Arrivals]" = WeakKeyDictionary()


def read_together(stores: Sequence[Any]) -> list[Any]:
    """Users of sessions, in their order, each an instance of its own; None of whom this says nothing.

    What is read of a session is kept in its store, as after any look at it. In a worker thread.
    """
    kinds = {type(store): store for store in stores}
    if len(kinds) > 1 or not is_stored_by_django(stores[0]) or not is_read_by_django(get_user_model()):
        return [None] * len(stores)
    held = stored(stores[0], {store.session_key for store in stores})
    for store in stores:
        if store.session_key in held:
            store._session_cache = dict(held[store.session_key])
    keys = {key: _user_key(data) for key, data in held.items()}
    users = _users({key for key in keys.values() if key is not None})
    good = {key for key, data in held.items() if _is_signed_in(users.get(keys[key]), data)}
    return [copy(users[keys[store.session_key]]) if store.session_key in good else None for store in stores]


def _user_key(data: dict[str, Any]) -> Any:
    """The key of the user who a session says it is of; None if there is none, or if not Django's own backend knows it."""
    path = data.get(BACKEND_SESSION_KEY)
    if SESSION_KEY not in data or path is None or path not in settings.AUTHENTICATION_BACKENDS:
        return None
    if type(load_backend(path)).get_user is not ModelBackend.get_user:
        return None
    try:
        return get_user_model()._meta.pk.to_python(data[SESSION_KEY])
    except ValidationError:
        return None


def _users(keys: set[Any]) -> dict[Any, Any]:
    found = [*get_user_model()._default_manager.filter(pk__in=keys)] if keys else []
    fingerprint_newcomers(found)
    return {user.pk: user for user in found}


def _is_signed_in(user: Any, data: dict[str, Any]) -> bool:
    """As Django's ``get_user`` decides it."""
    backend: Any = load_backend(data[BACKEND_SESSION_KEY]) if user is not None else None
    if backend is None or not backend.user_can_authenticate(user):
        return False
    if not hasattr(user, "get_session_auth_hash"):
        return True
    return is_begun_by(user, data)
