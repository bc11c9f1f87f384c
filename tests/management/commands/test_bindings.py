"""``manage.py bindings`` shows what there is."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command


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
    assert described["live reads"] == "each user reads alone"
    assert "update" in described["actions"]
    (shared,) = json.loads(shown("zoo.Note", "--json"))
    assert shared["live reads"] == "all signed-in users share one reading"
    assert "title__icontains" in shared["filters"]


def test_an_unknown_stream_names_the_known_ones() -> None:
    with pytest.raises(CommandError, match=r"zoo\.Note"):
        shown("no.Such")
