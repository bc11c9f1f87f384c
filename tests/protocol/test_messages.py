"""Messages: every malformed shape is named, none raises, and what is built obeys spec/messages.schema.json."""
# ruff: noqa: E501 (tables are read across)

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_binding.exceptions import BadRequest, NotFound, Throttled, all_errors
from channels_binding.protocol import codecs, messages
from channels_binding.protocol.codecs import Unfit
from channels_binding.protocol.messages import (
    Body,
    Malformed,
    Request,
    batch,
    failure,
    frame,
    message,
    read_frame,
    read_message,
    refused_frame,
    split_event,
)
from tests.schema import problems

EVENT = "app.Order.search#h1"
ETAG, CRC = "a1b2c3d4e5f6", "8d21f0aa"


def request_of(value: Any) -> Request:
    read = read_message(value)
    assert isinstance(read, Request), read
    return read


def malformed(value: Any) -> Malformed:
    read = read_message(value)
    assert isinstance(read, Malformed), read
    assert read.error.code == "bad_request"
    return read


def test_a_whole_message_is_read() -> None:
    sent = {"event": EVENT, "id": 7, "data": {"page": 2}, "key": "k", "have": {"v": CRC}, "if": ETAG, "new": 1}
    assert read_message(sent) == Request(EVENT, "app.Order", "search", "h1", 7, {"page": 2}, "k", {"v": CRC}, ETAG)


def test_an_event_alone_is_a_message() -> None:
    assert read_message({"event": "a.b"}) == Request("a.b", "a", "b", None, None, {})


@pytest.mark.parametrize("name", ["data", "id", "key", "have", "if"])
def test_a_member_that_is_null_counts_as_absent(name: str) -> None:
    assert read_message({"event": "a.b", name: None}) == read_message({"event": "a.b"})


@pytest.mark.parametrize(
    ("event", "parts"),
    [
        ("a.b", ("a", "b", None)),
        ("app.Order.search", ("app.Order", "search", None)),
        ("app.Order.search#h1", ("app.Order", "search", "h1")),
        ("custom_stream.custom_event", ("custom_stream", "custom_event", None)),
        ("a.b#-_-", ("a", "b", "-_-")),
        ("a.b#" + "x" * 64, ("a", "b", "x" * 64)),
        ("1.2", ("1", "2", None)),
        ("a-b.c.d-e", ("a-b.c", "d-e", None)),
        ("_a._b", ("_a", "_b", None)),
    ],
)
def test_an_event_is_split_at_the_first_hash_and_the_last_dot(event: str, parts: Any) -> None:
    assert split_event(event) == parts


BAD_EVENTS: list[Any] = [
    None, 7, 1.5, True, [], {}, ["a.b"], "", " ", ".", "..", "#", "a", "search", ".b", "a.", "a.#h", ".#", "a.b#", "a.b# ", "a.b#a b", "a.b#h#i",
    "a.b#é", "a.b#h.1", "a.b#" + "x" * 65, "a b.c", "a.b c", " a.b", "a.b ", "a.b\n", "a\n.b", "a.b#h\n", "é.b", "a.é", "a/b.c", "a.b/c", "-a.b", "a.-b",
    "a:b.c", "a.b\x00", "\x00a.b", "a.b\u200b", "ａ.b", "a.b\u202e", "a..", "a.$b", "a.b()", "a.b?", "a.b%20", "x" * 255 + ".b", "a." + "x" * 255,
    "<a>.b", "a.b;", "a.b'", 'a.b"', "a\\.b", "a,b.c", "*.b", "a.*", "a.b@c",
]  # fmt: skip


@pytest.mark.parametrize("event", BAD_EVENTS, ids=lambda event: ascii(event)[:30])
def test_a_name_that_is_no_event_is_refused(event: Any) -> None:
    with pytest.raises(BadRequest):
        split_event(event)
    malformed({"event": event, "data": {}})


@pytest.mark.parametrize(
    "shape", [None, True, 7, 1.5, "text", "a.b", [], [{"event": "a.b"}], {}, {"data": {}}, {"Event": "a.b"}], ids=str
)
def test_what_is_no_object_with_an_event_is_refused(shape: Any) -> None:
    found = malformed(shape)
    assert found.event is None
    assert found.id is None


