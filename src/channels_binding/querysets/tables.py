"""Which models a queryset reads from: its joins, and every subquery in its conditions, annotations and unions."""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connections, models
from django.db.models.sql import Query

from channels_binding.querysets.inspection import holds_own_sql, is_alone


@lru_cache(maxsize=1)
def _by_table() -> dict[str, type[models.Model]]:
    found = apps.get_models(include_auto_created=True)
    return {model._meta.db_table: model for model in found if not model._meta.proxy}


def models_of(queryset: models.QuerySet[Any]) -> set[type[models.Model]]:
    """``Ticket.objects.filter(group__in=user.groups.all())`` → ``{Ticket, Group, User_groups}``.

    Of SQL of the project's, every table is taken that it names. What a database function reads cannot be seen; a binding
    declares it (``depends_on``).
    """
    if is_alone(queryset):
        return {_by_table()[queryset.model._meta.db_table]}
    query = queryset.query.clone()
    quoted = connections[queryset.db].ops.quote_name
    try:
        sql = query.get_compiler(using=queryset.db).as_sql()[0]  # ordering and select_related make their joins here
    except (EmptyResultSet, FullResultSet):
        sql = None
    tables = {table for table in _tables(query, set()) if table in _by_table()}
    if sql is not None and holds_own_sql(query):
        tables |= set(re.findall(r"\w+", sql)) & _by_table().keys()
        return {_by_table()[table] for table in tables}
    # a join that was trimmed stays in Django's map: of filter(owner=3) the key is read from its own column
    return {_by_table()[table] for table in tables if sql is None or quoted(table) in sql}


def row_models(model: type[models.Model]) -> list[type[models.Model]]:
    """The models that hold parts of a row: its own and, with multi-table inheritance, its parents; all have its key."""
    concrete = model._meta.concrete_model or model
    return [concrete, *concrete._meta.get_parent_list()]


def reads_again(queryset: models.QuerySet[Any], tables: Collection[str]) -> bool:
    """Whether a queryset reads one of its own tables a second time: ``Note.objects.filter(parent__rank=1)``.

    Then a change of one row can decide whether another one is in it.
    """
    if is_alone(queryset):
        return False
    query = queryset.query.clone()
    sql = None
    with suppress(EmptyResultSet, FullResultSet):
        sql = query.get_compiler(using=queryset.db).as_sql()[0]  # ordering and select_related make their joins here
    aliases = Counter(str(source.table_name) for source in query.alias_map.values())
    every = Counter(_tables(query, set()))
    if sql is not None and holds_own_sql(query):
        named = Counter(re.findall(r"(?i)\b(?:from|join|,)\s+[\"`]?(\w+)", sql))
        if any(named[table] > aliases[table] for table in tables):
            return True
    every[query.get_meta().db_table] -= 1  # counted with its alias
    return any(every[table] > 1 or every[table] > aliases[table] > 0 for table in tables)


def models_inside(queryset: models.QuerySet[Any]) -> set[type[models.Model]]:
    """Models that a queryset reads in its subqueries, or by SQL of the project's."""
    if is_alone(queryset):
        return set()
    if holds_own_sql(queryset.query):
        return models_of(queryset)
    aliases = Counter(str(source.table_name) for source in queryset.query.alias_map.values())
    inside = Counter(_tables(queryset.query, set())) - aliases
    return {_by_table()[table] for table in inside if table in _by_table()}


def _tables(query: Query, seen: set[int]) -> Iterable[str]:
    if id(query) in seen:
        return
    seen.add(id(query))
    for source in query.alias_map.values():
        yield str(source.table_name)
    if query.model is not None:
        yield query.model._meta.db_table
    parts: list[Any] = [query.where, *query.annotations.values(), *query.combined_queries, *query.order_by]
    for source in query.alias_map.values():
        parts.append(getattr(source, "filtered_relation", None))
    for part in parts:
        yield from _in_expression(part, seen)


def _in_expression(part: Any, seen: set[int]) -> Iterable[str]:
    """Look for subqueries wherever Django's expression trees can hold one."""
    if part is None or isinstance(part, (str, int, float, bool)):
        return
    if isinstance(part, Query):
        yield from _tables(part, seen)
        return
    if isinstance(part, models.QuerySet):
        yield from _tables(part.query, seen)
        return
    if id(part) in seen:
        return
    seen.add(id(part))
    if isinstance(getattr(part, "query", None), Query):
        yield from _tables(part.query, seen)
    children = [*getattr(part, "children", ()), getattr(part, "lhs", None), getattr(part, "rhs", None)]
    if hasattr(part, "get_source_expressions"):
        children += part.get_source_expressions()
    for child in children:
        yield from _in_expression(child, seen)
