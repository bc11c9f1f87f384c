"""Being in rooms, on one socket: what may be said there, how much of it, and how often."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async

from channels_binding.live.hub import Hub
from channels_binding.websocket.attendance import Attendance
from tests.conftest import Connect
from tests.project.zoo.models import Note

HOSTILE: list[tuple[Any, str]] = [
    ([], "invalid"),
    ("text", "invalid"),
    (7, "invalid"),
    (True, "invalid"),
    ({"x": "y" * 1100}, "max_length"),
    ({"x": [{}] * 500}, "max_length"),
    ({str(number): number for number in range(300)}, "max_length"),
]


@pytest.mark.parametrize(("meta", "code"), HOSTILE, ids=lambda value: str(value)[:20])
async def test_a_meta_of_another_shape_or_size_is_invalid_and_nobody_enters(
    meta: Any, code: str, connect: Connect, user: Any
) -> None:
    socket = await connect(user)
    error = (await socket.call("zoo.lobby.presence", {"meta": meta}))["error"]
    assert (error["code"], error["fields"]["meta"][0]["code"]) == ("invalid", code)
    assert Hub.current().rooms.by_key == {}


async def test_names_beside_the_known_ones_and_wrong_keys_are_invalid(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    wrong: list[dict[str, Any]] = [
        {"room": 1},
        {"meta": {}, "room": 1},
        {"id": "x"},
        {"meta": {}},
        {"id": True, "meta": {}},
        {"id": [1]},
    ]
    for data in wrong:
        assert (await socket.call("zoo.Note.presence", data))["error"]["code"] == "invalid", data
    assert (await socket.call("zoo.Label.presence", {"id": 1}))["error"]["code"] == "method_not_allowed"
    assert (await socket.call("zoo.Label.presence", {"id": 1, "meta": {}}))["error"]["code"] == "method_not_allowed"


async def test_what_is_no_live_read_on_such_a_socket_is_refused(connect: Connect, user: Any) -> None:
    note = await sync_to_async(Note.objects.create)(title="one")
    modern, seed = await connect(user), await connect(user, modern=False)
    assert (await modern.call("zoo.Note.presence", {"id": note.pk, "live": False}))["error"]["code"] == "bad_request"
    batch = {"ops": [{"event": "zoo.Note.presence", "data": {"id": note.pk}}]}
    assert (await modern.call("cb.batch", batch))["error"]["code"] == "bad_request"
    for data in ({"id": note.pk}, {"id": note.pk, "meta": {}}):
        assert (await seed.call("zoo.Note.presence", data))["error"]["code"] == "bad_request"


async def test_a_key_by_another_spelling_is_the_same_room(connect: Connect, user: Any) -> None:
    note = await sync_to_async(Note.objects.create)(title="one")
    socket = await connect(user)
    await socket.call("zoo.Note.presence", {"id": note.pk, "meta": {"a": 1}})
    await socket.call("zoo.Note.presence", {"id": str(note.pk), "meta": {"a": 2}})
    (member,) = Hub.current().rooms.exchange.own.values()
    assert member.meta == {"a": 2}
    assert (await socket.call("zoo.Note.presence", {"id": str(note.pk), "meta": None}))["data"] == {"success": True}
    assert Hub.current().rooms.exchange.own == {}
    assert (await socket.call("zoo.Note.presence", {"id": note.pk, "meta": None}))["data"] == {"success": True}


async def test_a_room_has_so_many_tabs_and_who_leaves_makes_room(
    connect: Connect, user: Any, stranger: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"MAX_PRESENCE_ROOMS": 2, "MAX_PRESENCE_MEMBERS": 1}
    notes = [await sync_to_async(Note.objects.create)(title=str(number)) for number in range(3)]
    socket, other = await connect(user), await connect(stranger)
    for note in notes[:2]:
        assert "data" in await socket.call("zoo.Note.presence", {"id": note.pk, "meta": {}})
    full = await other.call("zoo.Note.presence", {"id": notes[0].pk, "meta": {}})
    assert (full["error"]["code"], full["error"]["limit"]) == ("limit_exceeded", 1)
    await socket.call("zoo.Note.presence", {"id": notes[0].pk, "meta": None})
    assert "data" in await other.call("zoo.Note.presence", {"id": notes[0].pk, "meta": {}})


async def test_one_room_too_many_is_refused_and_leaving_makes_room(
    connect: Connect, user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHANNELS_BINDING = {"MAX_PRESENCE_ROOMS": 2}
    monkeypatch.setattr("channels_binding.protocol.session.Rate.take", lambda self, now: None)
    notes = [await sync_to_async(Note.objects.create)(title=str(number)) for number in range(3)]
    socket = await connect(user)
    answers = [await socket.call("zoo.Note.presence", {"id": note.pk, "meta": {}}) for note in notes]
    assert [answer.get("error", {}).get("code") for answer in answers] == [None, None, "limit_exceeded"]
    await socket.call("zoo.Note.presence", {"id": notes[0].pk, "meta": None})
    assert "data" in await socket.call("zoo.Note.presence", {"id": notes[2].pk, "meta": {}})


async def test_changing_all_the_time_is_throttled_and_leaving_is_not(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"MAX_PRESENCE_ROOMS": 4, "PRESENCE_UPDATES_PER_SECOND": 1}
    socket = await connect(user)
    answers = [await socket.call("zoo.lobby.presence", {"meta": {"n": n}}) for n in range(6)]
    assert [answer.get("error", {}).get("code") for answer in answers] == [None] * 4 + ["throttled"] * 2
    assert answers[-1]["error"]["retry_after"] > 0
    assert (await socket.call("zoo.lobby.presence", {"meta": None}))["data"] == {"success": True}


async def test_unsubscribing_ends_the_watching_alone(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.call("zoo.lobby.presence#p", {})
    await socket.call("zoo.lobby.presence", {"meta": {}})
    await socket.receive()
    assert (await socket.call("zoo.lobby.unsubscribe#p"))["data"] == {"success": True}
    await socket.call("zoo.lobby.presence", {"meta": {"n": 1}})
    assert await socket.silent(0.3)
    assert len(Hub.current().rooms.exchange.own) == 1


async def test_two_calls_at_once_enter_once(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.send([{"event": "zoo.lobby.presence", "id": n, "data": {"meta": {"n": n}}} for n in range(5)])
    tabs = {(await socket.receive())["data"]["tab"] for _ in range(5)}
    assert len(tabs) == len(Hub.current().rooms.exchange.own) == 1
    await socket.close()
    assert Hub.current().rooms.by_key == {} or not Hub.current().rooms.exchange.own


def test_the_name_of_a_tab_is_not_that_of_its_connection() -> None:
    class _Socket:
        class settings:
            PRESENCE_UPDATES_PER_SECOND, MAX_PRESENCE_ROOMS = 1, 1

    one, other = Attendance(_Socket()), Attendance(_Socket())  # type: ignore[arg-type]
    assert one.tab != other.tab
