"""Fixtures for projects that test with pytest; found by itself where the package is installed.

def test_closing(binding_client, order, user):
    assert binding_client(user).call("app.Order.close", {"id": order.pk}) == {"closed": True}

async def test_a_list(binding_connect, transactional_db, user):      # with pytest-asyncio
    socket = await binding_connect(user)
    orders = await socket.live("app.Order.search")
    await Order.objects.acreate(title="new")
    await socket.assert_live(orders)
"""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest

coroutine_fixture: Any
try:
    from pytest_asyncio import fixture as coroutine_fixture
except ImportError:  # without pytest-asyncio there are no coroutine tests that could ask for it
    coroutine_fixture = pytest.fixture

if TYPE_CHECKING:
    from channels_binding.testing import BindingCommunicator

# Nothing of Django is imported here: pytest loads plugins before there are settings.


@pytest.fixture
def binding_client() -> Any:
    """``binding_client(user)`` → a ``BindingClient``: calls of that user, without a socket."""
    from channels_binding.testing import BindingClient

    return BindingClient


class Connect:
    """Opens sockets on the project's ASGI application, and closes them when the test is over."""

    def __init__(self) -> None:
        self.opened: list[BindingCommunicator] = []

    async def __call__(self, user: Any = None, path: str = "/ws/", **options: Any) -> "BindingCommunicator":
        """An open socket of ``user``.

        Raises:
            ConnectionError: It was refused.
        """
        from channels_binding.testing import BindingCommunicator

        socket = BindingCommunicator(path, user=user, **options)
        if not await socket.open():
            raise ConnectionError(f"The socket was refused with {socket.close_code}.")
        self.opened.append(socket)
        return socket


@coroutine_fixture  # type: ignore[untyped-decorator]  # of pytest-asyncio's there may be none
async def binding_connect() -> AsyncIterator[Connect]:
    """``await binding_connect(user)`` → an open ``BindingCommunicator``. The test needs ``transactional_db``."""
    from channels_binding.testing import finish

    connect = Connect()
    yield connect
    for socket in connect.opened:
        await socket.close()
    await finish()
