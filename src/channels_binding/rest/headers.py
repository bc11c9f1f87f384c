"""What stands in the headers of an answer: its version, how many rows match, which of them these are, and the pages beside.

Of page 2 of 57 tickets, 25 a page: ``ETag: "8d21f0aa-09c2f1d3"``, ``X-Total-Count: 57``, ``Link: <…?page=3>; rel="next", …``;
where ``Range: tickets=25-49`` was asked for, ``Content-Range: tickets 25-49/57``.
"""

import re
from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from channels_binding.calls.call import Reading
from channels_binding.exceptions import Invalid

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
    if "count" in meta:
        found[TOTAL] = str(meta["count"])
        found |= _content_range(reading, request)
    return found


def of_drfs_page(response: Response) -> dict[str, str]:
    """How many rows match, where a page of DRF's own says so."""
    count = response.data.get("count") if isinstance(response.data, Mapping) else None
    return {TOTAL: str(count)} if isinstance(count, int) else {}


def _links(meta: Mapping[str, Any], request: Request) -> dict[str, str]:
    """Where the pages beside this one are (RFC 8288)."""
    page = meta.get("page")
    if page is None or request.method not in ("GET", "HEAD"):
        return {}
    beside = {"next": page + 1 if page * meta["limit"] < meta["count"] else None, "prev": page - 1 or None}
    here = request.build_absolute_uri()
    found = [f'<{replace_query_param(here, "page", number)}>; rel="{rel}"' for rel, number in beside.items() if number]
    return {"Link": ", ".join(found)} if found else {}


def _content_range(reading: Reading, request: Request) -> dict[str, str]:
    """Which rows these are, for who asks by ranges (RFC 9110, section 14.4): ``Content-Range: tickets 25-49/57``."""
    asked = range_asked(request)
    if asked is None:
        return {}
    start, count = (reading.meta.get("page", 1) - 1) * reading.meta.get("limit", 0), reading.meta["count"]
    rows = f"{start}-{start + len(reading.rows) - 1}" if reading.rows else "*"
    return {"Content-Range": f"{asked[0]} {rows}/{count}"}


def range_asked(request: Request) -> tuple[str, int, int] | None:
    """``Range: tickets=25-49`` → ``("tickets", 25, 49)``. What is none of rows is left out of account, as HTTP has it."""
    match = _RANGE.match(request.headers.get("Range", "").strip())
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
