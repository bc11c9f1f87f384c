"""The AsyncAPI document: as its own schema wants it, and as the conversations of spec/ go."""
# ruff: noqa: E501 (tables are read across)

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from jsonschema import Draft7Validator, Draft202012Validator
from rest_framework.test import APIRequestFactory

from channels_binding.contract.asyncapi import OF_ALL, document
from channels_binding.registry import registry

SCHEMA = Path(__file__).parents[2] / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0.json"


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    request: Any = APIRequestFactory().get("/")
    request.user = get_user_model()(username="ann", pk=1)
    return document(request)


def payload(whole: dict[str, Any], name: str) -> Draft202012Validator:
    return Draft202012Validator({**messages(whole)[name]["payload"], "components": whole["components"]})


def messages(whole: dict[str, Any]) -> dict[str, Any]:
    return {name: each for channel in whole["channels"].values() for name, each in channel["messages"].items()}


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own | {each for member in value.values() for each in references(member)}
    return {each for member in value for each in references(member)} if isinstance(value, list) else set()


def test_it_is_what_the_schema_of_asyncapi_3_wants(whole: dict[str, Any]) -> None:
    assert SCHEMA.exists(), "npm ci"
    # The schemas of payloads are judged by their own dialect below: AsyncAPI's file knows JSON Schema's draft 7 only.
    channels = {
        name: {**each, "messages": {inner: {**message, "payload": {}} for inner, message in each["messages"].items()}}
        for name, each in whole["channels"].items()
    }
    bare = {**whole, "channels": channels, "components": {}}
    problems = [
        f"{error.json_path}: {error.message}"[:300]
        for error in Draft7Validator(json.loads(SCHEMA.read_text())).iter_errors(bare)
    ]
    assert problems == []


def test_every_schema_is_one_and_every_reference_leads_somewhere(whole: dict[str, Any]) -> None:
    for schema in whole["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    known = {f"#/components/schemas/{name}" for name in whole["components"]["schemas"]}
    known |= {f"#/channels/{name}" for name in whole["channels"]}
    assert references(whole) <= known


def test_a_document_grows_by_its_streams_and_not_by_their_square(whole: dict[str, Any]) -> None:
    """Tools read an operation with its whole channel: @asyncapi/parser took minutes where all messages were in one."""
    assert all(len(channel["messages"]) == 1 for name, channel in whole["channels"].items() if name != "live")
    channels = [operation["channel"]["$ref"] for operation in whole["operations"].values()]
    assert len(channels) == len({*channels})


def test_every_action_of_every_stream_is_an_operation_with_its_reply(whole: dict[str, Any]) -> None:
    for cls in registry:
        for name in cls.get_actions():
            operation = whole["operations"][f"{cls.get_stream()}.{name}"]
            assert operation["action"] == "receive"
            reply = operation["reply"]["channel"]["$ref"].rpartition("/")[2]
            assert reply == (f"cb.{name}.reply" if name in OF_ALL else f"{cls.get_stream()}.{name}.reply")
            assert [*whole["channels"][reply]["messages"]] == [reply]


@pytest.mark.parametrize(
    ("message", "is_valid"),
    [
        ({"event": "zoo.Note.search#h1", "id": 7, "data": {"filters": {"done": True, "rank__in": [1]}, "order": "-rank", "limit": 3}}, True),
        ({"event": "zoo.Note.search", "data": {"order": ["rank", "-title"], "fields": ["title"], "labels": True, "live": False}}, True),
        ({"event": "zoo.Note.search", "data": {"filters": {"secret_code": "x"}}}, False),
        ({"event": "zoo.Note.search", "data": {"order": "secret_code"}}, False),
        ({"event": "zoo.Note.search", "data": {"page": 2**31 - 1, "limit": 2**31}}, True),
        ({"event": "zoo.Note.search", "data": {"page": 2**31}}, False),
        ({"event": "zoo.Note.searches"}, False),
        ({"event": "zoo-Note.search"}, False),
    ],
)  # fmt: skip
def test_a_call_is_told_from_what_is_none(message: Any, is_valid: bool, whole: dict[str, Any]) -> None:
    assert payload(whole, "zoo.Note.search").is_valid(message) is is_valid


def test_writes_take_the_key_beside_the_fields(whole: dict[str, Any]) -> None:
    update = payload(whole, "zoo.Note.update")
    assert update.is_valid({"event": "zoo.Note.update", "data": {"id": 7, "title": "x"}, "if": "a1"})
    assert not update.is_valid({"event": "zoo.Note.update", "data": {"title": "x"}})
    assert not update.is_valid({"event": "zoo.Note.update", "data": {"id": 7, "secret_code": "x"}})


@pytest.mark.parametrize(
    ("event", "data", "is_valid"),
    [
        ("zoo.Article.update", {"ids": [1, 2], "headline": "x"}, True),
        ("zoo.Article.update", {"id": 1, "headline": "x"}, True),
        ("zoo.Article.update", {"id": 1, "ids": [1], "headline": "x"}, False),
        ("zoo.Article.update", {"headline": "x"}, False),
        ("zoo.Article.delete", {"ids": [1, 2]}, True),
        ("zoo.Article.delete", {"id": 1}, True),
        ("zoo.Article.delete", {"ids": []}, False),
        ("zoo.Article.delete", None, False),
        ("zoo.Note.delete", {"ids": [1, 2]}, False),
        ("zoo.Note.update", {"ids": [1, 2], "title": "x"}, False),
    ],
)  # fmt: skip
def test_several_rows_are_written_at_once_where_the_binding_has_bulk(
    event: str, data: Any, is_valid: bool, whole: dict[str, Any]
) -> None:
    message = {"event": event} if data is None else {"event": event, "data": data}
    assert payload(whole, event).is_valid(message) is is_valid


def test_what_several_rows_are_answered_with_is_documented(whole: dict[str, Any]) -> None:
    answer = {"success": True, "results": [{"id": 1, "success": True}]}
    assert payload(whole, "zoo.Article.delete.reply").is_valid({"event": "zoo.Article.delete", "id": 1, "data": answer})
    assert not payload(whole, "zoo.Note.delete.reply").is_valid({"event": "zoo.Note.delete", "id": 1, "data": answer})


def test_the_answers_are_those_of_the_streams(whole: dict[str, Any]) -> None:
    reply = payload(whole, "zoo.Label.search.reply")
    page = {"page": 1, "limit": 25, "count": 1, "order": None, "rows": [{"id": 1, "name": "x"}]}
    assert reply.is_valid({"event": "zoo.Label.search", "id": 1, "data": page})
    assert not reply.is_valid({"event": "zoo.Label.search", "id": 1, "data": {**page, "rows": [{"id": 1, "name": 5}]}})


def test_rooms_are_there_where_a_stream_offers_them(whole: dict[str, Any]) -> None:
    channels = set(whole["channels"])
    assert {"zoo.Note.presence", "zoo.lobby.presence"} <= channels
    assert "zoo.Label.presence" not in channels
    assert payload(whole, "zoo.lobby.presence").is_valid(
        {"event": "zoo.lobby.presence", "data": {"id": "a", "meta": {}}}
    )
