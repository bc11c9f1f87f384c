"""Writes that come with a key are made once, however often they are sent (spec/protocol.md §1).

The key is a row of ``KeptAnswer``. Where a write is one transaction of the same database (built-in writes, atomic batches) the
row is part of it: both are there, or neither. Everything else (bound events, coroutine handlers, other databases) says in the
row that it has begun, and afterwards what was answered. What was cut off between the two is ``conflict`` from then on: made
once or not at all. A write that was refused leaves its key free: nothing was done that could be done twice.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import IntegrityError, connections, router

from channels_binding.calls.call import Call, WithRows, Written
from channels_binding.classes import evaluated
from channels_binding.conf import get_settings
from channels_binding.exceptions import Conflict, Unavailable
from channels_binding.models import KeptAnswer
from channels_binding.protocol import codecs
from channels_binding.threads import one_transaction

T = TypeVar("T")

MOST_BYTES = 16_384
"""Of a larger answer only ``SHORT`` is kept."""
WRITTEN = "cb.written"
"""In place of an answer: the write of one row, whose row is read again when it is asked for."""
WITH_ROWS = "cb.with_rows"
"""As well, of several rows, or of a form."""
SHORT = ("success", "id", "ids", "v")
"""Members that say what was done."""
WAIT_SECONDS = 2.0
"""How long a socket's second call waits for the first one's answer, on the event loop, before it is refused."""
POLL_SECONDS = 0.05
CLEARED_AT_ONCE = 20
"""Expired rows that are deleted when a key is taken: more than one, so that they become fewer."""


class UnderWay(Unavailable):
    """The same write is being made at this moment."""

    def __init__(self) -> None:
        super().__init__("This write is under way; ask again.", retry_after=1)


@dataclass(slots=True)
class Kept:
    """One key's row; without a key, a place for nothing."""

    name: str | None = None
    question: str = ""
    answer: Any = None
    """What was answered before; None if the write is to be made now."""

    def keep(self, answer: Any) -> None:
        """The write is made: remember what was answered. A form that did not validate has written nothing."""
        if isinstance(answer, dict) and answer.get("success") is False and "results" not in answer:
            self.forget()
        else:
            self._update(state=KeptAnswer.State.DONE, answer=_stored(answer))

    def forget(self) -> None:
        """The write was refused: the key is free again."""
        if self.name is not None:
            _rows().filter(name=self.name).delete()

    def give_up(self) -> None:
        """The write was cut off: it may have been made."""
        self._update(state=KeptAnswer.State.UNKNOWN)

    def _update(self, **values: Any) -> None:
        if self.name is not None:
            _rows().filter(name=self.name).update(**values)


def alias() -> str:
    """The database that answers are kept in."""
    return router.db_for_write(KeptAnswer)


def _rows() -> Any:
    return KeptAnswer.objects.using(alias())


def without_rows(answer: Any) -> Any:
    """What is kept of an answer: rows in it are read again when it is asked for, by who may see them then."""
    if isinstance(answer, Written) and answer.is_as_made:
        return {WRITTEN: _shortened(answer)}
    return {WITH_ROWS: answer.kept} if isinstance(answer, WithRows) else answer


def as_answered(kept: Any) -> Any:
    """What ``without_rows`` has made of an answer → the answer, with its rows to be read again."""
    if not isinstance(kept, dict):
        return kept
    if WITH_ROWS in kept:
        return WithRows(kept[WITH_ROWS], kept[WITH_ROWS])
    return Written(kept[WRITTEN]) if WRITTEN in kept else kept


def _stored(answer: Any) -> str:
    answer = without_rows(answer)
    body = codecs.encode({} if answer is None else answer)
    if len(body) > MOST_BYTES:
        body = codecs.encode(_shortened(codecs.parse(body)))
    return body.decode()


def _shortened(answer: Any) -> Any:
    """What was done, without what it looks like: ``{"success": true, "id": 7}``; of a batch, of each operation."""
    if isinstance(answer, dict) and (WRITTEN in answer or WITH_ROWS in answer):
        return answer
    short = {name: answer[name] for name in SHORT if name in answer} if isinstance(answer, dict) else {}
    if not isinstance(answer, dict) or not isinstance(answer.get("results"), list):
        return short
    results = [
        {"data": _shortened(each["data"])} if isinstance(each, dict) and "data" in each else each
        for each in answer["results"]
    ]
    return {**short, "results": results}


