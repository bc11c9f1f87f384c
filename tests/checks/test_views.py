"""What a view has and a binding is not asked for is refused, with what to write in its place."""

from typing import Any

import pytest
from rest_framework.decorators import action

from channels_binding.bindings import AsyncBinding, Binding
from channels_binding.checks import bindings as checks
from channels_binding.checks.views import NOT_READ, unread
from channels_binding.registry import registry
from tests.project.zoo.models import Note
from tests.throwaway import throwaway


def messages(cls: Any) -> list[tuple[str, str]]:
    return [(str(each.id), each.msg) for each in unread(cls)]


@pytest.mark.parametrize("name", [*NOT_READ])
def test_what_only_views_have_is_refused_by_name(name: str) -> None:
    with throwaway():
        cls: Any = type("Viewed", (AsyncBinding,), {"stream": "checks.viewed", "model": Note, name: "other"})
        (message,) = unread(cls)
        assert message.id == "channels_binding.E020"
        assert f"Viewed.{name}" in message.msg
        assert message.hint == NOT_READ[name]
        assert message in [*checks._binding(cls)]


def test_what_a_mixin_of_the_project_brings_is_refused_too() -> None:
    class Mixin:
        lookup_field = "slug"

        @action(detail=True)
        def close(self, request: Any, pk: Any) -> Any:
            """A route of a viewset."""

    with throwaway():

        class Viewed(Mixin, Binding):
            stream = "checks.mixed"
            model = Note

        assert [name.split()[0] for _, name in messages(Viewed)] == ["Viewed.lookup_field", "Viewed.close"]


def test_a_lookup_by_the_key_and_bindings_as_they_are_meant_are_fine() -> None:
    with throwaway():

        class Plain(Binding):
            stream = "checks.plain"
            model = Note
            lookup_field = "pk"

        assert [message for cls in registry for message in messages(cls)] == []
