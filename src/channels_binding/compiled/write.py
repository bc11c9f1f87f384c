"""Rows written by one statement, and shown by the same: ``INSERT`` and ``UPDATE … RETURNING``, without an instance.

What ``Model.save()`` would write is written, and whoever would hear of it by Django's signals is told (``Capture``). For which
models, serializers and moments that holds, ``stock_writes`` says.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.models.expressions import DatabaseDefault

from channels_binding.calls.call import Row
from channels_binding.compiled.plan import Plan
from channels_binding.compiled.select import MOST_KEPT, Selection, selection_of


class Capture(Protocol):
    """Who is told of rows that are written without an instance, as its receivers would be of one."""

    receivers: Collection[Any]
    """Its receivers of Django's signals, in whose place it is told."""

    def columns(self, model: type[models.Model], alias: str) -> tuple[str, ...]:
        """Attributes of the columns of whose values it is told: ``("owner_id", "done")``."""

    def listens(self) -> bool:
        """Whether it is told anything now."""

    def begin(self, model: type[models.Model]) -> None:
        """A row is about to be written, by one statement."""

    def end(self, model: type[models.Model], key: Any, values: Mapping[str, Any], alias: str, *, created: bool) -> None:
        """It is written: its key, and its values by the attributes of their columns."""

    def over(self, alias: str) -> None:
        """No more follows, whether it was written or not."""


class _Nobody:
    """Where nothing is captured."""

    receivers: Collection[Any] = ()

    def columns(self, model: type[models.Model], alias: str) -> tuple[str, ...]:
        return ()

    def listens(self) -> bool:
        return False

    def begin(self, model: type[models.Model]) -> None: ...

    def end(
        self, model: type[models.Model], key: Any, values: Mapping[str, Any], alias: str, *, created: bool
    ) -> None: ...

    def over(self, alias: str) -> None: ...


_capture: Capture = _Nobody()


def tell(capture: Capture) -> None:
    """Have ``capture`` told from now on."""
    global _capture
    _capture = capture


def told() -> Capture:
    """Who is told."""
    return _capture


class _Values:
    """Stands in for an instance, for ``pre_save``, which sets the time and returns it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One column as it is written."""

    column: Any
    name: str
    target: str | None
    """Of a relation, the attribute of the related row that is stored."""
    is_set_when_created: bool
    """Whether it sets itself then: ``auto_now_add``."""
    is_set_when_changed: bool

    @classmethod
    def of(cls, column: Any) -> "Cell":
        target = column.target_field.attname if column.is_relation else None
        changed = bool(getattr(column, "auto_now", False))
        return cls(column, column.name, target, changed or bool(getattr(column, "auto_now_add", False)), changed)

    def prepared(self, value: Any, connection: Any) -> Any:
        """A value as a serializer has validated it → as the database takes it."""
        if self.target is not None and value is not None:
            value = getattr(value, self.target)
        return self.column.get_db_prep_save(value, connection=connection)

    def prepared_now(self, connection: Any, *, add: bool) -> Any:
        """The value that the column gives itself."""
        return self.column.get_db_prep_save(self.column.pre_save(_Values(), add), connection=connection)


def _is_expression(param: Any) -> bool:
    """Whether Django would put SQL in the place of a value: ``Now()``, of a default."""
    return hasattr(param, "as_sql")