@contextmanager
def kept(call: Call, *, is_write: bool, is_exact: bool = False) -> Iterator[Kept]:
    """Around a write: the place of its key. Whoever finds no ``answer`` in it makes the write and puts it there.

    Args:
        is_exact: Whether all of the write happens in one transaction of ``alias()``; then the place is part of it.
    """
    if call.key is None or not is_write:
        yield Kept()
        return
    with one_transaction(alias()) if is_exact else nullcontext():
        place = begin(call, is_write)
        if place.answer is not None:
            yield place
            return
        try:
            yield place
        except Exception:
            if not is_exact:
                place.forget()
            raise
        place.keep(place.answer)


def begin(call: Call, is_write: bool) -> Kept:
    """Take the key of a call, or find what was answered to it.

    Raises:
        Conflict: The key stood for another write, or it is not known whether the write was made.
        UnderWay: The same write is being made.
    """
    name = _name(call)
    if not is_write or name is None:
        return Kept()
    place = Kept(name, _question(call))
    with one_transaction(alias()):
        _lock(name)
        row = _rows().filter(name=name).first()
        now = int(time.time())
        if row is not None and row.expires_at > now:
            place.answer = _answered(row, place.question, now)
        else:
            _take(place, now)
    return place


def _lock(name: str) -> None:
    """Let one at a time look at a name. Databases without such locks let the second wait for the first one's transaction."""
    connection = connections[alias()]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int(name[:15], 16)])
            if not cursor.fetchone()[0]:
                raise UnderWay()


def _answered(row: KeptAnswer, question: str, now: int) -> Any:
    if row.question != question:
        raise Conflict("This key belongs to another write.")
    if row.state == KeptAnswer.State.DONE:
        return as_answered(codecs.parse(row.answer.encode()))
    if row.state == KeptAnswer.State.BEGUN and now < row.begun_at + get_settings().CALL_TIMEOUT_SECONDS + 60:
        raise UnderWay()
    raise Conflict("This write was begun, and it is not known whether it was made. Look, and use another key.")


def _take(place: Kept, now: int) -> None:
    expired = _rows().filter(expires_at__lte=now)
    if connections[alias()].features.has_select_for_update_skip_locked:
        expired = expired.select_for_update(skip_locked=True)
    _rows().filter(name__in=[place.name, *expired.values_list("name", flat=True)[:CLEARED_AT_ONCE]]).delete()
    expires_at = now + get_settings().IDEMPOTENCY_SECONDS
    try:
        _rows().create(name=place.name, question=place.question, begun_at=now, expires_at=expires_at)
    except IntegrityError:
        raise UnderWay() from None


async def retrying(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask again while the same write is under way, on the event loop: no thread waits.

    Raises:
        UnderWay: For longer than ``WAIT_SECONDS``.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + WAIT_SECONDS
    while True:
        try:
            return await ask()
        except UnderWay:
            if loop.time() > until:
                raise
        await asyncio.sleep(POLL_SECONDS)


def _name(call: Call) -> str | None:
    owner = _owner(call)
    if call.key is None or owner is None:
        return None
    return hashlib.blake2b(codecs.canonical([owner, call.key]), digest_size=20).hexdigest()


def _owner(call: Call) -> list[str] | None:
    """Whose a key is: a user's, whatever token or session came with it, since a retry may bring a newer one.

    Credentials that are no user's, such as an API key, are known by themselves; an anonymous caller by the session, else by
    the connection. Over HTTP without any of them nothing says
    that two requests are of one caller: nothing is kept.
    """
    user = evaluated(call.user)  # over HTTP a lazy one, on a socket the user itself: a retry may come by the other way
    key = getattr(user, "pk", None)
    if key is not None:
        kind = type(user)
        return ["user", f"{kind.__module__}.{kind.__qualname__}", str(key)]
    if credentials := call.scope.get("auth_key"):
        return ["credentials", str(credentials)]
    session = getattr(call.scope.get("session") or getattr(call.request, "session", None), "session_key", None)
    if session:
        return ["session", str(session)]
    connection = call.scope.get("connection_id")
    return None if connection is None else ["connection", str(connection)]


def _question(call: Call) -> str:
    files = {name: [file.name, file.size] for name, file in call.files.items()}
    asked = codecs.canonical([call.stream, call.action, call.data, files, call.if_version])
    return hashlib.blake2b(asked, digest_size=20).hexdigest()