WRONG: dict[str, tuple[Any, ...]] = {
    "data": ([], "x", 7, 0, 1.5, True, False, ""),
    "have": ([], "x", 7, 0, True, False, ""),
    "key": ("", 7, 0, True, False, [], {}, "x" * 256),
    "if": ("", 7, 0, True, False, [], {}, "x" * 256),
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in WRONG.items() for value in values],
    ids=lambda value: str(value)[:20],
)
def test_a_member_of_the_wrong_kind_is_refused_and_named(name: str, value: Any) -> None:
    found = malformed({"event": EVENT, "id": 7, name: value})
    assert (found.event, found.id) == (EVENT, 7)
    assert f"'{name}'" in found.error.message


BAD_IDS: list[Any] = [True, False, 1.5, 7.0, "", "x" * 65, [], {}, [7], 2**53, -(2**53), 2**63]


@pytest.mark.parametrize("call_id", BAD_IDS, ids=lambda value: str(value)[:20])
def test_an_id_that_could_not_be_echoed_as_it_is_is_refused_and_not_echoed(call_id: Any) -> None:
    found = malformed({"event": EVENT, "id": call_id})
    assert (found.event, found.id) == (EVENT, None)


@pytest.mark.parametrize("call_id", [0, 7, -7, 2**53 - 1, "x", "x" * 64, "7", " ", "é"])
def test_an_id_is_echoed_as_it_came(call_id: Any) -> None:
    echoed = json.loads(message(EVENT, {}, request_of({"event": EVENT, "id": call_id}).id))["id"]
    assert echoed == call_id
    assert type(echoed) is type(call_id)


def test_a_readable_id_is_echoed_even_if_the_event_is_not() -> None:
    assert malformed({"event": 7, "id": 9}).id == 9
    assert malformed({"event": "x" * 300, "id": "nine"}).event is None


UNFIT = {"event": EVENT, "id": 7, "data": {"query": "x\x00y"}}


@pytest.mark.parametrize(
    ("value", "refused"),
    [
        (UNFIT, [(EVENT, 7)]),
        ([UNFIT, {"event": 9, "id": "eight"}, "x"], [(EVENT, 7), (None, "eight"), (None, None)]),
        ([UNFIT] * 6, [(None, None)]),
        ([], [(None, None)]),
        ("x\x00", [(None, None)]),
    ],
)
def test_a_frame_that_is_refused_for_what_it_holds_is_refused_to_each_of_its_calls(value: Any, refused: Any) -> None:
    error = Unfit()
    error.value = value
    found = refused_frame(error, max_batch=5)
    assert [(each.event, each.id) for each in found] == refused
    assert all(each.error is error for each in found)
    assert [(each.event, each.id) for each in refused_frame(BadRequest(), max_batch=5)] == [(None, None)]


def test_names_that_begin_with_cb_belong_to_the_protocol() -> None:
    assert request_of({"event": "cb.pong"}).is_system
    assert not request_of({"event": "cbs.pong"}).is_system
    assert not request_of({"event": "app.cb.pong"}).is_system


def test_a_frame_is_one_message_or_several() -> None:
    assert read_frame({"event": "a.b"}, max_batch=2) == [Request("a.b", "a", "b")]
    several = read_frame([{"event": "a.b"}, 7, {"event": "a.c"}], max_batch=3)
    assert [type(each) for each in several] == [Request, Malformed, Request]


def test_an_empty_frame_and_one_of_too_many_messages_are_refused_once() -> None:
    for value in ([], [{"event": "a.b"}] * 3):
        (refused,) = read_frame(value, max_batch=2)
        assert isinstance(refused, Malformed)
        assert refused.error.code == "bad_request"


def test_an_array_in_an_array_is_no_message() -> None:
    (refused,) = read_frame([[{"event": "a.b"}]], max_batch=2)
    assert isinstance(refused, Malformed)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
