"""Where the words of a search stand: plain text and what was found by turns."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import connection
from rest_framework import serializers
from rest_framework.permissions import AllowAny

from channels_binding.consumers import Binding
from channels_binding.exceptions import Invalid
from channels_binding.querysets.highlights import MAX_TEXT_LENGTH, WHOLE_LENGTH, in_full_text, in_words
from channels_binding.testing import BindingClient
from tests.conftest import Connect
from tests.project.zoo.models import Note

on_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="it is PostgreSQL's")


@pytest.mark.parametrize(
    ("text", "words", "parts"),
    [
        ("An oak table", ["oak"], ["An ", "oak", " table"]),
        ("An OAK table", ["oak"], ["An ", "OAK", " table"]),
        ("oak", ["oak"], ["", "oak", ""]),
        ("oakoak", ["oak"], ["", "oakoak", ""]),
        ("oak and elm", ["elm", "oak"], ["", "oak", " and ", "elm", ""]),
        ("An oak table", ["an oak", "oak t"], ["", "An oak t", "able"]),
        ("A stone", ["oak"], []),
        ("", ["oak"], []),
        ("oak", [""], []),
        ("İstanbul oak", ["oak"], ["İstanbul ", "oak", ""]),
        ("<b>oak</b>", ["oak"], ["<b>", "oak", "</b>"]),
    ],
)
def test_words_are_found_in_upper_and_lower_case(text: str, words: list[str], parts: list[str]) -> None:
    assert in_words([text], words) == [parts]
    assert not parts or "".join(parts) == text


def test_of_a_long_text_it_is_what_stands_around_the_words() -> None:
    text = f"{'a ' * 500}oak{' b' * 500} oak {'c ' * 500}"
    (parts,) = in_words([text], ["oak"])
    assert parts[1] == parts[3] == "oak"
    assert parts[0].startswith("…a")
    assert parts[2].count("…") == 1
    assert parts[4].endswith("c…")
    assert len("".join(parts)) <= WHOLE_LENGTH
    (many,) = in_words(["oak b " * 1000], ["oak"])
    assert WHOLE_LENGTH / 2 < len("".join(many)) <= WHOLE_LENGTH
    assert len(many) % 2 == 1
    assert in_words([f"{'x' * MAX_TEXT_LENGTH}oak"], ["oak"]) == [[]]


@pytest.mark.parametrize("words", [["a"] * 100, ["a" * length for length in range(1, 20)]], ids=["one", "several"])
def test_a_text_that_is_nothing_but_the_words_is_cut_as_well(words: list[str]) -> None:
    """Anybody may write such a text and ask for such words: what is looked for ends where no more can be shown."""
    (parts,) = in_words(["a" * MAX_TEXT_LENGTH], words)
    assert WHOLE_LENGTH <= len("".join(parts)) <= 2 * WHOLE_LENGTH


@on_postgres
@pytest.mark.django_db
def test_a_text_that_holds_the_whole_private_area_spoils_nothing() -> None:
    private = "".join(map(chr, range(0xE000, 0xF900)))
    found = in_full_text([f"table {private}", "a table"], "table", "english", "default")
    assert found[0][:2] == ["", "table"]
    assert found[1] == ["a ", "table", ""]


@on_postgres
@pytest.mark.django_db
def test_full_text_is_found_in_any_form() -> None:
    texts = [
        "An oak table, two tables",
        "a stone",
        "\x00 \ue000 tables \ud800",
        f"{'word ' * 2000}table{' word' * 2000}",
        "",
        "it's 100% table",
    ]
    found = in_full_text(texts, '"oak tables" or table', "english", "default")
    assert found[0] == ["An ", "oak", " ", "table", ", two ", "tables", ""]
    assert found[1] == found[4] == []
    assert found[2] == ["\ufffd \ue000 ", "tables", " ?"]
    assert found[3][1] == "table"
    assert len("".join(found[3])) <= WHOLE_LENGTH
    assert found[5] == ["it's 100% ", "table", ""]
    assert in_full_text(texts, "-", None, "default") == [[]] * 6


class Title(serializers.CharField):
    """The beginning of a text, for whom the rest is nobody's."""

    def to_representation(self, value: Any) -> str:
        return str(value)[:6]


