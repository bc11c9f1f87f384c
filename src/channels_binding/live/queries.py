"""A live query: a Call kept alive. One group serves all connections that ask the same as the same audience."""

import asyncio
import hashlib
from collections.abc import Collection, Hashable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

from django.apps import apps
from django.core.exceptions import EmptyResultSet, ImproperlyConfigured, ValidationError
from django.db import models

from channels_binding.bindings.actions import Action, is_stock
from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.binding import ModelActions
from channels_binding.calls import locales
from channels_binding.calls.call import Call, Reading
from channels_binding.dispatch.perform import admit, find, perform_found
from channels_binding.exception_handler import as_error
from channels_binding.exceptions import Invalid, NotFound
from channels_binding.live import capture
from channels_binding.live.capture import label_of
from channels_binding.live.changes import Changes
from channels_binding.live.sieve import NoSieve, Sieve, has_times, sieve_of
from channels_binding.live.window import diff, gone, snapshot
from channels_binding.protocol import codecs
from channels_binding.protocol.messages import Body
from channels_binding.protocol.names import LISTS
from channels_binding.querysets.filters import follow_the_caller
from channels_binding.querysets.tables import row_models
from channels_binding.serializers.keys import as_pk
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

    @property
    def rows(self) -> int:
        """How many it shows."""
        return 0 if self.sent is None else len(self.sent.rows)

    def readings(self) -> dict[int, int]:
        """What is kept in memory for it, what the client shows and what it is to show: by ``id``, each with its bytes."""
        return {id(each): each.size for each in (self.sent, self.group.reading) if each is not None}


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
    declared: frozenset[str] = frozenset()
    """Labels of its binding's ``depends_on``, where its audience may depend on them too."""
    may_move: bool = False
    """Whether a project says who belongs to its audience, so that a reader may belong to another one later."""
    is_entangled: bool = False
    """Whether a row can depend on another row of the same model, so that each change of one may change all."""
    sieve: Sieve | None = None
    """Tells which changes of rows cannot matter; None where each may."""
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
    began_at: float = float("-inf")
    """Loop seconds at which the last evaluation began: what was committed before is known."""
    counted_at: float = float("-inf")
    """Loop seconds at which its rows were last counted, with the same result."""
    read_at: float = 0.0
    """Loop seconds of the last evaluation."""
    failures: int = 0
    """Evaluations that failed in a row, for the backoff."""
    _bodies: dict[tuple[int, int], tuple[Body | None, bytes]] = field(default_factory=dict)

    def question(self) -> Call:
        """The group's call, asked by somebody who belongs to its audience now: one of those who are told."""
        for subscription in [*self.subscriptions]:
            return self.call.asked_by(subscription.call.as_user(subscription.subscriber.user))
        return self.call

    async def until_free(self) -> None:
        """Wait until no evaluation is under way at the moment of returning."""
        while not self.is_free.is_set():
            await self.is_free.wait()

    def take(self, evaluation: "Evaluation") -> None:
        """What it answers now."""
        if self.completed == 0 or not same(self.reading, evaluation.reading):
            self.reading = evaluation.reading
        # What was asked for rows that were not read again now still matters to them.
        self.labels = evaluation.labels | (set() if evaluation.is_whole else self.labels or set())
        self.sieve, self.is_entangled = evaluation.sieve, evaluation.is_entangled

    def touch(self, keys: Set[Any] | None) -> None:
        """A change matters: of the rows with these keys, or of anything (None)."""
        self.is_stale = True
        if keys is None:
            self.changed = None
        elif self.changed is not None:
            self.changed |= keys

    def touch_by(self, changes: Changes) -> None:
        """Take note of changes while it is being read, when nothing can be told by what it shows."""
        if self.labels is None:
            self.touch(None)
            return
        for label in self.labels & changes.keys.keys():
            keys = changes.keys[label]
            if keys is None or (keys and (label not in self.row_labels or self.is_entangled)):
                self.touch(None)
            elif keys and (self.keys is None or self.keys & keys):
                self.touch(keys)

    def shown(self) -> frozenset[Hashable]:
        """Keys of the rows that it shows; of a ``retrieve`` those asked for, there or not."""
        if self.keys is not None:
            return self.keys
        return frozenset(row.pk for row in self.reading.rows) if self.reading else frozenset()

    @property
    def is_partial(self) -> bool:
        """Whether there are rows in the list that are not shown, so that their number can change unseen."""
        if self.reading is None or self.keys is not None:
            return False
        meta = self.reading.meta
        return meta.get("page", 1) != 1 or meta.get("count") != len(self.reading.rows)

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
    with locales.active(call.locale):
        return _open_query(call)


