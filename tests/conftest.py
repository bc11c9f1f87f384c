"""Fixtures that every test may use."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from typing import Any, NoReturn

import pytest
from asgiref.sync import sync_to_async
from channels.layers import ChannelLayerManager
from django.contrib.auth import get_user_model
from django.db import connection, connections
from django.db.models.sql import Query
from django.test import TransactionTestCase
from hypothesis import settings

from channels_binding import repeated, threads
from channels_binding.live.hub import Hub
from channels_binding.registry import registry
from channels_binding.testing import BindingCommunicator
from tests import groups
from tests.project.settings import CHANNEL_LAYERS
from tests.temporary import begin
from tests.throwaway import throwaway

begin()
settings.register_profile("untimed", deadline=None)  # a slow machine is not a defect
settings.load_profile("untimed")

LONG = (
    "tests/integration/",
    "tests/foreign/",
    "tests/browser/",
    "tests/conformance/test_openapi.py",
    "tests/live/test_oracle.py",
)
"""What takes long begins first, or one process would be left alone with it at the end."""


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: each waits now and then, for PostgreSQL, a server or the browser."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """What pytest-django lets touch the database is run on PostgreSQL and Redis as well, without a marker of its own."""
    if " at 0x" in item.nodeid:
        raise pytest.UsageError(
            f"Each process would call it otherwise, and share no tests with the others: {item.nodeid}"
        )
    fixtures = {*getattr(item, "fixturenames", ())}
    is_djangos = (
        isinstance(item, pytest.Function) and item.cls is not None and issubclass(item.cls, TransactionTestCase)
    )
    touches = item.get_closest_marker("django_db") or fixtures & {"db", "transactional_db", "live_server"} or is_djangos
    if touches and not item.get_closest_marker("one_backend"):
        item.add_marker("backends")
    groups.mark(item)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    registry._catch_up()
    if registry.conflicts:
        raise pytest.UsageError(
            f"Two test files name a stream alike, and one is asked the other's: {registry.conflicts}"
        )
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
    groups.keep_together(config, items)


@pytest.fixture(autouse=True)
def _no_backends_unless_marked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What uses the project's channel layer, or makes SQL, fails until it is marked: so nobody can forget it."""
    if request.node.get_closest_marker("backends") or request.node.get_closest_marker("one_backend"):
        return
    # a thread may have kept a connection of an earlier test, which is not this one's to look at
    monkeypatch.setattr(threads, "close_old_connections", lambda: None)
    monkeypatch.setattr(Query, "get_compiler", _refusing_to_compile(Query.get_compiler))
    for name in ("__getitem__", "make_backend"):
        monkeypatch.setattr(ChannelLayerManager, name, _refusing_the_projects(getattr(ChannelLayerManager, name)))


def _refusing_to_compile(get_compiler: Any) -> Any:
    """A compiler may be asked what a name in an order stands for, which makes no SQL and is the same everywhere."""

    def refusing(*args: Any, **kwargs: Any) -> Any:
        compiler = get_compiler(*args, **kwargs)
        compiler.compile = compiler.as_sql = _refuse
        return compiler

    return refusing


def _refusing_the_projects(get_layer: Any) -> Any:
    def refusing(self: ChannelLayerManager, alias: str) -> Any:
        return _refuse() if self.configs is CHANNEL_LAYERS else get_layer(self, alias)

    return refusing


def _refuse(*_: object, **__: object) -> NoReturn:
    pytest.fail(
        "This makes SQL or uses the channel layer. Mark it @pytest.mark.backends: then PostgreSQL and Redis run it too."
    )


@pytest.fixture(autouse=True)
def _no_warning_of_an_earlier_test_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is logged now and then is logged each time: otherwise a test would wait for the end of another's five seconds."""
    monkeypatch.setattr(repeated, "SECONDS", 0.0)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """PostgreSQL does not drop a test database that a thread of the last test is still connected to."""
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )


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
def only_the_zoo(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that ask every stream there is: single test files bind some of their own, which sleep, refuse and fail."""
    registry._catch_up()
    zoo = {cls.get_stream(): cls for cls in registry if cls.__module__.startswith("tests.project.")}
    monkeypatch.setattr(registry, "_by_stream", zoo)


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
