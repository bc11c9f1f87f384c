"""What a query string and a body ask for."""

from io import BytesIO
from typing import Any

import pytest
from django.http import QueryDict

from channels_binding.calls import Reading, Row
from channels_binding.exceptions import BadRequest, BindingError, Invalid
from channels_binding.rest.http import (
    WireParser,
    WireRenderer,
    aggregate_data,
    body_data,
    idempotency_key,
    ids_asked,
    is_json,
    is_known,
    matched_version,
    read_data,
    search_data,
)


def test_a_query_string_is_split_into_words_of_a_search_and_filters() -> None:
    data = search_data(QueryDict("status=open&order=-amount&page=2&tags=1&tags=2&format=json"))
    assert (data["order"], data["page"]) == ("-amount", "2")
    assert data["filters"].getlist("tags") == ["1", "2"]
    assert "format" not in data["filters"]


def test_a_query_string_of_an_aggregate_names_measures_and_groups() -> None:
    query = QueryDict(
        "measures=count,sum:price&by=status&done=true&filters.by=3&order=-count&limit=5&labels=1&tenant=7"
    )
    data = aggregate_data(query, ("tenant",))
    assert {name: value for name, value in data.items() if name != "filters"} == {
        "measures": ["count", "sum:price"],
        "by": ["status"],
        "order": "-count",
        "limit": "5",
        "labels": True,
        "params": {"tenant": "7"},
    }
    assert data["filters"].dict() == {"done": "true", "by": "3"}
    assert {"page", "count", "ids"} <= {*aggregate_data(QueryDict("page=2&count=0&ids=1"))}, "to be refused by name"
    assert search_data(QueryDict("by=3"))["filters"].dict() == {"by": "3"}, "a search has no such words"


@pytest.mark.parametrize(
    ("query", "data"),
    [
        ("", {}),
        ("fields=a,b", {"fields": ["a", "b"]}),
        ("labels=true", {"labels": True}),
        ("labels=1", {"labels": True}),
        ("labels=0", {"labels": False}),
    ],
)
def test_reads_take_fields_and_labels(query: str, data: object) -> None:
    assert read_data(QueryDict(query)) == data


def test_labels_that_are_neither_true_nor_false_are_refused() -> None:
    with pytest.raises(Invalid):
        read_data(QueryDict("labels=no"))


def test_a_filter_of_a_reserved_name_is_reached_by_a_prefix() -> None:
    data = search_data(QueryDict("labels=1&filters.labels=3&rank=2"))
    assert data["labels"] is True
    assert data["filters"].dict() == {"labels": "3", "rank": "2"}


@pytest.mark.parametrize(
    ("header", "version"), [(None, None), ('"a1"', "a1"), ('W/"a1"', "a1"), ("*", None), ("a1", "a1")]
)
def test_if_match_names_a_version_or_any(header: str | None, version: str | None) -> None:
    assert matched_version(header) == version


@pytest.mark.parametrize(
    ("header", "known"), [('"a"', True), ('"b", W/"a"', True), ("*", True), ('"b"', False), ("", False)]
)
def test_if_none_match_names_tags_or_any(header: str, known: bool) -> None:
    assert is_known('"a"', header) is known


def test_an_idempotency_key_is_neither_empty_nor_endless() -> None:
    assert idempotency_key(None) is None
    assert idempotency_key("k" * 255) == "k" * 255
    for wrong in ("", "k" * 256):
        with pytest.raises(BadRequest):
            idempotency_key(wrong)


def test_form_fields_become_plain_data_and_lists_stay_lists() -> None:
    assert body_data(QueryDict("a=1&b=2&b=3&f=x"), {"f": object()}) == {"a": "1", "b": ["2", "3"]}
    assert body_data({"a": [1]}, {}) == {"a": [1]}


def test_a_reading_brings_its_own_bytes() -> None:
    reading = Reading((Row.of(1, {"id": 1}),), {"count": 1})
    assert WireRenderer().render(reading) == b'{"count":1,"rows":[{"id":1}]}'
    assert WireRenderer().render({"big": 2**60}) == b'{"big":"1152921504606846976"}'
    assert WireRenderer().render(None) == b""


def test_a_body_is_an_object_and_as_strict_as_on_the_socket() -> None:
    assert WireParser().parse(BytesIO(b'{"a": 1}')) == {"a": 1}
    assert WireParser().parse(BytesIO(b"")) == {}
    for wrong in (b"[1]", b'"x"', b"{", b'{"a": NaN}'):
        with pytest.raises(BadRequest):
            WireParser().parse(BytesIO(wrong))


def test_no_more_is_read_of_a_body_than_it_may_hold(settings: Any) -> None:
    settings.CHANNELS_BINDING = {"MAX_FRAME_BYTES": 100}
    endless = BytesIO(b'{"a": "' + b"x" * 10_000 + b'"}')
    with pytest.raises(BindingError) as refused:
        WireParser().parse(endless)
    assert refused.value.code == "too_large"
    assert endless.tell() == 101


@pytest.mark.parametrize(
    ("query", "are_composite", "ids"),
    [
        ("page=1", False, None),
        ("ids=7,9", False, ["7", "9"]),
        ("ids=7&ids=9", False, ["7", "9"]),
        ("ids=", False, []),
        ("ids=A,7&ids=B,9", True, ["A,7", "B,9"]),
    ],
)
def test_rows_are_asked_for_by_several_keys(query: str, are_composite: bool, ids: object) -> None:
    assert ids_asked(QueryDict(query), are_composite=are_composite) == ids


def test_what_a_binding_takes_by_its_own_names_is_no_filter() -> None:
    data = search_data(QueryDict("tenant=3&tag=a&tag=b&rank=1&extra=x"), {"extra"}, ("tenant", "tag"))
    assert data.pop("filters").dict() == {"rank": "1"}
    assert data == {"params": {"tenant": "3", "tag": ["a", "b"]}}


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [("application/json", True), ("Application/JSON; charset=utf-8", True), ("text/plain", False), ("", False)],
)
def test_json_is_known_by_its_media_type(content_type: str, expected: bool) -> None:
    assert is_json(content_type) is expected
