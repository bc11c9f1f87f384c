"""What waits for the check of whose a connection is: kept in its order, bounded, and then sent as far as there is room."""

import asyncio
from typing import Any

import pytest

from channels_binding.live import send
from channels_binding.live.held_messages import MESSAGE_BYTES, HeldMessages
from channels_binding.live.hub import Hub
from tests.conftest import Connect


class Reader:
    """A connection that has room for so many messages."""

    def __init__(self, room: int = 100) -> None:
        self.room = room
        self.said: list[Any] = []

    @property
    def congested(self) -> bool:
        return len(self.said) >= self.room

    def push(self, frames: list[bytes]) -> None:
        self.said += frames

    def overflow(self, event: str) -> None:
        self.said.append(event)


@pytest.mark.parametrize(
    ("most_bytes", "room", "said"),
    [
        (10_000, 100, [b"0", b"2", b"3", b"4"]),
        (2 * MESSAGE_BYTES + 100, 100, [b"0", b"2", "a.3", "a.4"]),
        (10_000, 2, [b"0", b"2", "a.3", "a.4"]),
    ],
    ids=["all", "more than may wait", "more than there is room for"],
)
def test_they_are_sent_in_their_order_and_what_is_too_much_is_reported_behind_them(
    most_bytes: int, room: int, said: list[Any]
) -> None:
    reader: Any = Reader(room)
    is_pending, woken = True, []
    held = HeldMessages(lambda _: is_pending, lambda: woken.append(1), lambda: most_bytes)
    for number in range(4):
        assert held.keeps(reader, f"a.{number}", b"%d" % number, lambda number=number: number != 1)  # type: ignore[misc]
    held.release()
    assert (reader.said, len(woken)) == ([], 4)
    is_pending = False
    assert held.keeps(reader, "a.4", b"4", lambda: True), "behind those that wait already"
    held.release()
    assert reader.said == said
    assert not held.keeps(reader, "a.5", b"5", lambda: True)


def test_what_is_not_for_it_any_more_is_not_reported_either() -> None:
    reader: Any = Reader()
    is_pending = True
    held = HeldMessages(lambda _: is_pending, lambda: None, lambda: 0)
    held.keeps(reader, "a.first", b"1", lambda: False)
    held.keeps(reader, "a.hers", b"2", lambda: False)
    held.keeps(reader, "a.his", b"3", lambda: True)
    is_pending = False
    held.release()
    assert reader.said == ["a.his"]
    is_pending = True
    held.keeps(reader, "a.b", b"4", lambda: True)
    held.forget(reader)
    is_pending = False
    held.release()
    assert reader.said == ["a.his"]


@pytest.mark.parametrize("modern", [True, False], ids=["cb.1", "seed"])
async def test_who_reads_everything_is_not_closed_for_what_came_while_it_was_checked_who_it_is(
    modern: bool, connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await connect(user, modern=modern)
    hub = Hub.current()
    while not hub.subscribers:  # one without a hello is accepted before it is among those who are told
        await asyncio.sleep(0.005)
    with monkeypatch.context() as patch:
        patch.setattr(hub.identity, "is_pending", lambda _: True)
        for number in range(100):
            send("any.thing", {"number": number, "text": "x" * 100_000}, user=user)  # 10 MB
        async with asyncio.timeout(10):
            while not hub.held._held:
                await asyncio.sleep(0.005)
        assert await socket.silent()
    hub.held.release()
    heard = [await socket.receive()]
    while "error" not in heard[-1]:
        heard.append(await socket.receive())
    assert [each["data"]["number"] for each in heard[:-1]] == [0, 1, 2]
    assert (heard[-1]["event"], heard[-1]["error"]["code"]) == ("any.thing", "limit_exceeded")
    (connection,) = hub.subscribers
    while connection.congested:
        assert await socket.silent(0.05), "which answers pings"
    for number in range(2):  # there is room again, and the next time that it is too much is told as well
        send("any.thing", {"number": number}, user=user)
        assert (await socket.receive())["data"] == {"number": number}
    connection.overflow("any.other")
    assert (await socket.receive())["event"] == "any.other"
    assert hub.subscribers == {connection}
