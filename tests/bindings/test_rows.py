"""Which rows there are, found by key or as a whole."""

from typing import Any

import pytest

from channels_binding.calls import Call, Reading
from channels_binding.dispatch import perform
from channels_binding.exceptions import Invalid, NotFound
from channels_binding.registry import registry
from tests.project.zoo.models import Note, Token


@pytest.mark.parametrize(
    "value", [True, None, 1.5, [1], {"a": 1}, "", "x", "١", "1 ", "0x1", "1\n", "-", "--1", "9" * 20]
)
def test_a_key_is_read_strictly(value: Any) -> None:
    binding = registry.get("zoo.Note")(Call("zoo.Note", "retrieve", {}, None))
    with pytest.raises(Invalid):
        binding.key_of({"id": value})


@pytest.mark.parametrize(
    ("stream", "value", "key"),
    [
        ("zoo.Note", "7", 7),
        ("zoo.Note", 7, 7),
        ("zoo.Cafe", "7", 7),
        ("zoo.Note", str(2**63 - 1), 2**63 - 1),
        ("zoo.Note", str(-(2**63)), -(2**63)),
    ],
)
def test_a_key_may_travel_as_text(stream: str, value: Any, key: Any) -> None:
    assert registry.get(stream)(Call(stream, "retrieve", {}, None)).key_of({"id": value}) == key


@pytest.mark.django_db
def test_a_missing_row_is_not_found_whatever_the_key(user: Any) -> None:
    binding = registry.get("zoo.Token")(Call("zoo.Token", "retrieve", {}, user))
    token = Token.objects.create(name="x")
    assert binding.get_object(token.pk) == token
    with pytest.raises(NotFound):
        registry.get("zoo.Note")(Call("zoo.Note", "retrieve", {}, user)).get_object(2**70)


@pytest.mark.parametrize("stream", ["zoo.Note", "zoo.GuardedNote"])
def test_rows_are_read_without_instances_only_where_no_permission_looks_at_them(stream: str, user: Any) -> None:
    hidden, shown = Note.objects.create(title="locked"), Note.objects.create(title="open")
    asked = Call(stream, "retrieve", {"ids": [hidden.pk, shown.pk]}, user)
    is_guarded = stream == "zoo.GuardedNote"
    assert registry.get(stream)(asked).sees_every_row() is not is_guarded
    answer = perform(asked)
    assert isinstance(answer, Reading)
    assert [row.pk for row in answer.rows] == ([shown.pk] if is_guarded else [hidden.pk, shown.pk])
