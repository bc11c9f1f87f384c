"""Live reads as server-sent events, through the project's ASGI application."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db.backends.signals import connection_created
from django.test import Client
from django.utils.module_loading import import_string
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.permissions import BasePermission
from rest_framework.throttling import UserRateThrottle
from rest_framework_simplejwt.authentication import JWTAuthentication

from channels_binding.consumers import AsyncBinding
from channels_binding.live.hub import Hub
from channels_binding.live.shutdown import drain
from channels_binding.rest.events import event_of
from channels_binding.testing import session_cookie
from tests.conftest import Connect
from tests.project.zoo.models import Note
from tests.security.test_authentication.sockets import jwt
from tests.streams import TIMEOUT, Stream, fleeting_connections

in_thread = sync_to_async


class IsNotSecret(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user.first_name != "refused")

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return bool(obj.title != "secret")


class StreamedNoteBinding(AsyncBinding):
    stream = "zoo.StreamedNote"
    model = Note
    fields = ("id", "title", "rank")
    filterset_fields = {"rank": ["gte"]}
    permission_classes = (IsNotSecret,)
    authentication_classes = (SessionAuthentication, TokenAuthentication, JWTAuthentication)


class BareTokens(TokenAuthentication):
    """Knows users by tokens, and gives nothing beside them, as many a project's class."""

    def authenticate(self, request: Any) -> Any:
        found = super().authenticate(request)
        return found and (found[0], None)


class StreamedBareBinding(AsyncBinding):
    stream = "zoo.StreamedBare"
    model = Note
    fields = ("id", "title")
    authentication_classes = (BareTokens,)


class Once(UserRateThrottle):
    scope = "once"
    rate = "1/min"


class StreamedOnceBinding(AsyncBinding):
    stream = "zoo.StreamedOnce"
    model = Note
    fields = ("id", "title")
    throttle_classes = (Once,)


class Open:
    def __init__(self) -> None:
        self.opened: list[Stream] = []

    async def __call__(self, path: str, *, user: Any = None, **options: Any) -> Stream:
        if user is not None:
            key = await in_thread(session_cookie)(user)
            options["headers"] = {"cookie": f"sessionid={key}", **options.get("headers", {})}
        stream = Stream(path, **options)
        await stream.open()
        self.opened.append(stream)
        return stream


@pytest.fixture
async def listen(transactional_db: None, hub_ended: None) -> AsyncIterator[Open]:
    """``stream = await listen("/api/zoo.Note/", user=user)``."""
    cache.clear()
    factory = Open()
    with fleeting_connections():
        yield factory
        for stream in factory.opened:
            await stream.leave()


async def make(**values: Any) -> Note:
    return await Note.objects.acreate(**values)


async def test_a_search_stays_live_with_the_messages_of_a_socket(listen: Open, connect: Connect, user: Any) -> None:
    first, second = [await make(title=title, rank=rank) for title, rank in (("a", 1), ("b", 2))]
    stream = await listen("/api/zoo.StreamedNote/?order=-rank&rank__gte=1&limit=2", user=user)
    assert (stream.status, stream.headers["content-type"]) == (200, "text/event-stream")
    assert stream.headers["cache-control"] == "private, no-cache"
    asked = {"order": "-rank", "filters": {"rank__gte": 1}, "limit": 2}
    socket = await connect(user)
    by_socket = await socket.call("zoo.StreamedNote.search", asked)
    version, snapshot = await stream.event()
    assert snapshot == {name: value for name, value in by_socket.items() if name != "id"}
    assert (version, snapshot["type"]) == (snapshot["v"], "snapshot")
    await Note.objects.filter(pk=first.pk).aupdate(rank=3)
    version, pushed = await stream.event()
    assert pushed == await socket.receive()
    assert (version, pushed["type"], pushed["from"]) == (pushed["v"], "diff", snapshot["v"])
    second_pk = second.pk
    await second.adelete()
    _, pushed = await stream.event()
    assert pushed["data"]["remove"] == [second_pk]
    assert pushed == await socket.receive()


