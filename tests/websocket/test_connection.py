"""What arrives on a socket: hostile frames, slow calls, limits, and the order of what is answered."""

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from channels_binding.live import rounds
from channels_binding.live.hub import Hub
from channels_binding.live.rounds import Rounds
from channels_binding.protocol.session import Rate
from channels_binding.testing import BindingCommunicator
from channels_binding.websocket import connection
from tests.conftest import Connect
from tests.project.zoo.bindings import notes
from tests.project.zoo.models import Note
from tests.security.test_authentication.sockets import JWT, MineBinding, closed, in_thread, jwt

create = sync_to_async(Note.objects.create)

MALFORMED: list[tuple[str, str]] = [
    ("", "bad_request"),
    ("not json", "bad_request"),
    ("{", "bad_request"),
    ("[]", "bad_request"),
    ("[[]]", "bad_request"),
    ("null", "bad_request"),
    ("true", "bad_request"),
    ('"text"', "bad_request"),
    ("7", "bad_request"),
    ("NaN", "bad_request"),
    ('{"event": "zoo.Note.search", "data": {"page": 1e999}}', "bad_request"),
    ("{}", "bad_request"),
    ('{"event": null}', "bad_request"),
    ('{"event": 7}', "bad_request"),
    ('{"event": ""}', "bad_request"),
    ('{"event": "search"}', "bad_request"),
    ('{"event": ".search"}', "bad_request"),
    ('{"event": "zoo.Note."}', "bad_request"),
    ('{"event": "zoo.Note.search#"}', "bad_request"),
    ('{"event": "zoo.Note.search#a b"}', "bad_request"),
    ('{"event": "zoo.Note.search", "data": []}', "bad_request"),
    ('{"event": "zoo.Note.search", "data": "x"}', "bad_request"),
    ('{"event": "zoo.Note.search", "data": 7}', "bad_request"),
    ('{"event": "zoo.Note.search", "id": {}}', "bad_request"),
    ('{"event": "zoo.Note.search", "id": true}', "bad_request"),
    ('{"event": "zoo.Note.search", "id": ""}', "bad_request"),
    ('{"event": "zoo.Note.search", "have": 7}', "bad_request"),
    ('{"event": "zoo.Note.search", "key": 7}', "bad_request"),
    ('{"event": "zoo.Note.search", "data": {"query": "\\u0000"}}', "bad_request"),
    ('{"event": "' + "x" * 300 + '.search"}', "bad_request"),
    ('{"event": "zoo.Note.search", "data": ' + '{"a":' * 50 + "1" + "}" * 50 + "}", "bad_request"),
    ('{"event": "no.Such.search"}', "not_found"),
    ('{"event": "zoo.Note.nothing"}', "method_not_allowed"),
    ('{"event": "zoo.Note.__init__"}', "method_not_allowed"),
    ('{"event": "zoo.Note.get_queryset"}', "method_not_allowed"),
    ('{"event": "zoo.Note.check_permissions"}', "method_not_allowed"),
    ('{"event": "zoo.Note.perform_destroy"}', "method_not_allowed"),
    ('{"event": "__class__.__init__"}', "not_found"),
    ('{"event": "custom_stream.search"}', "method_not_allowed"),
    ('{"event": "cb.hello"}', "bad_request"),
    ('{"event": "zoo.Note.retrieve"}', "invalid"),
    ('{"event": "zoo.Note.retrieve", "data": {"id": null}}', "invalid"),
    ('{"event": "zoo.Note.retrieve", "data": {"id": true}}', "invalid"),
    ('{"event": "zoo.Note.retrieve", "data": {"id": 1.5}}', "invalid"),
    ('{"event": "zoo.Note.retrieve", "data": {"id": [1]}}', "invalid"),
    ('{"event": "zoo.Note.retrieve", "data": {"id": {"in": 1}}}', "invalid"),
    ('{"event": "zoo.Note.retrieve", "data": {"id": "\u0661"}}', "invalid"),
    ('{"event": "zoo.Note.retrieve", "data": {"id": 99999999999999999999}}', "invalid"),
    ('{"event": "zoo.Note.retrieve", "data": {"id": 9223372036854775808}}', "not_found"),
    ('{"event": "zoo.Note.retrieve", "data": {"id": 424242}}', "not_found"),
    ('{"event": "zoo.Note.retrieve", "data": {"ids": 7}}', "invalid"),
    ('{"event": "zoo.Note.retrieve", "data": {"ids": [{}]}}', "invalid"),
    ('{"event": "zoo.Note.retrieve", "data": {"id": 1, "pk": 2}}', "invalid"),
    ('{"event": "zoo.Token.retrieve", "data": {"id": "no-uuid"}}', "invalid"),
    ('{"event": "zoo.Note.search", "data": {"page": 0}}', "invalid"),
    ('{"event": "zoo.Note.search", "data": {"page": -1}}', "invalid"),
    ('{"event": "zoo.Note.search", "data": {"page": "x"}}', "invalid"),
    ('{"event": "zoo.Note.search", "data": {"page": true}}', "invalid"),
    ('{"event": "zoo.Note.search", "data": {"page": 9007199254740993}}', "invalid"),
    ('{"event": "zoo.Note.search", "data": {"limit": 0}}', "invalid"),
    ('{"event": "zoo.Note.search", "data": {"order": 7}}', "invalid"),
    ('{"event": "zoo.Note.search", "data": {"order": "secret_code"}}', "invalid"),
    ('{"event": "zoo.Note.search", "data": {"order": "owner__password"}}', "invalid"),
    ('{"event": "zoo.Note.search", "data": {"order": "?"}}', "invalid"),
    ('{"event": "zoo.Note.search", "data": {"filters": []}}', "invalid"),
    ('{"event": "zoo.Note.search", "data": {"filters": {"owner__password__startswith": "a"}}}', "invalid"),
    ('{"event": "zoo.Note.search", "data": {"filters": {"_connector": "OR"}}}', "invalid"),
    ('{"event": "zoo.Note.search", "data": {"filters": {"rank": {"gte": 1}}}}', "invalid"),
    ('{"event": "zoo.Note.search", "data": {"filters": {"rank": "many"}}}', "invalid"),
    ('{"event": "zoo.Note.search", "data": {"query": 7}}', "invalid"),
    ('{"event": "zoo.Token.search", "data": {"query": "x"}}', "invalid"),
    ('{"event": "zoo.Note.search", "data": {"fields": ["secret_code"]}}', "invalid"),
    ('{"event": "zoo.Note.search", "data": {"fields": 7}}', "invalid"),
    ('{"event": "zoo.Note.search", "data": {"pgae": 1}}', "invalid"),
    ('{"event": "zoo.Note.create", "data": {}}', "invalid"),
    ('{"event": "zoo.Note.create", "data": {"title": "x", "secret_code": "y"}}', "invalid"),
    ('{"event": "zoo.Note.create", "data": {"title": "x", "owner": 424242}}', "invalid"),
    ('{"event": "zoo.Note.create", "data": {"title": ["x"]}}', "invalid"),
    ('{"event": "zoo.Note.create", "data": {"title": "' + "x" * 81 + '"}}', "invalid"),
    ('{"event": "zoo.Note.create", "data": {"title": "x", "rank": 99999999999999999999}}', "invalid"),
    ('{"event": "zoo.Note.update", "data": {"title": "x"}}', "invalid"),
    ('{"event": "zoo.Note.update", "data": {"id": 424242, "title": "x"}}', "not_found"),
    ('{"event": "zoo.Note.delete", "data": {}}', "invalid"),
    ('{"event": "zoo.Note.delete", "data": {"id": 424242}}', "not_found"),
    ('{"event": "zoo.Note.form", "data": {"submit": 7}}', "invalid"),
    ('{"event": "zoo.Note.form", "data": {"id": 424242}}', "not_found"),
    ('{"event": "zoo.Note.form", "data": {"submit": {"secret_code": 7}}}', "invalid"),
    ('{"event": "zoo.Note.fail", "data": {}}', "internal"),
    ('{"event": "custom_stream.custom_event", "data": {}}', "invalid"),
]


