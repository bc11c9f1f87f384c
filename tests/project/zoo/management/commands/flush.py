"""Django's ``flush`` as its ``TransactionTestCase`` calls it after each test, made quick.

Django empties every table there is and creates every permission anew, which takes several times as long as most tests.
"""

from typing import Any

from django.core.management.commands import flush
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

MADE_BY_DJANGO = ("django_content_type", "auth_permission")
"""What ``post_migrate`` fills. Left as it is while nobody has touched it."""

Rows = list[tuple[Any, ...]]


class Command(flush.Command):
    """Deletes the rows of the tables that hold any. Sequences go on, as they do where Django's tests flush."""

    def handle(self, **options: Any) -> None:
        connection = connections[options["database"]]
        if options["interactive"] or options.get("reset_sequences", True):
            super().handle(**options)
            return
        before = _made_by_django.get(connection.alias)
        if before is None or before != _read_made_by_django(connection):
            super().handle(**options)
            _made_by_django[connection.alias] = _read_made_by_django(connection)
        else:
            _delete_rows(connection)


_made_by_django: dict[str, list[Rows]] = {}
_tables: dict[str, list[str]] = {}


def _read_made_by_django(connection: BaseDatabaseWrapper) -> list[Rows]:
    with connection.cursor() as cursor:
        found = []
        for table in MADE_BY_DJANGO:
            if table in _tables_of(connection):
                cursor.execute(f"SELECT * FROM {table} ORDER BY id")
                found.append(cursor.fetchall())
        return found


def _delete_rows(connection: BaseDatabaseWrapper) -> None:
    names = {table: connection.ops.quote_name(table) for table in _tables_of(connection) if table not in MADE_BY_DJANGO}
    asked = [f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {name})" for table, name in names.items()]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        for (table,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {names[table]}")


def _tables_of(connection: BaseDatabaseWrapper) -> list[str]:
    """Of the installed models, the same all day; what a test creates is the test's to remove."""
    if connection.alias not in _tables:
        _tables[connection.alias] = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return _tables[connection.alias]
