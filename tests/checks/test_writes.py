"""Formsets and nested serializers are told of before a write fails."""

from typing import Any

import pytest
from django import forms
from django.forms import formset_factory
from rest_framework import serializers

from channels_binding.checks import bindings as checks
from channels_binding.registry import Registry
from tests.checks.judged import ids, judged
from tests.project.zoo.models import Chapter, Novel


@pytest.mark.parametrize(
    ("number", "members"),
    [
        ("W006", {"formsets": {"labels": formset_factory(forms.Form)}, "atomic": False}),
        ("E008", {"formsets": {"other": forms.Form}}),
        ("E008", {"formsets": {"title": formset_factory(forms.Form)}}),
    ],
    ids=lambda value: str(value)[:60],
)
def test_each_wrong_formset_is_found(number: str, members: dict[str, Any], fresh: Registry) -> None:
    assert f"channels_binding.{number}" in judged(members)


def test_a_formset_is_let_pass(fresh: Registry) -> None:
    assert judged({"formsets": {"labels": formset_factory(forms.Form)}}) - ids("I001") == set()


class ChapterInside(serializers.ModelSerializer):  # type: ignore[type-arg]
    class Meta:
        model = Chapter
        fields = ("title",)


class Nesting(serializers.ModelSerializer):  # type: ignore[type-arg]
    chapters = ChapterInside(many=True)

    class Meta:
        model = Novel
        fields = ("id", "title", "chapters")


class Creating(Nesting):
    def create(self, validated_data: Any) -> Any:
        return super().create({"title": validated_data["title"]})


class Dotted(serializers.ModelSerializer):  # type: ignore[type-arg]
    novel_title = serializers.CharField(source="novel.title")

    class Meta:
        model = Chapter
        fields = ("id", "novel_title")


class Reading(Nesting):
    chapters = ChapterInside(many=True, read_only=True)


def _ignore(self: Any, serializer: Any) -> None:
    """A binding's own way to save."""


@pytest.mark.parametrize(
    ("members", "missing"),
    [
        ({"serializer_class": Nesting}, "create() and no update()"),
        ({"serializer_class": Creating}, "update()"),
        ({"serializer_class": Dotted, "model": Chapter}, "create() and no update()"),
        ({"serializer_class": Nesting, "actions": ("search", "create")}, "create()"),
        ({"serializer_class": Nesting, "perform_create": _ignore}, "update()"),
        ({"serializer_class": Reading}, None),
        ({"serializer_class": Creating, "actions": ("search", "create")}, None),
        ({"serializer_class": Nesting, "actions": ("search", "retrieve")}, None),
        ({"serializer_class": Nesting, "perform_create": _ignore, "perform_update": _ignore}, None),
    ],
)
def test_nested_data_that_nobody_saves_is_told_of(
    members: dict[str, Any], missing: str | None, fresh: Registry
) -> None:
    judged({"model": Novel, **members})
    told = [message for message in checks.check_bindings() if message.id == "channels_binding.W016"]
    assert [message.msg.rpartition("has no ")[2] for message in told] == ([] if missing is None else [f"{missing}."])
