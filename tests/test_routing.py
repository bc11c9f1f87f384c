"""The ready-made routes."""

from typing import Any

import pytest
from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter

from channels_binding.routing import websocket_urlpatterns
from channels_binding.testing import BindingCommunicator
from tests.conftest import Connect


@pytest.mark.parametrize("path", ["/", "/ws/"])
async def test_the_socket_is_served_at_both_places(path: str, connect: Connect, user: Any) -> None:
    application = AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
    socket = BindingCommunicator(path, user=user, application=application)
    assert await socket.open()
    await socket.close()