def _open_query(call: Call) -> Group:
    params = canonical(find(call)[0], call.data)
    asked = call.with_data(params)
    binding, _ = find(asked)
    admit(binding)
    call.is_counted = asked.is_counted
    audience = audience_of(binding)
    question = replace(asked, outlet=None, hash=None, have=None, terse=False)
    model = binding.get_model()
    return Group(
        key=key_of(call, params, (audience, binding.host_shown(), call.locale)),
        call=question,
        audience=audience,
        row_labels=row_labels(model),
        declared=frozenset(_declared(binding)) if has_own_audience(binding) else frozenset(),
        may_move=has_own_audience(binding),
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
    return frozenset(as_pk(binding.key_of({"id": value})) for value in ids)


class AudienceChanged(Exception):
    """Whom a group was to be read as belongs to another audience by now; what was read must be shown to nobody."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a live query answers, and what can make it answer otherwise."""

    reading: Reading | None
    """None where the row of a ``retrieve`` is not there."""
    labels: set[str]
    """Models that it touches."""
    is_entangled: bool
    sieve: Sieve | None
    no_sieve: str | None
    """Why it has none."""
    is_whole: bool = True
    """Whether all of it was read, and not only what had changed."""


def evaluate(
    call: Call, audience: Audience | None = None, last: Reading | None = None, changed: Set[Any] | None = None
) -> Evaluation:
    """Run a live query through the corridor, in a worker thread.

    Args:
        audience: For whom it is read; the caller must belong to it still when the reading is complete.
        last: What it answered before.
        changed: Keys of the rows that changed since; other rows of ``last`` are not read again. None: read all.
    """
    with locales.active(call.locale):
        return _evaluate(call, audience, last, changed)


def _evaluate(call: Call, audience: Audience | None, last: Reading | None, changed: Set[Any] | None) -> Evaluation:
    binding, action = find(call)
    binding.dependencies = set()
    if last is not None and changed is not None and not last.is_single:
        binding.unchanged = {row.pk: row for row in last.rows if row.pk not in changed}
        binding.known_labels = last.extra.get("labels", {})
    matching: list[models.QuerySet[Any]] = []
    with capture.statements() as statements:
        binding.on_matching = lambda queryset: _begin_rows(binding, queryset, matching, statements)
        reading = _read(binding, action)
    if not binding.is_read_by_plan:
        binding.dependencies |= _models_in(statements) - {*row_models(binding.get_model())}
    if audience is not None and audience_of(binding) != audience:
        raise AudienceChanged
    rows, read = row_labels(binding.get_model()), labels_of(binding)
    sieve, reason = _sieve_or_reason(binding, matching, read & rows)
    return Evaluation(reading, read | rows, bool(read & rows), sieve, reason, is_whole=binding.unchanged is None)


def _begin_rows(
    binding: BaseBinding, queryset: models.QuerySet[Any], matching: list[models.QuerySet[Any]], statements: list[str]
) -> None:
    """What the query is made of is known; whatever the database was asked for that, it depends on."""
    matching.append(queryset)
    if binding.dependencies is not None:
        binding.dependencies |= _models_in(statements)


def _models_in(statements: Collection[str]) -> set[type[models.Model]]:
    return {apps.get_model(label) for sql in statements for label in capture.labels_in(sql)}


def _read(binding: BaseBinding, action: Action) -> Reading | None:
    try:
        answer = perform_found(binding, action)
    except Exception as exception:
        if action.name == "retrieve" and isinstance(as_error(exception), NotFound):
            return None
        raise
    if not isinstance(answer, Reading):
        raise ImproperlyConfigured(f"{type(binding).__name__}.{action.name} must return a Reading to stay live.")
    return answer


def _sieve_or_reason(*asked: Any) -> tuple[Sieve | None, str | None]:
    try:
        return _sieve(*asked), None
    except NoSieve as reason:
        return None, str(reason)


def _sieve(binding: BaseBinding, matching: Sequence[models.QuerySet[Any]], entangled: Collection[str]) -> Sieve:
    """The sieve of a built-in list.

    Raises:
        NoSieve: It may depend on more than can be seen.
    """
    action = binding.call.action
    if action not in LISTS:
        raise NoSieve("rows asked for by their keys need none")
    if not is_stock(binding.get_action(action)) or len(matching) != 1:
        raise NoSieve(f"{type(binding).__name__} has a {action} of its own")
    if entangled:
        raise NoSieve(f"its rows depend on others of {', '.join(sorted(entangled))}")
    return sieve_of(matching[0], are_times_fixed=lambda: _names_all_times(binding))


def _names_all_times(binding: BaseBinding) -> bool:
    """Whether each time that rows are compared with was named by who asks: ``{"filters": {"day__gte": "2026-01-01"}}``."""
    if getattr(type(binding), "filter_queryset", None) is not ModelActions.filter_queryset:
        return False
    filters = binding.call.data.get("filters") or {}
    if not follow_the_caller(binding.get_filterset_class(), filters):
        return False
    rows = binding.reading_queryset()
    try:
        return not has_times(rows.order_by().query.get_compiler(using=rows.db).as_sql()[1])
    except EmptyResultSet:
        return True


def labels_of(binding: BaseBinding) -> set[str]:
    """Labels of what a binding's answer was made of, beside the rows that it shows."""
    return {label_of(model) for model in binding.dependencies or ()} | _declared(binding)


def _declared(binding: BaseBinding) -> set[str]:
    models = (model for each in (binding, *binding.streams_asked()) for model in each.depends_on)
    return {label_of(apps.get_model(model) if isinstance(model, str) else model) for model in models}


def audience_of(binding: BaseBinding) -> Audience:
    """Whose an answer is: what the stream says, and what the other streams say whose rows it depends on.

    ``("everyone",)`` of tickets, with the texts of customers that each team has of its own → ``(("everyone",), ("team", 7))``.
    In a worker thread.
    """
    others = binding.streams_asked()
    own: Audience = settle(binding.get_audience())
    return (own, *(settle(other.get_audience()) for other in others)) if others else own


def has_own_audience(binding: BaseBinding) -> bool:
    """Whether an audience is what the project says; the default one of a caller never changes."""
    kinds = (type(each) for each in (binding, *binding.streams_asked()))
    return any(kind.get_audience is not BaseBinding.get_audience for kind in kinds)


def row_labels(model: type[models.Model]) -> frozenset[str]:
    return frozenset(label_of(part) for part in row_models(model))


def normalized(changes: Changes, labels: Collection[str]) -> Changes:
    """Keys and values as they were given to the database → as rows bear them (SQLite is given UUIDs as 32 hex digits).

    Only of the models named; nobody looks at the others.
    """
    found = Changes()
    for label, keys in changes.keys.items():
        if keys is None or label not in labels:
            found.note(label, keys)
            continue
        meta = apps.get_model(label)._meta
        bears = {key: _as_key(meta.pk, key) for key in keys}
        found.note(label, bears.values())
        for key, fact in changes.facts.get(label, {}).items():
            values = {name: meta.get_field(name).to_python(value) for name, value in fact.values.items()}
            found.know(label, bears[key], values, is_new=fact.is_new)
    return found


def _as_key(pk: "models.Field[Any, Any]", key: Any) -> Any:
    try:
        return as_pk(pk.to_python(key))
    except (ValueError, TypeError, ValidationError):
        return key
