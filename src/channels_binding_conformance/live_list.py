"""A list as a client keeps it: applies what is pushed by the letter of the contract, and notices what cannot be right."""

from collections.abc import Mapping
from typing import Any
from zlib import crc32

from channels_binding_conformance.checking import Failure, expect, expect_equal


def version_of(rows: list[dict[str, Any]], etags: Mapping[Any, str]) -> str:
    """CRC-32 over ``pk:etag`` of the rows in order: ``"8d21f0aa"``."""
    text = ",".join(f"{row['id']}:{etags[row['id']]}" for row in rows)
    return f"{crc32(text.encode()):08x}"


class LiveList:
    """Rows, etags and version of one live read."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.etags: dict[Any, str] = {}
        self.v: str | None = None
        self.beside: dict[str, Any] = {}
        """What stands beside the rows: ``count``, ``page`` …"""

    @property
    def keys(self) -> list[Any]:
        return [row["id"] for row in self.rows]

    @property
    def have(self) -> dict[str, Any]:
        """What a client that comes back says."""
        return {"v": self.v, "rows": [[row["id"], self.etags[row["id"]]] for row in self.rows]}

    def apply(self, message: Mapping[str, Any]) -> None:
        """Take over a reply or a push.

        Raises:
            Failure: It does not lead from what the list was to the version that it names.
        """
        kind = message.get("type")
        take = {"snapshot": self._snapshot, "delta": self._delta, "diff": self._diff, "same": self._same}.get(str(kind))
        if take is None:
            raise Failure("a message of type snapshot, diff, delta or same", dict(message))
        try:
            take(message)
            computed = version_of(self.rows, self.etags)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise Failure("a message that can be applied to the list", f"{error!r} at {dict(message)}") from None
        self.v = message.get("v")
        expect_equal(computed, self.v, "v, the CRC-32 over pk:etag of the rows after this message")

    def _snapshot(self, message: Mapping[str, Any]) -> None:
        data = dict(message["data"])
        self.rows = data.pop("rows")
        self.etags = {row["id"]: tag for row, tag in zip(self.rows, message["etags"], strict=True)}
        self.beside = data

    def _delta(self, message: Mapping[str, Any]) -> None:
        data = dict(message["data"])
        brought, order = data.pop("rows"), data.pop("order")
        known = {row["id"]: row for row in (*self.rows, *brought)}
        self.etags |= {row["id"]: tag for row, tag in zip(brought, message["etags"], strict=True)}
        self.rows = [known[key] for key in order]
        self.beside |= data

    def _same(self, message: Mapping[str, Any]) -> None:
        self.beside |= message.get("data") or {}

    def _diff(self, message: Mapping[str, Any]) -> None:
        expect_equal(self.v, message.get("from"), "from, the version that the client has")
        data = dict(message["data"])
        removed, put, patched = data.pop("remove", []), data.pop("put", []), data.pop("patch", [])
        bodies = {row["id"]: row for row in self.rows}
        gone = [key for key in removed if key not in bodies]
        expect(not gone, "only keys that are in the list in remove", f"{gone} in {dict(message)}")
        self.rows = [row for row in self.rows if row["id"] not in removed]
        for index, row, *tag in put:
            is_new = isinstance(row, dict)
            self.rows.insert(index, row if is_new else bodies[row])
            if is_new:
                self.etags[row["id"]] = tag[0]
        places = {row["id"]: place for place, row in enumerate(self.rows)}
        for key, changed, tag, *cleared in patched:
            kept = {name: value for name, value in self.rows[places[key]].items() if name not in (cleared or [[]])[0]}
            self.rows[places[key]] = kept | changed
            self.etags[key] = tag
        self.beside |= data