async def test_a_row_stays_live_until_it_is_gone(listen: Open, user: Any) -> None:
    note = await make(title="a")
    stream = await listen(f"/api/zoo.StreamedNote/{note.pk}/?fields=title", user=user)
    assert (await stream.event())[1]["data"] == {"id": note.pk, "title": "a"}
    await Note.objects.filter(pk=note.pk).aupdate(title="b")
    assert (await stream.event())[1]["data"]["patch"][0][1] == {"title": "b"}
    await Note.objects.filter(pk=note.pk).aupdate(title="secret")
    version, gone = await stream.event()
    assert (version, gone) == (None, {"event": "zoo.StreamedNote.retrieve", "type": "gone"})
    await Note.objects.filter(pk=note.pk).aupdate(title="back")
    assert (await stream.event())[1]["type"] == "snapshot"


async def test_an_open_stream_holds_no_database_connection(listen: Open, user: Any) -> None:
    """Django's handler keeps the thread of a request, and what it has opened there, until the answer has ended."""
    opened: list[tuple[str, Any]] = []

    def note(connection: Any, **_: Any) -> None:
        opened.append((threading.current_thread().name, connection))

    here = await in_thread(lambda: threading.current_thread().name)()
    connection_created.connect(note)
    try:
        await (await listen("/api/zoo.StreamedNote/", user=user)).event()
    finally:
        connection_created.disconnect(note)
    of_the_request = [each for name, each in opened if name != here and not name.startswith("channels-binding")]
    assert of_the_request, "it was asked there who asks"
    assert [each.alias for each in of_the_request if each.connection is not None] == []


async def test_last_event_id_resumes(listen: Open, user: Any) -> None:
    note = await make(title="a")
    for path in ("/api/zoo.StreamedNote/", f"/api/zoo.StreamedNote/{note.pk}/"):
        version, _ = await (await listen(path, user=user)).event()
        back = await listen(path, user=user, headers={"last-event-id": version})
        again, same = await back.event()
        assert (again, same["type"], same["v"]) == (version, "same", version)
        await Note.objects.filter(pk=note.pk).aupdate(title=f"b{path}")
        later = await listen(path, user=user, headers={"last-event-id": version})
        assert (await later.event())[1]["type"] == "snapshot"
        for odd in ("", "x" * 1000, "0", "\u0661"):
            odd_one = await listen(path, user=user, headers={"last-event-id": odd.encode().decode("latin-1")})
            assert (await odd_one.event())[1]["type"] == "snapshot"


@pytest.mark.parametrize(
    ("path", "is_signed_in", "status", "code"),
    [
        ("/api/zoo.StreamedNote/", False, 401, "unauthenticated"),
        ("/api/no.Such/", True, 404, "not_found"),
        ("/api/zoo.StreamedNote/424242/", True, 404, "not_found"),
        ("/api/zoo.StreamedNote/words/", True, 400, "invalid"),
        ("/api/zoo.StreamedNote/?order=secret_code", True, 400, "invalid"),
        ("/api/zoo.StreamedNote/?owner__password=x", True, 400, "invalid"),
        ("/api/custom_stream/", True, 405, "method_not_allowed"),
        ("/api/zoo.StreamedNote/form/", True, 406, "not_acceptable"),
    ],
)
async def test_what_is_refused_is_refused_with_a_status_and_a_body(
    path: str, is_signed_in: bool, status: int, code: str, listen: Open, user: Any
) -> None:
    refused = await listen(path, user=user if is_signed_in else None)
    assert (refused.status, refused.headers["content-type"]) == (status, "application/json")
    assert (await refused.body())["code"] == code
    assert Hub.current().subscribers == set()


