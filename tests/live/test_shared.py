"""Readers who share one answer: what happens to one of them meanwhile changes nothing for the others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest
from django.contrib.auth import get_user_model
from rest_framework.permissions import BasePermission

from channels_binding.consumers import AsyncBinding
from channels_binding.exceptions import Forbidden
from channels_binding.live import handler_messages
from channels_binding.live.capture import recorder
from channels_binding.live.hub import Hub
from channels_binding.testing import BindingCommunicator
from tests.conftest import Connect
from tests.live.test_hub.shown import in_thread, make_notes
from tests.live.test_presence import Held
from tests.project.zoo.models import Guard, Label, Moment, Note, Precious

OTHERS = 8
"""Readers beside the one that is looked at: which of them asks for all is a matter of chance."""
BEFORE_MARCH_IN_UTC = {"day": "2026-03-01", "instant": "2026-02-28T23:30:00Z", "hour": "10:00"}


class Open(BasePermission):
    """Whoever is not named in ``closed``. No signal tells of a change."""

    closed: set[str] = set()

    def has_permission(self, request: Any, view: Any) -> bool:
        return request.user.username not in self.closed


class OpenNoteBinding(AsyncBinding):
    stream = "tests.OpenNote"
    model = Note
    fields = ("id", "title")
    permission_classes = (Open,)

    def get_audience(self) -> Any:
        return "everybody who is let in sees the same"


class LocalMomentBinding(AsyncBinding):
    stream = "tests.LocalMoment"
    model = Moment
    fields = ("id", "instant")


@pytest.fixture
async def readers(connect: Connect, user: Any) -> "tuple[BindingCommunicator, list[BindingCommunicator]]":
    """One of its own user, and others, each of another."""
    others = [await in_thread(get_user_model().objects.create_user)(f"other{number}") for number in range(OTHERS)]
    return await connect(user), [await connect(each) for each in others]


Readers = tuple[BindingCommunicator, list[BindingCommunicator]]


@asynccontextmanager
async def half_moved(
    others: list[BindingCommunicator], opener: Any, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    """The others want another time zone, and it is not found out yet what they are to share then."""
    with monkeypatch.context() as patch:
        held = Held(patch, opener, "open")
        for socket in others:
            await socket.send({"event": "cb.locale", "id": 9, "data": {"timezone": "Asia/Tokyo"}})
        await asyncio.wait_for(held.entered.wait(), 5)
        yield
        held.opened.set()


async def test_who_changes_the_time_zone_meanwhile_changes_nobody_else_s_answer(
    readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, others = readers
    await Moment.objects.acreate(**BEFORE_MARCH_IN_UTC)
    for socket in (one, *others):
        await socket.call("zoo.Moment.aggregate#a", {"measures": ["count"], "by": ["instant:month"]})
    hub = Hub.current()
    assert len(hub.groups) == 1
    async with half_moved(others, hub.store, monkeypatch):
        await Moment.objects.acreate(**BEFORE_MARCH_IN_UTC)
        push = await one.receive()
    assert push["data"]["patch"] == [['["2026-02-01"]', {"count": 2}, push["data"]["patch"][0][2]]]
    assert await one.silent()


async def test_who_changes_the_time_zone_meanwhile_changes_nobody_else_s_rows(
    readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, others = readers
    for socket in (one, *others):
        await socket.call("tests.LocalMoment.subscribe")
    hub = Hub.current()
    assert len(hub.stream_groups.by_key) == 1
    async with half_moved(others, hub.stream_groups, monkeypatch):
        await Moment.objects.acreate(**BEFORE_MARCH_IN_UTC)
        push = await one.receive()
    assert push["data"]["instant"] == "2026-02-28T23:30:00Z"


@pytest.mark.parametrize("action", ["search#h", "subscribe"])
async def test_who_may_read_no_longer_ends_nobody_else_s(
    action: str, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, others = readers
    for socket in (one, *others):
        await socket.call(f"tests.OpenNote.{action}")
    monkeypatch.setattr(Open, "closed", {f"other{number}" for number in range(OTHERS)})
    await make_notes(1)
    push = await one.receive()
    assert "error" not in push
    for number in range(2):
        await make_notes(7 + number)
        assert "error" not in await one.receive()


async def test_when_nobody_may_read_any_longer_each_is_told_and_nothing_is_kept(
    readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, others = readers
    for socket in (one, *others):
        await socket.call("tests.OpenNote.search#h")
        await socket.call("tests.OpenNote.subscribe")
    monkeypatch.setattr(Open, "closed", {"ann", *(f"other{number}" for number in range(OTHERS))})
    await make_notes(1)
    for socket in (one, *others):
        told = sorted([await socket.receive() for _ in range(2)], key=lambda each: each["event"])
        assert all("error" in each for each in told), (told, one._waiting)
        assert [(each["event"], each["error"]["code"]) for each in told] == [
            ("tests.OpenNote.search#h", "forbidden"),
            ("tests.OpenNote.subscribe", "forbidden"),
        ]
    hub = Hub.current()
    assert hub.groups == {}
    assert hub.stream_groups.by_key == {}


async def test_what_the_periodic_check_ends_for_everybody_is_not_kept(
    readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, others = readers
    for socket in (one, *others):
        await socket.call("tests.OpenNote.search#h")
    monkeypatch.setattr(Open, "closed", {"ann", *(f"other{number}" for number in range(OTHERS))})
    await Hub.current().identity._look_around()
    for socket in (one, *others):
        assert (await socket.receive())["error"]["code"] == "forbidden"
    assert Hub.current().groups == {}


@pytest.mark.parametrize("action", ["search#h", "subscribe"])
async def test_a_row_that_is_written_once_nobody_may_read_any_longer_is_sent_to_nobody(
    action: str, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even by a reading that was let in before, and before anything is heard of it."""
    one, others = readers
    for socket in (one, *others):
        await socket.call(f"tests.OpenNote.{action}")
    admitted = Open.has_permission

    def closing(self: Any, request: Any, view: Any) -> bool:
        """It lets one in, and only then does it change."""
        is_let_in = admitted(self, request, view)
        if not Open.closed:
            Open.closed = {"ann", *(f"other{number}" for number in range(OTHERS))}
            with monkeypatch.context() as patch:
                patch.setattr(recorder, "_publishers", [])
                Note.objects.create(title="canary")
        return is_let_in

    monkeypatch.setattr(Open, "closed", set())
    monkeypatch.setattr(Open, "has_permission", closing)
    await make_notes(1)
    for socket in (one, *others):
        assert (await socket.receive())["error"]["code"] == "forbidden"
    assert await told(one) == []


