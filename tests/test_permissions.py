"""DRF's permission classes over a call that came by socket."""
# ruff: noqa: E501 (tables are read across)

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from rest_framework import permissions as drf
from rest_framework.throttling import AnonRateThrottle

from channels_binding.calls import Call
from channels_binding.exceptions import Forbidden, Unauthenticated
from channels_binding.permissions import check, check_object, refuse, request_of

ANN = User(pk=7, username="ann")
NOBODY = AnonymousUser()
SCOPE = {"type": "websocket", "path": "/ws/", "headers": [(b"x-seen", b"yes"), (b"host", b"testserver")], "query_string": b"a=1", "client": ["1.2.3.4", 5]}  # fmt: skip


def call(user: Any = ANN, scope: Any = SCOPE) -> Call:
    return Call("zoo.Note", "search", {"page": 2}, user, scope=scope)


def test_the_request_of_a_socket_looks_like_one_of_http() -> None:
    request = request_of(call(), "PATCH")
    assert (request.user, request.method, request.data, request.path) == (ANN, "PATCH", {"page": 2}, "/ws/")
    assert request.headers["X-Seen"] == "yes"
    assert request.query_params == {}
    assert request.META["REMOTE_ADDR"] == "1.2.3.4"
    assert request.session is None
    assert request.build_absolute_uri("/x") == "http://testserver/x"
    assert request.auth is None


def test_a_call_from_code_has_a_request_too() -> None:
    request = request_of(call(scope={}), "GET")
    assert (request.user, request.method) == (ANN, "GET")
    assert request.FILES == {}


def test_drf_s_own_classes_work_with_it() -> None:
    view: Any = type("View", (), {"throttle_scope": None})()
    assert drf.IsAuthenticated().has_permission(request_of(call(), "GET"), view)
    assert not drf.IsAuthenticated().has_permission(request_of(call(NOBODY), "GET"), view)
    assert drf.IsAuthenticatedOrReadOnly().has_permission(request_of(call(NOBODY), "GET"), view)
    assert not drf.IsAuthenticatedOrReadOnly().has_permission(request_of(call(NOBODY), "PATCH"), view)
    assert AnonRateThrottle().get_ident(request_of(call(), "GET")) == "1.2.3.4"


class No(drf.BasePermission):
    message = "Not you."

    def has_permission(self, request: Any, view: Any) -> bool:
        return False

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return bool(obj == "mine")


class NoCoroutine(drf.BasePermission):
    async def has_permission(self, request: Any, view: Any) -> bool:  # type: ignore[override]
        return False


def test_all_permissions_have_to_let_the_request_in() -> None:
    request = request_of(call(), "GET")
    check([], request, None)
    check([drf.AllowAny(), drf.IsAuthenticated()], request, None)
    with pytest.raises(Forbidden, match="Not you"):
        check([drf.AllowAny(), No()], request, None)


def test_a_coroutine_that_refuses_refuses() -> None:
    with pytest.raises(Forbidden):
        check([NoCoroutine()], request_of(call(), "GET"), None)


def test_permissions_may_be_composed() -> None:
    either: Any = drf.IsAdminUser | drf.IsAuthenticated
    both: Any = drf.IsAdminUser & drf.IsAuthenticated
    check([either()], request_of(call(), "GET"), None)
    with pytest.raises(Forbidden):
        check([both()], request_of(call(), "GET"), None)


def test_a_row_is_judged_on_its_own() -> None:
    request = request_of(call(), "GET")
    check_object([No()], request, None, "mine")
    with pytest.raises(Forbidden, match="Not you"):
        check_object([No()], request, None, "another's")


def test_nobody_is_told_to_sign_in_and_somebody_that_they_may_not() -> None:
    with pytest.raises(Unauthenticated):
        refuse(NOBODY)
    with pytest.raises(Unauthenticated):
        refuse(None)
    with pytest.raises(Forbidden):
        refuse(ANN)
