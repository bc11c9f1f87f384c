"""Where the socket of a project is."""

from typing import Any

import pytest
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.test import override_settings
from django.urls import path, re_path, set_script_prefix

from channels_binding.consumers import AsyncConsumer
from channels_binding.explorer import sockets
from channels_binding.routing import websocket_urlpatterns


def at(monkeypatch: pytest.MonkeyPatch, *routes: Any, around: Any = AuthMiddlewareStack) -> list[str]:
    application = ProtocolTypeRouter({"websocket": around(URLRouter([*routes]))})
    monkeypatch.setattr(sockets, "get_default_application", lambda: application)
    return sockets.paths()


def test_the_package_s_own_routes_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert at(monkeypatch, *websocket_urlpatterns) == ["/ws/", "/"]


@pytest.mark.parametrize("endpoint", [AsyncConsumer, AsyncConsumer.as_asgi()])
def test_routes_of_a_project_s_own_are_found_through_middleware(monkeypatch: pytest.MonkeyPatch, endpoint: Any) -> None:
    around = lambda inner: AllowedHostsOriginValidator(AuthMiddlewareStack(inner))  # noqa: E731
    other = path("chat/", lambda *_: None)  # type: ignore[arg-type]
    found = at(monkeypatch, other, path("live/socket", endpoint), around=around)
    assert found == ["/live/socket", "/ws/", "/"]


def test_routers_in_routers_are_followed_and_what_needs_arguments_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoint: Any = AsyncConsumer.as_asgi()
    inner: Any = URLRouter([path("deep/", endpoint), path("<int:team>/", endpoint), re_path(r"^old/$", endpoint)])
    assert at(monkeypatch, path("live/", inner))[0] == "/live/deep/"
    assert len(at(monkeypatch, path("live/", inner))) == 3


def test_an_application_that_nothing_is_known_of_has_the_usual_places(monkeypatch: pytest.MonkeyPatch) -> None:
    async def own(scope: Any, receive: Any, send: Any) -> None: ...

    monkeypatch.setattr(sockets, "get_default_application", lambda: own)
    assert sockets.paths() == ["/ws/", "/"]


def test_middleware_that_is_around_itself_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    class Round:
        def __call__(self) -> None: ...

        inner: Any

    odd = Round()
    odd.inner = odd
    monkeypatch.setattr(sockets, "get_default_application", lambda: odd)
    assert sockets.paths() == ["/ws/", "/"]


def test_a_project_without_an_asgi_application_is_asked_at_the_usual_places() -> None:
    with override_settings(ASGI_APPLICATION=None):
        assert sockets.paths() == ["/ws/", "/"]
    with override_settings(ASGI_APPLICATION="no.such.application"):
        assert sockets.paths() == ["/ws/", "/"]


def test_below_a_prefix_the_socket_is_looked_for_there_first(monkeypatch: pytest.MonkeyPatch) -> None:
    set_script_prefix("/shop/")
    try:
        assert at(monkeypatch, *websocket_urlpatterns) == ["/shop/ws/", "/shop/", "/ws/", "/"]
    finally:
        set_script_prefix("/")
