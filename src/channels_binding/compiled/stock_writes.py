"""Whether rows may be written by one statement: only where nothing of the project's would have run on the way.

Decided once of a serializer class and its model: neither they, nor any field, column, default or validator of them, is other
than REST framework's, Django's or this package's. Asked each time: who listens to Django's signals, which routers there are,
what the database can do, and whether the table has triggers of its own.
"""

import functools
import inspect
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections, models, router
from django.db.models.base import ModelBase
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import post_init, post_save, pre_init, pre_save
from django.utils.translation import get_language
from rest_framework.fields import empty

from channels_binding.classes import is_written_in, overrides
from channels_binding.compiled import write
from channels_binding.compiled.columns import has_djangos_values
from channels_binding.compiled.compiler import plan_of
from channels_binding.compiled.write import WritePlan
from channels_binding.querysets.stock import is_djangos_column, is_djangos_manager
from channels_binding.serializers.default import BindingSerializer
from channels_binding.serializers.validators import complete

OURS = ("rest_framework", "channels_binding")
DJANGO = ("django.db", "typing", "builtins")
_OF_FORMS = frozenset(
    {
        *("clean", "full_clean", "clean_fields", "validate_unique", "validate_constraints", "get_constraints"),
        *("delete", "adelete", "__eq__", "__hash__", "_meta", "DoesNotExist", "MultipleObjectsReturned", "NotUpdated"),
    }
)
"""What a model may say otherwise: Django asks it of forms, of deletions and of comparisons, and not when a row is saved."""
_STOCK_PRE_SAVE = {
    models.Field.pre_save,
    models.DateField.pre_save,
    models.DateTimeField.pre_save,
    models.TimeField.pre_save,
}
TRIGGERS_SECONDS = 60.0
"""How long it is believed of a table of PostgreSQL that it has no triggers."""


class StockWrites:
    """The writes of one serializer class: its instances, and how what they have validated is written."""

    def __init__(self, serializer_class: type[BindingSerializer], plan: WritePlan, *, has_rules: bool) -> None:
        """``has_rules``: see the attribute."""
        self.plan = plan
        self.columns = {column.name: column for column in plan.model._meta.concrete_fields}
        self.has_rules = has_rules
        """Whether it compares rows as a whole with others (``unique_together``): of a change that needs the stored row."""
        self.has_database_defaults = any(column.has_db_default() for column in self.columns.values())
        self._class = serializer_class
        self._idle: dict[str | None, list[Any]] = defaultdict(list)
        """Language → instances that are in nobody's hands."""

    def validated(
        self, data: Mapping[str, Any], context: Mapping[str, Any], instance: Any = None, *, partial: bool = False
    ) -> dict[str, Any]:
        """What the serializer makes of the data, by a serializer that is this call's alone until it is done.

        Raises:
            ValidationError: REST framework's.
        """
        idle = self._idle[get_language()]
        try:
            serializer = idle.pop()
        except IndexError:  # making one takes longer than validating
            serializer = complete(self._class(data={}, context={}))
        serializer.instance, serializer.partial = instance, partial
        serializer.context.update(context)
        try:
            found: dict[str, Any] = serializer.run_validation(data)
            return found
        finally:  # nothing of the call stays
            serializer.instance, serializer.partial = None, False
            serializer.context.clear()
            idle.append(serializer)

    def names_key(self, given: Mapping[str, Any]) -> bool:
        """Whether a change would give its row another key, or has one that leads to another row."""
        key: Any = self.plan.model._meta.pk
        return key.is_relation or key.name in given

    def relations(self, given: Mapping[str, Any]) -> Iterator[Any]:
        """Models of which rows are named."""
        for name in given:
            if self.columns[name].is_relation:
                yield self.columns[name].related_model

    def is_possible(self, alias: str) -> bool:
        """Whether now, in this database, nobody but us hears of a write, and it can return the row."""
        model, connection = self.plan.model, connections[alias]
        if alias != DEFAULT_DB_ALIAS or any(map(_chooses, router.routers)) or not _returns_rows(connection):
            return False
        if self.has_database_defaults and not connection.features.supports_default_keyword_in_insert:
            return False  # there Django writes the default itself
        return not _is_heard(model) and not _has_triggers(model, connection)


def _chooses(router_: Any) -> bool:
    """Whether a router says where rows are read or written, or which may refer to each other; it may look at instances."""
    return any(hasattr(router_, name) for name in ("db_for_read", "db_for_write", "allow_relation"))


def _returns_rows(connection: Any) -> bool:
    return connection.vendor in ("sqlite", "postgresql") and connection.features.can_return_columns_from_insert


def _is_heard(model: type[models.Model]) -> bool:
    """Whether a receiver of the project's runs when a row is made or saved."""
    ours, signals = write.told().receivers, (pre_init, post_init, pre_save, post_save)
    return any(
        receiver not in ours for signal in signals for kind in signal._live_receivers(model) for receiver in kind
    )


# The table


_without_triggers: dict[tuple[str, str, str], Any] = {}
"""Alias, database and table → at which version of the schema it had none; where the database tells no version, until when
(``time.monotonic``) that is believed."""

_PLAIN_TABLE = {
    "sqlite": """SELECT NOT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE
        UNION ALL SELECT 1 FROM sqlite_temp_master WHERE tbl_name = ? COLLATE NOCASE)""",
    "postgresql": """SELECT relkind = 'r' AND NOT relhasrules AND NOT relrowsecurity AND NOT relhassubclass AND NOT EXISTS (
        SELECT 1 FROM pg_trigger WHERE tgrelid = pg_class.oid AND NOT tgisinternal AND tgname NOT LIKE 'channels\\_binding\\_%%'
        ) FROM pg_class WHERE oid = to_regclass(%s)""",
}
"""Whether a table is one, without triggers or rules that may write something else, and without policies by which its rows are
hidden. Ours only tell of changes."""
_SCHEMA_VERSION = {"sqlite": ("PRAGMA schema_version", "PRAGMA temp.schema_version")}
"""Numbers that grow with each change of the schema. PostgreSQL has none."""


