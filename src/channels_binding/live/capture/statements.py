"""What a statement says of the rows that it writes: its table, and their keys where it names them."""

import contextvars
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from django.apps import apps
from django.db import models

from channels_binding.conf import get_settings

STATEMENTS: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar(
    "channels_binding_statements", default=None
)


WRITE = re.compile(r'\s*(INSERT INTO|UPDATE|DELETE FROM)\s+(?:ONLY\s+)?["`]?([^"`\s(]+)["`]?', re.IGNORECASE)


READ = re.compile(
    r"\s*(SELECT|SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT|SET|SHOW|PRAGMA|EXPLAIN|DECLARE|FETCH|CLOSE)\b", re.I
)


_BY_KEY = re.compile(
    r'\sWHERE\s+["`]?(?P<table>\w+)["`]?\.["`]?(?P<column>\w+)["`]?\s+(?:=\s+%s|IN\s+\((?P<many>%s(?:,\s*%s)*)\))\s*\Z'
)


ONE_ROW = re.compile(r"\sVALUES\s*\((?:[^()]|\([^()]*\))*\)(?!\s*,)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Table:
    """A table as the wrapper sees it: whose it is, and which column is its key."""

    label: str
    key_column: str


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL that this thread runs meanwhile."""
    found: list[str] = []
    token = STATEMENTS.set(found)
    try:
        yield found
    finally:
        STATEMENTS.reset(token)


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


def text_of(sql: Any) -> str:
    """A statement as text; psycopg takes objects of its own as well."""
    return sql if isinstance(sql, str) else str(sql.as_string(None) if hasattr(sql, "as_string") else sql)


@lru_cache(maxsize=2048)
def labels_in(sql: str) -> frozenset[str]:
    """Captured models whose tables a statement names."""
    words = set(re.findall(r"\w+", sql))
    return frozenset(table.label for name, table in tables().items() if name in words)


def keys_in(sql: str, params: Any, many: bool, table: Table) -> list[Any] | None:
    """Keys that ``… WHERE "t"."id" = %s`` or ``IN (%s, …)`` names; None where the statement selects otherwise."""
    match = _BY_KEY.search(sql)
    if match is None or match["column"] != table.key_column or not params or isinstance(params, Mapping):
        return None
    count = match["many"].count("%s") if match["many"] else 1
    rows = [*params] if many else [params]
    return [key for row in rows for key in tuple(row)[-count:]]
