"""The index: which groups a change is found to matter to, for sure or perhaps, and that it forgets what is gone."""

from typing import Any

import pytest

from channels_binding.calls import Call, Reading, Row
from channels_binding.live.capture.changes import Changes
from channels_binding.live.queries.group import Group
from channels_binding.live.queries.index import Index
from channels_binding.live.queries.prefilter import Prefilter
from channels_binding.querysets.conditions import Bounds, Conditions
from tests.project.zoo.models import Note

NOTE = "zoo.Note"


def group(
    *shown: int,
    count: int | None = None,
    prefilter: bool = True,
    entangled: bool = False,
    bounds: Any = None,
    **allowed: Any,
) -> Group:
    """A list that shows these rows; ``done={True}`` says what its rows have in common."""
    made = Group("k", Call(NOTE, "search", {}, user=None), ("all",), row_labels=frozenset({NOTE}))
    made.labels = {NOTE, "zoo.Label"}
    made.is_entangled = entangled
    if prefilter and not entangled:
        conditions = Conditions({name: frozenset(values) for name, values in allowed.items()}, bounds or {})
        made.prefilter = Prefilter(conditions, "default", Note._meta.pk, "SELECT 1")
    rows = tuple(Row.of(key, {"id": key}) for key in shown)
    made.reading = Reading(rows, {"page": 1, "count": len(rows) if count is None else count})
    return made


def decided_by_value(*groups: Group) -> Index:
    index = Index()
    for each in groups:
        index.put(each)
    return index


def changed(*keys: int, **values: Any) -> Changes:
    changes = Changes({NOTE: {*keys}})
    for key in keys if values else ():
        changes.know(NOTE, key, values)
    return changes


def test_a_row_that_is_shown_matters_to_who_shows_it_and_to_nobody_else() -> None:
    one, other = group(1, 2, done={True}), group(2, 3, done={True})
    index = decided_by_value(one, other)
    assert [*index.affected(changed(1, done=False))] == [(one, {1})]
    assert {each for each, _ in index.affected(changed(2, done=False))} == {one, other}
    assert not index.candidates(changed(1, done=False))


def test_a_row_with_other_values_than_a_list_has_is_no_candidate() -> None:
    done, open_ = group(done={True}), group(done={False}, rank={1, 2})
    index = decided_by_value(done, open_)
    assert index.candidates(changed(7, done=True, rank=1)).keys == {done: {7}}
    assert index.candidates(changed(7, done=False, rank=2)).keys == {open_: {7}}
    assert not index.candidates(changed(7, done=False, rank=3))


def test_a_row_beyond_the_bounds_of_a_list_is_no_candidate() -> None:
    low, high = group(bounds={"rank": Bounds(0, 4)}), group(bounds={"rank": Bounds(low=4)}, done={True})
    also_low = group(bounds={"rank": Bounds(0, 4), "weight": Bounds(low=0)})
    index = decided_by_value(low, high, also_low)
    assert index.columns(NOTE) == {"rank", "done"}
    assert index.decided_by_value(NOTE) == {low, high, also_low}
    assert index.candidates(changed(7, rank=4, done=True, weight=1)).keys == {low: {7}, high: {7}, also_low: {7}}
    assert index.candidates(changed(7, rank=3, done=True, weight=-1)).keys == {low: {7}}
    assert index.candidates(changed(7, rank=9, done=True)).keys == {high: {7}}
    assert not index.candidates(changed(7, rank=None, done=False))
    assert index.candidates(changed(7, done=False)).unknown == {NOTE: {7}}
    index.discard(low)
    assert index.candidates(changed(7, rank=3, done=False)).keys == {also_low: {7}}


def test_values_that_are_not_known_are_asked_for() -> None:
    done = group(done={True})
    index = decided_by_value(done)
    candidates = index.candidates(changed(7, rank=1))
    assert candidates.unknown == {NOTE: {7}}
    assert not candidates.keys
    index.resolve(candidates, NOTE, {7: {"done": True}, 8: {"done": False}})
    assert candidates.keys == {done: {7}}
    assert index.columns(NOTE) == {"done"}
    assert index.decided_by_value(NOTE) == {done}


def test_a_list_without_conditions_is_candidateed_of_every_row_that_it_does_not_show() -> None:
    any_row = group(1)
    assert decided_by_value(any_row).candidates(changed(1, 7)).keys == {any_row: {7}}


def test_to_a_list_without_a_prefilter_every_row_matters() -> None:
    unfiltered = group(1, prefilter=False)
    index = decided_by_value(unfiltered)
    assert [*index.affected(changed(7))] == [(unfiltered, {7})]
    assert not index.candidates(changed(7))


def test_of_an_entangled_list_everything_is_read_again() -> None:
    entangled = group(1, entangled=True)
    assert [*decided_by_value(entangled).affected(changed(7))] == [(entangled, None)]


def test_another_model_that_it_is_made_of_and_any_row_touch_it_as_a_whole() -> None:
    prefiltered, of_value, unfiltered = group(1), group(2, done={True}), group(3, prefilter=False)
    index = decided_by_value(prefiltered, of_value, unfiltered)
    everyone = {(prefiltered, None), (of_value, None), (unfiltered, None)}
    assert {*index.affected(Changes({"zoo.Label": {5}}))} == everyone
    assert {*index.affected(Changes({NOTE: None}))} == everyone
    assert not [*index.affected(Changes({"zoo.Label": set(), "zoo.Token": {1}}))]


def test_a_row_asked_for_by_its_key_is_told_of_that_row_alone() -> None:
    one = group(prefilter=False)
    one.keys, one.reading = frozenset({4}), None
    index = decided_by_value(one)
    assert [*index.affected(changed(4, 5))] == [(one, {4})]
    assert not index.candidates(changed(5))
    assert [*index.affected(Changes({NOTE: None}))] == [(one, None)]


def test_lists_that_show_a_part_of_their_rows_are_known() -> None:
    whole, part = group(1), group(1, count=5)
    assert decided_by_value(whole, part).partial([NOTE, "zoo.Token"]) == {part}


def test_filing_a_group_again_replaces_how_it_stood() -> None:
    moving = group(1, 2, done={True})
    index = decided_by_value(moving)
    other = group(2, 3, rank={4})
    moving.reading, moving.prefilter = other.reading, other.prefilter
    index.put(moving)
    assert not [*index.affected(changed(1))]
    assert [*index.affected(changed(3))] == [(moving, {3})]
    assert not index.candidates(changed(9, done=True, rank=5))
    assert index.candidates(changed(9, rank=4)).keys == {moving: {9}}


@pytest.mark.parametrize(
    "made",
    [
        group(1),
        group(1, done={True}),
        group(1, bounds={"rank": Bounds(1)}),
        group(1, prefilter=False),
        group(1, entangled=True),
    ],
)
def test_nothing_is_left_of_a_group_that_is_forgotten(made: Group) -> None:
    index = decided_by_value(made)
    assert made in index
    assert index.labels
    index.discard(made)
    assert made not in index
    assert len(index) == 0
    assert not [*index.affected(Changes({NOTE: None, "zoo.Label": None}))]
    model_index = index._by_model[NOTE]
    assert not model_index.showing
    assert not model_index.by_kind
    assert not any(model_index.by_value.values())
    assert not any(model_index.by_bounds.values())
    assert not index._by_label
    assert not index._shown
