"""Callers take turns at the threads."""

import asyncio
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from channels_binding import fair_queue, threads
from channels_binding.fair_queue import FairQueue, Job
from tests.conftest import Connect


class Pool:
    """Threads that work when the test says so."""

    def __init__(self) -> None:
        self.begun: list[Job] = []

    def finish(self) -> None:
        self.begun.pop(0)()


@pytest.fixture
def done() -> list[str]:
    return []


def add(queue: FairQueue, done: list[str], caller: str | None, *names: str) -> None:
    for name in names:
        queue.add(caller, partial(done.append, name))


def test_callers_take_turns_however_much_one_of_them_asks_for(done: list[str]) -> None:
    pool = Pool()
    queue = FairQueue(pool.begun.append, threads=1, per_caller=1)
    add(queue, done, "a", "a1", "a2", "a3", "a4")
    add(queue, done, "b", "b1", "b2")
    add(queue, done, None, "ours")
    while pool.begun:
        assert len(pool.begun) == 1
        pool.finish()
    assert done == ["a1", "a2", "b1", "ours", "a3", "b2", "a4"]


def test_one_caller_has_never_all_threads_and_the_package_may(done: list[str]) -> None:
    pool = Pool()
    queue = FairQueue(pool.begun.append, threads=4, per_caller=3)
    add(queue, done, "a", *"12345678")
    assert len(pool.begun) == 3
    add(queue, done, "b", "b1")
    assert len(pool.begun) == 4
    while pool.begun:
        pool.finish()
    assert sorted(done) == [*"12345678", "b1"]
    add(queue, done, None, *"wxyz")
    assert len(pool.begun) == 4


def test_a_job_that_fails_gives_its_thread_back(done: list[str]) -> None:
    pool = Pool()
    queue = FairQueue(pool.begun.append, threads=1, per_caller=1)
    queue.add("a", lambda: 1 / 0)
    add(queue, done, "a", "next")
    with pytest.raises(ZeroDivisionError):
        pool.finish()
    pool.finish()
    assert done == ["next"]


def test_what_waits_at_the_end_is_handed_over_whole(done: list[str]) -> None:
    pool = Pool()
    queue = FairQueue(pool.begun.append, threads=1, per_caller=1)
    add(queue, done, "a", *"1234")
    queue.end()
    assert len(pool.begun) == 4
    while pool.begun:
        pool.finish()
    assert done == [*"1234"]


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    opened = threading.Event()
    yield opened
    opened.set()


async def test_work_of_one_caller_leaves_a_thread_to_another(
    settings: Any, hub_ended: None, gate: threading.Event
) -> None:
    settings.CHANNELS_BINDING = {"THREADS": 3, "THREADS_PER_USER": 2}
    threads.shut_down()
    with fair_queue.working_for("greedy"):
        greedy = [asyncio.ensure_future(threads.run(gate.wait, 10)) for _ in range(20)]
    await asyncio.sleep(0)
    with fair_queue.working_for("another"):
        assert await asyncio.wait_for(threads.run(lambda: 7), 5) == 7
    assert not any(each.done() for each in greedy)
    gate.set()
    assert await asyncio.gather(*greedy) == [True] * 20


async def test_all_sockets_of_a_user_are_one_caller(
    connect: Connect, user: Any, stranger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    callers: list[Any] = []
    add = FairQueue.add

    def noting(queue: FairQueue, caller: Any, job: Job) -> None:
        callers.append(caller)
        add(queue, caller, job)

    sockets = [await connect(who) for who in (user, user, stranger)]
    monkeypatch.setattr(FairQueue, "add", noting)
    for socket in sockets:
        await socket.call("zoo.Note.slow", {"seconds": 0})
        await socket.call("zoo.Note.search", {})
        await socket.call("cb.batch", {"ops": [{"event": "zoo.Note.slow", "data": {"seconds": 0}}]})
    kind = type(user).__name__
    assert {each for each in callers if each is not None} == {("user", kind, str(who.pk)) for who in (user, stranger)}
    assert sum(each is not None for each in callers) >= 9
