"""What stands in the database: one function, one log of keys, four triggers for each table.

A trigger runs once for each statement, whatever the number of rows, and adds the keys to the log in the same transaction;
``NOTIFY`` only wakes whoever reads. So no payload has to fit into 8,000 bytes, and what is rolled back was never published.

The log is read by snapshots, not by numbers: what has become visible since the last snapshot is new. Numbers of a sequence are
given in another order than transactions commit in, and whoever reads beyond the last number misses those that commit late.
"""

from collections.abc import Iterable
from typing import Any

from channels_binding.contrib.postgres_triggers.tables import Watched
from channels_binding.live.capture.changes import MAX_KEYS

LOG = "channels_binding_log"
FUNCTION = "channels_binding_note"
CHANNEL = "channels_binding"
LIMIT = 10_000
"""Most entries that one reading takes; where there are more, everything is read again instead."""

OPERATIONS = {
    "INSERT": "REFERENCING NEW TABLE AS channels_binding_new",
    "UPDATE": "REFERENCING OLD TABLE AS channels_binding_old NEW TABLE AS channels_binding_new",
    "DELETE": "REFERENCING OLD TABLE AS channels_binding_old",
    "TRUNCATE": "",
}

CREATE_LOG = f"""
CREATE TABLE IF NOT EXISTS {LOG} (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    label text NOT NULL,
    keys text[]
);
CREATE INDEX IF NOT EXISTS {LOG}_xid ON {LOG} (xid);
"""
"""``keys`` are NULL where any row may have changed; an empty ``label`` says that triggers came or went."""

# Runs with the rights of its owner: who may write a table need not be able to write the log. Never fails a write because
# a column has been renamed since.
CREATE_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    place integer := 0;
    named text;
    found text[];
    rows text;
    is_told boolean := false;
BEGIN
    WHILE place < TG_NARGS LOOP
        named := TG_ARGV[place + 1];
        found := NULL;
        IF TG_OP <> 'TRUNCATE' THEN
            rows := CASE TG_OP WHEN 'DELETE' THEN 'SELECT * FROM channels_binding_old'
                               WHEN 'INSERT' THEN 'SELECT * FROM channels_binding_new'
                               ELSE 'SELECT * FROM channels_binding_old UNION ALL SELECT * FROM channels_binding_new' END;
            IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = TG_RELID AND attname = named AND NOT attisdropped) THEN
                rows := replace(rows, '*', format('%I::text AS key', named));
                EXECUTE 'SELECT array_agg(key) FROM (SELECT DISTINCT key FROM (' || rows
                     || ') written WHERE key IS NOT NULL LIMIT {MAX_KEYS + 1}) keys' INTO found;
                place := place + CASE WHEN found IS NULL THEN 2 ELSE 0 END;
                CONTINUE WHEN found IS NULL;
                found := CASE WHEN cardinality(found) <= {MAX_KEYS} THEN found END;
            END IF;
        END IF;
        INSERT INTO {{schema}}.{LOG} (label, keys) VALUES (TG_ARGV[place], found);
        is_told := true;
        place := place + 2;
    END LOOP;
    IF is_told THEN
        PERFORM pg_notify('{CHANNEL}', '');
    END IF;
    RETURN NULL;
END $$;
"""

READ = f"""
SELECT pg_current_snapshot()::text, (SELECT json_agg(json_build_array(label, keys))::text FROM (
    SELECT label, keys FROM {LOG}
    WHERE xid >= pg_snapshot_xmin(%(since)s::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, %(since)s::pg_snapshot)
    LIMIT {LIMIT + 1}
) entries)
"""
"""What became visible since a snapshot, and the snapshot of now, in one statement: they belong together."""

CLEAN = f"DELETE FROM {LOG} WHERE xid < pg_snapshot_xmin(%(before)s::pg_snapshot)"

PRESENT = f"""
SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE tgfoid = to_regproc('{FUNCTION}') AND tgenabled <> 'D' AND pg_table_is_visible(tgrelid)
GROUP BY relname HAVING count(*) = {len(OPERATIONS)}
"""


def install(cursor: Any, tables: Iterable[Watched], schema: str) -> None:
    """Create what is missing and bring the rest up to date. In a transaction."""
    cursor.execute(CREATE_LOG)
    cursor.execute(CREATE_FUNCTION.replace("{schema}", _quoted(schema)))
    for each in tables:
        for operation, rows in OPERATIONS.items():
            cursor.execute(
                f"CREATE OR REPLACE TRIGGER {_name(operation)} AFTER {operation} ON {_quoted(each.table)} {rows} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}({_arguments(each)})"
            )
    _notify(cursor)


def remove(cursor: Any, tables: Iterable[str]) -> None:
    """Drop the triggers of these tables. In a transaction; readers learn of it by the log."""
    for table in tables:
        for operation in OPERATIONS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {_name(operation)} ON {_quoted(table)}")
    _notify(cursor)


def remove_all(cursor: Any) -> None:
    """Drop every trigger, the function and the log. In a transaction; readers find the log gone."""
    cursor.execute(f"DROP FUNCTION IF EXISTS {FUNCTION}() CASCADE")
    cursor.execute(f"DROP TABLE IF EXISTS {LOG}")


def present(cursor: Any) -> set[str]:
    """The tables that have all their triggers, enabled."""
    cursor.execute(PRESENT)
    return {name for (name,) in cursor.fetchall()}


def is_installed(cursor: Any) -> bool:
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [LOG])
    return bool(cursor.fetchone()[0])


def ordinary_tables(cursor: Any) -> set[str]:
    """Tables that can have such triggers: no views, no foreign tables."""
    cursor.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND pg_table_is_visible(oid)")
    return {name for (name,) in cursor.fetchall()}


def _notify(cursor: Any) -> None:
    cursor.execute(f"INSERT INTO {LOG} (label) VALUES ('')")
    cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def _name(operation: str) -> str:
    return f"channels_binding_{operation.lower()}"


def _arguments(each: Watched) -> str:
    return ", ".join(_literal(text) for pair in each.pairs for text in pair)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
