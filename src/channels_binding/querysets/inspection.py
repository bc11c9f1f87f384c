"""What Django's own Query says of a queryset: is it plain rows of one table, all of them, the stock kind?"""

from functools import cache
from typing import Any

from django.db import connections, models
from django.db.models.expressions import F, OrderBy, RawSQL
from django.db.models.query import ModelIterable, Prefetch
from django.db.models.sql import Query
from django.db.models.sql.where import ExtraWhere

from channels_binding.classes import is_written_in
from channels_binding.serializers.relations import prefetches_of


def is_stock_queryset(queryset: models.QuerySet[Any]) -> bool:
    """Whether iterating it would give the instances that its rows make, and no prefetch of its own narrows a relation."""
    kind: Any = type(queryset)
    is_stock = all(
        getattr(kind, name) is getattr(models.QuerySet, name)
        for name in ("__iter__", "_fetch_all", "_clone", "values_list")
    )
    return (
        is_stock
        and queryset._iterable_class is ModelIterable
        and not queryset.query.combinator
        and not any(isinstance(lookup, Prefetch) for lookup in prefetches_of(queryset))
    )


def iterated_by(queryset: models.QuerySet[Any], iterable: type[Any]) -> Any:
    """A copy of a queryset whose instances are given by another ``ModelIterable``, whichever way they are fetched."""
    copied: Any = queryset.all()
    copied._iterable_class = iterable
    return copied


def is_plain(query: Any) -> bool:
    """Whether its rows are rows of a table, and not made of several: no aggregates, annotations, unions."""
    is_more = query.annotations or query.extra or query.distinct or query.combinator or query.group_by
    return type(query) is Query and not (is_more or query.values_select)  # a project's own may hold anything


def has_plain_rows(queryset: models.QuerySet[Any]) -> bool:
    """Whether a row is the same in this queryset as fetched by its key alone: no annotations, unions, distinct or slice."""
    return is_plain(queryset.query) and not queryset.query.is_sliced


def is_whole(query: Any) -> bool:
    """Whether it is every row of its table: then it says nothing but an order."""
    is_odd = query.extra_order_by or query.extra_tables or not query.standard_ordering or query.explain_info
    return type(query) is Query and not (
        is_odd or query.select_for_update or query.where.children or len(query.alias_map) > 1
    )


def holds_own_sql(query: Any) -> bool:
    """Whether SQL of the project's may be part of it (``RawSQL``, ``extra``, an expression or lookup of its own).

    It may read any table, and call the query's own one by its name, which has another in a subquery.
    """
    parts = [query.where, *query.annotations.values(), *query.order_by, *query.combined_queries]
    return bool(query.extra or query.extra_tables or query.extra_order_by) or any(map(_holds_own_sql, parts))


def _holds_own_sql(part: Any) -> bool:
    if isinstance(part, (list, tuple, set, frozenset)):
        return any(map(_holds_own_sql, part))
    if isinstance(part, models.QuerySet):
        part = part.query
    if isinstance(part, Query):
        return holds_own_sql(part)
    is_expression = hasattr(part, "as_sql") and not isinstance(part, type)
    if not is_expression:
        return False
    if isinstance(part, (RawSQL, ExtraWhere)) or not is_written_in(type(part), "django"):
        return True
    inside = [*getattr(part, "children", ()), getattr(part, "lhs", None), getattr(part, "rhs", None)]
    inside += part.get_source_expressions() if hasattr(part, "get_source_expressions") else []
    return any(map(_holds_own_sql, [*inside, getattr(part, "query", None)]))


def is_alone(queryset: models.QuerySet[Any]) -> bool:
    """Whether it is plain to see, without its SQL, that it reads every row of its table and no other table."""
    query, meta = queryset.query, queryset.model._meta
    if meta.get_parent_list() and not meta.proxy:
        return False
    is_whole_table = is_plain(query) and is_whole(query) and not query.select_related
    return is_whole_table and is_ordered_by_own_columns(queryset)


def is_ordered_by_own_columns(queryset: models.QuerySet[Any]) -> bool:
    """Whether its order names columns of its own table and nothing else: then equal names are equal SQL."""
    query, meta = queryset.query, queryset.model._meta
    terms = query.order_by or (meta.ordering or () if query.default_ordering else ())
    model: Any = meta.concrete_model or queryset.model
    own = _own_columns(model)
    return all(_is_named(term) and _name_of(term) in own for term in terms)


@cache
def _own_columns(model: type[models.Model]) -> frozenset[str]:
    """Of a relation, whose order is that of the related rows, only the column itself."""
    columns = model._meta.local_concrete_fields
    return frozenset({"pk", *(column.attname for column in columns if column.is_relation)}) | {
        column.name for column in columns if not column.is_relation
    }


def _name_of(term: Any) -> str:
    return term.removeprefix("-") if isinstance(term, str) else str(term.expression.name)


def _is_named(term: Any) -> bool:
    """Whether a term of an order is a column's name, with or without its direction: then it says all that it means."""
    return isinstance(term, str) or (type(term) is OrderBy and type(term.expression) is F)


COUNTED_ROWS = 10_000
"""Rows up to which ``estimate_of`` counts."""


def estimate_of(queryset: models.QuerySet[Any]) -> tuple[int, str]:
    """How many rows a queryset has, at a small cost, and what the number is: ``(12000, "estimate")``.

    They are counted up to 10,000: ``(57, "exact")``, ``(10000, "at_least")``. Beyond, PostgreSQL's own note of a table is used
    where the queryset is every row of it: of others it would tell of rows that are not in it.
    """
    query = queryset.query
    if is_plain(query) and is_whole(query) and not query.is_sliced:
        noted = _noted_rows(queryset)
        if noted >= COUNTED_ROWS:
            return noted, "estimate"
    count = queryset.order_by()[: COUNTED_ROWS + 1].count()
    return (count, "exact") if count <= COUNTED_ROWS else (COUNTED_ROWS, "at_least")


def _noted_rows(queryset: models.QuerySet[Any]) -> int:
    """What PostgreSQL noted when it last went through the table; -1 where nothing is noted, or its own policies hide rows."""
    connection = connections[queryset.db]
    if connection.vendor != "postgresql":
        return -1
    table = connection.ops.quote_name(queryset.query.get_meta().db_table)
    with connection.cursor() as cursor:
        noted = "CASE WHEN relrowsecurity THEN -1 ELSE reltuples::bigint END"
        cursor.execute(f"SELECT {noted} FROM pg_class WHERE oid = %s::regclass", [table])  # noqa: S608
        return int(cursor.fetchone()[0])


def count_of(queryset: models.QuerySet[Any]) -> int:
    """How many rows a queryset has, in whatever order."""
    query, has_own = queryset.query, type(queryset).count is not models.QuerySet.count
    if query.is_sliced:
        return queryset.count()
    if has_own or not is_plain(query) or not is_whole(query):
        return queryset.order_by().count()
    connection = connections[queryset.db]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(query.get_meta().db_table)}")  # noqa: S608
        return int(cursor.fetchone()[0])
