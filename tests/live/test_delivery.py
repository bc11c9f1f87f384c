"""What a connection is sent of its live reads, and when nothing is."""

from types import SimpleNamespace
from typing import Any

import pytest

from channels_binding.live.delivery import Delivery
from channels_binding.live.presence import Subscribers
from tests.conftest import Connect
from tests.live.test_hub.shown import in_thread, make_notes


async def test_after_unsubscribe_nothing_more_is_told(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.call("zoo.Note.search#h", {})
    await socket.call("zoo.Note.unsubscribe#h", {})
    await make_notes(1)
    assert await socket.silent()


async def test_a_seed_client_gets_whole_results_rows_and_deletes(connect: Connect, user: Any) -> None:
    first, second = await make_notes(1, 2)
    gone = second.pk
    socket = await connect(user, modern=False)
    await socket.send({"event": "zoo.Note.search#a", "data": {"limit": 1}})
    assert list((await socket.receive())["data"]) == ["page", "limit", "count", "rows"]
    await socket.send({"event": "zoo.Note.retrieve", "data": {"id": second.pk}})
    await socket.receive()
    await in_thread(second.delete)()
    pushes = [await socket.receive() for _ in range(2)]
    assert {"event": "zoo.Note.delete", "data": {"id": gone}} in pushes
    (whole,) = [push for push in pushes if push["event"] == "zoo.Note.search#a"]
    assert (whole["data"]["count"], whole["data"]["rows"][0]["id"]) == (1, first.pk)


class FakeGroup:
    is_stale = False
    reading = None
    causes = None

    def push_to(self, subscription: Any) -> bytes:
        return b'{"event":"zoo.Note.search#h","v":"1"}'

    def forget_bodies(self) -> None: ...


class Reader:
    """A connection that has one read."""

    dialect = "cb.1"

    def __init__(self, *, congested: bool = False) -> None:
        self.congested = congested
        self.frames: list[bytes] = []
        group: Any = FakeGroup()
        self.subscription: Any = SimpleNamespace(
            explains=False,
            subscriber=self,
            group=group,
            sent=None,
            event="zoo.Note.search#h",
            is_pending=True,
            is_behind=False,
        )
        self.subscription.push = lambda: group.push_to(self.subscription)

    def push(self, frames: list[bytes]) -> None:
        self.frames += frames


def delivery(*, is_pending: bool = False) -> tuple[Delivery, list[str]]:
    woken: list[str] = []
    readings: Any = None
    return Delivery(Subscribers(), readings, lambda _: is_pending, lambda: woken.append("a round")), woken


def test_what_a_connection_lacks_is_sent_in_one_frame() -> None:
    reader: Any = Reader()
    delivery()[0].deliver([reader.subscription, reader.subscription])
    assert reader.frames == [b'{"event":"zoo.Note.search#h","v":"1"}'] * 2
    assert not reader.subscription.is_pending


def test_a_slow_connection_is_sent_nothing_and_is_behind() -> None:
    reader: Any = Reader(congested=True)
    delivery()[0].deliver([reader.subscription])
    assert (reader.frames, reader.subscription.is_behind, reader.subscription.is_pending) == ([], True, False)


def test_nothing_is_sent_before_it_is_checked_whose_a_connection_is() -> None:
    reader: Any = Reader()
    sending, woken = delivery(is_pending=True)
    sending.deliver([reader.subscription])
    assert (reader.frames, woken) == ([], ["a round"])
    assert reader.subscription.is_pending
    assert reader.subscription.group.is_stale


def test_who_has_left_cannot_subscribe() -> None:
    reader: Any = Reader()
    with pytest.raises(RuntimeError, match="has left"):
        delivery()[0].subscribe(reader.subscription.group, reader, "zoo.Note.search", reader.subscription)
