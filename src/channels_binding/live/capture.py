"""What is written is noted, and told at commit: exactly what was committed, once per transaction.

Three sources, all public hooks of Django:

* an *execute wrapper* on every connection reads each write statement: ``UPDATE``, ``DELETE`` by key give the keys,
  everything else (bulk writes, raw SQL, cascades) marks the whole table;
* ``post_save`` of a new row gives the key that the database made, and so explains the ``INSERT`` before it; of a row
  that was saved whole it gives the values of the columns that live queries are likely to be filtered by;
* ``m2m_changed`` gives the keys of both sides, and so explains the writes to the through table.

Notes are kept per connection and savepoint. What a savepoint rolls back is forgotten with it.
"""

import contextvars
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connections, models
from django.db.backends.signals import connection_created
from django.db.models.signals import m2m_changed, post_save

from channels_binding.conf import get_settings
from channels_binding.live.changes import Changes
from channels_binding.querysets.conditions import is_exact
from channels_binding.querysets.tables import row_models
from channels_binding.registry import registry

logger = logging.getLogger("channels_binding")

Publish = Callable[[Changes], int | None]

WRITTEN: contextvars.ContextVar[list[int] | None] = contextvars.ContextVar("channels_binding_written", default=None)
"""Collects the numbers of what a call published, so that its reply can wait for its own diffs."""

_STATEMENTS: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar(
    "channels_binding_statements", default=None
)

