"""Identity of live queries, and what touches them."""

from typing import Any

import pytest

from channels_binding.calls import Call, Reading, Row
from channels_binding.live.changes import Changes
from channels_binding.live.queries import Group, canonical, evaluate, identity_of, key_of, normalized, same
from channels_binding.registry import registry
from tests.project.zoo.models import Note


def call(action: str = "search", **data: Any) -> Call:
    return Call("zoo.Note", action, data, user=None)


def test_equal_reads_of_one_audience_have_one_key() -> None:
    one, other = {"page": 1, "filters": {"a": 1, "b": 2}}, {"filters": {"b": 2, "a": 1}, "page": 1}
    assert key_of(call(), one, ("all",)) == key_of(call(), other, ("all",))
    assert key_of(call(), one, ("all",)).startswith("zoo.Note/search/")


@pytest.mark.parametrize(
    ("params", "audience"), [({"page": 2}, ("all",)), ({"page": 1}, ("user", 7)), ({"page": 1}, ("user", "7"))]
)
def test_another_page_or_audience_has_another_key(params: dict[str, Any], audience: Any) -> None:
    assert key_of(call(), params, audience) != key_of(call(), {"page": 1}, ("all",))


def test_the_text_of_an_audience_does_not_depend_on_the_history_of_a_set() -> None:
    grown = frozenset([1]) | frozenset(range(100, 0, -1))
    assert identity_of(("groups", grown)) == identity_of(("groups", frozenset(range(1, 101))))
    assert identity_of(("a", ("b", 1))) != identity_of(("a", "b", 1))


def test_defaults_are_filled_in_and_live_is_left_out() -> None:
    binding = registry.get("zoo.Note")(call(live=True, filters=None))
    assert canonical(binding, binding.call.data) == {"page": 1, "limit": 25}
    assert canonical(binding, {"page": 0}) == {"page": 0, "limit": 25}  # refused later, not taken for a default


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
    assert group(keys).touch(Changes(changes)) is is_touched


def test_before_its_first_reading_everything_touches_a_group() -> None:
    assert group(labels=None).touch(Changes({"zoo.Token": {1}}))


def test_readings_are_the_same_if_they_would_be_sent_alike() -> None:
    row = Row.of(1, {"id": 1})
    assert same(Reading((row,), {"count": 1}), Reading((Row.of(1, {"id": 1}),), {"count": 1}))
    assert not same(Reading((row,), {"count": 1}), Reading((row,), {"count": 2}))
    assert not same(Reading((row,)), Reading((Row.of(1, {"id": 1, "x": 2}),)))
    assert not same(None, Reading((row,)))


def test_keys_are_recognised_however_the_database_was_given_them() -> None:
    text = "12345678-1234-1234-1234-123456789012"
    assert normalized("zoo.Token", {text.replace("-", "")}) == {text}
    assert normalized("zoo.Note", {"7", 8}) == {7, 8}
    assert normalized("zoo.Note", {"odd"}) == {"odd"}


@pytest.mark.django_db
def test_evaluating_tells_everything_that_the_answer_is_made_of(django_user_model: Any) -> None:
    user = django_user_model.objects.create(username="ann")
    note = Note.objects.create(title="x")
    question = Call("zoo.Note", "search", {"filters": {"labels__name": "red"}, "labels": True}, user)
    reading, labels = evaluate(question)
    assert reading is not None
    assert reading.rows == ()
    assert {"zoo.Note", "zoo.Label", "zoo.Note_labels", "auth.User"} <= labels
    reading, labels = evaluate(Call("zoo.Note", "retrieve", {"id": note.pk}, user))
    assert reading is not None
    assert labels == {"zoo.Note", "zoo.Note_labels"}
    reading, _ = evaluate(Call("zoo.Note", "retrieve", {"id": note.pk + 1}, user))
    assert reading is None