@pytest.mark.parametrize("modern", [True, False], ids=["cb.1", "seed"])
async def test_a_malformed_frame_is_answered_with_a_code_and_the_next_call_works(
    modern: bool, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"MAX_REFUSALS": 1000}
    await create(title="present")
    socket = await connect(user, modern=modern)
    wrong = []
    for frame, code in MALFORMED:
        await socket.send(frame)
        answer = await socket.receive()
        if "error" not in answer or answer["error"]["code"] != code:
            wrong.append((frame, answer))
        assert "canary" not in str(answer)
        assert "Traceback" not in str(answer)
    assert wrong == []
    assert (await socket.call("zoo.Note.search", {"live": False}))["data"]["count"] == 1


@pytest.mark.parametrize(
    "data",
    [
        '{"query": "x\\u0000"}',
        '{"a": 1, "a": 2}',
        '{"a": ' + "[" * 20 + "]" * 20 + "}",
    ],
)
async def test_a_call_that_is_refused_for_what_it_holds_is_told_so_itself(
    connect: Connect, user: Any, data: str
) -> None:
    socket = await connect(user)
    call = '{"event": "zoo.Note.search#h", "id": %s, "data": ' + data + "}"
    for frame, ids in ((call % 7, [7]), (f"[{call % 8}, {call % 9}]", [8, 9])):
        await socket.send(frame)
        answers = [await socket.receive() for _ in ids]
        assert [(each["event"], each["id"], each["error"]["code"]) for each in answers] == [
            ("zoo.Note.search#h", number, "bad_request") for number in ids
        ]


