"""What a statement says of the rows that it writes: its table, and their keys where it names them."""

import contextvars
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Generic, TypeVar

from django.apps import apps
from django.db import models

from channels_binding.conf import get_settings
from channels_binding.live.capture.changes import Changes
from channels_binding.querysets.tables import row_models
from channels_binding.registry import registry

T = TypeVar("T")

STATEMENTS: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar(
    "channels_binding_statements", default=None
)


_ONE_TABLE = re.compile(
    r"""\s*(?: (?:INSERT\ INTO|DELETE\ FROM) \s+ (?:ONLY\s+)? (?P<q>["`]?) (?P<table>\w+) (?P=q) (?=[\s(]|\Z)
            | UPDATE \s+ (?:ONLY\s+)? (?P<p>["`]?) (?P<updated>\w+) (?P=p) \s+ SET\b )""",
    re.IGNORECASE | re.VERBOSE,
)
"""A statement that writes one table, which it names by one word. MySQL's ``UPDATE a, b SET`` is none."""


_READS = {
    "SELECT",
    "VALUES",
    "TABLE",
    "WITH",
    "EXPLAIN",
    "SHOW",
    "DESCRIBE",
    "DESC",
    "DECLARE",
    "FETCH",
    "MOVE",
    "CLOSE",
}
"""What these begin only reads, unless one of ``_WRITING`` follows."""


