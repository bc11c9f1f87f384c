"""HTTP bodies ↔ Calls: parsing, rendering, and what a query string asks for."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

from channels_binding import codecs
from channels_binding.calls import Reading
from channels_binding.conf import get_settings
from channels_binding.exceptions import BadRequest

RESERVED = ("page", "limit", "order", "query", "fields", "labels", "format")
"""Names of a query string that are not filters."""


class WireParser(BaseParser):
    """JSON, as strict as on the socket."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        settings = get_settings()
        value = codecs.decode(stream.read() or b"{}", max_bytes=settings.MAX_FRAME_BYTES, max_depth=settings.MAX_DEPTH)
        if not isinstance(value, dict):
            raise BadRequest("The body is an object.")
        return value


class WireRenderer(JSONRenderer):
    """JSON, byte for byte as on the socket. A Reading brings its own bytes."""

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        if data is None:
            return b""
        return data.data if isinstance(data, Reading) else codecs.encode(data)


def search_data(query: QueryDict) -> dict[str, Any]:
    """``?status=open&order=-amount&page=2`` → ``{"order": "-amount", "page": "2", "filters": {"status": "open"}}``."""
    data: dict[str, Any] = {name: query[name] for name in ("page", "limit", "order", "query") if query.get(name)}
    filters = QueryDict(mutable=True)
    for name, values in query.lists():
        if name not in RESERVED:
            filters.setlist(name, values)
    return {**data, **read_data(query), **({"filters": filters} if filters else {})}


def read_data(query: QueryDict) -> dict[str, Any]:
    """What any read takes of a query string: ``?fields=title,status&labels=true``."""
    data: dict[str, Any] = {}
    if query.get("fields"):
        data["fields"] = str(query["fields"]).split(",")
    if str(query.get("labels", "")).lower() in ("1", "true"):
        data["labels"] = True
    return data


def body_data(data: Any, files: Mapping[str, Any]) -> dict[str, Any]:
    """A parsed body as plain data: of a form's fields lists stay lists, files go their own way."""
    if not isinstance(data, QueryDict):
        return dict(data)
    return {name: values if len(values) > 1 else values[0] for name, values in data.lists() if name not in files}
