"""What searches, filters, orders and parameters name has to be there, and to be shown."""

from typing import Any

import pytest
from rest_framework import serializers

from channels_binding.bindings import AsyncBinding
from channels_binding.registry import Registry
from tests.checks.judged import found, ids, judged
from tests.project.zoo.models import Note


@pytest.mark.parametrize("attribute", ["search_fields", "ordering_fields", "ordering"])
def test_a_name_that_the_model_does_not_have_is_found(attribute: str, fresh: Registry) -> None:
    type(
        "Wrong",
        (AsyncBinding,),
        {"stream": "checks.Wrong", "model": Note, "fields": ("id",), attribute: ("-nonsense",)},
    )
    assert "channels_binding.E004" in found()


@pytest.mark.parametrize(
    ("number", "members"),
    [
        ("E005", {"filterset_fields": {"nonsense": ["exact"]}}),
        ("W003", {"filterset_fields": ("secret_code",)}),
        ("W005", {"ordering_fields": ("secret_code",)}),
        ("E005", {"filterset_fields": ("owner__nonsense",)}),
        ("E005", {"filterset_fields": {"title": ["nonsense"]}}),
        ("W005", {"ordering_fields": ("owner__password",)}),
        ("W003", {"filterset_fields": ("owner__password",)}),
    ],
    ids=lambda value: str(value)[:60],
)
def test_each_wrong_filter_or_order_is_found(number: str, members: dict[str, Any], fresh: Registry) -> None:
    assert f"channels_binding.{number}" in judged(members)


@pytest.mark.parametrize(("named", "is_found"), [(None, True), (("id",), False)])
def test_orders_by_what_a_serializer_may_hide_are_to_be_named(named: Any, is_found: bool, fresh: Registry) -> None:
    class Hiding(serializers.ModelSerializer):  # type: ignore[type-arg]
        class Meta:
            model = Note
            fields = ("id", "title")

        def to_representation(self, instance: Any) -> Any:
            return {"id": super().to_representation(instance)["id"]}

    found = judged({"serializer_class": Hiding, "ordering_fields": named})
    assert ("channels_binding.W005" in found) is is_found


def test_filters_of_shown_columns_are_let_pass(fresh: Registry) -> None:
    filters = {"rank": ["gte"], "owner__username": ["exact"], "id": ["in"]}
    assert judged({"filterset_fields": filters}) - ids("I001") == set()
