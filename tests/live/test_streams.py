"""``subscribe`` on a stream: every saved row that the subscriber may see, and every one that has gone."""

import asyncio
import threading
from collections import defaultdict
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import OperationalError, transaction

from channels_binding.consumers import AsyncBinding
from channels_binding.live import stream_group, streams
from channels_binding.live.capture import recorder
from channels_binding.live.capture.changes import Changes
from channels_binding.live.hub import Hub
from channels_binding.security.authentication import Identity
from tests.conftest import Connect
from tests.live.identity.test_checks import GroupNoteBinding, view_permission
from tests.project.zoo.models import Label, Note


class QuietNoteBinding(AsyncBinding):
    stream = "zoo.QuietNote"
    model = Note
    fields = ("id", "title")
    post_save_retrieve = False


def in_thread(function: Any) -> Any:
    return sync_to_async(function, thread_sensitive=True)


@pytest.mark.parametrize("modern", [True, False], ids=["cb.1", "seed"])
async def test_saved_rows_come_as_retrieve_and_vanished_ones_as_delete(
    modern: bool, connect: Connect, user: Any
) -> None:
    old = await in_thread(Note.objects.create)(title="old")
    socket = await connect(user, modern=modern)
    assert (await socket.call("zoo.Note.subscribe"))["data"] == {"success": True}
    new = await in_thread(Note.objects.create)(title="new")
    push = await socket.receive()
    assert (push["event"], push["data"]["id"], push["data"]["title"]) == ("zoo.Note.retrieve", new.pk, "new")
    gone = old.pk
    await in_thread(old.delete)()
    assert await socket.receive() == {"event": "zoo.Note.delete", "data": {"id": gone}}
    await in_thread(lambda: Note.objects.filter(title="new").update(rank=5))()
    assert (await socket.receive())["data"]["rank"] == 5
    assert (await socket.call("zoo.Note.unsubscribe"))["data"] == {"success": True}
    await in_thread(Note.objects.create)(title="unheard")
    assert await socket.silent()


async def test_a_row_that_the_subscriber_loses_sight_of_is_told_by_its_key_only(
    connect: Connect, user: Any, stranger: Any
) -> None:
    note = await in_thread(Note.objects.create)(title="mine", owner=user)
    socket = await connect(user)
    await socket.call("zoo.OwnNote.subscribe")
    await in_thread(lambda: Note.objects.filter(pk=note.pk).update(owner=stranger, title="canary"))()
    assert await socket.receive() == {"event": "zoo.OwnNote.delete", "data": {"id": note.pk}}


