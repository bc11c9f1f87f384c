"""Relations that REST framework cannot show are left out with a warning, and refused where they are named."""

import json
from typing import Any

import pytest
from django.db import models
from django.test.utils import isolate_apps
from django_filters import FilterSet, NumberFilter
from rest_framework import serializers

from channels_binding.bindings import Binding
from channels_binding.checks.bindings import _binding
from channels_binding.checks.fields import other_id, unshowable
from channels_binding.serializers.default import has_other_id, implicit_fields, rows_of
from tests.project.zoo.models import Cafe, Country, Device, Label, Note
from tests.throwaway import throwaway


class Tags(models.ManyToManyField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """As a package's: no fixture holds it, so REST framework knows nothing of it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"to": Label, **options})
        self.serialize = False


@isolate_apps("tests.project.zoo")
def test_a_manager_of_a_package_is_left_out_and_told() -> None:
    class Food(models.Model):
        name = models.CharField(max_length=9)
        tags = Tags(related_name="+")

        class Meta:
            app_label = "zoo"

    with throwaway():

        class Implicit(Binding):
            stream = "checks.implicit"
            model = Food

        class Explicit(Binding):
            stream = "checks.explicit"
            model = Food
            fields = ("id", "tags")

        class Excluding(Binding):
            stream = "checks.excluding"
            model = Food
            exclude = ("tags",)

        assert implicit_fields(Food) == ("id", "name")
        assert [message.id for message in unshowable(Implicit)] == ["channels_binding.W025"]
        assert [message.id for message in unshowable(Explicit)] == ["channels_binding.E024"]
        assert [*unshowable(Excluding)] == []
        assert "channels_binding.E024" in {message.id for message in _binding(Explicit)}


@pytest.mark.parametrize(
    ("stream", "event"), [("zoo.Gr\u00f6\u00dfe", "x"), ("checks.named", "gr\u00f6\u00dfe"), ("a b", "x")]
)
def test_a_name_that_no_message_can_say_is_an_error(stream: str, event: str) -> None:
    with throwaway():
        from channels_binding.bindings import bind

        def handler(self: Any, data: Any) -> Any:
            """An event."""

        cls: Any = type("Named", (Binding,), {"stream": stream, "model": Note, "handler": bind(event)(handler)})
        assert [message.id for message in _binding(cls) if message.id == "channels_binding.E025"] == [
            "channels_binding.E025"
        ]


class ById(FilterSet):  # type: ignore[misc]  # untyped
    original = NumberFilter(field_name="id")


@isolate_apps("tests.project.zoo")
def test_id_of_a_row_is_its_key_where_a_column_has_that_name_too() -> None:
    class Historical(models.Model):
        """As django-simple-history makes them."""

        history_id = models.AutoField(primary_key=True)
        id = models.IntegerField(db_index=True)
        name = models.CharField(max_length=9)

        class Meta:
            app_label = "zoo"

    class Renaming(serializers.ModelSerializer[Any]):
        original_id = serializers.IntegerField(source="id")

        class Meta:
            model = Historical
            fields = ("history_id", "original_id", "name")

    class Shadowed(serializers.ModelSerializer[Any]):
        class Meta:
            model = Historical
            fields = ("history_id", "id", "name")

    with throwaway():
        common = {"stream": "checks.history", "model": Historical}
        fine: list[dict[str, Any]] = [
            {},
            {"fields": ("name",)},
            {"serializer_class": Renaming, "filterset_class": ById, "ordering_fields": ("name",)},
        ]
        for options in fine:
            cls: Any = type("Historic", (Binding,), {**common, **options})
            assert [*other_id(cls)] == []
            assert next(iter(make_rows(cls, Historical(pk=7, id=3, name="x"))[0])) == "id"
        assert make_rows(type("Historic", (Binding,), common), Historical(pk=7, id=3, name="x")) == [
            {"id": 7, "history_id": 7, "name": "x"}
        ]
        odd: list[dict[str, Any]] = [
            {"fields": ("id", "name")},
            {"serializer_class": Shadowed},
            {"ordering_fields": ("id",)},
            {"ordering": ("-id",)},
            {"filterset_fields": {"id": ["exact", "in"]}},
        ]
        for options in odd:
            cls = type("Historic", (Binding,), {**common, **options})
            (message,) = other_id(cls)
            assert (message.id, next(iter(options)) in message.msg) == ("channels_binding.E026", True)
        assert not any(has_other_id(model) for model in (Note, Cafe, Country, Device))


def make_rows(cls: Any, *instances: Any) -> list[Any]:
    serializer = (cls.serializer_class or cls.default_serializer_class())()
    return [json.loads(row.body) for row in rows_of(serializer, instances)]


def test_what_is_asked_of_models_without_one_is_an_error() -> None:
    with throwaway():

        class Forgotten(Binding):
            stream = "checks.forgotten"

            def get_queryset(self) -> Any:
                return Note.objects.all()

        class Custom(Binding):
            stream = "checks.custom"

        found = [message for message in _binding(Forgotten) if message.id == "channels_binding.E027"]
        assert ["get_queryset" in message.msg for message in found] == [True]
        assert "channels_binding.E027" not in {message.id for message in _binding(Custom)}
