"""A change source besides capture, such as triggers: it finds every change of the models that it covers.

Capture sees what Django writes. A source such as ``contrib.postgres_triggers`` sees what the database does.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from django.utils.module_loading import import_string

from channels_binding.conf import get_settings
from channels_binding.live.capture.changes import Changes

TRIGGERS = "channels_binding.contrib.postgres_triggers.source.TriggerSource"

Done = Callable[[], None]


class Source(ABC):
    """One per hub, on its event loop. What it finds it notes at the hub (``hub.note``)."""

    covered: frozenset[str] = frozenset()
    """Labels of models whose every change it will find, as of now."""

    @abstractmethod
    def start(self) -> None:
        """Begin, on the running loop."""

    @abstractmethod
    async def stop(self) -> None:
        """End."""

    @abstractmethod
    def ask(self, changes: Changes, done: Done) -> None:
        """Have noted what was committed up to now, then call ``done``.

        ``changes`` of covered models came from capture or the broker; they are noted as they are only if the source turns out
        not to cover them.
        """


def make_source(hub: Any) -> Source | None:
    """The source that the settings ask for."""
    alias = get_settings().TRIGGERS_DATABASE
    if alias is None:
        return None
    source: Source = import_string(TRIGGERS)(hub, alias)
    return source


def split(changes: Changes, covered: frozenset[str]) -> tuple[Changes, Changes]:
    """Changes → those of other models or in another database, those of covered ones."""
    if changes.is_elsewhere:
        return changes, Changes()
    others, theirs = (Changes(is_of_reading=changes.is_of_reading) for _ in range(2))
    for label, keys in changes.keys.items():
        (theirs if label in covered else others).keys[label] = keys
    others.joins, theirs.joins = changes.joins - covered, changes.joins & covered
    return others, theirs
