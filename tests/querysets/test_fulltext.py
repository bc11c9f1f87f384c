"""Full text search where the database has it, and the same fields, searched plainly, where it has not."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import connection, models
from rest_framework.permissions import AllowAny

from channels_binding.consumers import Binding
from channels_binding.exceptions import Invalid
from channels_binding.querysets.fulltext import problem_of
from channels_binding.testing import BindingClient
from tests.conftest import Connect
from tests.project.zoo.models import Note

pytestmark = pytest.mark.django_db
on_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="it is PostgreSQL's")


class TextNote(Binding):
    stream = "tests.TextNote"
    model = Note
    fields = ("id", "title", "rank")
    permission_classes = (AllowAny,)
    search_vector = {"title": "A", "parent__title": "C"}
    search_config = "english"


def found(query: str, **data: Any) -> list[str]:
    rows = BindingClient(get_user_model()(pk=1, username="ann")).call(
        "tests.TextNote.search", {"query": query, **data}
    )["rows"]
    return [row["title"] for row in rows]


@pytest.fixture
def notes() -> None:
    tree = Note.objects.create(title="An oak tree", rank=1)
    Note.objects.create(title="Leaves", rank=2, parent=tree)
    Note.objects.create(title="Trees, trees and a tree", rank=3)
    Note.objects.create(title="A stone", rank=4)


def test_every_word_is_looked_for_in_all_of_the_fields(notes: None) -> None:
    assert found("oak", order="rank") == ["An oak tree", "Leaves"]
    assert found("stone") == ["A stone"]
    assert found("nothing like it") == []
    assert len(found("")) == len(found("  ")) == 4


@on_postgres
def test_words_have_forms_and_the_best_row_comes_first(notes: None) -> None:
    assert found("tree") == ["Trees, trees and a tree", "An oak tree", "Leaves"]
    assert found("tree", order="-rank") == ["Trees, trees and a tree", "Leaves", "An oak tree"]
    assert found("tree -oak") == ["Trees, trees and a tree"]
    assert found('"oak tree" or stone', order="rank") == ["An oak tree", "Leaves", "A stone"]
    assert found("stones") == ["A stone"]


@on_postgres
def test_windows_by_cursors_keep_the_order_of_the_list(notes: None) -> None:
    assert found("tree", after="", order="rank", limit=2) == ["An oak tree", "Leaves"]


@pytest.mark.parametrize("query", [7, ["x"], "x" * 100_000, "\x00"])
def test_what_is_no_text_is_refused(query: Any, notes: None) -> None:
    with pytest.raises(Invalid):
        found(query)


@pytest.mark.parametrize("query", ["'", '"', "-", "or", "& | !", ":*", "\\", "%", "🌳 tree"])
def test_whatever_is_typed_is_an_answer(query: str, notes: None) -> None:
    assert isinstance(found(query), list)


async def test_a_row_that_begins_to_match_comes_in(connect: Connect, user: Any, transactional_db: None) -> None:
    stone = await Note.objects.acreate(title="A stone")
    await Note.objects.acreate(title="An oak tree")
    socket = await connect(user)
    shown = await socket.live("tests.TextNote.search#t", {"query": "tree"})
    assert len(shown.rows) == 1
    stone.title = "A tree of stone"
    await sync_to_async(stone.save)()
    await socket.assert_live(shown)
    assert len(shown.rows) == 2


@pytest.mark.parametrize(
    ("vector", "said"),
    [
        ({"title": "A", "parent__title": "D"}, None),
        ({"title": "E"}, "none of A, B, C and D"),
        ({"nothing": "A"}, "leads to many rows, or nowhere"),
        ({"labels__name": "A"}, "leads to many rows, or nowhere"),
        ("title", "no SearchVectorField"),
        ("nothing", "no SearchVectorField"),
        (("title",), "neither"),
    ],
)
def test_a_wrong_declaration_is_told(vector: Any, said: str | None) -> None:
    problem = problem_of(Note, vector)
    assert problem is None if said is None else said in str(problem)
    assert issubclass(Note, models.Model)