async def test_a_row_that_an_object_permission_hides_is_not_sent(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.call("zoo.GuardedNote.subscribe")
    await in_thread(Note.objects.create)(title="locked")
    await in_thread(Note.objects.create)(title="open")
    assert (await socket.receive())["data"]["title"] == "open"
    assert await socket.silent()


async def test_a_row_that_an_object_permission_has_always_hidden_is_not_even_told_as_gone(
    connect: Connect, user: Any
) -> None:
    hidden, seen = [await in_thread(Note.objects.create)(title=title) for title in ("locked", "open")]
    key = seen.pk
    socket = await connect(user)
    await socket.call("zoo.GuardedNote.subscribe")
    await in_thread(Note.objects.filter(pk=hidden.pk).update)(rank=5)
    await in_thread(hidden.delete)()
    await in_thread(seen.delete)()
    assert await socket.receive() == {"event": "zoo.GuardedNote.delete", "data": {"id": key}}
    assert await socket.silent()


async def test_post_save_retrieve_false_sends_no_rows(connect: Connect, user: Any) -> None:
    note = await in_thread(Note.objects.create)(title="x")
    gone = note.pk
    socket = await connect(user)
    await socket.call("zoo.QuietNote.subscribe")
    await in_thread(note.save)()
    assert await socket.silent()
    await in_thread(note.delete)()
    assert await socket.receive() == {"event": "zoo.QuietNote.delete", "data": {"id": gone}}


async def test_a_stream_without_a_model_can_be_heard(connect: Connect, user: Any) -> None:
    listener, speaker = await connect(user), await connect(user)
    await listener.call("custom_stream.subscribe")
    await speaker.send({"event": "custom_stream.custom_event", "data": {"sender": "me"}})
    heard = [(await listener.receive())["event"] for _ in range(2)]
    assert heard == ["custom_stream.custom_group_event", "custom_stream.custom_all_event"]


async def test_a_subscriber_whose_user_was_changed_misses_nothing(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.call("auth.User.subscribe")
    for name in ("Anna", "Annika", "Anne"):

        def rename(name: str = name) -> None:
            user.first_name = name
            user.save()

        await in_thread(rename)()
        assert (await socket.receive())["data"]["first_name"] == name


async def test_rows_that_a_change_of_teams_hides_leave_by_their_key(connect: Connect, user: Any) -> None:
    red = await in_thread(Group.objects.create)(name="red")
    note = await in_thread(Note.objects.create)(title="red")
    await in_thread(user.groups.add)(red)
    socket = await connect(user)
    await socket.call(f"{GroupNoteBinding.stream}.subscribe")
    await in_thread(user.groups.clear)()
    assert await socket.receive() == {"event": f"{GroupNoteBinding.stream}.delete", "data": {"id": note.pk}}
    await in_thread(note.save)()
    assert await socket.silent()


async def test_a_stream_that_the_subscriber_may_no_longer_hear_ends_with_an_error(connect: Connect, user: Any) -> None:
    permission = await in_thread(view_permission)()
    await in_thread(user.user_permissions.add)(permission)
    socket = await connect(user)
    await socket.call("zoo.EditorNote.subscribe")
    await in_thread(user.user_permissions.clear)()
    assert (await socket.receive())["error"]["code"] == "forbidden"
    await in_thread(Note.objects.create)(title="canary")
    assert await socket.silent()


async def test_a_group_whose_first_subscriber_left_while_it_loaded_takes_no_later_one_with_it(
    connect: Connect, user: Any
) -> None:
    first, second = await connect(user), await connect(user)
    await first.call("zoo.Note.subscribe")
    groups = Hub.current().stream_groups
    (left,) = groups.by_key.values()
    await first.close()
    await second.call("zoo.Note.subscribe")
    groups._forget(left)  # as the loading of the first ends it, late
    await in_thread(Note.objects.create)(title="new")
    assert (await second.receive())["data"]["title"] == "new"


async def let_others_run() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_who_comes_second_waits_for_what_was_there_before(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = await in_thread(Note.objects.create)(title="old")
    key, go, visible = note.pk, threading.Event(), stream_group._visible_keys
    monkeypatch.setattr(stream_group, "_visible_keys", lambda call: go.wait(10) and visible(call))
    first, second = await connect(user), await connect(user)
    calls = [asyncio.create_task(socket.call("zoo.Note.subscribe")) for socket in (first, second)]
    while len(Hub.current().stream_groups.by_key) == 0:
        await asyncio.sleep(0.01)
    (group,) = Hub.current().stream_groups.by_key.values()
    while len(group.subscribers) < 2:
        await asyncio.sleep(0.01)
    await let_others_run()
    assert [call.done() for call in calls] == [False, False], "the second could miss that a row has gone"
    go.set()
    await asyncio.gather(*calls)
    await in_thread(note.delete)()
    assert [await each.receive() for each in (first, second)] == [{"event": "zoo.Note.delete", "data": {"id": key}}] * 2


async def test_a_row_that_nobody_has_looked_at_before_it_went_is_told_as_gone_to_who_may_have_read_it(
    connect: Connect, user: Any, stranger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await connect(user), await connect(stranger)
    await first.call("zoo.Note.subscribe")
    with monkeypatch.context() as unheard:
        unheard.setattr(recorder, "_publishers", [])
        note = await in_thread(Note.objects.create)(title="new")
    await second.call("zoo.Note.subscribe")
    assert len(Hub.current().stream_groups.by_key) == 1
    assert (await second.call("zoo.Note.search", {"live": False}))["data"]["rows"]
    key = note.pk
    await in_thread(note.delete)()
    assert (await second.receive())["data"] == {"id": key}


async def test_a_group_that_cannot_be_loaded_is_nobodys(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def fail(call: Any) -> Any:
        go.wait(10)
        raise OperationalError("gone")

    first, second = await connect(user), await connect(user)
    with monkeypatch.context() as patch:
        patch.setattr(stream_group, "_visible_keys", fail)
        calls = [asyncio.create_task(socket.call("zoo.Note.subscribe")) for socket in (first, second)]
        while sum(len(group.subscribers) for group in Hub.current().stream_groups.by_key.values()) < 2:
            await asyncio.sleep(0.01)
        go.set()
        answers = await asyncio.gather(*calls)
    assert ["error" in answer for answer in answers] == [True, True]
    assert Hub.current().stream_groups.by_key == {}
    await in_thread(Note.objects.create)(title="canary")
    assert await first.silent()
    assert (await first.call("zoo.Note.subscribe"))["data"] == {"success": True}, "it can be tried again"


async def test_a_slow_look_sends_nothing_older_after_something_newer(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = await in_thread(Note.objects.create)(title="old")
    socket = await connect(user)
    await socket.call("zoo.Note.subscribe")
    look, begun, go = stream_group.StreamGroup.look, threading.Event(), threading.Event()

    def slow(self: Any, *args: Any) -> Any:
        found = look(self, *args)
        if not begun.is_set():
            begun.set()
            go.wait(10)
        return found

    monkeypatch.setattr(stream_group.StreamGroup, "look", slow)
    served = Hub.current().stream_groups
    changes = Changes({"zoo.Note": {note.pk}})
    rounds = [asyncio.create_task(served.refresh(changes))]
    await asyncio.to_thread(begun.wait, 10)
    with monkeypatch.context() as unheard:
        unheard.setattr(recorder, "_publishers", [])
        await in_thread(Note.objects.filter(pk=note.pk).update)(title="new")
    rounds.append(asyncio.create_task(served.refresh(changes)))
    await asyncio.wait(rounds, timeout=0.3)  # the second would be done at once
    go.set()
    frames: Any = defaultdict(list)
    for each in asyncio.as_completed(rounds):
        (await each)(frames)
    (sent,) = frames.values()
    assert [b'"old"' in text for text in sent] == [True, False]


async def test_a_round_that_waits_for_another_stream_sends_nothing_older_after_something_newer(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    note, label = await Note.objects.acreate(title="old"), await Label.objects.acreate(name="x")
    socket = await connect(user)
    for stream in ("zoo.Note", "zoo.Label"):
        await socket.call(f"{stream}.subscribe")
    look, begun, go = stream_group.StreamGroup.look, threading.Event(), threading.Event()

    def slow(self: Any, *args: Any) -> Any:
        if self.call.stream == "zoo.Label":
            begun.set()
            go.wait(10)
        return look(self, *args)

    monkeypatch.setattr(stream_group.StreamGroup, "look", slow)

    def rename(title: str) -> None:
        with transaction.atomic():
            Note.objects.filter(pk=note.pk).update(title=title)
            Label.objects.filter(pk=label.pk).update(name=title)

    await in_thread(rename)("older")
    await asyncio.to_thread(begun.wait, 10)
    await in_thread(Note.objects.filter(pk=note.pk).update)(title="newer")
    told = [await socket.receive()]  # the round of the older one waits for labels still
    go.set()
    while "name" not in told[-1]["data"]:
        told.append(await socket.receive())
    assert [each["data"]["title"] for each in told if "title" in each["data"]][-1] == "newer"
    assert await socket.silent()


async def test_more_rows_than_are_worth_reading_are_an_error_that_says_so(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_group, "MAX_ROWS", 2)
    await in_thread(Note.objects.bulk_create)([Note(title=str(rank)) for rank in range(3)])
    socket = await connect(user)
    await socket.call("zoo.QuietNote.subscribe")
    await in_thread(lambda: Note.objects.update(rank=5))()
    refused = await socket.receive()
    assert (refused["event"], refused["error"]["code"], refused["error"]["limit"]) == (
        "zoo.QuietNote.retrieve",
        "limit_exceeded",
        2,
    )


@pytest.mark.parametrize("modern", [True, False], ids=["cb.1", "seed"])
async def test_of_a_bulk_of_changes_a_subscriber_is_sent_what_it_may_have_at_once_and_told_that_there_was_more(
    modern: bool, connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MAX_BYTES_AT_ONCE", 1000)
    await in_thread(Note.objects.bulk_create)([Note(title=f"{rank:080}", rank=rank) for rank in range(50)])
    socket = await connect(user, modern=modern)
    await socket.call("zoo.Note.subscribe")
    await in_thread(lambda: Note.objects.update(done=True))()
    heard = [await socket.receive()]
    while "error" not in heard[-1]:
        heard.append(await socket.receive())
    assert all(each["data"]["done"] for each in heard[:-1])
    assert 3 < len(heard) < 11
    assert (heard[-1]["event"], heard[-1]["error"]["code"]) == ("zoo.Note.retrieve", "limit_exceeded")
    assert await socket.silent()
    await in_thread(lambda: Note.objects.filter(rank=3).update(done=False))()
    assert (await socket.receive())["data"]["rank"] == 3, "there is room again"


async def test_where_messages_were_lost_every_row_is_looked_at(connect: Connect, user: Any) -> None:
    note = await in_thread(Note.objects.create)(title="old")
    socket = await connect(user)
    await socket.call("zoo.Note.subscribe")
    publishers, recorder._publishers[:] = [*recorder._publishers], []
    try:
        await in_thread(lambda: Note.objects.filter(pk=note.pk).update(title="missed"))()
    finally:
        recorder._publishers[:] = publishers
    assert await socket.silent()
    Hub.current().lost()
    assert (await socket.receive())["data"]["title"] == "missed"


async def test_who_becomes_somebody_who_may_not_subscribe_is_told_and_sent_no_rows(
    connect: Connect, user: Any, stranger: Any
) -> None:
    socket = await connect(user)
    await in_thread(lambda: user.user_permissions.add(view_permission()))()
    await socket.call("zoo.EditorNote.subscribe")
    (subscriber,) = Hub.current().subscribers
    await subscriber.become(Identity(stranger))  # type: ignore[attr-defined]
    refused = await socket.receive()
    assert (refused["event"], refused["error"]["code"]) == ("zoo.EditorNote.subscribe", "forbidden")
    await in_thread(Note.objects.create)(title="canary")
    assert await socket.silent()


async def test_who_becomes_somebody_else_keeps_the_stream_and_loses_the_rows_of_before(
    connect: Connect, user: Any, stranger: Any
) -> None:
    hers = await in_thread(Note.objects.create)(title="hers", owner=user)
    socket = await connect(user)
    await socket.call("zoo.OwnNote.subscribe")
    (subscriber,) = Hub.current().subscribers
    await subscriber.become(Identity(stranger))  # type: ignore[attr-defined]
    assert await socket.receive() == {"event": "zoo.OwnNote.delete", "data": {"id": hers.pk}}
    await in_thread(Note.objects.create)(title="his", owner=stranger)
    assert (await socket.receive())["data"]["title"] == "his"
    await in_thread(lambda: Note.objects.filter(pk=hers.pk).update(title="canary"))()
    assert await socket.silent()
