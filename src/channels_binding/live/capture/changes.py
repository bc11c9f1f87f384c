"""What changed: the coordinates of rows, a few facts that spare reading them, and how both travel between processes."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from channels_binding.serializers.keys import as_pk

MAX_KEYS = 500
"""More keys than this of one model and transaction are published as: any row of the model may have changed."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of a changed row without reading it: ``Fact({"status": "open", "team_id": 3}, is_new=True)``."""

    values: Mapping[str, Any] = field(default_factory=dict)
    """Column attribute → its value after the change; only columns that live queries are likely to be filtered by."""
    is_new: bool = False
    """Whether the row was not there before."""


@dataclass(slots=True)
class Changes:
    """What one transaction (or several merged) changed: ``{"desk.Ticket": {7, 9}, "desk.Tag": None}``.

    The label is a model's as in ``app.Model``; None in place of keys means: any row.
    """

    keys: dict[str, set[Any] | None] = field(default_factory=dict)
    facts: dict[str, dict[Any, Fact]] = field(default_factory=dict)
    """Of some of the keys: label → key → what is known. What is not here is unknown."""
    joins: set[str] = field(default_factory=set)
    """Many-to-many tables of which rows came or went that have no keys here: those of both their sides are here, and say it to
    whoever looks at the table from there. It may be any row to whoever looks at the table by itself."""
    is_elsewhere: bool = False
    """Whether the rows are in another database than the one whose triggers are read (``TRIGGERS_DATABASE``)."""
    is_of_reading: bool = False
    """Whether they were made by what a live read asks, or a check of who may go on reading: a hook that notes when somebody was
    last seen."""

    def note_joined(self, label: str) -> None:
        """Rows of a many-to-many table came or went, and both sides are noted."""
        self.keys.setdefault(label, set())
        self.joins.add(label)

    def any_row(self) -> set[str]:
        """Models of which any row may have changed to whoever looks at their rows by themselves."""
        return {label for label, keys in self.keys.items() if keys is None} | self.joins

    def note(self, label: str, keys: Iterable[Any] | None) -> None:
        """Add changed rows of a model; None for any row. What was known of their values is known no longer."""
        present = self.keys.get(label, set())
        if present is None or keys is None:
            self._note_any(label)
            return
        added = {*keys}
        self._forget_values(label, added)
        present |= added
        self.keys[label] = present
        if len(present) > MAX_KEYS:
            self._note_any(label)

    def _note_any(self, label: str) -> None:
        self.keys[label] = None
        self.facts.pop(label, None)

    def _forget_values(self, label: str, keys: set[Any]) -> None:
        known = self.facts.get(label, {})
        for key in keys & known.keys():
            known[key] = Fact(is_new=known[key].is_new)

    def forget_values(self) -> None:
        """What was known of rows is known no longer: some of it is undone."""
        for label, known in self.facts.items():
            self._forget_values(label, {*known})

    def holds(self, label: str, key: Any) -> bool:
        """Whether a row is noted already, in whatever spelling the database was given its key."""
        keys = self.keys.get(label, set())
        return keys is None or not keys.isdisjoint({key, str(key), getattr(key, "hex", key)} - {None})

    def know(self, label: str, key: Any, values: Mapping[str, Any], *, is_new: bool = False) -> None:
        """What a noted row is now. Nothing is added where the whole model is noted anyway."""
        keys = self.keys.get(label)
        if keys is not None and key in keys:
            known = self.facts.setdefault(label, {})
            known[key] = Fact(values, is_new or (key in known and known[key].is_new))

    def merge(self, other: "Changes") -> None:
        """Add another's. Of a row in both nothing is known: which of the two came last is not known."""
        self.is_of_reading = other.is_of_reading and (self.is_of_reading or not self.keys)
        self.joins |= other.joins
        for label, keys in other.keys.items():
            twice = (self.keys.get(label) or set()) & (keys or set())
            self.note(label, keys)
            if self.keys[label] is None or keys is None:
                continue
            facts = {**self.facts.get(label, {}), **other.facts.get(label, {})}
            known = {key: fact for key, fact in facts.items() if key not in twice}
            if known:
                self.facts[label] = known
            else:
                self.facts.pop(label, None)

    def __bool__(self) -> bool:
        return bool(self.keys)

    def to_message(self) -> dict[str, Any]:
        """As it travels: ``{"desk.Ticket": [7, [9, {"status": "open"}, true]], "desk.Tag": null}``.

        Keys are integers or text (what every channel layer can carry); a row of which something is known is a list, and an
        empty one stands for those that both sides of a many-to-many table tell of.
        """
        return {
            label: None
            if keys is None
            else [*(self._row(label, key) for key in keys), *([[]] if label in self.joins else ())]
            for label, keys in self.keys.items()
        }

    def _row(self, label: str, key: Any) -> Any:
        fact = self.facts.get(label, {}).get(key)
        if fact is None:
            return _portable(key)
        return [_portable(key), {name: portable_value(value) for name, value in fact.values.items()}, fact.is_new]

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> "Changes":
        changes = cls()
        for label, rows in message.items():
            named = None if rows is None else [row for row in rows if row != []]
            changes.note(label, named and [row[0] if isinstance(row, list) else row for row in named])
            if rows is not None and [] in rows:
                changes.note_joined(label)
            for row in named or ():
                if isinstance(row, list):
                    changes.know(label, row[0], row[1], is_new=row[2])
        return changes


def _portable(key: Any) -> int | str:
    if isinstance(key, tuple):  # a composite key
        return as_pk(key)
    return key if isinstance(key, int) and -(2**63) <= key < 2**63 else str(key)


def portable_value(value: Any) -> int | str | bool | None:
    """A column's value as every channel layer can carry it; ``to_python`` of its field makes it what it was."""
    plain = value.value if isinstance(value, Enum) else value
    if plain is None or isinstance(plain, (bool, str)):
        return plain
    return str(plain) if isinstance(plain, uuid.UUID) else _portable(plain)
