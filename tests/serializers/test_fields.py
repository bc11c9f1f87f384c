"""Columns that REST framework passes on unchecked are checked."""

from typing import Any

import pytest
from django.contrib.postgres.fields import DateRangeField, IntegerRangeField
from django.db import models
from django.test import Client
from rest_framework import serializers

from channels_binding.serializers.fields import Base64Field, RangeField, of_ranges, refuse_ragged


def taken(field: Any, value: Any) -> Any:
    return field.run_validation(value)


def code(field: Any, value: Any) -> str:
    with pytest.raises(serializers.ValidationError) as caught:
        taken(field, value)
    codes: Any = caught.value.get_codes()
    return str(codes[0])


def ranges(column: Any) -> Any:
    column.set_attributes_from_name("span")
    return RangeField(model_field=column, allow_null=True)


def test_bytes_travel_as_base64() -> None:
    assert taken(Base64Field(), "aGk=") == b"hi"
    assert Base64Field().to_representation(memoryview(b"hi")) == "aGk="
    wrong: Any
    for wrong in ("a", "é", 5, [], {}, True):
        assert code(Base64Field(), wrong) == "invalid"


def test_a_range_is_taken_as_an_object_or_as_it_is_shown() -> None:
    field = ranges(IntegerRangeField())
    made = taken(field, {"lower": "1", "upper": 5})
    assert (made.lower, made.upper, made.lower_inc, made.upper_inc) == (1, 5, True, False)
    assert taken(field, '{"bounds": "[]", "lower": "1", "upper": null}').upper is None
    assert taken(field, {"empty": True}).isempty
    assert taken(field, None) is None
    assert taken(ranges(DateRangeField()), {"lower": "2026-01-02"}).lower.year == 2026


@pytest.mark.parametrize(
    "wrong",
    [
        True,
        1,
        "x",
        "[1]",
        [1, 2],
        {"low": 1},
        {"lower": "x"},
        {"lower": True},
        {"lower": []},
        {"bounds": "<>"},
        {"bounds": 5},
    ],
    ids=str,
)
def test_what_is_no_range_is_refused(wrong: Any) -> None:
    assert code(ranges(IntegerRangeField()), wrong) == "invalid"


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    assert code(ranges(IntegerRangeField()), {"lower": 5, "upper": 1}) == "bound_ordering"


def test_a_binding_uses_them() -> None:
    from channels_binding.serializers.default import BindingSerializer

    assert of_ranges()
    mapping = BindingSerializer.serializer_field_mapping
    assert mapping[models.BinaryField] is Base64Field
    assert set(of_ranges()) <= set(mapping)


@pytest.mark.parametrize("value", [[], [1, 2], [[], []], [[1, 2], [3, 4]], [[[1], [2]], [[3], [4]]]])
def test_a_matrix_has_rows_of_one_length(value: Any) -> None:
    refuse_ragged(value)


@pytest.mark.parametrize("value", [[[1], [2, 3]], [[1], []], [[[1], [2]], [[3]]], [[[1]], [[2, 3]]]])
def test_lists_of_several_lengths_are_no_matrix(value: Any) -> None:
    with pytest.raises(serializers.ValidationError) as caught:
        refuse_ragged(value)
    assert caught.value.get_codes() == ["ragged"]


@pytest.mark.django_db
def test_a_long_number_is_taken_by_its_digits_or_refused(user: Any) -> None:
    client = Client()
    client.force_login(user)
    number = "12345678901234567890123"
    made = client.post("/api/zoo.Label/", f'{{"name": {number}}}', "application/json")
    assert (made.status_code, made.json()["name"]) == (201, number)
    for stream, field in (("zoo.Label", "name"), ("zoo.Digits", "plain"), ("zoo.Money", "amount")):
        refused = client.post(f"/api/{stream}/", f'{{"{field}": {number * 2}}}', "application/json")
        assert (refused.status_code, [*refused.json()["fields"]]) == (400, [field])
