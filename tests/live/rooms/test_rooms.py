"""Who is at a row and in a room, as sockets see it: who comes, what they do there, and who may not know of it."""

import asyncio
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import OperationalError
from rest_framework.permissions import DjangoModelPermissions

from channels_binding.consumers import AsyncBinding, PresenceBinding
from channels_binding.live.hub import Hub
from channels_binding.live.queries.store import QueryStore
from channels_binding.live.rooms import room as rooms_module
from channels_binding.testing import LiveList, session_cookie
from tests.conftest import Connect
from tests.project.zoo.models import Note
from tests.streams import Stream, fleeting_connections

create = sync_to_async(Note.objects.create)


class Shown:
    """What one socket shows of a room."""

    def __init__(self, socket: Any, event: str, answer: Any) -> None:
        self.socket = socket
        self.live = LiveList(event, {}, answer)
        self.messages = [answer]

    @classmethod
    async def open(cls, socket: Any, event: str, data: Any) -> "Shown":
        answer = await socket.call(event, data)
        assert answer["type"] == "snapshot", answer
        return cls(socket, event, answer)

    def names(self) -> list[str]:
        return [row["user"]["username"] for row in self.live.rows]

    def metas(self) -> dict[str, list[Any]]:
        return {row["user"]["username"]: [tab["meta"] for tab in row["tabs"]] for row in self.live.rows}

    async def until(self, is_so: Any, seconds: float = 5.0) -> None:
        """Take in what comes until something is so."""
        deadline = time.monotonic() + seconds
        while not is_so(self):
            message = await self.socket.receive(max(0.01, deadline - time.monotonic()))
            self.messages.append(message)
            if message["event"] == self.live.event:
                self.live.apply(message)


class LockedNoteBinding(AsyncBinding):
    stream = "zoo.LockedNote"
    model = Note
    fields = ("id", "title")
    presence = True

    class _Permission(DjangoModelPermissions):
        perms_map = {**DjangoModelPermissions.perms_map, "GET": ["%(app_label)s.view_%(model_name)s"]}

    permission_classes = (_Permission,)


class NamedBinding(PresenceBinding):
    stream = "zoo.named"

    def may_enter(self, name: str) -> bool:
        return Note.objects.filter(title=name).exists()

    def get_presence_user(self) -> Any:
        return {"username": self.user.get_username(), "email": self.user.email}


async def test_who_enters_is_seen_with_its_meta_and_leaves_when_the_socket_does(
    connect: Connect, user: Any, stranger: Any
) -> None:
    note = await create(title="one")
    first, second = await connect(user), await connect(stranger)
    shown = await Shown.open(first, "zoo.Note.presence#p", {"id": note.pk})
    assert shown.live.rows == []
    mine = await first.call("zoo.Note.presence", {"id": note.pk, "meta": {"editing": "title"}})
    assert mine["data"] == {"success": True, "user": str(user.pk), "tab": mine["data"]["tab"]}
    await second.call("zoo.Note.presence", {"id": note.pk, "meta": {}})
    await shown.until(lambda it: it.names() == ["ann", "bob"])
    (row, _) = shown.live.rows
    assert row["user"] == {"id": user.pk, "username": "ann"}
    assert [tab["id"] for tab in row["tabs"]] == [mine["data"]["tab"]]
    assert shown.metas() == {"ann": [{"editing": "title"}], "bob": [{}]}
    await second.close()
    await shown.until(lambda it: it.names() == ["ann"])
    assert shown.live.count == 1


async def test_tabs_of_one_user_are_one_user_with_several_tabs(connect: Connect, user: Any) -> None:
    note = await create(title="one")
    first, second = await connect(user), await connect(user)
    shown = await Shown.open(first, "zoo.Note.presence#p", {"id": note.pk})
    await first.call("zoo.Note.presence", {"id": note.pk, "meta": {"tab": 1}})
    await second.call("zoo.Note.presence", {"id": note.pk, "meta": {"tab": 2}})
    await shown.until(lambda it: it.metas() == {"ann": [{"tab": 1}, {"tab": 2}]})
    await first.call("zoo.Note.presence", {"id": note.pk, "meta": None})
    await shown.until(lambda it: it.metas() == {"ann": [{"tab": 2}]})


