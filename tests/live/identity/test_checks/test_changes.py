"""Permissions in time: once a reader has lost one, not one byte of a forbidden row is sent any more."""

import asyncio
from typing import Any, ClassVar

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from rest_framework.authentication import TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission

from channels_binding.consumers import AsyncBinding
from channels_binding.live.capture import recorder
from channels_binding.live.hub import Hub
from channels_binding.live.identity import checks
from channels_binding.testing import BindingCommunicator
from tests.conftest import Connect
from tests.live.identity.test_checks import closed, deactivate, in_thread, view_permission
from tests.project.zoo.bindings.fields import MomentBinding
from tests.project.zoo.models import Device, Label, Moment, Note
from tests.security.test_authentication.sockets import told


def deactivate_quietly(user: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE auth_user SET is_active = %s WHERE username = %s", [False, user.username])


def change_password(user: Any) -> None:
    user.set_password("another")
    user.save()


def sign_out(user: Any) -> None:
    client = Client()
    client.cookies["sessionid"] = Session.objects.get().session_key
    from django.contrib.auth import logout
    from django.contrib.sessions.backends.db import SessionStore
    from django.http import HttpRequest

    request = HttpRequest()
    request.session = SessionStore(Session.objects.get().session_key)
    request.user = user
    logout(request)


TRIGGERS: dict[str, Any] = {
    "deactivated": deactivate,
    "deactivated by update()": lambda user: get_user_model().objects.filter(pk=user.pk).update(is_active=False),
    "deactivated by raw SQL": deactivate_quietly,
    "deleted": lambda user: user.delete(),
    "password changed": change_password,
    "session deleted": lambda user: Session.objects.all().delete(),
    "signed out": sign_out,
}


@pytest.mark.parametrize("trigger", TRIGGERS)
async def test_a_user_who_may_no_longer_be_here_is_closed_with_4401_within_a_second(
    trigger: str, connect: Connect, user: Any
) -> None:
    socket, idle = await connect(user), await connect(user)
    await socket.call("zoo.Note.search#h", {})
    await in_thread(Session.objects.exclude(session_key=socket.session_key).delete)()
    assert await closed(idle) == 4401
    await in_thread(TRIGGERS[trigger])(user)
    began = asyncio.get_running_loop().time()
    await in_thread(Note.objects.create)(title="canary")
    assert await closed(socket) == 4401
    assert asyncio.get_running_loop().time() - began < 1.0


async def test_a_change_that_nothing_shows_is_noticed_by_the_periodic_check(
    connect: Connect, user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHANNELS_BINDING = {"IDENTITY_SECONDS": 1.0}
    socket = await connect(user)
    monkeypatch.setattr(recorder, "_publishers", [])
    await in_thread(deactivate)(user)
    assert await closed(socket) == 4401


async def test_a_withdrawn_permission_ends_the_read_without_showing_more(connect: Connect, user: Any) -> None:
    permission = await in_thread(view_permission)()
    await in_thread(user.user_permissions.add)(permission)
    await in_thread(Note.objects.create)(title="seen")
    socket = await connect(user)
    assert (await socket.call("zoo.EditorNote.search#h", {}))["data"]["count"] == 1
    await in_thread(user.user_permissions.clear)()
    await in_thread(Note.objects.create)(title="canary")
    push = await socket.receive()
    assert (push["event"], push["error"]["code"]) == ("zoo.EditorNote.search#h", "forbidden")
    await in_thread(Note.objects.create)(title="canary")
    assert await socket.silent()
    refused = await socket.call("zoo.EditorNote.search#h", {})
    assert refused["error"]["code"] == "forbidden"


async def test_who_may_do_something_else_is_told_so_whatever_is_shown(connect: Connect, user: Any) -> None:
    """What ``describe`` and ``form`` have answered is to be asked again."""
    socket, seed = await connect(user), await connect(user, modern=False)
    permission = await in_thread(view_permission)()
    await in_thread(user.user_permissions.add)(permission)
    assert await told(socket) == [str(user.pk)]
    assert await seed.silent()
    assert seed.users == []
    user.last_login = timezone.now()
    await in_thread(user.save)()
    assert await socket.silent()
    assert len(socket.users) == 1, "nothing has changed"


async def test_a_withdrawn_permission_of_a_group_counts_as_well(connect: Connect, user: Any) -> None:
    permission = await in_thread(view_permission)()
    group = await in_thread(Group.objects.create)(name="editors")
    await in_thread(group.permissions.add)(permission)
    await in_thread(user.groups.add)(group)
    socket = await connect(user)
    assert "data" in await socket.call("zoo.EditorNote.search#h", {})
    await in_thread(group.permissions.remove)(permission)
    assert (await socket.receive())["error"]["code"] == "forbidden"


async def test_membership_moves_a_reader_to_another_audience_by_an_ordinary_diff(
    connect: Connect, user: Any, stranger: Any
) -> None:
    red, blue = [await in_thread(Group.objects.create)(name=name) for name in ("red", "blue")]
    for title in ("red", "blue"):
        await in_thread(Note.objects.create)(title=title)
    await in_thread(user.groups.add)(red)
    await in_thread(stranger.groups.add)(red)
    mine, theirs = await connect(user), await connect(stranger)
    first = await mine.call("zoo.GroupNote.search#h", {})
    await theirs.call("zoo.GroupNote.search#h", {})
    assert len(Hub.current().groups) == 1
    assert [row["title"] for row in first["data"]["rows"]] == ["red"]
    await in_thread(user.groups.set)([blue])
    seen = {row["title"] for row in first["data"]["rows"]}
    ids = {row["id"]: row["title"] for row in first["data"]["rows"]}
    while seen != {"blue"}:
        push = await mine.receive()
        for pk in push["data"].get("remove", ()):
            seen.discard(ids.pop(pk))
        for _, row, _tag in push["data"].get("put", ()):
            ids[row["id"]] = row["title"]
            seen.add(row["title"])
    assert await theirs.silent()
    assert len([group for group in Hub.current().groups.values() if group.subscriptions]) == 2


async def test_signing_in_elsewhere_disturbs_nobody(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.call("zoo.Note.search#h", {})
    await socket.silent(1.0)  # a hub that has just joined its broker reads everything once more
    before = sum(group.started for group in Hub.current().groups.values())

    def sign_in() -> None:
        client = Client()
        client.force_login(user)

    await in_thread(sign_in)()
    assert await socket.silent()
    assert sum(group.started for group in Hub.current().groups.values()) == before


async def test_a_shared_reading_is_never_made_as_somebody_who_has_left_its_audience(
    connect: Connect, user: Any, stranger: Any
) -> None:
    """Ann opens the reading that bob shares; then she joins another team, and the next reading must not be hers."""
    red, blue = [await in_thread(Group.objects.create)(name=name) for name in ("red", "blue")]
    await in_thread(user.groups.add)(red)
    await in_thread(stranger.groups.add)(red)
    hers, his = await connect(user), await connect(stranger)
    for socket in (hers, his):
        await socket.call("zoo.GroupNote.search#h", {})
    await in_thread(user.groups.set)([blue])
    await in_thread(Note.objects.create)(title="blue")  # a canary to him
    await in_thread(Note.objects.create)(title="red")
    seen: list[str] = []
    while "red" not in seen:
        push = await his.receive()
        seen += [row["title"] for _, row, *_ in push["data"].get("put", ())]
    assert seen == ["red"]
    heard = await hers.receive()
    assert [row["title"] for _, row, *_ in heard["data"].get("put", ())] == ["blue"]


async def test_a_newcomer_is_answered_although_a_member_has_left_unheard(
    connect: Connect, user: Any, stranger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker lost the message that Ann has left; the group's next reading is made as Bob, who asks for it."""
    red, blue = [await in_thread(Group.objects.create)(name=name) for name in ("red", "blue")]
    for each in (user, stranger):
        await in_thread(each.groups.add)(red)
    hers, his = await connect(user), await connect(stranger)
    await hers.call("zoo.GroupNote.search#h", {})

    def change_quietly() -> None:
        with monkeypatch.context() as quiet:
            quiet.setattr(recorder, "_publishers", [])
            user.groups.set([blue])
            Note.objects.bulk_create([Note(title="blue"), Note(title="red")])

    await in_thread(change_quietly)()
    for group in Hub.current().groups.values():
        group.is_stale, group.changed = True, None
    answer = await his.call("zoo.GroupNote.search#h", {})
    assert [row["title"] for row in answer["data"]["rows"]] == ["red"]


async def test_a_reading_made_while_its_reader_changed_teams_is_shown_to_nobody(
    connect: Connect, user: Any, stranger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The membership is changed behind the hub's back, as when its message is still under way."""
    red, blue = [await in_thread(Group.objects.create)(name=name) for name in ("red", "blue")]
    for each in (user, stranger):
        await in_thread(each.groups.add)(red)
    hers, his = await connect(user), await connect(stranger)
    for socket in (hers, his):
        await socket.call("zoo.GroupNote.search#h", {})

    def change_quietly() -> None:
        with monkeypatch.context() as quiet:
            quiet.setattr(recorder, "_publishers", [])
            for each in (user, stranger):
                each.groups.set([red, blue] if each is user else [red])

    await in_thread(change_quietly)()
    await in_thread(lambda: Note.objects.bulk_create([Note(title="blue"), Note(title="red")]))()
    his_titles = [row["title"] for _, row, *_ in (await his.receive())["data"]["put"]]
    assert his_titles == ["red"]
    Hub.current().identity.lost()  # the message arrives, or the check of every 30 seconds is due
    her_titles: list[str] = []
    while sorted(her_titles) != ["blue", "red"]:
        her_titles += [row["title"] for _, row, *_ in (await hers.receive())["data"].get("put", ())]


class MeetsNobody(BasePermission):
    """A project's, with an error in it."""

    is_broken = False
    asked: ClassVar[list[Any]] = []
    """By whom, since it is broken."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if self.is_broken:
            self.asked.append(request.user)
            raise RuntimeError("an error of the project's")
        return True


class BrokenNoteBinding(AsyncBinding):
    stream, model, fields, permission_classes = "tests.BrokenNote", Note, ("id", "title"), (MeetsNobody,)


async def test_a_permission_that_raises_keeps_nobody_else_waiting(
    connect: Connect, user: Any, stranger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hers, his = await connect(user), await connect(stranger)
    await hers.call("tests.BrokenNote.subscribe")
    shown = await his.live("zoo.Note.search#h", {})
    monkeypatch.setattr(MeetsNobody, "is_broken", True)
    monkeypatch.setattr(MeetsNobody, "asked", [])
    monkeypatch.setattr(checks, "RETRY_SECONDS", 0.01)
    for each in (user, stranger):
        each.first_name = "changed"
        each.is_staff = True
        await each.asave()
    Hub.current().identity.lost()
    while len(MeetsNobody.asked) < 3:  # it was looked at again and again
        await asyncio.sleep(0.01)
    await Note.objects.acreate(title="a")
    await his.assert_live(shown)
    assert await hers.silent()
    monkeypatch.setattr(MeetsNobody, "is_broken", False)
    told = await hers.receive()
    assert (told["event"], told["error"]["code"]) == ("tests.BrokenNote.subscribe", "internal")


class Member:
    """Whether a user is in the club is a row of another table: a label of the user's name."""

    @staticmethod
    def is_member(user: Any) -> bool:
        return Label.objects.filter(name=user.username).exists()


class ClubNoteBinding(AsyncBinding):
    stream = "tests.ClubNote"
    model = Note
    fields = ("id", "title")
    depends_on = (Label,)

    def get_queryset(self) -> Any:
        return Note.objects.all() if Member.is_member(self.user) else Note.objects.none()

    def get_audience(self) -> Any:
        return ("club", Member.is_member(self.user))


async def test_an_audience_that_depends_on_a_declared_model_changes_with_it(
    connect: Connect, user: Any, stranger: Any
) -> None:
    """Both are one audience; the one whose read serves both stays a member."""

    def join() -> None:
        for each in (user, stranger):
            Label.objects.create(name=each.username)
        Note.objects.create(title="secret")

    await sync_to_async(join)()
    ann, bob = await connect(user), await connect(stranger)
    for socket in (ann, bob):
        assert (await socket.call("tests.ClubNote.search#h"))["data"]["count"] == 1
    await sync_to_async(Label.objects.filter(name=stranger.username).delete)()
    push = await bob.receive()
    assert push["data"]["remove"]
    await sync_to_async(Note.objects.create)(title="more")
    assert (await ann.receive())["data"]["count"] == 2
    assert await bob.silent()


async def test_an_audience_that_nothing_declares_is_looked_into_now_and_then(
    connect: Connect, user: Any, stranger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sync_to_async(Note.objects.create)(title="secret")
    members = {user.pk, stranger.pk}
    monkeypatch.setattr(Member, "is_member", staticmethod(lambda each: each.pk in members))
    ann, bob = await connect(user), await connect(stranger)
    for socket in (ann, bob):
        assert (await socket.call("tests.ClubNote.search#h"))["data"]["count"] == 1
    members.discard(stranger.pk)
    assert await bob.silent()
    Hub.current().identity.pending.checked_at = float("-inf")  # IDENTITY_SECONDS later
    assert (await bob.receive())["data"]["remove"]
    assert await ann.silent()


@pytest.mark.parametrize("is_known", [True, False], ids=["signed in", "nobody"])
async def test_what_cannot_be_read_again_in_another_time_zone_is_read_once_the_database_answers(
    connect: Connect, user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    settings.CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}
    monkeypatch.setattr(MomentBinding, "permission_classes", ())
    monkeypatch.setattr(checks, "RETRY_SECONDS", 0.01)
    await Moment.objects.acreate(day="2026-03-01", instant="2026-02-28T23:30:00Z", hour="10:00")
    socket = await connect(user if is_known else None)
    asked = await socket.call("zoo.Moment.aggregate#a", {"measures": ["count"], "by": ["instant:month"]})
    assert [row["instant:month"] for row in asked["data"]["rows"]] == ["2026-02-01"]
    store, failures = Hub.current().store, iter([True, True, False])
    opened = store.open

    async def failing(call: Any) -> Any:
        if next(failures, False):
            raise OperationalError("gone away")
        return await opened(call)

    monkeypatch.setattr(store, "open", failing)
    await socket.send({"event": "cb.locale", "id": 9, "data": {"timezone": "Asia/Tokyo"}})
    told = [await socket.receive() for _ in range(2)]
    (push,) = [each for each in told if each["event"] == "zoo.Moment.aggregate#a"]
    assert [row["instant:month"] for _, row, _ in push["data"]["put"]] == ["2026-03-01"]


async def test_a_row_that_is_written_after_a_token_was_deleted_is_not_sent_to_who_has_come_with_it(
    user: Any, hub_ended: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHANNELS_BINDING = {"AUTHENTIFICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"]}
    token = await Token.objects.acreate(user=user)
    socket = BindingCommunicator(f"/ws/?token={token.key}")
    assert await socket.open()
    for action in ("search#h", "subscribe"):
        await socket.call(f"zoo.Note.{action}")
    (connection,) = Hub.current().subscribers
    identify, is_asked, goes_on = connection.identify, asyncio.Event(), asyncio.Event()

    async def late() -> bool:
        is_asked.set()
        await goes_on.wait()
        return await identify()

    monkeypatch.setattr(connection, "identify", late)
    await in_thread(token.delete)()
    await asyncio.wait_for(is_asked.wait(), 5)
    await in_thread(Note.objects.create)(title="canary")
    assert await socket.silent()
    goes_on.set()
    assert await closed(socket) == 4401


class SerialAuthentication(TokenAuthentication):
    """Tokens whose key is a UUID, which SQLite is given as 32 hex digits."""

    keyword = "Bearer"

    def authenticate_credentials(self, key: str) -> Any:
        token = Device.objects.filter(serial=key).first()
        if token is None:
            raise AuthenticationFailed
        return get_user_model().objects.get(username=token.name), token


async def test_a_token_whose_key_is_no_number_is_looked_up_at_once(user: Any, hub_ended: None, settings: Any) -> None:
    """As a user is whose key is none: until then ``IDENTITY_SECONDS`` went by on SQLite and MySQL."""
    settings.CHANNELS_BINDING = {
        "AUTHENTIFICATION_CLASSES": [f"{SerialAuthentication.__module__}.{SerialAuthentication.__qualname__}"]
    }
    token = await Device.objects.acreate(name=user.username)
    socket = BindingCommunicator(f"/ws/?token={token.serial}")
    assert await socket.open()
    await socket.call("zoo.Note.search#h")
    await in_thread(token.delete)()
    await in_thread(Note.objects.create)(title="canary")
    assert await closed(socket) == 4401
