"""What reaches a hub from capture, from other processes and from a source, and what it makes of it."""

import asyncio
import logging
from typing import Any

import pytest

from channels_binding.exceptions import Unavailable
from channels_binding.live import hub as live_hub
from channels_binding.live.capture import recorder
from channels_binding.live.capture.changes import Changes
from channels_binding.live.hub import Hub, publish_message
from tests.conftest import Connect
from tests.live.test_hub.shown import in_thread, make_notes
from tests.project.zoo.models import Label, Note


def event(to: str, name: Any = None, **data: Any) -> dict[str, Any]:
    return {"kind": "event", "to": to, "name": name, "event": "zoo.Note.loud", "data": data}


async def test_a_message_reaches_a_stream_a_user_or_everybody(connect: Connect, user: Any, stranger: Any) -> None:
    ann, bob = await connect(user), await connect(stranger)
    await bob.call("zoo.Note.subscribe")
    hub = Hub.current()
    hub.receive(event("stream", "zoo.Note", text="stream"))
    hub.receive(event("user", str(user.pk), text="user"))
    hub.receive(event("all", text="all"))
    assert [(await ann.receive())["data"]["text"] for _ in range(2)] == ["user", "all"]
    assert [(await bob.receive())["data"]["text"] for _ in range(2)] == ["stream", "all"]


async def test_a_message_of_any_thread_reaches_the_hubs_of_the_process(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await asyncio.to_thread(publish_message, event("all", text="published"))
    assert (await socket.receive())["data"] == {"text": "published"}


async def test_changes_of_another_process_are_read(connect: Connect, user: Any) -> None:
    (note,) = await make_notes(1)
    socket = await connect(user)
    await socket.call("zoo.Note.search#h", {})
    with silent_capture():
        await in_thread(Note.objects.filter(pk=note.pk).update)(title="elsewhere")
    assert await socket.silent()
    Hub.current().receive({"kind": "changes", "changes": {"zoo.Note": [note.pk]}})
    assert (await socket.receive())["data"]["patch"][0][1] == {"title": "elsewhere"}


class silent_capture:
    """Writes that nobody here notices, as if another process had made them."""

    def __enter__(self) -> None:
        self.publishers, recorder._publishers[:] = [*recorder._publishers], []

    def __exit__(self, *_: object) -> None:
        recorder._publishers[:] = self.publishers


@pytest.mark.parametrize("is_sound", [True, False], ids=["lost", "not what it should be"])
async def test_what_may_have_been_missed_is_read_again(
    is_sound: bool, connect: Connect, user: Any, caplog: pytest.LogCaptureFixture
) -> None:
    (note,) = await make_notes(1)
    socket = await connect(user)
    await socket.call("zoo.Note.search#h", {})
    with silent_capture():
        await in_thread(Note.objects.filter(pk=note.pk).update)(title="missed")
    hub = Hub.current()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            hub.lost() if is_sound else hub.receive({"kind": "changes", "changes": {"zoo.Note": 7}})
    assert (await socket.receive())["data"]["patch"][0][1] == {"title": "missed"}
    assert caplog.text.count("is ignored, and everything read again") == (0 if is_sound else 1), "logged once"


class FakeSource:
    """A source that covers labels, and says when it has delivered what it was asked for."""

    covered = frozenset({"zoo.Label"})

    def __init__(self) -> None:
        self.asked: list[tuple[Changes, Any]] = []

    def ask(self, changes: Changes, then: Any) -> None:
        self.asked.append((changes, then))

    async def stop(self) -> None: ...


async def test_changes_that_a_source_covers_are_left_to_it_and_waited_for(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.call("zoo.Label.search#labels", {})
    await socket.call("zoo.Note.search#notes", {})
    hub = Hub.current()
    fake: Any = FakeSource()
    hub._source = fake
    with silent_capture():
        await make_notes(1)
        await in_thread(Label.objects.create)(name="x")
    hub.receive_changes(Changes({"zoo.Label": None, "zoo.Note": None}), 10**6)
    assert (await socket.receive())["event"] == "zoo.Note.search#notes"
    assert await socket.silent()
    ((theirs, then),) = fake.asked
    assert theirs.keys == {"zoo.Label": None}
    (subscriber,) = hub.subscribers
    await hub.rounds.wait_settled([10**6], subscriber, 0.05)
    assert hub.rounds.settled < 10**6, "not before the source has delivered"
    then()
    await hub.rounds.wait_settled([10**6], subscriber, 5)
    assert hub.rounds.settled == 10**6
    hub.receive_changes(Changes({"zoo.Note": None}), 10**6 + 1)
    assert len(fake.asked) == 1, "what it does not cover is not asked for"


async def test_a_task_that_fails_is_logged(connect: Connect, user: Any, caplog: pytest.LogCaptureFixture) -> None:
    await connect(user)

    async def failing() -> None:
        raise ZeroDivisionError

    await asyncio.wait([Hub.current().spawn(failing())])
    await asyncio.sleep(0)
    assert "A task of the hub failed" in caplog.text


async def test_whom_nobody_can_look_up_is_answered_that_it_is_so(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_hub, "CHECK_SECONDS", 0.05)
    await connect(user)
    hub = Hub.current()
    (subscriber,) = hub.subscribers
    monkeypatch.setattr(hub.identity, "is_pending", lambda _: True)
    with pytest.raises(Unavailable):
        await hub.until_checked(subscriber)
    hub.leave(subscriber, ())
    await hub.until_checked(subscriber)
