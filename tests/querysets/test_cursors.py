"""Places as cursors: values come back as they were, and what is no cursor of the stream is refused at its name."""

import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from channels_binding.exceptions import Invalid
from channels_binding.querysets.cursors import MAX_CHARACTERS, Place, Span, read_span

VALUES = (
    None, True, 7, 2**63, -1.5, 1e308, "text", "", "naïve ✓", Decimal("1.50"), Decimal("-0E-7"), uuid.uuid4(),
    date(2026, 1, 31),
    datetime(2026, 1, 31, 12, 0, 0, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2))), time(1, 2, 3),
    timedelta(days=-3, microseconds=7),
)  # fmt: skip


def test_values_come_back_as_they_were_with_their_types() -> None:
    place = Place(("-a", "b"), VALUES)
    span = read_span({"after": place.cursor("s")}, "s")
    assert span == Span(after=place)
    assert [*map(type, span.after.values)] == [*map(type, VALUES)]  # type: ignore[union-attr]


def test_text_of_any_script_has_a_place_up_to_the_same_length() -> None:
    place = Place(("title",), ("\N{PILE OF POO}" * 700, "\ud800"))
    assert read_span({"after": place.cursor("s")}, "s") == Span(after=place)


def test_an_empty_cursor_is_the_beginning_or_the_end_and_none_is_no_window() -> None:
    assert read_span({"page": 2, "after": None}, "s") is None
    assert read_span({"after": ""}, "s") == read_span({"until": ""}, "s") == Span()
    assert read_span({"before": "", "count": False}, "s") == Span(is_backward=True)


CURSOR = Place(("a",), (1, 2)).cursor("s")
ODD: list[Any] = ["x", "ü" * 30, 7, True, [], {}, CURSOR[:-1], "A" * 5000]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        *(({"after": odd}, "after") for odd in ODD),
        ({"until": Place(("a",), (1, 2)).cursor("other")}, "until"),
        ({"before": CURSOR, "after": CURSOR}, "before"),
        ({"before": CURSOR, "until": CURSOR}, "before"),
        ({"after": CURSOR, "page": 1}, "page"),
        ({"after": CURSOR, "count": True}, "count"),
        ({"after": CURSOR, "count": "estimate"}, "count"),
    ],
    ids=str,
)
def test_what_is_no_cursor_of_the_stream_and_what_excludes_each_other_is_refused(data: Any, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_span(data, "s")
    assert [*(refused.value.fields or {})] == [name]


def test_a_cursor_of_another_order_is_refused() -> None:
    span = read_span({"after": "", "until": CURSOR}, "s")
    assert span is not None
    span.check(["a"])
    with pytest.raises(Invalid, match="another order"):
        span.check(["-a"])


@pytest.mark.parametrize(
    "value", [b"bytes", [1], {"a": 1}, "x" * MAX_CHARACTERS], ids=["bytes", "list", "object", "long"]
)
def test_what_has_no_exact_or_too_long_a_text_has_no_place(value: Any) -> None:
    with pytest.raises(Invalid):
        Place(("a",), (value, 1)).cursor("s")


def test_the_length_of_a_cursor_says_little_about_what_a_row_holds() -> None:
    lengths = {len(Place(("secret",), ("x" * length, 7)).cursor("zoo.Note")) for length in range(20)}
    assert len(lengths) == 1
