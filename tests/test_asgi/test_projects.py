"""Whatever the settings and the middleware of a project, each request is answered as by Django's own handler."""

from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.test import override_settings

from channels_binding.asgi import serve_bindings
from tests.asgi_requests import Answered, Asked, ask
from tests.project.zoo.models import Note
from tests.test_asgi.projects import JSON, PROJECTS, SECRET


async def both(asked: Asked, **options: Any) -> tuple[Answered, Answered]:
    """What is answered with the handler in front, and what by Django's alone."""
    with override_settings(**options):
        djangos = ASGIHandler()
        ours = await ask(serve_bindings(djangos), asked)
        return ours, await ask(djangos, asked)


FORM = (b"content-type", b"application/x-www-form-urlencoded")
BODY = (b"content-type", b"application/json")
REQUESTS = {
    "list": Asked(path="/api/zoo.Note/", headers=[JSON]),
    "row": Asked(path="/api/zoo.Note/7/", headers=[JSON]),
    "head": Asked("HEAD", "/api/zoo.Note/7/", headers=[JSON]),
    "known": Asked(path="/api/zoo.Note/", headers=[JSON, (b"if-none-match", b"*")]),
    "options": Asked("OPTIONS", "/api/zoo.Note/", headers=[JSON]),
    "preflight": Asked(
        "OPTIONS",
        "/api/zoo.Note/",
        headers=[(b"origin", b"https://x.example"), (b"access-control-request-method", b"PUT")],
    ),
    "no such row": Asked(path="/api/zoo.Note/8/", headers=[JSON, (b"accept-language", b"de")]),
    "translated": Asked(path="/api-en/zoo.Note/7/", headers=[JSON]),
    "in another language": Asked(path="/api-en/zoo.Note/7/", headers=[JSON, (b"accept-language", b"de")]),
    "not acceptable": Asked(path="/api/zoo.Note/", headers=[(b"accept", b"image/png")]),
    "no slash": Asked(path="/api/zoo.Note", headers=[JSON]),
    "no such stream": Asked(path="/api/no.Such/", headers=[JSON]),
    "other method": Asked("BREW", "/api/zoo.Note/", headers=[JSON]),
    "unknown host": Asked(path="/api/zoo.Note/", headers=[(b"host", b"evil.example"), JSON]),
    "forwarded": Asked(
        path="/api/zoo.Note/", headers=[JSON, (b"x-forwarded-proto", b"https"), (b"x-forwarded-host", b"localhost")]
    ),
    "over https": Asked(path="/api/zoo.Note/", headers=[JSON], members={"scheme": "https"}),
    "below a path": Asked(path="/site/api/zoo.Note/", headers=[JSON], members={"root_path": "/site"}),
    "below a path, with a slash more": Asked(path="/site//api/zoo.Note/", headers=[JSON]),
    "no utf-8": Asked(path="/api/zoo.Note/", query=b"\xff\xfe", headers=[JSON]),
    "wrong query": Asked(path="/api/zoo.Note/", query=b"page=x", headers=[JSON]),
    "out": Asked(path="/api/zoo.Note/", headers=[JSON, (b"x-out", b"1")]),
    "wrong cookie": Asked(path="/api/zoo.Note/", headers=[JSON, (b"cookie", b"sessionid=none; csrftoken=x")]),
    "form": Asked("PATCH", "/api/zoo.Note/7/", headers=[JSON, FORM], parts=[b"title=y"]),
    "without a token": Asked("PATCH", "/api/zoo.Note/7/", headers=[JSON, BODY], parts=[b'{"title":', b'"y"}']),
    "no json": Asked("PATCH", "/api/zoo.Note/7/", headers=[JSON, BODY, (b"x-csrftoken", SECRET)], parts=[b"{"]),
    "written": Asked(
        "PATCH",
        "/api/zoo.Note/7/",
        headers=[JSON, BODY, (b"x-csrftoken", SECRET), (b"content-length", b"13")],
        parts=[b'{"title":', b'"y"}'],
    ),
    "of another page": Asked(
        "PATCH",
        "/api/zoo.Note/7/",
        headers=[JSON, BODY, (b"x-csrftoken", SECRET), (b"origin", b"https://x.example")],
        parts=[b'{"title":"y"}'],
    ),
    "too large": Asked("POST", "/api/zoo.Note/", headers=[JSON, BODY, (b"content-length", b"99999999")], parts=[b"{}"]),
    "another type": Asked("POST", "/api/zoo.Note/", headers=[JSON, (b"content-type", b"text/plain")], parts=[b"{}"]),
    "hidden agent": Asked(path="/api/zoo.Note/", headers=[JSON, (b"user-agent", b"bad")]),
}


@pytest.mark.parametrize("name", PROJECTS)
@pytest.mark.parametrize("is_signed_in", [True, False])
async def test_each_request_is_answered_as_by_djangos_handler(
    name: str, is_signed_in: bool, cookies: Any, note: Note
) -> None:
    wrong = {}
    for what, asked in REQUESTS.items():
        given = [*asked.headers, cookies] if is_signed_in and b"cookie" not in dict(asked.headers) else asked.headers
        ours, djangos = await both(
            Asked(asked.method, asked.path, asked.query, given, asked.parts, asked.members), **PROJECTS[name]
        )
        if ours != djangos:
            wrong[what] = (ours, djangos)
    assert wrong == {}
