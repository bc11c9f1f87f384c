"""What leaves a socket: in order, bounded, acknowledged."""

import asyncio
from typing import Any

import pytest

from channels_binding.protocol import codecs
from channels_binding.protocol.names import CloseCode
from channels_binding.websocket import outbox
from channels_binding.websocket.outbox import Flow, Outbox


def test_flow_counts_what_each_pong_acknowledges() -> None:
    flow = Flow()
    flow.unacknowledged = 80
    first = flow.ping(1.0)
    flow.unacknowledged += 60
    assert flow.since_ping == 60
    second = flow.ping(2.0)
    flow.pong(99, 2.5)
    assert (flow.unacknowledged, flow.waiting_since) == (140, 1.0)
    flow.pong(first, 3.0)
    assert (flow.unacknowledged, flow.waiting_since) == (60, 3.0), "the other one is awaited still"
    flow.pong(second, 4.0)
    assert (flow.unacknowledged, flow.waiting_since, flow.since_ping) == (0, None, 0)
    flow.pong(second, 5.0)
    assert flow.unacknowledged == 0, "nothing is acknowledged twice"


class Server:
    """Takes what it is given, or lets it wait, as uvicorn does while the client does not read."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.is_open = asyncio.Event()
        self.is_open.set()

    async def send(self, event: Any) -> None:
        await self.is_open.wait()
        self.sent.append(event)

    def texts(self) -> list[str]:
        return [event["text"] for event in self.sent if event["type"] == "websocket.send"]

    def pings(self) -> list[int]:
        return [codecs.parse(text.encode())["data"]["n"] for text in self.texts() if "cb.ping" in text]


class Made:
    def __init__(self, dialect: Any, bound: int = 1000) -> None:
        self.server = Server()
        self.moves = 0
        self.outbox = Outbox(self.server.send, dialect, bound, self._moved)
        self.outbox.start()

    def _moved(self) -> None:
        self.moves += 1


async def test_messages_leave_in_order_and_then_it_is_written() -> None:
    made = Made("seed")
    for number in range(50):
        made.outbox.put(b"%d" % number)
    assert not made.outbox.is_written
    await made.outbox.written()
    assert made.server.texts() == [str(number) for number in range(50)]
    assert (made.outbox.queued, made.outbox.is_full) == (0, False)
    await made.outbox.end()


async def test_a_client_that_acknowledges_is_asked_to_after_every_quarter_of_the_bound() -> None:
    made = Made("cb.1")
    for _ in range(4):
        made.outbox.put(b"x" * 260)
        await made.outbox.written()
    assert made.server.pings() == [1, 2, 3, 4]
    assert made.outbox.is_full
    waiting = asyncio.create_task(made.outbox.room())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    before = made.moves
    made.outbox.pong(1)
    await asyncio.wait_for(waiting, 1)
    assert made.moves == before + 1
    for wrong in (None, "2", 7, True):
        made.outbox.pong(wrong)
    assert made.outbox.flow.awaited.keys() == {2, 3, 4}
    await made.outbox.end()


async def test_a_client_that_does_not_acknowledge_is_behind_by_what_the_server_holds_back() -> None:
    made = Made("seed")
    made.server.is_open.clear()
    made.outbox.put(b"x" * 1001)
    assert made.outbox.is_full
    await asyncio.sleep(0.01)
    assert made.outbox.stalled_seconds() > 0
    made.server.is_open.set()
    await asyncio.wait_for(made.outbox.room(), 1)
    assert made.outbox.stalled_seconds() == 0
    assert made.server.pings() == []
    await made.outbox.end()


async def test_who_acknowledges_a_part_and_then_nothing_stalls_from_then_on() -> None:
    made = Made("cb.1")
    for _ in range(2):
        made.outbox.put(b"x" * 260)
        await made.outbox.written()
    assert made.outbox.stalled_seconds() >= 0
    made.outbox.pong(1)
    await asyncio.sleep(0.02)
    assert made.outbox.stalled_seconds() >= 0.02
    made.outbox.pong(2)
    assert made.outbox.stalled_seconds() == 0
    await made.outbox.end()


async def test_closing_drops_what_waits_and_says_the_code() -> None:
    made = Made("seed")
    made.outbox.put(b"1")
    made.outbox.close(4503, "shutdown")
    made.outbox.close(4500, "too late")
    made.outbox.put(b"2")
    await asyncio.wait_for(made.outbox.over(), 1)
    assert made.server.sent == [{"type": "websocket.close", "code": 4503, "reason": "shutdown"}]


async def test_a_close_code_leaves_as_a_plain_number_because_daphne_takes_no_other() -> None:
    made = Made("seed")
    made.outbox.close(CloseCode.GOING_AWAY, "shutdown")
    await asyncio.wait_for(made.outbox.over(), 1)
    assert type(made.server.sent[-1]["code"]) is int


async def test_a_closing_frame_that_cannot_leave_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "CLOSE_SECONDS", 0.05)
    made = Made("seed")
    made.server.is_open.clear()
    made.outbox.put(b"1")
    await asyncio.sleep(0.01)
    made.outbox.close(4508, "slow")
    await asyncio.wait_for(made.outbox.over(), 1)
    assert made.server.sent == []


async def test_closing_wakes_those_who_wait_for_room() -> None:
    made = Made("seed")
    made.server.is_open.clear()
    made.outbox.put(b"x" * 2000)
    waiting = asyncio.create_task(made.outbox.room())
    await asyncio.sleep(0.01)
    made.outbox.close(4508, "slow")
    await asyncio.wait_for(waiting, 1)
    await made.outbox.end()


async def test_a_peer_that_is_gone_ends_the_writer_in_silence() -> None:
    made = Made("seed")

    async def broken(event: Any) -> None:
        raise OSError("gone")

    made.outbox._send = broken
    made.outbox.put(b"1")
    await asyncio.wait_for(made.outbox.over(), 1)


async def test_a_send_that_somebody_cancels_is_the_last() -> None:
    made = Made("seed")
    made.server.is_open.clear()
    made.outbox.put(b"1")
    await asyncio.sleep(0)
    assert made.outbox._task is not None
    made.outbox._task.cancel()
    await asyncio.wait_for(made.outbox.over(), 1)
    made.outbox.put(b"2")
    assert made.outbox.is_written, "nothing waits for what will not come"
