"""The REST API: routes, status codes, headers, errors in the contract's words."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F
from django.test import Client
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny

from channels_binding.consumers import Binding, bind
from tests.project.zoo.models import Article, Guard, Note, Precious, Seat, Token
from tests.throwaway import throwaway

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(user: Any) -> Client:
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    data = body if isinstance(body, str | bytes) else json.dumps(body or {})
    return client.generic(method, path, data, "application/json", headers=headers)


def test_without_a_user_the_answer_is_401_in_the_contract_s_words() -> None:
    response = Client().get("/api/zoo.Note/")
    assert response.status_code == 401
    assert response.json() == {"code": "unauthenticated", "status": 401, "message": "Sign in first.", "retry": False}
    assert response["WWW-Authenticate"]


def test_search_takes_page_limit_order_query_and_filters(client: Client) -> None:
    for rank in range(5):
        Note.objects.create(title=f"note {rank}", rank=rank)
    Note.objects.create(title="other", rank=9)
    page = client.get("/api/zoo.Note/?query=note&order=-rank&limit=2&page=2&rank__gte=1&fields=rank").json()
    assert (page["page"], page["limit"], page["count"], page["order"]) == (2, 2, 4, "-rank")
    assert [sorted(row) for row in page["rows"]] == [["id", "rank"]] * 2
    assert [row["rank"] for row in page["rows"]] == [2, 1]
    assert client.get("/api/zoo.Note/?rank__in=1,9").json()["count"] == 2


def test_an_unchanged_search_or_row_is_304(client: Client) -> None:
    note = Note.objects.create(title="x")
    for path in ("/api/zoo.Note/", f"/api/zoo.Note/{note.pk}/"):
        tag = client.get(path)["ETag"]
        again = client.get(path, headers={"If-None-Match": f'"other", {tag}'})
        assert (again.status_code, again.content) == (304, b"")
        Note.objects.filter(pk=note.pk).update(rank=F("rank") + 1)
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_a_page_whose_rows_are_the_same_but_whose_count_is_not_is_sent(client: Client) -> None:
    Note.objects.create(title="x")
    tag = client.get("/api/zoo.Note/?limit=1&order=id")["ETag"]
    Note.objects.create(title="on page two")
    again = client.get("/api/zoo.Note/?limit=1&order=id", headers={"If-None-Match": tag})
    assert (again.status_code, again.json()["count"]) == (200, 2)


def test_create_is_201_with_a_location_that_leads_to_the_row(client: Client) -> None:
    response = send(client, "POST", "/api/zoo.Note/", {"title": "made"})
    assert response.status_code == 201
    read = client.get(response["Location"])
    assert read.json()["title"] == "made"
    assert (response.content, response["ETag"]) == (read.content, read["ETag"])


def test_patch_changes_some_fields_and_put_needs_all(client: Client) -> None:
    note = Note.objects.create(title="x", rank=3)
    patched = send(client, "PATCH", f"/api/zoo.Note/{note.pk}/", {"rank": 4})
    read = client.get(f"/api/zoo.Note/{note.pk}/")
    assert (patched.content, patched["ETag"], patched.json()["rank"]) == (read.content, read["ETag"], 4)
    refused = send(client, "PUT", f"/api/zoo.Note/{note.pk}/", {"rank": 5})
    assert refused.json()["fields"] == {"title": [{"code": "required", "message": "This field is required."}]}
    put = send(client, "PUT", f"/api/zoo.Note/{note.pk}/", {"title": "y"}, **{"If-Match": patched["ETag"]})
    assert (put.status_code, put.json()["title"]) == (200, "y")
    note.refresh_from_db()
    assert (note.title, note.rank) == ("y", 4)


def test_a_write_with_an_outdated_version_is_412(client: Client) -> None:
    note = Note.objects.create(title="x")
    tag = client.get(f"/api/zoo.Note/{note.pk}/")["ETag"]
    assert send(client, "PATCH", f"/api/zoo.Note/{note.pk}/", {"rank": 1}, **{"If-Match": tag}).status_code == 200
    refused = send(client, "PATCH", f"/api/zoo.Note/{note.pk}/", {"rank": 2}, **{"If-Match": tag})
    assert (refused.status_code, refused.json()["code"]) == (412, "precondition_failed")
    assert send(client, "DELETE", f"/api/zoo.Note/{note.pk}/", **{"If-Match": tag}).status_code == 412
    note.refresh_from_db()
    assert note.rank == 1


def test_delete_removes_the_row_and_a_second_one_finds_nothing(client: Client) -> None:
    note = Note.objects.create(title="x")
    assert send(client, "DELETE", f"/api/zoo.Note/{note.pk}/").json() == {"success": True, "id": note.pk}
    assert send(client, "DELETE", f"/api/zoo.Note/{note.pk}/").status_code == 404


def test_what_others_depend_on_cannot_be_deleted_and_a_taken_name_not_used(client: Client) -> None:
    precious = Precious.objects.create(name="one")
    Guard.objects.create(precious=precious)
    refused = send(client, "DELETE", f"/api/zoo.Precious/{precious.pk}/")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    taken = send(client, "POST", "/api/zoo.Precious/", {"name": "one"})
    assert taken.json()["fields"]["name"][0]["code"] == "unique"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/api/no.Such/", None, 404, "not_found"),
        ("GET", "/api/zoo.Note/424242/", None, 404, "not_found"),
        ("GET", "/api/zoo.Note/words/", None, 400, "invalid"),
        ("GET", "/api/zoo.Token/7/", None, 400, "invalid"),
        ("GET", "/api/zoo.Note/?owner__password__startswith=x", None, 400, "invalid"),
        ("GET", "/api/zoo.Note/?order=secret_code", None, 400, "invalid"),
        ("GET", "/api/zoo.Note/?page=0", None, 400, "invalid"),
        ("GET", "/api/zoo.Note/?limit=x", None, 400, "invalid"),
        ("POST", "/api/zoo.Note/", "not json", 400, "bad_request"),
        ("POST", "/api/zoo.Note/", "[1]", 400, "bad_request"),
        ("POST", "/api/zoo.Note/", '{"title": "\\u0000"}', 400, "bad_request"),
        ("POST", "/api/zoo.Note/", {"title": "x", "secret_code": "y"}, 400, "invalid"),
        ("POST", "/api/zoo.Note/nothing/", {}, 405, "method_not_allowed"),
        ("POST", "/api/zoo.Note/__init__/", {}, 405, "method_not_allowed"),
        ("POST", "/api/zoo.Note/subscribe/", {}, 405, "method_not_allowed"),
        ("POST", "/api/zoo.Note/fail/", {}, 500, "internal"),
        ("POST", "/api/custom_stream/", {}, 405, "method_not_allowed"),
        ("PUT", "/api/zoo.Note/", {}, 405, "method_not_allowed"),
        ("GET", "/api/zoo.Note/form/?x=1", None, 200, None),
    ],
)
def test_what_is_wrong_is_said_with_a_code(
    method: str, path: str, body: Any, status: int, code: str | None, client: Client
) -> None:
    response = send(client, method, path, body)
    assert (response.status_code, response.json().get("code")) == (status, code)
    assert b"canary" not in response.content


def test_another_media_type_is_415(client: Client) -> None:
    response = client.generic("POST", "/api/zoo.Note/", "<a/>", "text/xml")
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


def test_with_a_session_unsafe_methods_need_the_csrf_token(user: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    note = Note.objects.create(title="x")
    for method, path in (
        ("POST", "/api/zoo.Note/"),
        ("PATCH", f"/api/zoo.Note/{note.pk}/"),
        ("DELETE", f"/api/zoo.Note/{note.pk}/"),
    ):
        response = send(client, method, path, {"title": "y"})
        assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert Note.objects.filter(title="x").count() == 1
    assert Note.objects.count() == 1


def test_a_bound_event_answers_what_it_returns_or_reflects(client: Client) -> None:
    reflected = send(client, "POST", "/api/custom_stream/custom_event/", {"sender": "me"})
    assert reflected.json() == {"msg": "This a reflected response for me"}
    note = Note.objects.create(title="x")
    assert send(client, "POST", "/api/zoo.Note/burst/", {"id": note.pk, "count": 3}).json() == {"rank": 2}


def test_a_form_is_described_submitted_and_refused(client: Client) -> None:
    note = Note.objects.create(title="x", rank=7)
    form = client.get(f"/api/zoo.Note/{note.pk}/form/").json()
    assert {field["name"]: field["value"] for field in form["fields"]}["rank"] == 7
    saved = client.post(f"/api/zoo.Note/{note.pk}/form/", {"title": "by form"})
    assert saved.json()["object"]["title"] == "by form"
    note.refresh_from_db()
    assert (note.title, note.rank) == ("by form", 7)
    refused = send(client, "POST", "/api/zoo.Note/form/", {"title": "", "rank": "x"})
    assert refused.status_code == 400
    assert {name: [error["code"] for error in errors] for name, errors in refused.json()["errors"].items()} == {
        "title": ["required"],
        "rank": ["invalid"],
    }


def test_rows_of_others_look_like_missing_ones(client: Client, stranger: Any) -> None:
    theirs = Note.objects.create(title="canary", owner=stranger)
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        hidden = send(client, method, f"/api/zoo.OwnNote/{theirs.pk}/", {"title": "x"})
        missing = send(client, method, "/api/zoo.OwnNote/424242/", {"title": "x"})
        assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content)
        assert hidden.status_code == 404


@pytest.mark.parametrize("path", ["zoo.Note/", "zoo.Note/9999/", "zoo.Note/?nope=1", "zoo.Note/form/", "zoo.Nothing/"])
def test_no_proxy_may_keep_an_answer_and_a_browser_asks_whether_it_is_still_so(client: Client, path: str) -> None:
    for answer in (client.get(f"/api/{path}"), client.options(f"/api/{path}"), Client().get(f"/api/{path}")):
        assert {*answer["Cache-Control"].split(", ")} == {"private", "no-cache"}, answer.status_code


def test_options_describes_the_stream_and_head_has_the_headers(client: Client) -> None:
    described = client.options("/api/zoo.Note/").json()
    assert described["stream"] == "zoo.Note"
    assert client.head("/api/zoo.Note/")["ETag"] == client.get("/api/zoo.Note/")["ETag"]


def test_a_key_that_is_a_uuid_is_a_path(client: Client) -> None:
    token = Token.objects.create(name="x")
    assert client.get(f"/api/zoo.Token/{token.pk}/").json() == {"id": str(token.pk), "name": "x"}


def test_a_body_of_form_fields_and_a_file_are_taken_apart(client: Client) -> None:
    response = client.post(
        "/api/zoo.Note/form/", {"title": "x", "rank": "3", "file": SimpleUploadedFile("a.txt", b"x")}
    )
    assert response.json()["object"]["rank"] == 3


def test_the_browsable_api_shows_the_same(client: Client) -> None:
    Note.objects.create(title="shown")
    response = client.get("/api/zoo.Note/", headers={"Accept": "text/html"})
    assert response.status_code == 200
    assert b"shown" in response.content
    assert b"<h1>zoo.Note</h1>" in response.content


def test_the_browsable_api_says_what_the_binding_says(client: Client) -> None:
    page = client.get("/api/zoo.OwnNote/", headers={"Accept": "text/html"}).content.decode()
    assert "rows; the sync twin." in page
    assert "search and create" not in page
    assert client.get("/api/no.Such/", headers={"Accept": "text/html"}).status_code == 404


def test_a_search_names_the_pages_beside_its_own(client: Client) -> None:
    for rank in range(5):
        Note.objects.create(title="x", rank=rank)
    first = client.get("/api/zoo.Note/?limit=2&order=rank")["Link"]
    assert first == '<http://testserver/api/zoo.Note/?limit=2&order=rank&page=2>; rel="next"'
    second = client.get("/api/zoo.Note/?limit=2&page=2")["Link"]
    assert [part.rpartition("page=")[2] for part in second.split(", ")] == ['3>; rel="next"', '1>; rel="prev"']
    assert "Link" not in client.get("/api/zoo.Note/?limit=5")


def test_a_pagination_class_brings_its_own_pages_and_parameters(client: Client) -> None:
    for rank in range(5):
        Note.objects.create(title="x", rank=rank, done=rank == 4)
    page = client.get("/api/zoo.PagedNote/?order=-rank&page=2&done=false").json()
    assert [row["rank"] for row in page["results"]] == [1, 0]
    assert (page["count"], page["next"]) == (4, None)
    assert page["previous"].startswith("http://testserver/api/zoo.PagedNote/?")
    assert len(client.get("/api/zoo.PagedNote/?size=100").json()["results"]) == 3, "max_page_size holds"
    assert client.get("/api/zoo.PagedNote/?page=99").json()["code"] == "not_found"
    assert client.get("/api/zoo.PagedNote/?nonsense=1").json()["fields"]["filters"]["nonsense"][0]["code"] == "unknown"
    assert client.get("/api/zoo.PagedNote/?fields=title").json()["results"][0].keys() == {"id", "title"}


def test_several_rows_are_asked_for_by_their_ids(client: Client) -> None:
    first, second = Note.objects.create(title="a"), Note.objects.create(title="b")
    got = client.get(f"/api/zoo.Note/?ids={second.pk},424242,{first.pk}&fields=title")
    rows = [{"id": second.pk, "title": "b"}, {"id": first.pk, "title": "a"}]
    assert got.json() == {"page": 1, "limit": 2, "count": 2, "order": None, "rows": rows}, "one address, one shape"
    assert got["X-Total-Count"] == "2"
    assert client.get(f"/api/zoo.Note/?ids={second.pk}", headers={"If-None-Match": got["ETag"]}).status_code == 200
    assert client.get("/api/zoo.Note/?ids=x").status_code == 400
    assert client.get(f"/api/zoo.Note/?ids={second.pk}&ids={first.pk}&fields=id").json()["rows"] == [
        {"id": second.pk},
        {"id": first.pk},
    ]
    for beside in ("page=2", "order=title", "done=true", "query=a"):
        assert client.get(f"/api/zoo.Note/?ids={second.pk}&{beside}").status_code == 400, (
            "nothing is ignored in silence"
        )


def test_what_is_too_long_for_an_address_a_body_takes(client: Client) -> None:
    keys = [note.pk for note in Note.objects.bulk_create(Note(title=title) for title in "ab")]
    for action, data in (
        ("search", {"filters": {"done": False}, "order": "-title"}),
        ("retrieve", {"ids": keys[::-1]}),
    ):
        found = send(client, "POST", f"/api/zoo.Note/{action}/", data).json()["rows"]
        assert [row["id"] for row in found] == keys[::-1]
    articles = [Article.objects.create(headline=title).pk for title in "ab"]
    assert send(client, "POST", "/api/zoo.Article/delete/", {"ids": articles}).json()["success"] is True
    assert not Article.objects.exists()


def test_composite_keys_have_commas_of_their_own(client: Client) -> None:
    Seat.objects.bulk_create(Seat(row=row, place=7) for row in "AB")
    got = client.get("/api/zoo.Seat/?ids=B,7&ids=A,7&ids=C,7&fields=row")
    assert [row["id"] for row in got.json()["rows"]] == ["B,7", "A,7"]


def test_where_the_binding_has_no_bulk_several_rows_cannot_be_written(client: Client) -> None:
    note = Note.objects.create(title="a")
    for method in ("PATCH", "DELETE"):
        answer = send(client, method, f"/api/zoo.Note/?ids={note.pk}", {} if method == "DELETE" else {"title": "b"})
        assert answer.status_code == 405
        assert method not in answer["Allow"]
    assert [*Note.objects.values_list("title", flat=True)] == ["a"]


# Signing in


@pytest.fixture
def account() -> Iterator[None]:
    with throwaway():

        class Account(Binding):
            stream = "test.account"

            @bind(permission_classes=[AllowAny])
            def sign_in(self, data: Any) -> Any:
                self.login(User.objects.get(username=data["username"]), "django.contrib.auth.backends.ModelBackend")
                return {"user": self.user.username}

            @bind(permission_classes=[AllowAny])
            def sign_out(self, data: Any) -> Any:
                self.logout()
                return {}

        yield


FORMS = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]
PART = '--b\r\nContent-Disposition: form-data; name="username"\r\n\r\nann\r\n--b--\r\n'
BODIES = {FORMS[0]: "username=ann", FORMS[1]: PART}


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_that_another_site_posts_signs_nobody_in_or_out(kind: str, user: Any, account: None) -> None:
    visitor = Client(enforce_csrf_checks=True)
    refused = visitor.generic("POST", "/api/test.account/sign_in/", BODIES[kind], kind)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert not signed_in(visitor)
    visitor.force_login(user)
    assert visitor.generic("POST", "/api/test.account/sign_out/", BODIES[kind], kind).status_code == 403
    assert signed_in(visitor)


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_with_django_s_token_signs_in(kind: str, user: Any, account: None) -> None:
    visitor = Client(enforce_csrf_checks=True)
    token = "a" * 32
    visitor.cookies["csrftoken"] = token
    made = visitor.generic("POST", "/api/test.account/sign_in/", BODIES[kind], kind, headers={"X-CSRFToken": token})
    assert (made.status_code, made.json()) == (200, {"user": "ann"})
    assert signed_in(visitor)


def test_json_signs_in_without_one_and_in_a_batch_too(user: Any, account: None) -> None:
    for path, body in (
        ("test.account/sign_in/", {"username": "ann"}),
        ("batch/", {"ops": [{"event": "test.account.sign_in", "data": {"username": "ann"}}]}),
    ):
        visitor = Client(enforce_csrf_checks=True)
        assert send(visitor, "POST", f"/api/{path}", body).status_code == 200
        assert signed_in(visitor)


# Who asks in a batch


class ByHeader(BaseAuthentication):
    def authenticate(self, request: Any) -> Any:
        name = request.headers.get("X-User")
        if name == "wrong":
            raise AuthenticationFailed()
        return name and (User.objects.get(username=name), f"header of {name}")

    def authenticate_header(self, request: Any) -> str:
        return "Header"


@pytest.fixture
def whose() -> Iterator[None]:
    with throwaway():

        class Default(Binding):
            stream = "test.default"

            @bind(permission_classes=[AllowAny])
            def who(self, data: Any) -> Any:
                return {"user": self.user.username, "auth": self.request.auth, "files": [*self.request.FILES]}

        class ByHeaders(Default):
            stream, authentication_classes = "test.by_headers", (ByHeader,)

        class ByNothing(Default):
            stream, authentication_classes = "test.by_nothing", ()

        class BySession(Default):
            stream, authentication_classes = "test.by_session", (ByHeader, SessionAuthentication)

        yield


@pytest.mark.parametrize("name", ["bob", "wrong", None])
def test_an_operation_of_a_batch_is_authenticated_as_its_own_route_is(
    name: str | None, client: Client, stranger: Any, whose: None
) -> None:
    streams = ["test.by_headers", "test.default", "test.by_nothing", "test.by_session", "test.default"]
    headers = {} if name is None else {"X-User": name}
    alone = [send(client, "POST", f"/api/{stream}/who/", **headers).json() for stream in streams]
    ops = [{"event": f"{stream}.who"} for stream in streams]
    together = send(client, "POST", "/api/batch/", {"ops": ops, "atomic": False}, **headers).json()["results"]
    assert [result.get("data") or result["error"] for result in together] == alone
    assert alone[1] == {"user": "ann", "auth": None, "files": []}
    assert alone[2]["user"] == ""
