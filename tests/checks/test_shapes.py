"""An attribute that is read as something else than it is, is told before the first call."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from channels_binding.bindings import AsyncBinding
from channels_binding.bindings import base as bindings
from channels_binding.checks import bindings as checks
from channels_binding.checks.shapes import misshapen
from channels_binding.registry import Registry
from tests.project.zoo.models import Note


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bindings, "defined", [])
    monkeypatch.setattr(bindings, "unnamed", [])
    monkeypatch.setattr(checks, "registry", Registry())


def made(**members: Any) -> Any:
    return type("Made", (AsyncBinding,), {"stream": "checks.Made", "model": Note, "fields": ("id",), **members})


def told(**members: Any) -> list[tuple[str, str]]:
    return [(message.msg, str(message.hint)) for message in misshapen(made(**members))]


def test_a_binding_as_it_should_be_hears_nothing() -> None:
    assert told() == []
    fine = {"page_size": 20, "bulk": "atomic", "aggregates": {"rank": ("sum",)}, "queryset": Note.objects.all()}
    assert told(**fine, get_queryset=lambda self: Note.objects.all(), search_config="english") == []


@pytest.mark.parametrize(
    ("name", "value", "message", "hint"),
    [
        ("formsets", ("chapters",), "formsets is ('chapters',), and no mapping.", "inlineformset_factory"),
        ("aggregates", ("rank",), "aggregates is ('rank',), and no mapping.", 'aggregates = {"price"'),
        ("extra_kwargs", ["x"], "extra_kwargs is ['x'], and no mapping.", "extra_kwargs = {"),
        ("page_size", "20", "page_size is '20', and no whole number of at least 1.", "page_size = 20"),
        ("max_bulk", 0, "max_bulk is 0, and no whole number of at least 1.", "max_bulk = 20"),
        ("bulk", True, "bulk is True, and no way to write several rows.", '"independent"'),
        ("throttle_scope", 3, "throttle_scope is 3, and no text.", "throttle_scope"),
        ("queryset", Note.objects, "and no queryset.", "queryset = Note.objects.all()."),
        ("get_queryset", Note.objects.all(), "get_queryset is a QuerySet, and no method.", "queryset = …, or def get_queryset"),
        ("filter_queryset", {}, "filter_queryset is {}, and no method.", "def filter_queryset(self)"),
    ],
)  # fmt: skip
def test_what_is_of_another_kind_is_told_with_how_it_is_written(name: str, value: Any, message: str, hint: str) -> None:
    ((said, way_out),) = told(**{name: value})
    assert said.endswith(message)
    assert hint in way_out
    assert [each.id for each in checks.check_bindings()] == ["channels_binding.E036"], "and not what follows from it"


class Forgetful(AsyncBinding):
    """Defined here, so that its source can be read."""

    def get_queryset(self) -> Any:
        Note.objects.all()  # as it is forgotten

    async def get_create_values(self) -> Any:  # type: ignore[override]
        {"rank": 1}  # noqa: B018

    def get_audience(self) -> Any:
        return None

    def get_serializer_class(self) -> Any:
        raise NotImplementedError

    def perform_delete(self, instance: Any) -> None:
        instance.delete()


def test_a_hook_without_a_return_is_told_and_one_that_means_none_is_not() -> None:
    made = type("Made", (Forgetful,), {"stream": "checks.Made", "model": Note, "fields": ("id",)})
    assert [message.msg for message in misshapen(made)] == [
        "Made.get_create_values() returns nothing.",
        "Made.get_queryset() returns nothing.",
    ]


def test_a_queryset_is_told_of_and_not_asked() -> None:
    """Without a database, whose use would fail here."""
    assert told(get_queryset=Note.objects.all())


def test_a_model_is_a_class_and_no_label() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"Made.model is 'zoo.Note', which is a text: import the model"):
        made(model="zoo.Note")
