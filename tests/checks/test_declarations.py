"""What is written down in a way that nothing reads is told with what to write."""

from typing import Any

import pytest
from rest_framework.permissions import IsAuthenticated

from channels_binding.bindings import AsyncBinding, Binding
from channels_binding.bindings import base as bindings
from channels_binding.checks import bindings as checks
from channels_binding.checks import declarations
from channels_binding.consumers import bind
from channels_binding.registry import Registry, registry
from tests.project.zoo.models import Note


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry of the bindings that the test defines, and of no others."""
    monkeypatch.setattr(bindings, "defined", [])
    monkeypatch.setattr(bindings, "unnamed", [])
    fresh = Registry()
    monkeypatch.setattr(checks, "registry", fresh)
    monkeypatch.setattr(declarations, "registry", fresh)
    return fresh


def made(*bases: type, **members: Any) -> type:
    good = {"stream": "checks.Made", "model": Note, "fields": ("id", "title"), "permission_classes": (IsAuthenticated,)}
    return type("Made", bases or (AsyncBinding,), {**good, **members, "__module__": __name__})


def told() -> list[tuple[str, str, str]]:
    found = declarations.check_declarations()
    return [(str(each.id).rpartition(".")[2], each.msg, str(each.hint)) for each in found]


@pytest.mark.parametrize("kind", [AsyncBinding, Binding])
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("permision_classes", "permission_classes"),
        ("permission_clases", "permission_classes"),
        ("search_field", "search_fields"),
        ("filterset_field", "filterset_fields"),
        ("filter_fields", "filterset_fields"),
        ("readonly_fields", "read_only_fields"),
        ("orderings", "ordering"),
        ("querset", "queryset"),
    ],
)
def test_a_name_that_nothing_reads_is_told_with_the_one_that_is_meant(kind: type, written: str, meant: str) -> None:
    made(kind, **{written: ("title",)})
    ((number, message, hint),) = told()
    assert (number, message) == ("W020", f"Made.{written} is read by nothing.")
    assert hint == f"Did you mean {meant!r}? If it is your own, give it a name less alike."


def test_a_misspelt_hook_is_told_and_so_is_one_of_a_base_once() -> None:
    class Common(AsyncBinding):
        def get_querset(self) -> Any:
            return Note.objects.none()

    made(Common)
    made(Common, stream="checks.Other")
    assert [(number, message) for number, message, _ in told()] == [("W020", "Common.get_querset is read by nothing.")]


def test_what_is_a_project_s_own_is_let_pass() -> None:
    class Own(AsyncBinding):
        stream, model, fields, permission_classes = "checks.Own", Note, ("id",), (IsAuthenticated,)
        colours = ("red",)
        _permision_classes = ()

        def titles(self) -> Any:
            return []

        @bind("retrieves")
        async def retrieves(self, data: Any) -> Any:
            return {}

        @bind("searches")
        async def search_field(self, data: Any) -> Any:
            return {}

    assert told() == []


@pytest.mark.parametrize("name", declarations.LISTS)
def test_a_text_in_place_of_a_list_is_told_with_its_comma_and_not_with_each_of_its_letters(name: str) -> None:
    made(**{name: "title"})
    ((number, message, hint),) = told()
    assert (number, message) == ("E022", f"Made.{name} is 'title', and no list.")
    assert hint == f"A tuple of one has a comma: {name} = ('title',)"
    assert [message.id for message in checks.check_bindings()] == []


def test_a_class_in_place_of_a_list_of_classes_is_told() -> None:
    made(permission_classes=IsAuthenticated)
    assert told() == [
        (
            "E022",
            "Made.permission_classes is IsAuthenticated, and no list.",
            "A tuple of one has a comma: permission_classes = (IsAuthenticated,)",
        )
    ]


def test_all_fields_are_named_and_all_orders_are_the_default() -> None:
    made(fields="__all__", ordering_fields="__all__")
    hints = [hint for _, _, hint in told()]
    assert hints[0].startswith("Name them, so that a column added later is not shown to all: fields = ('id', 'title', ")
    assert hints[1] == "Leave it out: rows can be ordered by every column that is shown."


def test_a_class_that_nobody_can_reach_is_told_unless_others_derive_from_it() -> None:
    class Lost(AsyncBinding):
        queryset = Note.objects.all()

    class Common(AsyncBinding):
        page_size = 3

    made(Common)
    assert [(number, message) for number, message, _ in told()] == [
        ("W021", "Lost has neither 'model' nor 'stream': no client can reach it.")
    ]


def test_a_project_without_a_binding_is_told_where_they_are_looked_for() -> None:
    assert [number for number, _, _ in told()] == ["W022"]


def test_the_project_of_the_tests_is_well_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    here = [cls for cls in registry if cls.__module__.startswith("tests.project.")]
    assert here
    assert [found for cls in here for found in (*declarations.misspelt(cls), *declarations.texts(cls))] == []