_WRITE = re.compile(r'\s*(INSERT INTO|UPDATE|DELETE FROM)\s+(?:ONLY\s+)?["`]?([^"`\s(]+)["`]?', re.IGNORECASE)
_READ = re.compile(
    r"\s*(SELECT|SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT|SET|SHOW|PRAGMA|EXPLAIN|DECLARE|FETCH|CLOSE)\b", re.I
)
_BY_KEY = re.compile(
    r'\sWHERE\s+["`]?(?P<table>\w+)["`]?\.["`]?(?P<column>\w+)["`]?\s+(?:=\s+%s|IN\s+\((?P<many>%s(?:,\s*%s)*)\))\s*\Z'
)
_ONE_ROW = re.compile(r"\sVALUES\s*\((?:[^()]|\([^()]*\))*\)(?!\s*,)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Table:
    """A table as the wrapper sees it: whose it is, and which column is its key."""

    label: str
    key_column: str


@dataclass(slots=True)
class Notes:
    """What was written between two savepoints of one connection."""

    changes: Changes = field(default_factory=Changes)
    inserted: dict[str, int] = field(default_factory=dict)
    """Rows inserted one by one whose keys are not known yet: label → how many."""
    survived: bool = False

    def settled(self) -> Changes:
        """The changes; inserts that nothing explained mark their whole table."""
        for label, count in self.inserted.items():
            if count:
                self.changes.note(label, None)
        self.inserted.clear()
        return self.changes


AUTOCOMMIT = ("autocommit",)
"""In place of savepoints, where no transaction is open."""


class Recorder:
    """The notes of one database connection."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.by_savepoint: dict[tuple[str, ...], Notes] = {}
        self._hooks: Any = None
        """Django's list of commit hooks as last seen; it is another list after every rollback and commit."""
        self.through_before: set[Any] | None = None
        """What was known of a through table before the many-to-many change that is under way."""

    def notes(self) -> Notes:
        """Where to write now: the notes of the innermost savepoint, or of the statement that is its own transaction."""
        if self.connection.run_on_commit is not self._hooks:
            self._forget_rolled_back()
        if not self.connection.in_atomic_block:
            return self.by_savepoint.setdefault(AUTOCOMMIT, Notes(survived=True))
        place = tuple(sid for sid in self.connection.savepoint_ids if sid)  # atomic(savepoint=False) has none
        if place not in self.by_savepoint:
            if self._is_rehearsal() and not is_heard():
                return Notes()  # to be forgotten: no commit hook of ours for a test to count among its own
            self.by_savepoint[place] = Notes()
            self._await_commit(self.by_savepoint[place])
        return self.by_savepoint[place]

    def _is_rehearsal(self) -> bool:
        """Whether the transaction is that of a ``TestCase``: never committed, and seen by no other connection."""
        return any(getattr(block, "_from_testcase", False) for block in self.connection.atomic_blocks)

    def _forget_rolled_back(self) -> None:
        """Django has dropped the commit hooks of what was rolled back; drop the notes that they stood for."""
        self._hooks = self.connection.run_on_commit
        awaited = {id(hook.notes) for _, hook, _ in self._hooks if isinstance(hook, _Survive)}
        self.by_savepoint = {
            place: notes for place, notes in self.by_savepoint.items() if place == AUTOCOMMIT or id(notes) in awaited
        }

    def _await_commit(self, notes: Notes) -> None:
        """Mark the notes as survivors at commit, then publish all survivors in one.

        Before any commit hook of the project: one that fails ends Django's round of hooks, one that writes begins anew.
        In a test they come in their order: ``captureOnCommitCallbacks`` takes what was added to the end.
        """
        if self._is_rehearsal():
            self._hooks.append((set(self.connection.savepoint_ids), _Rehearse(notes, self), True))
            return
        flush: tuple[set[str], Any, bool] = (set(), self.flush, True)
        if flush not in self._hooks:
            self._hooks.insert(0, flush)
        self._hooks.insert(0, (set(self.connection.savepoint_ids), _Survive(notes), True))

    def rehearse(self) -> None:
        """A test calls this its commit: tell everything that is not rolled back, and was not told before."""
        self._forget_rolled_back()
        for notes in self.by_savepoint.values():
            notes.survived = True
        self.flush()

    def flush_unless_atomic(self) -> None:
        """In autocommit mode each statement is its own transaction."""
        if not self.connection.in_atomic_block:
            self.flush()

    def flush(self) -> None:
        """Tell what survived, forget the rest. Never raises: a write must not fail because nobody could be told."""
        committed = Changes()
        for notes in self.by_savepoint.values():
            if notes.survived:
                committed.merge(notes.settled())
        self.by_savepoint.clear()
        if committed:
            publish(committed)


class _Survive:
    """Commit hook of one Notes; Django drops it if the savepoint is rolled back."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes

    def __call__(self) -> None:
        self.notes.survived = True


class _Rehearse(_Survive):
    """The same in a ``TestCase``, where nobody but the test calls commit hooks, and perhaps not all of them."""

    def __init__(self, notes: Notes, record: Recorder) -> None:
        super().__init__(notes)
        self._record = record

    def __call__(self) -> None:
        self._record.rehearse()


def recorder(alias: str) -> Recorder:
    """The recorder of this thread's connection to a database."""
    connection = connections[alias]
    found: Recorder | None = getattr(connection, "_channels_binding_recorder", None)
    if found is None:
        found = Recorder(connection)
        connection._channels_binding_recorder = found  # type: ignore[attr-defined]
    return found


# Publishing: the hub and the broker say how; capture only says what.

_publishers: list[Publish] = []
_heard: dict[Publish, Callable[[], bool]] = {}


def publish_with(publisher: Publish, heard: Callable[[], bool] = lambda: True) -> None:
    """Have ``publisher(changes)`` called for every committed transaction. It must not block.

    Args:
        heard: Whether anybody in this process would hear of it now.
    """
    _publishers.append(publisher)
    _heard[publisher] = heard


def is_heard() -> bool:
    """Whether a test, whose changes no other process can see, has anybody to tell of them."""
    return any(publisher not in _heard or _heard[publisher]() for publisher in _publishers)


def publish(changes: Changes) -> None:
    """Tell of committed changes. Never raises."""
    for publisher in _publishers:
        try:
            number = publisher(changes)
        except Exception:
            logger.exception("Changes could not be published: %s", list(changes.keys))
            continue
        written = WRITTEN.get()
        if written is not None and number is not None:
            written.append(number)


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL that this thread runs meanwhile."""
    found: list[str] = []
    token = _STATEMENTS.set(found)
    try:
        yield found
    finally:
        _STATEMENTS.reset(token)


def notify(model: type[models.Model], keys: Sequence[Any] | None = None, *, using: str = "default") -> None:
    """Tell of rows that were changed where Django cannot see it. At commit, if a transaction is open.

    >>> notify(Order, [7, 9])
    >>> notify(Order)  # any row
    """
    record = recorder(using)
    record.notes().changes.note(label_of(model), keys)
    record.flush_unless_atomic()


# The three sources


@cache
def tables() -> dict[str, Table]:
    """Table name → whose it is, for every model whose changes are captured."""
    ignored = {"channels_binding.keptanswer", *(label.lower() for label in get_settings().IGNORED_MODELS)}
    return {
        model._meta.db_table: Table(label_of(model), getattr(model._meta.pk, "column", "") or "")
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy and model._meta.label_lower not in ignored
    }


def label_of(model: type[models.Model]) -> str:
    """``Ticket`` → ``"desk.Ticket"``; a proxy counts as the model that holds its rows."""
    concrete = model._meta.concrete_model or model
    return concrete._meta.label


class _Wrapper:
    """Django's execute wrapper of one connection: lets the statement run, then notes what it wrote."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        counted = _STATEMENTS.get()
        if counted is not None:
            counted.append(sql)
        try:
            result = execute(sql, params, many, context)
        except Exception:
            SAVING.set(None)
            raise
        try:
            _note_statement(self.alias, _text(sql), params, many)
        except Exception:
            logger.exception("A statement could not be read; what it changed is told to nobody")
        return result


def _text(sql: Any) -> str:
    """A statement as text; psycopg takes objects of its own as well."""
    return sql if isinstance(sql, str) else str(sql.as_string(None) if hasattr(sql, "as_string") else sql)


def _note_statement(alias: str, sql: str, params: Any, many: bool) -> None:
    if _READ.match(sql):
        return None
    match = _WRITE.match(sql)
    if match is None:
        return _note_odd_statement(alias, sql)
    table = tables().get(match[2].rpartition(".")[2].strip('"`'))
    if table is None:  # not captured, or named in a way that is read word by word: "schema"."table", UPDATE OR IGNORE
        return _note_odd_statement(alias, sql)
    record = recorder(alias)
    notes = record.notes()
    if match[1].upper() == "INSERT INTO" and not many and _ONE_ROW.search(sql) and "ON CONFLICT" not in sql:
        notes.inserted[table.label] = notes.inserted.get(table.label, 0) + 1
        if not record.connection.in_atomic_block and SAVING.get() == table.label:
            return None  # post_save follows with the key
    else:
        notes.changes.note(table.label, _keys(sql, params, many, table))
    return record.flush_unless_atomic()


def _note_odd_statement(alias: str, sql: str) -> None:
    """TRUNCATE, WITH … UPDATE, MERGE, CALL: every captured table that the text names counts as changed."""
    touched = labels_in(sql)
    if touched:
        record = recorder(alias)
        for label in touched:
            record.notes().changes.note(label, None)
        record.flush_unless_atomic()


@lru_cache(maxsize=2048)
def labels_in(sql: str) -> frozenset[str]:
    """Captured models whose tables a statement names."""
    words = set(re.findall(r"\w+", sql))
    return frozenset(table.label for name, table in tables().items() if name in words)


def _keys(sql: str, params: Any, many: bool, table: Table) -> list[Any] | None:
    """Keys that ``… WHERE "t"."id" = %s`` or ``IN (%s, …)`` names; None where the statement selects otherwise."""
    match = _BY_KEY.search(sql)
    if match is None or match["column"] != table.key_column or not params or isinstance(params, Mapping):
        return None
    count = match["many"].count("%s") if match["many"] else 1
    rows = [*params] if many else [params]
    return [key for row in rows for key in tuple(row)[-count:]]


SAVING: contextvars.ContextVar[str | None] = contextvars.ContextVar("channels_binding_saving", default=None)
"""The model whose ``save()`` is under way in autocommit mode: its ``INSERT`` will be explained by ``post_save``."""


def _before_save(sender: type[models.Model], **_: Any) -> None:
    SAVING.set(label_of(sender))


def _after_save(
    sender: type[models.Model], instance: models.Model, created: bool, using: str, update_fields: Any = None, **_: Any
) -> None:
    SAVING.set(None)
    record = recorder(using)
    notes = record.notes()
    for model in row_models(sender):
        label = label_of(model)
        is_new = created and not notes.changes.holds(
            label, instance.pk
        )  # else it was deleted before, in this transaction
        if created and notes.inserted.get(label):
            notes.inserted[label] -= 1
            notes.changes.note(label, [instance.pk])
        if update_fields is None:  # else some columns are what others have written
            notes.changes.know(label, instance.pk, _values(model, instance, using), is_new=is_new)
    record.flush_unless_atomic()


def _values(model: type[models.Model], instance: models.Model, alias: str) -> dict[str, Any]:
    """``{"status": "open", "team_id": 3}`` of a row as it was just written, without what only the database knows."""
    values: dict[str, Any] = {}
    for column in _told_columns(model, alias):
        value = instance.__dict__.get(column.attname, models.DEFERRED)
        if value is not models.DEFERRED and not hasattr(value, "resolve_expression"):
            with suppress(TypeError, ValueError, ValidationError):  # the database took it, whatever it is
                values[column.attname] = column.to_python(value)
    return values


@cache
def _told_columns(model: type[models.Model], alias: str) -> "Sequence[models.Field[Any, Any]]":
    """Columns whose values travel with a change: relations, booleans, choices, and what bindings declare as filters.

    These are what live queries are filtered by; anything more would be row data on its way through the broker.
    """
    declared = {name for cls in registry if cls.find_model() is model for name in cls.filter_paths()}
    return [
        column
        for column in model._meta.local_concrete_fields
        if is_exact(column, alias)
        and (column.is_relation or column.choices or isinstance(column, models.BooleanField) or column.name in declared)
    ]


def _m2m_changed(sender: Any, instance: Any, action: str, model: Any, pk_set: Any, using: str, **_: Any) -> None:
    """Both sides count as changed, by key. That explains what the wrapper sees of the through table in between."""
    record = recorder(using)
    through = label_of(sender)
    keys = record.notes().changes.keys
    if action.startswith("pre_"):
        record.through_before = keys.get(through, set())
    if action in ("post_add", "post_remove", "pre_clear"):
        record.notes().changes.note(label_of(type(instance)), [instance.pk])
        record.notes().changes.note(label_of(model), pk_set)
    if action.startswith("post_"):
        if record.through_before is not None:
            keys[through] = record.through_before
        record.flush_unless_atomic()


def _wrap(connection: Any, **_: Any) -> None:
    if not any(isinstance(wrapper, _Wrapper) for wrapper in connection.execute_wrappers):
        connection.execute_wrappers.append(_Wrapper(connection.alias))


def install() -> None:
    """Begin to capture. Called once, when the app is ready."""
    connection_created.connect(_wrap, dispatch_uid="channels_binding.wrap")
    models.signals.pre_save.connect(_before_save, dispatch_uid="channels_binding.pre_save")
    post_save.connect(_after_save, dispatch_uid="channels_binding.post_save")
    m2m_changed.connect(_m2m_changed, dispatch_uid="channels_binding.m2m_changed")
    for connection in connections.all(initialized_only=True):
        _wrap(connection)
