"""A live query: a Call kept alive. One group serves all connections that ask the same as the same audience."""

import asyncio
import hashlib
from collections.abc import Hashable, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import models

from channels_binding import codecs, serializers
from channels_binding.bindings import BaseBinding
from channels_binding.calls import Call, Reading
from channels_binding.dispatch import admit, find, perform_found
from channels_binding.exceptions import Invalid, NotFound
from channels_binding.failures import as_error
from channels_binding.live.capture import label_of
from channels_binding.live.changes import Changes
from channels_binding.live.window import diff, gone, snapshot
from channels_binding.protocol import Body
from channels_binding.threads import settle
from channels_binding.types import Audience, Subscriber

Params = dict[str, Any]


def canonical(binding: BaseBinding, data: Mapping[str, Any]) -> Params:
    """The parameters of a read as they identify it: defaults filled in, what means nothing left out."""
    params = {name: value for name, value in data.items() if name != "live" and value is not None}
    if binding.call.action == "search":
        params.setdefault("limit", binding.get_page_size())
        params.setdefault("page", 1)
    return params


def key_of(call: Call, params: Params, audience: Audience) -> str:
    """Identity of a live query: equal keys share one evaluation.

    ``library.Book`` + ``search`` + ``{"page": 1}`` + audience ``("user", 7)`` → ``"library.Book/search/3f2a…"``.

    Raises:
        TypeError: If the parameters hold something JSON cannot order.
    """
    identity = codecs.canonical([params, identity_of(audience)])
    return f"{call.stream}/{call.action}/{hashlib.blake2b(identity, digest_size=20).hexdigest()}"


def identity_of(audience: Audience) -> str:
    """Equal audiences give equal texts, sets included, whose own text depends on their history."""
    if isinstance(audience, tuple):
        return f"({','.join(identity_of(part) for part in audience)})"
    if isinstance(audience, frozenset):
        return f"{{{','.join(sorted(identity_of(part) for part in audience))}}}"
    return repr(audience)


@dataclass(eq=False, slots=True)
class Subscription:
    """One connection's share in a group: what it is called there, and what was last sent."""

    subscriber: Subscriber
    event: str
    """Name of the pushes: ``app.Order.search#h1``."""
    call: Call
    group: "Group"
    sent: Reading | None
    """What the client shows; None once it was told that the row is gone."""
    is_behind: bool = False
    """Whether pushes were held back because the connection is slow."""
    is_owed: bool = False
    """Whether a round has not told it yet: its query is being read, or its reader's identity is looked into."""


@dataclass(eq=False)
class Group:
    """One live query: its call, what it last answered, and who is told.

    Everything but ``evaluate`` happens on the event loop.
    """

    key: str
    call: Call
    audience: Audience
    labels: set[str] | None = None
    """Models by whose changes the answer may become another: label, as in ``desk.Ticket``. None before the first reading."""
    row_labels: frozenset[str] = frozenset()
    """Those among them that hold the rows themselves: the model, and its parents with multi-table inheritance."""
    keys: frozenset[Hashable] | None = None
    """Rows asked for by key (``retrieve``): no change of another row matters. None for lists."""
    reading: Reading | None = None
    """What it last answered; None before the first time, and where the row of a ``retrieve`` is not there."""
    is_stale: bool = True
    """Whether something changed that the reading does not know of yet."""
    is_untold: bool = False
    """Whether it was read for a newcomer, and those who were there before have not been told yet."""
    is_free: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while no evaluation is under way."""
    changed: set[Any] | None = None
    """Keys of the rows that changed since the last evaluation began; None if anything may have."""
    started: int = 0
    """Evaluations begun so far: the number of the latest."""
    completed: int = 0
    """Number of the latest evaluation that was made without a failure."""
    subscriptions: set[Subscription] = field(default_factory=set)
    idle_since: float | None = None
    """Loop seconds since when nobody is told; None while somebody is."""
    read_at: float = 0.0
    """Loop seconds of the last evaluation."""
    failures: int = 0
    """Evaluations that failed in a row, for the backoff."""
    _bodies: dict[tuple[int, int], tuple[Body | None, bytes]] = field(default_factory=dict)

    def question(self) -> Call:
        """The group's call, asked by somebody who belongs to its audience now: one of those who are told."""
        for subscription in [*self.subscriptions]:
            return self.asked_as(subscription.subscriber.user, subscription.call.scope)
        return self.call

    def asked_as(self, user: Any, scope: Mapping[str, Any]) -> Call:
        """The group's call, asked by ``user``."""
        return replace(self.call, user=user, scope=scope, request=None)

    async def until_free(self) -> None:
        """Wait until no evaluation is under way at the moment of returning."""
        while not self.is_free.is_set():
            await self.is_free.wait()

    def touch(self, changes: Changes) -> bool:
        """Take note of changes; returns whether they can make the answer another one."""
        if self.labels is None:
            self.changed = None
            return bool(changes)
        touched = [
            label for label in self.labels & changes.keys.keys() if self._is_touched_by(label, changes.keys[label])
        ]
        for label in touched:
            keys = changes.keys[label]
            if keys is None or label not in self.row_labels:
                self.changed = None
            elif self.changed is not None:
                self.changed |= keys
        return bool(touched)

    def _is_touched_by(self, label: str, changed: Set[Any] | None) -> bool:
        if changed is None:
            return True
        if label not in self.row_labels:
            return bool(changed)
        return self.keys is None or bool(self.keys & changed)

    def push_to(self, subscription: Subscription) -> bytes | None:
        """The message tail that brings one subscription up to date, or None if it is. Encoded once for all alike."""
        old, new = subscription.sent, self.reading
        if old is new:
            return None
        at = (id(old), id(new))
        if at not in self._bodies:
            body = _step(old, new)
            self._bodies[at] = (body, b"" if body is None else body.tail())
        subscription.sent = new
        body, tail = self._bodies[at]
        return None if body is None else tail

    def forget_bodies(self) -> None:
        """The round is over: nobody else will need the same step."""
        self._bodies.clear()


