"""Writes that come with a key are made once, however often they are sent (spec/protocol.md §1).

The first one marks the key in Django's cache (``add`` lets exactly one through, over all processes that share the cache),
makes the write and leaves its answer there. Whoever comes later with the same key and data gets that answer; with other data,
``conflict``. A write that was refused leaves the key free: nothing was done that could be done twice.
"""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.cache import caches

from channels_binding import codecs
from channels_binding.calls import Call
from channels_binding.conf import get_settings
from channels_binding.exceptions import Conflict, Unavailable

WAIT_SECONDS = 2.0
"""How long a second sender waits for the first one's answer before it is told to ask again."""
_POLL_SECONDS = 0.02


@dataclass(slots=True)
class Kept:
    """One key's place in the cache; without a key, a place for nothing."""

    name: str | None = None
    question: str = ""
    answer: Any = None
    """What was answered before; None if the write is to be made now."""

    def keep(self, answer: Any) -> None:
        """The write is made: remember what was answered. A form that did not validate has written nothing."""
        if self.name is None:
            return
        if isinstance(answer, dict) and answer.get("success") is False and "results" not in answer:
            self.forget()
            return
        body = codecs.encode({} if answer is None else answer)
        _cache().set(self.name, (self.question, body), get_settings().IDEMPOTENCY_SECONDS)

    def forget(self) -> None:
        """The write was refused: the key is free again."""
        if self.name is not None:
            _cache().delete(self.name)


def _cache() -> Any:
    return caches[get_settings().IDEMPOTENCY_CACHE]


@contextmanager
def kept(call: Call, *, is_write: bool) -> Iterator[Kept]:
    """Around a write: the place of its key. Whoever finds no ``answer`` in it makes the write and puts it there."""
    place = begin(call, is_write)
    if place.answer is not None:
        yield place
        return
    try:
        yield place
    except BaseException:
        place.forget()
        raise
    place.keep(place.answer)


def begin(call: Call, is_write: bool) -> Kept:
    """Take the key of a call, or find what was answered to it.

    Raises:
        Conflict: The key stood for another write.
        Unavailable: The same write is under way and takes longer than ``WAIT_SECONDS``.
    """
    if call.key is None or not is_write:
        return Kept()
    place = Kept(_name(call), _question(call))
    pending = (place.question, None)
    until = time.monotonic() + WAIT_SECONDS
    while not _cache().add(place.name, pending, _pending_seconds()):
        present = _cache().get(place.name)
        if present is not None:
            question, body = present
            if question != place.question:
                raise Conflict("This key belongs to another write.")
            if body is not None:
                place.answer = codecs.parse(body)
                return place
        if time.monotonic() > until:
            raise Unavailable("This write is under way; ask again.")
        time.sleep(_POLL_SECONDS)
    return place


def _pending_seconds() -> float:
    """A process that died in the middle holds its key this long."""
    return get_settings().CALL_TIMEOUT_SECONDS + 60


def _name(call: Call) -> str:
    whose = hashlib.blake2b(codecs.canonical([_owner(call), call.key]), digest_size=20).hexdigest()
    return f"channels_binding.key.{whose}"


def _owner(call: Call) -> list[str]:
    """Keys of one user say nothing to another; somebody without a name is known by the session, else by the address."""
    key = getattr(call.user, "pk", None)
    if key is not None:
        return ["user", str(key)]
    session = getattr(call.scope.get("session") or getattr(call.request, "session", None), "session_key", None)
    address = (
        call.request.META.get("REMOTE_ADDR") if call.request is not None else (call.scope.get("client") or [""])[0]
    )
    return ["session", session] if session else ["address", str(address)]


def _question(call: Call) -> str:
    files = {name: [file.name, file.size] for name, file in call.files.items()}
    asked = codecs.canonical([call.stream, call.action, call.data, files, call.if_version])
    return hashlib.blake2b(asked, digest_size=20).hexdigest()