def _has_triggers(model: type[models.Model], connection: Any) -> bool:
    """Whether the database may make other rows of those that are written, than ``RETURNING`` says.

    Asked on the driver's own cursor: these are no statements of the project's, to be counted or wrapped as its own.
    """
    name = model._meta.db_table
    table = (connection.alias, str(connection.settings_dict["NAME"]), name)
    now, known = time.monotonic(), _without_triggers.get(table)
    versions = _SCHEMA_VERSION.get(connection.vendor)
    if versions is None and known is not None and known > now:
        return False
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors, closing(connection.connection.cursor()) as cursor:
        if versions is not None:
            version = [_first(cursor, statement) for statement in versions]
            if known == version:
                return False
        params = [name, name] if connection.vendor == "sqlite" else [connection.ops.quote_name(name)]
        is_plain = bool(_first(cursor, _PLAIN_TABLE[connection.vendor], params))
    if is_plain:
        _without_triggers[table] = now + TRIGGERS_SECONDS if versions is None else version
    return not is_plain


def _first(cursor: Any, statement: str, params: Sequence[Any] = ()) -> Any:
    """The first value of the first row; None if there is none."""
    cursor.execute(statement, params)
    row = cursor.fetchone()
    return row and row[0]


# The classes


_compiled: "WeakKeyDictionary[type, dict[type[models.Model], StockWrites | None]]" = WeakKeyDictionary()


def stock_writes(serializer_class: Any, model: type[models.Model]) -> StockWrites | None:
    """How the default serializer of a binding writes rows of a model by one statement; None if it may not."""
    by_model = _compiled.setdefault(serializer_class, {})
    if model not in by_model:
        by_model[model] = _compile(serializer_class, model)
    return by_model[model]


def _compile(serializer_class: Any, model: type[models.Model]) -> StockWrites | None:
    reading = plan_of(serializer_class, model)
    if reading is None or reading.own_paths is None or reading.shows_host or not is_saved_by_django(model):
        return None
    serializer = complete(serializer_class(data={}))
    is_fixed = issubclass(serializer_class, BindingSerializer) and serializer_class.makes_fields_once()
    if not is_fixed or not all(map(_is_stock_validator, serializer.validators)):
        return None
    columns = {column.name for column in model._meta.concrete_fields}
    beside = {relation.name for relation in model._meta.many_to_many}  # not written: what is given holds columns alone
    if not all(
        _is_stock_field(each, columns | beside if each.default is empty else columns)
        for each in serializer.fields.values()
    ):
        return None
    return StockWrites(serializer_class, WritePlan(model, reading), has_rules=bool(serializer.validators))


def _is_stock_field(field: Any, names: set[str]) -> bool:
    """Whether a field, with what it is made of, is stock, and what it validates is a value of the column of its name."""
    if not all(is_written_in(type(part), *OURS) for part in _parts(field)):
        return False
    is_stock = all(map(_is_stock_validator, field.validators)) and _is_stock_default(field.default)
    return field.read_only or (is_stock and field.source == field.field_name and field.source in names)


def _parts(field: Any) -> Iterator[Any]:
    while field is not None:
        yield field
        field = getattr(field, "child", None) or getattr(field, "child_relation", None)


def _is_stock_validator(validator: Any) -> bool:
    """One that is given nothing but the value may be anybody's; one that is given the field may keep it, or read the call."""
    return not getattr(validator, "requires_context", False) or is_written_in(type(validator), *OURS)


def _is_stock_default(default: Any) -> bool:
    return default is empty or _is_stock_validator(default)


@functools.cache
def is_saved_by_django(model: type[models.Model]) -> bool:
    """Whether saving a row of a model is one statement of its own table, and all of the way to it is Django's code."""
    meta = model._meta
    is_odd = meta.proxy or meta.parents or meta.swapped or meta.auto_created or meta.select_on_save
    is_plain = meta.managed and type(model) is ModelBase and not (is_odd or meta.order_with_respect_to)
    if not is_plain or len(meta.pk_fields) > 1 or any(_reasons(model)):
        return False
    managers = (model._default_manager, model._base_manager)
    is_managed = all(type(each) is models.Manager and is_djangos_manager(each) for each in managers)
    return is_managed and all(_is_plain_column(model, each) for each in meta.concrete_fields)


def _reasons(model: type[models.Model]) -> Iterator[str]:
    """What a model, or a base of it, says otherwise than Django's, that could take part when a row is saved."""
    for name, value in overrides(model, DJANGO):
        if name not in _OF_FORMS and not is_written_in(type(value), "django.db", "django.contrib"):
            yield name


def _is_plain_column(model: type[models.Model], column: Any) -> bool:
    """Whether a column is one of Django's whose values are the same in the statement as in its rows."""
    if not (has_djangos_values(column) and is_djangos_column(column)) or type(column).pre_save not in _STOCK_PRE_SAVE:
        return False
    has_sql = any(
        hasattr(column, name) for name in ("get_placeholder", "get_placeholder_sql")
    )  # the second from Django 6.1 on
    is_more = column.generated or has_sql or isinstance(column, models.FileField)
    descriptor = type(inspect.getattr_static(model, column.attname, None))
    return not is_more and descriptor in (DeferredAttribute, ForeignKeyDeferredAttribute)
