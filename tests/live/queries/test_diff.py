"""The difference between two readings: a client that follows spec/protocol.md §3 to the letter ends at the new one."""

import json
import string
import zlib
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_binding.calls import Reading, Row
from channels_binding.live.queries.diff import diff, gone, returning, snapshot
from channels_binding.protocol.messages import Body, frame
from tests.schema import problems

EVENT = "zoo.Note.search#h"


class Client:
    """Follows §3, and knows nothing but what arrived."""

    def __init__(self) -> None:
        self.v: str | None = None
        self.data: dict[str, Any] = {}
        self.rows: list[dict[str, Any]] = []
        self.etags: dict[Any, str] = {}

    def take(self, body: Body) -> "Client":
        message = json.loads(frame(EVENT, body.tail()))
        assert problems(message["type"], message) == [], message
        getattr(self, f"take_{message['type']}")(message)
        self.v = message["v"]
        text = ",".join(f"{row['id']}:{self.etags[row['id']]}" for row in self.rows)
        assert f"{zlib.crc32(text.encode()):08x}" == self.v, "diverged"
        return self

    def take_snapshot(self, message: Mapping[str, Any]) -> None:
        self.data = {name: value for name, value in message["data"].items() if name != "rows"}
        self.rows = message["data"]["rows"]
        self.etags = {row["id"]: etag for row, etag in zip(self.rows, message["etags"], strict=True)}

    def take_diff(self, message: Mapping[str, Any]) -> None:
        assert message["from"] == self.v
        data = dict(message["data"])
        remove, put, patch = data.pop("remove", []), data.pop("put", []), data.pop("patch", [])
        bodies = {row["id"]: row for row in self.rows}
        self.rows = [row for row in self.rows if row["id"] not in remove]
        assert [place[0] for place in put] == sorted(place[0] for place in put)
        for index, row, *etag in put:
            if isinstance(row, dict):
                self.etags[row["id"]] = etag[0]
            else:
                assert row in remove, "only what was just taken out is put back by its key"
                row = bodies[row]
            assert index <= len(self.rows)
            self.rows.insert(index, row)
        for pk, changed, etag, *cleared in patch:
            (row,) = [each for each in self.rows if each["id"] == pk]
            row |= changed
            for name in cleared[0] if cleared else ():
                del row[name]
            self.etags[pk] = etag
        self.data |= data

    def take_same(self, message: Mapping[str, Any]) -> None:
        assert message["v"] == self.v
        self.data |= message.get("data", {})

    def take_delta(self, message: Mapping[str, Any]) -> None:
        data = dict(message["data"])
        order, rows = data.pop("order"), data.pop("rows")
        bodies = {row["id"]: row for row in self.rows} | {row["id"]: row for row in rows}
        self.etags |= {row["id"]: etag for row, etag in zip(rows, message["etags"], strict=True)}
        self.rows = [bodies[pk] for pk in order]
        self.data |= data

    def have(self) -> dict[str, Any]:
        return {"v": self.v, "rows": [[row["id"], self.etags[row["id"]]] for row in self.rows]}

    def shows(self, reading: Reading) -> bool:
        expected = json.loads(reading.data)
        rows = expected.pop("rows")
        same_rows = json.dumps(rows, sort_keys=True) == json.dumps(self.rows, sort_keys=True)
        same_etags = [self.etags[row["id"]] for row in self.rows] == list(reading.etags)
        return same_rows and same_etags and self.data == expected and self.v == reading.version


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(
        [
            0,
            1,
            0.0,
            1.0,
            -0.0,
            "",
            "0",
            "1",
            [],
            [0],
            [False],
            {},
            {"a": 0},
            {"a": False},
            {"b": 1, "a": 1},
            {"a": 1, "b": 1},
        ]
    ),
    st.text(max_size=3),
)
FIELDS = st.dictionaries(st.sampled_from(["title", "rank", "extra"]), VALUES, max_size=3)
KEYS = st.integers(1, 9) | st.sampled_from(list(string.ascii_lowercase[:4]))


