"""What changed: coordinates without row data, and how they travel between processes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from channels_binding.serializers import as_pk

MAX_KEYS = 500
"""More keys than this of one model and transaction are told as: the whole model changed."""


@dataclass(slots=True)
class Changes:
    """What one transaction (or several merged) changed: ``{"desk.Ticket": {7, 9}, "desk.Tag": None}``.

    The label is a model's as in ``app.Model``; None in place of keys means: any row. No keys at all stand for a
    many-to-many table whose change is told in full by the keys of both its sides.
    """

    keys: dict[str, set[Any] | None] = field(default_factory=dict)

    def note(self, label: str, keys: Iterable[Any] | None) -> None:
        """Add changed rows of a model; None for any row."""
        present = self.keys.get(label, set())
        if present is None or keys is None:
            self.keys[label] = None
            return
        present.update(keys)
        self.keys[label] = present if len(present) <= MAX_KEYS else None

    def merge(self, other: "Changes") -> None:
        for label, keys in other.keys.items():
            self.note(label, keys)

    def __bool__(self) -> bool:
        return bool(self.keys)

    def to_message(self) -> dict[str, Any]:
        """As it travels: sets as lists, keys as integers or text (what every channel layer can carry)."""
        return {label: None if keys is None else [_portable(key) for key in keys] for label, keys in self.keys.items()}

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> "Changes":
        return cls({label: None if keys is None else set(keys) for label, keys in message.items()})


def _portable(key: Any) -> int | str:
    if isinstance(key, tuple):  # a composite key
        return as_pk(key)
    return key if isinstance(key, int) and -(2**63) <= key < 2**63 else str(key)
