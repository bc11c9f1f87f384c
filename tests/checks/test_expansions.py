"""What ``expandable`` declares and cannot be, said beforehand."""

from typing import Any

import pytest
from rest_framework import serializers

from channels_binding.checks.expansions import unexpandable
from channels_binding.consumers import Binding
from tests.project.zoo.models import Note, Person, Seat


class Expanding(serializers.ModelSerializer[Note]):
    expand = serializers.CharField(source="title")

    class Meta:
        model = Note
        fields = ("id", "expand")


def found(**members: Any) -> list[str]:
    members = {"model": Note, "stream": "x.Checked", **members}
    return [message.msg for message in unexpandable(type("Checked", (Binding,), members))]


@pytest.mark.backends
def test_what_can_be_expanded_is_passed() -> None:
    assert found() == []
    assert found(expandable=("owner", "parent.labels", "note_set")) == []
    assert found(expandable={"labels": {"limit": 3, "order": ["-name", "id"]}, "owner": {}}) == []


NONE = "which is no relation to rows of one model with a key of one column"


@pytest.mark.backends
@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"expandable": ("title",)}, f"names 'title', {NONE}"),
        ({"expandable": ("owner.nothing",)}, f"names 'owner.nothing', {NONE}"),
        ({"model": Person, "expandable": ("remarks",)}, f"names 'remarks', {NONE}"),
        ({"model": Seat, "expandable": ("guest",)}, f"names 'guest', {NONE}"),
        (
            {"expandable": {"labels": {"limit": 0}}},
            "of 'labels' has the limit 0, which is no whole number of at least 1",
        ),
        ({"expandable": {"labels": {"most": 3}}}, "of 'labels' has ['most']; there are 'limit' and 'order'"),
        ({"expandable": {"labels": {"order": "?"}}}, "of 'labels' has no such order"),
        ({"expandable": {"labels": {"order": 3}}}, "of 'labels' has no such order"),
        ({"expandable": ("owner",), "serializer_class": Expanding}, "cannot be used beside a field 'expand'"),
    ],
    ids=str,
)
def test_what_cannot_is_named_with_its_reason(members: dict[str, Any], reason: str) -> None:
    (message,) = found(**members)
    assert message.startswith(f"Checked.expandable {reason}")
