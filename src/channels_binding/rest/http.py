"""HTTP bodies ↔ Calls: parsing, rendering, and what a query string asks for."""

from collections.abc import Collection, Mapping, Set
from dataclasses import replace
from typing import Any

from django.http import QueryDict
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

from channels_binding.calls.call import Reading
from channels_binding.calls.posted import PostedForm
from channels_binding.conf import get_settings
from channels_binding.exceptions import BadRequest, Invalid
from channels_binding.protocol import codecs
from channels_binding.protocol.names import AGGREGATE_NAMES, CURSORS, FILTER_PREFIX, RESERVED_NAMES


class WireParser(BaseParser):
    """JSON, as strict as on the socket."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        settings = get_settings()
        body = stream.read(settings.MAX_FRAME_BYTES + 1)  # not all of what somebody sends
        value = codecs.decode(body or b"{}", max_bytes=settings.MAX_FRAME_BYTES, max_depth=settings.MAX_DEPTH)
        if not isinstance(value, dict):
            raise BadRequest("The body is an object.")
        return value


class Encoded(bytes):
    """An answer that is JSON already: of a handler, so that one that is none is an error of its view and not of the server."""


class WireRenderer(JSONRenderer):
    """JSON, byte for byte as on the socket. A Reading brings its own bytes."""

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        if data is None:
            return b""
        if isinstance(data, Encoded):
            return data
        return data.data if isinstance(data, Reading) else codecs.encode(data)


def ids_asked(query: QueryDict, *, are_composite: bool = False) -> list[str] | None:
    """``?ids=7,9`` or ``?ids=7&ids=9`` → ``["7", "9"]``; None where no ids are asked for.

    A composite key has commas of its own: ``?ids=A,7&ids=B,9``.
    """
    if "ids" not in query:
        return None
    return [each for value in query.getlist("ids") for each in ([value] if are_composite else value.split(",")) if each]


def as_page(reading: Reading) -> Reading:
    """Rows that were asked for by their keys, as the page that they are: one address has one shape of answers."""
    count = len(reading.rows)
    return replace(reading, meta={"page": 1, "limit": max(count, 1), "count": count, "order": None})


def search_data(query: QueryDict, others: Set[str] = frozenset(), params: Collection[str] = ()) -> dict[str, Any]:
    """``?status=open&order=-amount&page=2`` → ``{"order": "-amount", "page": "2", "filters": {"status": "open"}}``.

    Args:
        others: Names that are no filters, and mean nothing here.
        params: Names of the binding's ``query_params``.
    """
    names = {"page", "limit", "order", "query"} - others
    data: dict[str, Any] = {name: query[name] for name in names if query.get(name)}
    data |= {name: query[name] for name in {*CURSORS} - others if name in query}  # an empty one is the beginning
    if "count" not in others and query.get("count"):
        data["count"] = _BOOLEANS.get(str(query["count"]).lower(), query["count"])
    if query.get("highlight"):
        data["highlight"] = _boolean("highlight", str(query["highlight"]))
    return {**data, **read_data(query, params), **_filters(query, {*RESERVED_NAMES, *others, *params})}


def aggregate_data(query: QueryDict, params: Collection[str] = ()) -> dict[str, Any]:
    """``?measures=count,sum:price&by=status`` → ``{"measures": ["count", "sum:price"], "by": ["status"]}``, and as a search."""
    data: dict[str, Any] = {name: query[name] for name in RESERVED_NAMES if name != "format" and query.get(name)}
    lists = {name: str(query[name]).split(",") for name in ("measures", "by") if query.get(name)}
    return {**data, **lists, **read_data(query, params), **_filters(query, {*AGGREGATE_NAMES, *params})}


def _filters(query: QueryDict, others: Set[str]) -> dict[str, QueryDict]:
    """What a query string filters by, ``others`` left out; nothing where it does not."""
    filters = QueryDict(mutable=True)
    for name, values in query.lists():
        if name not in others:
            filters.setlist(name.removeprefix(FILTER_PREFIX), values)
    return {"filters": filters} if filters else {}


def read_data(query: QueryDict, params: Collection[str] = ()) -> dict[str, Any]:
    """What any read takes of a query string: ``?fields=title,status&labels=true``.

    Args:
        params: Names of the binding's ``query_params``: ``?tenant=3`` → ``{"params": {"tenant": "3"}}``.
    """
    given = {name: values if len(values) > 1 else values[0] for name, values in query.lists() if name in params}
    data: dict[str, Any] = {"params": given} if given else {}
    if query.get("fields"):
        data["fields"] = str(query["fields"]).split(",")
    if query.get("expand"):
        data["expand"] = str(query["expand"]).split(",")
    if query.get("labels"):
        data["labels"] = _boolean("labels", str(query["labels"]))
    return data


def _boolean(name: str, text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise Invalid.field(name, "invalid", f"'{name}' is true or false.")
    return _BOOLEANS[text.lower()]


_BOOLEANS = {"1": True, "true": True, "0": False, "false": False}


OF_DJANGO = "csrfmiddlewaretoken"
"""What ``{% csrf_token %}`` puts into a form."""


def body_data(data: Any, files: Mapping[str, Any]) -> dict[str, Any]:
    """A parsed body as plain data: of a form's fields lists stay lists, files go their own way, and so did Django's token."""
    if not isinstance(data, QueryDict):
        return dict(data)
    return PostedForm(data, files).but(OF_DJANGO, *files)


MAX_KEY_LENGTH = 255


def idempotency_key(header: str | None) -> str | None:
    """The value of ``Idempotency-Key``.

    Raises:
        BadRequest: Empty, or longer than 255 characters, as on the socket.
    """
    if header is not None and not 1 <= len(header) <= MAX_KEY_LENGTH:
        raise BadRequest(f"An Idempotency-Key has 1 to {MAX_KEY_LENGTH} characters.")
    return header


def matched_version(header: str | None) -> str | None:
    """``If-Match: "a1…"`` → ``a1…``; ``*`` means any version, so nothing to compare (RFC 9110, section 13.1.1)."""
    if header is None or header.strip() == "*":
        return None
    return header.strip().removeprefix("W/").strip('"')


def is_json(content_type: str) -> bool:
    """``application/json; charset=utf-8``: what a page of another site may send only where CORS lets it."""
    return content_type.partition(";")[0].strip().lower() == WireParser.media_type


def is_known(tag: str, header: str) -> bool:
    """Whether ``If-None-Match`` names an entity tag, or any (RFC 9110, section 13.1.2)."""
    known = [each.strip().removeprefix("W/") for each in header.split(",")]
    return tag in known or known == ["*"]