async def test_a_binary_frame_and_a_too_large_one_are_refused_and_the_socket_stays(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.socket.send_input({"type": "websocket.receive", "bytes": b"\x00\xff"})
    assert (await socket.receive())["error"]["code"] == "bad_request"
    await socket.send('{"event": "zoo.Note.search", "data": {"query": "' + "x" * 300_000 + '"}}')
    assert (await socket.receive())["error"]["code"] == "too_large"
    assert (await socket.call("zoo.Note.search"))["data"]["count"] == 0


async def test_the_event_and_id_of_a_refused_message_are_echoed(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.send({"event": "zoo.Note.search#h", "id": "q", "data": []})
    answer = await socket.receive()
    assert (answer["event"], answer["id"]) == ("zoo.Note.search#h", "q")
    await socket.send({"id": 5})
    answer = await socket.receive()
    assert (answer["event"], answer["id"]) == ("cb.error", 5)


async def test_an_array_frame_holds_independent_messages(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.send(
        [
            {"event": "zoo.Note.search#a", "id": 1, "data": {}},
            7,
            {"event": "zoo.Note.nothing", "id": 2},
            {"event": "zoo.Note.search#b", "id": 3, "data": {}},
        ]
    )
    answers = [await socket.receive() for _ in range(4)]
    assert {answer.get("id") for answer in answers} == {1, 2, 3, None}
    assert sum("error" in answer for answer in answers) == 2


async def test_an_id_in_flight_cannot_be_used_again(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.send({"event": "zoo.Note.drowsy", "id": 1, "data": {"seconds": 0.2}})
    await socket.send({"event": "zoo.Note.drowsy", "id": 1, "data": {"seconds": 0}})
    first, second = await socket.receive(), await socket.receive()
    assert first["error"]["code"] == "bad_request"
    assert second["data"] == {"slept": True}


@pytest.mark.parametrize("event", ["slow", "drowsy"])
async def test_a_slow_call_delays_neither_its_own_socket_nor_another(
    event: str, connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slow ones go on until all the others are answered."""
    on_thread, on_loop = threading.Event(), asyncio.Event()
    monkeypatch.setattr(notes, "time", SimpleNamespace(sleep=lambda seconds: on_thread.wait(60)))
    monkeypatch.setattr(notes, "asyncio", SimpleNamespace(sleep=lambda seconds: on_loop.wait()))
    await create(title="present")
    busy, idle = await connect(user), await connect(user)
    slow = [{"event": f"zoo.Note.{event}", "id": f"s{number}", "data": {}} for number in range(3)]
    try:
        await busy.send(slow)
        for socket in (busy, idle) * 10:
            assert "data" in await socket.call("zoo.Note.retrieve", {"ids": [], "live": False})
    finally:
        on_thread.set()
        on_loop.set()
    answers = [await busy.receive() for _ in slow]
    assert {answer["id"] for answer in answers} == {each["id"] for each in slow}


async def test_three_hundred_saves_of_one_row_end_on_the_final_value(connect: Connect, user: Any) -> None:
    note = await create(title="busy")
    modern, seed, lister = await connect(user), await connect(user, modern=False), await connect(user)
    shown = (await modern.call("zoo.Note.retrieve#r", {"id": note.pk}))["data"]
    await seed.call("zoo.Note.retrieve", {"id": note.pk})
    listed = (await lister.call("zoo.Note.search#l", {}))["data"]["rows"][0]
    writer = await connect(user)
    assert (await writer.call("zoo.Note.burst", {"id": note.pk, "count": 300}))["data"] == {"rank": 299}
    last = None
    while shown["rank"] != 299:
        for _, changed, _etag in (await modern.receive())["data"]["patch"]:
            shown.update(changed)
    while last != 299:
        last = (await seed.receive())["data"]["rank"]
    while listed["rank"] != 299:
        for _, changed, _etag in (await lister.receive())["data"]["patch"]:
            listed.update(changed)
    assert await modern.silent()
    assert await seed.silent()


Listed = tuple[BindingCommunicator, Note]


@pytest.fixture
async def listed(connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch) -> Listed:
    """A socket that lists a note, and waits for its own diffs however busy the machine is."""
    monkeypatch.setattr(connection, "OWN_DIFFS_SECONDS", 5.0)
    note = await create(title="one")
    socket = await connect(user)
    await socket.call("zoo.Note.search#h", {})
    return socket, note


async def assert_the_reply_comes_after_the_diff(listed: Listed, number: int = 0) -> None:
    socket, note = listed
    await socket.send({"event": "zoo.Note.update", "id": f"w{number}", "data": {"id": note.pk, "rank": number + 1}})
    diff, reply = await socket.receive(), await socket.receive()
    assert diff["data"]["patch"][0][1] == {"rank": number + 1}
    assert reply["id"] == f"w{number}"


async def test_the_reply_to_a_write_comes_after_its_own_diffs(listed: Listed) -> None:
    for number in range(20):
        await assert_the_reply_comes_after_the_diff(listed, number)


async def test_whoever_listens_to_nothing_does_not_wait_for_diffs(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[Any] = []

    async def wait_settled(rounds: Any, numbers: Any, subscriber: Any, seconds: float) -> None:
        waited.append(subscriber)

    monkeypatch.setattr(Rounds, "wait_settled", wait_settled)
    silent, reading, subscribed = await connect(user), await connect(user), await connect(user)
    await reading.call("zoo.Note.search#h", {})
    await subscribed.call("zoo.Label.subscribe", {})
    for socket, times in ((silent, 0), (reading, 1), (subscribed, 2)):
        await socket.call("zoo.Note.create", {"title": "x"})
        assert len(waited) == times


async def test_the_reply_to_a_write_comes_after_its_own_diffs_although_the_query_is_slower_than_a_round(
    listed: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "ROUND_PATIENCE_SECONDS", 0.0)
    for number in range(5):
        await assert_the_reply_comes_after_the_diff(listed, number)


async def test_the_reply_to_a_write_comes_after_its_own_diffs_although_the_writer_is_doubted_meanwhile(
    listed: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    refreshed, doubted = Rounds._refreshed, list[Any]()

    async def doubtful(self: Rounds, group: Any) -> Any:
        if not doubted:
            doubted.append(group)
            self.identity.lost()
        return await refreshed(self, group)

    monkeypatch.setattr(Rounds, "_refreshed", doubtful)
    await assert_the_reply_comes_after_the_diff(listed)
    assert doubted


async def test_more_live_reads_than_the_limit_are_refused(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"MAX_SUBSCRIPTIONS": 3}
    socket = await connect(user)
    for number in range(3):
        assert "data" in await socket.call(f"zoo.Note.search#h{number}")
    assert (await socket.call("zoo.Note.search#h3"))["error"]["code"] == "limit_exceeded"
    assert "data" in await socket.call("zoo.Note.search#h1", {"limit": 5})  # the same name takes its own place
    await socket.call("zoo.Note.unsubscribe#h0")
    assert "data" in await socket.call("zoo.Note.search#h3")


async def test_too_fast_a_client_is_throttled_and_told_when_to_come_back(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"MESSAGES_PER_SECOND": 20}
    socket = await connect(user)
    await socket.send([{"event": "zoo.Note.nothing", "id": i} for i in range(40)])
    codes = [(await socket.receive())["error"] for _ in range(40)]
    throttled = [error for error in codes if error["code"] == "throttled"]
    assert 15 <= len(throttled) <= 20
    assert all(error["retry"] and error["retry_after"] > 0 for error in throttled)


async def test_too_many_calls_in_flight_are_refused(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"MAX_CALLS_IN_FLIGHT": 4}
    socket = await connect(user)
    await socket.send([{"event": "zoo.Note.drowsy", "id": i, "data": {"seconds": 0.3}} for i in range(6)])
    answers = [await socket.receive() for _ in range(6)]
    assert [answer["error"]["code"] for answer in answers[:2]] == ["limit_exceeded"] * 2
    assert all(answer["data"] == {"slept": True} for answer in answers[2:])


async def test_a_call_that_takes_too_long_is_answered_with_timeout(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"CALL_TIMEOUT_SECONDS": 0.1}
    socket = await connect(user)
    answer = await socket.call("zoo.Note.drowsy", {"seconds": 3})
    assert (answer["error"]["code"], answer["error"]["retry"]) == ("timeout", True)


# Whose it is


async def auth(socket: BindingCommunicator, token: Any, **members: Any) -> Any:
    await socket.send({"event": "cb.auth", "id": 1, "data": {"token": token}, **members})
    return await socket.receive()


async def test_a_pending_socket_answers_once_it_has_said_who_it_is(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = JWT
    socket = BindingCommunicator("/ws/")
    assert await socket.open()
    await socket.send({"event": "zoo.Note.search", "id": 7, "data": {}})
    assert (await socket.receive())["error"]["code"] == "unauthenticated"
    assert (await auth(socket, await in_thread(jwt)(user)))["data"]["user"] == str(user.pk), "cb.hello comes first"
    assert (await socket.receive())["data"]["success"] is True
    assert (await socket.call("zoo.Note.search"))["data"]["count"] == 0
    await socket.close()


@pytest.mark.parametrize("token", ["wrong", 7, None])
async def test_a_pending_socket_that_says_something_wrong_is_closed_after_its_answer(
    token: Any, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = JWT
    socket = BindingCommunicator("/ws/")
    assert await socket.open()
    assert (await auth(socket, token))["error"]["code"] in ("unauthenticated", "invalid")
    assert await closed(socket) == 4401


async def test_an_open_socket_becomes_somebody_else_s_and_a_wrong_token_changes_nothing(
    connect: Connect, user: Any, stranger: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = JWT
    await create(title="hers", owner=user)
    await create(title="his", owner=stranger)
    socket = BindingCommunicator(f"/ws/?token={await in_thread(jwt)(user)}")
    assert await socket.open()
    assert (await auth(socket, "wrong"))["error"]["code"] == "unauthenticated"
    (row,) = (await socket.call(f"{MineBinding.stream}.search#a"))["data"]["rows"]
    assert row["title"] == "hers"
    await socket.send({"event": "cb.auth", "id": 2, "data": {"token": await in_thread(jwt)(stranger)}})
    push, reply = sorted([await socket.receive(), await socket.receive()], key=lambda message: "id" in message)
    assert reply["data"]["user"] == str(stranger.pk)
    assert [row["title"] for _, row, *_ in push["data"]["put"]] == ["his"]
    await socket.close()


async def test_a_handler_that_signs_out_is_answered_before_the_socket_is_closed(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    assert (await socket.call(f"{MineBinding.stream}.leave"))["data"] == {"left": True}
    assert await closed(socket) == 4401


async def test_where_anybody_may_connect_a_handler_signs_in_and_the_socket_stays(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}
    socket = await connect(None)
    assert (await socket.call(f"{MineBinding.stream}.enter", {"name": "ann"}))["data"] == {"user": "ann"}
    assert (await socket.call(f"{MineBinding.stream}.leave"))["data"] == {"left": True}
    (subscriber,) = Hub.current().subscribers
    assert not subscriber.user.is_authenticated


async def test_a_socket_is_answered_in_the_language_it_asks_for(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    spoken = await socket.call("cb.locale", {"language": "de", "timezone": "Asia/Tokyo"})
    assert spoken["data"] == {"success": True, "language": "de", "timezone": "Asia/Tokyo"}
    error = (await socket.call("zoo.Note.create", {}))["error"]
    assert error["fields"]["title"][0]["message"] == "Dieses Feld ist zwingend erforderlich."
    for wrong in ({"language": "xx"}, {"timezone": "Moon/Sea"}, {}):
        assert (await socket.call("cb.locale", wrong))["error"]["code"] == "invalid"


# Messages of the protocol


async def test_system_messages_are_those_of_the_protocol_and_need_its_subprotocol(connect: Connect, user: Any) -> None:
    modern, seed = await connect(user), await connect(user, modern=False)
    assert (await modern.call("cb.ping", {"n": 3}))["data"] == {"n": 3}
    assert (await modern.call("cb.nothing"))["error"]["code"] == "bad_request"
    for event in ("cb.ping", "cb.batch", "cb.auth", "cb.locale"):
        await seed.send({"event": event, "data": {}})
        assert (await seed.receive())["error"]["code"] == "bad_request"


async def test_a_batch_is_one_call_with_several_answers(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    ops = [{"event": "zoo.Label.create", "data": {"name": name}} for name in ("a", "b")]
    results = (await socket.call("cb.batch", {"ops": ops}))["data"]["results"]
    assert [each["data"]["name"] for each in results] == ["a", "b"]
    assert (await socket.call("cb.batch", {"ops": 7}))["error"]["code"] == "bad_request"


async def test_a_batch_that_takes_too_long_is_answered(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"CALL_TIMEOUT_SECONDS": 0.1}
    socket = await connect(user)
    slow = {"event": "zoo.Note.slow", "data": {"seconds": 0.5}}
    assert (await socket.call("cb.batch", {"ops": [slow]}))["error"]["code"] == "timeout"


async def test_a_large_frame_is_read_as_well_and_costs_as_many_messages_as_it_has_pages(
    connect: Connect, user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHANNELS_BINDING = {"MAX_FRAME_BYTES": 200_000}
    charged: list[int] = []
    monkeypatch.setattr(Rate, "charge", lambda self, messages: charged.append(messages))
    socket = await connect(user)
    await socket.send({"event": "zoo.Note.create", "id": 1, "data": {"title": "x" * 100_000}})
    assert (await socket.receive())["error"]["fields"]["title"][0]["code"] == "max_length"
    assert charged == [100_000 // connection.SMALL_FRAME]


# Subscriptions


async def test_who_subscribes_hears_of_saved_rows_until_it_unsubscribes(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    assert (await socket.call("zoo.Note.subscribe"))["data"] == {"success": True}
    note = await create(title="one")
    assert (await socket.receive())["data"]["title"] == "one"
    assert (await socket.call("zoo.Note.unsubscribe"))["data"] == {"success": True}
    await sync_to_async(note.save)()
    assert await socket.silent()


async def test_a_read_is_ended_by_its_name_and_the_others_go_on(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    for name in ("a", "b"):
        await socket.call(f"zoo.Note.search#{name}")
    assert (await socket.call("zoo.Note.unsubscribe#a"))["data"] == {"success": True}
    await create(title="one")
    assert (await socket.receive())["event"] == "zoo.Note.search#b"
    assert await socket.silent()


async def test_a_client_without_a_subprotocol_reads_live_in_the_first_release_s_words(
    connect: Connect, user: Any
) -> None:
    note = await create(title="one", rank=1)
    seed = await connect(user, modern=False)
    await seed.send({"event": "zoo.Note.retrieve", "data": {"id": note.pk}})
    assert (await seed.receive())["data"]["title"] == "one"
    await seed.send({"event": "zoo.Note.retrieve", "data": {"id": 424242}})
    assert (await seed.receive())["error"]["code"] == "not_found"