async def test_one_who_is_refused_the_rows_themselves_ends_alone(
    readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by a permission: by the queryset, which nothing but reading asks for."""
    one, others = readers
    for socket in (one, *others):
        await socket.call("tests.OpenNote.search#h")
    queryset = OpenNoteBinding.get_queryset

    def refusing(self: Any) -> Any:
        if self.user.username.startswith("other"):
            raise Forbidden()
        return queryset(self)

    monkeypatch.setattr(OpenNoteBinding, "get_queryset", refusing)
    await make_notes(1)
    assert "error" not in await one.receive()


# Who is let in, or belongs elsewhere, by what is looked up


class NotNamed(BasePermission):
    """Whoever has no label of their name."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return not Label.objects.filter(name=request.user.username or "nobody").exists()


class GatedRowNoteBinding(AsyncBinding):
    """All who are let in see the same."""

    stream = "tests.GatedRowNote"
    model = Note
    fields = ("id", "title")
    permission_classes = (NotNamed,)
    depends_on = (Label,)

    def get_audience(self) -> Any:
        return "all who are let in"


class SideNoteBinding(AsyncBinding):
    """Two audiences, of which each sees its own."""

    stream = "tests.SideNote"
    model = Note
    fields = ("id", "title")
    depends_on = (Label,)

    def get_queryset(self) -> Any:
        return Note.objects.filter(title=self.get_audience())

    def get_audience(self) -> Any:
        return "left" if Label.objects.filter(name=self.user.username or "nobody").exists() else "right"


def name_them(sockets: list[BindingCommunicator]) -> None:
    for socket in sockets:
        Label.objects.create(name="nobody" if socket.user is None else socket.user.username)


async def told(socket: BindingCommunicator) -> list[Any]:
    """All that arrives until nothing does."""
    arrived = []
    while not await socket.silent(0.05):
        arrived.append(await socket.receive())
    return arrived


@pytest.mark.parametrize("is_told", [True, False], ids=["declared", "found by the periodic check"])
@pytest.mark.parametrize("action", ["search#h", "subscribe"])
@pytest.mark.parametrize("stream", ["tests.GatedRowNote", "tests.SideNote"])
async def test_who_belongs_to_the_audience_no_longer_is_sent_no_row_of_it(
    stream: str,
    action: str,
    is_told: bool,
    readers: Readers,
    connect: Connect,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}
    one, others = readers
    others = [*others[:3], await connect(None)]
    for socket in (one, *others):
        await socket.call(f"{stream}.{action}")
    with monkeypatch.context() as patch:
        if not is_told:
            patch.setattr(recorder, "_publishers", [])
        await in_thread(name_them)(others)
    if not is_told:
        await Hub.current().identity._look_around()
    await in_thread(Note.objects.create)(title="right")
    assert "right" in str(await one.receive())
    for socket in others:
        assert "right" not in str(await told(socket))


@pytest.mark.parametrize("is_told", [True, False], ids=["declared", "found by the periodic check"])
async def test_what_handlers_say_is_not_told_to_who_may_no_longer_ask(
    is_told: bool, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream, (one, others) = GatedRowNoteBinding.stream, readers
    for socket in (one, *others[:3]):
        await socket.call(f"{stream}.search", {"live": False})
    with monkeypatch.context() as patch:
        if not is_told:
            patch.setattr(recorder, "_publishers", [])
        await in_thread(name_them)(others[:3])
    if not is_told:
        await Hub.current().identity._look_around()
    await in_thread(handler_messages.to_stream)(stream, f"{stream}.said", {"canary": 1})
    assert "canary" in str(await one.receive())
    for socket in others[:3]:
        assert "canary" not in str(await told(socket))


# What tells readers apart


async def test_rows_of_a_stream_that_refuses_a_reader_are_not_in_the_answer_that_it_shares(
    connect: Connect, user: Any, stranger: Any
) -> None:
    """Nor are they sent on, once another reader is refused."""

    class GuardBinding(AsyncBinding):
        stream = "tests.GuardBehindADoor"
        model = Guard
        fields = ("id",)
        permission_classes = (NotNamed,)
        depends_on = (Label,)

        def get_audience(self) -> Any:
            return "all who are let in"

    class GuardedBinding(AsyncBinding):
        stream = "tests.GuardedForAll"
        model = Precious
        fields = ("id", "name")
        expandable: ClassVar[Any] = {"guard_set": {}}

        def get_audience(self) -> Any:
            return "all"

    precious = await Precious.objects.acreate(name="it")
    guard = await Guard.objects.acreate(precious=precious)
    await Label.objects.acreate(name=stranger.username)
    one, other = await connect(user), await connect(stranger)
    asked = "tests.GuardedForAll.search#h", {"expand": ["guard_set"]}
    shown = [(await socket.call(*asked))["data"]["rows"][0]["expand"]["guard_set"] for socket in (one, other)]
    assert [len(each) for each in shown] == [1, 0]
    await Label.objects.acreate(name=user.username)
    assert (await one.receive())["data"]["patch"]
    await guard.adelete()
    await Guard.objects.acreate(precious=precious)
    assert await told(one) == await told(other) == []


@pytest.mark.parametrize("action", ["search#h", "subscribe"])
async def test_an_audience_that_is_a_row_is_another_one_than_a_row_of_the_same_name(
    action: str, connect: Connect, user: Any, stranger: Any
) -> None:
    teams = {each.username: await Label.objects.acreate(name="the same") for each in (user, stranger)}

    class TeamNoteBinding(AsyncBinding):
        stream = "tests.TeamNote"
        model = Note
        fields = ("id", "title")

        def get_queryset(self) -> Any:
            return Note.objects.filter(labels=self.get_audience())

        def get_audience(self) -> Any:
            return teams[self.user.username]

    note = await Note.objects.acreate(title="canary")
    await note.labels.aadd(teams[user.username])
    one, other = await connect(user), await connect(stranger)
    answers = [await socket.call(f"tests.TeamNote.{action}") for socket in (one, other)]
    assert "canary" not in str(answers[1])
    await in_thread(Note.objects.filter(pk=note.pk).update)(title="canary again")
    assert "canary" in str(await one.receive())
    assert await told(other) == []
