"""Which package a class was written in."""

import ast
from pathlib import Path
from typing import Any

import django_filters
from django.db import models
from django.utils.functional import SimpleLazyObject
from django_filters.filterset import filterset_factory
from rest_framework import serializers

import channels_binding
from channels_binding.classes import attributes, evaluated, is_written_in, overrides, unwrapped
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


def test_attributes_can_be_iterated_over_while_another_thread_adds_one() -> None:
    field = models.IntegerField(default=7)
    names = []
    for name in attributes(field):
        vars(field)[f"cached_{name}"] = None
        names.append(name)
    assert "default" in names
    assert not any(name.startswith("cached_") for name in names)


def test_no_module_iterates_over_the_attributes_themselves() -> None:
    """An iteration over ``vars()`` of what threads share ends with RuntimeError once one of them caches something there."""
    source = Path(channels_binding.__file__).parent
    found = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if any(map(_is_vars, _iterated(node)))
    }
    assert found == OF_COPIES


OF_COPIES = {"calls/call.py"}
"""Where the attributes are those of a copy that nobody else has."""


def _iterated(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return [node.iter]
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
        return [each.iter for each in node.generators]
    return [node.value] if isinstance(node, ast.YieldFrom) else []


def _is_vars(node: ast.expr) -> bool:
    """``vars(x)``, ``x.__dict__``, and their ``items()``, ``values()`` and ``keys()``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in ("items", "values", "keys") and _is_vars(node.func.value)
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "vars"
    return is_call or (isinstance(node, ast.Attribute) and node.attr == "__dict__")


class Field(serializers.CharField):
    """A project's field."""

    def to_representation(self, value: Any) -> str:
        return str(value).upper()

    def helper(self) -> None:
        """Nothing of REST framework calls it."""

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = None  # type: ignore[assignment]

    @property
    def derived(self) -> int:
        return 1

    @property
    def initial(self) -> Any:
        return None

    @initial.setter
    def initial(self, value: Any) -> None:
        """REST framework sets it."""


class Heir(Field):
    def run_validation(self, data: Any = None) -> Any:
        return data


def test_what_a_class_says_otherwise_than_those_of_a_package_is_found_with_what_takes_what_they_set() -> None:
    found = {name for name, _ in overrides(Field, ("rest_framework",))}
    assert found == {"to_representation", "__eq__", "__hash__", "initial"}
    assert dict(overrides(Field, ("rest_framework",)))["to_representation"] is Field.to_representation


def test_what_the_bases_of_a_project_say_otherwise_is_found_too() -> None:
    names = [name for name, _ in overrides(Heir, ("rest_framework",))]
    assert names[0] == "run_validation"
    assert "to_representation" in names


def test_a_class_of_the_package_itself_says_nothing_otherwise() -> None:
    assert [*overrides(serializers.CharField, ("rest_framework",))] == []


def test_what_is_behind_a_lazy_object_is_what_its_function_has_made() -> None:
    made = object()
    lazy = SimpleLazyObject(lambda: made)
    str(lazy)
    assert unwrapped(lazy) is made
    assert unwrapped(made) is made


def test_what_no_function_has_made_yet_is_made_when_it_is_needed() -> None:
    made = object()
    assert evaluated(SimpleLazyObject(lambda: made)) is made
    assert evaluated(made) is made
