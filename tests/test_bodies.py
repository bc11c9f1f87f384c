"""Bodies that are too large: refused by what is announced, and while they are read; never taken in."""

import io
from collections.abc import Iterable
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.test import Client

from channels_binding.bodies import announced_bytes, limit_bodies
from channels_binding.conf import get_settings
from channels_binding.exceptions import TooLarge
from channels_binding.rest.http import WireParser

MEGABYTE = 1_048_576


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Takes in the body as Django's handler does: to its end, or until the client has left."""
    body = b""
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        body += event.get("body", b"")
        if not event.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def answered(parts: Iterable[bytes], *headers: tuple[bytes, bytes], most: int | None = 10) -> tuple[int, bytes]:
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [*headers]}
    asked: Any = ApplicationCommunicator(limit_bodies(echo, most), scope)  # type: ignore[no-untyped-call]
    for part in parts:
        await asked.send_input({"type": "http.request", "body": part, "more_body": True})
    await asked.send_input({"type": "http.request", "body": b"", "more_body": False})
    start, body = [await asked.receive_output(5) for _ in range(2)]
    await asked.wait(5)
    return start["status"], body["body"]


async def test_a_body_within_the_limit_arrives_whole() -> None:
    assert await answered([b"12345", b"67890"]) == (200, b"1234567890")


async def test_a_body_that_announces_too_much_is_not_read() -> None:
    status, body = await answered([], (b"content-length", b"11"))
    assert status == 413
    assert b'"code":"too_large"' in body


async def test_a_body_that_turns_out_too_large_is_refused_while_it_is_read() -> None:
    assert (await answered([b"12345", b"67890", b"1", b"more"]))[0] == 413
    assert (await answered([b"x" * 2000], most=None))[0] == 200


@pytest.mark.parametrize(
    ("header", "size"), [("700", 700), (b"700", 700), (None, 0), ("", 0), ("-5", 0), ("٣", 0), ("9" * 5000, 10**20 - 1)]
)
def test_what_is_announced_is_a_number_or_nothing(header: Any, size: int) -> None:
    assert announced_bytes(header) == size


class Endless(io.RawIOBase):
    """A body of which somebody could read for ever."""

    taken = 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0, "all of it"
        self.taken += size
        return b" " * size


def test_of_a_json_body_no_more_is_read_than_there_may_be() -> None:
    body = Endless()
    with pytest.raises(TooLarge):
        WireParser().parse(body)
    assert body.taken <= get_settings().MAX_FRAME_BYTES + 1


@pytest.mark.parametrize(
    ("path", "kind", "limit"),
    [
        ("/api/zoo.Note/", "application/json", "MAX_FRAME_BYTES"),
        ("/api/batch/", "application/json", "MAX_FRAME_BYTES"),
        ("/api/zoo.Note/form/", "multipart/form-data; boundary=x", "MAX_BODY_BYTES"),
        ("/api/zoo.Note/1/", "application/x-www-form-urlencoded", "MAX_BODY_BYTES"),
    ],
)
@pytest.mark.django_db
def test_the_views_refuse_by_what_is_announced_before_they_ask_who_it_is(path: str, kind: str, limit: str) -> None:
    most = getattr(get_settings(), limit)
    method = Client().put if path.endswith("/1/") else Client().post
    answer = method(path, b"{}", kind, CONTENT_LENGTH=str(most + 1))
    assert (answer.status_code, answer.json()["code"], answer.json()["limit"]) == (413, "too_large", most)
    assert method(path, b"{}", kind).status_code != 413


@pytest.mark.django_db
def test_an_upload_is_refused_by_what_is_announced() -> None:
    answer = Client().post("/api/upload/", b"{}", "multipart/form-data; boundary=x", CONTENT_LENGTH=str(11 * MEGABYTE))
    assert answer.status_code == 413