async def test_a_row_that_may_not_be_seen_is_a_missing_one(listen: Open, user: Any) -> None:
    secret = await make(title="secret")
    answers = [await listen(f"/api/zoo.StreamedNote/{pk}/", user=user) for pk in (secret.pk, 424242)]
    assert [answer.status for answer in answers] == [404, 404]
    assert await answers[0].body() == await answers[1].body()


async def test_only_a_get_may_ask_for_events(listen: Open, user: Any) -> None:
    refused = await listen("/api/zoo.Note/", user=user, method="POST")
    assert refused.status in (403, 406)
    assert (await refused.body())["code"] in ("forbidden", "not_acceptable")


async def test_a_read_in_a_body_stays_live_too(listen: Open, user: Any) -> None:
    note = await make(title="a", rank=1)
    asked = [("search", {"filters": {"rank__gte": 1}}), ("list", {}), ("retrieve", {"id": note.pk})]
    token = await Token.objects.acreate(user=user)
    given = {"authorization": f"Token {token.key}", "content-type": "application/json"}
    for action, data in asked:
        path, body = f"/api/zoo.StreamedNote/{action}/", json.dumps(data).encode()
        headers = {**given, "content-length": str(len(body))}
        stream = await listen(path, method="POST", content=body, headers=headers)
        _, first = await stream.event()
        assert (first["event"], first["type"]) == (f"zoo.StreamedNote.{action}", "snapshot")
        await Note.objects.filter(pk=note.pk).aupdate(title=action)
        assert (await stream.event())[1]["type"] == "diff"
    refused = await listen("/api/zoo.StreamedNote/create/", method="POST", content=b"{}", headers=given)
    assert refused.status == 406


async def test_a_reader_who_may_do_something_else_is_told_so(listen: Open, user: Any) -> None:
    stream = await listen("/api/zoo.StreamedNote/", user=user)
    await stream.event()
    user.last_name = "Other"
    await in_thread(user.save)()
    assert await stream.event() == (None, {"event": "cb.user", "data": {"user": str(user.pk)}})


async def test_who_does_not_wait_gets_the_first_message_alone(listen: Open, user: Any) -> None:
    await make(title="a")
    once = await listen("/api/zoo.StreamedNote/", user=user, headers={"prefer": "respond-async, wait=0"})
    version, first = await once.event()
    assert first["type"] == "snapshot"
    with pytest.raises(EOFError):
        await once.event()
    again = await listen("/api/zoo.StreamedNote/", user=user, headers={"prefer": "wait=0", "last-event-id": version})
    assert (await again.event())[1]["type"] == "same"
    with pytest.raises(EOFError):
        await again.event()
    assert Hub.current().subscribers == set()


async def test_who_takes_anything_gets_json(listen: Open, user: Any) -> None:
    plain = await listen("/api/zoo.Note/", user=user, headers={"accept": "*/*"})
    assert (await plain.body())["count"] == 0


@pytest.mark.django_db(transaction=True)
def test_under_wsgi_it_is_not_acceptable(user: Any) -> None:
    client = Client()
    client.force_login(user)
    refused = client.get("/api/zoo.Note/", headers={"Accept": "text/event-stream"})
    assert (refused.status_code, refused.json()["code"]) == (406, "not_acceptable")
    assert "ASGI" in refused.json()["message"]


# Who it is, in time


async def deactivate(user: Any) -> None:
    user.is_active = False
    await user.asave()


async def sign_out(user: Any) -> None:
    await Session.objects.all().adelete()


@pytest.mark.parametrize("trigger", [deactivate, sign_out])
async def test_a_user_who_may_no_longer_be_here_is_told_so_and_nothing_else(
    trigger: Any, listen: Open, user: Any
) -> None:
    stream = await listen("/api/zoo.StreamedNote/", user=user)
    await stream.event()
    await trigger(user)
    await make(title="canary")
    _, last = await stream.event()
    assert (last["event"], last["error"]["code"]) == ("cb.error", "unauthenticated")
    with pytest.raises(EOFError):
        await stream.event()
    assert Hub.current().subscribers == set()