@st.composite
def readings(draw: st.DrawFn) -> list[Reading]:
    """Several answers of one query, one after the other."""
    order, has_labels = draw(st.sampled_from([None, "-rank"])), draw(st.booleans())
    found = []
    for _ in range(draw(st.integers(2, 4))):
        keys = draw(st.lists(KEYS, unique=True, max_size=9))
        rows = tuple(Row.of(key, {"id": key, **draw(FIELDS)}) for key in keys)
        extra = (
            {"labels": {"owner": draw(st.dictionaries(st.sampled_from("12"), st.text(max_size=2)))}}
            if has_labels
            else {}
        )
        found.append(Reading(rows, {"page": 1, "limit": 9, "count": draw(st.integers(0, 3)), "order": order}, extra))
    return found


@given(readings())
@settings(max_examples=150)
def test_diffs_bring_a_client_from_each_reading_to_the_next(steps: list[Reading]) -> None:
    client = Client().take(snapshot(steps[0]))
    assert client.shows(steps[0])
    for old, new in pairwise(steps):
        body = diff(old, new)
        if body is None:
            assert old.version == new.version
        else:
            client.take(body)
        assert client.shows(new)


@given(readings())
def test_a_client_that_comes_back_ends_at_what_the_read_answers_now(steps: list[Reading]) -> None:
    client = Client().take(snapshot(steps[0]))
    for reading in steps[1:]:
        client.take(returning(client.have(), reading))
        assert client.shows(reading)


@given(readings())
def test_a_diff_moves_and_sends_no_more_than_it_must(steps: list[Reading]) -> None:
    old, new = steps[0], steps[1]
    body = diff(old, new)
    data = json.loads(body.data) if body and body.data else {}
    old_keys, new_keys = [row.pk for row in old.rows], [row.pk for row in new.rows]
    moved = [place[1] for place in data.get("put", []) if not isinstance(place[1], dict)]
    common = [key for key in new_keys if key in old_keys]
    assert len(moved) == len(common) - _longest_common(common, [key for key in old_keys if key in common])
    assert set(data.get("remove", [])) == (set(old_keys) - set(new_keys)) | set(moved)
    entered = [place[1]["id"] for place in data.get("put", []) if isinstance(place[1], dict)]
    assert entered == [key for key in new_keys if key not in old_keys]


def _longest_common(one: list[Any], other: list[Any]) -> int:
    """Length of the longest common subsequence, the slow and obvious way."""
    best = [0] * (len(other) + 1)
    for item in one:
        row = [0]
        for index, each in enumerate(other):
            row.append(best[index] + 1 if item == each else max(row[-1], best[index + 1]))
        best = row
    return best[-1]


def reading(*rows: dict[str, Any], **meta: Any) -> Reading:
    return Reading(tuple(Row.of(row["id"], row) for row in rows), {"count": len(rows), **meta})


def data_of(body: Body | None) -> Any:
    assert body is not None
    assert body.data is not None
    return json.loads(body.data)


def test_nothing_differs_nothing_is_sent() -> None:
    assert diff(reading({"id": 1}), reading({"id": 1})) is None


def test_the_example_of_the_docstring_is_true() -> None:
    old = reading({"id": 1}, {"id": 2, "t": "a"}, {"id": 3}, count=3)
    new = reading({"id": 1}, {"id": 4}, {"id": 2, "t": "b"}, count=3)
    assert data_of(diff(old, new)) == {
        "remove": [3],
        "put": [[1, {"id": 4}, new.etags[1]]],
        "patch": [[2, {"t": "b"}, new.etags[2]]],
    }


def test_a_row_that_moves_and_changes_is_put_by_key_and_patched() -> None:
    old = reading({"id": 9}, {"id": 7}, {"id": 4, "amount": 800})
    new = reading({"id": 4, "amount": 910}, {"id": 9}, {"id": 7})
    assert data_of(diff(old, new)) == {"remove": [4], "put": [[0, 4]], "patch": [[4, {"amount": 910}, new.etags[0]]]}


