"""What a binding declares: its stream, and the actions that it offers."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from channels_binding.bindings import BaseBinding
from channels_binding.registry import registry
from tests.conftest import Connect
from tests.project.zoo.models import Note
from tests.test_bindings import MixedBinding


def test_the_stream_is_named_after_the_model_unless_it_has_a_name() -> None:
    assert registry.get("zoo.Note").get_stream() == "zoo.Note"
    assert registry.get("zoo.OwnNote").find_model() is Note
    with pytest.raises(ImproperlyConfigured, match="must define 'stream' or 'model'"):
        BaseBinding.get_stream()
    with pytest.raises(ImproperlyConfigured, match="must define 'model' or 'queryset'"):
        BaseBinding.get_model()


async def test_actions_that_are_not_offered_are_refused_on_both_ways_in(connect: Connect, user: Any) -> None:
    note = await Note.objects.acreate(title="x")
    socket = await connect(user)
    for action in ("delete", "list", "describe"):
        assert (await socket.call(f"{MixedBinding.stream}.{action}", {"id": note.pk}))["error"][
            "code"
        ] == "method_not_allowed"
    assert await Note.objects.acount() == 1
