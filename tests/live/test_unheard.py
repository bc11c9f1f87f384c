"""A process beside the one with the sockets is told, once, that nobody hears it; one that serves them is told nothing."""

import logging
from typing import Any

import pytest
from django.core import mail

from channels_binding.consumers import AsyncConsumer
from channels_binding.live import hub, send, unheard
from channels_binding.live.capture.changes import Changes
from channels_binding.live.hub import Hub
from tests.live.transports import FakeTransport

MEMORY = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}


@pytest.fixture(autouse=True)
def command(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """As in a command: no test environment, no hub, nothing said yet."""
    monkeypatch.delattr(mail, "outbox")
    monkeypatch.setattr(unheard, "_is_over", False)
    monkeypatch.setattr(Hub, "all", list)
    settings.CHANNEL_LAYERS = MEMORY


def write(*labels: str) -> None:
    changes = Changes()
    for label in labels:
        changes.note(label, [1])
    hub.publish_changes(changes)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


@pytest.mark.parametrize("layers", [MEMORY, {}])
def test_the_first_write_of_what_a_binding_serves_says_what_is_missing(
    layers: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHANNEL_LAYERS = layers
    write("sessions.Session")
    assert said(caplog) == []
    write("sessions.Session", "zoo.Note")
    write("zoo.Note")
    (line,) = said(caplog)
    assert line.startswith("zoo.Note was written, which sockets of another process show up to 60 s later: ")
    assert 'pip install "channels-binding[redis]" and set CHANNEL_LAYERS' in line


def test_so_does_the_first_event(caplog: pytest.LogCaptureFixture) -> None:
    hub.publish_message({"kind": "identity", "session": "x"})
    assert said(caplog) == []
    send("zoo.Note.closed", {})
    send("zoo.Note.closed", {})
    (line,) = said(caplog)
    assert line.startswith("An event was sent, which no socket of another process gets: ")


def test_nothing_is_said_where_a_socket_is_open_here(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Open:
        class loop:
            @staticmethod
            def call_soon_threadsafe(*_: Any) -> None:
                """Told."""

        receive_changes = receive = None

    monkeypatch.setattr(Hub, "all", lambda: [Open])
    write("zoo.Note")
    send("zoo.Note.closed", {})
    assert said(caplog) == []


def test_nor_in_a_process_that_has_an_endpoint(caplog: pytest.LogCaptureFixture) -> None:
    AsyncConsumer.as_asgi()
    write("zoo.Note")
    send("zoo.Note.closed", {})
    assert said(caplog) == []


def test_nor_where_others_are_reached_by_a_broker_or_by_triggers(
    monkeypatch: pytest.MonkeyPatch, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHANNELS_BINDING = {"TRIGGERS_DATABASE": "default"}
    write("zoo.Note")
    settings.CHANNELS_BINDING = {}
    monkeypatch.setattr(unheard, "make_transport", FakeTransport)
    write("zoo.Note")
    send("zoo.Note.closed", {})
    assert said(caplog) == []


def test_nor_in_a_project_s_tests(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(mail, "outbox", [], raising=False)
    write("zoo.Note")
    assert said(caplog) == []
