"""How a live query is read: its key, what its answer is made of, and for which changes it must be read again."""

import hashlib
import time
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any

from django.apps import apps
from django.core.exceptions import EmptyResultSet, ImproperlyConfigured, ValidationError
from django.db import models

from channels_binding.bindings.actions import Action, is_stock
from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.binding import ModelActions
from channels_binding.bindings.trace import Trace
from channels_binding.calls.call import Call, Reading
from channels_binding.dispatch.perform import admit, find, perform_found
from channels_binding.exception_handler import as_error
from channels_binding.exceptions import Forbidden, Invalid, NotFound
from channels_binding.live.capture import statements as capture
from channels_binding.live.capture.changes import Changes
from channels_binding.live.capture.statements import label_of
from channels_binding.live.contexts import as_asked
from channels_binding.live.queries.group import AudienceChanged, Evaluation, Group
from channels_binding.live.queries.policies import labels_of_policies
from channels_binding.live.queries.prefilter import NoPrefilter, Prefilter, has_times, prefilter_of
from channels_binding.live.queries.views import labels_behind
from channels_binding.live.queries.why import Cost
from channels_binding.live.sessions import stored_label
from channels_binding.protocol import codecs
from channels_binding.protocol.names import AGGREGATE, CURSORS, LISTS, PRESENCE
from channels_binding.querysets.aggregates import COUNT
from channels_binding.querysets.conditions import Conditions, conditions_of
from channels_binding.querysets.filters import follow_the_caller
from channels_binding.querysets.tables import models_inside, row_models
from channels_binding.serializers.keys import as_pk, has_one_spelling
from channels_binding.threads import settle
from channels_binding.types import Audience

Params = dict[str, Any]
_SAID_BY_TEXT = (str, int, bool, float, bytes, type(None))
_REFUSED = ("refused by its permissions",)
_OF_ONE_ROW = ("retrieve", PRESENCE)
"""Reads that another row can change nothing of, and that go on while theirs is not there."""
_OF_CONNECTIONS = ("live", "why")
"""What a read says of how it is to be told, and not of what is read."""


def canonical(binding: BaseBinding, data: Mapping[str, Any]) -> Params:
    """The parameters of a read as they identify it: defaults filled in, what means nothing left out."""
    params = {name: value for name, value in data.items() if name not in _OF_CONNECTIONS and value is not None}
    if binding.call.action == "search":
        params.setdefault("limit", binding.get_page_size())
        if params.get("count") is True:
            del params["count"]
        if params.keys().isdisjoint(CURSORS):
            params.setdefault("page", 1)
    if binding.call.action == AGGREGATE:
        params.setdefault("measures", [COUNT])
        params.setdefault("limit", binding.get_max_page_size())
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
    """Equal audiences give equal texts, sets included, whose own text depends on their history; others give others.

    A row is its key, and not what it says of itself: two teams may have the same name.
    """
    if isinstance(audience, (tuple, list)):
        return f"({','.join(identity_of(part) for part in audience)})"
    if isinstance(audience, (frozenset, set)):
        return f"{{{','.join(sorted(identity_of(part) for part in audience))}}}"
    if isinstance(audience, Mapping):
        return identity_of(frozenset((name, identity_of(value)) for name, value in audience.items()))
    if isinstance(audience, models.Model):
        return f"{audience._meta.label}:{audience._state.db}:{audience.pk!r}"
    if type(audience) in _SAID_BY_TEXT:
        return repr(audience)
    kind = type(audience)
    return f"{kind.__module__}.{kind.__qualname__}:{hash(audience)}:{audience!r}"


