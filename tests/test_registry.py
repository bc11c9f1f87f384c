"""Stream name → binding class: discovery, overriding, conflicts."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured

from channels_binding.bindings import base
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


def test_two_threads_that_look_first_miss_no_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first requests of a server come at once; a stream that a race had left out would never be found again."""
    is_asked, may_go_on = threading.Event(), threading.Event()

    class SlowBinding(AsyncBinding):
        stream = "tests.Slow"

        @classmethod
        def get_stream(cls) -> str:
            is_asked.set()
            assert may_go_on.wait(10)
            return "tests.Slow"

    class NextBinding(AsyncBinding):
        stream = "tests.Next"

    monkeypatch.setattr(base, "defined", [SlowBinding, NextBinding])
    own = Registry()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(own.get, "tests.Next")
        assert is_asked.wait(10)
        second = pool.submit(own.get, "tests.Slow")
        assert not wait([second], 0.1).done, "it waits for what the other is about to take in"
        may_go_on.set()
        assert (first.result(10), second.result(10)) == (NextBinding, SlowBinding)


def test_a_stream_without_a_name_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nameless(AsyncBinding):
        @classmethod
        def get_stream(cls) -> str:
            raise ImproperlyConfigured("no name")

    class NextBinding(AsyncBinding):
        stream = "tests.Next"

    monkeypatch.setattr(base, "defined", [Nameless, NextBinding])
    own = Registry()
    with pytest.raises(ImproperlyConfigured):
        own.get("tests.Next")
    assert own.get("tests.Next") is NextBinding


def test_while_one_develops_a_stream_that_there_is_not_is_told_with_those_that_there_are(settings: Any) -> None:
    found = Registry()
    settings.DEBUG = True
    with pytest.raises(
        NotFound, match=r"no stream 'zoo.Notes'. Did you mean 'zoo.Note'\? Bindings are found in bindings.py"
    ):
        found.get("zoo.Notes")
    with pytest.raises(NotFound, match=r"There are: .*auth.User"):
        found.get("x")
    settings.DEBUG = False
    with pytest.raises(NotFound, match=r"There is no such stream\.$"):
        found.get("zoo.Notes")


def test_an_address_that_an_extra_serves_names_the_extra_where_it_is_not_installed(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEBUG = True
    with pytest.raises(NotFound, match="There are: "):
        Registry().get("schema")
    monkeypatch.setattr("channels_binding.registry.find_spec", lambda name: None)
    with pytest.raises(NotFound, match=r'pip install "channels-binding\[openapi\]"'):
        Registry().get("schema")


def test_a_message_that_names_no_action_is_told_so(settings: Any) -> None:
    """``zoo.Note`` is the stream ``zoo`` and the action ``Note``; the stream of another model was proposed."""
    settings.DEBUG = True
    with pytest.raises(
        NotFound, match=r"There is no stream 'zoo'\. A message names a stream and an action: 'zoo\.\w+\.search'\."
    ):
        registry.get("zoo")
