"""The receiving side: numbers are checked, gaps and silence reported, and a failed connection is opened again."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from channels_binding.live.broker import listener, publisher
from channels_binding.live.broker.listener import Broker
from channels_binding.live.broker.publisher import Publisher
from tests.live.transports import FakeTransport


class Hub:
    """Who listens."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.losses = 0

    def receive(self, message: Any) -> None:
        self.received.append(message)

    def lost(self) -> None:
        self.losses += 1


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> FakeTransport:
    fake = FakeTransport()
    monkeypatch.setattr(listener, "make_transport", lambda: fake)
    monkeypatch.setattr(publisher, "make_transport", lambda: fake)
    monkeypatch.setattr(publisher, "_publisher", Publisher())
    return fake


@pytest.fixture
def hub() -> Hub:
    return Hub()


def other(number: int, kind: str = "changes", origin: str = "another process") -> dict[str, Any]:
    return {"from": origin, "n": number, "kind": kind}


def stand_still() -> None:
    time.sleep(0.2)


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_messages_of_others_are_handed_on_and_gaps_told(transport: FakeTransport, hub: Hub) -> None:
    receiving = Broker(hub)
    for message in (
        other(1),
        other(2),
        other(4),
        other(3),
        other(1, origin="a third"),
        other(5, "beat"),
        other(7, "beat"),
    ):
        receiving.take(message)
    assert [message["n"] for message in hub.received] == [1, 2, 4, 3, 1]
    assert hub.losses == 2


async def test_own_messages_are_not_handed_on_but_show_that_the_broker_lives_and_loses_nothing(
    transport: FakeTransport, hub: Hub
) -> None:
    publisher.current().number = 8  # said before this hub listened
    receiving = Broker(hub)
    receiving._joined(False)
    hub.losses = 0
    receiving.take(other(9, origin=publisher.current().id))
    receiving.take(other(10, "beat", origin=publisher.current().id))
    assert (hub.received, hub.losses) == ([], 0)
    assert receiving.own_message_at > 0
    receiving.take(other(12, "beat", origin=publisher.current().id))
    assert hub.losses == 1, "what drops our own messages drops those of others"


