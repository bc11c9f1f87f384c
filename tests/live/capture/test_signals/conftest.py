"""Rows to write to, and what is published of it."""

from collections.abc import Iterator

import pytest

from tests.live.capture.test_signals.published import Published, listening
from tests.live.capture.test_signals.writes import Zoo


@pytest.fixture
def published() -> Iterator[Published]:
    with listening() as collected:
        yield collected


@pytest.fixture
def zoo(published: Published) -> Zoo:
    made = Zoo()
    published.clear()
    return made
