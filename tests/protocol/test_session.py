"""What is open on one socket: the rate by a clock of the test's own, ids, quotas, names of reads."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_binding.exceptions import BadRequest, LimitExceeded, Throttled
from channels_binding.protocol.messages import Request, split_event
from channels_binding.protocol.session import Limits, Rate, Refusals, Session, read_name


def session(*, calls: int = 2, reads: int = 2, rate: int = 100) -> Session:
    return Session("cb.1", Limits(1000, reads, 1000, calls, rate, 16, 20, 1000, 1), Rate(rate))


def request(call_id: int | str | None = None, *, event: str = "a.b.search", **data: object) -> Request:
    return Request(event, *split_event(event), id=call_id, data=data)


def test_a_burst_as_large_as_the_rate_is_let_through_and_no_more() -> None:
    rate = Rate(3)
    for _ in range(3):
        rate.take(10.0)
    with pytest.raises(Throttled):
        rate.take(10.0)


def test_who_is_refused_is_told_when_to_come_back() -> None:
    rate = Rate(4)
    for _ in range(4):
        rate.take(10.0)
    with pytest.raises(Throttled) as refused:
        rate.take(10.0)
    assert refused.value.facts == {"retry_after": 0.25}
    rate.take(10.25)


def test_a_refused_message_costs_nothing() -> None:
    rate = Rate(2)
    for _ in range(2):
        rate.take(0.0)
    for _ in range(50):
        with pytest.raises(Throttled):
            rate.take(0.1)
    rate.take(0.5)


def test_a_long_silence_saves_up_one_burst_only() -> None:
    rate = Rate(2)
    rate.take(0.0)
    for _ in range(2):
        rate.take(1_000_000.0)
    with pytest.raises(Throttled):
        rate.take(1_000_000.0)


@given(st.integers(1, 50), st.lists(st.floats(0, 0.2), max_size=200))
def test_never_more_than_the_rate_and_one_burst_is_let_through(per_second: int, pauses: list[float]) -> None:
    rate, now, taken = Rate(per_second), 0.0, 0
    for pause in pauses:
        now += pause
        try:
            rate.take(now)
            taken += 1
        except Throttled:
            assert rate.tokens < 1
    assert taken <= per_second * (1 + now) + 1e-6


def test_an_id_is_free_again_once_its_call_is_answered() -> None:
    open_session = session()
    open_session.begin(request(7), 0)
    with pytest.raises(BadRequest, match="7"):
        open_session.begin(request(7), 0)
    open_session.finish(request(7))
    open_session.begin(request(7), 0)


def test_the_number_seven_and_the_text_seven_are_two_ids() -> None:
    open_session = session()
    open_session.begin(request(7), 0)
    open_session.begin(request("7"), 0)


def test_calls_in_flight_are_bounded_with_and_without_an_id() -> None:
    open_session = session(calls=2)
    open_session.begin(request(1), 0)
    open_session.begin(request(None), 0)
    for call_id in (2, None):
        with pytest.raises(LimitExceeded) as refused:
            open_session.begin(request(call_id), 0)
        assert refused.value.facts == {"limit": 2}
    open_session.finish(request(None))
    open_session.begin(request(2), 0)
    with pytest.raises(LimitExceeded):
        open_session.begin(request(3), 0)


def test_a_refused_call_leaves_nothing_behind() -> None:
    open_session = session(calls=1)
    open_session.begin(request(1), 0)
    with pytest.raises(LimitExceeded):
        open_session.begin(request(2), 0)
    open_session.finish(request(1))
    open_session.begin(request(2), 0)
    assert open_session.in_flight == {2}


def test_the_rate_is_asked_before_the_quota() -> None:
    open_session = session(calls=1, rate=1)
    open_session.begin(request(1), 0)
    with pytest.raises(Throttled):
        open_session.begin(request(2), 0)


def test_live_reads_are_bounded_but_one_may_take_its_own_place() -> None:
    open_session = session(reads=2)
    open_session.reads |= {"a": SimpleNamespace(rows=1), "b": SimpleNamespace(rows=1)}
    open_session.check_room("a")
    with pytest.raises(LimitExceeded) as refused:
        open_session.check_room("c")
    assert refused.value.facts == {"limit": 2}


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (request(event="a.B.search#h"), "a.B.search#h"),
        (request(event="a.B.search"), "a.B.search"),
        (request(event="a.B.list"), "a.B.list"),
        (request(event="a.B.retrieve", id=7), "a.B.retrieve/7"),
        (request(event="a.B.retrieve", id="x"), "a.B.retrieve/x"),
        (request(event="a.B.retrieve", ids=[1, 2]), "a.B.retrieve/[1, 2]"),
        (request(event="a.B.retrieve#h", id=7), "a.B.retrieve#h"),
        (request(event="a.B.retrieve"), "a.B.retrieve/None"),
    ],
)
def test_a_read_stays_live_under_its_name(sent: Request, name: str) -> None:
    assert read_name(sent) == name


def test_two_rows_read_without_a_hash_are_two_reads_and_one_row_is_one() -> None:
    seven, eight = request(event="a.B.retrieve", id=7), request(event="a.B.retrieve", id=8)
    assert read_name(seven) != read_name(eight)
    assert read_name(seven) == read_name(request(9, event="a.B.retrieve", id=7, fields=["x"]))


def test_so_many_refusals_in_a_row_are_too_many_and_a_call_begins_the_row_anew() -> None:
    refusals = Refusals(3, Rate(100))
    assert [refusals.count(0, is_message=False) for _ in range(2)] == [False, False]
    refusals.end_row()
    assert [refusals.count(0, is_message=False) for _ in range(3)] == [False, False, True]


def test_what_is_a_message_is_no_refusal_in_a_row_but_counts_to_the_rate() -> None:
    refusals = Refusals(3, Rate(10))
    assert [refusals.count(0, is_message=True) for _ in range(11)] == [False] * 10 + [True]
    assert not refusals.count(1, is_message=True)


def test_calls_between_refusals_do_not_help_who_sends_more_of_them_than_the_rate() -> None:
    refusals = Refusals(3, Rate(10))
    closed = []
    for _ in range(6):
        refusals.end_row()
        closed += [refusals.count(0, is_message=False) for _ in range(2)]
    assert closed == [False] * 10 + [True] * 2


def test_what_was_charged_is_made_up_for_before_the_next_message() -> None:
    rate = Rate(10)
    rate.check(0)
    rate.charge(14)
    with pytest.raises(Throttled) as refused:
        rate.take(0)
    assert refused.value.facts["retry_after"] == 0.5
    rate.take(0.5)
