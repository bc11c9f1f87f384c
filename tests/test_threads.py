"""The package's own threads: bounded, reused, with the caller's context; and the one place that runs a hook."""

import asyncio
import contextvars
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import override_settings
from django.urls import get_script_prefix, get_urlconf, set_script_prefix, set_urlconf
from django.utils import timezone, translation
from django.utils.translation import get_language

from channels_binding import threads
from tests.project.zoo.models import Label

PLACE: contextvars.ContextVar[str] = contextvars.ContextVar("place", default="nowhere")


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    threads.shut_down()
    yield
    threads.shut_down()


async def test_work_runs_on_a_thread_of_the_package_and_not_on_the_loop_s() -> None:
    name = await threads.run(lambda: threading.current_thread().name)
    assert name.startswith("channels-binding")


@override_settings(CHANNELS_BINDING={"THREADS": 3})
async def test_no_more_work_runs_at_once_than_there_are_threads() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.02)
        with lock:
            running -= 1

    await asyncio.gather(*(threads.run(work) for _ in range(12)))
    assert most == 3


async def test_arguments_results_and_exceptions_pass() -> None:
    assert await threads.run(lambda a, b: a + b, 1, b=2) == 3
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 / 0)


@pytest.mark.parametrize("error", [StopIteration, SystemExit, asyncio.CancelledError, GeneratorExit])
async def test_what_no_task_can_be_given_reaches_who_waits_as_an_error(error: type[BaseException]) -> None:
    def work() -> None:
        raise error("why")

    with pytest.raises(RuntimeError, match=f"{error.__name__} was raised: why") as raised:
        await asyncio.wait_for(threads.run(work), 2)
    assert isinstance(raised.value.__cause__, error)


async def test_work_sees_the_context_of_its_caller_and_keeps_its_own_changes() -> None:
    PLACE.set("here")
    assert await threads.run(PLACE.get) == "here"
    await threads.run(PLACE.set, "there")
    assert PLACE.get() == "here"


async def test_a_cancelled_caller_does_not_stop_the_work() -> None:
    begun, released, done = (threading.Event() for _ in range(3))

    def work() -> None:
        begun.set()
        released.wait(5)
        done.set()

    task = asyncio.create_task(threads.run(work))
    assert await asyncio.to_thread(begun.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    released.set()
    assert await threads.run(done.wait, 5)


async def test_after_shutting_down_the_next_use_makes_a_new_pool() -> None:
    first = threads.pool()
    await threads.run(int)
    threads.shut_down()
    threads.shut_down()
    assert await threads.run(int) == 0
    assert threads.pool() is not first


@override_settings(CHANNELS_BINDING={"THREADS": 4})
async def test_shutting_down_closes_the_connections_of_threads_that_are_busy_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed: set[int] = set()
    monkeypatch.setattr(connections, "close_all", lambda: closed.add(threading.get_ident()))
    begun, may_end = threading.Event(), threading.Event()

    def work() -> int:
        begun.set()
        may_end.wait(5)
        return threading.get_ident()

    working = asyncio.ensure_future(threads.run(work))
    while not begun.is_set():
        await asyncio.sleep(0.005)
    threading.Timer(0.1, may_end.set).start()
    await asyncio.to_thread(threads.shut_down)
    assert await working in closed


async def test_a_coroutine_handler_runs_on_the_loop() -> None:
    async def handler(number: int) -> tuple[int, int]:
        return number, threading.get_ident()

    assert await threads.run_coroutine(handler, 7) == (7, threading.get_ident())


async def test_a_hook_may_be_plain_or_a_coroutine() -> None:
    async def hook() -> int:
        return 7

    assert await threads.run(lambda: threads.settle(hook())) == 7
    assert await threads.run(lambda: threads.settle(7)) == 7


@pytest.mark.django_db(transaction=True)
async def test_a_coroutine_hook_sees_the_transaction_of_its_thread() -> None:
    async def hook() -> int:
        return await Label.objects.acount()

    def work() -> int:
        try:
            with transaction.atomic():
                Label.objects.create(name="not committed")
                found: int = threads.settle(hook())
                transaction.set_rollback(True)
                return found
        finally:
            connection.close()

    assert await threads.run(work) == 1


class Hooks:
    @threads.either
    async def inner(self, more: int = 0) -> int:
        """One."""
        return 1 + more

    @threads.either
    async def outer(self) -> int:
        return int(await self.inner(more=1))


async def test_a_task_that_a_coroutine_begins_lives_on_where_a_loop_serves() -> None:
    may_end, loop, begun = asyncio.Event(), asyncio.get_running_loop(), list[asyncio.Task[bool]]()

    async def handler() -> str:
        begun.append(asyncio.create_task(may_end.wait()))
        return "begun"

    assert await threads.run(lambda: threads.settle(handler())) == "begun"
    assert begun[0].get_loop() is loop
    assert not begun[0].done()
    may_end.set()
    assert await begun[0]


def test_a_task_that_would_end_with_its_call_is_refused_where_no_loop_serves() -> None:
    async def handler() -> str:
        asyncio.get_running_loop().create_task(asyncio.sleep(60))
        return "begun"

    with pytest.raises(RuntimeError, match="hand it to a task queue"):
        threads.settle(handler())


def test_a_task_that_is_awaited_is_nobody_s_business() -> None:
    async def handler() -> str:
        return await asyncio.create_task(asyncio.sleep(0, "done"))

    assert threads.settle(handler()) == "done"


async def test_a_coroutine_hook_is_plain_in_a_thread_and_a_coroutine_on_a_loop() -> None:
    hooks = Hooks()
    assert await hooks.outer() == 2
    assert await threads.run(hooks.outer) == 2
    assert await threads.run(lambda: hooks.inner(5) + 1) == 7
    assert hooks.inner.__doc__ == "One."


def test_writers_of_sqlite_take_turns_before_they_ask_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    inside: list[int] = []
    most: list[int] = []

    @contextmanager
    def atomic(using: str) -> Iterator[None]:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.02)
        yield
        inside.pop()

    monkeypatch.setattr("channels_binding.threads.transaction.atomic", atomic)

    def write() -> None:
        with threads.one_transaction("default"), threads.one_transaction("default"):  # one in another waits for nobody
            pass

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(most) == 8
    assert (max(most) == 2) is (connection.vendor == "sqlite")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("age", "is_kept"), [(0, False), (None, True)])