class OfNote(serializers.ModelSerializer[Note]):
    title = Title()
    above = serializers.CharField(source="parent.title", default="", read_only=True)

    class Meta:
        model = Note
        fields = ("id", "title", "above", "rank")


class MarkedNote(Binding):
    stream = "tests.MarkedNote"
    model = Note
    serializer_class = OfNote
    permission_classes = (AllowAny,)
    search_fields = ("^title", "parent__title", "rank")
    ordering = ("id",)


class RankedNote(MarkedNote):
    stream = "tests.RankedNote"
    search_vector = {"title": "A", "parent__title": "B"}
    search_config = "english"


@pytest.fixture
def notes(db: None) -> list[str]:
    tree = Note.objects.create(title="An oak hides a secret oak", rank=7)
    leaf = Note.objects.create(title="Leaves", rank=2, parent=tree)
    return [str(tree.pk), str(leaf.pk)]


def marks(stream: str, data: dict[str, Any], action: str = "search") -> Any:
    return BindingClient(get_user_model()(pk=1, username="ann")).call(f"{stream}.{action}", data).get("highlights")


@pytest.mark.parametrize("stream", ["tests.MarkedNote", "tests.RankedNote"])
def test_what_a_row_does_not_show_is_not_told(stream: str, notes: list[str]) -> None:
    tree, leaf = notes
    found = marks(stream, {"query": "an oak" if stream == "tests.MarkedNote" else "oak", "highlight": True})
    above = "".join(found[leaf]["above"])
    assert above == "An oak hides a secret oak"
    assert "title" not in found[leaf]
    assert "".join(found.get(tree, {}).get("title", ["An oak"])) == "An oak"
    assert marks(stream, {"query": "secret", "highlight": True, "fields": ["title"]}) == {}


def test_it_is_there_where_it_is_asked_for(notes: list[str]) -> None:
    _tree, leaf = notes
    assert marks("tests.MarkedNote", {"query": "leav"}) is None
    assert marks("tests.MarkedNote", {"query": "leav", "highlight": False}) is None
    assert marks("tests.MarkedNote", {"highlight": True}) == {}
    assert marks("tests.MarkedNote", {"query": "leav", "highlight": True}, "list") == {
        leaf: {"title": ["", "Leav", "es"]}
    }
    assert marks("tests.MarkedNote", {"query": "leav", "highlight": True, "after": ""}) == {
        leaf: {"title": ["", "Leav", "es"]}
    }
    assert marks("tests.MarkedNote", {"query": "7", "highlight": True}) == {}, "a number is no text"
    with pytest.raises(Invalid):
        marks("tests.MarkedNote", {"id": leaf, "highlight": True}, "retrieve")


def test_a_query_string_asks_for_it(client: Any, notes: list[str]) -> None:
    client.force_login(get_user_model().objects.create(username="ann"))
    answer = client.get("/api/tests.MarkedNote/?query=leav&highlight=true")
    assert answer.json()["highlights"] == {notes[1]: {"title": ["", "Leav", "es"]}}
    assert client.get("/api/tests.MarkedNote/?query=leav&highlight=maybe").status_code == 400


async def test_they_stay_live(connect: Connect, user: Any, transactional_db: None) -> None:
    note = await Note.objects.acreate(title="Oak tree")
    socket = await connect(user)
    shown = await socket.live("tests.RankedNote.search#t", {"query": "oak", "highlight": True})
    assert shown.beside["highlights"][str(note.pk)]["title"] == ["", "Oak", " tr"]
    note.title = "Oak"
    await sync_to_async(note.save)()
    await socket.assert_live(shown)
    assert shown.beside["highlights"][str(note.pk)]["title"] == ["", "Oak", ""]
