"""The HTTP API does what its OpenAPI document says, and nothing else: Schemathesis, every check.

``FUZZ_SEED=7`` tries other cases, ``FUZZ_EXAMPLES=50`` more of them. Each stream of the zoo is asked on one of the two databases,
and of most what differs between streams; all of it and on both where ``FUZZ_EXAMPLES`` is given, as ``make soak`` does.
"""

# ruff: noqa: E501 (tables are read across)

import os
import re
from typing import Any
from zlib import crc32

import pytest
from django.contrib.auth import get_user_model
from django.core.servers.basehttp import WSGIRequestHandler
from django.db import connection
from django.test import Client

from channels_binding.consumers import PresenceBinding
from channels_binding.registry import registry
from tests.browser.conftest import Desk
from tests.browser.conftest import desk as desk  # the running example
from tests.conformance.fuzzing import Run, Target, fuzz

pytestmark = pytest.mark.usefixtures("only_the_zoo")

SEED = int(os.environ.get("FUZZ_SEED", "1"))
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "2"))
IS_EVERYTHING_ASKED = "FUZZ_EXAMPLES" in os.environ
PARTS = 10
"""So many tests share the streams of the zoo, so that processes of pytest-xdist can share the tests."""
CASES = 20
"""Requests that each path gets in the mean, at the least."""
FIXTURES = r"/(slow|drowsy|burst|fail)$|/zoo\.(census|revocation)/"
"""Handlers of the zoo that other tests need: they sleep, save a thousand times, and fail."""
ALIKE = re.compile(r"/\{id\}(/form)?$|/form$|/(update|delete|list|save|retrieve|search|replace)$")
"""Paths that differ between streams in nothing but the fields, which the others have as well."""
TRAFFIC = r"desk\.life/(start|stop)$"
"""Would change tickets by itself while the answers are compared."""


@pytest.fixture
def prompt_server(monkeypatch: pytest.MonkeyPatch, live_server: Any) -> Any:
    """Django's test server sends head and body in two packets, and the second waits for the first's acknowledgement."""
    monkeypatch.setattr(WSGIRequestHandler, "disable_nagle_algorithm", True)
    return live_server


@pytest.fixture
def admin_of_the_zoo(transactional_db: None) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("fuzz"))
    return client


DOCUMENTS: list[dict[str, Any]] = []
"""Of the zoo, which is the same for every test: making it takes a second."""


def document_of_the_zoo(admin: Client) -> dict[str, Any]:
    if not DOCUMENTS:
        DOCUMENTS.append(admin.get("/api/schema/").json())
    return {**DOCUMENTS[0]}


def is_as_documented(run: Run, at_least: int) -> None:
    assert run.errors == []
    assert not run.failures, "\n\n".join(run.failures)
    assert run.cases >= at_least, run.per_operation


def is_asked_here(stream: str) -> bool:
    """Whether it is this database's turn: each fourth stream is PostgreSQL's, where a request takes four times as long, and
    so is what only PostgreSQL has."""
    is_on_postgres = connection.vendor == "postgresql"
    is_postgres_s = stream.startswith("zoo_postgres.") or crc32(stream.encode()) % 4 == 0
    return IS_EVERYTHING_ASKED or is_postgres_s == is_on_postgres


def of_streams(paths: dict[str, Any], streams: list[str]) -> dict[str, Any]:
    """Of each stream search and create, which its own fields and filters decide, and its own actions; of the first all there is.

    A row by its key, and forms, are documented alike for every stream: ``make soak`` asks them of all.
    """
    return {
        path: item
        for path, item in paths.items()
        if stream_of(path) in (streams if IS_EVERYTHING_ASKED or not ALIKE.search(path) else streams[:1])
    }


def stream_of(path: str) -> str:
    """``"/api/zoo.Note/{id}"`` → ``"zoo.Note"``."""
    return path.split("/")[2]


@pytest.mark.parametrize("part", range(PARTS))
def test_the_zoo_answers_as_documented(part: int, prompt_server: Any, admin_of_the_zoo: Client) -> None:
    document = document_of_the_zoo(admin_of_the_zoo)
    asked = sorted({stream for stream in map(stream_of, document["paths"]) if is_asked_here(stream)})[part::PARTS]
    document["paths"] = of_streams(document["paths"], asked)
    assert document["paths"]
    session = str(admin_of_the_zoo.session.session_key)
    run = fuzz(Target(prompt_server.url, session, document, EXAMPLES, FIXTURES), SEED)
    is_as_documented(run, CASES * len(document["paths"]))


@pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="the example has a database of its own: once is enough")
def test_the_example_answers_as_documented(desk: Desk) -> None:
    with desk.client("manager") as browser:
        document = browser.get("/api/schema/").json()
        document["paths"] = of_streams(document["paths"], ["desk.Ticket", *map(stream_of, document["paths"])])
        target = Target(desk.url, browser.cookies["sessionid"], document, EXAMPLES, TRAFFIC)
        is_as_documented(fuzz(target, SEED), 1_000)


# What would make the tests above worthless


def test_every_stream_of_the_zoo_is_in_the_document(admin_of_the_zoo: Client) -> None:
    paths = document_of_the_zoo(admin_of_the_zoo)["paths"]
    served = {cls.get_stream() for cls in registry if not issubclass(cls, PresenceBinding)}  # those can only be watched
    assert served == {stream_of(path) for path in paths} - {"hello", "batch", "upload"}


SHORT = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 3}}, "required": ["name"]}
NULL = {"type": "object", "properties": {"name": {"type": "null"}}, "required": ["name"]}

IDS = {
    "name": "ids",
    "in": "query",
    "required": True,
    "schema": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 9}},
    "style": "form",
    "explode": False,
}
A_PAGE = {"description": "", "content": {"application/json": {"schema": {"type": "object", "required": ["pages"]}}}}


@pytest.mark.parametrize(
    ("method", "path", "change", "finding"),
    [
        ("get", "/api/zoo.Label", {"responses": {"404": {"description": ""}}}, "Undocumented status code"),
        ("post", "/api/zoo.Label", {"requestBody": {"content": {"application/json": {"schema": NULL}}}}, "Schema-valid request rejected"),
        ("post", "/api/zoo.Label", {"requestBody": {"content": {"application/json": {"schema": SHORT}}}}, "Schema-violating request accepted"),
        ("get", "/api/zoo.Label", {"parameters": [IDS], "responses": {"200": A_PAGE}}, "Response violates schema"),
        ("post", "/api/zoo.Note/fail", {}, "Server error"),
    ],
)  # fmt: skip
def test_a_document_that_is_wrong_is_found_out(
    method: str, path: str, change: dict[str, Any], finding: str, prompt_server: Any, admin_of_the_zoo: Client
) -> None:
    document = document_of_the_zoo(admin_of_the_zoo)
    document["paths"] = {path: {method: {**document["paths"][path][method], **change}}}
    run = fuzz(Target(prompt_server.url, str(admin_of_the_zoo.session.session_key), document, 5), SEED)
    assert any(finding in failure for failure in run.failures), run.failures
