"""Which package a class was written in."""

from typing import Any

import django_filters
from django.db import models
from django_filters.filterset import filterset_factory
from rest_framework import serializers

from channels_binding.classes import is_written_in
from channels_binding.compiled.compiler import plan_of
from tests.project.zoo.models import Note


def test_a_class_is_of_the_package_in_whose_source_it_stands() -> None:
    assert is_written_in(serializers.CharField, "rest_framework")
    assert is_written_in(models.Field, "django.contrib", "django.db")
    assert not is_written_in(models.Field, "django.contrib")
    assert not is_written_in(Note, "django", "rest_framework")
    assert not is_written_in(models.Field, "djan")


def test_a_class_that_a_metaclass_has_made_for_a_project_is_the_projects() -> None:
    made: list[type] = [
        type("Own", (serializers.ModelSerializer,), {}),
        type("ModelSerializer", (serializers.ModelSerializer,), {}),
        type("Own", (django_filters.FilterSet,), {}),
        filterset_factory(Note, fields=["rank"]),
    ]
    assert [cls.__module__.partition(".")[0] for cls in made] != ["tests"] * 4, "they say that they are of a package"
    assert not [cls for cls in made if is_written_in(cls, "rest_framework", "django_filters")]


def test_a_class_that_stands_in_a_function_of_a_package_is_of_the_package() -> None:
    found = filterset_factory(Note, fields={"rank": ["in"]}).base_filters["rank__in"]
    assert is_written_in(type(found), "django_filters")


def test_a_serializer_that_a_metaclass_has_made_is_shown_as_it_says() -> None:
    def to_representation(self: Any, instance: Any) -> Any:
        return {"title": "own"}

    meta = type("Meta", (), {"model": Note, "fields": ("id", "title")})
    own = type("Own", (serializers.ModelSerializer,), {"Meta": meta, "to_representation": to_representation})
    assert plan_of(own, Note) is None
