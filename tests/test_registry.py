"""Stream name → binding class: discovery, overriding, conflicts."""

import pytest
from django.contrib.auth import get_user_model

from channels_binding.consumers import AsyncBinding, Binding
from channels_binding.exceptions import NotFound
from channels_binding.registry import Registry, registry
from tests.project.zoo.models import Guard, LoudNote, Note


def test_bindings_of_every_app_are_found_in_modules_and_packages() -> None:
    streams = {cls.get_stream() for cls in registry}
    assert {"zoo.Note", "zoo.Label", "auth.User", "custom_stream"} <= streams


def test_a_stream_has_the_name_of_its_model_unless_it_says_otherwise() -> None:
    assert registry.get("zoo.Note").model is Note
    assert registry.get("zoo.OwnNote").model is Note


@pytest.mark.parametrize(
    "stream", ["", "zoo", "zoo.note", "Note", "zoo.Note.search", "zoo.Guard", "__class__", "zoo.Note "]
)
def test_a_stream_that_nobody_serves_is_not_found(stream: str) -> None:
    with pytest.raises(NotFound):
        registry.get(stream)


def test_classes_that_are_defined_later_are_taken_in() -> None:
    class GuardBinding(AsyncBinding):
        model = Guard

    assert registry.get("zoo.Guard") is GuardBinding
    assert GuardBinding in list(registry)


def test_the_more_derived_class_serves_a_stream_in_whatever_order_they_come() -> None:
    class First(AsyncBinding):
        stream = "test.stream"

    class Second(First):
        pass

    class Third(Second):
        stream = "test.stream"

    assert registry.get("test.stream") is Third
    assert registry.conflicts == []


def test_two_classes_that_are_no_kin_conflict_and_the_first_serves() -> None:
    class First(AsyncBinding):
        stream = "test.stream"

    class Second(Binding):
        stream = "test.stream"

    assert registry.get("test.stream") is First
    assert registry.conflicts == [(First, Second)]


def test_a_base_without_stream_and_model_is_no_binding() -> None:
    class Abstract(AsyncBinding):
        page_size = 5

    assert Abstract not in list(registry)


def test_a_model_is_served_by_the_stream_of_its_own_name_else_by_any() -> None:
    assert registry.for_model(Note) is registry.get("zoo.Note")
    assert registry.stream_of(get_user_model()) == "auth.User"
    assert registry.for_model(Guard) is None
    assert registry.stream_of(Guard) is None
    assert registry.for_model(LoudNote) is None

    class Another(AsyncBinding):
        stream = "test.guards"
        model = Guard

    assert registry.for_model(Guard) is Another


def test_a_registry_of_one_s_own_finds_the_same_classes() -> None:
    assert Registry().get("zoo.Note") is registry.get("zoo.Note")


def test_discovering_twice_changes_nothing() -> None:
    before = list(registry)
    registry.autodiscover()
    assert list(registry) == before