@as_asked
def open_query(call: Call) -> Group:
    """The group that a read belongs to, not yet evaluated. In a worker thread.

    Raises:
        Exception: Whatever refuses the read.
    """
    if "why" in call.data and not _may_explain(call):
        raise Forbidden('Why something is sent is told to the staff, in a live read: {"why": true}.')
    params = canonical(find(call)[0], call.data)
    asked = call.with_data(params)
    binding, _ = find(asked)
    admit(binding)
    call.is_counted = asked.is_counted
    audience = audience_of(binding)
    question = replace(asked, handler_messages=None, hash=None, have=None, terse=False)
    return Group(
        key=key_of(call, params, (audience, binding.host_shown(), call.locale)),
        call=question,
        audience=audience,
        row_labels=_row_labels(binding),
        declared=declared_labels(binding) if has_own_audience(binding) else frozenset(),
        may_move=has_own_audience(binding),
        keys=_asked_keys(binding, params) if call.action in _OF_ONE_ROW else None,
    )


def _may_explain(call: Call) -> bool:
    return call.data["why"] in (True, False) and bool(getattr(call.user, "is_staff", False))


def _asked_keys(binding: BaseBinding, params: Params) -> frozenset[Hashable]:
    ids = params["ids"] if "ids" in params else [params.get("id")]
    if not isinstance(ids, list):
        raise Invalid.field("ids", "invalid", "'ids' is a list of keys.")
    return frozenset(as_pk(binding.key_of({"id": value})) for value in ids)


@as_asked
def evaluate(
    call: Call,
    audience: Audience | None = None,
    last: Reading | None = None,
    changed: Set[Any] | None = None,
    touched: Mapping[str, Set[Any]] = MappingProxyType({}),
) -> Evaluation:
    """Perform a live query, in a worker thread.

    Args:
        audience: For whom it is read; the caller must belong to it still when the reading is complete.
        last: What it answered before.
        changed: Keys of the rows that changed since; other rows of ``last`` are not read again. None: read all.
        touched: Keys of related rows that changed since, by label: who shows them, or leads to them, is read again too.
    """
    binding, action = find(call.afresh())
    began = time.perf_counter()
    matching: list[models.QuerySet[Any]] = []
    with capture.statements() as statements:
        binding.trace = trace = Trace(lambda queryset: _begin_rows(trace, queryset, matching, statements))
        trace.statements = lambda: len(statements)
        if last is not None and changed is not None and not last.is_single:
            trace.unchanged = {row.pk: row for row in last.rows if row.pk not in changed}
            trace.touched = {apps.get_model(label): keys for label, keys in touched.items()}
            trace.labels = last.extra.get("labels", {})
        reading = _read(binding, action)
    if not trace.is_read_by_plan:
        trace.dependencies |= _models_in(_without(statements, trace.expanded)) - {*_row_models(binding)}
        trace.dependencies |= _models_in(_parts(statements, trace.beside + trace.prefetched))
    related = _related_labels(trace)
    trace.dependencies |= {model for each in trace.expansions for model in each.models()}
    if audience is not None:
        confirm(binding, audience)
    rows = _row_labels(binding)
    policies = None
    if matching:
        tables_read = {*trace.dependencies, *_row_models(binding)}
        policies = labels_of_policies(tables_read, matching[0].db)
        behind = labels_behind(tables_read, matching[0].db) | (policies or frozenset())
        trace.dependencies |= {apps.get_model(label) for label in behind}
    read = {label_of(model) for model in trace.dependencies} - {stored_label()} | declared_labels(binding)
    prefilter, reason = _prefilter_or_reason(binding, matching, read & rows, policies is not None)
    conditions = _conditions(binding, matching, read & rows)
    is_whole = trace.unchanged is None
    cost = Cost(round((time.perf_counter() - began) * 1000, 1), len(statements), is_whole)
    tables = _apart(read, rows, matching, _models_in(_parts(statements, trace.beside)))
    related -= rows | declared_labels(binding)
    writes = capture.labels_written_by(statements)
    return Evaluation(
        reading, read | rows, bool(read & rows), prefilter, reason, conditions, tables, is_whole, cost, related, writes
    )


