"""The scope of a handshake as Django's request."""

from typing import Any

import pytest
from django.core.exceptions import DisallowedHost

from channels_binding.calls.scopes import HostlessRequest, request_of_scope

SCOPE: dict[str, Any] = {
    "type": "websocket",
    "scheme": "wss",
    "path": "/ws/",
    "query_string": b"a=1",
    "headers": [(b"host", b"testserver"), (b"x-tenant", b"3")],
}


def test_a_handshake_is_a_get_request_with_its_headers_and_query() -> None:
    request = request_of_scope(SCOPE)
    assert (request.method, request.build_absolute_uri()) == ("GET", "https://testserver/ws/?a=1")
    assert request.META["HTTP_X_TENANT"] == "3"


def test_what_is_given_takes_the_place_of_the_scope_s_own() -> None:
    request = request_of_scope(SCOPE, method="POST", query_string=b"b=2", headers=[])
    assert (request.method, request.GET.dict()) == ("POST", {"b": "2"})
    assert "HTTP_X_TENANT" not in request.META


def test_a_scope_that_says_nothing_is_a_request_to_the_root_and_its_addresses_may_be_relative() -> None:
    scope = {"headers": [(b"host", b"nobody.example")]}
    with pytest.raises(DisallowedHost):
        request_of_scope(scope).build_absolute_uri()
    request = request_of_scope(scope, HostlessRequest)
    assert request.build_absolute_uri() == "/"
    assert request.build_absolute_uri("/a.png") == "/a.png"
