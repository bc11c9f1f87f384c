"""What a handler sends by itself leaves in order, and what need not be told to the event loop is not."""

from typing import Any

import pytest

from channels_binding.websocket.handler_messages import SocketMessages
from tests.conftest import Connect


async def test_who_is_admitted_to_a_stream_already_is_not_enlisted_again(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    enlisted: list[str] = []
    admitted = SocketMessages._admitted

    def noted(self: Any, stream: str, action: str) -> None:
        enlisted.append(action)
        admitted(self, stream, action)

    monkeypatch.setattr(SocketMessages, "_admitted", noted)
    socket = await connect(user)
    for action in ("describe", "describe", "form", "describe"):
        await socket.call(f"zoo.Note.{action}")
    assert enlisted == ["describe", "form", "describe"]
