"""The way out: numbered, in order, and neither broken nor delayed by a dead broker."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from channels_binding.live.broker import publisher as publisher_module
from channels_binding.live.broker.outage import Outage
from channels_binding.live.broker.publisher import Publisher
from tests.live.transports import FakeTransport


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTransport]:
    fake = FakeTransport()
    monkeypatch.setattr(publisher_module, "make_transport", lambda: fake)
    yield fake
    fake.released.set()


@pytest.fixture
def publisher(transport: FakeTransport) -> Iterator[Publisher]:
    """Its thread goes on after the test, and must have nothing to say by then."""
    made = Publisher()
    yield made
    transport.fails = None
    transport.released.set()
    made.drain(5)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5.0
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert condition()


def test_messages_are_numbered_signed_and_handed_over_in_order(transport: FakeTransport, publisher: Publisher) -> None:
    for number in range(20):
        publisher.publish({"kind": "changes", "number": number})
    assert publisher.drain(5)
    assert [message["number"] for message in transport.messages()] == list(range(20))
    assert [message["n"] for message in transport.messages()] == list(range(1, 21))
    assert {message["from"] for message in transport.messages()} == {publisher.id}


def test_a_dead_broker_does_not_raise_and_the_next_message_goes_its_way(
    transport: FakeTransport, publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    transport.fails = ConnectionError("the broker is dead")
    publisher.publish({"kind": "changes", "number": 1})
    assert publisher.drain(5)
    assert transport.sent == []
    assert "The broker takes no messages" in caplog.text
    transport.fails = None
    publisher.publish({"kind": "changes", "number": 2})
    assert publisher.drain(5)
    assert [(message["number"], message["n"]) for message in transport.messages()] == [(2, 2)], (
        "the lost one shows as a gap"
    )
    assert publisher_module.LOST in caplog.text


def test_where_another_attempt_helps_nothing_is_lost_and_order_stays(
    transport: FakeTransport, publisher: Publisher, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(FakeTransport, "retried", (ConnectionError,))
    monkeypatch.setattr(publisher_module, "RETRY_SECONDS", (0.01,))
    transport.fails = ConnectionError("the broker is dead")
    # of its own, since threads of earlier tests speak too
    monkeypatch.setattr(
        publisher, "_outage", Outage("This broker takes no messages", "This broker takes messages again")
    )
    for _ in range(5):
        publisher.publish({"kind": "changes"})
    assert not publisher.drain(0.1)
    transport.fails = None
    assert publisher.drain(5)
    assert [message["n"] for message in transport.messages()] == [1, 2, 3, 4, 5]
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    gone, back = (text for text in said if text.startswith("This broker"))
    assert gone == f"This broker takes no messages: the broker is dead. {publisher_module.KEPT}"
    assert back.startswith("This broker takes messages again, after 0."), "once each, whatever the number of attempts"


def test_what_no_attempt_will_help_holds_up_nothing(
    transport: FakeTransport, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeTransport, "retried", (ConnectionError,))
    transport.fails = TypeError("this cannot be sent")
    publisher.publish({"kind": "changes"})
    assert publisher.drain(5)
    assert transport.sent == []


def test_a_hanging_broker_delays_no_publication_and_drain_says_so(
    transport: FakeTransport, publisher: Publisher
) -> None:
    transport.released.clear()
    started = time.monotonic()
    for number in range(1000):
        publisher.publish({"kind": "changes", "number": number})
    assert time.monotonic() - started < 1.0
    assert publisher.drain(0.05) is False
    transport.released.set()
    assert publisher.drain(5)
    assert len(transport.messages()) == 1000


def test_a_broker_that_never_answers_is_given_up_after_a_while(
    transport: FakeTransport, publisher: Publisher, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(publisher_module, "SEND_SECONDS", 0.05)
    transport.released.clear()
    publisher.publish({"kind": "changes"})
    assert publisher.drain(5)
    assert "The broker takes no messages" in caplog.text


def test_what_does_not_fit_drops_the_oldest_and_leaves_a_gap(
    transport: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher_module, "OUTBOX", 3)
    publisher = Publisher()
    transport.released.clear()
    publisher.publish({"kind": "changes"})
    wait_for(publisher._queue.empty)
    for _ in range(10):
        publisher.publish({"kind": "changes"})
    transport.released.set()
    assert publisher.drain(5)
    assert [message["n"] for message in transport.messages()] == [1, 9, 10, 11]


def test_who_has_published_beats_and_each_beat_has_a_number(
    transport: FakeTransport, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher_module, "BEAT_SECONDS", 0.02)
    publisher.publish({"kind": "changes"})
    wait_for(lambda: len(transport.sent) >= 3)
    assert [*transport.sent[1:3]] == [{"kind": "beat", "from": publisher.id, "n": n} for n in (2, 3)]


def test_who_never_publishes_has_no_thread_and_nothing_to_drain(publisher: Publisher) -> None:
    assert publisher.drain(0)
    assert publisher._thread is None


def test_many_threads_publish_each_number_once(transport: FakeTransport, publisher: Publisher) -> None:
    def work() -> None:
        for _ in range(50):
            publisher.publish({"kind": "changes"})

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert publisher.drain(5)
    assert [message["n"] for message in transport.messages()] == list(range(1, 201))


def test_where_nobody_can_be_reached_nothing_is_published(transport: FakeTransport, publisher: Publisher) -> None:
    transport.is_alone = True
    publisher.publish({"kind": "changes"})
    assert publisher.number == 0
    assert publisher._thread is None


def test_a_forked_process_is_a_publisher_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher_module, "_publisher", Publisher())
    before = publisher_module.current()
    publisher_module._after_fork()
    assert publisher_module.current().id != before.id
