"""Uniqueness for a date: as Django has it, also in a write that leaves the date out."""

import datetime
from typing import Any

import pytest
from rest_framework import serializers

from channels_binding.bindings import Binding
from channels_binding.exceptions import Invalid
from channels_binding.serializers.default import default_class
from channels_binding.serializers.validators import complete
from channels_binding.testing import BindingClient
from tests.project.zoo.models import Step
from tests.throwaway import throwaway

pytestmark = pytest.mark.django_db
DAY, NEXT = datetime.date(2026, 1, 1), datetime.date(2026, 1, 2)


class Renamed(serializers.ModelSerializer[Step]):
    on = serializers.DateField(source="day")
    name = serializers.CharField(source="code")

    class Meta:
        model = Step
        fields = ("id", "on", "name", "low")


@pytest.fixture
def steps() -> list[Step]:
    return [Step.objects.create(day=day, code=code) for day, code in ((DAY, "a"), (DAY, "b"), (NEXT, "a"))]


def test_what_an_update_leaves_out_is_the_row_s(user: Any, steps: list[Step]) -> None:
    client, (_, second, third) = BindingClient(user), steps
    assert client.update("zoo.Step", second.pk, high=3)["success"]
    assert client.update("zoo.Step", third.pk, code="b")["success"]
    for pk, change in ((second.pk, {"code": "a"}), (third.pk, {"day": "2026-01-01"})):
        with pytest.raises(Invalid) as refused:
            client.update("zoo.Step", pk, **change)
        assert (refused.value.fields or {})["code"][0]["code"] == "unique"
    with pytest.raises(Invalid) as refused:
        client.create("zoo.Step", code="a")
    assert [*(refused.value.fields or {})] == ["day"]


@pytest.mark.parametrize("kind", [Renamed, default_class(Step, ["code"], [], {})])
def test_a_field_of_another_name_or_none_is_no_obstacle(kind: Any, steps: list[Step]) -> None:
    name = "name" if kind is Renamed else "code"
    for code, is_free in (("b", False), ("c", True), ("a", True)):
        writer = complete(kind(steps[0], data={name: code}, partial=True))
        assert writer.is_valid() is is_free
    assert kind is Renamed or complete(kind(data={name: "a"})).is_valid()


def test_a_serializer_of_the_project_s_is_completed_too(user: Any, steps: list[Step]) -> None:
    with throwaway():

        class Own(Binding):
            stream = "test.steps"
            model = Step
            serializer_class = Renamed

        assert BindingClient(user).update("test.steps", steps[0].pk, low=-1)["success"]
        with pytest.raises(Invalid):
            BindingClient(user).update("test.steps", steps[0].pk, name="b")


def test_a_date_that_is_null_is_compared_with_nothing(steps: list[Step]) -> None:
    kind = default_class(Step, ["day", "code"], [], {"day": {"allow_null": True, "required": False}})
    assert complete(kind(data={"day": None, "code": "a"})).is_valid()


def test_other_validators_are_left_as_they_are() -> None:
    writer = default_class(Step, ["low"], [], {})(data={"low": 1})
    before = writer.validators
    assert complete(writer).validators == before
