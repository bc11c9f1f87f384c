"""Hooks that note when somebody was last seen, on the row of the user, its token or its session, while they are asked."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.permissions import BasePermission

from channels_binding.consumers import AsyncBinding
from tests.conftest import Connect
from tests.live.test_hub.shown import in_thread
from tests.project.zoo.models import Label, Note
from tests.rest import test_events

listen = test_events.listen


class NotesWhoAsks(BasePermission):
    asked = 0

    def has_permission(self, request: Any, view: Any) -> bool:
        type(self).asked += 1
        get_user_model().objects.filter(pk=request.user.pk).update(last_login=timezone.now())
        Token.objects.filter(user=request.user).update(created=timezone.now())
        return not request.user.groups.filter(name="banned").exists()


class SeenNoteBinding(AsyncBinding):
    stream, model, fields, permission_classes = "tests.SeenNote", Note, ("id", "title"), (NotesWhoAsks,)
    authentication_classes = (SessionAuthentication, TokenAuthentication)


async def at_rest(asked_at_most: int) -> None:
    """Until nobody asks any more."""
    before = -1
    while before != NotesWhoAsks.asked:
        assert NotesWhoAsks.asked <= asked_at_most, "it is asked again because of what it has written"
        before = NotesWhoAsks.asked
        await asyncio.sleep(0.3)


async def test_a_permission_that_writes_when_it_was_asked_is_not_asked_for_ever(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await connect(user)
    monkeypatch.setattr(NotesWhoAsks, "asked", 0)
    live = await socket.live("tests.SeenNote.search#h", {})
    await socket.call("tests.SeenNote.subscribe")
    await at_rest(12)
    monkeypatch.setattr(NotesWhoAsks, "asked", 0)
    await Note.objects.acreate(title="a")
    for push in [await socket.receive() for _ in range(2)]:
        if push["event"] == live.event:
            live.apply(push)
    assert [row["title"] for row in live.rows] == ["a"]
    await at_rest(12)


async def test_nor_where_it_writes_to_the_token(
    listen: test_events.Open, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await Token.objects.acreate(user=user)
    monkeypatch.setattr(NotesWhoAsks, "asked", 0)
    stream = await listen("/api/tests.SeenNote/", headers={"authorization": f"Token {token.key}"})
    assert (await stream.event())[1]["data"]["count"] == 0
    await at_rest(12)
    await Note.objects.acreate(title="a")
    assert (await stream.event())[1]["data"]["count"] == 1
    await at_rest(24)


class LoggedLabelBinding(AsyncBinding):
    """Whoever reads the log is in it."""

    stream, model, fields, search_fields = "tests.LoggedLabel", Label, ("id", "name"), ("name",)

    def get_queryset(self) -> Any:
        NotesWhoAsks.asked += 1
        Label.objects.create(name=f"asked {NotesWhoAsks.asked}")
        Label.objects.filter(name="number").update(name="number")
        return Label.objects.filter(name__startswith="a")


@pytest.mark.parametrize("data", [{}, {"query": "as"}, {"limit": 1}], ids=str)
async def test_a_list_of_what_reading_it_writes_is_not_read_for_ever(
    data: Any, connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket, others = await connect(user), await connect(user)
    plain = await others.live("zoo.Label.search#all", {"order": "id"})
    monkeypatch.setattr(NotesWhoAsks, "asked", 0)
    live = await socket.live("tests.LoggedLabel.search#h", data)
    await socket.call("tests.LoggedLabel.subscribe")
    await at_rest(20)
    before = live.count
    await Label.objects.acreate(name="a label of somebody's")
    while live.count == before or "somebody" not in str(plain.rows):
        for each, shown in ((socket, live), (others, plain)):
            with suppress(TimeoutError):
                push = await each.receive(0.1)
                if push["event"] == shown.event:
                    shown.apply(push)
    await at_rest(40)


async def test_who_is_banned_meanwhile_is_noticed_all_the_same(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.live("tests.SeenNote.search#h", {})
    banned = await Group.objects.acreate(name="banned")
    await in_thread(user.groups.add)(banned)
    push = await socket.receive()
    assert (push["event"], push["error"]["code"]) == ("tests.SeenNote.search#h", "forbidden")
