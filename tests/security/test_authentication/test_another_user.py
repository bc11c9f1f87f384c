"""A second token on an open socket: what is shown becomes the other user's."""

import asyncio
from typing import Any

import pytest

from channels_binding.live.hub import Hub
from tests.conftest import Connect
from tests.project.zoo.models import Note
from tests.security.test_authentication.sockets import JWT, in_thread, jwt, socket


async def test_a_second_token_of_another_user_shows_nothing_of_the_first_any_more(
    connect: Connect, user: Any, stranger: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = JWT
    hers = await in_thread(Note.objects.create)(title="hers", owner=user)
    his = await in_thread(Note.objects.create)(title="his", owner=stranger)
    opened = socket(f"/ws/?token={await in_thread(jwt)(user)}")
    assert await opened.open()
    listed = await opened.call("zoo.Mine.search#a", {})
    row = await opened.call("zoo.Mine.retrieve#b", {"id": hers.pk})
    assert [row["title"] for row in listed["data"]["rows"]] == ["hers"]
    assert row["data"]["title"] == "hers"
    await opened.call("cb.auth", {"token": await in_thread(jwt)(stranger)})
    pushes: dict[str, Any] = {}
    while len(pushes) < 2:
        push = await opened.receive()
        pushes[push["event"]] = push
    assert pushes["zoo.Mine.search#a"]["data"]["remove"] == [hers.pk]
    assert [row["title"] for _, row, _ in pushes["zoo.Mine.search#a"]["data"]["put"]] == ["his"]
    assert pushes["zoo.Mine.retrieve#b"]["type"] == "gone"
    await in_thread(Note.objects.filter(pk=hers.pk).update)(title="canary")
    await in_thread(Note.objects.filter(pk=his.pk).update)(title="news")
    push = await opened.receive()
    assert push["data"]["patch"][0][1] == {"title": "news"}
    assert await opened.silent()
    (subscriber,) = Hub.current().subscribers
    assert subscriber.user.pk == stranger.pk
    await opened.close()


async def test_the_reply_comes_after_what_differs_also_while_the_other_user_is_yet_to_be_checked(
    connect: Connect, user: Any, stranger: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = JWT
    hers = await in_thread(Note.objects.create)(title="hers", owner=user)
    opened = socket(f"/ws/?token={await in_thread(jwt)(user)}")
    assert await opened.open()
    await opened.call("zoo.Mine.search#a", {})
    await in_thread(stranger.save)()  # whoever enters within seconds of it is looked up once more
    await opened.send({"event": "cb.auth", "id": 77, "data": {"token": await in_thread(jwt)(stranger)}})
    came = [await opened.receive() for _ in range(2)]
    assert [(each["event"], each.get("id")) for each in came] == [("zoo.Mine.search#a", None), ("cb.auth", 77)]
    assert came[0]["data"]["remove"] == [hers.pk]
    await opened.close()


async def test_a_renewed_token_of_the_same_user_changes_nothing_that_is_shown(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = JWT
    note = await in_thread(Note.objects.create)(title="x", owner=user)
    opened = socket(f"/ws/?token={await in_thread(jwt)(user, 30)}")
    assert await opened.open()
    await opened.call("zoo.Mine.search#a", {})
    reply = await opened.call("cb.auth", {"token": await in_thread(jwt)(user, 90)})
    assert 80 < reply["data"]["expires_in"] <= 90
    assert await opened.silent()
    await in_thread(Note.objects.filter(pk=note.pk).update)(title="y")
    assert (await opened.receive())["data"]["patch"][0][1] == {"title": "y"}
    await opened.close()


async def test_a_wrong_second_token_changes_nothing(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = JWT
    opened = socket(f"/ws/?token={await in_thread(jwt)(user)}")
    assert await opened.open()
    assert (await opened.call("cb.auth", {"token": "wrong"}))["error"]["code"] == "unauthenticated"
    assert "data" in await opened.call("zoo.Note.search")
    (subscriber,) = Hub.current().subscribers
    assert subscriber.user.pk == user.pk
    await opened.close()


async def test_tokens_cannot_be_guessed_faster_than_messages_may_come(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {**JWT, "MESSAGES_PER_SECOND": 5}
    opened = socket(f"/ws/?token={await in_thread(jwt)(user)}")
    assert await opened.open()
    await opened.send([{"event": "cb.auth", "id": i, "data": {"token": "wrong"}} for i in range(20)])
    codes = [(await opened.receive())["error"]["code"] for _ in range(20)]
    assert codes.count("throttled") >= 10
    await opened.close()


async def test_a_read_under_way_while_somebody_else_signs_in_is_made_as_the_newcomer(
    connect: Connect, user: Any, stranger: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHANNELS_BINDING = JWT
    await in_thread(Note.objects.create)(title="canary", owner=user)
    opened = socket(f"/ws/?token={await in_thread(jwt)(user)}")
    assert await opened.open()
    hub, may_go_on = Hub.current(), asyncio.Event()
    real_open = hub.open

    async def slow_open(call: Any) -> Any:
        group = await real_open(call)
        await may_go_on.wait()
        return group

    monkeypatch.setattr(hub, "open", slow_open)
    await opened.send({"event": "zoo.Mine.search#a", "id": 1, "data": {}})
    await asyncio.sleep(0.1)
    monkeypatch.undo()
    await opened.send({"event": "cb.auth", "id": 2, "data": {"token": await in_thread(jwt)(stranger)}})
    assert (await opened.receive())["id"] == 2
    may_go_on.set()
    answer = await opened.receive()
    assert (answer["id"], answer["data"]["rows"]) == (1, [])
    await opened.close()


async def test_streams_that_the_newcomer_may_not_hear_are_silent(
    connect: Connect, user: Any, stranger: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = JWT
    user.is_staff = True
    await user.asave()
    opened, other = [socket(f"/ws/?token={await in_thread(jwt)(user)}") for _ in range(2)]
    assert await opened.open()
    assert await other.open()
    for each in (opened, other):
        await each.call("backstage.subscribe")
    await other.call("backstage.whisper", {"text": "one"})
    assert (await opened.receive())["data"] == {"text": "one"}
    await opened.call("cb.auth", {"token": await in_thread(jwt)(stranger)})
    await other.call("backstage.whisper", {"text": "canary"})
    assert await opened.silent()
    user.is_staff = False  # the same, by a change of the user
    await user.asave()
    while Hub.current().subscribers and any("backstage" in each.streams for each in Hub.current().subscribers):
        await asyncio.sleep(0.01)
    await opened.close()
    await other.close()