@dataclass(frozen=True, eq=False)
class WritePlan:
    """How rows of one model are written."""

    model: type[models.Model]
    reading: Plan
    """How they are shown: it selects columns of the model's own table."""
    _statements: dict[Any, str] = field(default_factory=dict)
    _selections: dict[Any, Selection] = field(default_factory=dict)

    @cached_property
    def _cells(self) -> tuple[Cell, ...]:
        """What an INSERT sets, in the order in which an instance would be given its defaults; not a key that counts itself."""
        meta = self.model._meta
        return tuple(Cell.of(column) for column in meta.local_concrete_fields if column is not meta.auto_field)

    def inserted(self, values: Mapping[str, Any], alias: str) -> Row | None:
        """A new row, as it is shown; None where the database is to work out a value of it (``default=Now``).

        Args:
            values: Name of a column → as a serializer has validated it. Of the others it has the default.
        """
        connection = connections[alias]
        names, params = [], []
        for cell in self._cells:
            if cell.name in values:
                value = cell.prepared(values[cell.name], connection)
            elif cell.is_set_when_created:
                value = cell.prepared_now(connection, add=True)
            else:
                default = cell.column.get_default()
                if isinstance(default, DatabaseDefault):
                    continue  # what is not named gets the database's
                value = cell.column.get_db_prep_save(default, connection=connection)
            names.append(cell.column.column)
            params.append(value)
        if any(map(_is_expression, params)):
            return None
        (row,) = self._run("INSERT", tuple(names), params, alias)
        return row

    def updated(self, key: Any, values: Mapping[str, Any], alias: str) -> Row | None:
        """The row with a key, some of its columns changed, as it is shown; None where there is none, nothing to set, or
        a value that the database is to work out."""
        connection = connections[alias]
        names, params = [], []
        for cell in self._cells:
            if cell.is_set_when_changed:
                value = cell.prepared_now(connection, add=False)
            elif cell.name in values:
                value = cell.prepared(values[cell.name], connection)
            else:
                continue
            names.append(cell.column.column)
            params.append(value)
        try:
            key_params = self._selection(alias).params_of_key(key, connection)
        except EmptyResultSet:
            return None
        if not names or key_params is None or any(map(_is_expression, params)):
            return None
        found = self._run("UPDATE", tuple(names), [*params, *key_params], alias)
        return found[0] if found else None

    def _run(self, verb: str, names: tuple[str, ...], params: Sequence[Any], alias: str) -> Sequence[Row]:
        capture, connection, selection = _capture, connections[alias], self._selection(alias)
        capture.begin(self.model)
        try:
            with connection.cursor() as cursor:
                cursor.execute(self._statement(verb, names, selection, alias), params)
                fetched = self._as_selected(cursor.fetchall(), selection, connection)  # all: else it has not ended
            for row in fetched if capture.listens() else ():
                key, told = selection.key_and_values(row, capture.columns(self.model, alias), connection)
                capture.end(self.model, key, told, alias, created=verb == "INSERT")
        finally:
            capture.over(alias)
        return self.reading.shown(fetched, alias)

    def _as_selected(self, fetched: Sequence[Any], selection: Selection, connection: Any) -> Sequence[Any]:
        """Rows as a SELECT would give them: SQLite returns a number of a REAL column as it keeps it, ``5`` for ``5.0``."""
        places = selection.real_places(connection) if connection.vendor == "sqlite" else ()
        if not places:
            return fetched
        rows = [[*row] for row in fetched]
        for row in rows:
            for place in places:
                row[place] = float(row[place]) if type(row[place]) is int else row[place]
        return rows

    def _selection(self, alias: str) -> Selection:
        """What is shown, and then what is told."""
        told = _capture.columns(self.model, alias)
        if told not in self._selections:
            shown = self.reading.own_paths or []
            found = selection_of(self.model, [*shown, *(name for name in told if name not in shown)])
            assert found is not None  # else it would not have been compiled
            self._selections[told] = found
        return self._selections[told]

    def _statement(self, verb: str, names: tuple[str, ...], selection: Selection, alias: str) -> str:
        kept = (verb, names, selection, alias)
        found = self._statements.get(kept)
        if found is None:
            if len(self._statements) >= MOST_KEPT:
                self._statements.clear()
            found = self._statements[kept] = self._compiled(*kept)
        return found

    def _compiled(self, verb: str, names: Sequence[str], selection: Selection, alias: str) -> str:
        quote, meta = connections[alias].ops.quote_name, self.model._meta
        table, columns = quote(meta.db_table), [*map(quote, names)]
        if verb == "INSERT":
            values = ", ".join(["%s"] * len(columns))
            if not columns:  # as Django has it: the key counts itself, or has the database's default
                columns, values = [quote(str(meta.pk.column))], connections[alias].ops.pk_default_value()
            written = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608
        else:
            setting = ", ".join(f"{column} = %s" for column in columns)
            key = quote(str(meta.pk.column))
            written = f"UPDATE {table} SET {setting} WHERE {table}.{key} = %s"  # noqa: S608
        return f"{written} RETURNING {selection.columns_sql(alias)}"
