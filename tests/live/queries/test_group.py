"""What touches a group of equal reads, and what it has read."""

from typing import Any

import pytest

from channels_binding.calls import Reading, Row
from channels_binding.live.capture.changes import Changes
from channels_binding.live.queries.group import Group, same
from tests.live.queries.test_evaluation import call


def group(keys: Any = None, labels: Any = frozenset({"zoo.Note", "zoo.Label"})) -> Group:
    made = Group("k", call(), ("all",), row_labels=frozenset({"zoo.Note"}), keys=keys)
    made.labels = labels
    return made


@pytest.mark.parametrize(
    ("keys", "changes", "is_touched"),
    [
        (None, {"zoo.Note": {1}}, True),
        (None, {"zoo.Note": None}, True),
        (None, {"zoo.Label": {1}}, True),
        (None, {"zoo.Label": set()}, False),
        (None, {"zoo.Token": {1}}, False),
        (frozenset({1}), {"zoo.Note": {1, 2}}, True),
        (frozenset({1}), {"zoo.Note": {2}}, False),
        (frozenset({1}), {"zoo.Note": None}, True),
        (frozenset({1}), {"zoo.Label": {9}}, True),
    ],
)
def test_a_group_is_touched_by_its_rows_and_by_what_it_is_made_of(keys: Any, changes: Any, is_touched: bool) -> None:
    touched = group(keys)
    touched.is_stale = False
    touched.touch_by(Changes(changes))
    assert touched.is_stale is is_touched


def test_before_its_first_reading_everything_touches_a_group() -> None:
    touched = group(labels=None)
    touched.is_stale = False
    touched.touch_by(Changes({"zoo.Token": {1}}))
    assert touched.is_stale


def test_keys_of_changed_rows_are_collected_until_anything_may_have_changed() -> None:
    touched = group()
    touched.changed = set()
    touched.touch({1})
    touched.touch_by(Changes({"zoo.Note": {2}}))
    assert touched.changed == {1, 2}
    touched.touch_by(Changes({"zoo.Label": {5}}))
    assert touched.changed is None
    touched.touch({1})
    assert touched.changed is None


@pytest.mark.parametrize(
    ("meta", "rows", "is_partial"),
    [
        ({"page": 1, "count": 2}, 2, False),
        ({"page": 1, "count": 3}, 2, True),
        ({"page": 2, "count": 2}, 0, True),
        ({"count": 2}, 2, False),
    ],
)
def test_a_list_is_partial_unless_all_its_rows_are_shown(meta: dict[str, Any], rows: int, is_partial: bool) -> None:
    shown = group()
    assert not shown.is_partial
    shown.reading = Reading(tuple(Row.of(key, {"id": key}) for key in range(rows)), meta)
    assert shown.is_partial is is_partial
    assert shown.shown() == {*range(rows)}


def test_readings_are_the_same_if_they_would_be_sent_alike() -> None:
    row = Row.of(1, {"id": 1})
    assert same(Reading((row,), {"count": 1}), Reading((Row.of(1, {"id": 1}),), {"count": 1}))
    assert not same(Reading((row,), {"count": 1}), Reading((row,), {"count": 2}))
    assert not same(Reading((row,)), Reading((Row.of(1, {"id": 1, "x": 2}),)))
    assert not same(None, Reading((row,)))
