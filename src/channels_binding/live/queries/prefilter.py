"""Prefilter of a live list: whether a change can matter to it, by its WHERE and its compiled SQL, without running it.

A prefilter only ever skips. What it lets through is answered by the query itself.
"""

import datetime
import logging
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DatabaseError, connections, models
from django.db.models import CompositePrimaryKey, F

from channels_binding.querysets.conditions import Conditions, conditions_of
from channels_binding.querysets.inspection import has_plain_rows, is_whole
from channels_binding.serializers.keys import as_pk

logger = logging.getLogger("channels_binding")

PER_STATEMENT = 100
"""Queries that one statement asks about at the most."""
PARAMETERS = 10_000
"""Parameters of one statement at the most; SQLite's own limit is 32,766."""

KEY = "cb_key"
"""What the key's column is called in our SQL: Django would name it ``pk``, or as the column, as it sees fit."""
_TIME = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d")


@dataclass(frozen=True, slots=True)
class Prefilter:
    """The rows that a list takes its page from: ``SELECT "t"."id" AS "cb_key" FROM "t" WHERE …``."""

    conditions: Conditions
    alias: str
    key: "models.Field[Any, Any]"
    sql: str | None
    """None where no row can match."""
    params: tuple[Any, ...] = ()

    def present(self, keys: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
        """An SQL condition: one of the rows with these keys is among them."""
        connection = connections[self.alias]
        column, marks = connection.ops.quote_name(KEY), ", ".join(["%s"] * len(keys))
        given = [self.key.get_db_prep_value(key, connection) for key in keys]
        sql = f"EXISTS(SELECT 1 FROM ({self.sql}) cb WHERE cb.{column} IN ({marks}))"  # noqa: S608
        return sql, (*self.params, *given)

    def count(self, most: int | None = None) -> tuple[str, tuple[Any, ...]]:
        """An SQL expression: how many they are, or ``most`` where there are more."""
        limit = "" if most is None else f" LIMIT {most}"
        return f"(SELECT COUNT(*) FROM ({self.sql}{limit}) cb)", self.params  # noqa: S608


class NoPrefilter(Exception):
    """Why a list has none, in words for ``manage.py bindings --explain``."""


def prefilter_of(queryset: models.QuerySet[Any], *, are_times_fixed: Callable[[], bool] = lambda: False) -> Prefilter:
    """The prefilter of a list.

    Args:
        are_times_fixed: Asked where a time is among its parameters: whether it is the same one every time.

    Raises:
        NoPrefilter: A row's place in it depends on more than the row: unions, aggregates, the clock.
    """
    pk = queryset.model._meta.pk
    if not has_plain_rows(queryset):
        raise NoPrefilter("it has annotations, distinct rows, a union or a slice")
    if isinstance(pk, CompositePrimaryKey):
        raise NoPrefilter("its key has several columns")
    if is_whole(queryset.query):
        model: Any = queryset.model
        return _prefilter_of_all(model, queryset.db)
    return _prefilter_of(queryset, conditions_of(queryset), are_times_fixed)


@cache
def _prefilter_of_all(model: Any, alias: str) -> Prefilter:
    """The prefilter of every list of all rows, in whatever order."""
    return _prefilter_of(models.QuerySet(model, using=alias), Conditions(), lambda: True)


def _prefilter_of(
    queryset: models.QuerySet[Any], conditions: Conditions, are_times_fixed: Callable[[], bool]
) -> Prefilter:
    pk = queryset.model._meta.pk
    try:
        sql, params = (
            queryset.order_by()
            .annotate(**{KEY: F("pk")})
            .values_list(KEY)
            .query.get_compiler(using=queryset.db)
            .as_sql()
        )
    except EmptyResultSet:
        return Prefilter(conditions, queryset.db, pk, None)
    if has_times(params) and not are_times_fixed():
        raise NoPrefilter("a time is among its parameters")  # ``published__lte=now()`` is another query every time
    return Prefilter(conditions, queryset.db, pk, sql, tuple(params))


def has_times(params: Iterable[Any]) -> bool:
    """Whether one of the parameters of a statement is a time."""
    return any(_is_time(value) for value in params)


def _is_time(value: Any) -> bool:
    """Whether a parameter is a time, or looks like one: some databases are given text."""
    return isinstance(value, (datetime.date, datetime.time)) or (isinstance(value, str) and bool(_TIME.match(value)))


def probe(asked: Sequence[tuple[Prefilter, Collection[Any]]]) -> list[bool]:
    """Of each list, whether one of the rows with these keys is in it. In a worker thread; one statement for up to 100.

    A database that does not understand the question answers it with yes.
    """
    found = [False] * len(asked)
    questions = [
        (number, prefilter, prefilter.present([*keys]))
        for number, (prefilter, keys) in enumerate(asked)
        if prefilter.sql
    ]
    for number, value in _ask(questions, unknown=1, form="CASE WHEN {} THEN 1 ELSE 0 END"):
        found[number] = bool(value)
    return found


def counts(asked: Sequence[tuple[Prefilter, int | None]]) -> list[int | None]:
    """How many rows each list has, up to a number; None where the database does not say.

    In a worker thread; one statement for up to 100.
    """
    found: list[int | None] = [0] * len(asked)
    questions = [
        (number, prefilter, prefilter.count(most)) for number, (prefilter, most) in enumerate(asked) if prefilter.sql
    ]
    for number, value in _ask(questions, unknown=None, form="{}"):
        found[number] = value
    return found


Question = tuple[int, Prefilter, tuple[str, tuple[Any, ...]]]


def _ask(questions: Iterable[Question], *, unknown: Any, form: str) -> Iterator[tuple[int, Any]]:
    by_alias: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        by_alias[question[1].alias].append(question)
    for alias, asked in by_alias.items():
        for part in _parts(asked):
            try:
                yield from _rows(alias, part, form)
            except DatabaseError as error:
                logger.warning("%d live queries could not be asked together: %s", len(part), error)
                yield from ((number, unknown) for number, *_ in part)


def _rows(alias: str, asked: Sequence[Question], form: str) -> list[tuple[int, Any]]:
    sql = " UNION ALL ".join(f"SELECT {number} AS n, {form.format(text)} AS x" for number, _, (text, _) in asked)
    with connections[alias].cursor() as cursor:
        cursor.execute(sql, [value for _, _, (_, params) in asked for value in params])
        return [(number, value) for number, value in cursor.fetchall()]


def _parts(asked: Sequence[Question]) -> Iterator[list[Question]]:
    part: list[Question] = []
    room = PARAMETERS
    for question in asked:
        needed = len(question[2][1])
        if part and (len(part) == PER_STATEMENT or needed > room):
            yield part
            part, room = [], PARAMETERS
        part.append(question)
        room -= needed
    if part:
        yield part


def values_of(
    model: type[models.Model], alias: str, columns: Collection[str], keys: Collection[Any]
) -> Mapping[Any, Mapping[str, Any]]:
    """``{7: {"status": "open"}}`` of rows as they are now, whoever may see them; one that is not there is left out."""
    every_row: models.QuerySet[Any] = models.QuerySet(model, using=alias)  # a manager may hide some
    found = every_row.filter(pk__in=keys).values_list("pk", *columns)
    return {as_pk(key): dict(zip(columns, values, strict=True)) for key, *values in found}
