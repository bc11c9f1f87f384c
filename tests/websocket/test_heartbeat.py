"""The pulse: one timer for all, that runs while anybody wants it, and is nobody's trouble but their own."""

import asyncio

import pytest

from channels_binding.websocket import heartbeat
from channels_binding.websocket.heartbeat import Heartbeat


class Counting:
    def __init__(self, name: str = "", then: "Counting | None" = None) -> None:
        self.beats = 0
        self.then = then

    def beat(self) -> None:
        self.beats += 1
        if self.then is not None:
            of_this_loop().remove(self.then)


class Failing(Counting):
    def beat(self) -> None:
        super().beat()
        raise ValueError("mine")


def of_this_loop() -> Heartbeat:
    return Heartbeat.current(lambda: 0.01)


async def beaten(*all_of_them: Counting, times: int = 2) -> None:
    async with asyncio.timeout(5):
        while any(each.beats < times for each in all_of_them):
            await asyncio.sleep(0.005)


async def test_everybody_is_called_again_and_again_by_one_task() -> None:
    several = [Counting() for _ in range(5)]
    before = len(asyncio.all_tasks())
    for each in several:
        of_this_loop().add(each)
    assert len(asyncio.all_tasks()) == before + 1
    await beaten(*several)
    for each in several:
        of_this_loop().remove(each)


async def test_it_stops_when_nobody_wants_it_and_begins_anew() -> None:
    one, before = Counting(), len(asyncio.all_tasks())
    for _ in range(2):
        of_this_loop().add(one)
        await beaten(one)
        of_this_loop().remove(one)
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == before
        one.beats = 0
    of_this_loop().remove(Counting())


async def test_who_fails_is_alone_with_it(caplog: pytest.LogCaptureFixture) -> None:
    failing, other = Failing(), Counting()
    of_this_loop().add(failing)
    of_this_loop().add(other)
    await beaten(failing, other)
    of_this_loop().remove(failing)
    of_this_loop().remove(other)
    assert "could not be looked after" in caplog.text


async def test_who_has_left_in_the_middle_of_a_beat_is_not_called() -> None:
    second = Counting()
    first = Counting(then=second)
    of_this_loop().add(first)
    of_this_loop().add(second)
    await beaten(first)
    of_this_loop().remove(first)
    assert second.beats == 0


async def test_others_have_a_turn_in_the_middle_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "AT_ONCE", 2)
    several = [Counting() for _ in range(6)]
    for each in several:
        of_this_loop().add(each)
    seen = set()
    async with asyncio.timeout(5):
        while several[-1].beats < 1:
            seen.add(sum(each.beats for each in several))
            await asyncio.sleep(0)
    for each in several:
        of_this_loop().remove(each)
    assert seen & {1, 3, 5}


def test_each_loop_has_its_own() -> None:
    async def found() -> Heartbeat:
        return of_this_loop()

    assert asyncio.run(found()) is not asyncio.run(found())
