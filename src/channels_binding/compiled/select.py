"""What a plan selects of one table, written once: a SELECT need not be put together for every call.

Django's query builder makes the columns, their SQL and their converters anew for each queryset, which costs more than
reading a page does. Here the columns are one expression, compiled once; a queryset's conditions and order are Django's to
compile. Of a queryset that is every row of its table, the whole statement is kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, TypeAlias

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.models.expressions import Col, Expression
from django.db.models.sql import Query

from channels_binding.compiled.columns import Convert
from channels_binding.compiled.sqlite import boolean, booleans, is_parsed_when_fetched, short_cut
from channels_binding.querysets.inspection import is_ordered_by_own_columns, is_plain, is_stock_queryset, is_whole

Values: TypeAlias = Sequence[Any]
"""One column: a value for each row."""
Way: TypeAlias = Callable[[Values], Values]
"""Values of a column as fetched → as they are given, or shown."""
Statement: TypeAlias = tuple[str, tuple[Any, ...]]
"""SQL and its parameters."""
MOST_KEPT = 256
"""So many statements are kept of one selection: a client can ask for more orders than are worth it."""


@dataclass(frozen=True, eq=False)
class Source:
    """One selected column, and how its values come out of the database."""

    column: Col
    _as_fetched: dict[str, bool] = field(default_factory=dict)
    """By the vendor of the database."""

    def given(self, values: Values, connection: Any) -> Values:
        """Values as fetched → as Django gives them."""
        for converter in self._converters(connection):
            values = [converter(value, self.column, connection) for value in values]
        return values

    def as_given(self, connection: Any) -> Way:
        """``given``, for every connection to this database, in whatever thread."""
        alias = connection.alias
        return (lambda values: self.given(values, connections[alias])) if self._converters(connection) else _as_they_are

    def as_shown(self, connection: Any, convert: Convert | None) -> Way:
        """Values as fetched → as the serializer's field shows them, for every connection to this database."""
        if convert is None and self._is_shown_as_fetched(connection):
            return _as_they_are
        alias = connection.alias

        def long_way(value: Any) -> Any:
            return converted(self.given((value,), connections[alias]), convert)[0]

        short = short_cut(self.column.target, convert, long_way, connection)
        if short is boolean:
            return booleans
        if short is not None and not self.column.target.null:
            return lambda values: [*map(short, values)]  # a NULL that is there all the same goes the long way
        if short is not None:
            return lambda values: converted(values, short)
        return lambda values: converted(self.given(values, connections[alias]), convert)

    def _is_shown_as_fetched(self, connection: Any) -> bool:
        """Whether a value needs nothing done to it, where its field does nothing either."""
        if connection.vendor not in self._as_fetched:
            short = short_cut(self.column.target, None, lambda value: value, connection)
            self._as_fetched[connection.vendor] = short is None and not self._converters(connection)
        return self._as_fetched[connection.vendor]

    def _converters(self, connection: Any) -> list[Any]:
        return [*connection.ops.get_db_converters(self.column), *self.column.get_db_converters(connection)]


def _as_they_are(values: Values) -> Values:
    return values


def converted(values: Values, convert: Convert | None) -> Values:
    """NULL is shown as ``null``, whatever the field."""
    return values if convert is None else [None if value is None else convert(value) for value in values]


class _Block(Expression):
    """Several columns of one table, as one expression of a SELECT."""

    def __init__(self, sources: Sequence[Source]) -> None:
        super().__init__(output_field=models.IntegerField())
        self._columns = [source.column for source in sources]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return ", ".join(compiler.compile(column)[0] for column in self._columns), ()

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """``+"due"`` is what ``"due"`` is, but has no declared type by which Python would make an object of each value."""
        texts = [
            f"+{compiler.compile(column)[0]}" if is_parsed_when_fetched(column.target) else compiler.compile(column)[0]
            for column in self._columns
        ]
        return ", ".join(texts), ()


