"""How a list is explained; ``tests/management/commands/test_bindings.py`` asks the command for more of it."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from channels_binding.calls.call import Call
from channels_binding.exceptions import BindingError
from channels_binding.live.queries.explain import describe, explain
from channels_binding.registry import registry


def test_a_list_is_explained_for_whoever_asks(user: Any, stranger: Any) -> None:
    cls = registry.get("zoo.OwnNote")
    for each in (user, stranger):
        told = explain(cls, Call("zoo.OwnNote", "search", {}, each))
        assert told["a row"].endswith(f"by value (owner_id in ['{each.pk}'])")
        assert told["shared by"].startswith("each caller reads alone")


def test_who_may_not_read_is_told_nothing(db: None) -> None:
    with pytest.raises(BindingError):
        explain(registry.get("zoo.Note"), Call("zoo.Note", "search", {}, AnonymousUser()))


def test_a_class_is_described_without_a_caller() -> None:
    assert describe(registry.get("custom_stream"))["actions"]
    assert describe(registry.get("zoo.Note"))["live reads"] == "all who are let in"
