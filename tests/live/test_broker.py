"""The broker: numbers and gaps, and a way out that a dead channel layer neither breaks nor delays."""

import asyncio
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_binding.live import broker
from channels_binding.live.broker import LayerBroker, Publisher, Sequence


def test_numbers_in_order_are_complete() -> None:
    heard = Sequence()
    assert [heard.take(number) for number in (1, 2, 3)] == [True, True, True]


def test_a_gap_is_noticed_once_and_what_comes_late_is_none() -> None:
    heard = Sequence()
    assert [heard.take(number) for number in (1, 2, 4, 3, 4, 5)] == [True, True, False, True, True, True]


def test_a_beat_tells_of_a_message_that_was_the_last_and_got_lost() -> None:
    heard = Sequence(last=4)
    assert heard.take(5)
    assert heard.take_beat(5)
    assert not heard.take_beat(6)
    assert heard.take_beat(6)
    assert heard.take(7)


def test_a_beat_from_before_what_was_heard_is_fine() -> None:
    heard = Sequence(last=4)
    assert heard.take(5)
    assert heard.take_beat(4)
    assert heard.take(6)


def test_who_is_first_heard_in_the_middle_may_have_said_something_before() -> None:
    assert not Sequence().take(1000)
    assert not Sequence().take_beat(1000)
    assert Sequence().take(1)
    assert Sequence().take_beat(0)


@given(st.permutations(range(6)), st.sets(st.integers(1, 5)))
def test_whatever_is_missing_before_the_highest_number_has_been_told(order: list[int], lost: set[int]) -> None:
    heard = Sequence()
    assert heard.take(0)
    arrived = [number for number in order if number and number not in lost]
    complete = [heard.take(number) for number in arrived]
    if lost and max([0, *arrived]) > min(lost):
        assert not all(complete)
    if all(complete):
        assert all(number <= before or number == before + 1 for before, number in pairwise([0, *arrived]))


class Layer:
    """A channel layer that takes, refuses or hangs, as the test wants."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.fails = False
        self.released = threading.Event()
        self.released.set()

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        while not self.released.is_set():
            await asyncio.sleep(0.005)
        if self.fails:
            raise ConnectionError("the broker is dead")
        self.sent.append((group, message))

    def messages(self) -> list[dict[str, Any]]:
        return [message["message"] for _, message in self.sent if message["message"]["kind"] != "beat"]


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Layer]:
    fake = Layer()
    monkeypatch.setattr(broker, "get_channel_layer", lambda alias: fake)
    monkeypatch.setattr(broker, "own_layer", lambda: fake)
    yield fake
    fake.released.set()


@pytest.fixture
def publisher(layer: Layer) -> Publisher:
    return Publisher()


def test_messages_are_numbered_signed_and_handed_over_in_order(layer: Layer, publisher: Publisher) -> None:
    for number in range(20):
        publisher.publish({"kind": "changes", "number": number})
    assert publisher.drain(5)
    assert [message["number"] for message in layer.messages()] == list(range(20))
    assert [message["n"] for message in layer.messages()] == list(range(1, 21))
    assert {message["from"] for message in layer.messages()} == {publisher.id}
    assert {group for group, _ in layer.sent} == {broker.GROUP}


def test_a_dead_layer_does_not_raise_and_the_next_message_goes_its_way(
    layer: Layer, publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    layer.fails = True
    publisher.publish({"kind": "changes", "number": 1})
    assert publisher.drain(5)
    assert layer.sent == []
    assert "did not take a message" in caplog.text
    layer.fails = False
    publisher.publish({"kind": "changes", "number": 2})
    assert publisher.drain(5)
    assert [(message["number"], message["n"]) for message in layer.messages()] == [(2, 2)], (
        "the lost one shows as a gap"
    )


def test_a_hanging_layer_delays_no_publication_and_drain_says_so(layer: Layer, publisher: Publisher) -> None:
    layer.released.clear()
    started = time.monotonic()
    for number in range(1000):
        publisher.publish({"kind": "changes", "number": number})
    assert time.monotonic() - started < 1.0
    assert publisher.drain(0.05) is False
    layer.released.set()
    assert publisher.drain(5)
    assert len(layer.messages()) == 1000


def test_a_layer_that_never_answers_is_given_up_after_a_while(
    layer: Layer, publisher: Publisher, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(broker, "SEND_SECONDS", 0.05)
    layer.released.clear()
    publisher.publish({"kind": "changes"})
    assert publisher.drain(5)
    assert "did not take a message" in caplog.text


def test_what_does_not_fit_drops_the_oldest_and_leaves_a_gap(layer: Layer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "OUTBOX", 3)
    publisher = Publisher()
    layer.released.clear()
    publisher.publish({"kind": "changes"})
    deadline = time.monotonic() + 5
    while not publisher._queue.empty() and time.monotonic() < deadline:
        time.sleep(0.005)
    for _ in range(10):
        publisher.publish({"kind": "changes"})
    layer.released.set()
    assert publisher.drain(5)
    assert [message["n"] for message in layer.messages()] == [1, 9, 10, 11]


def test_who_has_published_beats_with_the_last_number(
    layer: Layer, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "BEAT_SECONDS", 0.02)
    publisher.publish({"kind": "changes"})
    deadline = time.monotonic() + 5
    while len(layer.sent) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    beats = [message["message"] for _, message in layer.sent[1:3]]
    assert beats == [{"kind": "beat", "from": publisher.id, "n": 1}] * 2


def test_who_never_publishes_has_no_thread_and_nothing_to_drain(publisher: Publisher) -> None:
    assert publisher.drain(0)
    assert publisher._thread is None


def test_many_threads_publish_each_number_once(layer: Layer, publisher: Publisher) -> None:
    def work() -> None:
        for _ in range(50):
            publisher.publish({"kind": "changes"})

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert publisher.drain(5)
    assert [message["n"] for message in layer.messages()] == list(range(1, 201))


def test_without_a_layer_nothing_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "get_channel_layer", lambda alias: None)
    publisher = Publisher()
    publisher.publish({"kind": "changes"})
    assert publisher.number == 0
    assert publisher._thread is None


class Hub:
    """Who listens."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.losses = 0

    def receive(self, message: Any) -> None:
        self.received.append(message)

    def lost(self) -> None:
        self.losses += 1


