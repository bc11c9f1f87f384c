"""A project that says by a context variable who calls: what is pushed is what that caller may see, whoever came first."""

from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils.module_loading import import_string
from rest_framework.authentication import TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.permissions import BasePermission

from channels_binding.calls.scopes import CONTEXT
from channels_binding.consumers import AsyncBinding, AsyncConsumer
from channels_binding.live import needs_primary
from channels_binding.live.contexts import identified, of_hub
from channels_binding.testing import BindingCommunicator, session_cookie
from tests.live.test_hub.shown import in_thread
from tests.project.zoo.models import Note
from tests.streams import Stream

TENANT: ContextVar[int] = ContextVar("tenant")
WRITTEN_BY_A_HOOK: ContextVar[int] = ContextVar("written_by_a_hook", default=0)


class IsOfATenant(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return TENANT.get(0) > 0


class OfTenantBinding(AsyncBinding):
    stream = "tests.OfTenant"
    model = Note
    fields = ("id", "title", "rank")
    permission_classes = (IsOfATenant,)
    aggregates = {"rank": ("sum",)}

    def get_queryset(self) -> Any:
        return Note.objects.filter(rank=TENANT.get())


class HookedBinding(AsyncBinding):
    """Its hook keeps what it has found, and would find it again if that were another's."""

    stream = "tests.HookedByTenant"
    model = Note
    fields = ("id", "title")

    def get_queryset(self) -> Any:
        if not WRITTEN_BY_A_HOOK.get():
            WRITTEN_BY_A_HOOK.set(TENANT.get())
        return Note.objects.filter(rank=WRITTEN_BY_A_HOOK.get())


def of_tenant(number: int) -> Any:
    """The project's application behind a middleware that says whose it is."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        TENANT.set(number)
        await import_string(django_settings.ASGI_APPLICATION)(scope, receive, send)

    return application


@pytest.fixture
async def sockets(user: Any, stranger: Any, hub_ended: None) -> AsyncIterator[list[BindingCommunicator]]:
    """Of the first and of the second tenant."""
    found = [
        BindingCommunicator("/ws/", user=who, application=of_tenant(1 + n)) for n, who in enumerate((user, stranger))
    ]
    for socket in found:
        assert await socket.open()
    yield found
    for socket in found:
        await socket.close()


@in_thread
def write() -> None:
    for number in (1, 2):
        Note.objects.create(title=f"of {number}", rank=number)


@pytest.mark.parametrize("stream", ["tests.OfTenant", "tests.HookedByTenant"])
@pytest.mark.parametrize("action", ["search", "list"])
async def test_a_list_goes_on_in_the_context_of_its_reader(
    stream: str, action: str, sockets: list[BindingCommunicator]
) -> None:
    lists = [await socket.live(f"{stream}.{action}") for socket in sockets]
    await write()
    for number, (socket, live) in enumerate(zip(sockets, lists, strict=True), start=1):
        live.apply(await socket.receive())
        assert [row["title"] for row in live.rows] == [f"of {number}"]


async def test_so_does_a_sum(sockets: list[BindingCommunicator]) -> None:
    sums = [await socket.live("tests.OfTenant.aggregate#a", {"measures": ["sum:rank"]}) for socket in sockets]
    await write()
    for number, (socket, live) in enumerate(zip(sockets, sums, strict=True), start=1):
        live.apply(await socket.receive())
        assert str(live.rows[0]["sum:rank"]) == str(number)


async def test_so_does_a_stream_that_is_subscribed_to(sockets: list[BindingCommunicator]) -> None:
    for socket in sockets:
        await socket.call("tests.OfTenant.subscribe")
    await write()
    assert [(await socket.receive())["data"]["title"] for socket in sockets] == ["of 1", "of 2"]


async def test_so_it_does_when_it_is_looked_up_again_who_reads(
    sockets: list[BindingCommunicator], user: Any, stranger: Any
) -> None:
    """Who asks may be read again, moved or ended by a check of the hub's own."""
    lists = [await socket.live("tests.OfTenant.search#a") for socket in sockets]
    for socket in sockets:
        await socket.call("tests.OfTenant.subscribe")
    for who in (user, stranger):
        who.is_staff = True
        await who.asave()
    await write()
    for number, (socket, live) in enumerate(zip(sockets, lists, strict=True), start=1):
        for push in [await socket.receive(), await socket.receive()]:
            assert "error" not in push
            if push["event"] == live.event:
                live.apply(push)
        assert [row["title"] for row in live.rows] == [f"of {number}"]


async def test_a_stream_of_events_goes_on_in_the_context_of_its_request(
    user: Any, stranger: Any, hub_ended: None
) -> None:
    streams: list[Stream] = []
    for number, who in enumerate((user, stranger), start=1):
        cookie = f"{django_settings.SESSION_COOKIE_NAME}={await in_thread(session_cookie)(who)}"
        stream = Stream("/api/tests.OfTenant/", headers={"cookie": cookie}, application=of_tenant(number))
        assert await stream.open() == 200
        await stream.event()
        streams.append(stream)
    await write()
    put = [(await stream.event())[1]["data"]["put"] for stream in streams]
    assert [[row["title"] for _, row, *_ in each] for each in put] == [["of 1"], ["of 2"]]
    for stream in streams:
        await stream.leave()


class TenantConsumer(AsyncConsumer):
    """Whose it is follows from the user, whenever that is found out."""

    async def get_user(self) -> Any:
        user = await super().get_user()
        TENANT.set({"ann": 1, "bob": 2}.get(user.username, 0))
        return user


async def test_who_is_another_by_a_token_reads_on_in_the_context_of_then(
    user: Any, stranger: Any, hub_ended: None, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"AUTHENTICATION_CLASSES": [TokenAuthentication]}
    first, second = [await Token.objects.acreate(user=who) for who in (user, stranger)]
    socket = BindingCommunicator(subprotocols=[f"bearer.{first.key}"], application=TenantConsumer.as_asgi())
    assert await socket.open()
    live = await socket.live("tests.OfTenant.search#a")
    assert "error" not in await socket.call("cb.auth", {"token": second.key})
    await write()
    while not live.rows:
        live.apply(await socket.receive())
    assert [row["title"] for row in live.rows] == ["of 2"]
    await socket.close()


class Connection:
    scope: dict[str, Any] = {}

    async def identify(self) -> bool:
        return needs_primary() and TENANT.get(0) == 1


async def test_a_token_is_looked_up_again_as_it_was_at_first() -> None:
    connection: Any = Connection()
    context = of_hub()
    context.run(TENANT.set, 1)
    connection.scope = {CONTEXT: context}
    assert await identified(connection)
    connection.scope = {CONTEXT: of_hub()}
    assert not await identified(connection)


async def test_a_hub_is_nobody_s() -> None:
    """Whoever has made it."""
    TENANT.set(1)
    assert of_hub().get(TENANT) is None
    assert of_hub().run(needs_primary)
