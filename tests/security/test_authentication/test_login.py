"""Handlers that sign somebody in or out."""

from typing import Any

import pytest

from channels_binding.live.hub import Hub
from tests.conftest import Connect
from tests.project.zoo.models import Note
from tests.security.test_authentication.sockets import PATHS, closed, in_thread, socket


@pytest.mark.parametrize("path", PATHS)
async def test_a_handler_signs_somebody_in_and_the_reads_are_theirs_at_once(
    path: str, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}
    await in_thread(Note.objects.create)(title="hers", owner=user)
    opened = await connect(None, path=path)
    other = await connect(None, path=path)
    assert (await opened.call("zoo.Mine.search#a", {"filters": {}}))["error"]
    assert (await opened.call("zoo.Mine.enter", {"name": "ann"}))["data"] == {"user": "ann"}
    assert (await opened.call("zoo.Mine.search#a", {}))["data"]["count"] == 1
    assert (await other.call("zoo.Mine.search#a", {}))["error"]


async def test_signing_out_answers_then_ends_the_session_and_its_sockets(connect: Connect, user: Any) -> None:
    opened = await connect(user)
    beside = socket(headers=[(b"cookie", f"sessionid={opened.session_key}".encode())])
    elsewhere = await connect(user)
    assert await beside.open()
    assert (await opened.call("zoo.Mine.leave", {}))["data"] == {"left": True}
    assert await closed(opened) == 4401
    assert await closed(beside) == 4401
    assert "data" in await elsewhere.call("zoo.Note.search")
    again = socket(headers=[(b"cookie", f"sessionid={opened.session_key}".encode())])
    assert not await again.open()


async def test_where_anonymous_connections_are_allowed_signing_out_leaves_the_socket_open(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}
    opened = await connect(user)
    await opened.call("zoo.Note.search#h", {})
    assert (await opened.call("zoo.Mine.leave", {}))["data"] == {"left": True}
    (subscriber,) = Hub.current().subscribers
    assert not subscriber.user.is_authenticated
    assert await opened.silent()
    assert "data" in await opened.call("zoo.Note.search")


@pytest.mark.django_db(transaction=True)
def test_over_http_signing_in_sets_the_cookie_and_signing_out_ends_it(user: Any, settings: Any, client: Any) -> None:
    settings.CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}
    entered = client.post("/api/zoo.Mine/enter/", {"name": "ann"}, "application/json")
    assert (entered.json(), "sessionid" in entered.cookies) == ({"user": "ann"}, True)
    assert client.get("/api/zoo.Mine/").status_code == 200
    left = client.post("/api/zoo.Mine/leave/", {}, "application/json")
    assert (left.json(), left.cookies["sessionid"].value) == ({"left": True}, "")
    assert "_auth_user_id" not in client.session