def _related_labels(trace: Trace) -> frozenset[str]:
    """Models of which a changed row matters only to rows that show it or lead to it, as nothing else depends on them."""
    alone: set[type[models.Model]] = set()
    otherwise = {*trace.dependencies}
    for each in trace.expansions:
        is_alone = each.is_by_own_rows and _is_timeless(each)
        alone |= {row_models(each.link.target)[0]} if is_alone else set()
        otherwise |= each.models_beside() if is_alone else each.models()
    return frozenset(map(label_of, alone - otherwise))


def _is_timeless(expansion: Any) -> bool:
    """Whether the clock decides nothing of which related rows may be seen: ``published__lte=now()``."""
    try:
        return not has_times(
            expansion.known.rows.order_by().query.get_compiler(using=expansion.known.rows.db).as_sql()[1]
        )
    except EmptyResultSet:
        return True


def _without(statements: Sequence[str], parts: Iterable[slice]) -> list[str]:
    """All but those in ``parts``."""
    left_out = {index for part in parts for index in range(part.start, part.stop)}
    return [sql for index, sql in enumerate(statements) if index not in left_out]


def _parts(statements: Sequence[str], parts: Iterable[slice]) -> list[str]:
    return [sql for part in parts for sql in statements[part]]


def _apart(
    read: set[str], rows: Collection[str], matching: Sequence[models.QuerySet[Any]], beside: set[type[models.Model]]
) -> frozenset[str]:
    """Many-to-many tables that are read otherwise than from a row on one of their sides."""
    tables = {label: sides for label, sides in _sides().items() if label in read and label not in rows}
    if not tables:
        return frozenset()
    inside = {label_of(model) for model in beside.union(*map(models_inside, matching))}
    return frozenset(label for label, sides in tables.items() if label in inside or sides.isdisjoint(read | {*rows}))


@cache
def _sides() -> Mapping[str, frozenset[str]]:
    """``{"zoo.Note_labels": {"zoo.Note", "zoo.Label"}}``, of every many-to-many table."""
    fields: list[Any] = [field for model in apps.get_models() for field in model._meta.local_many_to_many]
    return {
        label_of(each.remote_field.through): frozenset(map(label_of, (each.model, each.related_model)))
        for each in fields
    }


def _begin_rows(
    trace: Trace, queryset: models.QuerySet[Any], matching: list[models.QuerySet[Any]], statements: list[str]
) -> None:
    """What the query is made of is known; whatever the database was asked for that, it depends on."""
    matching.append(queryset)
    trace.dependencies |= _models_in(statements)


def _models_in(statements: Collection[str]) -> set[type[models.Model]]:
    return {apps.get_model(label) for sql in statements for label in capture.labels_read(sql)}


def _read(binding: BaseBinding, action: Action) -> Reading | None:
    try:
        answer = perform_found(binding, action)
    except Exception as exception:
        if action.name in _OF_ONE_ROW and isinstance(as_error(exception), NotFound):
            return None
        raise
    if not isinstance(answer, Reading):
        raise ImproperlyConfigured(f"{type(binding).__name__}.{action.name} must return a Reading to stay live.")
    return answer


def _prefilter_or_reason(*asked: Any) -> tuple[Prefilter | None, str | None]:
    try:
        return _prefilter(*asked), None
    except NoPrefilter as reason:
        return None, str(reason)


def _prefilter(
    binding: BaseBinding, matching: Sequence[models.QuerySet[Any]], entangled: Collection[str], has_policies: bool
) -> Prefilter:
    """The prefilter of a built-in list.

    Raises:
        NoPrefilter: It may depend on more than can be seen.
    """
    action = binding.call.action
    if action == AGGREGATE:
        raise NoPrefilter("a row that leaves it cannot be seen to have been in it")
    if action not in LISTS:
        raise NoPrefilter("rows asked for by their keys need none")
    if not is_stock(binding.get_action(action)) or len(matching) != 1:
        raise NoPrefilter(f"{type(binding).__name__} has a {action} of its own")
    if entangled:
        raise NoPrefilter(f"its rows depend on others of {', '.join(sorted(entangled))}")
    if has_policies:  # asked for many lists together, it is asked as nobody
        raise NoPrefilter("the database shows each who asks other rows (row-level security)")
    return prefilter_of(matching[0], are_times_fixed=lambda: _names_all_times(binding))


