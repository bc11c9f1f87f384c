"""A Call: who asks which stream for which action with what data. And a Reading: what a read answers."""

import hashlib
from collections.abc import Hashable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from zlib import crc32

from django.db.models import Model
from django.db.models.base import ModelState
from django.utils.functional import cached_property as django_cached_property

from channels_binding.protocol import codecs
from channels_binding.types import HandlerMessages, Pk, Subscriber, TransportName


@dataclass(slots=True)
class Call:
    """One question to one binding. Plain: no socket, no HTTP, no database in it.

    ``Call(stream="app.Order", action="search", data={"page": 2}, user=<User 7>)``
    """

    stream: str
    """``app.Order``."""
    action: str
    """``search``, or the name of an event."""
    data: dict[str, Any]
    """What was sent with it."""
    user: Any
    """Who asks; an ``AnonymousUser`` where nobody is signed in."""
    transport: TransportName = "code"
    """What it came by: ``websocket``, ``http``, or ``code``."""
    hash: str | None = None
    """What the client calls its live read: ``h1`` of ``app.Order.search#h1``."""
    key: str | None = None
    """The idempotency key of a write."""
    have: dict[str, Any] | None = None
    """What a client that comes back shows already."""
    if_version: str | None = None
    """The version of the row that the writer last saw (``if``, ``If-Match``)."""
    scope: Mapping[str, Any] = field(default_factory=dict)
    """The ASGI scope of the connection, or of the HTTP request, and in it who asks (``authentication.Identity.into``).
    Empty where code calls."""
    request: Any = None
    """DRF's Request as it came over HTTP. What hooks see is made of it, or of the scope (``requests.request_of``)."""
    handler_messages: HandlerMessages | None = None
    files: Mapping[str, Any] = field(default_factory=dict)
    """Uploaded files by field name (HTTP multipart); of a row beside a form ``chapters-0-cover``."""
    takes_pages: bool = False
    """Whether the transport can carry the page of a DRF ``pagination_class``: HTTP can."""
    terse: bool = False
    """Answer what was first promised to clients without a subprotocol, and nothing more (spec/protocol.md §7)."""

    shows_rows: bool = False
    """Whether writes are answered with the row in place of ``{"success": True, "id": 7}``: over HTTP they are."""

    is_counted: bool = False
    """Whether throttles have counted it. Evaluations of a live read after the first are nobody's requests."""
    origin: "Call | None" = None
    """What the caller has asked, where this is another question that it raises (``derived``)."""
    is_operation: bool = False
    """Whether it came in a batch, whose request is not its own."""

    @property
    def event(self) -> str:
        """The name as the client wrote it: ``app.Order.search#h1``."""
        return f"{self.stream}.{self.action}" + (f"#{self.hash}" if self.hash else "")

    @property
    def is_live(self) -> bool:
        return self.data.get("live", True) is not False

    @property
    def locale(self) -> Any:
        """Language and time zone of a connection (``locales.Locale``); None where what is active holds, as over HTTP."""
        return None if self.request is not None else self.scope.get("locale")

    @property
    def caller(self) -> Hashable:
        """Who asks, as far as callers can be distinguished: the user, how that is known, and what else a request shows.

        Nobody in particular is as many callers as there are connections.
        """
        key = getattr(self.user, "pk", None)
        if key is None:
            return ("nobody", self.scope.get("connection_id"))
        kind = type(self.user)
        return ("user", f"{kind.__module__}.{kind.__qualname__}", repr(key), self.scope.get("caller"))

    def derived(self, action: str, data: dict[str, Any], stream: str | None = None) -> "Call":
        """Another question that answering this one raises, of the same caller: "may the writer of this row also read it?".

        What belongs to the first question alone is left out: its key, version, files, name, and where its answer goes.
        Throttles do not count it.
        """
        return replace(
            self,
            stream=self.stream if stream is None else stream,
            action=action,
            data=data,
            origin=self.origin or self,
            **_OF_ONE_QUESTION,
            handler_messages=None,
            is_counted=True,
        )

    def operation(
        self, stream: str, action: str, data: dict[str, Any], handler_messages: HandlerMessages | None
    ) -> "Call":
        """One operation of this batch: a question of the same caller that counts by itself."""
        members: dict[str, Any] = {
            "stream": stream,
            "action": action,
            "data": data,
            "handler_messages": handler_messages,
        }
        return replace(self, **members, **_OF_ONE_QUESTION, is_counted=False, is_operation=True)

    def with_data(self, data: dict[str, Any]) -> "Call":
        """The same question in other words; hooks see those of the caller as its query parameters."""
        return replace(self, data=data, origin=replace(self, handler_messages=None, origin=None))

    def asked_by(self, other: "Call") -> "Call":
        """This question by whoever asks another one: who, where, and in what words. Its language and time zone stay."""
        origin = replace(other, handler_messages=None, origin=None)
        scope = self.in_its_locale(other.scope)
        return replace(self, user=forgetful(other.user), scope=scope, request=None, origin=origin)

    def in_its_locale(self, scope: Mapping[str, Any]) -> Mapping[str, Any]:
        """Another connection's scope, or the same one's of a later moment, with the language and time zone of this call."""
        locale = self.scope.get("locale")
        return scope if scope.get("locale") == locale else {**scope, "locale": locale}

    def by(self, user: Any, scope: Mapping[str, Any], request: Any) -> "Call":
        """The same question of somebody who is known otherwise: by another stream's authentication classes."""
        return replace(self, user=user, scope=scope, request=request)

    def as_user(self, user: Any, scope: Mapping[str, Any] | None = None) -> "Call":
        """The same question by another (or a freshly read) user."""
        return replace(self, user=forgetful(user), scope=self.scope if scope is None else scope, request=None)

    def afresh(self) -> "Call":
        """The same question, before anything was loaded of who asks: what an answer is made of is seen by what it asks the
        database."""
        return replace(self, user=forgetful(self.user))


