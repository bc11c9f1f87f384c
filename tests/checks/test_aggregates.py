"""What ``aggregate`` cannot be asked for, said beforehand."""

from typing import Any

import pytest
from rest_framework import serializers

from channels_binding.checks.aggregates import unmeasured
from channels_binding.consumers import Binding
from tests.project.zoo.models import Moment, Note


def found(**members: Any) -> list[str]:
    members = {"model": Note, "stream": "x.Checked", "fields": ("id", "title", "rank", "done", "labels"), **members}
    return [message.msg for message in unmeasured(type("Checked", (Binding,), members))]


def test_what_can_be_measured_is_passed() -> None:
    assert found() == []
    assert found(aggregates={"rank": ("sum", "count"), "title": ["count_distinct"]}, group_by=("done", "title")) == []
    assert found(model=Moment, fields=("instant", "day"), group_by=("instant:hour", "day:week")) == []


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"aggregates": {"rank": "sum"}}, "'sum' for 'rank', which is no list of functions"),
        ({"aggregates": {"rank": ("median",)}}, "'median' for 'rank', which is nothing for such a column"),
        ({"aggregates": {"title": ("sum",)}}, "'sum' for 'title', which is nothing for such a column"),
        ({"aggregates": {"weight": ("sum",)}}, "'sum' for 'weight', which is not shown"),
        ({"aggregates": {"labels": ("count",)}}, "'count' for 'labels', which is no column of the model"),
        ({"group_by": ("owner__username",)}, "'owner__username', which is no column of the model"),
        ({"group_by": ("id",)}, "'id', which each row has by itself"),
        ({"group_by": ("rank:day",)}, "'rank:day', which is nothing for such a column"),
        ({"group_by": ("weight",)}, "'weight', which is not shown"),
    ],
    ids=str,
)
def test_what_cannot_is_named_with_its_reason(members: dict[str, Any], reason: str) -> None:
    (message,) = found(**members)
    assert message == f"Checked.{next(iter(members))} names {reason}."


def test_a_serializer_that_shows_rows_in_a_way_of_its_own_is_named_as_the_reason() -> None:
    class Hiding(serializers.ModelSerializer[Note]):
        class Meta:
            model, fields = Note, ("id", "rank")

        def to_representation(self, instance: Note) -> Any:
            return {"id": instance.pk}

    [message] = found(serializer_class=Hiding, aggregates={"rank": ("sum",)})
    assert message == "Checked.aggregates names 'sum' for 'rank', which to_representation() may leave out."


def test_of_a_serializer_that_is_chosen_for_each_call_only_the_columns_are_checked() -> None:
    def get_serializer_class(self: Any) -> Any:
        return serializers.Serializer

    assert found(get_serializer_class=get_serializer_class, group_by=("weight",)) == []
    assert len(found(get_serializer_class=get_serializer_class, group_by=("nothing",))) == 1
