"""The REST API: routes, status codes, headers, errors in the contract's words."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from channels_binding.consumers import Binding, bind
from tests.project.zoo.models import Article, Guard, Note, Precious, Seat, Token
from tests.rest.sending import send
from tests.throwaway import throwaway

pytestmark = pytest.mark.django_db(transaction=True)


def test_search_takes_page_limit_order_query_and_filters(client: Client) -> None:
    for rank in range(5):
        Note.objects.create(title=f"note {rank}", rank=rank)
    Note.objects.create(title="other", rank=9)
    page = client.get("/api/zoo.Note/?query=note&order=-rank&limit=2&page=2&rank__gte=1&fields=rank").json()
    assert (page["page"], page["limit"], page["count"], page["order"]) == (2, 2, 4, "-rank")
    assert [sorted(row) for row in page["rows"]] == [["id", "rank"]] * 2
    assert [row["rank"] for row in page["rows"]] == [2, 1]
    assert client.get("/api/zoo.Note/?rank__in=1,9").json()["count"] == 2


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


def test_a_key_that_is_a_uuid_is_a_path(client: Client) -> None:
    token = Token.objects.create(name="x")
    assert client.get(f"/api/zoo.Token/{token.pk}/").json() == {"id": str(token.pk), "name": "x"}


def test_a_body_of_form_fields_and_a_file_are_taken_apart(client: Client) -> None:
    response = client.post(
        "/api/zoo.Note/form/", {"title": "x", "rank": "3", "file": SimpleUploadedFile("a.txt", b"x")}
    )
    assert response.json()["object"]["rank"] == 3


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


@pytest.mark.parametrize("name", ["echo", "describe", "search"])
def test_what_is_called_by_post_is_no_row_and_says_so(name: str, client: Client) -> None:
    """Keys of the model are numbers, so it can be no key."""
    with throwaway():

        class Notes(Binding):
            stream, model, fields = "test.notes", Note, ("id",)

            @bind
            def echo(self, data: Any) -> Any:
                return data

        answer = client.get(f"/api/test.notes/{name}/")
    assert (answer.status_code, answer.json()["message"]) == (405, f"'{name}' is called by POST.")
    assert "GET" not in answer["Allow"]


def test_a_handler_s_answer_that_is_no_json_is_an_error_in_the_contract_s_words(client: Client) -> None:
    """It was a page of Django's, or the server's own 500."""
    with throwaway():

        class Odd(Binding):
            stream = "test.odd"

            @bind
            def odd(self, data: Any) -> Any:
                return {"bytes": b"x"}

        answer = send(client, "POST", "/api/test.odd/odd/", {})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("end", ["", "/"])
def test_an_event_below_a_row_is_an_error_in_the_contracts_words(method: str, end: str, client: Client) -> None:
    response = send(client, method, f"/api/zoo.Note/7/slow{end}", {})
    assert (response.status_code, response["Content-Type"]) == (404, "application/json")
    assert (response.json()["code"], "in its body" in response.json()["message"]) == ("not_found", True)
