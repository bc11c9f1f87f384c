"""What happens a thousand times a second is a line now and then, and no time of it is forgotten."""

import logging

import pytest

from channels_binding import repeated
from channels_binding.repeated import Repeated


def test_the_first_is_logged_the_next_are_counted(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeated, "SECONDS", 5.0)
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    warning = Repeated(logging.getLogger("tests.repeated"), "It did not answer: %s")
    for _ in range(4):
        warning("refused")
    now += repeated.SECONDS
    warning("timed out")
    now += repeated.SECONDS
    warning("refused")
    assert [record.getMessage() for record in caplog.records if record.name == "tests.repeated"] == [
        "It did not answer: refused",
        "It did not answer: timed out (and 3 times more since the last of these lines)",
        "It did not answer: refused",
    ]
