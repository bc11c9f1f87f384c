"""Why a live read was sent something: what was noted since its last message, who shares it, and what reading it cost.

Kept only for reads that somebody explains to themselves (``"why": true``), who has to be of the staff: keys of changed rows
say that these rows exist.
"""

import time
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from channels_binding.live.capture.changes import Changes
from channels_binding.protocol import codecs
from channels_binding.serializers.keys import as_pk

MOST_KEYS = 20
"""Changed rows of one model that a message names."""
MOST_NOTED = 100
"""Batches of changes that are remembered between two messages; the oldest go first."""


@dataclass(frozen=True, slots=True)
class _Noted:
    evaluation: int
    """Number of the last evaluation that had begun by then: those after it know of these changes."""
    seconds: float
    """Since 1970."""
    number: int | None
    """Of the commit, in this process; None where another process has told of it."""
    changes: Changes


class Causes:
    """What was noted of the models that a read depends on, and may be in no message yet."""

    def __init__(self) -> None:
        self._noted: deque[_Noted] = deque(maxlen=MOST_NOTED)

    def note(self, changes: Changes, labels: Collection[str] | None, evaluation: int, number: int | None) -> None:
        """Remember those of the changes that are of these models (None: all), noted while ``evaluation`` was the last one."""
        concerned = Changes({label: keys for label, keys in changes.keys.items() if labels is None or label in labels})
        if concerned:
            self._noted.append(_Noted(evaluation, time.time(), number, concerned))

    def forget_before(self, evaluation: int) -> None:
        """What was noted before an evaluation began is in it, and has been told."""
        while self._noted and self._noted[0].evaluation < evaluation:
            self._noted.popleft()

    def said_before(self, evaluation: int) -> dict[str, Any]:
        """What was noted before an evaluation began: ``{"models": {"shop.Order": [7]}, "commits": [12], "at": 1764451234.5}``.

        ``models`` holds the first keys of each, or None for "any row"; ``more`` says how many are left out. It is empty where
        nothing was noted: messages may have been lost, a right may have changed, a clock may have moved on.
        """
        merged = Changes()
        told = [each for each in self._noted if each.evaluation < evaluation]
        for each in told:
            merged.merge(each.changes)
        keys = {
            label: None if found is None else sorted(map(as_pk, found), key=str) for label, found in merged.keys.items()
        }
        more = {label: len(found) - MOST_KEYS for label, found in keys.items() if found and len(found) > MOST_KEYS}
        return {
            "models": {label: found and found[:MOST_KEYS] for label, found in keys.items()},
            **({"more": more} if more else {}),
            "commits": [each.number for each in told if each.number],
            **({"at": round(min(each.seconds for each in told), 3)} if told else {}),
        }


@dataclass(frozen=True, slots=True)
class Cost:
    """What the last reading took."""

    milliseconds: float = 0.0
    statements: int = 0
    is_whole: bool = True
    """Whether all rows were read, and not only those that had changed."""


NO_COST = Cost()


def explained(message: bytes, why: dict[str, Any]) -> bytes:
    """A message with its reason: ``{…}`` → ``{…,"why":{…}}``."""
    return message[:-1] + b',"why":' + codecs.encode(why) + b"}"
