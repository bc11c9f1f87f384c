"""``LiveList``: the rows that a client shows of a live query, with each snapshot and diff applied."""

from collections.abc import Mapping
from typing import Any

_OF_ROWS = {"rows", "remove", "put", "patch"}


class LiveList:
    """A live list as its client shows it: brought up to date by every push (spec/protocol.md §3).

    ``rows`` and ``count`` (0 where nothing is counted) are what is shown, ``beside`` what stands beside the rows, and ``error``
    says why it is over.
    """

    def __init__(self, event: str, data: Mapping[str, Any], answer: Any) -> None:
        self.event, self.data = event, dict(data)
        self.rows: list[dict[str, Any]] = []
        self.count = 0
        self.beside: dict[str, Any] = {}
        """What stands beside the rows: ``{"page": 1, "limit": 25, "count": 57, "labels": {…}}``."""
        self.v: str | None = None
        self.error: Any = None
        """Why it is over, if its reader may no longer read it."""
        self.apply(answer)

    def apply(self, message: Mapping[str, Any]) -> None:
        """Take in a snapshot, a diff or an error."""
        if "error" in message:
            self.error, self.rows, self.count = message["error"], [], 0
            return
        data = message["data"]
        if message["type"] == "diff":
            assert message["from"] == self.v, f"A diff from {message['from']} does not fit {self.v}."
            self._step(data)
        else:
            self.rows = data["rows"]
        self.beside |= {name: value for name, value in data.items() if name not in _OF_ROWS}
        self.v, self.count = message["v"], data.get("count", self.count)

    def _step(self, data: Mapping[str, Any]) -> None:
        bodies = {row["id"]: row for row in self.rows}
        self.rows = [row for row in self.rows if row["id"] not in data.get("remove", ())]
        for index, row, *_ in data.get("put", ()):
            self.rows.insert(index, row if isinstance(row, dict) else bodies[row])
        for key, changed, _, *cleared in data.get("patch", ()):
            place = next(place for place, row in enumerate(self.rows) if row["id"] == key)
            kept = {name: value for name, value in self.rows[place].items() if name not in [*cleared, []][0]}
            self.rows[place] = {**kept, **changed}
