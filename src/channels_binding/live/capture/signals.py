"""Change capture: what is written is noted, and published at commit: exactly what was committed, once per transaction.

Three sources, all public hooks of Django:

* an *execute wrapper* on every connection reads each statement: ``UPDATE``, ``DELETE`` by key give the keys,
  everything else that is no plain read (bulk writes, raw SQL, cascades) marks the whole tables that it may write;
* ``post_save`` of a new row gives the key that the database made, and so explains the ``INSERT`` before it; of a row
  that was saved whole it gives the values of the columns that live queries are likely to be filtered by;
* ``m2m_changed`` gives the keys of both sides, and so explains the writes to the through table.

What passes by execute wrappers (``callproc``, ``copy``) ``cursors`` sees.

Notes are kept per connection and savepoint. What a savepoint rolls back is forgotten with it.
"""

import contextvars
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, connections, models
from django.db.backends.signals import connection_created
from django.db.models.signals import m2m_changed, post_save

from channels_binding.compiled.write import tell
from channels_binding.live.capture import cursors
from channels_binding.live.capture.recorder import (
    is_heard,
    is_in_transaction,
    logger,
    note_any,
    recorder,
    recorder_of,
    watch,
)
from channels_binding.live.capture.statements import (
    ONE_ROW,
    STATEMENTS,
    Table,
    changed_with,
    is_captured,
    keys_in,
    label_of,
    text_of,
    undoes,
    written,
)
from channels_binding.querysets.conditions import is_exact
from channels_binding.querysets.tables import row_models
from channels_binding.registry import registry


def notify(model: type[models.Model], keys: Sequence[Any] | None = None, *, using: str = "default") -> None:
    """Tell of rows that were changed where Django cannot see it. At commit, if a transaction is open.

    >>> notify(Order, [7, 9])
    >>> notify(Order)  # any row
    """
    record = recorder(using)
    if is_heard():
        record.notes().changes.note(label_of(model), keys)
        record.flush_unless_atomic()
    else:
        record.miss([label_of(model)])


# The three sources


