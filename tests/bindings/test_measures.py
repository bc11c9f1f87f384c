"""What a caller may measure, and how it is shown."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework import serializers

from channels_binding.bindings.measures import Choice, ShownFields
from channels_binding.calls import Call
from channels_binding.consumers import Binding
from channels_binding.exceptions import Invalid
from channels_binding.protocol import codecs
from channels_binding.querysets.aggregates import Group, Measure
from tests.project.zoo.models import Lapse, Moment, Money, Note


class ShownNote(serializers.ModelSerializer[Note]):
    shout = serializers.CharField(source="title")
    rank = serializers.IntegerField(write_only=True)
    title = serializers.SerializerMethodField()

    class Meta:
        model = Note
        fields = ("id", "shout", "title", "rank", "weight", "owner", "done", "labels")

    def get_title(self, note: Note) -> str:
        return "hidden"


def choice(user: Any = None, **members: Any) -> Choice:
    members = {"model": Note, "stream": "x.Measured", "serializer_class": ShownNote, **members}
    binding = type("MeasuredBinding", (Binding,), members)
    return Choice(binding(Call("x.Measured", "aggregate", {}, user or AnonymousUser())))


def test_only_fields_that_show_a_column_under_its_name_can_be_asked_for() -> None:
    declared = ("id", "shout", "title", "rank", "weight", "owner", "done", "labels", "secret_code", "parent")
    found = choice(aggregates=dict.fromkeys(declared, ("count",)), group_by=declared).described()
    assert found == {
        "measures": ["count", "count:id", "count:weight", "count:owner", "count:done"],
        "by": ["weight", "owner", "done"],
    }, "a row's id is its group"
    nested = serializers.ModelSerializer
    shown = type(
        "Nested",
        (nested,),
        {
            "owner": serializers.SlugRelatedField("username", read_only=True),
            "Meta": type("Meta", (), {"model": Note, "fields": ("id", "owner", "parent"), "depth": 1}),
        },
    )
    assert choice(serializer_class=shown, group_by=("owner", "parent")).described()["by"] == []


def test_of_a_serializer_that_may_leave_anything_out_rows_are_only_counted() -> None:
    def to_representation(self: Any, note: Note) -> Any:
        shown = serializers.ModelSerializer.to_representation(self, note)
        return {name: value for name, value in shown.items() if name != "weight"}

    hiding = type("Hiding", (ShownNote,), {"to_representation": to_representation})
    found = choice(serializer_class=hiding, aggregates={"weight": ("sum",)}, group_by=("weight", "done")).described()
    assert found == {"measures": ["count"], "by": []}


def test_what_is_not_declared_or_not_shown_is_refused_alike() -> None:
    asked = choice(aggregates={"weight": ("sum",), "rank": ("sum",)}, group_by=("done", "rank"))
    assert [[each.name for each in part] for part in asked.asked({"by": ["done"]})] == [["count"], ["done"]]
    for data in (
        {"measures": ["avg:weight"]},
        {"measures": ["sum"]},
        {"measures": ["sum:weight", "sum:weight"]},
        {"measures": "count"},
        {"measures": [7]},
        {"by": ["owner"]},
        {"by": ["done", "done"]},
        {"by": {"done": True}},
    ):
        with pytest.raises(Invalid):
            asked.asked(data)
    for data in ({"measures": ["sum:rank"]}, {"by": ["rank"]}):
        measures, groups = asked.asked(data)
        with pytest.raises(Invalid) as raised:
            asked.shown_fields(measures, groups)
        assert "rank" not in str(raised.value.fields), "a field that is not shown is not named either"


def test_hooks_may_narrow_what_is_declared_for_a_caller() -> None:
    async def get_group_by(self: Any) -> Any:
        return [name for name in self.group_by if name != "owner"]

    narrowed = choice(
        aggregates={"weight": ("sum",)},
        group_by=("done", "owner"),
        get_group_by=get_group_by,
        get_aggregates=lambda self: {},
    )
    assert narrowed.described() == {"measures": ["count"], "by": ["done"]}


class MoneySerializer(serializers.ModelSerializer[Money]):
    class Meta:
        model = Money
        fields = ("amount", "rate", "factor")


class NumberSerializer(serializers.ModelSerializer[Money]):
    class Meta:
        model = Money
        fields = ("amount",)
        extra_kwargs = {"amount": {"coerce_to_string": False}}


class OthersSerializer(serializers.ModelSerializer[Any]):
    class Meta:
        model: Any = Lapse
        fields = "__all__"


class MomentSerializer(OthersSerializer):
    class Meta(OthersSerializer.Meta):
        model = Moment


def shown(serializer: Any, name: str, value: Any) -> Any:
    asked = (
        Measure.named(name) if name.partition(":")[0] in ("sum", "avg", "min", "max", "count") else Group.named(name)
    )
    groups, measures = ([asked], []) if isinstance(asked, Group) else ([], [asked])
    return codecs.parse(ShownFields(serializer.Meta.model, serializer()).row(groups, measures, [value]).body)[name]


def test_measures_are_shown_as_the_rows_are() -> None:
    huge = Decimal("9" * 30)
    assert shown(MoneySerializer, "sum:amount", Decimal("3.3")) == "3.30"
    assert shown(MoneySerializer, "sum:amount", huge) == f"{huge}.00", "more digits than the column has"
    assert shown(MoneySerializer, "avg:amount", Decimal("1.1000000000000000888")) == "1.100000"
    assert shown(MoneySerializer, "max:amount", Decimal("3.30")) == "3.30"
    assert shown(NumberSerializer, "sum:amount", Decimal("3.30")) == "3.30", "our encoder's text, as in rows"
    assert shown(MoneySerializer, "sum:factor", 0.1 + 0.2) == 0.3
    assert shown(MoneySerializer, "max:factor", 0.1 + 0.2) == 0.1 + 0.2, "a value of a row is what the row shows"
    assert shown(MoneySerializer, "count", 7) == 7
    assert shown(OthersSerializer, "avg:length", datetime.timedelta(seconds=90.5)) == "00:01:30.500000"
    for lacking in (None, float("nan"), float("inf"), Decimal("NaN")):
        assert shown(MoneySerializer, "sum:factor", lacking) is None


def test_parts_of_times_are_shown_by_their_beginning() -> None:
    assert shown(MomentSerializer, "instant:month", datetime.date(2026, 3, 1)) == "2026-03-01"
    hour = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
    assert shown(MomentSerializer, "instant:hour", hour) == "2026-03-01T12:00:00Z"
    with timezone.override("Asia/Kolkata"):
        assert shown(MomentSerializer, "instant:hour", hour) == "2026-03-01T17:30:00+05:30"
    assert shown(MomentSerializer, "instant:month", None) is None


def test_the_id_of_a_row_is_the_json_of_its_group() -> None:
    fields = ShownFields(Note, ShownNote())
    row = fields.row([Group.named("owner"), Group.named("done")], [Measure.named("count")], [None, True, 3])
    assert (row.pk, codecs.parse(row.body)) == (
        "[null,true]",
        {"id": "[null,true]", "owner": None, "done": True, "count": 3},
    )
