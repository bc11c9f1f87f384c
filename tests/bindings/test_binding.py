"""Bindings for plain functions and for coroutines answer alike."""

from typing import Any

from tests.bindings.test_base import MixedBinding
from tests.conftest import Connect
from tests.project.zoo.models import Note


async def test_a_built_in_action_can_be_overridden_by_a_coroutine_that_awaits_it(connect: Connect, user: Any) -> None:
    note = await Note.objects.acreate(title="x", rank=1)
    socket = await connect(user)
    assert (await socket.call(f"{MixedBinding.stream}.update", {"id": note.pk, "title": "loud"}))["data"] == {
        "success": True,
        "id": note.pk,
        "shouted": True,
    }
    assert (await socket.call("zoo.Mixed.rows"))["data"] == {"titles": ["LOUD"]}
    assert (await socket.call("zoo.Mixed.save", {"id": note.pk, "title": "again"}))["data"]["shouted"] is True
