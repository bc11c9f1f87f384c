"""What the live reads of a socket keep in memory is weighed, refused and given up."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async

from channels_binding.exceptions import LimitExceeded
from channels_binding.live.hub import Hub
from channels_binding.security.authentication import Identity
from tests.conftest import Connect
from tests.project.zoo.models import Note
from tests.websocket.test_socket import opened


async def test_a_live_read_that_has_grown_too_large_ends_with_an_error(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"MAX_HELD_BYTES": 10_000, "COALESCE_SECONDS": 0.0}
    socket = await connect(user)
    await socket.call("zoo.Note.search#h", {"limit": 100})
    (subscriber,) = Hub.current().subscribers
    subscriber.held.check()  # type: ignore[attr-defined]
    await sync_to_async(Note.objects.bulk_create)([Note(title="x" * 80, rank=rank) for rank in range(90)])
    while "error" not in (message := await socket.receive()):
        pass
    assert (message["event"], message["error"]["code"]) == ("zoo.Note.search#h", "limit_exceeded")
    assert subscriber.subscriptions == []


async def test_whoever_keeps_more_than_may_be_kept_is_told(user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"MAX_HELD_BYTES": 10}
    socket, _ = await opened(Identity(user))
    socket.held.stream_keys["zoo.Note"] = 1000
    with pytest.raises(LimitExceeded) as refused:
        socket.held.check()
    assert refused.value.facts == {"limit": 10}
    await socket.close()
