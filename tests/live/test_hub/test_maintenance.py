"""What a hub does each second, whatever else fails."""

import asyncio
import logging
from typing import Any

import pytest

from channels_binding.live.hub import Hub
from tests.conftest import Connect


async def test_what_fails_is_tried_again_and_keeps_nothing_else_from_being_done(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Sessions that have ended are found by this, and changes that were missed."""
    await connect(user)
    hub = Hub.current()
    calls: list[str] = []

    def fail(now: float) -> None:
        calls.append("store")
        raise RuntimeError("dictionary changed size during iteration")

    monkeypatch.setattr(hub.store, "maintain", fail)
    monkeypatch.setattr(hub.identity, "maintain", lambda now: calls.append("identity"))
    with caplog.at_level(logging.ERROR, "channels_binding"):
        async with asyncio.timeout(10):
            while calls.count("identity") < 2:
                await asyncio.sleep(0.05)
    assert calls[:4] == ["store", "identity"] * 2
    assert "tried again" in caplog.text
    caplog.clear()