EVENTS = st.text(max_size=12) | st.from_regex(r"[a-z.#]{0,12}") | st.just(EVENT) | JSON
MESSAGE = JSON | st.fixed_dictionaries(
    {"event": EVENTS}, optional=dict.fromkeys(("id", "data", "key", "have", "if"), JSON)
)


@given(MESSAGE)
def test_reading_a_message_never_raises_and_its_refusal_can_always_be_sent(value: Any) -> None:
    read = read_message(value)
    if isinstance(read, Malformed):
        sent = json.loads(failure(read.error, read.event, read.id))
        assert problems("failure", sent) == []
    else:
        assert read.event == value["event"]
        assert read.event == f"{read.stream}.{read.action}" + (f"#{read.hash}" if read.hash else "")


@given(MESSAGE)
def test_what_the_schema_lets_a_client_send_is_read(value: Any) -> None:
    if problems("call", value) == []:
        assert isinstance(read_message(value), Request)


BODIES = [
    (Body(b'{"success":true}'), "reply"),
    (Body(b'{"page":1,"limit":2,"count":0,"order":null,"rows":[]}', "snapshot", "00000000", etags=()), "snapshot"),
    (Body(b'{"id":7}', "snapshot", ETAG), "snapshot"),
    (Body(b'{"remove":[1]}', "diff", CRC, from_v=CRC), "diff"),
    (Body(b'{"count":3}', "same", CRC), "same"),
    (Body(None, "same", ETAG), "same"),
    (Body(b'{"order":[],"rows":[]}', "delta", CRC, etags=()), "delta"),
    (Body(type="gone"), "gone"),
    *((Body(error=kind()), "failure") for kind in all_errors() if kind.__module__ == "channels_binding.exceptions"),
]


@pytest.mark.parametrize("call_id", [None, 7, "seven", 'quo"te'])
@pytest.mark.parametrize(("body", "name"), BODIES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_frame_that_is_built_obeys_the_schema(body: Body, name: str, call_id: Any) -> None:
    sent = json.loads(frame(EVENT, body.tail(), None if name == "diff" else call_id))
    assert problems(name, sent) == []
    assert problems("serverMessage", sent) == []
    assert sent["event"] == EVENT
    assert sent.get("id") == (None if name == "diff" else call_id)


def test_the_members_of_a_frame_stand_in_the_order_of_the_contract() -> None:
    body = Body(b"{}", "diff", CRC, from_v="00000000", etags=(ETAG,))
    assert list(json.loads(frame(EVENT, body.tail(), 7))) == ["event", "id", "type", "from", "v", "data", "etags"]


def test_a_plain_message_holds_event_and_data_and_nothing_else() -> None:
    assert message("a.b", {"n": 1}) == b'{"event":"a.b","data":{"n":1}}'
    assert message("a.b", {}, 7) == b'{"event":"a.b","id":7,"data":{}}'


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_event_name_breaks_out_of_its_frame(event: str) -> None:
    sent = json.loads(message(event, {}, 7))
    assert sent == {"event": event, "id": 7, "data": {}}


def test_an_error_without_an_event_is_told_as_cb_error() -> None:
    assert json.loads(failure(NotFound()))["event"] == "cb.error"
    assert json.loads(failure(NotFound(), ""))["event"] == "cb.error"
    assert json.loads(failure(Throttled(retry_after=1), "a.b", 3)) == {
        "event": "a.b",
        "id": 3,
        "error": Throttled(retry_after=1).to_json(),
    }


def test_one_frame_stays_itself_and_several_become_an_array() -> None:
    one, two = message("a.b", {}), message("a.c", {})
    assert batch([one]) == one
    assert json.loads(batch(iter([one, two]))) == [json.loads(one), json.loads(two)]
    assert problems("serverFrame", json.loads(batch([one, two]))) == []


def test_the_subprotocol_has_the_name_of_the_contract() -> None:
    assert messages.SUBPROTOCOL == "cb.1.json"


def test_a_body_is_encoded_by_the_codec() -> None:
    assert codecs.parse(frame("a.b", Body(b"{}", v="x").tail())) == {"event": "a.b", "v": "x", "data": {}}
