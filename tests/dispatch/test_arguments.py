"""A handler's annotations check its data, describe it, and change nothing where they say nothing."""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict

import pytest
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from channels_binding.dispatch.arguments import Data, field_of, input_of, output_of, read, shown
from channels_binding.exceptions import Invalid

if TYPE_CHECKING:
    from nowhere import Unseen  # type: ignore[import-not-found]


class Colour(Enum):
    RED = "red"


class Inner(TypedDict):
    number: int


class Everything(TypedDict):
    text: str
    many: list[int]
    colour: Colour
    either: Literal["a", "b"]
    maybe: int | None
    inner: Inner
    day: NotRequired[datetime.date]


@dataclass
class Close:
    id: int
    reason: str = "none"
    tags: list[str] = field(default_factory=list)


class Start(serializers.Serializer[Any]):
    rate = serializers.IntegerField(min_value=1, default=5)


class Handlers:
    def plain(self, data: dict[str, Any]) -> dict[str, Any]: ...  # type: ignore[empty-body]
    def bare(self, data): ...  # type: ignore[no-untyped-def]
    def nothing(self) -> None: ...
    def typed(self, data: Everything) -> Inner: ...  # type: ignore[empty-body]
    def made(self, data: Close) -> Close: ...  # type: ignore[empty-body]
    def serialized(self, data: Start) -> Start: ...  # type: ignore[empty-body]
    def unseen(self, data: Unseen) -> None: ...


EVERYTHING = {"text": "", "many": [1], "colour": "red", "either": "a", "maybe": None, "inner": {"number": 2}}


def given(handler: Any, data: Mapping[str, Any]) -> Any:
    return read(handler, data, dict)


@pytest.mark.parametrize("handler", [Handlers.plain, Handlers.bare, Handlers.nothing, Handlers.unseen])
def test_a_handler_that_says_no_more_gets_the_data_as_it_came(handler: Any) -> None:
    assert input_of(handler) is None
    assert given(handler, {"x": [1, {"y": None}]}) == {"x": [1, {"y": None}]}


def test_what_such_a_handler_misses_is_the_client_s_error() -> None:
    with pytest.raises(Invalid) as caught:
        Data({"a": 1})["sender"]
    assert caught.value.to_json()["fields"] == {"sender": [{"code": "required", "message": "This field is required."}]}
    with pytest.raises(KeyError):
        Data()["x"]
    assert Data().get("x") is None


def test_a_typed_dict_is_checked_and_converted() -> None:
    assert given(Handlers.typed, EVERYTHING) == {**EVERYTHING, "colour": Colour.RED}
    assert given(Handlers.typed, {**EVERYTHING, "day": "2026-01-02"})["day"] == datetime.date(2026, 1, 2)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"text": None}, "text"), ({"many": "x"}, "many"), ({"many": ["x"]}, "many"), ({"colour": "blue"}, "colour"),
        ({"either": "c"}, "either"), ({"maybe": "x"}, "maybe"), ({"inner": {}}, "inner"), ({"inner": 3}, "inner"),
        ({"day": "x"}, "day"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_refused_at_its_field(change: Mapping[str, Any], wrong: str) -> None:
    with pytest.raises(ValidationError) as caught:
        given(Handlers.typed, {**EVERYTHING, **change})
    assert list(caught.value.get_full_details()) == [wrong]


def test_a_missing_name_and_an_unknown_one_are_refused() -> None:
    with pytest.raises(ValidationError):
        given(Handlers.typed, {name: value for name, value in EVERYTHING.items() if name != "text"})
    with pytest.raises(Invalid, match="unknown names"):
        given(Handlers.made, {"id": 1, "idd": 2})


def test_a_dataclass_becomes_an_instance_with_its_defaults() -> None:
    assert given(Handlers.made, {"id": "3", "tags": ["a"]}) == Close(3, "none", ["a"])


def test_a_serializer_comes_validated() -> None:
    serializer = given(Handlers.serialized, {})
    assert isinstance(serializer, Start)
    assert serializer.validated_data == {"rate": 5}
    with pytest.raises(ValidationError):
        given(Handlers.serialized, {"rate": 0})


@pytest.mark.parametrize(
    ("hint", "cls"),
    [
        (str, serializers.CharField), (int, serializers.IntegerField), (float, serializers.FloatField),
        (bool, serializers.BooleanField), (decimal.Decimal, serializers.DecimalField), (uuid.UUID, serializers.UUIDField),
        (datetime.datetime, serializers.DateTimeField), (datetime.time, serializers.TimeField),
        (datetime.timedelta, serializers.DurationField), (list[int], serializers.ListField),
        (Sequence[str], serializers.ListField),
        (dict[str, int], serializers.DictField), (Mapping[str, int], serializers.DictField), (dict, serializers.DictField),
        (Literal[1, 2], serializers.ChoiceField), (Colour, serializers.ChoiceField), (Any, serializers.JSONField),
        (Inner, serializers.Serializer), (int | str, serializers.JSONField),
    ],
)  # fmt: skip
def test_every_kind_of_annotation_has_its_field(hint: Any, cls: type) -> None:
    assert isinstance(field_of(hint), cls)
    assert field_of(hint | None if hint is not Any else hint).allow_null is (hint is not Any)


def test_an_answer_is_shown_as_plain_data() -> None:
    assert shown(Close(3)) == {"id": 3, "reason": "none", "tags": []}
    assert shown(Start({"rate": 7})) == {"rate": 7}
    assert shown({"a": 1}) == {"a": 1}
    assert shown(None) is None
    assert output_of(Handlers.typed) is not None
    assert output_of(Handlers.plain) is None


def test_the_package_s_own_answers_are_left_alone() -> None:
    from channels_binding.calls import Reading

    reading = Reading(())
    assert shown(reading) is reading
