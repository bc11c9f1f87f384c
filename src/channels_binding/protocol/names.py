"""Names and numbers of spec/protocol.md that both transports and the live queries go by."""

from enum import IntEnum

LISTS = ("search", "list")
"""Reads of several rows by filters and order."""
READS = ("retrieve", *LISTS)
"""Actions whose answer can stay live."""
RESERVED_NAMES = ("page", "limit", "order", "query", "fields", "labels", "format", "ids")
"""Names of a query string that are no filters."""
FILTER_PREFIX = "filters."
"""In front of a filter's name in a query string; needed where the name is reserved: ``?filters.labels=3``."""


class CloseCode(IntEnum):
    """Why a connection is closed. After 44xx a client does not come back unchanged, after 45xx it does, with backoff."""

    UNAUTHENTICATED = 4401
    FORBIDDEN = 4403
    TOO_MANY = 4429
    GOING_AWAY = 4503
    SLOW = 4508
