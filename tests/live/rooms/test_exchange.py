"""What hubs tell each other of their members: over a way that loses, repeats and delays, and when one of them dies."""

import random
from typing import Any

import pytest

from channels_binding.live import messages
from channels_binding.live.rooms.exchange import ASK_SECONDS, Exchange
from channels_binding.live.rooms.room import Member
from channels_binding.protocol import codecs

TTL = 30.0
KEY = ("a.B", 1)


def member(tab: str, **meta: Any) -> Member:
    return Member(tab, "7", {"id": 7}, "2026-01-01T00:00:00.000Z", meta)


class Hubs:
    """Some exchanges, each with what it knows of the others, and the way between them."""

    def __init__(self, count: int) -> None:
        self.now = 0.0
        self.way: list[dict[str, Any]] = []
        self.hubs = [Exchange(self.publish, lambda: TTL) for _ in range(count)]
        self.known: list[dict[Any, Member]] = [{} for _ in range(count)]
        self.dead: set[int] = set()

    def publish(self, message: Any) -> None:
        assert messages.is_sound(message)
        self.way.append(codecs.parse(codecs.encode(message)))

    def take(self, place: int, changes: Any) -> None:
        for key, tab, found in changes:
            if found is None:
                self.known[place].pop((key, tab), None)
            else:
                self.known[place][key, tab] = found

    def step(self, seconds: float = 0.1, lose: float = 0.0, repeat: float = 0.0, shuffle: bool = False) -> None:
        self.now += seconds
        alive = [place for place in range(len(self.hubs)) if place not in self.dead]
        for place in alive:
            self.hubs[place].flush(self.now)
            self.take(place, self.hubs[place].maintain(self.now))
        arriving, self.way = self.way, []
        if shuffle:
            random.shuffle(arriving)
        for message in arriving:
            for place in alive:
                for _ in range(0 if random.random() < lose else 1 + (random.random() < repeat)):
                    self.take(place, self.hubs[place].receive(message, self.now))

    def settle(self, seconds: float = 60.0) -> None:
        end = self.now + seconds
        while self.now < end:
            self.step(1.0)

    def others(self, place: int) -> dict[Any, Member]:
        """What a hub should know of the others."""
        alive = [hub for number, hub in enumerate(self.hubs) if number != place and number not in self.dead]
        return {key: found for hub in alive for key, found in hub.own.items()}

    def all_know(self) -> bool:
        return all(self.known[place] == self.others(place) for place in range(len(self.hubs)) if place not in self.dead)


def test_what_one_notes_the_others_know_with_the_next_message() -> None:
    hubs = Hubs(2)
    hubs.hubs[1].ask()
    hubs.hubs[0].note(KEY, "t", member("t", a=1))
    hubs.step()
    assert hubs.known[1] == {(KEY, "t"): member("t", a=1)}
    hubs.hubs[0].note(KEY, "t", None)
    hubs.step()
    assert hubs.known[1] == {}


def test_many_changes_before_a_flush_are_one_message() -> None:
    hubs = Hubs(2)
    for number in range(50):
        hubs.hubs[0].note(KEY, "t", member("t", n=number))
    hubs.hubs[0].flush(0.0)
    (message,) = hubs.way
    assert len(message["put"]) == 1


def test_many_members_are_several_messages() -> None:
    hubs = Hubs(2)
    for number in range(250):
        hubs.hubs[0].note(KEY, f"t{number}", member(f"t{number}"))
    hubs.step()
    assert len(hubs.known[1]) == 250


def test_who_comes_later_asks_and_is_told_everything() -> None:
    hubs = Hubs(2)
    hubs.hubs[0].note(KEY, "t", member("t"))
    hubs.hubs[0].flush(0.0)
    hubs.way.clear()
    hubs.hubs[1].ask()
    hubs.step(ASK_SECONDS)
    hubs.step(ASK_SECONDS)
    assert hubs.all_know()


def test_a_lost_message_is_noticed_by_the_next_one_or_by_a_sign_of_life() -> None:
    hubs = Hubs(2)
    hubs.hubs[0].note(KEY, "a", member("a"))
    hubs.step()
    hubs.settle(5)
    hubs.hubs[0].note(KEY, "b", member("b"))
    hubs.hubs[0].flush(hubs.now)
    hubs.way.clear()
    assert not hubs.all_know()
    hubs.settle(TTL)
    assert hubs.all_know()


