"""The routes of a stream in the OpenAPI document: what they take, and only what a binding offers."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.test import APIRequestFactory

from channels_binding.bindings import AsyncBinding, bind
from channels_binding.contract.openapi import document
from channels_binding.contract.spectacular_fixes import LARGEST
from channels_binding.protocol.codecs import SAFE_INTEGER
from channels_binding.querysets.pages import MAX_PAGE
from tests.project.zoo.models import Note
from tests.throwaway import throwaway


def address(name: str, *args: str) -> str:
    return "/".join(["", name, *args, ""])


def made() -> dict[str, Any]:
    request: Any = APIRequestFactory().get("/")
    request.user = get_user_model()(username="ann", pk=1)
    return document(request, address, lambda stream: [SessionAuthentication()])


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    return made()


def test_reads_have_an_etag_and_writes_take_one(whole: dict[str, Any]) -> None:
    row = whole["paths"]["/row/zoo.Note/{id}"]
    assert "ETag" in row["get"]["responses"]["200"]["headers"]
    assert "304" in row["get"]["responses"]
    names = {each["name"] for each in row["patch"]["parameters"]}
    assert {"id", "If-Match", "Idempotency-Key"} <= names
    assert "412" in row["patch"]["responses"]
    assert "Location" in whole["paths"]["/stream/zoo.Note"]["post"]["responses"]["201"]["headers"]


def test_a_filter_of_a_reserved_name_has_its_prefix(whole: dict[str, Any]) -> None:
    parameters = {each["name"]: each for each in whole["paths"]["/stream/zoo.Note"]["get"]["parameters"]}
    assert parameters["labels"]["schema"] == {"type": "boolean"}
    assert parameters["filters.labels"]["explode"] is True
    assert parameters["rank__in"]["explode"] is False
    assert "-rank" in parameters["order"]["schema"]["items"]["enum"]


def test_what_a_page_and_the_keys_of_several_rows_may_be_is_bounded(whole: dict[str, Any]) -> None:
    parameters = {each["name"]: each["schema"] for each in whole["paths"]["/stream/zoo.Note"]["get"]["parameters"]}
    assert parameters["page"]["maximum"] == MAX_PAGE
    deleted = whole["paths"]["/stream/zoo.Article"]["delete"]["parameters"][0]["schema"]["items"]
    assert (deleted["minimum"], deleted["maximum"]) == (-SAFE_INTEGER, SAFE_INTEGER)
    body = whole["paths"]["/stream/zoo.Article"]["patch"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["ids"]["items"] == {"type": "integer", "minimum": -LARGEST, "maximum": LARGEST}


def test_an_address_that_is_too_long_is_refused_by_the_server_in_front(whole: dict[str, Any]) -> None:
    for stream, method in (("zoo.Note", "get"), ("zoo.PagedNote", "get"), ("zoo.Article", "delete")):
        answers = whole["paths"][f"/stream/{stream}"][method]["responses"]
        assert "content" not in answers["414"]  # in whatever words that server has
    assert "414" not in whole["paths"]["/row/zoo.Note/{id}"]["get"]["responses"]


def test_a_stream_without_a_model_has_its_events_alone(whole: dict[str, Any]) -> None:
    paths = {path: item for path, item in whole["paths"].items() if "custom_stream" in path}
    assert list(paths) == ["/row/custom_stream/custom_event"]
    assert list(paths["/row/custom_stream/custom_event"]) == ["post"]


@pytest.mark.backends
def test_only_what_a_binding_offers_is_there() -> None:
    with throwaway():

        class Reader(AsyncBinding):
            stream = "openapi.Reader"
            model = Note
            fields = ("id", "title")
            actions = ("search", "retrieve")

        paths = {path: list(item) for path, item in made()["paths"].items() if "openapi.Reader" in path}
    assert paths == {"/stream/openapi.Reader": ["get"], "/row/openapi.Reader/{id}": ["get"]}


@pytest.mark.backends
def test_an_event_that_signs_people_in_needs_nobody_to_be_signed_in() -> None:
    with throwaway():

        class Account(AsyncBinding):
            stream = "test.account"

            @bind(permission_classes=[AllowAny])
            async def sign_in(self, data: Any) -> Any: ...

            @bind
            async def sign_out(self, data: Any) -> Any: ...

        paths = made()["paths"]
    assert paths[address("row", "test.account", "sign_in").removesuffix("/")]["post"]["security"] == [
        {"cookieAuth": []},
        {},
    ]
    assert paths[address("row", "test.account", "sign_out").removesuffix("/")]["post"]["security"] == [
        {"cookieAuth": []}
    ]
