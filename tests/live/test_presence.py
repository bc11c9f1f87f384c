"""What is begun for a connection and ends after an ``await`` is enlisted only for whoever the connection belongs to by then."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, ClassVar

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import OperationalError
from rest_framework.authtoken.models import Token
from rest_framework.permissions import BasePermission

from channels_binding.consumers import AsyncBinding, bind
from channels_binding.live import handler_messages
from channels_binding.live.hub import Hub
from channels_binding.live.identity import checks
from channels_binding.testing import BindingCommunicator
from tests.conftest import Connect
from tests.live.identity.test_checks import EditorNoteBinding, GroupNoteBinding
from tests.live.test_hub.shown import in_thread, make_notes
from tests.project.zoo.models import Note


class Gate(BasePermission):
    """Holds questions in their worker thread while it is closed."""

    is_open, has_arrived = threading.Event(), threading.Event()

    def has_permission(self, request: Any, view: Any) -> bool:
        self.has_arrived.set()
        self.is_open.wait(5)
        return True


class GatedNoteBinding(AsyncBinding):
    """Notes of one's own, behind a permission that takes its time."""

    stream = "tests.GatedNote"
    model = Note
    fields = ("id", "title")
    permission_classes = (Gate,)

    def get_queryset(self) -> Any:
        return Note.objects.filter(owner=self.user)


class SpokenNoteBinding(AsyncBinding):
    """Editors receive what its handler dispatches."""

    stream = "tests.SpokenNote"
    model = Note
    fields = ("id", "title")
    permission_classes = EditorNoteBinding.permission_classes

    @bind
    def hello(self, data: Any) -> dict[str, Any]:
        return {}


@pytest.fixture
async def gate() -> AsyncIterator[type[Gate]]:
    Gate.is_open.clear()
    Gate.has_arrived.clear()
    yield Gate
    Gate.is_open.set()


async def arrived() -> None:
    assert await asyncio.to_thread(Gate.has_arrived.wait, 5)


def left_behind(hub: Hub) -> tuple[list[Any], list[Any]]:
    """Subscriptions and memberships of stream groups that are there."""
    return (
        [each for group in hub.groups.values() for each in group.subscriptions],
        [each for group in hub.stream_groups.by_key.values() for each in group.subscribers],
    )


