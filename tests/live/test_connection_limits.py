"""What is bounded in sum: rows and bytes of a connection's live reads, of a user's connections, and how many these are."""

import asyncio
import random
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from rest_framework.authtoken.models import Token

from channels_binding.live.connection_limits import ConnectionLimits, _is_user, owner_of
from channels_binding.live.hub import Hub
from channels_binding.live.queries import store
from channels_binding.security.authentication import Identity
from channels_binding.testing import BindingCommunicator
from channels_binding.websocket.connection import Connection
from tests.conftest import Connect
from tests.project.zoo.models import Note
from tests.rest.test_events import Open, listen  # noqa: F401
from tests.test_floods import TOKENS, answers_until_closed, pending
from tests.websocket.test_socket import Clogged

SEARCH = "zoo.Note.search"
OWNER = ("user", "User", "7")


async def notes(count: int) -> None:
    await Note.objects.abulk_create(Note(title=f"n{i}".ljust(80, "x"), rank=i) for i in range(count))


async def closed(socket: BindingCommunicator) -> int:
    return (await answers_until_closed(socket))[1]


async def test_rows_of_live_reads_are_bounded_in_sum(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"MAX_WINDOW_ROWS": 10}
    await notes(8)
    socket = await connect(user)
    await socket.call(f"{SEARCH}#a", {"limit": 8})
    error = (await socket.call(f"{SEARCH}#b", {"limit": 3, "order": "rank"}))["error"]
    assert (error["code"], error["limit"]) == ("limit_exceeded", 10)
    assert "MAX_WINDOW_ROWS" in error["message"]
    assert len((await socket.call(f"{SEARCH}#b", {"limit": 2, "order": "rank"}))["data"]["rows"]) == 2
    assert "data" in await socket.call(f"{SEARCH}#a", {"limit": 8, "order": "rank"})  # takes its own place
    await socket.call("zoo.Note.unsubscribe#a", {})
    assert "data" in await socket.call(f"{SEARCH}#c", {"limit": 8, "order": "-rank"})
    assert "data" in await socket.call(f"{SEARCH}", {"limit": 8, "live": False})


async def test_bytes_of_live_reads_are_bounded_for_a_user_s_connections_together(
    connect: Connect, user: Any, stranger: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"MAX_HELD_BYTES": 20_000}
    await notes(20)
    first, second = await connect(user), await connect(user)
    await first.call(f"{SEARCH}#a", {"limit": 20})
    error = (await second.call(f"{SEARCH}#b", {"order": "rank"}))["error"]
    assert (error["code"], error["limit"]) == ("limit_exceeded", 20_000)
    assert "data" in await (await connect(stranger)).call(f"{SEARCH}#b", {"order": "rank"})
    await first.close()
    assert "data" in await second.call(f"{SEARCH}#b", {"order": "rank"})


async def test_what_waits_for_readers_that_read_nothing_is_bounded_for_a_user_s_connections_together(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"MAX_HELD_BYTES": 5_000_000}
    slow = [Connection({"type": "websocket"}, Clogged().send, Identity(user), "seed") for _ in range(3)]
    for each in slow:
        await each.open()
        each.put(b"x" * 2_000_000)
    assert [each.closed_with for each in slow[:2]] == [None, None]
    assert slow[2].closed_with == (4508, "too much is held for this user's connections")
    slow[0].put(b"x" * 1_000)
    assert slow[0].closed_with is None
    for each in slow:
        await each.close()


async def test_streams_that_are_subscribed_to_count_with_the_keys_that_are_remembered(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"MAX_HELD_BYTES": 3_000}
    await notes(30)
    socket = await connect(user)
    assert (await socket.call("zoo.Note.subscribe"))["error"]["code"] == "limit_exceeded"
    assert not Hub.current().stream_groups.by_key
    assert "data" in await socket.call("zoo.Label.subscribe")


async def test_connections_of_a_user_are_bounded(connect: Connect, user: Any, stranger: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"MAX_CONNECTIONS_PER_USER": 2}
    first, _ = await connect(user), await connect(user)
    third = BindingCommunicator("/ws/", user=user, modern=False)
    assert await third.open()
    assert await closed(third) == 4429
    assert "data" in await (await connect(stranger)).call(SEARCH, {})
    await first.close()
    assert "data" in await (await connect(user)).call(SEARCH, {})


async def test_event_streams_are_connections_too(
    connect: Connect,
    listen: Open,  # noqa: F811
    user: Any,
    settings: Any,
) -> None:
    settings.CHANNELS_BINDING = {"MAX_CONNECTIONS_PER_USER": 2}
    await connect(user)
    stream = await listen("/api/zoo.Note/", user=user)
    await stream.event()
    refused = await listen("/api/zoo.Note/", user=user)
    assert refused.status == 429
    assert (await refused.body())["code"] == "limit_exceeded"
    await stream.leave()
    while Hub.current().connection_limits.count(owner_of(user, {})) > 1:
        await asyncio.sleep(0.01)
    assert (await listen("/api/zoo.Note/", user=user)).status == 200


