"""A process that ends: its clients are sent away first, and only then does the server get the signal."""

import asyncio
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from channels_binding.live import shutdown
from channels_binding.live.hub import Hub
from channels_binding.live.shutdown import GracefulShutdown
from channels_binding.testing import BindingCommunicator
from tests.conftest import Connect


class Server:
    """A server's handler of SIGTERM, installed as uvicorn does."""

    def __init__(self) -> None:
        self.heard: list[float] = []

    def handle_exit(self, number: int, frame: Any) -> None:
        assert number == signal.SIGTERM
        self.heard.append(time.monotonic())


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    before = signal.getsignal(signal.SIGTERM)
    server = Server()
    signal.signal(signal.SIGTERM, server.handle_exit)
    monkeypatch.setattr(shutdown, "graceful_shutdown", GracefulShutdown())
    yield server
    signal.signal(signal.SIGTERM, before)


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def goaway(socket: BindingCommunicator) -> Any:
    message = await socket.receive()
    assert message["event"] == "cb.goaway"
    return message["data"]


async def test_sigterm_sends_clients_away_at_different_times_and_then_tells_the_server(
    server: Server, connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutdown, "CLIENTS_PER_SECOND", 10)
    monkeypatch.setattr(shutdown, "LEAVE_SECONDS", 0.1)
    sockets = [await connect(user) for _ in range(5)]
    signal.raise_signal(signal.SIGTERM)
    told = [await goaway(socket) for socket in sockets]
    assert sorted(each["after_ms"] for each in told) == [0, 100, 200, 300, 400]
    assert all(each["reason"] == "shutdown" and each["reconnect"] for each in told)
    assert server.heard == []
    for socket in sockets:
        with pytest.raises(ConnectionError):
            await socket.receive()
        assert socket.close_code == 4503
    await until(lambda: server.heard)


async def test_who_leaves_by_itself_is_not_waited_for(server: Server, connect: Connect, user: Any) -> None:
    socket = await connect(user)
    began = time.monotonic()
    signal.raise_signal(signal.SIGTERM)
    assert (await goaway(socket))["after_ms"] == 0
    await socket.close()
    await until(lambda: server.heard)
    assert server.heard[0] - began < shutdown.LEAVE_SECONDS


async def test_a_call_in_flight_is_answered_before_its_connection_is_closed(
    server: Server, connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutdown, "LEAVE_SECONDS", 0.0)
    socket = await connect(user)
    await socket.send({"event": "zoo.Note.drowsy", "id": 1, "data": {"seconds": 0.5}})
    await until(lambda: next(iter(Hub.current().subscribers)).session.is_busy)  # type: ignore[attr-defined]
    signal.raise_signal(signal.SIGTERM)
    await goaway(socket)
    assert (await socket.receive())["data"] == {"slept": True}
    with pytest.raises(ConnectionError):
        await socket.receive()


async def test_a_call_that_takes_too_long_is_not_waited_for(
    server: Server, connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutdown, "LEAVE_SECONDS", 0.0)
    monkeypatch.setattr(shutdown, "PATIENCE_SECONDS", 0.1)
    socket = await connect(user)
    await socket.send({"event": "zoo.Note.drowsy", "id": 1, "data": {"seconds": 30}})
    await until(lambda: next(iter(Hub.current().subscribers)).session.is_busy)  # type: ignore[attr-defined]
    signal.raise_signal(signal.SIGTERM)
    await until(lambda: server.heard)
    await goaway(socket)
    with pytest.raises(ConnectionError):
        await socket.receive()
    assert socket.close_code == 4503


async def test_clients_without_a_subprotocol_are_closed_and_know_no_goaway(
    server: Server, connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutdown, "LEAVE_SECONDS", 0.0)
    socket = await connect(user, modern=False)
    await until(lambda: signal.getsignal(signal.SIGTERM) != server.handle_exit)  # it says no hello
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(ConnectionError):
        await socket.receive()
    assert socket.close_code == 4503


async def test_who_comes_during_the_departure_is_sent_on_at_once(server: Server, connect: Connect, user: Any) -> None:
    staying = await connect(user)
    signal.raise_signal(signal.SIGTERM)
    await goaway(staying)
    late = BindingCommunicator("/ws/", user=user)
    assert not await late.open()
    assert late.close_code == 4503


async def test_a_second_signal_is_the_server_s_at_once(server: Server, connect: Connect, user: Any) -> None:
    socket = await connect(user)
    signal.raise_signal(signal.SIGTERM)
    await goaway(socket)
    assert server.heard == []
    signal.raise_signal(signal.SIGTERM)
    assert len(server.heard) == 1


async def test_without_connections_the_server_hears_at_once(server: Server, connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.close()
    await until(lambda: not Hub.current().subscribers)
    signal.raise_signal(signal.SIGTERM)
    assert len(server.heard) == 1


async def test_with_no_seconds_to_drain_the_signal_stays_the_server_s(
    server: Server, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"DRAIN_SECONDS": 0}
    await connect(user)
    assert signal.getsignal(signal.SIGTERM) == server.handle_exit


async def test_where_no_server_listens_for_the_signal_nothing_is_changed(
    server: Server, connect: Connect, user: Any
) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    await connect(user)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


async def test_departures_are_spread_over_no_more_than_the_setting(
    server: Server, connect: Connect, user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHANNELS_BINDING = {"DRAIN_SECONDS": 0.2}
    monkeypatch.setattr(shutdown, "CLIENTS_PER_SECOND", 1)
    monkeypatch.setattr(shutdown, "LEAVE_SECONDS", 0.0)
    sockets = [await connect(user) for _ in range(4)]
    signal.raise_signal(signal.SIGTERM)
    assert sorted([(await goaway(socket))["after_ms"] for socket in sockets]) == [0, 50, 100, 150]
    await until(lambda: server.heard)