async def test_a_connection_is_kept_or_given_back_after_each_call_as_the_settings_say(
    age: int | None, is_kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", age)

    def work() -> BaseDatabaseWrapper:
        Label.objects.exists()
        return connections["default"]

    used = await threads.run(work)
    assert (used.connection is not None) is is_kept


async def test_what_django_keeps_for_a_task_holds_on_its_threads_and_no_longer() -> None:
    def found() -> tuple[Any, ...]:
        return get_language(), timezone.get_current_timezone_name(), get_urlconf(), get_script_prefix()

    before = await threads.run(found)
    with translation.override("de"), timezone.override("Asia/Tokyo"):
        set_urlconf("tests.project.urls")
        set_script_prefix("/site/")
        assert await threads.run(found) == ("de", "Asia/Tokyo", "tests.project.urls", "/site/")
        set_urlconf(None)
        set_script_prefix("/")
    assert {await threads.run(found) for _ in range(20)} == {before}


async def test_a_hook_of_either_kind_is_called_from_the_loop() -> None:
    loop_thread = threading.get_ident()

    async def coroutine(number: int) -> tuple[int, bool]:
        return number, threading.get_ident() == loop_thread

    def plain(number: int) -> tuple[int, bool]:
        return number, threading.get_ident() == loop_thread

    async def returned(number: int) -> int:
        return number

    assert await threads.call_hook(coroutine, 7) == (7, True)
    assert await threads.call_hook(plain, 7) == (7, False)
    assert await threads.call_hook(lambda: returned(7)) == 7, "a function that returns a coroutine"


async def test_while_a_test_lends_its_thread_everything_runs_there() -> None:
    async def handler() -> int:
        return 7

    threads.borrow()
    try:
        name = await threads.run(lambda: threading.current_thread().name)
        assert not name.startswith("channels-binding")
        assert await threads.run_coroutine(handler) == 7
    finally:
        threads.borrow(-1)
    assert (await threads.run(lambda: threading.current_thread().name)).startswith("channels-binding")


def test_a_request_is_one_transaction_where_the_settings_say_so_and_its_handler_does_not_object(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def handler() -> None: ...

    assert threads.atomic_requests(handler) == []
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    assert threads.atomic_requests(handler) == ["default"]
    assert threads.atomic_requests(transaction.non_atomic_requests(handler)) == []


@pytest.mark.django_db(transaction=True, databases=["default", "archive"])
def test_a_transaction_on_several_databases_is_undone_on_each() -> None:
    with pytest.raises(ZeroDivisionError), threads.all_atomic(["default", "archive"]):
        assert connection.in_atomic_block
        assert connections["archive"].in_atomic_block
        Label.objects.create(name="undone")
        raise ZeroDivisionError
    assert not Label.objects.exists()
