"""A serializer that asks who calls is looked at as nobody's."""

from typing import Any

from rest_framework import serializers

from channels_binding.checks import bindings
from channels_binding.checks.serializers import serializer_of
from channels_binding.consumers import AsyncBinding
from tests.project.zoo.models import Note
from tests.throwaway import throwaway


class ByCaller(serializers.ModelSerializer):  # type: ignore[type-arg]
    class Meta:
        model = Note
        fields = ("id", "title", "rank")

    def get_fields(self) -> Any:
        fields = super().get_fields()
        if not self.context["request"].user.is_staff:
            del fields["rank"]
        return fields


def test_fields_that_follow_the_caller_can_be_checked() -> None:
    with throwaway():

        class ByCallerBinding(AsyncBinding):
            stream, model, serializer_class, expandable = "test.by_caller", Note, ByCaller, ("owner",)
            aggregates, group_by = {"rank": ("sum",)}, ("title",)

        assert [*serializer_of(ByCallerBinding).fields] == ["id", "title"]
        found = [each for each in bindings.check_bindings() if each.obj is ByCallerBinding]
        assert "channels_binding.W017" not in {each.id for each in found}, found
