"""Requests made up at random are answered as by Django's own handler."""

import asyncio
from typing import Any

from django.core.handlers.asgi import ASGIHandler
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_binding.asgi import serve_bindings
from tests.asgi_requests import Asked, ask
from tests.project.zoo.models import Note
from tests.test_asgi.projects import SECRET

METHODS = ["GET", "GET", "HEAD", "OPTIONS", "PATCH", "PUT", "DELETE", "TRACE", "get", "BREW"]
PATHS = [
    *(
        "/api/zoo.Note/",
        "/api/zoo.Note/7/",
        "/api/zoo.Note/7",
        "/api/zoo.Note/x/",
        "/api/zoo.Note/99999999999999999999/",
    ),
    *("/api/zoo.Note/form/", "/api/zoo.Note/7/form/", "/api/batch/", "/api/upload/", "/api/no.Such/", "/api/no.Such"),
    *("/api//", "/api/zoo.Note/\u00e9/", "/api/zoo.Country/a/b/", "/api/zoo.Note/\x00/"),
]
QUERIES = [
    *(
        b"page=1",
        b"limit=2",
        b"page=0",
        b"order=-title",
        b"fields=title",
        b"format=json",
        b"format=x",
        b"rank=1",
        b"ids=7,8",
    ),
    *(b"labels=true", b"query=\x00", b"%zz", b"\xff", b"a&=&="),
]
ACCEPTED = [
    b"application/json",
    b"*/*",
    b"application/*;q=0.5",
    b"text/plain",
    b"image/*",
    b"application/json; indent=4",
    b"",
    b"q",
]
VALUES: dict[bytes, list[bytes]] = {
    **{
        name: [b"*", b'"a"', b"notes=0-1", b"bytes=0-1", b"", b"13", b"-1", b"x" * 300, b"application/json", b"\xe9"]
        for name in (b"if-none-match", b"if-match", b"range", b"idempotency-key", b"content-type", b"content-length")
    },
    **{name: [SECRET, b"null", b"http://testserver"] for name in (b"x-csrftoken", b"origin", b"referer")},
    b"host": [b"testserver", b"testserver:80", b"evil.example", b"[::1", b""],
    b"authorization": [b"Token x", b"Basic eDp5", b"\xff"],
    **{name: [b"de", b"a=b; csrftoken=1"] for name in (b"accept-language", b"x_under_score", b"cookie")},
}
PARTS = [b"", b"{", b'{"title":', b'"y"}', b"title=z", b"\x00\xff"]
MEMBERS: list[dict[str, Any]] = [
    {},
    {},
    {},
    {"scheme": "https"},
    {"client": None},
    {"server": None},
    {"root_path": "/api"},
]

accepts = st.tuples(st.just(b"accept"), st.lists(st.sampled_from(ACCEPTED), max_size=3).map(b", ".join))
others = st.sampled_from([*VALUES]).flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(VALUES[name])))
requests = st.builds(
    Asked,
    method=st.sampled_from(METHODS),
    path=st.sampled_from(PATHS),
    query=st.lists(st.sampled_from(QUERIES), max_size=3).map(b"&".join),
    headers=st.lists(accepts | others, max_size=5),
    parts=st.lists(st.sampled_from(PARTS), min_size=1, max_size=3),
    members=st.sampled_from(MEMBERS),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=requests, is_signed_in=st.booleans())
def test_whatever_is_asked_is_answered_as_by_djangos_handler(
    asked: Asked, is_signed_in: bool, cookies: Any, note: Note
) -> None:
    headers = [*asked.headers, cookies] if is_signed_in else asked.headers
    raw = Asked(asked.method, asked.path, asked.query, headers, asked.parts, asked.members)
    answers = []
    for application in (serve_bindings(ASGIHandler()), ASGIHandler()):
        Note.objects.update_or_create(pk=7, defaults={"title": "x"})
        answers.append(asyncio.run(ask(application, raw)))
    assert answers[0] == answers[1]