def other(number: int, kind: str = "changes", origin: str = "another process") -> dict[str, Any]:
    return {"from": origin, "n": number, "kind": kind}


async def test_messages_of_others_are_handed_on_and_gaps_told(layer: Layer) -> None:
    hub = Hub()
    receiving = LayerBroker(hub)
    for message in (
        other(1),
        other(2),
        other(4),
        other(3),
        other(1, origin="a third"),
        other(4, "beat"),
        other(6, "beat"),
    ):
        receiving.take(message)
    assert [message["n"] for message in hub.received] == [1, 2, 4, 3, 1]
    assert hub.losses == 2


async def test_own_messages_only_show_that_the_layer_lives(layer: Layer) -> None:
    hub = Hub()
    receiving = LayerBroker(hub)
    receiving.take(other(9, origin=broker.publisher.id))
    assert hub.received == []
    assert hub.losses == 0
    assert receiving.heard_self_at > 0


async def test_who_does_not_hear_itself_takes_the_layer_for_lost(layer: Layer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(broker, "DEAF_SECONDS", 0.03)
    monkeypatch.setattr(broker, "publisher", Publisher())
    hub = Hub()
    receiving = LayerBroker(hub)
    watch = asyncio.create_task(receiving._watch())
    await asyncio.sleep(0.2)
    watch.cancel()
    assert hub.losses >= 1


class Deaf(Layer):
    """Takes members and then fails to give messages."""

    joined = 0

    async def new_channel(self, prefix: str) -> str:
        return f"{prefix}!x"

    async def group_add(self, group: str, channel: str) -> None:
        self.joined += 1

    async def group_discard(self, group: str, channel: str) -> None:
        raise ConnectionError("the broker is dead")

    async def receive(self, channel: str) -> dict[str, Any]:
        raise ConnectionError("the broker is dead")


async def test_a_listener_comes_back_to_a_layer_that_failed_and_says_what_it_may_have_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layer, hub = Deaf(), Hub()
    monkeypatch.setattr(broker, "own_layer", lambda: layer)
    listening = asyncio.create_task(LayerBroker(hub)._listen())
    await asyncio.sleep(0.25)
    listening.cancel()
    assert layer.joined >= 2
    assert hub.losses == layer.joined
