"""The end of a token: by the wall clock, once."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from channels_binding.live.expiry import Expiry


async def test_it_expires_at_the_moment_that_was_set_last() -> None:
    is_over = asyncio.Event()
    expiry = Expiry(asyncio.get_running_loop(), is_over.set)
    expiry.set(time.time() + 3600)
    expiry.set(time.time() - 1)
    await asyncio.wait_for(is_over.wait(), 5)


async def test_what_was_cancelled_does_not_expire() -> None:
    expired: list[int] = []
    expiry = Expiry(asyncio.get_running_loop(), lambda: expired.append(1))
    expiry.set(time.time() - 1)
    expiry.cancel()
    expiry.cancel()
    expiry.set(None)
    for _ in range(5):
        await asyncio.sleep(0)
    assert expired == []


async def test_a_wall_clock_that_was_set_back_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    is_over, asked = asyncio.Event(), iter([100.0, 99.99, 99.99])
    clock = SimpleNamespace(time=lambda: next(asked, 101.0))
    monkeypatch.setattr("channels_binding.live.expiry.time", clock)
    Expiry(asyncio.get_running_loop(), is_over.set).set(100.0)
    await asyncio.wait_for(is_over.wait(), 5)
    assert next(asked, None) is None
