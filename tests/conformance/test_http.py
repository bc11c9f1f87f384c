"""HTTP line by line (spec/protocol.md §6), as a program or a browser meets it."""
# ruff: noqa: E501 (tables are read across)

import json
from typing import Any

import pytest
from django.test import Client

from tests.project.zoo.models import Country, Note

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(user: Any) -> Client:
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in


@pytest.fixture
def note() -> Note:
    return Note.objects.create(title="x")


def test_head_is_get_without_the_body(client: Client, note: Note) -> None:
    for path in ("/api/zoo.Note/", f"/api/zoo.Note/{note.pk}/", "/api/zoo.Note/form/"):
        whole, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        kept = {name for name in whole.headers if name not in ("Content-Length",)}
        assert {name: head[name] for name in kept} == {name: whole[name] for name in kept}


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/zoo.Note/", {"GET", "POST", "HEAD", "OPTIONS"}),
        ("/api/zoo.Note/1/", {"GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}),
        ("/api/zoo.Note/burst/", {"POST", "OPTIONS"}),
        ("/api/zoo.Note/form/", {"GET", "POST", "HEAD", "OPTIONS"}),
        ("/api/custom_stream/custom_event/", {"POST", "OPTIONS"}),
        ("/api/upload/", {"POST", "OPTIONS"}),
    ],
)
def test_allow_names_what_is_offered(path: str, methods: set[str], client: Client) -> None:
    assert set(client.generic("TRACE", path)["Allow"].split(", ")) == methods


@pytest.mark.parametrize(
    "path", ["/api/zoo.Note/", "/api/zoo.Note/1/", "/api/zoo.Note/form/", "/api/batch/", "/api/upload/", "/api/schema/"]
)
def test_a_preflight_is_answered_to_nobody_in_particular(path: str) -> None:
    """A browser asks without cookies; a proxy or middleware adds the headers of CORS."""
    answer = Client().options(
        path, headers={"Origin": "https://a.example.com", "Access-Control-Request-Method": "PATCH"}
    )
    assert answer.status_code < 300
    assert answer.content == b""


def test_options_without_a_user_is_401_like_everything_else() -> None:
    assert Client().options("/api/zoo.Note/").status_code == 401


@pytest.mark.parametrize(
    ("accept", "status", "media"),
    [
        ("*/*", 200, "application/json"),
        ("application/json", 200, "application/json"),
        ("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", 200, "text/html; charset=utf-8"),
        ("application/xml", 406, "application/json"),
    ],
)
def test_the_answer_is_of_the_kind_that_is_accepted(accept: str, status: int, media: str, client: Client) -> None:
    answer = client.get("/api/zoo.Note/", headers={"Accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (status, media)


@pytest.mark.parametrize(
    "path", ["/api/zoo.Note/", "/api/zoo.Note/{}/", "/api/zoo.Note/form/", "/api/zoo.Note/424242/"]
)
def test_the_browsable_api_renders(path: str, client: Client, note: Note) -> None:
    page = client.get(path.format(note.pk), headers={"Accept": "text/html"})
    assert page["Content-Type"].startswith("text/html")
    assert b"Django REST framework" in page.content


UNSAFE = [
    ("POST", "/api/zoo.Note/"), ("PUT", "/api/zoo.Note/{}/"), ("PATCH", "/api/zoo.Note/{}/"), ("DELETE", "/api/zoo.Note/{}/"),
    ("POST", "/api/zoo.Note/form/"), ("POST", "/api/zoo.Note/{}/form/"), ("POST", "/api/zoo.Note/burst/"), ("POST", "/api/batch/"),
    ("POST", "/api/zoo.Note/delete/"), ("POST", "/api/upload/"),
]  # fmt: skip
BODIES = [
    ("application/json", '{"title": "y"}'),
    ("text/plain", '{"title": "y"}'),
    ("application/x-www-form-urlencoded", "title=y"),
    ("multipart/form-data; boundary=b", '--b\r\nContent-Disposition: form-data; name="title"\r\n\r\ny\r\n--b--\r\n'),
]


@pytest.mark.parametrize(("method", "path"), UNSAFE)
@pytest.mark.parametrize(("media", "body"), BODIES)
@pytest.mark.parametrize("token", [None, "wrong" * 8])
def test_with_a_session_no_unsafe_request_passes_without_the_token(
    method: str, path: str, media: str, body: str, token: str | None, user: Any, note: Note
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    headers = {"X-CSRFToken": token} if token else {}
    answer = client.generic(method, path.format(note.pk), body, media, headers=headers)
    assert answer.status_code == 403
    assert [*Note.objects.values_list("title", flat=True)] == ["x"]


@pytest.mark.parametrize("override", [{"HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE"}])
def test_a_get_stays_a_get(override: dict[str, str], client: Client, note: Note) -> None:
    assert client.get(f"/api/zoo.Note/{note.pk}/?_method=DELETE", **override).status_code == 200  # type: ignore[arg-type]
    assert Note.objects.count() == 1


def test_location_leads_to_a_key_of_any_letters(client: Client) -> None:
    for code in ("ö", "a b", "50%", "q?"):
        made = client.post("/api/zoo.Country/", json.dumps({"code": code[:2], "name": code}), "application/json")
        assert made.status_code == 201, made.content
        assert client.get(made["Location"]).json()["name"] == code
    assert Country.objects.count() == 4
