"""Call, Row and Reading: names, versions as spec/protocol.md §1 computes them, and what is encoded."""

import ast
import hashlib
import json
import zlib
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from hypothesis import given
from hypothesis import strategies as st

import channels_binding
from channels_binding.calls import Call, Reading, Row
from channels_binding.calls.call import etag, forgetful


def call(**members: object) -> Call:
    return Call(**{"stream": "app.Order", "action": "search", "data": {}, "user": None, **members})  # type: ignore[arg-type]


def row(pk: int | str, **values: object) -> Row:
    return Row.of(pk, {"id": pk, **values})


def test_a_call_bears_the_event_that_the_client_wrote() -> None:
    assert call().event == "app.Order.search"
    assert call(hash="h1").event == "app.Order.search#h1"


@pytest.mark.parametrize(
    ("data", "is_live"),
    [({}, True), ({"live": True}, True), ({"live": False}, False), ({"live": None}, True), ({"live": 0}, True)],
)
def test_a_read_is_live_unless_it_says_false(data: dict[str, object], is_live: bool) -> None:
    assert call(data=data).is_live is is_live


def test_the_same_question_by_another_user_keeps_no_request_of_the_first_one() -> None:
    first = call(user="ann", request=object(), data={"page": 2})
    other = first.as_user("bob")
    assert (other.user, other.request, other.data) == ("bob", None, {"page": 2})
    assert first.user == "ann"


def test_an_etag_is_twelve_digits_of_blake2b_over_the_bytes_as_sent() -> None:
    body = b'{"id":7,"title":"x"}'
    assert etag(body) == hashlib.blake2b(body, digest_size=6).hexdigest() == row(7, title="x").etag
    assert len(etag(body)) == 12


def test_an_etag_tells_apart_what_differs_in_a_single_byte() -> None:
    values: list[object] = [1, True, 1.0, "1", None, [1], {"a": 1}]
    assert len({row(1, v=value).etag for value in values}) == len(values)


def test_the_version_of_a_list_is_a_crc_over_keys_and_etags_in_order() -> None:
    rows = (row(9), row("key"), row(4))
    expected = zlib.crc32(f"9:{rows[0].etag},key:{rows[1].etag},4:{rows[2].etag}".encode())
    assert Reading(rows).version == f"{expected:08x}"


def test_an_empty_list_has_the_version_zero() -> None:
    assert Reading(()).version == "00000000"


@given(st.lists(st.integers(), unique=True, min_size=1))
def test_a_version_always_has_eight_digits(keys: list[int]) -> None:
    version = Reading(tuple(Row(key, b"{}") for key in keys)).version
    assert len(version) == 8
    assert version == version.lower()
    assert int(version, 16) >= 0


def test_the_version_of_a_single_row_is_its_etag() -> None:
    assert Reading((row(7),), is_single=True).version == row(7).etag


def test_the_version_depends_on_the_order_and_not_on_what_stands_beside() -> None:
    one, two = row(1), row(2)
    assert Reading((one, two)).version != Reading((two, one)).version
    assert Reading((one,), {"count": 1}).version == Reading((one,), {"count": 2}, {"labels": {}}).version


def test_a_list_is_encoded_with_its_rows_between_what_stands_before_and_after() -> None:
    reading = Reading((row(7, title="x"),), {"page": 1, "order": None}, {"labels": {"owner": {}}})
    assert reading.data == b'{"page":1,"order":null,"rows":[{"id":7,"title":"x"}],"labels":{"owner":{}}}'
    assert reading.etags == (row(7, title="x").etag,)


@pytest.mark.parametrize(("order", "is_told"), [(None, False), ("rank", True), (["rank", "-title"], True)])
def test_clients_without_a_subprotocol_are_told_the_order_only_where_they_asked_for_one(
    order: object, is_told: bool
) -> None:
    reading = Reading((), {"page": 1, "limit": 2, "count": 0, "order": order})
    assert ("order" in json.loads(reading.terse_data)) is is_told
    assert "order" in json.loads(reading.data)


def test_a_single_row_is_its_own_data() -> None:
    reading = Reading((row(7, title="x"),), is_single=True)
    assert reading.data == reading.terse_data == b'{"id":7,"title":"x"}'


def test_a_user_is_copied_without_what_it_has_loaded() -> None:
    user = get_user_model()(pk=7, username="ann")
    user.tenant = "acme"  # type: ignore[attr-defined]
    user._state.fields_cache["profile"] = object()
    user._prefetched_objects_cache = {"groups": []}  # type: ignore[attr-defined]
    user._perm_cache = {"a.view_b"}  # type: ignore[attr-defined]
    assert user.is_authenticated
    copied = forgetful(user)
    assert copied == user
    assert copied._state.fields_cache == {}
    assert not hasattr(copied, "_prefetched_objects_cache")
    assert (copied.tenant, copied._perm_cache) == ("acme", {"a.view_b"})
    assert "profile" in user._state.fields_cache
    assert forgetful(None) is None


def test_another_question_of_a_caller_keeps_who_asks_and_forgets_what_the_first_one_said() -> None:
    own = {
        "key": "k",
        "hash": "h",
        "if_version": "v",
        "files": {"cover": "file"},
        "handler_messages": object(),
        "have": {},
    }
    one = call(transport="http", scope={"auth": "token"}, request="request", **own)
    other = one.derived("retrieve", {"id": 7}, "app.Line")
    assert (other.stream, other.action, other.data) == ("app.Line", "retrieve", {"id": 7})
    assert (other.user, other.transport, other.scope, other.request) == (one.user, "http", {"auth": "token"}, "request")
    assert [getattr(other, name) for name in own] == [None, None, None, {}, None, None]
    assert other.is_counted
    assert other.origin is one
    assert other.derived("search", {}).origin is one


def test_an_operation_of_a_batch_counts_by_itself() -> None:
    batch = call(key="k", is_counted=True, request="request")
    operation = batch.operation("app.Line", "create", {"a": 1}, None)
    assert (operation.key, operation.is_counted, operation.request) == (None, False, "request")


MAKE_THE_FIRST = {
    *("calls/call.py", "websocket/connection.py", "rest/base_view.py", "testing/client.py"),
    *("management/commands/bindings.py", "contract/json_schema.py", "contract/typescript.py"),
    *("contrib/mcp/tools.py", "explorer/offers.py", "checks/serializers.py"),
}
"""Where somebody from outside asks something. Everywhere else a Call comes from another, and so keeps who asks."""


def test_no_second_question_is_made_by_hand() -> None:
    source = Path(channels_binding.__file__).parent
    made = {
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and _makes_a_call(node)
    }
    assert made == MAKE_THE_FIRST


def _makes_a_call(node: ast.Call) -> bool:
    """``Call(…)``, or ``replace(…)`` that takes away the request or says another action."""
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    changed = {keyword.arg for keyword in node.keywords}
    return name == "Call" or (name == "replace" and bool(changed & {"request", "scope", "action", "stream"}))