_OF_ONE_QUESTION: dict[str, Any] = {
    "hash": None,
    "key": None,
    "have": None,
    "if_version": None,
    "files": {},
    "takes_pages": False,
}
"""Members of a Call that say something of its question, and nothing of who asks."""


def of_connection(connection: Subscriber, stream: str, action: str) -> Call:
    """Whether a connection may still be sent what it was admitted to: a question that no client has asked."""
    return Call(
        stream, action, {}, connection.user, transport=connection.transport, scope=connection.scope, is_counted=True
    )


def forgetful(user: Any) -> Any:
    """A copy of a user, or of a token's row, that has loaded nothing: ``user.profile`` and ``auth.tenant`` are read anew by
    each call of a long connection.

    Columns, permissions (``live/identity`` looks after both) and whatever an authentication class has set on it stay.
    """
    if not isinstance(user, Model):
        return user
    copied = copy(user)
    copied._state = ModelState()
    copied._state.db, copied._state.adding = user._state.db, user._state.adding
    for name in [name for name in vars(copied) if _is_cached(copied, name)]:
        del vars(copied)[name]
    return copied


def _is_cached(user: Any, name: str) -> bool:
    kind = getattr(type(user), name, None)
    return name == "_prefetched_objects_cache" or isinstance(kind, (cached_property, django_cached_property))


def etag(body: bytes) -> str:
    """Version of one row as sent: 12 hex digits of BLAKE2b over its JSON."""
    return hashlib.blake2b(body, digest_size=6).hexdigest()


class Row:
    """One row as sent: ``Row(7, b'{"id":7,"title":"…"}')``, whose ``etag`` is made when it is first asked for."""

    __slots__ = ("_etag", "body", "held", "holds", "pk")

    def __init__(self, pk: Pk, body: bytes, holds: frozenset[tuple[Any, Pk]] = frozenset(), held: int = 0) -> None:
        """
        Args:
            holds: The related rows that are shown in it (``expand``): model and key of each.
            held: How many these are, each as often as it stands there.
        """
        self.pk = pk
        self.body = body
        self.holds = holds
        self.held = held
        self._etag: str | None = None

    @classmethod
    def of(cls, pk: Pk, value: Mapping[str, Any]) -> "Row":
        return cls(pk, codecs.fitted(codecs.encode(value)))

    @property
    def etag(self) -> str:
        """Version of the row: ``"a1b2c3d4e5f6"``."""
        if self._etag is None:
            self._etag = etag(self.body)
        return self._etag

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row) and (self.pk, self.body) == (other.pk, other.body)

    def __hash__(self) -> int:
        return hash((self.pk, self.body))

    def __repr__(self) -> str:
        return f"Row({self.pk!r}, {self.body!r})"