def test_who_is_not_heard_of_is_gone_with_its_members_after_its_time() -> None:
    hubs = Hubs(2)
    hubs.hubs[0].note(KEY, "t", member("t"))
    hubs.settle(TTL)
    assert hubs.known[1]
    hubs.dead.add(0)
    hubs.settle(TTL - 10)
    assert hubs.known[1], "it may be slow"
    hubs.settle(12)
    assert hubs.known[1] == {}
    hubs.dead.clear()  # it was only frozen
    hubs.settle(TTL)
    assert hubs.all_know()


def test_who_ends_says_so() -> None:
    hubs = Hubs(2)
    hubs.hubs[0].note(KEY, "t", member("t"))
    hubs.step()
    hubs.hubs[0].stop()
    hubs.dead.add(0)
    hubs.step()
    assert hubs.known[1] == {}


def test_who_has_nobody_says_nothing() -> None:
    hubs = Hubs(2)
    hubs.settle(100)
    assert hubs.way == []


@pytest.mark.parametrize("seed", range(20))
def test_after_any_trouble_on_the_way_all_know_of_all(seed: int) -> None:
    random.seed(seed)
    hubs = Hubs(3)
    for hub in hubs.hubs:
        hub.ask()
    for _ in range(120):
        place = random.randrange(3)
        tab, is_new = f"t{place}{random.randrange(6)}", random.random() < 0.7
        hubs.hubs[place].note(KEY, tab, member(tab, n=random.random()) if is_new else None)
        hubs.step(random.choice([0.1, 0.1, 2.0, 12.0]), lose=0.2, repeat=0.1, shuffle=random.random() < 0.3)
    hubs.settle(2 * TTL)
    assert hubs.all_know()


WRONG: list[dict[str, Any]] = [
    {"node": 7},
    {"node": "a", "number": "1", "ttl": 30},
    {"node": "a", "number": 1, "ttl": 0},
    {"node": "a", "number": 1, "ttl": True},
    {"node": "a", "number": 1, "ttl": 30, "put": {}},
    {"node": "a", "number": 1, "ttl": 30, "put": [["a.B", 1, "t", "7", [], "2026", {}]]},
    {"node": "a", "number": 1, "ttl": 30, "put": [["a.B", 1, "t", "7", None, "2026"]]},
    {"node": "a", "number": 1, "ttl": 30, "put": [["a.B", [], "t", "7", None, "2026", {}]]},
    {"node": "a", "number": 1, "ttl": 30, "put": [["a.B", 1, "t", "7", None, "2026", "x"]]},
    {"node": "a", "number": 1, "ttl": 30, "remove": [["a.B", 1]]},
    {"node": "a", "number": 1, "ttl": 30, "remove": [["a.B", 1, "t"]] * 101},
]


@pytest.mark.parametrize("message", WRONG, ids=str)
def test_a_message_of_another_shape_is_not_sound(message: dict[str, Any]) -> None:
    assert not messages.is_sound({"kind": "presence", **message})


def test_a_hub_says_nothing_of_the_members_of_others_and_is_not_believed_for_ever() -> None:
    hubs = Hubs(1)
    hub = hubs.hubs[0]
    hub.note(KEY, "mine", member("mine"))
    said = {"kind": "presence", "node": "other", "number": 1, "ttl": TTL}
    put = [[*KEY, tab, "9", {"id": 9}, "2026", {}] for tab in ("mine", "theirs")]
    assert [tab for _, tab, _ in hub.receive({**said, "put": put, "remove": []}, 0.0)] == ["theirs"]
    third = {**said, "node": "third", "put": [], "remove": [[*KEY, "mine"], [*KEY, "theirs"]]}
    assert hub.receive(third, 0.0) == []
    assert hub.receive({**third, "bye": True}, 0.0) == []
    assert messages.is_sound({**said, "ttl": float("inf")})
    hub.receive({**said, "ttl": float("inf"), "number": 1}, 0.0)
    assert hub.maintain(3_600.0) == []
    assert hub.maintain(100_000.0) == [(KEY, "theirs", None)]
