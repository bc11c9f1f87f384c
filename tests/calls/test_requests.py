"""DRF's Request of a call and of what the call raises: the same caller everywhere, and the question in its method and data."""

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict
from django.test import RequestFactory
from rest_framework.authtoken.models import Token
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request

from channels_binding.calls import Call
from channels_binding.calls.requests import django_request, is_of, query_of, request_of, take_over_body

ANN = User(pk=7, username="ann")
SCOPE: dict[str, Any] = {"type": "websocket", "path": "/ws/", "headers": [(b"x-tenant", b"3")], "auth": "the token"}


def by_socket(action: str = "search", data: dict[str, Any] | None = None) -> Call:
    return Call("zoo.Note", action, data or {}, ANN, "websocket", scope=SCOPE)


def by_http(
    action: str = "update", data: dict[str, Any] | None = None, method: str = "PATCH", path: str = "/api/"
) -> Call:
    request = Request(RequestFactory().generic(method, path, headers={"X-Tenant": "3"}))
    request.user, request.auth = ANN, "the token"
    request._request.session = "the session"  # type: ignore[assignment]
    return Call("zoo.Note", action, data or {}, ANN, "http", request=request)


def caller(request: Any) -> tuple[Any, ...]:
    return request.user, request.auth, request.META["HTTP_X_TENANT"], request.session, request.query_params.dict()


def test_over_http_the_request_of_a_call_is_the_one_that_came() -> None:
    call = by_http()
    assert request_of(call, "PATCH") is call.request


@pytest.mark.parametrize("call", [by_http(path="/api/?a=1"), by_socket("search", {"page": 2})])
def test_another_question_of_a_call_shows_the_same_caller(call: Call) -> None:
    first, other = request_of(call, "PATCH"), request_of(call.derived("retrieve", {"id": 7}), "GET")
    assert caller(other) == caller(first)
    assert (other.method, other.data) == ("GET", {"id": 7})
    assert first.method == "PATCH"


@pytest.mark.parametrize("call", [by_http(), by_socket()])
def test_a_question_that_another_question_raises_shows_it_as_well(call: Call) -> None:
    second = call.derived("retrieve", {"id": 7}).derived("search", {}, "zoo.Tag")
    assert caller(request_of(second, "GET")) == caller(request_of(call, "GET"))


def test_a_request_is_made_anew_for_another_user_and_another_method() -> None:
    call = by_socket()
    request = request_of(call, "GET")
    assert is_of(request, call, "HEAD")
    assert not is_of(request, call, "POST")
    assert not is_of(request, call.as_user(User(pk=8)), "GET")


def test_whom_a_handler_has_signed_in_asks_the_next_question() -> None:
    call = by_http()
    call.user = User(pk=8)
    assert request_of(call.derived("retrieve", {"id": 7}), "GET").user is call.user


@pytest.mark.parametrize(("data", "query"), [
    ({}, ""),
    ({"page": 2, "filters": {"status": "open"}, "order": "-x"}, "page=2&order=-x&status=open"),
    ({"order": ["-x", "y"], "fields": ["a", "b"], "labels": True, "limit": None}, "order=-x%2Cy&fields=a%2Cb&labels=true"),
    ({"filters": {"tags": [1, 2], "done": False, "page": 3}}, "tags=1&tags=2&done=false&filters.page=3"),
    ({"filters": QueryDict("a=1&a=2")}, "a=1&a=2"),
    ({"filters": "nonsense"}, ""),
    ({"ids": [7, 9], "live": True}, "ids=7%2C9"),
])  # fmt: skip
def test_a_read_by_socket_has_the_query_string_that_it_would_have_over_http(data: dict[str, Any], query: str) -> None:
    call = by_socket("search", data)
    assert query_of(call).urlencode() == query
    request: Any = request_of(call, "GET")
    assert request.query_params.urlencode() == request.META["QUERY_STRING"] == query


def test_what_is_no_read_has_no_query_string() -> None:
    assert query_of(by_socket("create", {"page": 2})).urlencode() == ""


def test_a_read_in_the_body_of_a_post_has_one_and_a_get_keeps_its_own() -> None:
    posted: Any = request_of(by_http("search", {"page": 2}, "POST"), "GET")
    assert (posted.query_params.dict(), posted.META["QUERY_STRING"], posted.method) == ({"page": "2"}, "page=2", "GET")
    got: Any = request_of(by_http("search", {"page": "2"}, "GET", "/api/?page=2&format=json"), "GET")
    assert got.query_params.dict() == {"page": "2", "format": "json"}


def test_an_operation_of_a_batch_has_a_request_like_its_own() -> None:
    batch = by_http("batch", {"ops": []}, "POST")
    operation = batch.operation("zoo.Note", "search", {"page": 2}, None)
    request: Any = request_of(operation, "GET")
    assert (request.method, request.data, request.query_params.dict()) == ("GET", {"page": 2}, {"page": "2"})
    assert (request.META["HTTP_X_TENANT"], request.auth) == ("3", "the token")
    assert batch.request.query_params.dict() == {}


def test_what_the_row_of_a_token_leads_to_is_read_anew_by_each_question() -> None:
    """``request.auth.tenant`` of a socket that is open for long."""
    token = Token(key="k", user=ANN)
    found = request_of(replace(by_socket(), scope={**SCOPE, "auth": token}), "GET").auth
    is_loaded = Token._meta.get_field("user").is_cached
    assert (found, is_loaded(found), is_loaded(token)) == (token, False, True)


def test_over_http_it_is_read_anew_where_the_user_is() -> None:
    """The first reading of an event stream: what it loads by ``request.auth.tenant`` is what it depends on."""
    call, token = by_http("search", method="GET"), Token(key="k", user=ANN)
    call.request.auth = token
    found = request_of(call.afresh(), "GET")
    is_loaded = Token._meta.get_field("user").is_cached
    assert found.user is not ANN
    assert (found.auth, is_loaded(found.auth), is_loaded(token)) == (token, False, True)


def test_django_s_request_is_the_one_that_drf_s_passes_on_to() -> None:
    came = RequestFactory().get("/", headers={"X-Tenant": "3"})
    came.resolver_match = object()  # type: ignore[assignment]
    request = Request(came)
    assert django_request(request) is came
    assert request.resolver_match is django_request(request).resolver_match


def test_a_body_that_was_read_is_had_by_another_request_too() -> None:
    parsers = [FormParser(), MultiPartParser()]
    read = Request(RequestFactory().post("/", {"a": "1"}), parsers=parsers)
    other = Request(RequestFactory().post("/"), parsers=parsers)
    assert dict(read.data) == {"a": ["1"]}
    take_over_body(other, read)
    assert (other.data, other.FILES) == (read.data, read.FILES)
