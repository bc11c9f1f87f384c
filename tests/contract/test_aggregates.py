"""What the documents say of aggregates, beside what is answered."""

import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from jsonschema import Draft202012Validator
from rest_framework.test import APIRequestFactory

from channels_binding.contract.aggregates import AggregateShapes, shapes_of
from channels_binding.contract.json_schema import JsonSchemas
from channels_binding.contract.spectacular_settings import inspecting
from channels_binding.registry import registry
from channels_binding.testing import BindingClient
from tests.project.zoo.models import Digits, Lapse, Moment, Money, Note, Options

STREAMS = ("zoo.Digits", "zoo.Flag", "zoo.Lapse", "zoo.Moment", "zoo.Money", "zoo.Note", "zoo.Options", "zoo.Prose")


def described(stream: str) -> AggregateShapes:
    request: Any = APIRequestFactory().get("/")
    request.user = get_user_model()(username="ann", pk=1)
    with inspecting():
        return shapes_of(registry.get(stream), JsonSchemas(request))


def test_each_measure_and_group_has_its_kind() -> None:
    money, moment = described("zoo.Money"), described("zoo.Moment")
    text, number = {"type": ["string", "null"]}, {"type": ["number", "null"]}
    assert money.measures["sum:amount"] == money.measures["avg:rate"] == text
    assert money.measures["sum:factor"] == money.measures["avg:factor"] == number
    assert money.measures["count"] == {"type": "integer", "minimum": 0}
    assert moment.groups["instant:hour"] == {"type": "string", "format": "date-time"}
    assert moment.groups["maybe_instant:month"] == {"type": ["string", "null"], "format": "date"}
    assert described("zoo.Digits").measures["sum:big"] == {"type": ["integer", "string", "null"]}
    assert money.orders[:2] == ["amount", "rate"]
    assert "-sum:amount" in money.orders


@pytest.mark.django_db
@pytest.mark.parametrize("stream", STREAMS)
def test_rows_are_as_described(stream: str, user: Any) -> None:
    shape = described(stream)
    for made in (
        Note(title="x", owner=user),
        Note(title="y"),
        Money(amount="1.10", rate="0.5"),
        Money(factor=0.5),
        Lapse(length=datetime.timedelta(seconds=3)),
        Options(size=1, ratio="0.5"),
        Options(),
        Digits(big=2**62, plain=3),
        Moment(day="2026-03-01", instant="2026-02-28T23:30:00Z", hour="10:00", maybe_instant="2026-02-28T23:30:00Z"),
    ):
        made.save()
    data = {"measures": [*shape.measures], "by": [*shape.groups][:6]}
    for asked in (data, {**data, "by": [*shape.groups][6:]}, {"measures": data["measures"]}):
        answer = BindingClient(user).call(f"{stream}.aggregate", asked)
        rows = {"type": "array", "items": {**shape.row, "additionalProperties": False}}
        assert [error.message for error in Draft202012Validator(rows).iter_errors(answer["rows"])] == []
