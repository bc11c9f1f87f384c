"""``manage.py bindings`` shows what there is."""

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from tests.live.identity.test_checks import GroupNoteBinding


def shown(*arguments: str) -> str:
    out = StringIO()
    call_command("bindings", *arguments, stdout=out)
    return out.getvalue()


def test_every_stream_is_shown_with_what_it_offers() -> None:
    text = shown()
    assert "zoo.OwnNote  (tests.project.zoo.bindings.notes.OwnNoteBinding)" in text
    assert "custom_stream" in text


def test_one_stream_is_shown_in_full() -> None:
    (described,) = json.loads(shown("zoo.OwnNote", "--json"))
    assert described["fields"] == ["id (read only)", "title", "rank", "owner (read only)"]
    assert described["filters"] == ["rank__gte"]
    assert described["live reads"] == "each caller reads alone: get_queryset() is OwnNoteBinding's own"
    assert "update" in described["actions"]
    (shared,) = json.loads(shown("zoo.Note", "--json"))
    assert shared["live reads"] == "all who are let in"
    assert "title__icontains" in shared["filters"]


def test_an_unknown_stream_names_the_known_ones() -> None:
    with pytest.raises(CommandError, match=r"zoo\.Note"):
        shown("no.Such")


@pytest.fixture
def ann(db: None) -> Any:
    return get_user_model().objects.create_user("ann")


def test_a_user_that_there_is_not_is_named_by_what_they_sign_in_with(db: None) -> None:
    with pytest.raises(CommandError, match=r"^There is no user whose username is 'nobody'\.$"):
        shown("zoo.Note", "--explain", "--user", "nobody")


def explained(stream: str, **data: Any) -> dict[str, Any]:
    (found,) = json.loads(shown(stream, "--explain", "--json", "--user", "ann", "--data", json.dumps(data)))
    return dict(found)


def test_how_a_change_finds_a_list_is_explained(ann: Any) -> None:
    found = explained("zoo.Note", filters={"done": True, "labels__name": "x"})
    assert (found["audience"], found["shared by"]) == ("('all',)", "all who are let in")
    assert found["any change of"] == ["zoo.Label", "zoo.Note_labels"]
    assert found["a row"].startswith("every change runs the list again: its rows depend on others of zoo.Note")
    assert {"done: by value", "rank__in: by value", "rank__gte: by value"} <= {*found["filters"]}
    assert "labels: the database is asked" in found["filters"]


def test_who_shares_a_list_and_why_not_is_explained(ann: Any) -> None:
    alone = explained("zoo.Note", labels=True)["shared by"]
    assert alone == "each caller reads alone: labels are what Label.__str__() says"
    assert explained(GroupNoteBinding.stream)["shared by"] == "those of whom get_audience() says the same"


def test_what_rows_have_in_common_is_told(ann: Any) -> None:
    assert explained("zoo.Note", filters={"done": True})["a row"].endswith("by value (done in ['True'])")
    assert "up to 100 lists in one statement" in explained("zoo.Note")["a row"]
    assert explained("zoo.OwnNote")["a row"].endswith(f"by value (owner_id in ['{ann.pk}'])")


def test_a_stream_that_cannot_be_explained_says_why(ann: Any) -> None:
    assert explained("custom_stream")["matched"] == "it has no lists"
    assert explained("zoo.Note", filters={"nope": 1})["refused"] == "The filters are not valid. (invalid)"
    nobody = shown("zoo.Note", "--explain")
    assert "Sign in first. (unauthenticated): asked as nobody in particular. --user NAME says as whom." in nobody


@pytest.mark.parametrize("arguments", [("--user", "nobody"), ("--user", "ann", "--data", "{")])
def test_an_unknown_user_and_odd_data_are_told(ann: Any, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        shown("zoo.Note", "--explain", *arguments)
