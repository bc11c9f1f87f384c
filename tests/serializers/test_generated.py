"""Columns that the database computes are shown, described, measured and filtered as what they hold."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import models
from django.db.models.functions import Lower
from rest_framework import serializers

from channels_binding.consumers import Binding
from channels_binding.serializers.default import default_class
from channels_binding.serializers.generated import held_by
from channels_binding.testing import BindingClient
from tests.project.zoo.models import Computed, Note
from tests.throwaway import throwaway


def test_a_generated_column_is_the_field_whose_values_it_has_and_every_other_is_itself() -> None:
    half: Any = Computed._meta.get_field("half")
    held = held_by(half)
    assert isinstance(held, models.DecimalField)
    assert (held.name, held.column, held.model, held.editable) == ("half", "half", Computed, False)
    title = Note._meta.get_field("title")
    assert held_by(title) is title


def test_it_is_shown_by_the_serializer_field_of_what_it_holds_and_not_written() -> None:
    made = default_class(Computed, ("id", "area", "half", "key_name"), (), {})().fields
    kinds = {name: type(field) for name, field in made.items() if name != "id"}
    shown = serializers.CharField
    assert kinds == {"area": serializers.IntegerField, "half": serializers.DecimalField, "key_name": shown}
    assert all(made[name].read_only for name in kinds)


def test_one_that_may_be_null_says_so() -> None:
    class Perhaps(models.Model):
        lower: Any = models.GeneratedField(
            expression=Lower("name"), output_field=models.CharField(max_length=9), db_persist=True, null=True
        )
        name = models.CharField(max_length=9, null=True)

        class Meta:
            app_label = "zoo"
            managed = False

    try:
        assert default_class(Perhaps, ("id", "lower"), (), {})().fields["lower"].allow_null
    finally:
        from django.apps import apps

        del apps.all_models["zoo"]["perhaps"]
        apps.clear_cache()


@pytest.mark.django_db
def test_it_is_measured_grouped_and_described_as_what_it_holds(user: Any) -> None:
    for width in (1, 2, 2):
        Computed.objects.create(width=width, height=3, name="A")
    with throwaway():

        class MeasuredBinding(Binding):
            stream, model = "test.measured", Computed
            fields = ("id", "area", "half", "key_name")
            aggregates = {"half": ["sum", "max"], "area": ["avg"]}
            group_by = ("half", "key_name")

        client = BindingClient(user)
        asked = {"measures": ["sum:half", "max:half", "avg:area"], "by": ["key_name"]}
        (row,) = client.call("test.measured.aggregate", asked)["rows"]
        assert (row["key_name"], row["sum:half"], row["max:half"], float(row["avg:area"])) == ("a", "2.50", "1.00", 5.0)
        rows = client.call("test.measured.aggregate", {"by": ["half"], "order": "half"})["rows"]
        assert [(each["half"], each["count"]) for each in rows] == [("0.50", 1), ("1.00", 2)]
        described = {each["name"]: each["type"] for each in client.call("test.measured.describe")["fields"]}
        assert described == {"id": "integer", "area": "integer", "half": "decimal", "key_name": "string"}
        assert Computed.objects.filter(half=Decimal("0.5")).count() == 1
