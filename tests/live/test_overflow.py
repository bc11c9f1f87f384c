"""What is sent in place of dropped messages."""

from typing import Any

from channels_binding.live.overflow import Overflow
from channels_binding.protocol import codecs


def test_the_first_dropped_message_is_reported_and_the_next_after_there_was_room() -> None:
    sent: list[Any] = []
    overflow = Overflow(64, lambda frame: sent.append(codecs.parse(frame)))
    overflow.report("a.B.closed")
    overflow.report("a.B.moved")
    assert [(each["event"], each["error"]["code"], each["error"]["limit"]) for each in sent] == [
        ("a.B.closed", "limit_exceeded", 64)
    ]
    overflow.reset()
    overflow.report("a.B.moved")
    assert [each["event"] for each in sent] == ["a.B.closed", "a.B.moved"]
