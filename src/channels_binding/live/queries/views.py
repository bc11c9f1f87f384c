"""Models whose table is a view: their rows change where nothing of theirs is written."""

from functools import cache
from typing import Any

from django.apps import apps
from django.db import connections, models

from channels_binding.live.capture.statements import label_of, labels_in

_DEFINITION = {
    "postgresql": "SELECT pg_get_viewdef(oid) FROM pg_class WHERE oid = to_regclass(%s) AND relkind = 'v'",
    "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'view' AND name = %s",
    "mysql": "SELECT view_definition FROM information_schema.views WHERE table_schema = DATABASE() AND table_name = %s",
}


def labels_behind(read: "set[type[models.Model]]", alias: str) -> set[str]:
    """Models of the tables that views among these read, through views of views: ``{Turnover}`` → ``{"shop.Order"}``.

    A table that no model has cannot be told of. In a worker thread.
    """
    found: set[str] = set()
    for model in read:
        found |= _behind(model, alias)
    return found


@cache
def _behind(model: Any, alias: str) -> frozenset[str]:
    """One statement for each model that Django does not manage: it makes no views."""
    connection, meta = connections[alias], model._meta
    if meta.managed or meta.proxy or connection.vendor not in _DEFINITION:
        return frozenset()
    name = connection.ops.quote_name(meta.db_table) if connection.vendor == "postgresql" else meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(_DEFINITION[connection.vendor], [name])
        row = cursor.fetchone()
    if row is None or row[0] is None:
        return frozenset()
    behind = labels_in(row[0]) - {label_of(model)}
    others: list[Any] = [apps.get_model(label) for label in behind]
    return behind.union(*(_behind(other, alias) for other in others))
