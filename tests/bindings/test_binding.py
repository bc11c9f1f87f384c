"""Bindings for plain functions and for coroutines answer alike."""

import inspect
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.permissions import AllowAny

from channels_binding.bindings import AsyncBinding, Binding, bind
from channels_binding.bindings.binding import ModelActions
from channels_binding.exceptions import Invalid
from channels_binding.testing import BindingClient
from channels_binding.testing.client import Message
from tests.bindings.test_base import MixedBinding
from tests.conftest import Connect
from tests.project.zoo.models import Note


async def test_a_built_in_action_can_be_overridden_by_a_coroutine_that_awaits_it(connect: Connect, user: Any) -> None:
    note = await Note.objects.acreate(title="x", rank=1)
    socket = await connect(user)
    assert (await socket.call(f"{MixedBinding.stream}.update", {"id": note.pk, "title": "loud"}))["data"] == {
        "success": True,
        "id": note.pk,
        "shouted": True,
    }
    assert (await socket.call("zoo.Mixed.rows"))["data"] == {"titles": ["LOUD"]}
    assert (await socket.call("zoo.Mixed.save", {"id": note.pk, "title": "again"}))["data"]["shouted"] is True


class PlainSender(Binding):
    stream = "test.plain_sender"
    permission_classes = (AllowAny,)

    @bind("send")
    def send(self, data: dict[str, Any]) -> None:
        self.reflect("progress", {"done": 1})
        self.dispatch("closed", {"by": data["name"]})
        self.broadcast("news", {"by": data["name"]})
        self.send_to(User(pk=7), "invited", {"by": data["name"]})
        self.send_to(8, "invited", {"by": data["name"]})

    @bind("enter")
    def enter(self, data: dict[str, Any]) -> dict[str, Any]:
        self.login(User(pk=9, username=data["name"]))
        return {"user": self.user.username}

    @bind("leave")
    def leave(self, data: dict[str, Any]) -> dict[str, Any]:
        self.logout()
        return {"is_known": self.user.is_authenticated}


class CoroutineSender(AsyncBinding):
    stream = "test.coroutine_sender"
    permission_classes = (AllowAny,)

    @bind("send")
    async def send(self, data: dict[str, Any]) -> None:
        await self.reflect("progress", {"done": 1})
        await self.dispatch("closed", {"by": data["name"]})
        await self.broadcast("news", {"by": data["name"]})
        await self.send_to(User(pk=7), "invited", {"by": data["name"]})
        await self.send_to(8, "invited", {"by": data["name"]})

    @bind("enter")
    async def enter(self, data: dict[str, Any]) -> dict[str, Any]:
        await self.login(User(pk=9, username=data["name"]))
        return {"user": self.user.username}

    @bind("leave")
    async def leave(self, data: dict[str, Any]) -> dict[str, Any]:
        await self.logout()
        return {"is_known": self.user.is_authenticated}


SENDERS = [PlainSender.stream, CoroutineSender.stream]


@pytest.mark.parametrize("stream", SENDERS)
def test_a_handler_sends_to_the_caller_to_a_stream_to_everybody_and_to_one_user(stream: str) -> None:
    client = BindingClient(User(pk=1, username="ann"))
    client.call(f"{stream}.send", {"name": "ann"})
    assert client.sent == [
        Message("reflect", f"{stream}.progress", {"done": 1}),
        Message("dispatch", f"{stream}.closed", {"by": "ann"}),
        Message("broadcast", f"{stream}.news", {"by": "ann"}),
        Message("send_to", f"{stream}.invited", {"by": "ann"}, 7),
        Message("send_to", f"{stream}.invited", {"by": "ann"}, 8),
    ]


@pytest.mark.parametrize("stream", SENDERS)
def test_a_handler_signs_somebody_in_and_out(stream: str) -> None:
    client = BindingClient(User(pk=1, username="ann"))
    assert client.call(f"{stream}.enter", {"name": "bob"}) == {"user": "bob"}
    assert client.user.username == "bob"
    assert client.call(f"{stream}.leave") == {"is_known": False}
    assert not client.user.is_authenticated


def test_subscribing_and_describing_take_no_parameters(user: Any) -> None:
    client = BindingClient(user)
    assert client.call("zoo.Note.subscribe") == {"success": True}
    assert client.call("zoo.Note.unsubscribe") == {"success": True}
    assert client.describe("zoo.Note")["stream"] == "zoo.Note"
    for action in ("subscribe", "unsubscribe", "describe"):
        with pytest.raises(Invalid):
            client.call(f"zoo.Note.{action}", {"page": 1})


@pytest.mark.parametrize("name", [name for name, action in ModelActions._actions.items() if action.is_builtin])
def test_every_built_in_action_of_an_asynchronous_binding_can_be_awaited(name: str) -> None:
    method = getattr(AsyncBinding, name)
    assert inspect.iscoroutinefunction(method) or name in ("subscribe", "unsubscribe", "presence"), "see AsyncBinding"