def _capture(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """Django's execute wrapper of every connection: runs the statement, then notes what it wrote, if anybody hears of it."""
    counted = STATEMENTS.get()
    if counted is not None:
        counted.append(sql)
    connection, cursor = context["connection"], context["cursor"]
    cursors.begin(cursor)
    try:
        result = execute(sql, params, many, context)
        if not connection.in_atomic_block:
            cursors.end(connection, cursor, sql)
    except Exception as error:
        SAVING.set(None)
        if many or isinstance(error, (OperationalError, InterfaceError)):
            # the rows before the one that failed may stand; and of a connection that failed nobody knows what it had done
            _note_safely(connection, sql, None, many)
        raise
    if is_heard() or is_in_transaction(connection):
        _note_safely(connection, sql, params, many)
    return result


def _note_safely(connection: Any, sql: Any, params: Any, many: bool) -> None:
    try:
        if is_heard():
            _note_statement(connection, text_of(sql), params, many)
        else:
            _miss_statement(connection, text_of(sql))
    except Exception:
        logger.exception("A statement could not be read; its changes are not published")


def _miss_statement(connection: Any, sql: str) -> None:
    target = written(sql)
    record = recorder_of(connection)
    if isinstance(target, Table):
        if not record.misses(target.label):
            record.miss((target.label, *changed_with(target.label)))
    elif target:
        record.miss(target)


def _note_statement(connection: Any, sql: str, params: Any, many: bool) -> None:
    target = written(sql)
    if not isinstance(target, Table):
        if recorder_of(connection).by_savepoint and undoes(sql):
            recorder_of(connection).savepoint_undone()
        return note_any(connection, target)
    if not is_captured(target.label):
        return None
    record = recorder_of(connection)
    notes = record.notes()
    verb = sql.lstrip()[:6].upper()
    if verb == "INSERT" and not many and ONE_ROW.search(sql) and "ON CONFLICT" not in sql:
        notes.inserted[target.label] = notes.inserted.get(target.label, 0) + 1
        is_of_django = sql[12:13] in _QUOTES  # one written by hand may follow a save that has failed before its own
        if not connection.in_atomic_block and SAVING.get() == target.label and is_of_django:
            return None  # post_save follows with the key
    else:
        notes.changes.note(target.label, None if verb == "INSERT" else keys_in(sql, params, many, target))
        for label in changed_with(target.label) if verb == "DELETE" else ():
            notes.changes.note(label, None)
        if not connection.in_atomic_block and WRITING.get() == target.label:
            return None  # its values follow
    return record.flush_unless_atomic()


SAVING: contextvars.ContextVar[str | None] = contextvars.ContextVar("channels_binding_saving", default=None)
"""The model whose ``save()`` is under way in autocommit mode: its ``INSERT`` will be explained by ``post_save``."""


_QUOTES = ('"', "`", "[")
"""``INSERT INTO "zoo_note"`` as Django writes it."""


WRITING: contextvars.ContextVar[str | None] = contextvars.ContextVar("channels_binding_writing", default=None)
"""The model of which a row is written by one statement (``compiled.write``), whose key and values follow."""


def _before_save(sender: type[models.Model], **_: Any) -> None:
    SAVING.set(label_of(sender))


def _after_save(
    sender: type[models.Model], instance: models.Model, created: bool, using: str, update_fields: Any = None, **_: Any
) -> None:
    SAVING.set(None)
    if not is_heard():
        return
    # with update_fields some columns are what others have written
    values = instance.__dict__ if update_fields is None else None
    _note_saved(sender, instance.pk, values, using, created=created)


def _note_saved(
    sender: type[models.Model], key: Any, written: Mapping[str, Any] | None, using: str, *, created: bool
) -> None:
    """A row was saved: note its key, which explains the statement before, and its values, if they are known."""
    record = recorder(using)
    notes = record.notes()
    for model in row_models(sender):
        label = label_of(model)
        is_new = created and not notes.changes.holds(label, key)  # else it was deleted before, in this transaction
        if created and notes.inserted.get(label):
            notes.inserted[label] -= 1
            notes.changes.note(label, [key])
        if written is not None:
            notes.changes.know(label, key, _values(model, written, using), is_new=is_new)
    record.flush_unless_atomic()


def _values(model: type[models.Model], written: Mapping[str, Any], alias: str) -> dict[str, Any]:
    """``{"status": "open", "team_id": 3}`` of a row as it was just written, without what only the database knows."""
    values: dict[str, Any] = {}
    for column in _published_columns(model, alias):
        value = written.get(column.attname, models.DEFERRED)
        if value is not models.DEFERRED and not hasattr(value, "resolve_expression"):
            with suppress(TypeError, ValueError, ValidationError):  # the database took it, whatever it is
                values[column.attname] = column.to_python(value)
    return values


@cache
def _published_columns(model: type[models.Model], alias: str) -> "Sequence[models.Field[Any, Any]]":
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
    if not is_heard():
        record.through_before = None  # who comes in between is published the through table as a whole
        return
    through = label_of(sender)
    keys = record.notes().changes.keys
    if action.startswith("pre_"):
        record.through_before = keys.get(through, set())
    if action in ("post_add", "post_remove", "pre_clear"):
        record.notes().changes.note(label_of(type(instance)), [instance.pk])
        record.notes().changes.note(label_of(model), pk_set if _is_joined_by_keys(sender) else None)
    if action.startswith("post_"):
        if record.through_before is not None:
            keys[through], record.through_before = record.through_before, None
            record.notes().changes.note_joined(through)
        record.flush_unless_atomic()


@cache
def _is_joined_by_keys(through: type[models.Model]) -> bool:
    """Whether what ``m2m_changed`` calls ``pk_set`` are keys: a table with ``to_field`` has values of that column there."""
    return all(field.target_field.primary_key for field in through._meta.fields if isinstance(field, models.ForeignKey))


def _wrap(connection: Any, **_: Any) -> None:
    if _capture not in connection.execute_wrappers:
        connection.execute_wrappers.append(_capture)
        cursors.watch(connection)
        watch(connection)


_AFTER_SAVE = "channels_binding.post_save"


def _put_first(signal: Any, uid: str) -> None:
    """Have a receiver called before all others: what those write comes after what the instance says of its row."""
    with signal.lock:
        at = next(place for place, each in enumerate(signal.receivers) if each[0][0] == uid)
        signal.receivers.insert(0, signal.receivers.pop(at))
        signal.sender_receivers_cache.clear()


_is_connected = False


def connect() -> None:
    """Have Django's signals explain statements, once somebody hears of them: until then they would only make every save slower.

    A row whose ``save`` is under way at that moment counts as any row. Calling it twice does no harm.
    """
    global _is_connected
    if not _is_connected:
        models.signals.pre_save.connect(_before_save, dispatch_uid="channels_binding.pre_save")
        post_save.connect(_after_save, dispatch_uid=_AFTER_SAVE)
        _put_first(post_save, _AFTER_SAVE)
        m2m_changed.connect(_m2m_changed, dispatch_uid="channels_binding.m2m_changed")
        _is_connected = True


class _Statements:
    """What is written without ``save()`` and its signals is noted as if by them."""

    receivers: Collection[Any] = (_before_save, _after_save)

    @staticmethod
    @cache
    def columns(model: type[models.Model], alias: str) -> tuple[str, ...]:
        return tuple(column.attname for column in _published_columns(model, alias))

    def listens(self) -> bool:
        return is_heard()

    def begin(self, model: type[models.Model]) -> None:
        label = label_of(model)
        SAVING.set(label)
        WRITING.set(label)

    def end(self, model: type[models.Model], key: Any, values: Mapping[str, Any], alias: str, *, created: bool) -> None:
        _note_saved(model, key, values, alias, created=created)

    def over(self, alias: str) -> None:
        SAVING.set(None)
        WRITING.set(None)
        if is_heard():
            recorder(alias).flush_unless_atomic()  # what no row has explained, as of an UPDATE that has found none


def install() -> None:
    """Begin to capture. Called once, when the app is ready."""
    connection_created.connect(_wrap, dispatch_uid="channels_binding.wrap")
    tell(_Statements())
    for connection in connections.all(initialized_only=True):
        _wrap(connection)