async def rounds_within(hub: Hub, seconds: float, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often the hub looks what is to be done, when nothing is."""
    rounds, real = [0], hub.rounds._round

    async def counted() -> None:
        rounds[0] += 1
        await real()

    with monkeypatch.context() as patch:
        patch.setattr(hub.rounds, "_round", counted)
        await asyncio.sleep(seconds)
    return rounds[0]


class Held:
    """A coroutine method that is held open after its work is done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        self.entered, self.opened = asyncio.Event(), asyncio.Event()
        real = getattr(owner, name)

        async def held(*args: Any, **kwargs: Any) -> Any:
            answer = await real(*args, **kwargs)
            self.entered.set()
            await self.opened.wait()
            return answer

        monkeypatch.setattr(owner, name, held)


async def in_a_group(user: Any) -> tuple[Group, Group]:
    first, second = await Group.objects.acreate(name="n1"), await Group.objects.acreate(name="n2")
    await in_thread(user.groups.add)(first)
    return first, second


# Who has gone


async def test_a_socket_that_closes_while_its_read_moves_to_another_audience_leaves_nothing(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await in_a_group(user)
    await make_notes(1, owner=user)
    socket = await connect(user)
    await socket.call(f"{GroupNoteBinding.stream}.search", {})
    hub = Hub.current()
    with monkeypatch.context() as patch:
        held = Held(patch, hub.store, "open")
        await in_thread(user.groups.set)([second])
        await asyncio.wait_for(held.entered.wait(), 5)
        await socket.close()
        held.opened.set()
        while not hub.rounds.is_idle:
            await asyncio.sleep(0.005)
    assert left_behind(hub) == ([], [])
    await in_thread(user.groups.set)([first])
    await asyncio.sleep(0.1)
    while not hub.rounds.is_idle:  # the one that the change itself has asked for
        await asyncio.sleep(0.005)
    assert await rounds_within(hub, 0.5, monkeypatch) == 0, "nobody is connected"


async def test_a_socket_that_closes_while_its_subscription_moves_to_another_audience_leaves_nothing(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, second = await in_a_group(user)
    for name in ("open", "join"):
        socket = await connect(user)
        await socket.call(f"{GroupNoteBinding.stream}.subscribe", {})
        hub = Hub.current()
        with monkeypatch.context() as patch:
            held = Held(patch, hub.stream_groups, name)
            await in_thread(user.groups.set)([second] if name == "open" else [])
            await asyncio.wait_for(held.entered.wait(), 5)
            await socket.close()
            held.opened.set()
            while not hub.rounds.is_idle:
                await asyncio.sleep(0.005)
        assert left_behind(hub) == ([], [])


@pytest.mark.parametrize("event", ["search", "subscribe"])
async def test_a_socket_that_is_closed_while_it_opens_a_read_leaves_nothing(
    event: str, connect: Connect, user: Any, gate: type[Gate]
) -> None:
    socket = await connect(user)
    await socket.send({"event": f"{GatedNoteBinding.stream}.{event}", "id": 1})
    await arrived()
    hub = Hub.current()
    for subscriber in [*hub.subscribers]:
        subscriber.end(4401, "signed out")
    gate.is_open.set()
    await asyncio.sleep(0.1)
    assert left_behind(hub) == ([], [])


async def test_nothing_can_be_enlisted_for_a_connection_that_is_not_there(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.call("zoo.Note.search", {})
    hub = Hub.current()
    (gone,), (group,) = [*hub.subscribers], [*hub.groups.values()]
    await socket.close()
    with pytest.raises(RuntimeError):
        hub.delivery.subscribe(group, gone, "zoo.Note.search", group.call)
    with pytest.raises(RuntimeError):
        await hub.stream_groups.join(await hub.stream_groups.open(group.call), gone)


# Who has become somebody else


@pytest.fixture
async def tokens(user: Any, stranger: Any, hub_ended: None, settings: Any) -> dict[str, str]:
    """Tokens of ann and of bob."""
    settings.CHANNELS_BINDING = {
        "AUTHENTIFICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
    }
    return {each.username: (await Token.objects.acreate(user=each)).key for each in (user, stranger)}


@pytest.mark.parametrize("event", ["search#h", "list#h", "subscribe"])
async def test_who_becomes_another_in_the_frame_of_a_read_is_never_sent_rows_of_the_first(
    event: str, tokens: dict[str, str], user: Any, gate: type[Gate]
) -> None:
    canary = await Note.objects.acreate(title="canary", owner=user)
    socket = BindingCommunicator(f"/ws/?token={tokens['ann']}")
    assert await socket.open()
    name = f"{GatedNoteBinding.stream}.{event}"
    await socket.send([{"event": name, "id": 1}, {"event": "cb.auth", "id": 2, "data": {"token": tokens["bob"]}}])
    await arrived()
    seen = [await socket.receive()]
    gate.is_open.set()
    while not {1, 2} <= {each.get("id") for each in seen}:
        seen.append(await socket.receive())
    await in_thread(Note.objects.filter(pk=canary.pk).update)(title="canary again")
    assert await socket.silent()
    assert "canary" not in str(seen)
    assert not [each for each in seen if "error" in each], "it is answered as who it is now"
    await socket.close()


async def test_what_a_handler_says_is_not_heard_by_who_signs_in_as_another_while_the_call_is_judged(
    tokens: dict[str, str], user: Any, gate: type[Gate]
) -> None:
    socket = BindingCommunicator(f"/ws/?token={tokens['ann']}")
    assert await socket.open()
    await socket.send(
        [
            {"event": f"{GatedNoteBinding.stream}.retrieve", "id": 1, "data": {"id": 1, "live": False}},
            {"event": "cb.auth", "id": 2, "data": {"token": tokens["bob"]}},
        ]
    )
    await arrived()
    assert (await socket.receive())["id"] == 2
    gate.is_open.set()
    assert (await socket.receive())["id"] == 1
    (connection,) = Hub.current().subscribers
    assert GatedNoteBinding.stream not in connection.streams
    await socket.close()


# Who may no longer


async def let_in(user: Any) -> Permission:
    permission = await Permission.objects.aget(codename="view_note", content_type__app_label="zoo")
    await in_thread(user.user_permissions.add)(permission)
    return permission


async def test_a_read_that_was_begun_before_a_permission_was_withdrawn_is_refused(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_notes(1)
    permission = await let_in(user)
    socket = await connect(user)
    hub = Hub.current()
    with monkeypatch.context() as patch:
        held = Held(patch, hub.store, "open")
        await socket.send({"event": f"{EditorNoteBinding.stream}.search#h", "id": 1})
        await asyncio.wait_for(held.entered.wait(), 5)
        await in_thread(user.user_permissions.remove)(permission)
        held.opened.set()
        answer = await socket.receive()
    assert answer["error"]["code"] == "forbidden"


@pytest.mark.parametrize("way", ["said by a handler", "row of a subscribed stream"])
async def test_what_is_said_while_it_is_checked_who_hears_it_is_sent_after_the_check_or_never(
    way: str, connect: Connect, user: Any, stranger: Any
) -> None:
    for each in (user, stranger):
        permission = await let_in(each)
    sockets = [await connect(each) for each in (user, stranger)]
    stream = SpokenNoteBinding.stream
    for socket in sockets:
        await socket.call(f"{stream}.subscribe")

    def withdraw_and_say() -> None:
        user.user_permissions.remove(permission)
        if way == "said by a handler":
            handler_messages.to_stream(stream, f"{stream}.said", {"canary": 1})
        else:
            Note.objects.create(title="canary")

    await in_thread(withdraw_and_say)()
    assert "canary" in str(await sockets[1].receive())
    while not await sockets[0].silent():
        assert "canary" not in str(await sockets[0].receive())


async def test_a_token_that_says_something_else_has_its_reads_made_again(tokens: dict[str, str], user: Any) -> None:
    """Its row was changed: what a permission or a queryset reads of ``request.auth`` is another now."""
    await make_notes(1, owner=user)
    socket = BindingCommunicator(f"/ws/?token={tokens['ann']}")
    assert await socket.open()
    await socket.call(f"{DatedNoteBinding.stream}.search#h")
    await in_thread(Token.objects.filter(pk=tokens["ann"]).update)(created="2001-01-01T00:00:00Z")
    assert (await socket.receive())["data"]["remove"]
    await socket.close()


class DatedNoteBinding(AsyncBinding):
    """For tokens of this century."""

    stream = "tests.DatedNote"
    model = Note
    fields = ("id", "title")

    def get_queryset(self) -> Any:
        auth = self.request.auth
        return Note.objects.all() if auth is not None and auth.created.year > 2001 else Note.objects.none()


# What waits behind the reply to a write, on sockets without a subprotocol


class WaitingBinding(AsyncBinding):
    stream = "tests.Waiting"
    go: ClassVar[asyncio.Event]

    @bind
    async def wait(self, data: Any) -> dict[str, Any]:
        await type(self).go.wait()
        return {"done": True}

    @bind
    async def late(self, data: Any) -> dict[str, Any]:
        user = await get_user_model().objects.aget(username=data["name"])
        await type(self).go.wait()
        await self.login(user)
        return {"done": True}

    @bind
    async def switch(self, data: Any) -> dict[str, Any]:
        await type(self).go.wait()
        await self.login(await get_user_model().objects.aget(username=data["name"]))
        return {"done": True}


@pytest.mark.parametrize("how", ["a right is withdrawn", "somebody else is signed in"])
async def test_what_waits_for_the_reply_to_a_write_is_for_whoever_the_connection_belongs_to_then(
    how: str, connect: Connect, user: Any, stranger: Any
) -> None:
    group = await Group.objects.acreate(name="canary")
    await in_thread(user.groups.add)(group)
    WaitingBinding.go = asyncio.Event()
    socket = await connect(user, modern=False)
    await socket.send({"event": f"{GroupNoteBinding.stream}.search", "data": {}})
    await socket.receive()
    (connection,) = Hub.current().subscribers
    is_withdrawn = how == "a right is withdrawn"
    event = "wait" if is_withdrawn else "switch"
    await socket.send({"event": f"{WaitingBinding.stream}.{event}", "data": {"name": stranger.username}})
    while not connection._writes_in_flight:  # type: ignore[attr-defined]
        await asyncio.sleep(0.005)
    await Note.objects.acreate(title="canary")
    while not connection._after_reply:  # type: ignore[attr-defined]
        await asyncio.sleep(0.005)
    before = connection.revision
    if is_withdrawn:
        await in_thread(user.groups.clear)()
        while connection.revision == before:
            await asyncio.sleep(0.005)
    WaitingBinding.go.set()
    heard = [await socket.receive(), await socket.receive()]
    while not await socket.silent():
        heard.append(await socket.receive())
    assert "canary" not in str(heard)
    assert "done" in str(heard)


class Flaky(BasePermission):
    """Fails once, when ``fails`` is set."""

    fails = False

    def has_permission(self, request: Any, view: Any) -> bool:
        if type(self).fails:
            type(self).fails = False
            raise OperationalError("the database is gone")
        return bool(request.user.has_perm("zoo.view_note"))


class FlakyBinding(AsyncBinding):
    stream = "tests.Flaky"
    model = Note
    fields = ("id", "title")
    permission_classes = (Flaky,)


async def test_a_check_that_fails_is_made_again_before_anything_is_sent(connect: Connect, user: Any) -> None:
    permission = await let_in(user)
    socket = await connect(user)
    await socket.call(f"{FlakyBinding.stream}.retrieve", {"id": (await make_notes(1))[0].pk, "live": False})
    Flaky.fails = True
    await in_thread(user.user_permissions.remove)(permission)
    while Flaky.fails:
        await asyncio.sleep(0.01)
    handler_messages.to_stream(FlakyBinding.stream, f"{FlakyBinding.stream}.said", {"canary": 1})
    await asyncio.sleep(checks.RETRY_SECONDS)
    assert await socket.silent()
    (connection,) = Hub.current().subscribers
    assert FlakyBinding.stream not in connection.streams


# What happens between reading whose a connection is and its being that user's


@pytest.mark.parametrize("way", ["session", "token"])
async def test_who_loses_a_right_between_the_handshake_and_the_first_call_is_noticed(
    way: str, connect: Connect, user: Any, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub.current()
    await hub.ready()
    with monkeypatch.context() as patch:
        held = Held(patch, hub, "ready")
        if way == "session":
            opening = asyncio.ensure_future(connect(user))
        else:
            socket = BindingCommunicator(f"/ws/?token={tokens['ann']}")
            opening = asyncio.ensure_future(socket.open())  # type: ignore[arg-type]
        await asyncio.wait_for(held.entered.wait(), 5)
        if way == "session":
            await in_thread(get_user_model().objects.filter(pk=user.pk).update)(is_active=False)
        else:
            await in_thread(Token.objects.filter(pk=tokens["ann"]).delete)()
        await asyncio.sleep(0.05)
        held.opened.set()
        with suppress(ConnectionError):
            await opening
    async with asyncio.timeout(5):
        while hub.subscribers:
            await asyncio.sleep(0.01)


async def test_who_is_signed_in_by_a_handler_that_was_deactivated_meanwhile_is_noticed(
    connect: Connect, user: Any, stranger: Any
) -> None:
    WaitingBinding.go = asyncio.Event()
    socket = await connect(user)
    await socket.send({"event": f"{WaitingBinding.stream}.late", "data": {"name": stranger.username}})
    await asyncio.sleep(0.05)
    await in_thread(get_user_model().objects.filter(pk=stranger.pk).update)(is_active=False)
    await asyncio.sleep(0.05)
    WaitingBinding.go.set()
    hub = Hub.current()
    async with asyncio.timeout(5):
        while hub.subscribers:
            await asyncio.sleep(0.01)
