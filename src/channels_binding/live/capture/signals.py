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
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connections, models
from django.db.backends.signals import connection_created
from django.db.models.signals import m2m_changed, post_save

from channels_binding.live.capture import cursors
from channels_binding.live.capture.recorder import logger, note_any, recorder
from channels_binding.live.capture.statements import (
    ONE_ROW,
    STATEMENTS,
    Table,
    changed_with,
    is_captured,
    keys_in,
    label_of,
    text_of,
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
    record.notes().changes.note(label_of(model), keys)
    record.flush_unless_atomic()


# The three sources


class _Wrapper:
    """Django's execute wrapper of one connection: lets the statement run, then notes what it wrote."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        counted = STATEMENTS.get()
        if counted is not None:
            counted.append(sql)
        try:
            result = execute(sql, params, many, context)
        except Exception:
            SAVING.set(None)
            if many:  # the rows before the one that failed may stand
                _note_safely(self.alias, sql, None, many)
            raise
        _note_safely(self.alias, sql, params, many)
        return result


def _note_safely(alias: str, sql: Any, params: Any, many: bool) -> None:
    try:
        _note_statement(alias, text_of(sql), params, many)
    except Exception:
        logger.exception("A statement could not be read; its changes are not published")


def _note_statement(alias: str, sql: str, params: Any, many: bool) -> None:
    target = written(sql)
    if not isinstance(target, Table):
        return note_any(alias, target)
    if not is_captured(target.label):
        return None
    record = recorder(alias)
    notes = record.notes()
    verb = sql.lstrip()[:6].upper()
    if verb == "INSERT" and not many and ONE_ROW.search(sql) and "ON CONFLICT" not in sql:
        notes.inserted[target.label] = notes.inserted.get(target.label, 0) + 1
        if not record.connection.in_atomic_block and SAVING.get() == target.label:
            return None  # post_save follows with the key
    else:
        notes.changes.note(target.label, keys_in(sql, params, many, target))
        for label in changed_with(target.label) if verb == "DELETE" else ():
            notes.changes.note(label, None)
    return record.flush_unless_atomic()


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
    for column in _published_columns(model, alias):
        value = instance.__dict__.get(column.attname, models.DEFERRED)
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
    through = label_of(sender)
    keys = record.notes().changes.keys
    if action.startswith("pre_"):
        record.through_before = keys.get(through, set())
    if action in ("post_add", "post_remove", "pre_clear"):
        record.notes().changes.note(label_of(type(instance)), [instance.pk])
        record.notes().changes.note(label_of(model), pk_set if _is_joined_by_keys(sender) else None)
    if action.startswith("post_"):
        if record.through_before is not None:
            keys[through] = record.through_before
        record.flush_unless_atomic()


@cache
def _is_joined_by_keys(through: type[models.Model]) -> bool:
    """Whether what ``m2m_changed`` calls ``pk_set`` are keys: a table with ``to_field`` has values of that column there."""
    return all(field.target_field.primary_key for field in through._meta.fields if isinstance(field, models.ForeignKey))


def _wrap(connection: Any, **_: Any) -> None:
    if not any(isinstance(wrapper, _Wrapper) for wrapper in connection.execute_wrappers):
        connection.execute_wrappers.append(_Wrapper(connection.alias))
        cursors.watch(connection)


def install() -> None:
    """Begin to capture. Called once, when the app is ready."""
    connection_created.connect(_wrap, dispatch_uid="channels_binding.wrap")
    models.signals.pre_save.connect(_before_save, dispatch_uid="channels_binding.pre_save")
    post_save.connect(_after_save, dispatch_uid="channels_binding.post_save")
    m2m_changed.connect(_m2m_changed, dispatch_uid="channels_binding.m2m_changed")
    for connection in connections.all(initialized_only=True):
        _wrap(connection)
