"""One room: its users in order, each with its tabs, and a reading that is another one only where something differs."""

from typing import Any

from channels_binding.live.rooms.room import PACE_SECONDS, Member, Room
from channels_binding.protocol import codecs


def member(tab: str, user: str, since: str = "2026-01-01T00:00:00.000Z", **meta: Any) -> Member:
    return Member(tab, user, {"id": user}, since, meta)


def shown(room: Room) -> list[tuple[str, list[str]]]:
    rows = [codecs.parse(row.body) for row in room.reading.rows]
    return [(row["id"], [tab["id"] for tab in row["tabs"]]) for row in rows]


def test_users_stand_in_the_order_of_their_coming_and_tabs_in_theirs() -> None:
    room = Room(("a.B", 1))
    for each in (member("t3", "2", "2026-03"), member("t2", "1", "2026-02"), member("t1", "2", "2026-01")):
        room.put(each)
    assert room.renew()
    assert shown(room) == [("2", ["t1", "t3"]), ("1", ["t2"])]
    assert room.reading.meta == {"count": 2}


def test_a_user_leaves_with_the_last_tab() -> None:
    room = Room(("a.B", 1))
    room.put(member("t1", "1"))
    room.put(member("t2", "1"))
    room.remove("t1")
    room.remove("never")
    room.renew()
    assert shown(room) == [("1", ["t2"])]
    room.remove("t2")
    assert room.renew()
    assert shown(room) == []
    assert room.members == {}


def test_a_tab_may_become_another_user_s() -> None:
    room = Room(("a.B", 1))
    room.put(member("t1", "1"))
    room.renew()
    room.put(member("t1", "2"))
    room.renew()
    assert shown(room) == [("2", ["t1"])]


def test_what_comes_and_goes_between_two_readings_leaves_no_trace() -> None:
    room = Room(("a.B", 1))
    room.put(member("t1", "1", a=1))
    room.renew()
    reading = room.reading
    room.put(member("t2", "2"))
    room.remove("t2")
    room.put(member("t1", "1", a=2))
    room.put(member("t1", "1", a=1))
    assert not room.renew()
    assert not room.renew()
    assert room.reading is reading


def test_a_room_of_many_is_told_rarer() -> None:
    room = Room(("a.B", 1))
    assert room.pace_seconds == PACE_SECONDS
    for number in range(1000):
        room.put(member(f"t{number}", str(number)))
    assert room.pace_seconds == 10 * PACE_SECONDS
