"""What a client does with a diff (``spec/protocol.md``): rows are taken out, put in, and changed."""

from typing import Any


def apply_diff(rows: list[dict[str, Any]], etags: dict[Any, str], data: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows as they are after a diff; the etags of those that it brings are entered.

    ``[{"id": 1}, {"id": 2}]`` and ``{"remove": [1], "put": [[0, {"id": 3}, "e3"]]}`` → ``[{"id": 3}, {"id": 2}]``
    """
    known = {row["id"]: row for row in rows}
    shown = [row for row in rows if row["id"] not in data.get("remove", ())]
    for index, row, *tag in data.get("put", ()):
        shown.insert(index, row if isinstance(row, dict) else known[row])
        if tag:
            etags[row["id"]] = tag[0]
    for pk, changed, tag, *_ in data.get("patch", ()):
        next(row for row in shown if row["id"] == pk).update(changed)
        etags[pk] = tag
    return shown