async def test_meta_is_changed_by_entering_again_and_many_changes_are_few_messages(
    connect: Connect, user: Any, stranger: Any
) -> None:
    note = await create(title="one")
    first, second = await connect(user), await connect(stranger)
    shown = await Shown.open(first, "zoo.Note.presence#p", {"id": note.pk})
    answers = [await second.call("zoo.Note.presence", {"id": note.pk, "meta": {"n": n}}) for n in range(40)]
    assert len({answer["data"]["tab"] for answer in answers}) == 1
    await shown.until(lambda it: it.metas() == {"bob": [{"n": 39}]})
    assert len(shown.messages) < 20


async def test_a_room_has_the_name_that_its_stream_gives(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    everywhere = await Shown.open(socket, "zoo.lobby.presence#a", {})
    quiet = await Shown.open(socket, "zoo.lobby.presence#b", {"id": "quiet"})
    await socket.call("zoo.lobby.presence", {"id": "quiet", "meta": {}})
    await quiet.until(lambda it: it.names() == ["ann"])
    assert everywhere.live.rows == []
    for name in ("loud", "x" * 129, 7, "a\x01"):
        error = (await socket.call("zoo.lobby.presence", {"id": name, "meta": {}}))["error"]
        assert error["code"] == ("not_found" if name == "loud" else "invalid")


async def test_a_hook_may_ask_the_database_and_say_what_is_shown(connect: Connect, user: Any) -> None:
    note = await create(title="open")
    socket = await connect(user)
    shown = await Shown.open(socket, "zoo.named.presence#a", {"id": "open"})
    await socket.call("zoo.named.presence", {"id": "open", "meta": {}})
    await shown.until(lambda it: it.live.rows != [])
    assert shown.live.rows[0]["user"] == {"username": "ann", "email": "ann@example.com"}
    await sync_to_async(note.delete)()
    assert (await socket.receive())["type"] == "gone"
    assert (await socket.call("zoo.named.presence", {"id": "open", "meta": {}}))["error"]["code"] == "not_found"


@pytest.mark.parametrize("data", [{}, {"meta": {"x": 1}}], ids=["watch", "enter"])
async def test_a_hidden_row_is_answered_as_a_missing_one(
    data: dict[str, Any], connect: Connect, user: Any, stranger: Any
) -> None:
    hidden = await create(title="hers", owner=user)
    socket = await connect(stranger)
    answers = [(await socket.call("zoo.OwnNote.presence", {"id": key, **data}))["error"] for key in (hidden.pk, 424242)]
    assert answers[0] == answers[1]
    assert answers[0] == (await socket.call("zoo.OwnNote.retrieve", {"id": hidden.pk}))["error"]
    locked = await create(title="locked")
    error = (await socket.call("zoo.GuardedNote.presence", {"id": locked.pk, **data}))["error"]
    assert error == (await socket.call("zoo.GuardedNote.retrieve", {"id": locked.pk}))["error"]
    assert Hub.current().rooms.by_key == {}


async def test_who_loses_sight_of_a_row_leaves_its_room_and_is_told_gone_and_comes_back(
    connect: Connect, user: Any, stranger: Any
) -> None:
    note = await create(title="mine", owner=stranger)
    watcher, socket = await connect(user), await connect(stranger)
    others = await Shown.open(watcher, "zoo.Note.presence#p", {"id": note.pk})
    await socket.call("zoo.OwnNote.presence", {"id": note.pk, "meta": {}})
    mine = await Shown.open(socket, "zoo.OwnNote.presence#q", {"id": note.pk})
    await mine.until(lambda it: it.names() == ["bob"])
    assert others.live.rows == []  # a stream has rooms of its own: another one may show another row to others
    await sync_to_async(Note.objects.filter(pk=note.pk).update)(owner=user)
    assert await socket.receive() == {"event": "zoo.OwnNote.presence#q", "type": "gone"}
    watching = await connect(user)
    shown = await Shown.open(watching, "zoo.OwnNote.presence#r", {"id": note.pk})
    await shown.until(lambda it: it.names() == [])
    await watching.call("zoo.OwnNote.presence", {"id": note.pk, "meta": {"secret": "canary"}})
    await shown.until(lambda it: it.names() == ["ann"])
    assert await socket.silent()
    await sync_to_async(Note.objects.filter(pk=note.pk).update)(owner=stranger)
    assert (await watching.receive())["type"] == "gone"
    back = await socket.receive()
    assert back["type"] == "snapshot"
    mine.live = LiveList("zoo.OwnNote.presence#q", {}, back)
    await mine.until(lambda it: it.names() == ["bob"])


async def test_a_deleted_row_is_gone_for_all_who_were_there(connect: Connect, user: Any) -> None:
    note = await create(title="one")
    socket = await connect(user)
    await socket.call("zoo.Note.presence#p", {"id": note.pk})
    await socket.call("zoo.Note.presence", {"id": note.pk, "meta": {}})
    await sync_to_async(note.delete)()
    message = await socket.receive()
    while message.get("type") != "gone":
        message = await socket.receive()
    hub = Hub.current()
    assert not hub.rooms.exchange.own


async def test_a_permission_that_is_withdrawn_ends_both_and_others_see_it_leave(
    connect: Connect, user: Any, stranger: Any
) -> None:
    permission = await sync_to_async(Permission.objects.get)(codename="view_note")
    for each in (user, stranger):
        await sync_to_async(each.user_permissions.add)(permission)
    note = await create(title="one")
    first, second = await connect(user), await connect(stranger)
    shown = await Shown.open(first, "zoo.LockedNote.presence#p", {"id": note.pk})
    await second.call("zoo.LockedNote.presence", {"id": note.pk, "meta": {}})
    watched = await Shown.open(second, "zoo.LockedNote.presence#q", {"id": note.pk})
    await watched.until(lambda it: it.names() == ["bob"])
    await shown.until(lambda it: it.names() == ["bob"])
    await sync_to_async(stranger.user_permissions.clear)()
    errors = [await second.receive(), await second.receive()]
    assert {error["event"] for error in errors} == {"zoo.LockedNote.presence", "zoo.LockedNote.presence#q"}
    assert {error["error"]["code"] for error in errors} == {"forbidden"}
    await shown.until(lambda it: it.names() == [])
    await first.call("zoo.LockedNote.presence", {"id": note.pk, "meta": {"canary": 1}})
    await shown.until(lambda it: it.names() == ["ann"])
    assert await second.silent()


async def test_a_renamed_user_is_shown_anew_and_one_who_signs_out_is_gone(
    connect: Connect, user: Any, stranger: Any
) -> None:
    socket, other = await connect(user), await connect(stranger)
    shown = await Shown.open(socket, "zoo.lobby.presence#p", {})
    await other.call("zoo.lobby.presence", {"meta": {}})
    await shown.until(lambda it: it.names() == ["bob"])
    await sync_to_async(get_user_model().objects.filter(pk=stranger.pk).update)(username="rob")
    await shown.until(lambda it: it.names() == ["rob"])
    await sync_to_async(get_user_model().objects.filter(pk=stranger.pk).update)(is_active=False)
    await shown.until(lambda it: it.names() == [])


async def test_who_is_not_heard_of_leaves_and_comes_back_with_the_next_word(
    connect: Connect, user: Any, stranger: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"PRESENCE_SECONDS": 0.4}
    socket, frozen = await connect(user), await connect(stranger)
    shown = await Shown.open(socket, "zoo.lobby.presence#p", {})
    await frozen.call("zoo.lobby.presence", {"meta": {}})
    await shown.until(lambda it: it.names() == ["bob"])
    began = time.monotonic()
    await shown.until(lambda it: it.names() == [])  # the communicator answers pings only while it is asked for messages
    assert time.monotonic() - began < 2.0
    await frozen.call("cb.ping", {"n": 1})
    await shown.until(lambda it: it.names() == ["bob"])


async def test_an_event_stream_watches_and_is_not_there(connect: Connect, user: Any, stranger: Any) -> None:
    note = await create(title="one", owner=user)
    key = await sync_to_async(session_cookie)(user)
    content = b'{"id": %d}' % note.pk
    token = "a" * 32  # as a page sends it
    headers = {
        "cookie": f"sessionid={key}; csrftoken={token}",
        "x-csrftoken": token,
        "content-type": "application/json",
        "content-length": str(len(content)),
    }
    with fleeting_connections():
        stream = Stream("/api/zoo.OwnNote/presence/", method="POST", content=content, headers=headers)
        assert await stream.open() == 200, await stream.body()
        version, first = await stream.event()
        assert (first["type"], first["data"]) == ("snapshot", {"count": 0, "rows": []})
        socket = await connect(user)
        await socket.call("zoo.OwnNote.presence", {"id": note.pk, "meta": {"n": 1}})
        _, diff = await stream.event()
        assert diff["from"] == version
        assert diff["data"]["put"][0][1]["user"]["username"] == "ann"
        await sync_to_async(Note.objects.filter(pk=note.pk).update)(owner=stranger)
        assert (await stream.event())[1]["type"] == "gone"
        await stream.leave()
        for content, accept, status in (
            (b'{"id": %d, "meta": {}}' % note.pk, "text/event-stream", 400),
            (b'{"id": %d}' % note.pk, "application/json", 400),
            (b'{"id": 424242}', "text/event-stream", 404),
            (b'{"id": %d}' % note.pk, "text/event-stream", 404),
        ):
            others = {**headers, "accept": accept, "content-length": str(len(content))}
            refused = Stream("/api/zoo.OwnNote/presence/", method="POST", content=content, headers=others)
            assert await refused.open() == status, content
            await refused.leave()


async def test_the_room_of_one_row_says_nothing_to_those_of_others(connect: Connect, user: Any, stranger: Any) -> None:
    """A canary in each meta: nobody is sent one of a room that they do not watch."""
    notes = [await create(title=str(number)) for number in range(4)]
    writer = await connect(stranger)
    watchers = [await connect(user) for _ in notes]
    for watcher, note in zip(watchers, notes, strict=True):
        await Shown.open(watcher, "zoo.Note.presence#p", {"id": note.pk})
    for step in range(3):
        for note in notes:
            await writer.call("zoo.Note.presence", {"id": note.pk, "meta": {"canary": f"c{note.pk}-{step}"}})
    await asyncio.sleep(0.5)
    for watcher, note in zip(watchers, notes, strict=True):
        texts = []
        while not await watcher.silent(0.05):
            texts.append(str(await watcher.receive()))
        assert f"c{note.pk}-2" in "".join(texts)
        assert not any(f"c{other.pk}-" in text for text in texts for other in notes if other is not note)


async def test_a_thousand_members_cost_a_message_for_each_pace_and_not_for_each_other(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1,000 tabs enter and change at once: those who watch are sent few differences, and each is made once."""
    socket = await connect(user)
    shown = await Shown.open(socket, "zoo.lobby.presence#p", {})
    rooms = Hub.current().rooms
    made: list[int] = []
    renew = rooms_module.Room.renew

    def counting(self: rooms_module.Room) -> bool:
        made.append(1)
        return renew(self)

    monkeypatch.setattr(rooms_module.Room, "renew", counting)
    for step in range(5):
        for number in range(1000):
            member = rooms_module.Member(f"t{number}", str(number), {"username": str(number)}, "2026", {"step": step})
            rooms._take([(("zoo.lobby", ""), member.tab, member)])
        await asyncio.sleep(0)
    began = time.process_time()
    await shown.until(lambda it: len(it.live.rows) == 1000 and it.live.rows[-1]["tabs"][0]["meta"]["step"] == 4)
    assert len(made) <= 3
    assert len(shown.messages) <= 3
    assert time.process_time() - began < 5.0


class AnyRoomBinding(PresenceBinding):
    stream = "zoo.anyRoom"

    def may_enter(self, name: str) -> bool:
        return True


class VeiledBinding(PresenceBinding):
    stream = "zoo.veiled"

    def get_presence_user(self) -> None:
        return None


def _have_no_answers(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """The database answers newcomers alone, until the member is false."""
    evaluate, is_away = QueryStore.evaluate, [True]

    async def failing(self: QueryStore, *args: Any, for_newcomer: bool = False) -> None:
        if is_away[0] and not for_newcomer:
            raise OperationalError("away")
        await evaluate(self, *args, for_newcomer=for_newcomer)

    monkeypatch.setattr(QueryStore, "evaluate", failing)
    return is_away


async def test_who_may_have_lost_sight_of_a_row_is_told_of_nobody_until_the_database_says(
    connect: Connect, user: Any, stranger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is another's, and whether the watcher may see it cannot be asked: who comes then is not told."""
    note = await create(title="mine", owner=stranger)
    watcher, other = await connect(stranger), await connect(user)
    await Shown.open(watcher, "zoo.OwnNote.presence#p", {"id": note.pk})
    is_away = _have_no_answers(monkeypatch)
    await sync_to_async(Note.objects.filter(pk=note.pk).update)(owner=user)
    assert "data" in await other.call("zoo.OwnNote.presence", {"id": note.pk, "meta": {"canary": 1}})
    assert await watcher.silent(0.5)
    is_away[0] = False
    assert (await watcher.receive())["type"] == "gone"


async def test_while_the_broker_is_silent_it_is_asked_anew_before_anybody_is_told(
    connect: Connect, user: Any, stranger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has given the row to somebody else, and nothing of it arrives here."""
    note, kept = await create(title="mine", owner=stranger), await create(title="kept", owner=stranger)
    watcher, other = await connect(stranger), await connect(user)
    await Shown.open(watcher, "zoo.OwnNote.presence#p", {"id": note.pk})
    shown = await Shown.open(watcher, "zoo.OwnNote.presence#q", {"id": kept.pk})
    hub = Hub.current()
    monkeypatch.setattr(hub, "receive_changes", lambda *_: None)
    monkeypatch.setattr(hub._broker, "is_silent", lambda: True)
    await sync_to_async(Note.objects.filter(pk=note.pk).update)(owner=user)
    await asyncio.sleep(1.2)
    assert "data" in await other.call("zoo.OwnNote.presence", {"id": note.pk, "meta": {"canary": 1}})
    assert await watcher.receive() == {"event": "zoo.OwnNote.presence#p", "type": "gone"}
    await watcher.call("zoo.OwnNote.presence", {"id": kept.pk, "meta": {}})
    await shown.until(lambda it: it.names() == ["bob"])


async def test_who_still_may_see_the_row_is_told_once_the_database_says(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = await create(title="mine", owner=user)
    watcher, other = await connect(user), await connect(user)
    await other.call("zoo.OwnNote.presence", {"id": note.pk, "meta": {"n": 1}})
    shown = await Shown.open(watcher, "zoo.OwnNote.presence#p", {"id": note.pk})
    await shown.until(lambda it: it.metas() == {"ann": [{"n": 1}]})
    is_away = _have_no_answers(monkeypatch)
    await sync_to_async(Note.objects.filter(pk=note.pk).update)(title="other")
    await other.call("zoo.OwnNote.presence", {"id": note.pk, "meta": {"n": 2}})
    assert await watcher.silent(0.4)
    is_away[0] = False
    await shown.until(lambda it: it.metas() == {"ann": [{"n": 2}]})


async def test_a_room_named_none_is_not_the_one_without_a_name_and_both_are_left_with_the_socket(
    connect: Connect, user: Any
) -> None:
    socket = await connect(user)
    for name in (None, "None", ""):
        await socket.call("zoo.anyRoom.presence", {"id": name, "meta": {}})
    own = Hub.current().rooms.exchange.own
    assert {key for key, _ in own} == {("zoo.anyRoom", ""), ("zoo.anyRoom", "None")}
    await socket.close()
    await asyncio.sleep(0.2)
    assert own == {}


async def test_of_whom_nothing_is_shown_no_key_is_shown_either_and_no_tab_tells_of_another(
    connect: Connect, user: Any
) -> None:
    first, second = await connect(user), await connect(user)
    shown = await Shown.open(first, "zoo.veiled.presence#p", {})
    answers = [await socket.call("zoo.veiled.presence", {"meta": {}}) for socket in (first, second)]
    await shown.until(lambda it: len(it.live.rows) == 2)
    assert [row["user"] for row in shown.live.rows] == [None, None]
    assert {row["id"] for row in shown.live.rows} == {answer["data"]["user"] for answer in answers}
    assert all(row["id"] == f"~{row['tabs'][0]['id']}" for row in shown.live.rows)
