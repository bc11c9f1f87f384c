"""Whoever is sent the rows of one stream, and what they are sent: rows that were written, came or went."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from channels_binding.calls.call import Call, Row
from channels_binding.calls.primary import asking_primary
from channels_binding.dispatch.perform import find
from channels_binding.exceptions import BindingError, LimitExceeded
from channels_binding.live.capture.changes import Changes
from channels_binding.live.capture.statements import label_of, labels_read, labels_written_by, statements
from channels_binding.live.contexts import as_asked, in_context_of
from channels_binding.live.queries.evaluation import confirm, declared_labels
from channels_binding.live.sessions import stored_label
from channels_binding.protocol import codecs
from channels_binding.protocol.messages import Body
from channels_binding.querysets.tables import models_of, reads_again, row_models
from channels_binding.serializers.keys import as_pk, from_pk
from channels_binding.threads import run
from channels_binding.types import Audience, Pk, Subscriber

MAX_KEYS = 100_000
"""Rows whose keys a group remembers; of rows beyond it, a delete is sent only if the row was sent before."""
MAX_CHECKED = 1000
"""The same, where an object permission has to be asked about each row."""
MAX_ROWS = 1000
"""Rows that one change of unknown extent may send; beyond it the subscriber is sent an error that says to search again."""


Keys = set[Any] | Literal[False] | None
"""Of rows that were written: None for any of the model, False for none."""


@dataclass(eq=False)
class StreamGroup:
    """The subscribers of one stream who see the same of it: one audience, one language."""

    key: str
    call: Call
    audience: Audience
    labels: frozenset[str]
    """The model and its parents: whose changes are sent."""
    declared: frozenset[str] = frozenset()
    """Labels of its binding's ``depends_on``, where its audience may depend on them too."""
    may_move: bool = False
    """Whether a project says who belongs to its audience, so that a subscriber may belong to another one later."""
    behind: frozenset[str] = frozenset()
    """Models of the tables that a view reads, where the model is of one: any of its rows may change with theirs."""
    beside: frozenset[str] = frozenset()
    """Models of which another row decides whether a row is there: those of subqueries, joins and slices, of what
    ``get_queryset()`` and permissions look up, and of ``depends_on``. Its own is among them only if its rows depend on
    each other."""
    writes: frozenset[str] = frozenset()
    """Models that the project's hooks write while it is read."""
    is_doubtful: bool = False
    """Whether rows may have come or gone by another row's change, so that the next round compares which are there."""
    compared_at: float = 0.0
    """Loop seconds at which it was last begun to compare that."""
    failure: BindingError | None = None
    """What its last look failed with, and its subscribers were told; None once one has succeeded."""
    failures: int = 0
    """Looks that failed in a row, for the backoff."""
    known: dict[Pk, str | None] = field(default_factory=dict)
    """Rows that the audience may see → the etag last sent, None if none was."""
    subscribers: set[Subscriber] = field(default_factory=set)
    is_loaded: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once ``known`` holds the rows that were there when the first subscriber came."""
    is_loading: asyncio.Lock = field(default_factory=asyncio.Lock)
    begun: int = 0
    """Readings of what is there that were begun for later subscribers."""
    done: int = 0
    """Number of the latest of them that has succeeded."""
    is_looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    unsent: list[tuple[str, bytes]] = field(default_factory=list)
    """What was found and is yet to be sent, as (event, tail), in that order: one round may overtake another."""

    def touched_keys(self, changes: Changes) -> Keys:
        """Which rows to look at: keys, None for all, False if the changes do not matter."""
        if self._has_made(changes):
            return False
        touched = [changes.keys[label] for label in self.labels & changes.keys.keys()]
        is_behind = any(changes.keys.get(label, set()) != set() for label in self.behind)
        if not (touched or is_behind):
            return False
        is_any = is_behind or self.labels & changes.joins or any(keys is None for keys in touched)
        return None if is_any else {key for keys in touched for key in keys or ()}

    def is_doubted(self, changes: Changes) -> bool:
        """Whether a row may have come or gone because another one has changed."""
        others = self.beside & changes.keys.keys()
        if self.is_doubtful or not self.is_loaded.is_set():  # which others matter is known once it is loaded
            return True
        return not self._has_made(changes) and any(
            changes.keys[label] != set() or label in changes.joins for label in others
        )

    def _has_made(self, changes: Changes) -> bool:
        """Whether what matters to it in these changes may come from its being read, all of it."""
        labels = (self.labels | self.behind | self.beside) & changes.keys.keys()
        return changes.is_of_reading and bool(labels) and labels <= self.writes

    # In a worker thread

    def question(self, subscriber: Subscriber) -> Call:
        """The call of the group, asked by one of those who are sent the rows, who belong to its audience now."""
        return self.call.as_user(subscriber.user, self.call.in_its_locale(subscriber.scope))

    def look(self, question: Call, keys: Keys, compares: bool) -> "list[tuple[str, bytes]]":
        """Read changed rows as this audience may see them → messages, as (event, tail).

        Args:
            keys: Of the rows that were written; None for any, False for none.
            compares: Whether rows may have come or gone by what was written of others.

        Raises:
            Unauthenticated, Forbidden: Who asks may not read any longer.
            AudienceChanged: Who asks belongs to another audience by now; what was read is for nobody.
        """
        return in_context_of(question, lambda: self._look(question, keys, compares))

    def _look(self, question: Call, keys: Keys, compares: bool) -> list[tuple[str, bytes]]:
        """Nothing is noted as sent before all is read: what fails is looked at again."""
        binding, _ = find(question)
        binding.check_permissions()
        rows = () if keys is False else self._rows(binding, keys)
        are_too_many = keys is None and len(rows) > MAX_ROWS
        compared = self._compare(question, {row.pk for row in rows}) if compares or are_too_many else None
        confirm(binding, self.audience)
        news = []
        if keys is not False and not are_too_many:
            looked_at = None if keys is None else {as_pk(key) for key in keys}
            news = self._news(rows, looked_at, binding.post_save_retrieve)
        if compared is not None:
            self.beside, self.writes = compared.seen.beside, self.writes | compared.seen.writes
            if compared.rows is None:
                self.known.update(dict.fromkeys(compared.come))
            news += self._news(compared.rows or (), [*compared.come, *compared.missing], binding.post_save_retrieve)
            are_too_many |= compared.rows is None
        return news + (_too_many() if are_too_many else [])

    def _rows(self, binding: Any, keys: Collection[Any] | None) -> tuple[Row, ...]:
        queryset = binding.reading_queryset().order_by("pk")
        if keys is not None:
            queryset = queryset.filter(pk__in=[from_pk(queryset.model, key) for key in keys])
        found: tuple[Row, ...] = binding.visible_rows(queryset[: MAX_ROWS + 1], binding.make_reader({}))
        return found

    def _compare(self, question: Call, looked_at: Collection[Pk]) -> "Compared":
        """Which rows have come or gone, whoever has changed, besides those that were ``looked_at``."""
        seen = _keys_seen(question)
        binding, _ = find(question)
        missing = [pk for pk in self.known if pk not in seen.keys]
        if not seen.are_all and missing:  # of more rows than are remembered: those that are missing there may be beyond
            missing = [pk for pk in missing if pk not in _found(binding, missing)]
        come = [pk for pk in seen.keys if pk not in self.known and pk not in looked_at]
        return Compared(seen, missing, come, self._rows(binding, come) if len(come) <= MAX_ROWS else None)

    def _news(self, rows: Iterable[Row], looked_at: Collection[Pk] | None, sends_rows: bool) -> list[tuple[str, bytes]]:
        seen = {row.pk: row for row in rows}
        vanished = [
            pk for pk in (self.known if looked_at is None else looked_at) if pk in self.known and pk not in seen
        ]
        changed = [row for row in seen.values() if looked_at is not None or self.known.get(row.pk) != row.etag]
        self.known.update({pk: row.etag for pk, row in seen.items()})
        for pk in vanished:
            del self.known[pk]
        news = [("retrieve", Body(row.body).tail()) for row in changed] if sends_rows else []
        return news + [("delete", Body(codecs.encode({"id": pk})).tail()) for pk in vanished]


@dataclass(frozen=True, slots=True)
class Compared:
    """Which rows are there, and which of them were not known, or are not there any more."""

    seen: "Seen"
    missing: Sequence[Pk]
    come: Sequence[Pk]
    rows: Sequence[Row] | None
    """Those that have come; None where they are too many to be sent."""


def _too_many() -> list[tuple[str, bytes]]:
    error = LimitExceeded(f"More than {MAX_ROWS} rows may have changed; search again.", limit=MAX_ROWS)
    return [("retrieve", Body(error=error).tail())]


@dataclass(frozen=True, slots=True)
class Seen:
    """Which rows a caller may see."""

    keys: Mapping[Pk, None]
    are_all: bool
    """Whether there are no more than are remembered."""
    beside: frozenset[str]
    """Models of which another row decides that."""
    writes: frozenset[str]
    """Models that were written meanwhile, by the project's hooks."""