@dataclass(frozen=True, eq=False)
class Selection:
    """Columns of one table, the key's first: ``selection_of(Note, ["title", "owner_id"])``."""

    model: type[models.Model]
    sources: tuple[Source, ...]
    _kept: dict[Any, Statement] = field(default_factory=dict)
    _real_places: dict[str, Sequence[int]] = field(default_factory=dict)
    """By the vendor of the database."""

    @cached_property
    def _block(self) -> _Block:
        return _Block(self.sources)

    def takes(self, queryset: models.QuerySet[Any]) -> bool:
        """Whether the rows of a queryset are rows of this table, with nothing beside its columns."""
        return is_plain(queryset.query) and queryset.model is self.model

    def fetch(self, queryset: models.QuerySet[Any]) -> list[Any]:
        """The rows of a queryset that it ``takes``, as the database gives them."""
        try:
            return self._run(self._statement(queryset), queryset.db)
        except EmptyResultSet:
            return []

    def fetch_by_key(self, queryset: models.QuerySet[Any], key: Any) -> list[Any]:
        """As ``fetch``, of the row with a key: one or none."""
        if not is_whole(queryset.query) or queryset.query.is_sliced or self.model._meta.pk.is_relation:
            return self.fetch(queryset.order_by().filter(pk=key))
        try:
            params = self.params_of_key(key, connections[queryset.db])
            sql, made_of = self._keep((queryset.db, "by key"), lambda: queryset.order_by().filter(pk=key))
        except EmptyResultSet:  # a number beyond what the column holds
            return []
        if params is None or len(made_of) != 1:
            return self.fetch(queryset.order_by().filter(pk=key))
        return self._run((sql, params), queryset.db)

    def params_of_key(self, key: Any, connection: Any) -> tuple[Any, ...] | None:
        """What a row's key is compared with, as the database takes it; None where that is more than a value.

        Raises:
            EmptyResultSet: No row can have it: a number beyond what the column holds.
        """
        exact: Any = self.model._meta.pk.get_lookup("exact")
        marker, params = exact(self.sources[0].column, key).process_rhs(None, connection)
        return tuple(params) if marker == "%s" else None

    def columns_sql(self, alias: str) -> str:
        """``"zoo_note"."id", "zoo_note"."title"``: what is selected, as SQL."""
        compiler = Query(self.model).get_compiler(using=alias)
        return str(compiler.compile(self._block)[0])

    def key_and_values(self, fetched: Values, names: Sequence[str], connection: Any) -> tuple[Any, dict[str, Any]]:
        """Of one row: its key, and the values of these columns, as Django gives them."""
        found = {}
        for name in names:
            place = self._places[name]
            found[name] = self.sources[place].given((fetched[place],), connection)[0]
        return self.sources[0].given((fetched[0],), connection)[0], found

    def real_places(self, connection: Any) -> Sequence[int]:
        """Where floating-point numbers stand in a row."""
        if connection.vendor not in self._real_places:
            self._real_places[connection.vendor] = [
                place for place, source in enumerate(self.sources) if source.column.target.db_type(connection) == "real"
            ]
        return self._real_places[connection.vendor]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {source.column.target.attname: place for place, source in enumerate(self.sources)}

    def _statement(self, queryset: models.QuerySet[Any]) -> Statement:
        query = queryset.query
        if not is_whole(query) or not is_ordered_by_own_columns(queryset):
            return self._compiled(queryset)
        whole = (queryset.db, query.order_by, query.default_ordering)
        sql, params = self._keep(whole, lambda: queryset)
        low, high = query.low_mark, query.high_mark
        limits = connections[queryset.db].ops.limit_offset_sql(low, high) if low or high is not None else ""
        return (f"{sql} {limits}" if limits else sql), params

    def _keep(self, name: Any, make: Callable[[], models.QuerySet[Any]]) -> Statement:
        """The statement of this name, without limits; compiled if it is the first time."""
        kept = self._kept.get(name)
        if kept is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            kept = self._kept[name] = self._compiled(make(), is_limited=False)
        return kept

    def _compiled(self, queryset: models.QuerySet[Any], *, is_limited: bool = True) -> Statement:
        query = queryset.query.chain()
        query.clear_select_clause()
        query.set_select([self._block])
        if not is_limited:
            query.clear_limits()
        query.get_initial_alias()
        sql, params = query.get_compiler(using=queryset.db).as_sql()
        return sql, tuple(params)

    def _run(self, statement: Statement, alias: str) -> list[Any]:
        with connections[alias].cursor() as cursor:
            cursor.execute(*statement)
            return [*cursor.fetchall()]


def selection_of(model: type[models.Model], names: Sequence[str]) -> Selection | None:
    """The columns of these names (``"owner_id"``), the key before them; None if they are not all of the model's own table."""
    meta = model._meta.concrete_model._meta if model._meta.concrete_model else model._meta
    own = {column.attname: column for column in meta.local_concrete_fields}
    wanted = [str(meta.pk.attname), *names]  # of a composite key, no column's
    if not all(name in own and _is_selected_as_it_is(own[name]) for name in wanted):
        return None
    return Selection(model, tuple(Source(own[name].get_col(meta.db_table)) for name in wanted))


@cache
def _whole_rows(model: type[models.Model]) -> Selection | None:
    """Every column of a model, in the order in which its instances are made."""
    return selection_of(model, [column.attname for column in model._meta.concrete_fields])


def get(queryset: models.QuerySet[Any], key: Any) -> Any:
    """``queryset.get(pk=key)``, of whose statement nothing is written anew where that can be.

    Raises:
        ObjectDoesNotExist: No such row in it.
    """
    model: Any = queryset.model
    selection = _whole_rows(model)
    if selection is None or not selection.takes(queryset) or not _loads_plain_instances(queryset):
        return queryset.get(pk=key)
    fetched = selection.fetch_by_key(queryset, key)
    if not fetched:
        raise model.DoesNotExist(f"{model._meta.object_name} matching query does not exist.")
    columns = zip(fetched[0], selection.sources, strict=True)
    values = [source.given((value,), connections[queryset.db])[0] for value, source in columns]
    names = [column.attname for column in model._meta.concrete_fields]
    return model.from_db(queryset.db, names, values[1:], **_loading_options(queryset))


def _loading_options(queryset: Any) -> dict[str, Any]:
    """How its instances fetch what they lack, from Django 6.1 on."""
    return {"fetch_mode": queryset._fetch_mode} if hasattr(queryset, "_fetch_mode") else {}


def _loads_plain_instances(queryset: Any) -> bool:
    """Whether instances come with all of their columns, and nothing that is related to them, and are made by Django alone."""
    djangos: Any = models.Model
    if queryset.model.from_db.__func__ is not djangos.from_db.__func__:  # Django knows with what to call it
        return False
    query = queryset.query
    is_partial = query.deferred_loading != (frozenset(), True)
    return is_stock_queryset(queryset) and not (is_partial or query.select_related or queryset._known_related_objects)


def _is_selected_as_it_is(column: Any) -> bool:
    return type(column).select_format is models.Field.select_format
