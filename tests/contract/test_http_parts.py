"""Parts of operations: answers, refusals, headers and parameters."""

import pytest
from rest_framework.pagination import LimitOffsetPagination, PageNumberPagination

from channels_binding.contract import http_parts
from channels_binding.contract.json_schema import FilterShape


def test_a_read_has_one_media_type_and_its_version() -> None:
    answer = http_parts.reading({"type": "object"}, Link={"schema": {}})
    assert answer["content"] == {"application/json": {"schema": {"type": "object"}}}
    assert {*answer["headers"]} == {"ETag", "Link"}


@pytest.mark.parametrize(("code", "header"), [(401, "WWW-Authenticate"), (429, "Retry-After"), (404, None)])
def test_a_refusal_has_the_words_of_its_status_and_its_header(code: int, header: str | None) -> None:
    refusal = http_parts.refusal(code)
    assert refusal["description"] == http_parts.ERRORS[code]
    assert [*refusal.get("headers", {})] == ([] if header is None else [header])


def test_several_values_are_joined_or_repeated() -> None:
    numbers = {"type": "array", "items": {"type": "integer"}}
    joined = http_parts.filter_parameter(FilterShape("rank__in", numbers, is_joined=True))
    assert (joined["name"], joined["style"], joined["explode"]) == ("rank__in", "form", False)
    assert http_parts.filter_parameter(FilterShape("labels", numbers))["name"] == "filters.labels"
    assert http_parts.filter_parameter(FilterShape("done", {"type": "boolean"})).keys() == {"name", "in", "schema"}


def test_what_is_wrong_in_drf_s_parameters_is_ignored_but_for_the_page() -> None:
    pages, offsets = PageNumberPagination(), LimitOffsetPagination()
    page, limit = {"name": "page", "schema": {"type": "integer"}}, {"name": "limit", "schema": {"type": "integer"}}
    assert http_parts.of_paginator(pages, page) == page
    assert http_parts.of_paginator(offsets, limit) == {"name": "limit", "schema": {}}


def test_drf_s_pages_say_null_as_json_schema_does() -> None:
    page = PageNumberPagination().get_paginated_response_schema({"type": "array", "items": {}})
    following = http_parts.as_json_schema(page)["properties"]["next"]
    assert (following["type"], "nullable" in following) == (["string", "null"], False)


def test_no_body_is_needed_where_nothing_is_required() -> None:
    body = http_parts.body({"type": "object"}, "multipart/form-data")
    assert (body["required"], [*body["content"]]) == (False, ["application/json", "multipart/form-data"])
