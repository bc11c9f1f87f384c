"""Who asks over HTTP, as a connection would say it."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.handlers.asgi import ASGIRequest
from django.test import AsyncRequestFactory, Client, RequestFactory, override_settings
from django.utils.functional import SimpleLazyObject
from rest_framework.authentication import BasicAuthentication, SessionAuthentication, TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.request import Request

from channels_binding.calls import Call
from channels_binding.consumers import Binding
from channels_binding.rest.callers import authenticators_of, carrier_of, scope_of

ANN = User(pk=7, username="ann")
FACTORIES: list[Any] = [RequestFactory(), AsyncRequestFactory()]


def request(user: Any, auth: Any = None, factory: Any = FACTORIES[0], path: str = "/api/x/", **headers: str) -> Request:
    made = Request(factory.get(path, headers=headers))
    made.user, made.auth = user, auth
    return made


def caller(made: Request) -> Any:
    return Call("zoo.Note", "create", {}, made.user, scope=scope_of(made)).caller


@pytest.mark.parametrize("factory", FACTORIES)
def test_a_request_says_the_same_under_wsgi_and_asgi(factory: Any) -> None:
    scope = scope_of(request(ANN, "token's row", factory, Authorization="Token t", Tenant="3"))
    assert (scope["path"], scope["type"], scope["client"][0]) == ("/api/x/", "http", "127.0.0.1")
    assert {(b"tenant", b"3"), (b"authorization", b"Token t")} <= {*map(tuple, scope["headers"])}
    assert (scope["user"], scope["auth"], bool(scope["auth_key"])) == (ANN, "token's row", True)


def test_a_user_who_is_yet_to_be_looked_up_is() -> None:
    assert scope_of(request(SimpleLazyObject(lambda: ANN)))["user"] is ANN


@pytest.mark.parametrize("factory", FACTORIES)
def test_two_requests_of_one_caller_are_alike_whatever_else_they_say(factory: Any) -> None:
    first = request(ANN, "row", factory, "/api/x/", Authorization="Token t", Tenant="3")
    second = request(ANN, "row", factory, "/api/y/", Authorization="Token t")
    assert caller(first) == caller(second)


def test_two_tokens_of_a_user_and_no_token_are_three_callers() -> None:
    tokens = [request(ANN, "row", Authorization=f"Token {name}") for name in "ab"]
    assert len({*map(caller, tokens), caller(request(ANN))}) == 3


def test_two_credentials_that_come_in_a_header_of_their_own_are_two_callers() -> None:
    keys = [request(ANN, Token(pk=name)) for name in "ab"]
    claims = [request(ANN, {"jti": name}) for name in "ab"]
    assert len({*map(caller, keys), *map(caller, claims)}) == 4
    assert caller(request(ANN, Token(pk="a", user=ANN))) == caller(keys[0])


def test_nobody_is_another_one_with_each_request_unless_a_session_says_who() -> None:
    nobody, other = request(AnonymousUser()), request(AnonymousUser())
    assert caller(nobody) != caller(other)
    for each in (nobody, other):
        each._request.session = type("Session", (), {"session_key": "s"})()
    assert caller(nobody) == caller(other)


def test_the_scope_of_an_asgi_request_is_the_server_s() -> None:
    made = FACTORIES[1].get("/api/x/")
    assert isinstance(made, ASGIRequest)
    assert {**carrier_of(made), "session": None} == {**made.scope, "session": None}


def asked(stream: str = "zoo.Note", **given: Any) -> list[type]:
    with override_settings(CHANNELS_BINDING=given):
        return [type(each) for each in authenticators_of(stream)]


class ByTicket:
    def get_user(self, consumer: Any) -> Any:
        return None


def test_who_a_socket_knows_is_known_over_http_too_before_a_cookie_is_looked_at() -> None:
    default = [SessionAuthentication, BasicAuthentication]
    assert asked() == default
    assert asked(AUTHENTICATION_CLASSES=[TokenAuthentication, ByTicket]) == [TokenAuthentication, *default]
    assert asked(AUTHENTICATION_CLASSES=[SessionAuthentication, TokenAuthentication]) == [
        SessionAuthentication,
        TokenAuthentication,
        BasicAuthentication,
    ]


def test_who_names_classes_for_http_is_asked_for_those_alone() -> None:
    tokens = [TokenAuthentication]
    assert asked(AUTHENTICATION_CLASSES=tokens, DEFAULT_AUTHENTICATION_CLASSES=[SessionAuthentication]) == [
        SessionAuthentication
    ]
    assert asked(AUTHENTICATION_CLASSES=tokens, DEFAULT_AUTHENTICATION_CLASSES=[]) == []

    class Own(Binding):
        stream, authentication_classes = "test.own_authentication", (BasicAuthentication,)

    assert asked("test.own_authentication", AUTHENTICATION_CLASSES=tokens) == [BasicAuthentication]


@pytest.mark.django_db
def test_a_token_that_a_socket_takes_is_taken_over_http() -> None:
    token = Token.objects.create(user=User.objects.create(username="bob"))
    headers = {"Authorization": f"Token {token.key}"}
    assert Client().get("/api/zoo.Note/", headers=headers).status_code == 401
    with override_settings(CHANNELS_BINDING={"AUTHENTICATION_CLASSES": [TokenAuthentication]}):
        assert Client().get("/api/zoo.Note/", headers=headers).status_code == 200
        assert Client().get("/api/zoo.Note/", headers={"Authorization": "Token wrong"}).status_code == 401
