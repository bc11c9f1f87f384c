"""The socket for the tests of projects."""

import asyncio
from datetime import date
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import TestCase

from channels_binding import threads
from channels_binding.consumers import AsyncBinding, bind
from channels_binding.exceptions import NotFound, Unauthenticated
from channels_binding.live.hub import Hub
from channels_binding.testing import BindingClient, BindingCommunicator, LiveList, Message, committed, finish
from tests.conftest import Connect
from tests.project.zoo.models import Note


async def test_a_call_returns_its_own_reply_and_keeps_pushes_for_later(connect: Connect, user: Any) -> None:
    note = await Note.objects.acreate(title="x")
    socket = await connect(user)
    await socket.call("zoo.Note.search#h")
    reply = await socket.call("zoo.Note.update", {"id": note.pk, "title": "y"})
    assert reply["data"] == {"success": True, "id": note.pk}
    assert (await socket.receive())["data"]["patch"][0][1] == {"title": "y"}


async def test_waiting_in_vain_loses_nothing_that_comes_later(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    with pytest.raises(TimeoutError):
        await socket.receive(0.05)
    assert await socket.silent(0.05)
    await socket.send({"event": "zoo.Note.search", "data": {}})
    assert (await socket.receive())["event"] == "zoo.Note.search"


async def test_what_was_not_silent_is_still_there(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.send({"event": "zoo.Note.search", "data": {}})
    assert not await socket.silent(2)
    assert (await socket.receive())["event"] == "zoo.Note.search"


async def test_a_refused_socket_says_so(connect: Connect) -> None:
    socket = BindingCommunicator("/ws/")
    assert not await socket.open()
    assert socket.close_code is not None


async def test_a_socket_that_the_server_closes_raises_with_the_code(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    from channels_binding.live.hub import Hub

    (subscriber,) = Hub.current().subscribers
    subscriber.end(4401, "test")
    with pytest.raises(ConnectionError, match="4401"):
        await socket.receive()


async def test_pings_are_answered_in_passing(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"PING_SECONDS": 0.1, "SLOW_SECONDS": 0.6}
    socket = await connect(user)
    for _ in range(10):
        await socket.silent(0.1)
    assert "data" in await asyncio.wait_for(socket.call("zoo.Note.search"), 2)


# Calls without a socket


class SpokenBinding(AsyncBinding):
    stream = "testing.Spoken"
    model = Note
    fields = ("id", "title")

    @bind("tell")
    async def tell(self, data: dict[str, Any]) -> None:
        await self.reflect("tell", {"heard": data["text"]})
        await self.dispatch("told", {"at": date(2026, 1, 2)})
        await self.broadcast("all", {})
        await self.send_to(7, "one", {})

    @bind("enter", permission_classes=())
    async def enter(self, data: dict[str, Any]) -> dict[str, Any]:
        await self.login(await get_user_model().objects.aget(username=data["name"]))
        return {}

    @bind("break")
    def broken(self, data: dict[str, Any]) -> None:
        raise ZeroDivisionError


class ClientTests(TestCase):
    """In a transaction that never commits."""

    def setUp(self) -> None:
        self.ann = get_user_model().objects.create_user("ann")
        self.calls = BindingClient(self.ann)

    def test_every_action_has_its_method(self) -> None:
        made = self.calls.create("testing.Spoken", title="a")
        assert self.calls.retrieve("testing.Spoken", made["id"], fields=["title"])["title"] == "a"
        assert self.calls.update("testing.Spoken", made["id"], title="b") == {"success": True, "id": made["id"]}
        assert self.calls.save("testing.Spoken", id=made["id"], title="c")["success"]
        assert self.calls.search("testing.Spoken", limit=1)["count"] == 1
        assert self.calls.list("testing.Spoken")["rows"] == [{"id": made["id"], "title": "c"}]
        assert self.calls.form("testing.Spoken", made["id"])["object"]["title"] == "c"
        assert self.calls.form("testing.Spoken", submit={"title": ""})["success"] is False
        assert self.calls.describe("testing.Spoken")["stream"] == "testing.Spoken"
        assert self.calls.delete("testing.Spoken", made["id"])["success"]
        with pytest.raises(NotFound):
            self.calls.retrieve("testing.Spoken", made["id"])

    async def test_and_a_coroutine_twin(self) -> None:
        made = await self.calls.acreate("testing.Spoken", title="a")
        assert (await self.calls.aretrieve("testing.Spoken", made["id"]))["title"] == "a"
        await self.calls.aupdate("testing.Spoken", made["id"], title="b")
        await self.calls.asave("testing.Spoken", id=made["id"], title="c")
        assert (await self.calls.asearch("testing.Spoken"))["count"] == 1
        assert (await self.calls.alist("testing.Spoken"))["rows"][0]["title"] == "c"
        assert (await self.calls.aform("testing.Spoken"))["object"] is None
        assert (await self.calls.adescribe("testing.Spoken"))["stream"] == "testing.Spoken"
        await self.calls.adelete("testing.Spoken", made["id"])
        assert await self.calls.acall("testing.Spoken.tell", {"text": "x"}) == {"heard": "x"}

    def test_what_handlers_send_is_noted(self) -> None:
        assert self.calls.call("testing.Spoken.tell", {"text": "x"}) == {"heard": "x"}
        assert self.calls.sent == [
            Message("reflect", "testing.Spoken.tell", {"heard": "x"}),
            Message("dispatch", "testing.Spoken.told", {"at": "2026-01-02"}),
            Message("broadcast", "testing.Spoken.all", {}),
            Message("send_to", "testing.Spoken.one", {}, 7),
        ]

    def test_nobody_is_told_to_sign_in_and_may(self) -> None:
        nobody = BindingClient()
        with pytest.raises(Unauthenticated):
            nobody.search("testing.Spoken")
        with self.settings(CHANNELS_BINDING={"ANONYMOUS_CONNECTION_ALLOWED": True}):
            nobody.call("testing.Spoken.enter", {"name": "ann"})
        assert nobody.search("testing.Spoken")["count"] == 0

    def test_what_is_wrong_in_a_handler_is_raised_as_it_is(self) -> None:
        with pytest.raises(ZeroDivisionError):
            self.calls.call("testing.Spoken.break")

    async def test_a_socket_sees_the_transaction_and_hears_of_what_counts_as_committed(self) -> None:
        await Note.objects.acreate(title="before")
        socket = BindingCommunicator("/ws/", user=self.ann)
        assert await socket.open()
        notes = await socket.live("testing.Spoken.search#a", {"order": "title"})
        assert [row["title"] for row in notes.rows] == ["before"]
        async with committed():
            await Note.objects.acreate(title="after")
        await socket.assert_live(notes)
        async with committed():
            await socket.call("testing.Spoken.create", {"title": "by socket"})
            await Note.objects.filter(title="before").adelete()
        await socket.assert_live(notes)
        assert [row["title"] for row in notes.rows] == ["after", "by socket"]
        await socket.close()
        assert threads._borrowed == 0


# Live lists


async def test_a_live_list_that_does_not_show_its_query_is_an_assertion_error(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await Note.objects.acreate(title="a")
    notes = await socket.live("zoo.Note.search#h", {"order": "title", "limit": 2})
    await socket.assert_live(notes)
    for title in ("c", "b"):
        await Note.objects.acreate(title=title)
    await socket.assert_live(notes)
    assert ([row["title"] for row in notes.rows], notes.count) == (["a", "b"], 3)
    notes.rows = notes.rows[:1]
    with pytest.raises(AssertionError, match="its query"):
        await socket.assert_live(notes, seconds=0.2)


async def test_other_pushes_stay_for_receive(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    first, second = [await socket.live(f"zoo.Note.search#{name}", {}) for name in ("one", "two")]
    await Note.objects.acreate(title="a")
    await socket.assert_live(first)
    assert (await socket.receive())["event"] == "zoo.Note.search#two"
    assert second.count == 0


def test_a_diff_moves_clears_and_must_fit() -> None:
    rows = [{"id": key, "title": str(key), "more": 1} for key in (1, 2, 3)]
    live = LiveList("a.B.search", {}, {"type": "snapshot", "v": "a", "data": {"count": 3, "rows": rows}})
    diff = {"remove": [3, 1], "put": [[0, {"id": 9}, "e"], [1, 3]], "patch": [[3, {"title": "x"}, "e", ["more"]]]}
    live.apply({"type": "diff", "from": "a", "v": "b", "data": diff})
    assert [row["id"] for row in live.rows] == [9, 3, 2]
    assert live.rows[1] == {"id": 3, "title": "x"}
    with pytest.raises(AssertionError, match="does not fit"):
        live.apply({"type": "diff", "from": "a", "v": "c", "data": {}})
    live.apply({"error": {"code": "forbidden"}})
    assert (live.rows, live.count, live.error) == ([], 0, {"code": "forbidden"})


async def test_finish_ends_the_hub_and_gives_the_connections_back(hub_ended: None, user: Any) -> None:
    socket = BindingCommunicator("/ws/", user=user)
    assert await socket.open()
    await socket.close()
    hub = Hub.current()
    await finish()
    assert hub not in Hub.all()
    assert threads._pool is None
