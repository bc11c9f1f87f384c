"""The corridor: stream, action, permission, answer; on a thread, on the loop, in time."""
# ruff: noqa: E501 (tables are read across)

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import override_settings
from rest_framework.permissions import BasePermission

from channels_binding.calls import Call, Reading
from channels_binding.consumers import AsyncBinding, Binding, bind
from channels_binding.dispatch import aperform, find, perform
from channels_binding.exceptions import Forbidden, MethodNotAllowed, NotFound, Timeout, Unauthenticated
from tests.project.zoo.models import Note
from tests.throwaway import throwaway

ANN = User(pk=7, username="ann")
ran: list[str] = []


class No(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return False


@pytest.fixture(autouse=True)
def _streams(hub_ended: None) -> Iterator[None]:
    with throwaway():
        ran.clear()

        class Open(AsyncBinding):
            stream = "test.open"

            @bind
            def plain(self, data: Any) -> Any:
                ran.append("plain")
                return {"got": data}

            @bind
            async def coroutine(self, data: Any) -> Any:
                ran.append("coroutine")
                await asyncio.sleep(data.get("seconds", 0))
                return {"got": data}

            @bind(permission_classes=[No])
            async def closed(self, data: Any) -> Any:
                ran.append("closed")

            def not_bound(self, data: Any) -> Any:
                ran.append("not_bound")

        class Closed(Binding):
            stream = "test.closed"
            permission_classes = (No,)

            @bind
            def plain(self, data: Any) -> Any:
                ran.append("plain")

        yield


def call(stream: str, action: str, user: Any = ANN, **data: Any) -> Call:
    return Call(stream, action, data, user)


@pytest.mark.parametrize("action", ["plain", "coroutine"])
async def test_an_event_is_answered_on_a_thread_or_on_the_loop(action: str) -> None:
    assert await aperform(call("test.open", action, n=1)) == {"got": {"n": 1}}


async def test_an_unknown_stream_is_not_found() -> None:
    with pytest.raises(NotFound):
        await aperform(call("test.nowhere", "plain"))


PRIVATE = ["not_bound", "check_permissions", "get_queryset", "perform", "dispatch", "reflect", "__init__", "__class__", "_dispatch", "call", "user", "Plain", "plain ", "", "search", "create", "delete", "retrieve"]  # fmt: skip


@pytest.mark.parametrize("action", PRIVATE)
async def test_only_what_is_bound_can_be_called(action: str) -> None:
    with pytest.raises(MethodNotAllowed):
        await aperform(call("test.open", action))
    assert ran == []


@pytest.mark.parametrize(("stream", "action"), [("test.open", "closed"), ("test.closed", "plain")])
async def test_a_refused_call_does_not_reach_its_handler(stream: str, action: str) -> None:
    with pytest.raises(Forbidden):
        await aperform(call(stream, action))
    with pytest.raises(Unauthenticated):
        await aperform(call(stream, action, AnonymousUser()))
    assert ran == []


@pytest.mark.parametrize("user", [None, AnonymousUser()])
async def test_nobody_may_do_anything_unless_anonymous_connections_are_allowed(user: Any) -> None:
    for action in ("plain", "coroutine"):
        with pytest.raises(Unauthenticated):
            await aperform(call("test.open", action, user))
    assert ran == []
    with override_settings(CHANNELS_BINDING={"ANONYMOUS_CONNECTION_ALLOWED": True}):
        assert await aperform(call("test.open", "plain", user)) == {"got": {}}


@override_settings(CHANNELS_BINDING={"CALL_TIMEOUT_SECONDS": 0.05})
async def test_a_call_that_takes_too_long_is_told_so() -> None:
    with pytest.raises(Timeout):
        await aperform(call("test.open", "coroutine", seconds=5))


class Outlet:
    def __init__(self) -> None:
        self.heard: list[str] = []

    def admitted(self, stream: str, action: str) -> None:
        self.heard.append(stream)


async def test_who_passes_the_permissions_hears_the_stream_and_who_does_not_does_not() -> None:
    outlet: Any = Outlet()
    await aperform(Call("test.open", "plain", {}, ANN, outlet=outlet))
    with pytest.raises(Forbidden):
        await aperform(Call("test.closed", "plain", {}, ANN, outlet=outlet))
    assert outlet.heard == ["test.open"]


def test_the_same_call_is_performed_on_the_thread_at_hand(user: Any) -> None:
    note = Note.objects.create(title="n")
    answer = perform(Call("zoo.Note", "retrieve", {"id": note.pk}, user))
    assert isinstance(answer, Reading)
    assert answer.is_single
    assert answer.rows[0].pk == note.pk


def test_an_instance_serves_one_call() -> None:
    first, second = (find(call("test.open", "plain"))[0] for _ in range(2))
    assert first is not second