def _step(old: Reading | None, new: Reading | None) -> Body | None:
    if new is None:
        return gone()
    if old is None:
        return snapshot(new)
    return diff(old, new)


def open_query(call: Call) -> Group:
    """The group that a read belongs to, not yet evaluated. In a worker thread.

    Raises:
        Exception: Whatever refuses the read.
    """
    binding, _ = find(call)
    admit(binding)
    params = canonical(binding, call.data)
    audience = settle(binding.get_audience())
    question = replace(call, data=params, outlet=None, hash=None, have=None, terse=False)
    model = binding.get_model()
    return Group(
        key=key_of(call, params, audience),
        call=question,
        audience=audience,
        row_labels=row_labels(model),
        keys=_asked_keys(binding, params) if call.action == "retrieve" else None,
    )


def same(old: Reading | None, new: Reading | None) -> bool:
    """Whether two readings would be sent alike."""
    if old is None or new is None:
        return old is new
    return (old.version, old.meta, old.extra) == (new.version, new.meta, new.extra)


def _asked_keys(binding: BaseBinding, params: Params) -> frozenset[Hashable]:
    ids = params["ids"] if "ids" in params else [params.get("id")]
    if not isinstance(ids, list):
        raise Invalid.field("ids", "invalid", "'ids' is a list of keys.")
    return frozenset(serializers.as_pk(binding.key_of({"id": value})) for value in ids)


class AudienceChanged(Exception):
    """Whom a group was to be read as belongs to another audience by now; what was read must be shown to nobody."""


def evaluate(
    call: Call, audience: Audience | None = None, last: Reading | None = None, changed: Set[Any] | None = None
) -> tuple[Reading | None, set[str]]:
    """Run a live query through the corridor, in a worker thread.

    Args:
        audience: For whom it is read; the caller must belong to it still when the reading is complete.
        last: What it answered before.
        changed: Keys of the rows that changed since; other rows of ``last`` are not read again. None: read all.

    Returns:
        The reading (None where the row of a ``retrieve`` is not there), and the labels of all models it touches.
    """
    binding, action = find(call)
    binding.dependencies = set(row_models(binding.get_model()))
    if last is not None and changed is not None and not last.is_single:
        binding.unchanged = {row.pk: row for row in last.rows if row.pk not in changed}
        binding.known_labels = last.extra.get("labels", {})
    try:
        answer = perform_found(binding, action)
    except Exception as exception:
        if action.name == "retrieve" and isinstance(as_error(exception), NotFound):
            return None, labels_of(binding)
        raise
    if audience is not None and settle(binding.get_audience()) != audience:
        raise AudienceChanged
    if not isinstance(answer, Reading):
        raise ImproperlyConfigured(f"{type(binding).__name__}.{action.name} must return a Reading to stay live.")
    return answer, labels_of(binding)


def labels_of(binding: BaseBinding) -> set[str]:
    """Labels of everything that a binding's answer was made of."""
    declared = (apps.get_model(model) if isinstance(model, str) else model for model in binding.depends_on)
    return {label_of(model) for model in (*(binding.dependencies or ()), *declared)}


def row_models(model: type[models.Model]) -> list[type[models.Model]]:
    """The models that hold parts of a row: itself and its parents."""
    concrete = model._meta.concrete_model or model
    return [concrete, *concrete._meta.get_parent_list()]


def row_labels(model: type[models.Model]) -> frozenset[str]:
    return frozenset(label_of(part) for part in row_models(model))


def normalized(label: str, keys: Set[Any]) -> set[Any]:
    """Keys as the database was given them → keys as rows bear them (SQLite is given UUIDs as 32 hex digits)."""
    to_python = apps.get_model(label)._meta.pk.to_python
    found = set()
    for key in keys:
        try:
            found.add(serializers.as_pk(to_python(key)))
        except (ValueError, TypeError, ValidationError):
            found.add(key)
    return found
