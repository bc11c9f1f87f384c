"""What stands in the headers of an answer: its version, how many rows match, which of them these are, and the pages beside.

Of page 2 of 57 tickets, 25 a page: ``ETag: "8d21f0aa-09c2f1d3"``, ``X-Total-Count: 57``, ``Link: <…?page=3>; rel="next", …``;
where ``Range: tickets=25-49`` was asked for, ``Content-Range: tickets 25-49/57``.
"""

import re
from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from channels_binding.calls.call import Reading
from channels_binding.exceptions import Invalid
from channels_binding.protocol.names import CURSORS

TOTAL = "X-Total-Count"
_RANGE = re.compile(r"([A-Za-z0-9_.-]+)=([0-9]{1,18})-([0-9]{1,18})\Z")
"""``tickets=25-49``: the first and the last row, counted from 0. The unit is whatever the client calls its rows."""


def entity_tag(reading: Reading) -> str:
    """The version as HTTP has it: ``'"a1b2c3d4e5f6"'``."""
    return f'"{reading.entity_tag}"'


def of_reading(reading: Reading, request: Request) -> dict[str, str]:
    """The headers of a row or of a page."""
    meta = reading.meta
    found = {"ETag": entity_tag(reading), **_links(meta, request)}
    if "count" in meta and meta.get("count_is", "exact") == "exact" and not meta.get("truncated"):
        found[TOTAL] = str(meta["count"])
    if "page" in meta or "count" in meta:
        found |= _content_range(reading, request)
    return found


def of_drfs_page(response: Response) -> dict[str, str]:
    """How many rows match, where a page of DRF's own says so."""
    count = response.data.get("count") if isinstance(response.data, Mapping) else None
    return {TOTAL: str(count)} if isinstance(count, int) else {}


def _links(meta: Mapping[str, Any], request: Request) -> dict[str, str]:
    """Where the pages beside this one are (RFC 8288)."""
    if request.method not in ("GET", "HEAD"):
        return {}
    beside = _pages_beside(meta) if "page" in meta else _windows_beside(meta, request.query_params)
    if not any(beside.values()):
        return {}
    here = request.build_absolute_uri()
    found = [f'<{_with(here, *where)}>; rel="{rel}"' for rel, where in beside.items() if where]
    return {"Link": ", ".join(found)}


Where = tuple[str, Any] | None
"""What leads to a page, in a query string: ``("page", 3)``."""


def _pages_beside(meta: Mapping[str, Any]) -> dict[str, Where]:
    page = meta["page"]
    has_next = meta["has_next"] if "has_next" in meta else page * meta["limit"] < meta["count"]
    return {"next": ("page", page + 1) if has_next else None, "prev": ("page", page - 1) if page > 1 else None}


def _windows_beside(meta: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Where]:
    """Of a window by cursors. Where it begins behind a place, or ends in front of one, there was a row when that was said."""
    start, end = meta.get("start"), meta.get("end")
    has_next, has_previous = (
        meta.get("has_next", bool(asked.get("before"))),
        meta.get("has_previous", bool(asked.get("after"))),
    )
    return {
        "next": ("after", end) if end and has_next else None,
        "prev": ("before", start) if start and has_previous else None,
    }


def _with(address: str, name: str, value: Any) -> str:
    """The address with another page, as REST framework writes it, which takes a query string apart that is mostly not there."""
    if "?" not in address:
        return f"{address}?{name}={value}"
    for other in CURSORS if name in CURSORS else ():
        address = remove_query_param(address, other)
    return replace_query_param(address, name, value)


def _content_range(reading: Reading, request: Request) -> dict[str, str]:
    """Which rows these are, for who asks by ranges (RFC 9110, section 14.4): ``Content-Range: tickets 25-49/57``."""
    asked = range_asked(request)
    if asked is None:
        return {}
    meta = reading.meta
    is_counted = "count" in meta and meta.get("count_is", "exact") == "exact"
    start, count = (meta.get("page", 1) - 1) * meta.get("limit", 0), meta["count"] if is_counted else "*"
    rows = f"{start}-{start + len(reading.rows) - 1}" if reading.rows else "*"
    return {"Content-Range": f"{asked[0]} {rows}/{count}"}


def range_asked(request: Request) -> tuple[str, int, int] | None:
    """``Range: tickets=25-49`` → ``("tickets", 25, 49)``. What is none of rows is left out of account, as HTTP has it."""
    match = _RANGE.match(request.META.get("HTTP_RANGE", "").strip())
    if match is None or match[1].lower() == "bytes" or int(match[3]) < int(match[2]):
        return None
    return match[1], int(match[2]), int(match[3])


def page_of_range(request: Request, most: int) -> dict[str, Any]:
    """``Range: tickets=25-49`` → ``{"page": 2, "limit": 25}``; nothing where none is asked for, or the address names a page.

    Args:
        most: Rows that a page may hold; a longer range is cut to it.

    Raises:
        Invalid: The range is no page.
    """
    asked = range_asked(request)
    if asked is None or not {"page", "limit"}.isdisjoint(request.query_params):
        return {}
    _, first, last = asked
    limit = min(last - first + 1, most)
    if first % limit:
        text = f"A range begins at a multiple of its length, which is at most {most}; or name 'page' and 'limit'."
        raise Invalid.field("range", "invalid", text)
    return {"page": first // limit + 1, "limit": limit}