_OTHERS = {
    *("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "START", "COMMIT", "END", "ABORT", "PREPARE", "DEALLOCATE"),
    *("SET", "RESET", "PRAGMA", "USE", "LOCK", "UNLOCK", "LISTEN", "UNLISTEN", "NOTIFY", "DISCARD", "CHECKPOINT"),
    *("ANALYZE", "VACUUM", "REINDEX", "OPTIMIZE", "COMMENT", "GRANT", "REVOKE", "ATTACH", "DETACH", "KILL"),
}
"""What these begin changes no row."""


_NAMING = {
    *("INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "UPSERT", "TRUNCATE", "COPY", "LOAD"),
    *("ALTER", "CREATE", "DROP", "RENAME", "REFRESH"),
}
"""What these begin writes tables that it names. All else (``CALL``, ``DO``, ``EXECUTE`` …) may write any table."""


_WRITING = {"INSERT", "UPDATE", "DELETE", "MERGE", "INTO"}


_SUSPECT = re.compile(r";|\b(?:INSERT|UPDATE|DELETE|MERGE|INTO|EXECUTE|CALL)\b", re.IGNORECASE)


_PLAIN_SELECT = re.compile(r"[\s(]*SELECT\b", re.IGNORECASE)


_SAVEPOINT = re.compile(r'(?:SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT) ["`]?\w+["`]?\Z')
"""As Django writes them. Each has another name, and none is worth being kept."""


_QUOTED = r"--[^\n]*|/\*(?!!).*?\*/|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$"


_WORDS = (
    re.compile(rf"""{_QUOTED}|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[\w+\]|(?P<word>[^\W\d]\w*|;)""", re.DOTALL),
    re.compile(
        rf"""{_QUOTED}|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`|\[\w+\]|(?P<word>[^\W\d]\w*|;)""", re.DOTALL
    ),
)
"""The words of a text outside of comments, strings and quoted names; as standard SQL has strings, and with backslashes."""


_BY_KEY = re.compile(
    r'\sWHERE\s+["`]?(?P<table>\w+)["`]?\.["`]?(?P<column>\w+)["`]?\s+(?:=\s+%s|IN\s+\((?P<many>%s(?:,\s*%s)*)\))'
    r"(?:\s+RETURNING\s[^%()]*)?\s*\Z"
)
"""A condition on one column, at the end or before the columns that are returned, which hold no parameter."""


_SET = re.compile(r'(?:\sSET\s+|,\s*)(?:["`]?\w+["`]?\.)?["`]?(?P<column>\w+)["`]?\s*=|\sSET\s*(?P<several>\()', re.I)
"""The columns that an ``UPDATE`` sets, and perhaps more; ``SET (a, b) = …`` is not read."""


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


LONG = 8_000
"""Characters; what was found in longer texts is not kept. Those of bulk writes and of many keys seldom come again, and a client
can have any number of them made."""


class Kept(Generic[T]):
    """Decorates a function of a statement's text: what it has found in the last 2,048 of them is kept, as by ``lru_cache``."""

    def __init__(self, find: Callable[[str], T]) -> None:
        self._find = find
        self._remembered = lru_cache(maxsize=2048)(find)
        self.cache_info, self.cache_clear = self._remembered.cache_info, self._remembered.cache_clear

    def __call__(self, sql: str) -> T:
        return self._remembered(sql) if len(sql) <= LONG else self._find(sql)


@cache
def tables() -> dict[str, Table]:
    """Table name → whose it is, of every model; ``is_captured`` says whether its changes are.

    Of models that share one it is the one that Django manages; ``sharing_tables`` knows the others.
    """
    return {
        model._meta.db_table: _table_of(model) for model in sorted(_of_tables(), key=lambda each: each._meta.managed)
    }


def _of_tables() -> Iterator[type[models.Model]]:
    for model in apps.get_models(include_auto_created=True):
        if not model._meta.proxy and model._meta.label != "channels_binding.KeptAnswer":
            yield model


def _table_of(model: type[models.Model]) -> Table:
    return Table(label_of(model), getattr(model._meta.pk, "column", "") or "")


@cache
def sharing_tables() -> dict[str, tuple[tuple[str, bool], ...]]:
    """Models whose rows are those of others as well (``managed = False`` with the same ``db_table``): label → the labels of the
    others, and whether their rows have the same keys."""
    by_name: dict[str, list[Table]] = defaultdict(list)
    for model in _of_tables():
        by_name[model._meta.db_table].append(_table_of(model))
    return {
        one.label: tuple((each.label, each.key_column == one.key_column != "") for each in all_ if each is not one)
        for all_ in by_name.values()
        if len(all_) > 1
        for one in all_
    }


def with_shared_tables(changes: Changes) -> Changes:
    """Changes, with those of models that other models' rows belong to as well."""
    labels = sharing_tables().keys() & changes.keys.keys()
    if not labels:
        return changes
    found = Changes(is_elsewhere=changes.is_elsewhere)
    found.merge(changes)
    for label in labels:
        for other, has_same_keys in sharing_tables()[label]:
            found.note(other, changes.keys[label] if has_same_keys and label not in changes.joins else None)
    return found


@cache
def _ignored() -> frozenset[str]:
    """``IGNORED_MODELS`` as labels: ``{"admin.LogEntry"}``."""
    named = {label.lower() for label in get_settings().IGNORED_MODELS}
    return frozenset(table.label for table in tables().values() if table.label.lower() in named)


def is_captured(label: str) -> bool:
    """Whether changes of a model are published: those of ``IGNORED_MODELS`` only where a binding needs them."""
    return label not in _ignored() or label in {label_of(model) for model in _bound()}


def _bound() -> set[type[models.Model]]:
    """Models that bindings serve, with the parents that hold their rows, and those that ``depends_on`` names."""
    served = {each for cls in registry if (model := cls.find_model()) is not None for each in row_models(model)}
    return served.union(*(_dependencies(cls.depends_on) for cls in registry if cls.depends_on))


def _dependencies(named: Sequence[Any]) -> Iterator[type[models.Model]]:
    for each in named:
        with suppress(LookupError, ValueError):  # a check tells what there is not
            yield apps.get_model(each) if isinstance(each, str) else each


_BY_DATABASE = {
    getattr(models, name) for name in ("DB_CASCADE", "DB_SET_NULL", "DB_SET_DEFAULT") if hasattr(models, name)
}
"""What a foreign key of Django 6.1 has the database do, without a statement, when the row that it refers to is deleted."""


@cache
def changed_with(label: str) -> frozenset[str]:
    """Models whose rows the database deletes or changes itself where rows of this one are deleted; it may be among them."""
    found: set[str] = set()
    while True:
        more = {
            label_of(model)
            for model in apps.get_models(include_auto_created=True)
            for field in model._meta.local_fields
            if field.remote_field is not None
            and field.remote_field.on_delete in _BY_DATABASE
            and label_of(field.remote_field.model) in {label, *found}
        }
        if more <= found:
            return frozenset(found)
        found |= more


def label_of(model: type[models.Model]) -> str:
    """``Ticket`` → ``"desk.Ticket"``; a proxy counts as the model that holds its rows."""
    concrete = model._meta.concrete_model or model
    return concrete._meta.label


def text_of(sql: Any) -> str:
    """A statement as text; drivers take bytes and objects of their own as well.

    What is none of those begins with no word of SQL, and so counts as a write of any table.
    """
    if isinstance(sql, str):
        return sql
    if isinstance(sql, bytes):
        return sql.decode(errors="replace")
    return str(sql.as_string(None) if hasattr(sql, "as_string") else sql)


@cache
def _words_of_tables() -> tuple[tuple[frozenset[str], str], ...]:
    """``({"zoo_note"}, "zoo.Note")``; a table with a schema, or of several words, is named where all of them stand."""
    return tuple((frozenset(re.findall(r"\w+", name.lower())), table.label) for name, table in tables().items())


def labels_in(sql: str) -> frozenset[str]:
    """Captured models whose tables a text names, in whatever case, quotes or schema."""
    found = _labels_in(sql)
    return frozenset(filter(is_captured, found)) if found & _ignored() else found


def labels_read(sql: str) -> frozenset[str]:
    """As ``labels_in``, of a text that only reads: what a hook writes while it is asked is not what the answer is made of."""
    return frozenset() if written(sql) else labels_in(sql)


@Kept
def _labels_in(sql: str) -> frozenset[str]:
    words = set(re.findall(r"\w+", sql.lower()))
    return frozenset(label for names, label in _words_of_tables() if names <= words)


@cache
def _every_label() -> frozenset[str]:
    return frozenset(table.label for table in tables().values())


def any_label() -> frozenset[str]:
    """Every captured model: what a text may write that names no table."""
    return frozenset(filter(is_captured, _every_label()))


def written(sql: str) -> Table | frozenset[str]:
    """What a text writes: the table of a single plain statement; else the models of which any row may have changed.

    ``UPDATE "zoo_note" SET …`` → that table; ``SELECT …`` → none; ``SELECT 1; UPDATE zoo_note …`` → ``{"zoo.Note"}``;
    ``CALL close_month()`` → every model. What is not surely a plain read counts as a write. What a function does
    that a ``SELECT`` calls is not seen.
    """
    if _SAVEPOINT.match(sql):
        return frozenset()
    return _written(sql)


_UNDOES = re.compile(r"\bROLLBACK\b.*\bTO\b", re.IGNORECASE | re.DOTALL)


def undoes(sql: str) -> bool:
    """Whether a text may go back to a savepoint: ``ROLLBACK TO SAVEPOINT "a"``, or one of several statements."""
    return _UNDOES.search(sql) is not None


def labels_written(sql: str) -> frozenset[str]:
    """Captured models of which any row may have changed by a text, whatever keys it names."""
    target = written(sql)
    found = frozenset({target.label}) if isinstance(target, Table) else target
    return frozenset(filter(is_captured, found))


def labels_written_by(texts: Iterable[str]) -> frozenset[str]:
    """Models that any of these texts writes."""
    return frozenset().union(*map(labels_written, texts))


@Kept
def _written(sql: str) -> Table | frozenset[str]:
    is_single = ";" not in sql.rstrip("; \t\r\n")
    if is_single and (match := _ONE_TABLE.match(sql)) and (table := tables().get(match["table"] or match["updated"])):
        return table
    if _PLAIN_SELECT.match(sql) and not _SUSPECT.search(sql):
        return frozenset()
    readings = _WORDS if "\\" in sql else _WORDS[:1]
    return frozenset().union(*(_labels_of(_statements(words, sql), sql) for words in readings))


def _statements(words: re.Pattern[str], sql: str) -> list[list[str]]:
    """The words of each statement in a text: ``[["SELECT"], ["UPDATE", "ZOO_NOTE", …]]``."""
    found: list[list[str]] = [[]]
    for match in words.finditer(sql):
        if match["word"] == ";":
            found.append([])
        elif match["word"]:
            found[-1].append(match["word"].upper())
    return [each for each in found if each]


def _labels_of(found: list[list[str]], sql: str) -> frozenset[str]:
    labels: frozenset[str] = frozenset()
    for words in found:
        if words[0] in _OTHERS or (words[0] in _READS and not _writes(words)):
            continue
        is_named = words[0] in _NAMING or (words[0] in _READS and not {"EXECUTE", "CALL"} & {*words})
        is_cascade = words[0] == "TRUNCATE" and "CASCADE" in words  # empties tables that refer to those that it names
        labels |= _labels_in(sql) if is_named and not is_cascade else _every_label()
    return labels.union(*(changed_with(label) for label in labels))


def _writes(words: list[str]) -> bool:
    """Whether a reading statement has one in it that writes; ``FOR UPDATE`` is none."""
    return any(
        word in ("EXECUTE", "CALL") or (word in _WRITING and not (word == "UPDATE" and before in ("FOR", "KEY")))
        for before, word in zip(["", *words], words, strict=False)
    )


def keys_in(sql: str, params: Any, many: bool, table: Table) -> list[Any] | None:
    """Keys that ``… WHERE "t"."id" = %s`` or ``IN (%s, …)`` names; None where the statement selects otherwise.

    None too where it sets the key: the row that it leaves has another.
    """
    match = _BY_KEY.search(sql)
    if match is None or tables().get(match["table"]) != table or match["column"] != table.key_column:
        return None
    if not params or isinstance(params, Mapping):
        return None
    if any(each["several"] or each["column"] == table.key_column for each in _SET.finditer(sql, 0, match.start())):
        return None
    count = match["many"].count("%s") if match["many"] else 1
    rows = [*params] if many else [params]
    return [key for row in rows for key in tuple(row)[-count:]]
