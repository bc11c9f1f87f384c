"""What a test has published, and how it is compared with what should have been."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from channels_binding.live.capture import recorder, signals
from channels_binding.live.capture.changes import Changes
from channels_binding.live.capture.recorder import publish_with

NOTE, LABEL, TAGGED = "zoo.Note", "zoo.Label", "zoo.Note_labels"
PLACE, CAFE = "zoo.Place", "zoo.Cafe"
ANY = None
"""Any row of a table may have changed."""


class Published:
    """What was published, one entry for each publication."""

    def __init__(self) -> None:
        self.publications: list[dict[str, set[Any] | None]] = []

    def __call__(self, changes: Changes) -> int:
        self.publications.append({label: keys if keys is None else {*keys} for label, keys in changes.keys.items()})
        return len(self.publications)

    def clear(self) -> None:
        self.publications.clear()

    def once(self) -> dict[str, set[Any] | None]:
        """The only publication; of many-to-many tables that are published by their sides nothing is left."""
        assert len(self.publications) == 1, self.publications
        return {label: keys for label, keys in self.publications[0].items() if keys != set()}


@contextmanager
def listening() -> Iterator[Published]:
    collected = Published()
    signals.connect()
    publish_with(collected)
    yield collected
    recorder._publishers.remove(collected)


def covers(published: dict[str, set[Any] | None], expected: dict[str, set[Any] | None]) -> bool:
    return all(
        label in published and (published[label] is None or (keys is not None and keys <= (published[label] or set())))
        for label, keys in expected.items()
    )