def _conditions(
    binding: BaseBinding, matching: Sequence[models.QuerySet[Any]], entangled: Collection[str]
) -> Conditions:
    """What a row must be to be counted in a built-in aggregate, as far as that can be seen."""
    action = binding.call.action
    if action != AGGREGATE or not is_stock(binding.get_action(action)) or len(matching) != 1 or entangled:
        return Conditions()
    return conditions_of(matching[0])


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


def declared_labels(binding: BaseBinding) -> frozenset[str]:
    """Labels of what a binding's ``depends_on`` names, and that of the other streams whose rows are asked for."""
    return labels_of([model for each in (binding, *binding.streams_asked()) for model in each.depends_on])


def labels_of(depends_on: Sequence[Any]) -> frozenset[str]:
    """``(Team, "crm.Customer")`` → ``{"crm.Team", "crm.Customer"}``."""
    return frozenset(label_of(apps.get_model(model) if isinstance(model, str) else model) for model in depends_on)


def audience_of(binding: BaseBinding) -> Audience:
    """Whose an answer is: what the stream says, and what the other streams say whose rows it depends on.

    ``("everyone",)`` of tickets, with the texts of customers that each team has of its own → ``(("everyone",), ("team", 7))``.
    Who is refused another stream is shown none of its rows, whatever audience it names. In a worker thread.
    """
    others = binding.streams_asked()
    own: Audience = settle(binding.get_audience())
    return (own, *(_audience_beside(other) for other in others)) if others else own


def _audience_beside(other: BaseBinding) -> Audience:
    is_admitted = other.admits_caller() or other.asked("retrieve", {}).admits_caller()
    return settle(other.get_audience()) if is_admitted else _REFUSED


def confirm(binding: BaseBinding, audience: Audience) -> None:
    """Once something is read: whether who asked may have it still. Permissions were asked before as well, but a row may have
    been written after they had changed, and read all the same. In a worker thread.

    Raises:
        Unauthenticated, Forbidden: The caller may not read any longer.
        AudienceChanged: The caller belongs to another audience by now.
    """
    binding.check_permissions()
    if audience_of(binding) != audience:
        raise AudienceChanged


def belongs(call: Call, audience: Audience) -> bool:
    """Whether who calls may read, and gets the answer of this audience. In a worker thread."""
    try:
        return _belongs(call, audience)
    except Exception:  # reading it raises the same
        return False


@as_asked
def _belongs(call: Call, audience: Audience) -> bool:
    binding, _ = find(call)
    binding.check_permissions()
    return audience_of(binding) == audience


def has_own_audience(binding: BaseBinding) -> bool:
    """Whether an audience is what the project says; the default one of a caller never changes."""
    kinds = (type(each) for each in (binding, *binding.streams_asked()))
    return any(kind.get_audience is not BaseBinding.get_audience for kind in kinds)


def _row_models(binding: BaseBinding) -> Collection[type[models.Model]]:
    """None, of a stream without a model."""
    model = binding.find_model()
    return () if model is None else row_models(model)


def _row_labels(binding: BaseBinding) -> frozenset[str]:
    return frozenset(label_of(part) for part in _row_models(binding))


def row_labels(model: type[models.Model]) -> frozenset[str]:
    return frozenset(label_of(part) for part in row_models(model))


def normalized(changes: Changes, labels: Collection[str]) -> Changes:
    """Keys and values as they were given to the database → as rows bear them (SQLite is given UUIDs as 32 hex digits).

    Only of the models named; nobody looks at the others. Keys by which a row may be found in other words than its own are those
    of any row.
    """
    found = Changes(joins={*changes.joins}, is_of_reading=changes.is_of_reading)
    for label, keys in changes.keys.items():
        if keys is None or label not in labels:
            found.note(label, keys)
            continue
        meta = apps.get_model(label)._meta
        if keys and not has_one_spelling(meta.pk):
            found.note(label, None)
            continue
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
