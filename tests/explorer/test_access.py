"""Who may open the explorer, and what those are told who may not."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.test import RequestFactory, override_settings
from django.urls import set_script_prefix

from channels_binding.explorer import access


def by(user: Any = None) -> HttpRequest:
    request = RequestFactory().get("/api/explorer/")
    request.user = user or AnonymousUser()
    return request


def only_carla(request: HttpRequest) -> bool:
    return request.user.get_username() == "carla"


async def only_carla_is_looked_up(request: HttpRequest) -> bool:
    return only_carla(request)


ANN, STAFF, CARLA = User(username="ann"), User(username="sam", is_staff=True), User(username="carla")
GONE = User(username="gone", is_staff=True, is_active=False)
HERE = "tests.explorer.test_access"


@pytest.mark.parametrize(
    ("opened", "user", "verdict"),
    [
        ("staff", STAFF, "welcome"),
        ("staff", ANN, "somebody else"),
        ("staff", GONE, "somebody else"),
        ("staff", None, "nobody"),
        (True, ANN, "welcome"),
        (True, None, "nobody"),
        (False, STAFF, "closed"),
        (only_carla, CARLA, "welcome"),
        (f"{HERE}.only_carla", CARLA, "welcome"),
        (f"{HERE}.only_carla_is_looked_up", CARLA, "welcome"),
        (f"{HERE}.only_carla_is_looked_up", STAFF, "somebody else"),
        (f"{HERE}.only_carla", STAFF, "somebody else"),
        (f"{HERE}.only_carla", None, "nobody"),
    ],
)
def test_the_setting_says_who_is_welcome(opened: Any, user: Any, verdict: str) -> None:
    with override_settings(CHANNELS_BINDING={"EXPLORER": opened}):
        assert access.verdict(by(user)) == verdict


def test_the_staff_alone_is_let_in_where_nothing_is_set() -> None:
    assert [access.verdict(by(user)) for user in (STAFF, ANN, None)] == ["welcome", "somebody else", "nobody"]


def test_where_anybody_may_connect_an_open_explorer_lets_anybody_in() -> None:
    with override_settings(CHANNELS_BINDING={"EXPLORER": True, "ANONYMOUS_CONNECTION_ALLOWED": True}):
        assert access.verdict(by()) == "welcome"
    with override_settings(CHANNELS_BINDING={"ANONYMOUS_CONNECTION_ALLOWED": True}):
        assert access.verdict(by()) == "nobody"


def test_a_project_without_authentication_middleware_has_nobody() -> None:
    request = RequestFactory().get("/api/explorer/")
    assert access.verdict(request) == "nobody"
    assert not access.is_staff(request)


@pytest.mark.parametrize("wrong", ["stuff", "no.such.function", f"{HERE}.ANN", 7, None, "staff "])
def test_what_is_none_of_these_is_refused(wrong: Any) -> None:
    with override_settings(CHANNELS_BINDING={"EXPLORER": wrong}), pytest.raises(ImproperlyConfigured, match="EXPLORER"):
        access.verdict(by(STAFF))


def test_one_signs_in_at_the_address_that_is_set_else_at_the_admin_else_nowhere() -> None:
    assert access.login_address() is None
    with override_settings(ROOT_URLCONF="tests.explorer.urls"):
        assert access.login_address() == "/admin/login/"
        with override_settings(LOGIN_URL="door"):
            assert access.login_address() == "/door/"
        with override_settings(LOGIN_URL="/no/such/page/"):
            assert access.login_address() == "/admin/login/"
        with override_settings(LOGIN_URL="no-such-name"):
            assert access.login_address() == "/admin/login/"
    with override_settings(LOGIN_URL="https://sso.example.com/"):
        assert access.login_address() == "https://sso.example.com/"


def test_addresses_are_told_with_the_prefix_of_the_site() -> None:
    with override_settings(ROOT_URLCONF="tests.explorer.urls", LOGIN_URL="door"):
        set_script_prefix("/shop/")
        try:
            assert access.login_address() == "/shop/door/"
        finally:
            set_script_prefix("/")


def test_one_line_says_what_to_do() -> None:
    nowhere = access.advice(by(), "nobody")
    assert "admin.site.urls" in nowhere
    assert "EXPLORER" not in nowhere
    assert access.advice(by(ANN), "somebody else") == "ann is signed in; the explorer is for the staff (is_staff)."
    with override_settings(DEBUG=True, ROOT_URLCONF="tests.explorer.urls"):
        assert access.advice(by(), "nobody").startswith("Nobody is signed in. While you develop, CHANNELS_BINDING = {")
