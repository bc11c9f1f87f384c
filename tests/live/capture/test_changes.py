"""Changes: what is noted, merged, and how it travels."""

import enum
import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_binding.live import messages
from channels_binding.live.capture.changes import MAX_KEYS, Changes, Fact, portable_value

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


def known(*rows: tuple[int, dict[str, Any], bool]) -> Changes:
    changes = noted(("a.A", {key for key, _, _ in rows}))
    for key, values, is_new in rows:
        changes.know("a.A", key, values, is_new=is_new)
    return changes


def test_of_a_row_that_is_not_noted_nothing_is_known() -> None:
    changes = noted(("a.A", {1}), ("a.B", None))
    changes.know("a.A", 2, {"rank": 1})
    changes.know("a.B", 1, {"rank": 1})
    changes.know("a.C", 1, {"rank": 1})
    assert changes.facts == {}


def test_a_row_that_is_written_again_is_as_new_as_before_and_its_values_are_unknown() -> None:
    changes = known((1, {"rank": 1}, True))
    changes.note("a.A", {1})
    assert changes.facts == {"a.A": {1: Fact({}, is_new=True)}}
    changes.know("a.A", 1, {"rank": 2})
    assert changes.facts == {"a.A": {1: Fact({"rank": 2}, is_new=True)}}


def test_where_any_row_may_have_changed_nothing_is_known_of_one() -> None:
    changes = known((1, {"rank": 1}, False))
    changes.note("a.A", None)
    assert changes.facts == {}


def test_of_a_row_in_both_nothing_is_known_after_merging() -> None:
    changes = known((1, {"rank": 1}, False), (2, {"rank": 2}, True))
    changes.merge(known((2, {"rank": 5}, False), (3, {"rank": 3}, True)))
    assert changes.keys == {"a.A": {1, 2, 3}}
    assert changes.facts == {"a.A": {1: Fact({"rank": 1}), 3: Fact({"rank": 3}, is_new=True)}}
    alone = known((1, {"rank": 1}, False))
    alone.merge(known((1, {"rank": 2}, False)))
    assert alone.facts == {}


def test_facts_travel_with_their_rows() -> None:
    changes = known((1, {"rank": 1, "owner": None}, True))
    changes.note("a.A", {2})
    assert changes.to_message() == {"a.A": [[1, {"rank": 1, "owner": None}, True], 2]}
    assert Changes.from_message(json.loads(json.dumps(changes.to_message()))) == changes


def test_a_row_is_found_in_whatever_spelling_the_database_was_given_its_key() -> None:
    key = uuid.UUID(int=5)
    for spelling in (key, str(key), key.hex):
        changes = Changes()
        changes.note("a.A", [spelling])
        assert changes.holds("a.A", key)
        assert not changes.holds("a.A", uuid.UUID(int=6))
    assert noted(("a.A", None)).holds("a.A", 7)
    assert not Changes().holds("a.A", 7)


class Size(enum.Enum):
    SMALL = "s"
    LARGE = 2


@pytest.mark.parametrize(
    ("value", "travels_as"),
    [
        (None, None),
        (True, True),
        ("x", "x"),
        (7, 7),
        (2**64, str(2**64)),
        (Size.SMALL, "s"),
        (Size.LARGE, 2),
        (uuid.UUID(int=5), str(uuid.UUID(int=5))),
        (1.5, "1.5"),
    ],
)
def test_values_travel_as_what_every_channel_layer_can_carry(value: object, travels_as: object) -> None:
    assert portable_value(value) == travels_as
    assert type(portable_value(value)) is type(travels_as)


@pytest.mark.parametrize("keys", [set(), {5}, None])
def test_that_rows_of_a_many_to_many_table_came_or_went_travels_beside_its_keys(keys: set[int] | None) -> None:
    changes = Changes()
    changes.note("zoo.Note_labels", keys)
    changes.note_joined("zoo.Note_labels")
    message: dict[str, Any] = {"from": "another", "n": 1, "kind": "changes", "changes": messages.portable(changes)}
    assert messages.is_sound(message)
    arrived = Changes.from_message(message["changes"])
    assert arrived.keys == {"zoo.Note_labels": keys}
    assert arrived.any_row() == {"zoo.Note_labels"}
    merged = Changes()
    merged.merge(arrived)
    assert merged.any_row() == {"zoo.Note_labels"}