@pytest.mark.parametrize("drops", [True, False])
async def test_a_loop_that_stood_still_takes_what_may_have_been_dropped_for_lost(
    drops: bool, transport: FakeTransport, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeTransport, "drops_when_full", drops)
    monkeypatch.setattr(publisher, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(listener, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(listener, "STALL_SECONDS", 0.1)
    receiving = Broker(hub)
    receiving.start()
    await asyncio.sleep(0.05)
    assert hub.losses == 0
    stand_still()
    await asyncio.sleep(0.05)
    assert hub.losses == drops
    await receiving.stop()


async def test_joining_is_told_as_a_loss_unless_the_way_kept_everything(transport: FakeTransport, hub: Hub) -> None:
    receiving = Broker(hub)
    receiving.start()
    assert not receiving.joined.is_set()
    transport.arriving.put_nowait(False)
    await asyncio.wait_for(receiving.joined.wait(), 1)
    assert hub.losses == 1
    transport.arriving.put_nowait(True)
    transport.arriving.put_nowait(other(1))
    await until(lambda: hub.received)
    assert hub.losses == 1
    await receiving.stop()
    assert transport.closed == 1


async def test_a_listener_comes_back_to_a_broker_that_failed(
    transport: FakeTransport, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    receiving = Broker(hub)
    receiving.start()
    for _ in range(2):
        transport.arriving.put_nowait(ConnectionError("the broker is dead"))
    await until(lambda: transport.listened == 3)
    transport.arriving.put_nowait({"from": "another", "n": 1, "kind": "changes"})
    await until(lambda: hub.received)
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    gone, back = (text for text in said if not text.startswith("The broker takes"))  # the publisher of earlier tests
    assert gone.startswith("The broker does not answer: the broker is dead. It is tried again")
    assert back.startswith("The broker answers again, after 0."), "once each, whatever the number of attempts"
    await receiving.stop()


async def test_a_process_that_has_not_heard_itself_for_a_second_may_miss_what_others_say(
    transport: FakeTransport, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "SILENT_SECONDS", 0.05)
    receiving = Broker(hub)
    assert not receiving.is_silent(), "it does not listen yet"
    receiving.start()
    assert not receiving.is_silent()
    await until(receiving.is_silent)
    transport.arriving.put_nowait({"from": publisher.current().id, "n": publisher.current().number + 1, "kind": "beat"})
    await until(lambda: not receiving.is_silent())
    await receiving.stop()


async def test_who_does_not_hear_itself_says_so_again_and_again_and_listens_anew(
    transport: FakeTransport, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(listener, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(listener, "DEAF_SECONDS", 0.05)
    monkeypatch.setattr(listener, "DEAF_AGAIN_SECONDS", 0.02)
    receiving = Broker(hub)
    receiving.start()
    await until(lambda: hub.losses >= 3 and transport.listened >= 2)
    assert transport.messages()[0]["kind"] == "hello"
    monkeypatch.setattr(listener, "DEAF_SECONDS", 0.5)  # what waits for less is this machine
    while transport.sent:
        transport.arriving.put_nowait(transport.sent.pop(0))
    silent_at = receiving.own_message_at
    await until(lambda: receiving.own_message_at > silent_at)
    hub.losses = 0
    for number in range(1, 31):  # what it sends comes back
        transport.arriving.put_nowait(other(number, "beat", publisher.current().id))
        await asyncio.sleep(0.02)
    assert hub.losses == 0
    await receiving.stop()


async def test_where_there_is_nobody_else_nothing_is_waited_for(transport: FakeTransport, hub: Hub) -> None:
    transport.is_alone = True
    receiving = Broker(hub)
    receiving.start()
    assert receiving.joined.is_set()
    await receiving.stop()
    assert (transport.listened, transport.sent) == (0, [])


async def test_what_is_no_message_is_ignored_and_the_next_one_heard(transport: FakeTransport, hub: Hub) -> None:
    receiving = Broker(hub)
    entries: tuple[Any, ...] = (
        None,
        7,
        [],
        {},
        {"from": {}, "n": 1, "kind": "changes"},
        {"from": "x", "n": "1", "kind": "changes"},
    )
    for nonsense in entries:
        receiving.take(nonsense)
    receiving.take(other(1))
    assert hub.received == [other(1)]


async def test_a_cancellation_that_a_transport_swallows_ends_it_all_the_same(
    transport: FakeTransport, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deaf(self: Any, receive: Any, joined: Any) -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)

    monkeypatch.setattr(FakeTransport, "listen", deaf)
    receiving = Broker(hub)
    receiving.start()
    await asyncio.sleep(0)
    await asyncio.wait_for(receiving.stop(), 5)


@pytest.mark.parametrize(("way", "is_silent"), [("busy", False), ("stopped", True)])
async def test_a_loop_that_has_too_much_to_do_hears_late_and_one_that_was_stopped_may_have_missed_something(
    way: str, is_silent: bool, transport: FakeTransport, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent = 0.0
    monkeypatch.setattr(listener, "time", SimpleNamespace(process_time=lambda: spent))
    monkeypatch.setattr(listener, "SILENT_SECONDS", 0.2)
    monkeypatch.setattr(listener, "LOOK_SECONDS", 0.05)
    receiving = Broker(hub)
    receiving.start()
    await asyncio.sleep(0.06)
    time.sleep(0.5)  # noqa: ASYNC251
    spent = 0.5 if way == "busy" else 0.0
    assert receiving.is_silent() is is_silent, "what waits to be sent may go out before it is looked again"
    for _ in range(4):  # turns of the loop until the one who looks has looked
        await asyncio.sleep(0)
    assert receiving.is_silent() is is_silent
    await asyncio.sleep(0.4)
    assert receiving.is_silent(), "nothing came in all the time in which it could be read"
    await receiving.stop()
