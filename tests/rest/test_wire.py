"""What a query string and a body ask for."""

import pytest
from django.http import QueryDict

from channels_binding.calls import Reading, Row
from channels_binding.rest.wire import WireRenderer, body_data, read_data, search_data


def test_a_query_string_is_split_into_words_of_a_search_and_filters() -> None:
    data = search_data(QueryDict("status=open&order=-amount&page=2&tags=1&tags=2&format=json"))
    assert (data["order"], data["page"]) == ("-amount", "2")
    assert data["filters"].getlist("tags") == ["1", "2"]
    assert "format" not in data["filters"]


@pytest.mark.parametrize(
    ("query", "data"),
    [
        ("", {}),
        ("fields=a,b", {"fields": ["a", "b"]}),
        ("labels=true", {"labels": True}),
        ("labels=1", {"labels": True}),
        ("labels=no", {}),
    ],
)
def test_reads_take_fields_and_labels(query: str, data: object) -> None:
    assert read_data(QueryDict(query)) == data


def test_form_fields_become_plain_data_and_lists_stay_lists() -> None:
    assert body_data(QueryDict("a=1&b=2&b=3&f=x"), {"f": object()}) == {"a": "1", "b": ["2", "3"]}
    assert body_data({"a": [1]}, {}) == {"a": [1]}


def test_a_reading_brings_its_own_bytes() -> None:
    reading = Reading((Row.of(1, {"id": 1}),), {"count": 1})
    assert WireRenderer().render(reading) == b'{"count":1,"rows":[{"id":1}]}'
    assert WireRenderer().render({"big": 2**60}) == b'{"big":"1152921504606846976"}'
    assert WireRenderer().render(None) == b""
