"""Names and numbers of spec/protocol.md that both transports and the live queries go by."""

from enum import IntEnum

LISTS = ("search", "list")
"""Reads of several rows by filters and order."""
AGGREGATE = "aggregate"
"""The read of measures by groups. It is offered where a binding declares some."""
READS = ("retrieve", *LISTS, AGGREGATE)
"""Actions whose answer can stay live."""
PRESENCE = "presence"
"""Who is at a row, or in a room: a live read without data of the database, and the call by which one is there."""
CURSORS = ("after", "before", "until")
"""Names by which windows are asked for by places in the order."""
RESERVED_NAMES = (
    *("page", "limit", "count", *CURSORS, "order", "query"),
    *("highlight", "fields", "labels", "expand", "format", "ids"),
)
"""Names of a query string that are no filters."""
AGGREGATE_NAMES = (*RESERVED_NAMES, "measures", "by")
"""The same, of an aggregate."""
FILTER_PREFIX = "filters."
"""In front of a filter's name in a query string; needed where the name is reserved: ``?filters.labels=3``."""


class CloseCode(IntEnum):
    """Why a connection is closed. After 44xx a client does not come back unchanged, after 45xx it does, with backoff."""

    UNAUTHENTICATED = 4401
    FORBIDDEN = 4403
    TOO_MANY = 4429
    GOING_AWAY = 4503
    SLOW = 4508
