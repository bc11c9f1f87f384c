"""Numbers and gaps."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from channels_binding.live.broker.gaps import Sequence


def test_numbers_in_order_are_complete() -> None:
    heard = Sequence()
    assert [heard.take(number) for number in (1, 2, 3)] == [True, True, True]


def test_a_gap_is_noticed_once_and_what_comes_late_is_none() -> None:
    heard = Sequence()
    assert [heard.take(number) for number in (1, 2, 4, 3, 4, 5)] == [True, True, False, True, True, True]


def test_who_is_first_heard_in_the_middle_may_have_said_something_before() -> None:
    assert not Sequence().take(1000)
    assert Sequence().take(1)


@given(st.permutations(range(6)), st.sets(st.integers(1, 5)))
def test_whatever_is_missing_before_the_highest_number_has_been_told(order: list[int], lost: set[int]) -> None:
    heard = Sequence()
    assert heard.take(0)
    arrived = [number for number in order if number and number not in lost]
    complete = [heard.take(number) for number in arrived]
    if lost and max([0, *arrived]) > min(lost):
        assert not all(complete)
    if all(complete):
        assert all(number <= before or number == before + 1 for before, number in pairwise([0, *arrived]))
