"""A live read that cannot be read any more, because of a project's error: its reader is told, and it comes back."""

import asyncio
import logging
from collections import defaultdict
from typing import Any

import pytest
from django.db import OperationalError
from rest_framework.permissions import BasePermission

from channels_binding.consumers import AsyncBinding
from channels_binding.exceptions import Forbidden, Internal, Unavailable
from channels_binding.live import failures
from channels_binding.live.failures import for_returning
from channels_binding.live.hub import Hub
from tests.conftest import Connect
from tests.project.zoo.models import Note
from tests.rest import test_events

listen = test_events.listen


class State:
    """Where the project's code fails."""

    fails_in: str | None = None


def fail_in(place: str) -> None:
    if State.fails_in == place:
        raise RuntimeError("an error of the project's")


class Fragile(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        fail_in("permission")
        return True


class FragileNoteBinding(AsyncBinding):
    stream, model, fields, permission_classes = "tests.FragileNote", Note, ("id", "title"), (Fragile,)

    def get_queryset(self) -> Any:
        fail_in("queryset")
        return super().get_queryset()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(State, "fails_in", None)
    monkeypatch.setattr(failures, "RETRY_SECONDS", (0.02,))


def tracebacks(caplog: pytest.LogCaptureFixture) -> int:
    return sum(record.exc_info is not None and record.levelno >= logging.ERROR for record in caplog.records)


@pytest.mark.parametrize("place", ["permission", "queryset"])
async def test_its_reader_is_told_once_and_it_comes_back(
    place: str, connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    socket = await connect(user)
    shown = await socket.live("tests.FragileNote.search#h", {})
    monkeypatch.setattr(State, "fails_in", place)
    await Note.objects.acreate(title="a")
    told = await socket.receive()
    error = told["error"]
    assert (told["event"], error["code"], error["retry"]) == (shown.event, "internal", True)
    assert error["ref"] in caplog.text
    assert await socket.silent(), "it is tried again meanwhile, and its reader is told no more of that"
    assert tracebacks(caplog) == 1
    monkeypatch.setattr(State, "fails_in", None)
    shown.apply(await socket.receive())
    assert [row["title"] for row in shown.rows] == ["a"]


async def test_where_nothing_has_changed_its_reader_learns_that_it_is_live_again(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = await Note.objects.acreate(title="a")
    socket = await connect(user)
    shown = await socket.live("tests.FragileNote.search#h", {})
    monkeypatch.setattr(State, "fails_in", "queryset")
    await Note.objects.filter(pk=note.pk).aupdate(rank=7)  # not shown
    assert "error" in await socket.receive()
    monkeypatch.setattr(State, "fails_in", None)
    push = await socket.receive()
    assert (push["type"], push["v"], push["data"]["count"]) == ("same", shown.v, 1)
    monkeypatch.setattr(State, "fails_in", "queryset")
    await Note.objects.filter(pk=note.pk).aupdate(rank=8)
    assert "error" in await socket.receive(), "it is told anew of a later failure"


async def test_a_failing_read_waits_although_others_have_much_to_do(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await connect(user)
    await socket.live("tests.FragileNote.search#h", {})
    asked: list[str] = []
    monkeypatch.setattr(failures, "RETRY_SECONDS", (60.0,))
    monkeypatch.setattr("tests.live.test_failures.fail_in", lambda place: _count_and_fail(asked, place))
    await Note.objects.acreate(title="first")
    assert "error" in await socket.receive()
    asked.clear()
    other = await socket.live("zoo.Note.search#o", {})
    for title in "abc":
        await Note.objects.acreate(title=title)
        while title not in [row["title"] for row in other.rows]:
            other.apply(await socket.receive())
    assert asked == []


def _count_and_fail(asked: list[str], place: str) -> None:
    asked.append(place)
    raise RuntimeError("an error of the project's")


async def test_an_event_stream_is_told_and_goes_on(
    listen: test_events.Open,
    user: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = await listen("/api/tests.FragileNote/", user=user)
    assert (await stream.event())[1]["type"] == "snapshot"
    monkeypatch.setattr(State, "fails_in", "permission")
    await Note.objects.acreate(title="a")
    error = (await stream.event())[1]["error"]
    assert (error["code"], error["retry"]) == ("internal", True)
    monkeypatch.setattr(State, "fails_in", None)
    _, push = await stream.event()
    assert push["type"] == "diff"
    assert push["data"]["count"] == 1


async def test_who_subscribes_to_the_stream_is_told_and_goes_on(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    socket = await connect(user)
    await socket.call("tests.FragileNote.subscribe")
    monkeypatch.setattr(State, "fails_in", "queryset")
    await Note.objects.acreate(title="a")
    told = await socket.receive()
    assert (told["event"], told["error"]["retry"]) == ("tests.FragileNote.subscribe", True)
    assert await socket.silent()
    assert tracebacks(caplog) == 1
    monkeypatch.setattr(State, "fails_in", None)
    assert (await socket.receive())["data"]["title"] == "a", "what was written meanwhile is not lost"


async def test_who_returns_keeps_what_it_shows_and_asks_again(
    connect: Connect,
    listen: test_events.Open,
    user: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    socket = await connect(user)
    monkeypatch.setattr(State, "fails_in", "permission")
    first = await socket.call("tests.FragileNote.search#h", {})
    assert first["error"]["retry"] is False, "who shows nothing is refused"
    returning = {"event": "tests.FragileNote.search#h", "id": 77, "data": {}, "have": {"v": "00000000", "rows": []}}
    await socket.send(returning)
    answer = await socket.receive()
    assert (answer["id"], answer["error"]["code"], answer["error"]["retry"]) == (77, "internal", True)
    logged = tracebacks(caplog)
    await socket.send({**returning, "id": 78})
    assert (await socket.receive())["error"] == answer["error"]
    assert tracebacks(caplog) == logged, "many clients ask again and again"
    stream = await listen("/api/tests.FragileNote/", user=user, headers={"last-event-id": "00000000"})
    assert (stream.status, (await stream.body())["retry"]) == (500, True)


def test_what_is_answered_to_who_returns() -> None:
    assert for_returning(RuntimeError(), None).__class__ is RuntimeError
    assert for_returning(Forbidden(), {}).__class__ is Forbidden
    assert for_returning(Unavailable(), {}).__class__ is Unavailable
    told = for_returning(RuntimeError(), {})
    assert isinstance(told, Internal)
    assert told.to_json()["retry"] is True


def failed(call: Any) -> Exception:
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError


def fail_by_one_way() -> None:
    raise RuntimeError


def fail_by_another_way() -> None:
    fail_by_one_way()


def test_each_way_to_a_failure_is_another_one_and_no_error_is_raised_twice() -> None:
    first, again, other = (
        for_returning(failed(call), {}) for call in (fail_by_one_way, fail_by_one_way, fail_by_another_way)
    )
    assert isinstance(first, Internal)
    assert isinstance(again, Internal)
    assert isinstance(other, Internal)
    assert first.facts["ref"] == again.facts["ref"] != other.facts["ref"]
    assert first is not again, "an error that is raised again and again would hold the frames of each time"


async def test_a_read_whose_timer_fires_early_is_due_all_the_same(connect: Connect, user: Any) -> None:
    """uvloop's timers fire up to a millisecond before their time; a read that was not due then was never read again."""
    socket = await connect(user)
    await socket.call("zoo.Note.search#h")
    hub = Hub.current()
    (group,) = [each for each in hub.groups.values() if each.subscriptions]
    hub.rounds._later(group, OperationalError("away"), defaultdict(list))
    group.retry_at += 1e6
    hub.rounds._retry(group, 0.0)
    assert group.is_stale, "another pause has begun since"
    hub.rounds._retry(group, group.retry_at)
    async with asyncio.timeout(5):
        while group.is_stale:
            await asyncio.sleep(0.005)
