"""Parts of operations that the OpenAPI document repeats: answers, refusals, headers and parameters."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from channels_binding.contract.json_schema import FilterShape, Schema, reference
from channels_binding.protocol.names import FILTER_PREFIX, RESERVED_NAMES
from channels_binding.querysets.cursors import MAX_CHARACTERS

JSON = "application/json"
DESCRIPTION = "The streams of this project over HTTP: rows, forms and events."
ERRORS = {
    400: "The data is not valid, or is no JSON object.",
    401: "Nobody is signed in.",
    403: "The caller may not do this.",
    405: "The stream has no such action.",
    404: "There is no such row, or none that the caller may know of.",
    406: "None of the accepted media types can be served.",
    409: "The write collides with what is stored.",
    412: "The row has changed since the version of If-Match.",
    413: "The body is too large.",
    414: "The address is longer than the server in front takes; POST search/, retrieve/ and the like take the same in a body.",
    415: "The media type of the body is not understood.",
    429: "Too many requests; Retry-After says when to come back.",
    503: "The database does not answer; try again.",
}
ANY = (400, 401, 403, 406, 429, 503)
BODY = (409, 413, 415)
HEADERS: Mapping[int, Schema] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}},
    429: {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}},
}
ETAG: Schema = {"schema": {"type": "string"}, "description": "Version of the row, for If-Match; of what may be read."}
LIST_HEADERS: Schema = {
    "X-Total-Count": {"schema": {"type": "integer"}, "description": "Rows that match, where they are counted."},
    "Content-Range": {
        "schema": {"type": "string"},
        "description": "Which rows these are, where Range asks: items 0-24/57.",
    },
    "Link": {
        "schema": {"type": "string"},
        "description": "The pages beside this one (RFC 8288): rel next and prev.",
    },
}
GROUP_HEADERS: Schema = {
    "X-Total-Count": {"schema": {"type": "integer"}, "description": "Groups; not where there are more than these."}
}
DESCRIPTIONS = {
    "search": "One page of the rows that match, of those that the caller may see; or, by `ids`, these rows.",
    "retrieve": "One row. A missing one and one that the caller may not see are answered alike.",
    "aggregate": "Measures of the rows that a search would find, a row for each group (spec/protocol.md §2.3).",
    "create": "A new row, from its fields.",
    "update": "Some fields of a row; what is left out stays.",
    "replace": "All fields of a row: as `update`, but what is required must be there.",
    "delete": "A row, away.",
    "form": "Django's form of a row or of a new one; what is posted is validated and saved.",
}
"""Action → what it does."""
BATCH = (
    "Each operation is answered as if it had come alone; `atomic`, they are one transaction, and all or none happens."
)
WRITTEN = "The row, as GET of its address shows it; to who may not see it, its key."


def several() -> Schema:
    return {"description": "Of each row, what became of it.", "content": in_json(reference("cb.severalAnswer"))}


def of_paginator(paginator: Any, parameter: Schema) -> Schema:
    """A query parameter of DRF's; but for the page itself, what is wrong is ignored."""
    is_page = parameter["name"] in (
        getattr(paginator, "page_query_param", None),
        getattr(paginator, "cursor_query_param", None),
    )
    return parameter if is_page else {**parameter, "schema": {}}


def as_json_schema(schema: Any) -> Any:
    """OpenAPI 3.0's, as DRF has it: ``{"type": "string", "nullable": True}`` → ``{"type": ["string", "null"]}``."""
    if not isinstance(schema, Mapping):
        return schema
    found = {name: as_json_schema(value) for name, value in schema.items() if name != "nullable"}
    return {**found, "type": [found["type"], "null"]} if schema.get("nullable") is True else found


def in_json(schema: Schema) -> Schema:
    return {JSON: {"schema": schema}}


def body(schema: Schema, *others: str, is_required: bool = False) -> Schema:
    """No body is an empty object, which is enough where nothing is required."""
    return {"required": is_required, "content": {media: {"schema": schema} for media in (JSON, *others)}}


def reading(schema: Schema, **headers: Schema) -> Schema:
    """A read. That it may stay live is said in words: as a second media type it would make every answer a row or text."""
    etag = {"schema": {"type": "string"}, "description": "Version of the answer."}
    text = "The answer; with Accept: text/event-stream the same read, and whatever changes it (spec/protocol.md §6)."
    return {"description": text, "headers": {"ETag": etag, **headers}, "content": in_json(schema)}


def unchanged() -> Schema:
    return {"description": "As the client has it."}


def too_long() -> Schema:
    """Of the server in front, in words of its own."""
    return {"description": ERRORS[414]}


def form_reply(description: str) -> Schema:
    return {"description": description, "content": in_json(reference("cb.form"))}


def refused_form() -> Schema:
    """A form with its errors, or what is wrong with the request."""
    return {"description": ERRORS[400], "content": in_json({"anyOf": [reference("cb.form"), reference("cb.error")]})}


def refusal(code: int) -> Schema:
    headers = HEADERS.get(code)
    return {
        "description": ERRORS[code],
        **({"headers": headers} if headers else {}),
        "content": in_json(reference("cb.error")),
    }


def query_parameter(name: str, schema: Schema, description: str = "", *, is_joined: bool = True) -> Schema:
    found: Schema = {"name": name, "in": "query", "schema": schema}
    if schema.get("type") == "array":
        found |= {"style": "form", "explode": not is_joined}
    return {**found, "description": description} if description else found


def counts_and_cursors() -> list[Schema]:
    """Pages that are not counted, and windows by places in the order."""
    text: Schema = {"type": "string", "maxLength": MAX_CHARACTERS}
    return [
        query_parameter("count", {"enum": [True, False, "estimate"]}, "Whether all that match are counted."),
        query_parameter(
            "after",
            text,
            "Rows behind this cursor, an `end` or `start`; empty: from the beginning. No `page` beside it.",
        ),
        query_parameter("before", text, "The last rows in front of this cursor; empty: of the list."),
        query_parameter("until", text, "Rows up to this cursor, the one at it included."),
    ]


def names_parameter(name: str, possible: Sequence[str], description: str) -> Schema | None:
    """Names joined by commas, each once; None where there are none."""
    if not possible:
        return None
    items = {"type": "string", "enum": [*possible]}
    return query_parameter(name, {"type": "array", "items": items, "uniqueItems": True}, description)


def filter_parameter(shape: FilterShape, reserved: Collection[str] = RESERVED_NAMES) -> Schema:
    name = f"{FILTER_PREFIX}{shape.name}" if shape.name in reserved else shape.name
    return query_parameter(name, shape.schema, is_joined=shape.is_joined)


def header_parameter(name: str, schema: Schema, description: str) -> Schema:
    return {"name": name, "in": "header", "schema": schema, "description": description}


def key() -> Schema:
    text = "Same key and data within 24 h: the stored answer, and no second write."
    return header_parameter("Idempotency-Key", {"type": "string", "minLength": 1, "maxLength": 255}, text)


def range_header() -> Schema:
    text = "Rows from 0, of a page and under any name, in place of page and limit: items=25-49."
    return header_parameter("Range", {"type": "string"}, text)


def if_match() -> Schema:
    return header_parameter(
        "If-Match", {"type": "string"}, "The ETag of the row that the writer last saw; changed since: 412."
    )
