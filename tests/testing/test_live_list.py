"""Snapshots and diffs, applied as a client applies them."""

import pytest

from channels_binding.testing import LiveList


def test_a_diff_moves_clears_and_must_fit() -> None:
    rows = [{"id": key, "title": str(key), "more": 1} for key in (1, 2, 3)]
    live = LiveList("a.B.search", {}, {"type": "snapshot", "v": "a", "data": {"count": 3, "rows": rows}})
    diff = {"remove": [3, 1], "put": [[0, {"id": 9}, "e"], [1, 3]], "patch": [[3, {"title": "x"}, "e", ["more"]]]}
    live.apply({"type": "diff", "from": "a", "v": "b", "data": diff})
    assert [row["id"] for row in live.rows] == [9, 3, 2]
    assert live.rows[1] == {"id": 3, "title": "x"}
    with pytest.raises(AssertionError, match="does not fit"):
        live.apply({"type": "diff", "from": "a", "v": "c", "data": {}})
    live.apply({"error": {"code": "forbidden"}})
    assert (live.rows, live.count, live.error) == ([], 0, {"code": "forbidden"})
