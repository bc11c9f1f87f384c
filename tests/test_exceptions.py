"""The one tree of errors: equal to spec/errors.json, and what an error object holds."""

import json
from typing import Any

import pytest

from channels_binding import exceptions
from channels_binding.exceptions import BindingError, Invalid, NotFound, Throttled, all_errors, unknown_names
from tests.schema import SPEC, problems

OURS = [kind for kind in all_errors() if kind.__module__ == exceptions.__name__]


def test_the_tree_and_the_contract_hold_the_same_codes_statuses_and_retries() -> None:
    contract = json.loads((SPEC / "errors.json").read_text())
    tree = {kind.code: {"status": kind.status, "retry": kind.retry} for kind in OURS}
    assert tree == contract
    assert list(tree) == list(contract), "the order of the tree is that of the contract"


def test_no_code_stands_for_two_classes() -> None:
    codes = [kind.code for kind in OURS]
    assert len(codes) == len(set(codes)) == 17


@pytest.mark.parametrize("kind", OURS)
def test_an_error_object_obeys_the_schema(kind: type[BindingError]) -> None:
    assert problems("error", kind().to_json()) == []
    fields = {"a": [{"code": "x", "message": "y"}]}
    assert problems("error", kind("Said.", fields=fields, ref="r", retry_after=1.5, limit=3).to_json()) == []


@pytest.mark.parametrize("kind", OURS)
def test_every_error_has_a_sentence_of_its_own(kind: type[BindingError]) -> None:
    error = kind()
    assert error.message == str(error) == kind.default_message
    assert error.message.rstrip().endswith((".", "later", "again"))
    assert kind("Another.").message == "Another."


def test_an_error_without_facts_holds_four_members() -> None:
    assert NotFound().to_json() == {"code": "not_found", "status": 404, "message": "Not found.", "retry": False}


def test_facts_stand_beside_the_members() -> None:
    assert Throttled(retry_after=0.5).to_json()["retry_after"] == 0.5


def test_an_error_at_one_field_names_it() -> None:
    expected: dict[str, Any] = {"order": [{"code": "unknown", "message": "No."}]}
    error = Invalid.field("order", "unknown", "No.")
    assert error.fields == expected
    assert error.to_json()["fields"] == expected
    assert error.message == "No."


def test_empty_field_errors_are_told_apart_from_none() -> None:
    assert "fields" not in Invalid().to_json()
    assert Invalid(fields={}).to_json()["fields"] == {}


def test_a_message_is_text_even_where_something_else_was_given() -> None:
    assert NotFound(7).message == "7"  # type: ignore[arg-type]


def test_names_that_are_not_known_are_answered_with_those_that_are() -> None:
    error = {"code": "unknown", "message": "Unknown. Possible: id, title."}
    assert unknown_names({"titel": 1, "id": 2}, ["id", "title"]) == {"titel": [error]}
    assert unknown_names(["a"], [], "No filter.")["a"][0]["message"] == "No filter."
    assert unknown_names(["id"], ["id"]) == {}
    assert len(unknown_names(map(str, range(1000)), [])) == 20
