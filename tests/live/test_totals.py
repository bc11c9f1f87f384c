"""Numbers that only grow."""

from channels_binding.live.totals import Totals


def test_readings_are_added_up() -> None:
    totals = Totals()
    totals.evaluated(2.5, 3, is_whole=True)
    totals.evaluated(1.5, 1, is_whole=False)
    assert (totals.evaluations, totals.whole_evaluations, totals.statements, totals.milliseconds) == (2, 1, 4, 4.0)
