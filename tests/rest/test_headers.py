"""What stands in the headers of an answer: version, total, range, and the pages beside."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.pagination import CursorPagination, LimitOffsetPagination, PageNumberPagination

from channels_binding.consumers import Binding
from tests.project.zoo.models import Article, Note
from tests.throwaway import throwaway

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(user: Any) -> Client:
    """Of a server with seven notes, five of which are done."""
    Note.objects.bulk_create(Note(title=f"n{rank}", rank=rank, done=rank < 5) for rank in range(7))
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in


def ranks(answer: Any) -> list[int]:
    return [row["rank"] for row in answer.json()["rows"]]


@pytest.mark.parametrize(
    ("method", "path", "total"),
    [
        ("GET", "/api/zoo.Note/", "7"),
        ("HEAD", "/api/zoo.Note/", "7"),
        ("GET", "/api/zoo.Note/?limit=2&page=2", "7"),
        ("GET", "/api/zoo.Note/?page=9", "7"),
        ("GET", "/api/zoo.Note/?done=true&limit=2", "5"),
        ("GET", "/api/zoo.Note/?query=nothing", "0"),
        ("POST", "/api/zoo.Note/search/", "7"),
        ("POST", "/api/zoo.Note/list/", "7"),
        ("GET", "/api/zoo.Note/aggregate/?by=done", "2"),
    ],
)
def test_a_list_says_how_many_rows_match(method: str, path: str, total: str, client: Client) -> None:
    assert client.generic(method, path, b"", "application/json")["X-Total-Count"] == total


def test_an_aggregate_says_how_many_groups_there_are_unless_there_are_more(client: Client) -> None:
    some = client.get("/api/zoo.Note/aggregate/?by=rank&limit=2&order=-rank")
    assert ([row["rank"] for row in some.json()["rows"]], "X-Total-Count" in some, "Link" in some) == (
        [6, 5],
        False,
        False,
    )
    unchanged = client.get(
        "/api/zoo.Note/aggregate/?by=rank&limit=2&order=-rank", headers={"If-None-Match": some["ETag"]}
    )
    assert unchanged.status_code == 304
    Note.objects.filter(rank=5).update(rank=4)
    assert client.get("/api/zoo.Note/aggregate/?by=rank&limit=2&order=-rank")["ETag"] != some["ETag"]


def test_an_unchanged_list_says_it_too_and_a_row_does_not(client: Client) -> None:
    tag = client.get("/api/zoo.Note/")["ETag"]
    unchanged = client.get("/api/zoo.Note/", headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged["X-Total-Count"], unchanged["ETag"]) == (304, "7", tag)
    assert "X-Total-Count" not in client.get(f"/api/zoo.Note/{Note.objects.first().pk}/")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("pages", "total"), [(PageNumberPagination, "7"), (LimitOffsetPagination, "7"), (CursorPagination, None)]
)
def test_drf_s_own_pages_say_it_where_they_know_it(pages: Any, total: str | None, client: Client) -> None:
    with throwaway():

        class Paginated(Binding):
            stream, model, fields = "test.paginated", Note, ("id", "rank")
            pagination_class = type("Pages", (pages,), {"page_size": 2, "default_limit": 2, "ordering": "rank"})

        answer = client.get("/api/test.paginated/", headers={"Range": "items=0-1"})
    assert (len(answer.json()["results"]), answer.get("X-Total-Count")) == (2, total)
    assert "Content-Range" not in answer


@pytest.mark.parametrize(
    ("asked", "found", "rows"),
    [
        ("notes=0-2", "notes 0-2/7", [0, 1, 2]),
        ("notes=3-5", "notes 3-5/7", [3, 4, 5]),
        ("zoo.Note=6-8", "zoo.Note 6-6/7", [6]),
        ("items=9-11", "items */7", []),
    ],
)
def test_a_range_of_rows_is_answered_with_content_range(
    asked: str, found: str, rows: list[int], client: Client
) -> None:
    answer = client.get("/api/zoo.Note/?order=rank", headers={"Range": asked})
    assert (answer.status_code, answer["Content-Range"], ranks(answer)) == (200, found, rows)


def test_a_page_in_the_address_counts_and_content_range_says_which_it_is(client: Client) -> None:
    answer = client.get("/api/zoo.Note/?order=rank&page=2&limit=2", headers={"Range": "notes=0-9"})
    assert (answer["Content-Range"], ranks(answer)) == ("notes 2-3/7", [2, 3])
    assert "Content-Range" not in client.get("/api/zoo.Note/?page=2&limit=2")


def test_a_range_is_cut_to_the_longest_page(client: Client) -> None:
    with throwaway():

        class Short(Binding):
            stream, model, max_page_size, ordering = "test.short", Note, 2, ("rank",)

        answer = client.get("/api/test.short/", headers={"Range": "notes=4-99"})
    assert (answer["Content-Range"], ranks(answer)) == ("notes 4-5/7", [4, 5])


def test_a_range_that_is_no_page_is_refused(client: Client) -> None:
    refused = client.get("/api/zoo.Note/", headers={"Range": "notes=1-3"})
    assert (refused.status_code, refused.json()["fields"]["range"][0]["code"]) == (400, "invalid")


@pytest.mark.parametrize("asked", ["bytes=0-2", "notes", "notes=2-1", "notes=-5", "notes=0-2,4-6", ""])
def test_what_is_no_range_of_rows_is_left_out_of_account(asked: str, client: Client) -> None:
    answer = client.get("/api/zoo.Note/?order=rank", headers={"Range": asked})
    assert (len(ranks(answer)), "Content-Range" in answer) == (7, False)


def test_a_row_has_no_range(client: Client) -> None:
    article = Article.objects.create(headline="x")
    for path in (f"/api/zoo.Article/{article.pk}/", "/api/no.Such/"):
        assert "Content-Range" not in client.get(path, headers={"Range": "articles=0-2"})


def link(answer: Any, rel: str) -> str | None:
    """Where a ``Link`` leads: ``</api/…?after=x>; rel="next"``."""
    found = [part.split(">")[0].strip(" <") for part in answer.get("Link", "").split(",") if f'rel="{rel}"' in part]
    return found[0].removeprefix("http://testserver") if found else None


def test_a_page_that_is_not_counted_names_the_next_and_no_total(client: Client) -> None:
    answer = client.get("/api/zoo.Note/?count=false&limit=3&page=2", headers={"Range": "notes=0-2"})
    assert (answer.json()["has_next"], "count" in answer.json()) == (True, False)
    assert "X-Total-Count" not in answer
    assert answer["Content-Range"] == "notes 3-5/*"
    assert link(answer, "next") == "/api/zoo.Note/?count=false&limit=3&page=3"
    assert link(answer, "prev") == "/api/zoo.Note/?count=false&limit=3&page=1"
    assert client.get("/api/zoo.Note/?count=estimate")["X-Total-Count"] == "7"
    assert client.get("/api/zoo.Note/?count=some").status_code == 400


def test_windows_by_places_are_walked_by_their_links_to_the_end_and_back(client: Client) -> None:
    address: str | None = "/api/zoo.Note/?after=&limit=3&order=-rank"
    seen, last = [], ""
    while address:
        answer = client.get(address)
        assert "X-Total-Count" not in answer
        seen.append(ranks(answer))
        last, address = address, link(answer, "next")
    assert seen == [[6, 5, 4], [3, 2, 1], [0]]
    back = link(client.get(last), "prev")
    assert back is not None
    assert "before=" in back
    assert "after=" not in back
    answer = client.get(back)
    assert ranks(answer) == [3, 2, 1]
    assert ranks(client.get(str(link(answer, "prev")))) == [6, 5, 4]
    assert ranks(client.get(str(link(answer, "next")))) == [0]
    assert link(client.get("/api/zoo.Note/?after=&limit=3"), "prev") is None
    assert link(client.get("/api/zoo.Note/?before=&limit=3"), "next") is None


def test_a_filter_named_as_a_cursor_is_reached_by_its_prefix(client: Client) -> None:
    refused = client.get("/api/zoo.Note/?filters.after=3")
    assert (refused.status_code, [*refused.json()["fields"]]) == (400, ["filters"])
