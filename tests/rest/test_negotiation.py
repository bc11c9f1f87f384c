"""Which renderer answers is REST framework's choice, remembered."""

from typing import Any

import pytest
from django.http import HttpRequest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from channels_binding.rest import negotiation
from channels_binding.rest.events import EventStreamRenderer
from channels_binding.rest.http import WireRenderer
from channels_binding.rest.negotiation import RememberingNegotiation

KINDS = (WireRenderer, BrowsableAPIRenderer, EventStreamRenderer)
TOKENS = [
    *(
        "application/json",
        "application/json; indent=4",
        "*/*",
        "text/html;q=0.9",
        "text/*",
        "text/event-stream",
        "image/png",
    ),
    *("", " ", "json", "*/json", "APPLICATION/JSON", "a" * 300),
]


def chosen(kind: Any, accept: str | None, path: str = "/", kinds: Any = KINDS) -> Any:
    """The renderer's class and the media type, or the refusal."""
    request: Any = Request(APIRequestFactory().get(path, headers={} if accept is None else {"Accept": accept}))
    renderers = [each() for each in kinds]
    try:
        renderer, media_type = kind().select_renderer(request, renderers)
    except NotAcceptable as refusal:
        return str(refusal)
    assert renderer in renderers
    return type(renderer), media_type


@given(st.lists(st.sampled_from(TOKENS), max_size=4).map(",".join) | st.none(), st.permutations(KINDS))
def test_the_choice_is_rest_frameworks(accept: str | None, kinds: Any) -> None:
    expected = chosen(DefaultContentNegotiation, accept, kinds=kinds)
    assert [chosen(RememberingNegotiation, accept, kinds=kinds) for _ in range(2)] == [expected, expected]


@pytest.mark.parametrize("query", ["?format=event-stream", "?format=json", "?format="])
def test_a_format_that_is_named_is_asked_for_each_time(query: str) -> None:
    assert chosen(RememberingNegotiation, "*/*", query) == chosen(DefaultContentNegotiation, "*/*", query)


def test_it_is_asked_once_for_each_accept_and_what_is_long_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Counting(DefaultContentNegotiation):
        def select_renderer(self, request: Any, *args: Any) -> Any:
            asked.append(request.META["HTTP_ACCEPT"])
            return super().select_renderer(request, *args)

    monkeypatch.setattr(negotiation, "DefaultContentNegotiation", Counting)
    negotiation._chosen.cache_clear()
    for _ in range(3):
        assert chosen(RememberingNegotiation, "text/html") == (BrowsableAPIRenderer, "text/html")
    assert asked == ["text/html"]
    for number in range(300):
        chosen(RememberingNegotiation, f"*/*; q={number}" + " " * 200)
    assert negotiation._chosen.cache_info().currsize == 1
    negotiation._chosen.cache_clear()


def test_a_request_without_accept_takes_anything() -> None:
    assert isinstance(
        RememberingNegotiation().select_renderer(Request(HttpRequest()), [WireRenderer()])[0], WireRenderer
    )
