"""Calls of a user without a socket."""

from datetime import date
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import TestCase

from channels_binding.consumers import AsyncBinding, bind
from channels_binding.exceptions import NotFound, Unauthenticated
from channels_binding.testing import BindingClient, Message
from tests.project.zoo.models import Note


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
