"""What a session holds counts on an open connection as it does over HTTP: as it is now, and not as it was at the handshake."""

from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from rest_framework.authtoken.models import Token
from rest_framework.permissions import AllowAny, BasePermission

from channels_binding.consumers import AsyncBinding
from channels_binding.live.hub import Hub
from channels_binding.testing import BindingCommunicator
from tests.conftest import Connect
from tests.live.test_hub.shown import Shown, in_thread, make_notes
from tests.project.zoo.models import Note


class IsVerified(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.session.get("is_verified", True))


class TenantNoteBinding(AsyncBinding):
    """The rows of the tenant that is chosen in the session."""

    stream = "tests.TenantNote"
    model = Note
    fields = ("id", "rank")

    def get_queryset(self) -> Any:
        return Note.objects.filter(rank=self.request.session.get("tenant", 0))


class VerifiedNoteBinding(AsyncBinding):
    stream = "tests.VerifiedNote"
    model = Note
    fields = ("id", "rank")
    permission_classes = (IsVerified,)


class VerifiedForAllBinding(VerifiedNoteBinding):
    """The same, read once for all who may."""

    stream = "tests.VerifiedForAll"

    def get_audience(self) -> Any:
        return ("all",)


class PublicNoteBinding(AsyncBinding):
    stream = "tests.PublicNote"
    model = Note
    fields = ("id", "rank")
    permission_classes = (AllowAny,)


@in_thread
def put(session_key: str, **values: Any) -> None:
    """Another request of the same browser puts this into its session."""
    session = SessionStore(session_key)
    session.update(values)
    session.save()


@in_thread
def new_session() -> str:
    session = SessionStore()
    session.create()
    return str(session.session_key)


async def connect_otherwise(user: Any, known_by: str, session_key: str) -> BindingCommunicator:
    """A socket that has a session, which does not say whose it is."""
    headers = [(b"cookie", f"sessionid={session_key}".encode())]
    if known_by == "a token":
        token = await in_thread(Token.objects.create)(user=user)
        headers.append((b"authorization", f"Token {token.key}".encode()))
    socket = BindingCommunicator("/ws/", headers=headers)
    assert await socket.open()
    return socket


async def test_a_live_list_follows_what_another_request_puts_into_the_session(connect: Connect, user: Any) -> None:
    await make_notes(0, 1, 1)
    socket = await connect(user)
    assert socket.session_key
    shown = await Shown(socket, "tests.TenantNote.search#h").open()
    assert shown.column("rank") == [0]
    await put(socket.session_key, tenant=1)
    await shown.take()
    assert shown.column("rank") == [1, 1]
    answer = await socket.call("tests.TenantNote.search", {"live": False})
    assert answer["data"]["count"] == 2


@pytest.mark.parametrize("known_by", ["nobody", "a token"])
async def test_so_it_does_where_the_session_does_not_say_who_it_is(
    known_by: str, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {
        "AUTHENTIFICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
        "ANONYMOUS_CONNECTION_ALLOWED": True,
    }
    await make_notes(0, 1)
    session_key = await new_session()
    socket = await connect_otherwise(user, known_by, session_key)
    shown = await Shown(socket, "tests.TenantNote.search#h").open()
    await put(session_key, tenant=1)
    await shown.take()
    assert shown.column("rank") == [1]
    await socket.close()


@pytest.mark.parametrize("stream", ["tests.VerifiedNote", "tests.VerifiedForAll"])
@pytest.mark.parametrize("action", ["search#h", "subscribe"])
async def test_who_loses_a_right_of_the_session_is_sent_nothing_more(
    action: str, stream: str, connect: Connect, user: Any, stranger: Any
) -> None:
    socket, other = await connect(user), await connect(stranger)
    for each in (other, socket):
        assert "error" not in await each.call(f"{stream}.{action}")
    assert socket.session_key
    await put(socket.session_key, is_verified=False)
    assert (await socket.receive())["error"]["code"] == "forbidden"
    await make_notes(1)
    assert (await other.receive())["event"].startswith(stream)
    assert await socket.silent()
    assert (await socket.call(f"{stream}.search", {"live": False}))["error"]["code"] == "forbidden"


async def test_nothing_is_read_again_for_a_session_that_holds_the_same_or_for_others(
    connect: Connect, user: Any, stranger: Any
) -> None:
    await make_notes(0, 1)
    socket, other = await connect(user), await connect(stranger)
    assert socket.session_key
    for each in (other, socket):
        shown = await Shown(each, "tests.TenantNote.search#h").open()
    tenants = {key: group.started for key, group in Hub.current().groups.items()}
    public = await Shown(socket, "tests.PublicNote.search#p").open()
    for _ in range(2):
        await put(socket.session_key)
    await make_notes(7)
    await public.take()
    again = {key for key, started in tenants.items() if Hub.current().groups[key].started > started}
    assert again == set()
    await put(socket.session_key, tenant=1)
    await shown.take()
    assert shown.column("rank") == [1]
    again = {key for key, started in tenants.items() if Hub.current().groups[key].started > started}
    assert len(again) == 1
