"""An outage is logged twice, when it begins and when it ends, however often it is noticed."""

import logging

import pytest

from channels_binding.live.broker.outage import Outage


@pytest.fixture
def outage(caplog: pytest.LogCaptureFixture) -> Outage:
    caplog.set_level(logging.DEBUG, "channels_binding")
    return Outage("It is gone", "It is back")


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    said = ((record.levelname, record.getMessage()) for record in caplog.records)
    return [(level, text) for level, text in said if text.startswith("It is ")]  # threads of earlier tests speak too


def test_it_is_told_once_when_it_begins_with_the_remedy_and_once_when_it_ends_with_its_length(
    outage: Outage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([100.0, 163.25])
    monkeypatch.setattr("channels_binding.live.broker.outage.time.monotonic", lambda: next(clock))
    for _ in range(3):
        outage.note(ConnectionError("refused."), "We wait.")
    outage.end()
    outage.end()
    assert told(caplog) == [
        ("WARNING", "It is gone: refused. We wait."),
        ("DEBUG", "It is gone still: refused"),
        ("DEBUG", "It is gone still: refused"),
        ("WARNING", "It is back, after 63.2 seconds."),
    ]


def test_the_next_one_is_told_again(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        outage.note(TimeoutError(), "We wait.")
        outage.end()
    assert [level for level, _ in told(caplog)] == ["WARNING"] * 4
    assert "It is gone: TimeoutError. We wait." in caplog.text


def test_what_was_never_gone_is_not_told_to_be_back(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    outage.end()
    assert told(caplog) == []
