"""One task writes for all sockets of a loop; what one of them has to wait for holds up no other."""

import asyncio
import contextvars
from typing import Any

import pytest

from channels_binding.live import writer
from channels_binding.live.writer import Writer, begin
from channels_binding.websocket.outbox import Outbox

NAME: contextvars.ContextVar[str] = contextvars.ContextVar("name", default="nobody's")


class Server:
    """One socket's server: takes what it is given at once, or holds it back."""

    def __init__(self, log: list[Any], name: str = "") -> None:
        self.log, self.name = log, name
        self.is_open = asyncio.Event()
        self.is_open.set()

    async def send(self, event: Any) -> None:
        await self.is_open.wait()
        self.log.append((self.name, event.get("text"), NAME.get()))


def outbox(server: Server) -> Outbox:
    made = Outbox(server.send, "seed", 1000, lambda: None)
    made.start()
    return made


async def test_a_thousand_sockets_are_written_to_by_one_task() -> None:
    log: list[Any] = []
    outboxes = [outbox(Server(log, str(number))) for number in range(1000)]
    before = asyncio.all_tasks()
    for each in outboxes:
        each.put(b"x")
    assert len(asyncio.all_tasks() - before) == 1
    await asyncio.gather(*(each.written() for each in outboxes))
    assert [name for name, *_ in log] == [str(number) for number in range(1000)]
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before, "nothing runs for them while there is nothing to write"


async def test_others_have_a_turn_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "AT_ONCE", 10)
    log: list[Any] = []
    for each in [outbox(Server(log)) for _ in range(25)]:
        each.put(b"x")
    seen = []
    while len(log) < 25:
        await asyncio.sleep(0)
        seen.append(len(log))
    assert seen == [10, 20, 25]


async def test_one_that_is_held_back_holds_up_no_other_and_goes_on_in_its_order() -> None:
    log: list[Any] = []
    slow, fast = Server(log, "slow"), Server(log, "fast")
    slow.is_open.clear()
    behind, ahead = outbox(slow), outbox(fast)
    for number in range(3):
        behind.put(b"%d" % number)
        ahead.put(b"%d" % number)
    await asyncio.wait_for(ahead.written(), 1)
    assert [text for _, text, _ in log] == ["0", "1", "2"]
    assert behind.queued == 3
    behind.put(b"3")
    slow.is_open.set()
    await asyncio.wait_for(behind.written(), 1)
    assert [text for name, text, _ in log if name == "slow"] == ["0", "1", "2", "3"]


async def test_each_sends_in_the_context_that_it_was_made_in() -> None:
    log: list[Any] = []
    made = []
    for name in ("ann's", "bob's"):
        context = contextvars.copy_context()
        context.run(NAME.set, name)
        made.append(context.run(outbox, Server(log)))
    NAME.set("the hub's")
    for each in made:
        each.put(b"x")
    await asyncio.gather(*(each.written() for each in made))
    assert [name for *_, name in log] == ["ann's", "bob's"]


async def test_a_writer_that_is_cancelled_leaves_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "AT_ONCE", 1)
    log: list[Any] = []
    outboxes = [outbox(Server(log)) for _ in range(3)]
    for each in outboxes:
        each.put(b"x")
    await asyncio.sleep(0)
    task = Writer.current()._task
    assert task is not None
    task.cancel()
    await asyncio.wait_for(asyncio.gather(*(each.written() for each in outboxes)), 1)
    assert len(log) == 3


async def test_the_time_limit_of_a_send_ends_it_and_nobody_else() -> None:
    log: list[Any] = []

    async def send(event: Any) -> None:
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()

    limited, other = Outbox(send, "seed", 1000, lambda: None), outbox(Server(log, "other"))
    limited.start()
    limited.put(b"x")
    for _ in range(10):
        other.put(b"x")
        await asyncio.sleep(0.005)
    await asyncio.wait_for(limited.over(), 1)
    await asyncio.wait_for(other.written(), 1)
    assert len(log) == 10


async def test_a_send_that_waits_goes_on_in_the_task_and_the_context_in_which_it_began() -> None:
    seen: list[Any] = []

    async def fails() -> None:
        raise ValueError

    async def send(event: Any) -> None:
        token, task = NAME.set("set"), asyncio.current_task()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(fails())
                await asyncio.Event().wait()
        except* ValueError:
            NAME.reset(token)
            seen.append((event["text"], NAME.get(), asyncio.current_task() is task))

    NAME.set("ann's")
    made = Outbox(send, "seed", 1000, lambda: None)
    made.start()
    made.put(b"1")
    made.put(b"2")
    await asyncio.wait_for(made.written(), 1)
    assert seen == [("1", "ann's", True), ("2", "ann's", True)]


@pytest.mark.parametrize("is_waited_for", [False, True])
async def test_a_socket_whose_send_is_cancelled_is_lost_and_no_other(is_waited_for: bool) -> None:
    async def send(event: Any) -> None:
        if is_waited_for:
            await asyncio.sleep(0)
        raise asyncio.CancelledError

    log: list[Any] = []
    cancelled, other = Outbox(send, "seed", 1000, lambda: None), outbox(Server(log, "other"))
    cancelled.start()
    cancelled.put(b"x")
    other.put(b"x")
    await asyncio.wait_for(cancelled.over(), 1)
    await asyncio.wait_for(other.written(), 1)
    assert [name for name, *_ in log] == ["other"]


async def begun(awaitable: Any) -> Any:
    rest = begin(awaitable, contextvars.copy_context())
    assert rest is not None
    return await rest


async def test_what_was_begun_outside_of_a_task_ends_as_it_would_have_in_one() -> None:
    async def fails(after: float) -> None:
        await asyncio.sleep(after)
        raise OSError("gone")

    async def survives(future: Any) -> None:
        try:
            await future
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            ended.append("in order")
            raise

    assert begin(_nothing(), contextvars.copy_context()) is None
    with pytest.raises(OSError, match="gone"):
        await begun(fails(0))
    with pytest.raises(OSError, match="gone"):
        await begun(fails(0.001))
    ended: list[str] = []
    waiting = asyncio.ensure_future(begun(survives(asyncio.get_running_loop().create_future())))
    await asyncio.sleep(0.001)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ended == ["in order"]


async def _nothing() -> None:
    """Waits for nothing."""


async def test_it_can_be_waited_until_those_in_line_were_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "AT_ONCE", 10)
    log: list[Any] = []
    held_back = Server(log, "held back")
    held_back.is_open.clear()
    for server in [held_back, *(Server(log) for _ in range(25))]:
        outbox(server).put(b"x")
    written = asyncio.ensure_future(Writer.current().written())
    await asyncio.sleep(0)
    assert not written.done()
    await written
    assert [name for name, *_ in log] == [""] * 25, "who reads nothing is not waited for"
    await Writer.current().written()
    await asyncio.wait_for(Writer.current().written(), 1)  # nothing is in the line
    held_back.is_open.set()


async def test_who_no_longer_waits_for_that_does_no_harm() -> None:
    log: list[Any] = []
    first, second = outbox(Server(log, "first")), outbox(Server(log, "second"))
    first.put(b"x")
    waiting = asyncio.ensure_future(Writer.current().written())
    await asyncio.sleep(0)
    waiting.cancel()
    second.put(b"x")
    await asyncio.gather(first.written(), second.written())
    assert [name for name, *_ in log] == ["first", "second"]
