"""Those who may know are told why they are sent something; nobody else is, and nobody else is sent anything for it."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.test.client import AsyncClient

from channels_binding.live.capture.changes import Changes
from channels_binding.live.queries.why import MOST_KEYS, MOST_NOTED, Causes, explained
from channels_binding.testing import BindingCommunicator
from tests.conftest import Connect
from tests.project.zoo.models import Label, Note

LIST = "zoo.Note.search#h"


@pytest.fixture
def staff(transactional_db: None) -> Any:
    return get_user_model().objects.create_user("clerk", is_staff=True)


async def whys(socket: BindingCommunicator, count: int) -> list[Any]:
    return [(await socket.receive()).get("why") for _ in range(count)]


async def test_a_diff_names_what_was_changed_and_who_shares_it(connect: Connect, staff: Any, user: Any) -> None:
    others, mine = await connect(user), await connect(staff)
    plain = await others.call(LIST, {})
    answer = await mine.call(LIST, {"why": True})
    assert "why" not in plain
    assert answer["why"].items() >= {"models": {}, "readers": 2, "whole": True, "commits": []}.items(), "one for both"
    assert answer["why"]["group"].startswith("zoo.Note.search/") or answer["why"]["group"].startswith(
        "zoo.Note/search/"
    )
    assert answer["why"]["statements"] > 0

    note = await Note.objects.acreate(title="new")
    push = await mine.receive()
    assert push["why"]["models"] == {"zoo.Note": [note.pk]}
    assert len(push["why"]["commits"]) == 1
    assert push["why"]["took_ms"] >= 0
    assert "why" not in await others.receive()

    await sync_to_async(Note.objects.update)(title="all")
    (why,) = await whys(mine, 1)
    assert why["models"] == {"zoo.Note": None}, "any row; and nothing of what was told before"


async def test_causes_are_told_on_a_loop_whose_clock_stands_still_for_a_while(
    connect: Connect, staff: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uvloop's clock moves by whole milliseconds, in which a change is noted and its reading begun."""
    loop = asyncio.get_running_loop()
    precise = loop.time
    monkeypatch.setattr(loop, "time", lambda: int(precise() * 50) / 50)
    socket = await connect(staff)
    await socket.call(LIST, {"why": True})
    for _ in range(3):
        note = await Note.objects.acreate(title="new")
        (why,) = await whys(socket, 1)
        assert why["models"] == {"zoo.Note": [note.pk]}


async def test_what_changes_nothing_is_told_with_what_does(connect: Connect, staff: Any) -> None:
    socket = await connect(staff)
    await socket.call(LIST, {"why": True, "filters": {"rank__gte": 5}})
    await Label.objects.acreate(name="of no matter")
    unseen = await Note.objects.acreate(title="not in it", rank=1)
    seen = await Note.objects.acreate(title="in it", rank=9)
    (why,) = await whys(socket, 1)
    assert set(why["models"]["zoo.Note"]) <= {unseen.pk, seen.pk}
    assert seen.pk in why["models"]["zoo.Note"]


async def test_nobody_but_the_staff_is_told(connect: Connect, user: Any, staff: Any) -> None:
    refused = await (await connect(user)).call(LIST, {"why": True})
    assert refused["error"]["code"] == "forbidden"
    socket = await connect(staff)
    assert (await socket.call(LIST, {"why": True, "live": False}))["error"]["code"] == "invalid", "nothing follows"
    assert (await socket.call(LIST, {"why": "x"}))["error"]["code"] == "forbidden"
    assert "why" not in await socket.call(LIST, {"why": False})


async def test_who_is_no_longer_of_the_staff_is_told_no_longer(connect: Connect, staff: Any) -> None:
    socket = await connect(staff)
    await socket.call(LIST, {"why": True})
    await sync_to_async(get_user_model().objects.filter(pk=staff.pk).update)(is_staff=False)
    await Note.objects.acreate(title="later")
    while (push := await socket.receive())["event"] != LIST:
        assert "why" not in push
    assert push["error"]["code"] == "forbidden", "the read is over, as any that its reader may no longer make"


async def test_by_http_as_well(staff: Any) -> None:
    client = AsyncClient()
    await client.aforce_login(staff)
    response: Any = await client.post(
        "/api/zoo.Note/search/", {"why": True}, "application/json", headers={"accept": "text/event-stream"}
    )
    stream = aiter(response.streaming_content)
    first = b""
    while b"snapshot" not in first:
        first += await anext(stream)
    assert b'"why":{"models":{}' in first
    await stream.aclose()


# Causes


def noted(keys: Any, evaluation: int, number: int | None = None, causes: Causes | None = None) -> Causes:
    causes = causes or Causes()
    causes.note(Changes({"zoo.Note": keys}), {"zoo.Note"}, evaluation, number)
    return causes


def test_what_was_noted_after_a_reading_began_is_kept_for_the_next() -> None:
    causes = noted({1}, 1, 7)
    noted({2}, 3, 8, causes)
    assert causes.said_before(2).items() >= {"models": {"zoo.Note": [1]}, "commits": [7]}.items()
    causes.forget_before(2)
    assert causes.said_before(4).items() >= {"models": {"zoo.Note": [2]}, "commits": [8]}.items()


def test_models_that_a_read_does_not_depend_on_are_none_of_its_causes() -> None:
    causes = Causes()
    causes.note(Changes({"zoo.Label": {1}}), {"zoo.Note"}, 1, 1)
    assert causes.said_before(2) == {"models": {}, "commits": []}


def test_what_is_remembered_and_told_is_bounded() -> None:
    causes = noted({*range(100)}, 1)
    said = causes.said_before(2)
    assert len(said["models"]["zoo.Note"]) == MOST_KEYS
    assert said["more"] == {"zoo.Note": 100 - MOST_KEYS}
    for number in range(2 * MOST_NOTED):
        noted({number}, 1, number + 1, causes)
    assert len(causes.said_before(2)["commits"]) == MOST_NOTED


def test_a_message_keeps_all_that_it_says() -> None:
    assert explained(b'{"event":"x"}', {"models": {}}) == b'{"event":"x","why":{"models":{}}}'
