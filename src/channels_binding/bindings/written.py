"""What a write is answered with: the row and its version, as ``retrieve`` would answer the same caller now.

Spec/protocol.md §2: nobody is sent a byte of a row because of having written it.
"""

from typing import Any

from django.db import router

from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.options import Data
from channels_binding.calls.call import Reading, Row, Written
from channels_binding.exception_handler import foreseen
from channels_binding.security import permissions
from channels_binding.threads import settle
from channels_binding.types import Pk

_AT_ONCE = 500
"""Rows that are read by one statement."""
_HIDDEN = (401, 403, 404, 405)
"""Statuses by which ``retrieve`` says that the caller may not see a row."""


class WrittenRows(BaseBinding):
    """Rows that the caller has just written, read in the transaction of the write."""

    def write_alias(self) -> str:
        """The database that rows are written to."""
        return router.db_for_write(self.get_model())

    def answer_of_write(self, key: Pk, *, is_new: bool = False, row: Row | None = None) -> Written:
        """``{"success": True, "id": 7}`` with the row as ``retrieve`` shows it to the caller, if it does.

        Read again, and not made of the instance in memory: triggers, defaults of the database and ``F()`` have their say.

        Args:
            is_new: Whether the members of the row stand in the dict too, as they do after ``create``.
            row: The row as it is shown, if the database has returned it: then only the permissions are asked.
        """
        is_shown = (is_new or self._tells_version()) and self.takes_key(key)  # a control character in it can be stored
        shown = self._retrieved({"id": key}, row) if is_shown else None
        members = {"success": True} if self.call.terse and not is_new else {"success": True, "id": key}
        if is_new and shown is not None:
            members |= self._members(shown)
        return Written(members, shown)

    def answer_of_repeated_write(self, answer: Written) -> Written:
        """The answer of a write that was made before with the same key; the row as it is now."""
        is_new = self.call.action == "create" or (self.call.action == "save" and self.call.data.get("id") is None)
        return self.answer_of_write(answer["id"], is_new=is_new) if "id" in answer else answer

    def _tells_version(self) -> bool:
        """Whether the caller's own call is the write: handlers that write are answered without a second look."""
        is_told = self.call.transport != "code" and not self.call.terse and "ids" not in self.call.data
        return is_told and self.call.action in ("update", "replace", "save")

    def with_written_rows(self, results: list[Data]) -> list[Data]:
        """Results of several rows, with each row and its version where the transport shows rows and the caller may see it."""
        if not self.call.shows_rows or self.call.action == "delete":
            return results
        keys = [result["id"] for result in results if result["success"]]
        found: dict[Pk, Row] = {}
        for start in range(0, len(keys), _AT_ONCE):
            reading = self._retrieved({"ids": keys[start : start + _AT_ONCE]})
            found |= {row.pk: row for row in reading.rows} if isinstance(reading, Reading) else {}
        return [
            {**result, "data": self.decoded(row), "v": row.etag} if (row := found.get(result["id"])) else result
            for result in results
        ]

    def row_as_read(self, key: Pk) -> Data:
        """The row with a key as ``retrieve`` shows it to the caller; ``{"id": 7}`` to who may not retrieve it."""
        row = self._retrieved({"id": key}) if self.takes_key(key) else None
        return {"id": key} if row is None else self._members(row)

    def _members(self, row: Any) -> Data:
        """What ``retrieve`` has answered, as members of a larger answer."""
        return self.decoded(row.rows[0]) if isinstance(row, Reading) else dict(row)

    def _admits_readers(self) -> bool:
        """Whether ``retrieve`` surely admits whoever this call was admitted of: its permissions ask the same of both."""
        asked = [self.find_action(name) for name in (self.call.action, "retrieve")]
        are_alike = all(action is not None and action.permission_classes is None for action in asked)
        is_write = self.call.action in ("create", "update", "replace", "save")
        return is_write and are_alike and all(each in permissions.USER_BLIND for each in self.get_permission_classes())

    def _retrieved(self, data: Data, row: Row | None = None) -> Any:
        """What ``retrieve`` answers the caller about what was written in this transaction; None where it refuses.

        Args:
            row: What it would read, where it is our own and shows every row that no object permission refuses.
        """
        if row is not None and self._admits_readers():
            return Reading((row,), is_single=True)
        reader = self.asked("retrieve", data)
        try:
            action = reader.get_action("retrieve")
            reader.check_permissions()
            if row is not None and reader.sees_every_row():
                return Reading((row,), is_single=True)
            if reader.reading_queryset().db != self.write_alias():  # a replica does not have it yet
                reader.read_alias = self.write_alias()
            return settle(action.handler(reader, reader.call.data))
        except Exception as exception:
            error = foreseen(exception)
            if error is None or error.status not in _HIDDEN:
                raise
            return None