async def test_whoever_becomes_another_user_is_counted_as_that_one(
    connect: Connect, user: Any, stranger: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {**TOKENS, "MAX_CONNECTIONS_PER_USER": 1}
    token = (await Token.objects.acreate(user=stranger)).key
    await connect(stranger)
    socket = await connect(user)
    await socket.send({"event": "cb.auth", "id": 1, "data": {"token": token}})
    assert await closed(socket) == 4429
    unknown = await pending()
    await unknown.send({"event": "cb.auth", "id": 1, "data": {"token": token}})
    assert await closed(unknown) == 4429


async def test_connections_of_an_address_are_bounded_until_it_is_known_who_they_are(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"MAX_CONNECTIONS_PER_ADDRESS": 2}

    async def opened() -> Connection:
        scope = {"type": "websocket", "client": ["192.0.2.1", 1]}
        connection = Connection(scope, Clogged().send, None, "cb.1")
        await connection.open()
        return connection

    first, second, third = [await opened() for _ in range(3)]
    assert (first.closed_with, second.closed_with) == (None, None)
    assert third.closed_with == (4503, "2 connections are open")
    await first._admit(Identity(user))
    fourth = await opened()
    assert fourth.closed_with is None
    for connection in (first, second, third, fourth):
        await connection.close()
    assert Hub.current().connection_limits.count(("address", "192.0.2.1")) == 0


def test_without_an_address_nobody_is_counted_together() -> None:
    assert owner_of(AnonymousUser(), {"client": None}) is None
    assert owner_of(AnonymousUser(), {"client": ["192.0.2.1", 80]}) == ("address", "192.0.2.1")


async def test_queries_that_nobody_listens_to_are_forgotten_where_they_take_too_much(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "LINGERING_BYTES", 5_000)
    monkeypatch.setattr(store, "FRESH_SECONDS", 0.0)
    await notes(20)
    socket = await connect(user)
    for number in range(1, 11):
        await socket.call(f"{SEARCH}#a", {"limit": number, "order": "rank"})
    hub = Hub.current()
    hub.store.maintain(hub.loop.time())
    idle = [group for group in hub.groups.values() if group.idle_since is not None]
    assert sum(group.reading.size for group in idle if group.reading) <= 5_000
    assert [group.call.data["limit"] for group in hub.groups.values() if group.subscriptions] == [10]


async def test_live_reads_that_grow_beyond_the_bound_end_the_largest_first(
    connect: Connect,
    listen: Open,  # noqa: F811
    user: Any,
    settings: Any,
) -> None:
    settings.CHANNELS_BINDING = {"MAX_HELD_BYTES": 20_000, "COALESCE_SECONDS": 0.0}
    socket = await connect(user)
    await socket.call("zoo.Label.search#small", {})
    await socket.call(f"{SEARCH}#large", {"limit": 100})
    stream = await listen("/api/zoo.Note/?limit=100", user=user)
    await stream.event()
    await notes(60)
    ended = await socket.receive()
    while "error" not in ended:
        ended = await socket.receive()
    assert (ended["event"], ended["error"]["code"]) == (f"{SEARCH}#large", "limit_exceeded")
    error = (await stream.event())[1]
    while "error" not in error:
        error = (await stream.event())[1]
    assert error["error"]["code"] == "limit_exceeded"
    assert [each.event for subscriber in Hub.current().subscribers for each in subscriber.subscriptions] == [
        "zoo.Label.search#small"
    ]


class Weighed:
    """A connection that holds so many bytes, and counts how often it is asked."""

    def __init__(self, held: int) -> None:
        self.held, self.asked = held, 0

    @property
    def held_bytes(self) -> int:
        self.asked += 1
        return self.held


def test_what_one_more_connection_costs_does_not_depend_on_how_many_its_user_has() -> None:
    limits, others = ConnectionLimits(), [Weighed(1) for _ in range(1_000)]
    for each in others:
        limits.admit(each, OWNER, 10_000)
        assert not limits.hold_more_than(10_000, each)
    assert sum(each.asked for each in others) == 1_000


def test_near_the_limit_all_that_a_user_holds_is_looked_at_anew() -> None:
    limits, first, second = ConnectionLimits(), Weighed(600), Weighed(500)
    for each in (first, second):
        limits.admit(each, OWNER, 10)
        limits.hold_more_than(1_000, each)
    assert limits.hold_more_than(1_000, second)
    first.held = 100  # its client has read what waited
    assert not limits.hold_more_than(1_000, second)
    first.held = 1_000
    assert limits.hold_more_than(1_000, second)
    limits.remove(first)
    assert not limits.hold_more_than(1_000, second)
    limits.remove(second)
    assert not limits._totals
    assert not limits._members


def test_a_push_of_who_holds_little_looks_at_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    limits, connections = ConnectionLimits(), [Weighed(10) for _ in range(100)]
    for each in connections:
        limits.admit(each, OWNER, 100)
    monkeypatch.setattr(ConnectionLimits, "hold_more_than", lambda *_: pytest.fail("none of them can hold too much"))
    assert not any(limits.exceeds_its_share(each, 1_000) for each in connections)
    assert [each.asked for each in connections] == [1] * 100


@pytest.mark.parametrize("seed", range(20))
def test_whose_share_is_exceeded_follows_from_what_all_hold(seed: int) -> None:
    chance = random.Random(seed)
    limits, owners = ConnectionLimits(), [OWNER, ("user", "auth.user", "8"), ("address", "192.0.2.1"), None]
    here: dict[Weighed, Any] = {}
    for _ in range(200):
        if not here or chance.random() < 0.4:
            connection, owner = Weighed(chance.randrange(300)), chance.choice(owners)
            if limits.admit(connection, owner, 8):
                here[connection] = owner
        elif chance.random() < 0.4:
            limits.remove(leaving := chance.choice([*here]))
            del here[leaving]
        for each in here:
            each.held = chance.randrange(300)
            limits.hold_more_than(1_000, each)
        for each, owner in here.items():
            together = [other for other in here if here[other] == owner] if _is_user(owner) else [each]
            exceeds = each.held * len(together) > 1_000 and sum(other.held for other in together) > 1_000
            assert limits.exceeds_its_share(each, 1_000) is exceeds
