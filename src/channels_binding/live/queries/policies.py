"""Tables of PostgreSQL with row-level security: which of their rows there are is another matter for each who asks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache

from django.db import connections, models

from channels_binding.live.capture.statements import label_of, labels_in

_POLICIES = """SELECT nspname || ' ' || relname, COALESCE(string_agg(pg_get_expr(polqual, polrelid), ' '), '')
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace LEFT JOIN pg_policy ON polrelid = pg_class.oid
WHERE relrowsecurity GROUP BY 1"""


def labels_of_policies(read: Iterable[type[models.Model]], alias: str) -> frozenset[str] | None:
    """Models whose rows decide by policies which rows of these there are: ``{Order}`` → ``{"shop.Membership"}``.

    None where none of them has a policy: then the database answers all alike. What a function in a policy reads is not seen.
    In a worker thread.
    """
    known = _policies(alias)
    found = {label_of(model) for model in read} & known.keys()
    return frozenset().union(*(known[label] for label in found)) if found else None


@cache
def _policies(alias: str) -> Mapping[str, frozenset[str]]:
    """By the label of each model that has some; asked once."""
    connection = connections[alias]
    if connection.vendor != "postgresql":
        return {}
    found: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    with connection.cursor() as cursor:
        cursor.execute(_POLICIES)
        for table, conditions in cursor.fetchall():
            for label in labels_in(table):
                found[label] |= labels_in(conditions) - {label}
    return found
