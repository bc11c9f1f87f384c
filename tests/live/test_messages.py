"""What arrives by the broker is checked, whoever wrote it; what leaves is bounded."""

import logging
from typing import Any

import pytest

from channels_binding.exceptions import TooLarge
from channels_binding.live import handler_messages, messages
from channels_binding.live.capture.changes import Changes
from channels_binding.live.hub import Hub
from channels_binding.protocol import codecs

HEAD = {"from": "another", "n": 1}
SOUND: list[dict[str, Any]] = [
    {"kind": "changes", "changes": {}},
    {"kind": "changes", "changes": {"a.B": None}, "elsewhere": True},
    {
        "kind": "changes",
        "changes": {"a.B": None, "a.C": [1, "x", [2, {"s": "open", "n": 3, "e": None, "b": True}, False]]},
    },
    {"kind": "event", "to": "all", "name": None, "event": "a.b", "data": {"x": [1]}},
    {"kind": "event", "to": "user", "name": "7", "event": "a.b", "data": {}},
    {"kind": "identity", "session": "abc"},
    {"kind": "of a later version"},
]
NONSENSE: list[dict[str, Any]] = [
    {"kind": "changes"},
    {"kind": "changes", "changes": []},
    {"kind": "changes", "changes": {}, "elsewhere": 1},
    {"kind": "changes", "changes": {"a.B": 7}},
    {"kind": "changes", "changes": {"a.B": [None]}},
    {"kind": "changes", "changes": {"a.B": [1.5]}},
    {"kind": "changes", "changes": {"a.B": [[1]]}},
    {"kind": "changes", "changes": {"a.B": [[1, {"s": []}, False]]}},
    {"kind": "changes", "changes": {"a.B": [[[], {}, False]]}},
    {"kind": "changes", "changes": {"a.B": [*range(501)]}},
    {"kind": "changes", "changes": {"a.B": ["x" * 600]}},
    {"kind": "changes", "changes": {f"a.B{i}": None for i in range(1001)}},
    {"kind": "changes", "changes": {7: None}},
    {"kind": "event"},
    {"kind": "event", "to": "nobody", "name": None, "event": "a.b", "data": {}},
    {"kind": "event", "to": ["all"], "name": None, "event": "a.b", "data": {}},
    {"kind": "event", "to": "user", "name": ["7"], "event": "a.b", "data": {}},
    {"kind": "event", "to": "all", "name": None, "event": "e" * 600, "data": {}},
    {"kind": "event", "to": "all", "name": None, "event": "a.b", "data": []},
    {"kind": "event", "to": "all", "name": None, "event": "a.b", "data": {"x": b"bytes"}},
    {"kind": "event", "to": "all", "name": None, "event": "a.b", "data": {"x": "y" * 1_100_000}},
    {"kind": "identity"},
    {"kind": "identity", "session": {}},
]


@pytest.mark.parametrize("body", SOUND, ids=str)
def test_what_processes_say_is_sound(body: dict[str, Any]) -> None:
    assert messages.is_numbered({**HEAD, **body})
    assert messages.is_sound({**HEAD, **body})


@pytest.mark.parametrize("body", NONSENSE, ids=lambda body: str(body)[:80])
def test_nonsense_is_not(body: dict[str, Any]) -> None:
    assert not messages.is_sound({**HEAD, **body})


@pytest.mark.parametrize(
    "head",
    [
        None,
        7,
        "text",
        [],
        {},
        {"from": "x"},
        {"from": 7, "n": 1, "kind": "beat"},
        {"from": "x", "n": "1", "kind": "beat"},
        {"from": "x", "n": True, "kind": "beat"},
        {"from": "x", "n": -1, "kind": "beat"},
        {"from": "x", "n": 1, "kind": []},
    ],
    ids=str,
)
def test_what_does_not_say_whose_it_is_is_no_message(head: Any) -> None:
    assert not messages.is_numbered(head)


@pytest.mark.backends
async def test_a_hub_ignores_nonsense_reads_again_and_says_so_once(
    hub_ended: None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub.current()
    losses: list[int] = []
    monkeypatch.setattr(hub, "lost", lambda: losses.append(1))
    with caplog.at_level(logging.WARNING, "channels_binding"):
        for body in NONSENSE:
            hub.receive({**HEAD, **body})
    assert len(losses) == len(NONSENSE)
    assert len([record for record in caplog.records if "broker" in record.message]) == 1


def test_changes_that_would_be_too_large_are_any_row() -> None:
    changes = Changes()
    changes.note("a.B", [1])
    assert messages.portable(changes) == {"a.B": [1]}
    changes.know("a.B", 1, {"text": "x" * 2_000_000})
    assert messages.portable(changes) == {"a.B": None}
    longest = Changes()
    longest.note("a.B", ["x" * 600])
    assert messages.portable(longest) == {"a.B": None}


def test_an_event_that_is_too_large_is_refused_where_it_is_sent() -> None:
    with pytest.raises(TooLarge, match="1048576"):
        handler_messages.to_everyone("a.b", {"text": "x" * 1_100_000})
    assert len(codecs.encode({"text": "x"})) < messages.MOST_BYTES