def test_a_field_that_is_no_longer_there_is_named() -> None:
    old, new = reading({"id": 1, "a": 1, "b": 2}), reading({"id": 1, "b": 3})
    assert data_of(diff(old, new)) == {"patch": [[1, {"b": 3}, new.etags[0], ["a"]]]}


@pytest.mark.parametrize(
    ("before", "after"),
    [(1, True), (0, False), (1, 1.0), (True, 1), ([1], [True]), ({"a": 0}, {"a": False}), (0.0, -0.0)],
)
def test_a_value_that_python_holds_equal_but_a_browser_does_not_is_sent(before: Any, after: Any) -> None:
    new = reading({"id": 1, "v": after})
    assert data_of(diff(reading({"id": 1, "v": before}), new)) == {"patch": [[1, {"v": after}, new.etags[0]]]}


def test_what_stands_beside_the_rows_is_sent_where_it_differs() -> None:
    old, new = reading({"id": 1}, count=5), reading({"id": 1}, count=6)
    assert data_of(diff(old, new)) == {"count": 6}
    body = diff(old, new)
    assert body is not None
    assert body.v == body.from_v == old.version


def test_a_single_row_is_patched() -> None:
    old = Reading((Row.of(1, {"id": 1, "t": "a"}),), is_single=True)
    new = Reading((Row.of(1, {"id": 1, "t": "b"}),), is_single=True)
    body = diff(old, new)
    assert body is not None
    assert (body.type, body.from_v, body.v) == ("diff", old.version, new.version)
    assert data_of(body) == {"patch": [[1, {"t": "b"}, new.version]]}


def test_gone_says_nothing_but_that() -> None:
    assert json.loads(frame("zoo.Note.retrieve", gone().tail())) == {"event": "zoo.Note.retrieve", "type": "gone"}


# Coming back


HERE = reading({"id": 1, "t": "a"}, {"id": 2, "t": "b"}, order="t")


def test_who_has_it_all_is_sent_what_stands_beside_alone() -> None:
    body = returning({"v": HERE.version}, HERE)
    assert (body.type, body.v, data_of(body)) == ("same", HERE.version, {"count": 2})


def test_who_lacks_some_is_sent_those() -> None:
    have = {"v": "00000000", "rows": [[1, HERE.etags[0]], [2, "000000000000"], [3, "000000000000"]]}
    body = returning(have, HERE)
    assert (body.type, body.etags) == ("delta", (HERE.etags[1],))
    assert data_of(body) == {"count": 2, "order": [1, 2], "rows": [{"id": 2, "t": "b"}]}


@pytest.mark.parametrize(
    "have",
    [
        {},
        {"v": None},
        {"v": 7},
        {"v": "00000000"},
        {"v": "00000000", "rows": []},
        {"v": [], "rows": {}},
        {"rows": "text"},
        {"rows": [1, None, [], [1], [1, 2, 3], [[1], "e"], [{}, "e"], [1, None], [None, "e"]]},
        {"v": {"a": 1}, "rows": [[{"unhashable": 1}, {"x": 1}]]},
    ],
    ids=str,
)
def test_whoever_says_nothing_usable_is_sent_everything(have: dict[str, Any]) -> None:
    body = returning(have, HERE)
    assert (body.type, body.v, body.etags, body.data) == ("snapshot", HERE.version, HERE.etags, HERE.data)


def test_a_single_row_is_the_same_or_sent_whole() -> None:
    single = Reading((Row.of(1, {"id": 1}),), is_single=True)
    same = returning({"v": single.version}, single)
    assert (same.type, same.data) == ("same", None)
    other = returning({"v": "000000000000", "rows": [[1, single.version]]}, single)
    assert (other.type, other.data, other.etags) == ("snapshot", b'{"id":1}', None)
