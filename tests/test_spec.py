"""spec/: the schema is one, the recorded conversations obey it, and what breaks the contract does not validate."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.conformance.transcripts import load
from tests.schema import SAMPLES, SPEC, document, problems, sample

ROW = {"id": 7, "title": "x"}
ETAG, CRC = SAMPLES["<etag>"], SAMPLES["<crc>"]
ERROR = {"code": "invalid", "status": 400, "message": "No.", "retry": False}
NOTE = "zoo.Note"
LIMITS = dict.fromkeys(
    (
        "frame_bytes",
        "subscriptions",
        "window_rows",
        "calls_in_flight",
        "messages_per_second",
        "depth",
        "refusals",
        "held_bytes",
        "connections",
    ),
    1,
)
HELLO = {"proto": "cb.1", "connection": "x", "user": None, "ping_seconds": 25.0, "limits": LIMITS}


def test_the_schema_is_a_json_schema_of_2020() -> None:
    Draft202012Validator.check_schema(document())


def test_every_definition_of_the_schema_is_used_or_named_in_its_description() -> None:
    text = json.dumps(document())
    entrances = document()["description"]
    unused = [name for name in document()["$defs"] if f'#/$defs/{name}"' not in text and name not in entrances]
    assert unused == []


def test_the_error_codes_of_the_schema_are_those_of_errors_json() -> None:
    codes = json.loads((SPEC / "errors.json").read_text())
    error = document()["$defs"]["error"]
    assert error["properties"]["code"]["enum"] == list(codes)
    for code, facts in codes.items():
        assert problems("error", {"code": code, "message": "…", **facts}) == []
        assert problems("error", {"code": code, "message": "…", **facts, "status": 418})
        assert problems("error", {"code": code, "message": "…", **facts, "retry": not facts["retry"]})


STEPS = [
    pytest.param(transcript, number, id=f"{transcript['name']}-{number}")
    for transcript in load()
    for number in range(len(transcript["steps"]))
]


@pytest.mark.parametrize(("transcript", "number"), STEPS)
def test_every_recorded_message_obeys_the_schema(transcript: dict[str, Any], number: int) -> None:
    step = transcript["steps"][number]
    if "send" in step:
        assert problems("clientFrame", sample(step["send"])) == []
    elif "close" in step:
        assert str(step["close"]) in (SPEC / "protocol.md").read_text()
    elif transcript["subprotocol"]:
        message = sample(step["receive"])
        if message["event"] == "cb.hello":
            message["data"]["limits"] = LIMITS
        assert problems("serverFrame", message) == []
    else:
        assert problems("seedMessage", sample(step["receive"])) == []


def test_the_examples_of_the_contract_obey_the_schema() -> None:
    for line in _examples():
        assert problems("clientFrame", line) == [] or problems("serverFrame", line) == [], line


def _examples() -> list[Any]:
    """Messages of protocol.md that are written out: ``→ {…}`` and ``← {…}`` without an ellipsis."""
    found, pending = [], ""
    for line in (SPEC / "protocol.md").read_text().splitlines():
        text = line.strip()
        pending = text[2:] if text[:2] in ("→ ", "← ") else (pending + text if pending else "")
        try:
            message = json.loads(pending) if pending else None
        except ValueError:
            continue
        if isinstance(message, dict) and "…" not in pending:
            found.append(message)
        pending = ""
    return found


def test_examples_are_found_in_the_contract() -> None:
    assert len(_examples()) >= 1


GOOD_CLIENT: list[Any] = [
    {"event": f"{NOTE}.search"},
    {"event": f"{NOTE}.search#h1", "id": 7, "data": {"page": 2}},
    {"event": f"{NOTE}.search#h1", "data": {"after": "", "limit": 5, "expand": ["labels"]}},
    {"event": f"{NOTE}.search#h1", "id": "x" * 64, "have": {"v": CRC, "rows": [[7, ETAG], ["k", ETAG]]}},
    {"event": f"{NOTE}.retrieve", "have": {"v": ETAG}, "data": {"id": 7}},
    {"event": f"{NOTE}.update", "key": "k", "if": ETAG, "data": {"id": 7}},
    {"event": f"{NOTE}.update", "of the future": True},
    {"event": "cb.auth", "data": {"token": "t"}},
    {"event": "cb.locale", "data": {"language": "de", "timezone": "Asia/Tokyo"}},
    {
        "event": "cb.batch",
        "id": 1,
        "data": {"atomic": True, "ops": [{"event": f"{NOTE}.create", "data": {}, "as": "n"}]},
    },
    {"event": "cb.pong", "data": {"n": 3}},
    {"event": "cb.ping", "id": 9, "data": {"n": 3}},
    [{"event": f"{NOTE}.search"}, {"event": "cb.pong", "data": {"n": 3}}],
]
BAD_CLIENT: list[Any] = [
    None,
    7,
    "text",
    [],
    [[]],
    {},
    {"event": None},
    {"event": "search"},
    {"event": ".search"},
    {"event": f"{NOTE}."},
    {"event": f"{NOTE}.search#"},
    {"event": f"{NOTE}.search#a b"},
    {"event": f"{NOTE}.search#{'x' * 65}"},
    {"event": f"{NOTE}.sea rch"},
    {"event": "x" * 257 + ".search"},
    {"event": f"{NOTE}.search", "id": ""},
    {"event": f"{NOTE}.search", "id": "x" * 65},
    {"event": f"{NOTE}.search", "id": True},
    {"event": f"{NOTE}.search", "id": 1.5},
    {"event": f"{NOTE}.search", "id": 2**53},
    {"event": f"{NOTE}.search", "data": []},
    {"event": f"{NOTE}.search", "data": "x"},
    {"event": f"{NOTE}.search", "key": ""},
    {"event": f"{NOTE}.search", "if": 7},
    {"event": f"{NOTE}.search", "have": []},
    {"event": f"{NOTE}.search", "have": {"v": CRC, "rows": [[7]]}},
    {"event": f"{NOTE}.search", "have": {"rows": []}},
    {"event": "cb.unheard_of"},
    {"event": "cb.auth", "data": {}},
    {"event": "cb.locale", "data": {}},
    {"event": "cb.locale", "data": {"language": 7}},
    {"event": "cb.batch", "data": {"ops": []}},
    {"event": "cb.pong", "data": {"n": "3"}},
    [{"event": f"{NOTE}.search"}, 7],
]
LIST = {"page": 1, "limit": 3, "count": 1, "order": None, "rows": [ROW]}
GOOD_SERVER: list[Any] = [
    {"event": "cb.hello", "data": HELLO},
    {"event": "cb.hello", "data": {**HELLO, "user": "7", "expires_in": 300}},
    {"event": "cb.auth", "id": 1, "data": {"success": True, "user": "7", "expires_in": 0}},
    {"event": "cb.locale", "id": 1, "data": {"success": True, "language": "de", "timezone": "UTC"}},
    {"event": "cb.ping", "data": {"n": 1}},
    {"event": "cb.user", "data": {"user": "7"}},
    {"event": "cb.goaway", "data": {"reason": "deploy", "reconnect": True, "after_ms": 100}},
    {"event": "cb.error", "error": ERROR},
    {"event": "not an event", "id": 3, "error": {**ERROR, "fields": {"a": [{"code": "x", "message": "y"}]}}},
    {
        "event": f"{NOTE}.update",
        "id": 3,
        "error": {**ERROR, "fields": {"rows": [{}, {"a": [{"code": "x", "message": "y"}]}]}},
    },
    {"event": f"{NOTE}.create", "id": 3, "data": {"success": True, "id": 7}},
    {"event": f"{NOTE}.search#h", "id": 3, "data": LIST, "v": CRC, "etags": [ETAG]},
    {"event": f"{NOTE}.search#h", "type": "snapshot", "v": CRC, "data": LIST, "etags": [ETAG]},
    {"event": f"{NOTE}.search#h", "type": "snapshot", "v": "00000000", "data": {**LIST, "rows": []}, "etags": []},
    {"event": f"{NOTE}.retrieve", "type": "snapshot", "v": ETAG, "data": ROW},
    {"event": f"{NOTE}.search", "type": "diff", "from": CRC, "v": CRC, "data": {"remove": [1], "count": 3}},
    {"event": f"{NOTE}.search", "type": "diff", "from": CRC, "v": CRC, "data": {"put": [[0, ROW, ETAG], [1, 9]]}},
    {"event": f"{NOTE}.search", "type": "diff", "from": CRC, "v": CRC, "data": {"patch": [[1, {}, ETAG, ["gone"]]]}},
    {"event": f"{NOTE}.search", "id": 1, "type": "same", "v": CRC, "data": {"count": 3}},
    {"event": f"{NOTE}.retrieve", "id": 1, "type": "same", "v": ETAG},
    {
        "event": f"{NOTE}.search",
        "id": 1,
        "type": "delta",
        "v": CRC,
        "data": {"order": [7], "rows": [ROW]},
        "etags": [ETAG],
    },
    {"event": f"{NOTE}.retrieve", "type": "gone"},
    [{"event": f"{NOTE}.retrieve", "type": "gone"}],
]
BAD_SERVER: list[Any] = [
    {"event": "cb.auth", "id": 1, "data": {"success": True}},
    {"event": "cb.hello", "data": {**HELLO, "expires_in": -1}},
    {"event": f"{NOTE}.search"},
    {"event": f"{NOTE}.search", "data": {}, "error": ERROR},
    {"event": f"{NOTE}.search", "data": {}, "extra": 1},
    {"event": f"{NOTE}.search", "data": [ROW]},
    {"event": f"{NOTE}.search", "type": "unheard_of", "v": CRC, "data": LIST},
    {"event": f"{NOTE}.search", "type": "snapshot", "v": CRC, "data": LIST},
    {"event": f"{NOTE}.search", "type": "snapshot", "v": ETAG, "data": LIST, "etags": [ETAG]},
    {
        "event": f"{NOTE}.search",
        "type": "snapshot",
        "v": CRC,
        "data": {**LIST, "rows": [{"title": "no id"}]},
        "etags": [],
    },
    {"event": f"{NOTE}.retrieve", "type": "snapshot", "v": CRC, "data": ROW},
    {"event": f"{NOTE}.retrieve", "type": "snapshot", "v": ETAG, "data": ROW, "etags": [ETAG]},
    {"event": f"{NOTE}.search", "type": "diff", "v": CRC, "data": {"remove": [1]}},
    {"event": f"{NOTE}.search", "type": "diff", "from": CRC, "v": CRC, "data": {}},
    {"event": f"{NOTE}.search", "type": "diff", "from": CRC, "v": CRC, "data": {"remove": []}},
    {"event": f"{NOTE}.search", "type": "diff", "from": CRC, "v": CRC, "data": {"put": [[0, ROW]]}},
    {"event": f"{NOTE}.search", "type": "diff", "from": CRC, "v": CRC, "data": {"patch": [[1, {}]]}},
    {"event": f"{NOTE}.search", "type": "diff", "from": CRC, "v": CRC, "data": {"count": -1}},
    {"event": f"{NOTE}.search", "type": "same"},
    {"event": f"{NOTE}.search", "type": "delta", "v": CRC, "data": {"order": [7]}, "etags": []},
    {"event": f"{NOTE}.retrieve", "type": "gone", "data": ROW},
    {"event": "cb.hello", "data": {**HELLO, "proto": "cb.2"}},
    {"event": "cb.user", "data": {"user": 7}},
    {"event": "cb.goaway", "data": {}},
    {"event": "cb.error", "error": {"code": "unheard_of", "status": 400, "message": "", "retry": False}},
    {"event": "cb.error", "error": {**ERROR, "fields": {"a": "text"}}},
    {"event": "cb.error", "error": {**ERROR, "message": None}},
    [],
]


@pytest.mark.parametrize("message", GOOD_CLIENT, ids=str)
def test_what_a_client_may_send_validates(message: Any) -> None:
    assert problems("clientFrame", message) == []


@pytest.mark.parametrize("message", BAD_CLIENT, ids=lambda message: str(message)[:60])
def test_what_a_client_may_not_send_does_not_validate(message: Any) -> None:
    assert problems("clientFrame", message)


@pytest.mark.parametrize("message", GOOD_SERVER, ids=str)
def test_what_the_server_sends_validates(message: Any) -> None:
    assert problems("serverFrame", message) == []


@pytest.mark.parametrize("message", BAD_SERVER, ids=str)
def test_what_the_server_never_sends_does_not_validate(message: Any) -> None:
    assert problems("serverFrame", message)


@pytest.mark.parametrize("extra", [{"v": CRC}, {"type": "snapshot"}, {"etags": []}])
def test_a_client_without_a_subprotocol_is_sent_nothing_new(extra: dict[str, Any]) -> None:
    assert problems("seedMessage", {"event": f"{NOTE}.search", "data": LIST}) == []
    assert problems("seedMessage", {"event": f"{NOTE}.search", "data": LIST, **extra})
