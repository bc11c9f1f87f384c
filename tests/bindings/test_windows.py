"""One window of a list: counted, estimated or neither; by pages or by places; bad ones refused before any SQL."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count
from django.test.utils import CaptureQueriesContext

from channels_binding import dispatch
from channels_binding.bindings.reads import ReadMixin
from channels_binding.bindings.trace import Trace
from channels_binding.calls import Call
from channels_binding.consumers import Binding
from channels_binding.exceptions import Invalid
from channels_binding.querysets import inspection
from channels_binding.registry import registry
from tests.project.zoo.models import Note
from tests.throwaway import throwaway

Search = Callable[..., dict[str, Any]]


@pytest.fixture
def search(user: Any) -> Search:
    """Of a table of seven notes: ranks from 0, every second one light."""
    Note.objects.bulk_create(
        Note(title=f"n{rank}", rank=rank, weight=None if rank % 2 else 1, secret_code=f"canary{rank}")
        for rank in range(7)
    )

    def asked(stream: str = "zoo.Note", **data: Any) -> dict[str, Any]:
        reading: Any = dispatch.perform(Call(stream, "search", {"fields": ["rank"], **data}, user))
        found = {**reading.meta, "rows": [dispatch_row["rank"] for dispatch_row in map(_decoded, reading.rows)]}
        assert [name for name in found if name == "order"]
        return found

    return asked


def _decoded(row: Any) -> dict[str, Any]:
    return registry.get("zoo.Note").decoded(row)


def statements_of(search: Search, **data: Any) -> tuple[dict[str, Any], list[str]]:
    with CaptureQueriesContext(connection) as captured:
        found = search(**data)
    return found, [each["sql"] for each in captured]


def test_a_page_without_a_count_says_whether_more_follow_in_one_statement(search: Search) -> None:
    found, statements = statements_of(search, count=False, limit=3, order="rank")
    assert found == {"page": 1, "limit": 3, "has_next": True, "order": "rank", "rows": [0, 1, 2]}
    assert len(statements) == 1
    assert "COUNT" not in statements[0]
    assert search(count=False, limit=3, page=3, order="rank")["has_next"] is False
    assert search(count=False, limit=7)["has_next"] is False
    assert search(count=True, limit=3)["count"] == 7


def test_an_estimate_counts_up_to_a_limit(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    found = search(count="estimate", limit=3)
    assert (found["count"], found["count_is"], found["has_next"]) == (7, "exact", True)
    monkeypatch.setattr(inspection, "COUNTED_ROWS", 5)
    found = search(count="estimate", filters={"rank__gte": 1})
    assert (found["count"], found["count_is"]) == (5, "at_least")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite notes no number of rows")
def test_an_estimate_is_what_postgresql_has_noted_where_nothing_is_hidden(
    search: Search, monkeypatch: Any, user: Any
) -> None:
    monkeypatch.setattr(inspection, "COUNTED_ROWS", 5)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE zoo_note")
    Note.objects.filter(rank=6).delete()
    assert search(count="estimate", limit=3)["count_is"] == "estimate"
    assert search(count="estimate", limit=3)["count"] == 7
    own = search("zoo.OwnNote", count="estimate")
    assert (own["count"], own["count_is"]) == (0, "exact")
    with connection.cursor() as cursor:  # policies hide rows, which are noted all the same
        cursor.execute("ALTER TABLE zoo_note ENABLE ROW LEVEL SECURITY")
    assert search(count="estimate", limit=3)["count_is"] == "at_least"


def test_windows_by_places_follow_each_other_forward_and_backward(search: Search) -> None:
    order = ["weight", "-rank"]
    whole = search(order=order)["rows"]
    first = search(after="", limit=3, order=order)
    assert [*first] == ["limit", "has_next", "start", "end", "order", "rows"]
    assert (first["rows"], first["has_next"]) == (whole[:3], True)
    second = search(after=first["end"], limit=3, order=order)
    last = search(after=second["end"], limit=3, order=order)
    assert (second["rows"] + last["rows"], last["has_next"]) == (whole[3:], False)
    back = search(before=last["start"], limit=2, order=order)
    assert (back["rows"], back["has_previous"]) == (whole[4:6], True)
    assert search(before="", limit=2, order=order)["rows"] == whole[5:]
    assert search(after=first["end"], until=second["end"], order=order)["rows"] == second["rows"]
    assert search(until=first["end"], order=order)["rows"] == first["rows"]
    assert search(until=second["end"], limit=4, order=order)["has_next"] is True
    beyond = search(after=last["end"], order=order)
    assert (beyond["rows"], beyond["has_next"], beyond["start"], beyond["end"]) == ([], False, None, None)


def test_a_window_by_places_takes_two_statements_and_no_count(search: Search) -> None:
    cursor = search(after="", limit=2)["end"]
    _, statements = statements_of(search, after=cursor, limit=2, order=None)
    assert len(statements) == 2
    assert not any("COUNT" in sql for sql in statements)


def test_a_live_window_reads_keys_and_places_again_and_only_rows_that_changed(search: Search, user: Any) -> None:
    data = {"after": "", "limit": 3, "order": "rank", "fields": ["title", "rank"]}
    binding = registry.get("zoo.Note")(Call("zoo.Note", "search", data, user))
    before = ReadMixin.search(binding, data)  # type: ignore[arg-type]
    Note.objects.filter(rank=1).update(title="changed")
    binding.trace = Trace(lambda queryset: None, {row.pk: row for row in before.rows if b'"rank":1' not in row.body})
    with CaptureQueriesContext(connection) as captured:
        after = ReadMixin.search(binding, data)  # type: ignore[arg-type]
    assert len(captured) == 2
    assert b"changed" in after.rows[1].body
    assert after.rows[0] is before.rows[0]


def test_rows_that_annotations_make_have_places_too(search: Search) -> None:
    with throwaway():

        class Counted(Binding):
            stream, queryset = "tests.Counted", Note.objects.annotate(labelled=Count("labels"))
            fields, ordering_fields = ("id", "rank"), ("labelled",)

        first = search("tests.Counted", after="", limit=4, order="labelled")
        assert search("tests.Counted", after=first["end"], order="labelled")["rows"] == [4, 5, 6]


def test_a_column_that_is_ordered_by_and_not_shown_cannot_be_read_from_a_cursor(search: Search) -> None:
    with throwaway():

        class Secretive(Binding):
            stream, model, fields = "tests.Secretive", Note, ("id", "rank")
            ordering_fields = ("secret_code",)

        end = search("tests.Secretive", after="", limit=3, order="secret_code")["end"]
        assert "canary" not in end
        assert search("tests.Secretive", after=end, limit=2, order="secret_code")["rows"] == [3, 4]
        refuse(search, {"after": end, "order": "secret_code"})  # of another stream, which declares no such order
        refuse(search, {"after": end})


def refuse(search: Search, data: Any) -> None:
    with CaptureQueriesContext(connection) as captured, pytest.raises(Invalid):
        search(**data)
    assert len(captured) == 0


@pytest.mark.parametrize(
    "data",
    [
        {"count": "many"}, {"count": 1}, {"count": "false"}, {"after": "x"}, {"before": 7}, {"until": ["a"]},
        {"after": {"rank": 3}},
        {"after": "", "page": 1}, {"after": "", "before": ""}, {"after": "", "count": True}, {"after": "", "count": "estimate"},
        {"after": "eyJyYW5rIjogM30"}, {"after": "", "order": "secret_code"}, {"after": "", "limit": 0},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_window_is_refused_before_any_sql(data: Any, search: Search) -> None:
    refuse(search, data)


def test_a_cursor_of_another_order_is_refused_before_any_sql(search: Search) -> None:
    refuse(search, {"after": search(after="", limit=1, order="rank")["end"], "order": "-rank"})
