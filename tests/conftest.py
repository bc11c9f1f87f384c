"""Fixtures that every test may use."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import connections
from hypothesis import settings

from channels_binding import threads
from channels_binding.live.hub import Hub
from channels_binding.testing import BindingCommunicator
from tests.throwaway import throwaway

settings.register_profile("untimed", deadline=None)  # a slow machine is not a defect
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _bindings_of_the_test_alone() -> Iterator[None]:
    """A binding class that one test defines is registered for no other, whatever their order."""
    with throwaway():
        yield


@pytest.fixture
async def hub_ended() -> AsyncIterator[None]:
    """The test's event loop ends without a hub running on it, and without threads that hold database connections."""
    yield
    for hub in Hub.all():
        if hub.loop is asyncio.get_running_loop():
            await hub.stop()
    threads.shut_down()
    await sync_to_async(connections.close_all)()  # asgiref's shared thread, where tests write


@pytest.fixture
def user(transactional_db: None) -> Any:
    return get_user_model().objects.create_user("ann", "ann@example.com", "ann")


@pytest.fixture
def stranger(transactional_db: None) -> Any:
    return get_user_model().objects.create_user("bob", "bob@example.com", "bob")


class Connect:
    """Opens sockets on the test project's application and closes them at the end of the test."""

    def __init__(self) -> None:
        self.opened: list[BindingCommunicator] = []

    async def __call__(self, user: Any, *, path: str = "/ws/", modern: bool = True) -> BindingCommunicator:
        socket = BindingCommunicator(path, user=user, modern=modern)
        await socket.open()
        self.opened.append(socket)
        return socket


@pytest.fixture
async def connect(transactional_db: None, hub_ended: None) -> AsyncIterator[Connect]:
    """``socket = await connect(user)`` gives an open ``cb.1`` socket; ``modern=False`` one without a subprotocol."""
    factory = Connect()
    yield factory
    for socket in factory.opened:
        await socket.close()