async def known_to(call: Call) -> Seen:
    with asking_primary():
        return await run(_visible_keys, call)


@as_asked
def _visible_keys(call: Call) -> Seen:
    """Keys of the rows that the caller may see: only of those may a delete be sent."""
    return _keys_seen(call)


def _keys_seen(call: Call) -> Seen:
    with statements() as beside:
        binding, _ = find(call.afresh())
        binding.check_permissions()
        rows = binding.reading_queryset().order_by("pk")
    keys: Sequence[Any]
    if binding.sees_every_row():
        most, keys = MAX_KEYS, [*rows.values_list("pk", flat=True)[: MAX_KEYS + 1]]
        are_all = len(keys) <= most
    else:
        instances = [*rows[: MAX_CHECKED + 1]]
        most, are_all = MAX_CHECKED, len(instances) <= MAX_CHECKED
        with statements() as asked_of_rows:
            keys = [row.pk for row in instances[:most] if binding.may_see(row)]
        beside += asked_of_rows
    return Seen(
        dict.fromkeys(map(as_pk, keys[:most])), are_all, _beside(binding, rows, beside), labels_written_by(beside)
    )


def _beside(binding: Any, rows: Any, asked: Iterable[str]) -> frozenset[str]:
    """Models of which another row decides which rows are there: what was ``asked`` before, and what the queryset reads beside
    the rows themselves."""
    own = row_models(rows.model)
    read = models_of(rows)
    if not reads_again(rows, {model._meta.db_table for model in own}):
        read -= {*own}
    labels = {label_of(model) for model in read}.union(*map(labels_read, asked))
    return frozenset(labels - {stored_label()} | declared_labels(binding))


def _found(binding: Any, keys: Sequence[Pk]) -> set[Pk]:
    """Which of these keys are there."""
    found: set[Pk] = set()
    rows, is_open = binding.reading_queryset().order_by(), binding.sees_every_row()
    for start in range(0, len(keys), MAX_CHECKED):
        some = rows.filter(pk__in=[from_pk(rows.model, key) for key in keys[start : start + MAX_CHECKED]])
        seen = some.values_list("pk", flat=True) if is_open else [row.pk for row in some if binding.may_see(row)]
        found.update(map(as_pk, seen))
    return found
