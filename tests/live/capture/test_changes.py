"""Changes: what is noted, merged, and how it travels."""

import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_binding.live.capture.changes import MAX_KEYS, Changes

LABELS = st.sampled_from(["a.A", "a.B"])
NOTES = st.lists(st.tuples(LABELS, st.none() | st.sets(st.integers(0, 9))), max_size=8)


def noted(*notes: tuple[str, set[int] | None]) -> Changes:
    changes = Changes()
    for label, keys in notes:
        changes.note(label, keys)
    return changes


def test_keys_of_one_model_are_collected() -> None:
    assert noted(("a.A", {1}), ("a.A", {2}), ("a.B", {1})).keys == {"a.A": {1, 2}, "a.B": {1}}


def test_any_row_swallows_every_key_before_and_after() -> None:
    assert noted(("a.A", {1}), ("a.A", None)).keys == {"a.A": None}
    assert noted(("a.A", None), ("a.A", {1})).keys == {"a.A": None}


def test_nothing_noted_is_false_and_a_model_without_keys_is_not() -> None:
    assert not Changes()
    assert noted(("a.A", set()))
    assert noted(("a.A", set())).keys == {"a.A": set()}


def test_more_keys_than_are_worth_telling_become_any_row() -> None:
    assert noted(("a.A", set(range(MAX_KEYS)))).keys == {"a.A": set(range(MAX_KEYS))}
    assert noted(("a.A", set(range(MAX_KEYS + 1)))).keys == {"a.A": None}
    assert noted(("a.A", set(range(MAX_KEYS))), ("a.A", {-1})).keys == {"a.A": None}


@given(NOTES, NOTES)
def test_merging_is_noting_one_after_the_other(
    first: list[tuple[str, set[int] | None]], second: list[tuple[str, set[int] | None]]
) -> None:
    merged = noted(*first)
    other = noted(*second)
    before = other.to_message()
    merged.merge(other)
    assert merged == noted(*first, *second)
    assert other.to_message() == before, "what is merged in stays as it was"


@given(NOTES)
def test_what_arrives_is_what_was_sent(notes: list[tuple[str, set[int] | None]]) -> None:
    changes = noted(*notes)
    assert Changes.from_message(json.loads(json.dumps(changes.to_message()))) == changes


def test_changing_what_arrived_does_not_change_what_was_sent() -> None:
    sent = noted(("a.A", {1}))
    arrived = Changes.from_message(sent.to_message())
    arrived.note("a.A", {2})
    assert sent.keys == {"a.A": {1}}


@pytest.mark.parametrize(
    ("key", "travels_as"),
    [
        (7, 7),
        (-(2**63), -(2**63)),
        (2**63 - 1, 2**63 - 1),
        (2**63, str(2**63)),
        ("text", "text"),
        (uuid.UUID(int=5), str(uuid.UUID(int=5))),
        ((1, 2), "1,2"),
    ],
)
def test_keys_travel_as_what_every_channel_layer_can_carry(key: object, travels_as: object) -> None:
    changes = Changes()
    changes.note("a.A", [key])
    assert changes.to_message() == {"a.A": [travels_as]}