async def test_a_withdrawn_permission_ends_the_stream(listen: Open, user: Any) -> None:
    stream = await listen("/api/zoo.StreamedNote/", user=user)
    await stream.event()
    user.first_name = "refused"
    await user.asave()
    await make(title="canary")
    _, last = await stream.event()
    assert (last["event"], last["error"]["code"]) == ("zoo.StreamedNote.search", "forbidden")
    with pytest.raises(EOFError):
        await stream.event()


async def test_a_revoked_token_ends_the_stream(listen: Open, user: Any) -> None:
    token = await Token.objects.acreate(user=user)
    stream = await listen("/api/zoo.StreamedNote/", headers={"authorization": f"Token {token.key}"})
    await stream.event()
    (subscriber,) = Hub.current().subscribers
    assert (subscriber.has_token, subscriber.session_key) == (True, None)
    await subscriber.identify()
    await Token.objects.all().adelete()
    assert (await stream.event())[1]["error"]["code"] == "unauthenticated"


async def test_a_revoked_token_of_a_class_that_gives_no_auth_ends_the_stream(
    listen: Open, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {
        **settings.CHANNELS_BINDING,
        "IDENTITY_SECONDS": 0.1,
    }  # what nothing tells is looked up
    token = await Token.objects.acreate(user=user)
    stream = await listen("/api/zoo.StreamedBare/", headers={"authorization": f"Token {token.key}"})
    await stream.event()
    (subscriber,) = Hub.current().subscribers
    assert (subscriber.auth, subscriber.has_token) == (None, True)
    await Token.objects.all().adelete()
    assert (await stream.event())[1]["error"]["code"] == "unauthenticated"


async def test_a_stream_ends_with_its_token(listen: Open, user: Any) -> None:
    given = await in_thread(jwt)(user, 2)
    stream = await listen("/api/zoo.StreamedNote/", headers={"authorization": f"Bearer {given}"})
    await stream.event()
    assert (await stream.event())[1]["error"]["code"] == "unauthenticated"


async def test_a_request_is_counted_once_and_its_pushes_are_not(listen: Open, user: Any) -> None:
    stream = await listen("/api/zoo.StreamedOnce/", user=user)
    await stream.event()
    for number in range(3):
        await make(title=str(number))
        assert (await stream.event())[1]["type"] == "diff"
    refused = await listen("/api/zoo.StreamedOnce/", user=user)
    assert (refused.status, (await refused.body())["code"]) == (429, "throttled")


# The line


async def test_a_client_that_leaves_leaves_nothing_behind(listen: Open, user: Any) -> None:
    stream = await listen("/api/zoo.StreamedNote/", user=user)
    await stream.event()
    hub = Hub.current()
    assert len(hub.subscribers) == 1
    await stream.leave()
    assert hub.subscribers == set()
    assert all(not group.subscriptions for group in hub.groups.values())


async def test_silence_is_broken_by_comments(listen: Open, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"PING_SECONDS": 0.1}
    stream = await listen("/api/zoo.StreamedNote/", user=user)
    await stream.event()
    assert await stream.chunk() == b": keep-alive\n\n"
    await make(title="x")
    assert (await stream.event())[1]["type"] == "diff"


class Slow:
    """A server that does not take the next piece of an answer until it is told to."""

    def __init__(self) -> None:
        self.may_go_on = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def slowly(event: Any) -> None:
            await send(event)
            if event["type"] == "http.response.body":
                await self.may_go_on.wait()

        await import_string(django_settings.ASGI_APPLICATION)(scope, receive, slowly)


async def test_a_slow_reader_gets_fewer_and_larger_updates_and_ends_up_right(
    listen: Open, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"UNACKNOWLEDGED_BYTES": 500}
    slow = Slow()
    stream = await listen("/api/zoo.StreamedNote/?limit=500", user=user, application=slow)
    _, message = await stream.event()
    (subscriber,) = Hub.current().subscribers
    witness = await connect(user)
    await witness.call("zoo.StreamedNote.search#w", {"limit": 500})
    for number in range(60):
        await make(title=f"a note with a long title, number {number}")
        await witness.receive()
    assert subscriber._queued < 2000  # type: ignore[attr-defined]
    Hub.current().deliver({"to": "all", "name": None, "event": "x.y", "data": {}})
    Hub.current().deliver({"to": "all", "name": None, "event": "x.z", "data": {}})
    slow.may_go_on.set()
    shown, count, errors, frames = message["v"], 0, [], 0
    while count < 60:
        _, push = await stream.event()
        frames += 1
        if "error" in push:
            errors.append((push["event"], push["error"]["code"]))
            continue
        assert push["from"] == shown
        shown, count = push["v"], push["data"].get("count", count)
    assert errors == [("x.y", "limit_exceeded")]
    assert frames < 30


async def test_a_reader_that_takes_nothing_is_left_after_a_while(listen: Open, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"SLOW_SECONDS": 0.3}
    stream = await listen("/api/zoo.StreamedNote/", user=user, application=Slow())
    await stream.event()
    hub = Hub.current()
    assert len(hub.subscribers) == 1
    with suppress(asyncio.CancelledError):  # of Django 6.1
        await stream.application.wait(TIMEOUT)
    assert hub.subscribers == set()


async def test_what_handlers_send_is_heard(listen: Open, connect: Connect, user: Any) -> None:
    stream = await listen("/api/zoo.StreamedNote/", user=user)
    await stream.event()
    socket = await connect(user)
    await socket.call("custom_stream.custom_event", {"sender": "me"})
    assert (await stream.event())[1]["event"] == "custom_stream.custom_all_event"
    assert await stream.silent()


async def test_a_server_that_goes_away_says_when_to_come_back(listen: Open, user: Any, settings: Any) -> None:
    stream = await listen("/api/zoo.StreamedNote/", user=user)
    await stream.event()
    await asyncio.wait_for(drain(Hub.current()), 5)
    text = b""
    while not stream.is_over:
        text += await stream.chunk()
    assert b"retry: " in text
    assert b"cb.goaway" in text
    assert b"unavailable" in text


def test_a_message_is_an_event_with_its_version_as_id() -> None:
    push = b'{"event":"a.B.search#h","type":"diff","from":"00000000","v":"1b77c3e9","data":{"v":"x"}}'
    assert event_of(push) == b"id: 1b77c3e9\ndata: " + push + b"\n\n"
    for plain in (
        b'{"event":"a.B.x","data":{"type":"diff","v":"1b77c3e9"}}',
        b'{"event":"a.B.retrieve","type":"gone"}',
    ):
        assert event_of(plain) == b"data: " + plain + b"\n\n"


async def test_what_waits_when_a_stream_is_ended_is_never_sent(listen: Open, user: Any) -> None:
    stream = await listen("/api/zoo.StreamedNote/", user=user)
    await stream.event()
    (subscriber,) = Hub.current().subscribers
    subscriber.push([b'{"event":"canary"}'])
    subscriber.end(4401, "signed out")
    assert (await stream.event())[1]["error"]["code"] == "unauthenticated"


async def test_a_stream_knows_what_decides_about_its_user_and_forgets_its_timer(listen: Open, user: Any) -> None:
    given = await in_thread(jwt)(user, 60)
    stream = await listen("/api/zoo.StreamedNote/", headers={"authorization": f"Bearer {given}"})
    await stream.event()
    (subscriber,) = Hub.current().subscribers
    assert subscriber.user._channels_binding_fingerprint
    timer = subscriber._expiry._timer  # type: ignore[attr-defined]
    assert not timer.cancelled()
    await stream.leave()
    assert timer.cancelled()