class Written(dict[str, Any]):
    """What a write of one row answers: ``{"success": True, "id": 7}``, and beside it the row as its writer may retrieve it.

    To handlers it is the dict. A transport that shows rows sends ``shown``, the others the dict and ``version``.
    """

    def __init__(self, members: Mapping[str, Any], row: "Reading | Mapping[str, Any] | None" = None) -> None:
        super().__init__(members)
        self.row = row
        """What ``retrieve`` answers; None where it refuses, or nobody is told."""
        self._made = dict(members)

    @property
    def version(self) -> str | None:
        """``v`` of the row; None where its writer is not told of it."""
        return self.row.version if isinstance(self.row, Reading) else None

    @property
    def shown(self) -> "Reading | Mapping[str, Any]":
        """The row; the dict where there is none, or where a handler has added something of its own."""
        return self.row if self.row is not None and self.is_as_made else self

    @property
    def is_as_made(self) -> bool:
        """Whether no handler has changed it."""
        return self == self._made


class WithRows(dict[str, Any]):
    """What a write answers that holds rows: of several, or a form. Asked for again (``key``), the rows are read again."""

    def __init__(self, members: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
        """``kept`` is all that is remembered of it: what was done, without what is shown of it."""
        super().__init__(members)
        self.kept = dict(kept)


ROW_OVERHEAD_BYTES = 200
"""Of a row that is kept, beside its text: the objects for it, its key and its etag."""


@dataclass(frozen=True)
class Reading:
    """What a read answers: rows in order, and what stands beside them.

    ``Reading(rows=(Row(9, …), Row(4, …)), meta={"page": 1, "limit": 2, "count": 57, "order": "-amount"})``
    """

    rows: tuple[Row, ...]
    """In the order in which they are shown."""
    meta: Mapping[str, Any] = field(default_factory=dict)
    """What stands before ``rows``: ``page``, ``limit``, ``count``, ``order``."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What stands after ``rows``: ``labels``."""
    is_single: bool = False
    """Whether it is one row (``retrieve``) and not a list."""

    @cached_property
    def version(self) -> str:
        """``v`` (spec/protocol.md §1): the etag of a single row, a CRC-32 over ``pk:etag`` of a list."""
        if self.is_single:
            return self.rows[0].etag
        return f"{crc32(','.join(f'{row.pk}:{row.etag}' for row in self.rows).encode()):08x}"

    @cached_property
    def entity_tag(self) -> str:
        """HTTP's ETag (RFC 9110, section 8.8.3): ``version``, and of a list a CRC-32 over what stands beside the rows."""
        if self.is_single:
            return self.version
        return f"{self.version}-{crc32(codecs.encode([self.meta, self.extra])):08x}"

    @cached_property
    def size(self) -> int:
        """About how much memory it takes, in bytes: each row its text and some objects, and all of them encoded as one."""
        return ROW_OVERHEAD_BYTES * len(self.rows) + 2 * sum(len(row.body) for row in self.rows)

    @cached_property
    def etags(self) -> tuple[str, ...]:
        return tuple(row.etag for row in self.rows)

    @cached_property
    def data(self) -> bytes:
        """The ``data`` member, encoded."""
        return self.encode(self.meta)

    @cached_property
    def terse_data(self) -> bytes:
        """As ``data``, for clients without a subprotocol: no ``order`` unless it was asked for (§7)."""
        return self.encode({name: value for name, value in self.meta.items() if name != "order" or value is not None})

    def encode(self, meta: Mapping[str, Any]) -> bytes:
        if self.is_single:
            return self.rows[0].body
        rows = codecs.Fragment(codecs.joined(row.body for row in self.rows))
        return codecs.encode({**meta, "rows": rows, **self.extra})
