"""What a model can ask: each tool is a Call, which passes the gate that every other caller passes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from channels_binding.bindings.base import BaseBinding
from channels_binding.calls.call import Call, Reading
from channels_binding.conf import get_settings
from channels_binding.contrib.mcp.identification import SCOPE
from channels_binding.dispatch.perform import aperform
from channels_binding.exception_handler import as_error
from channels_binding.exceptions import Invalid, LimitExceeded, MethodNotAllowed, NotFound
from channels_binding.protocol import codecs
from channels_binding.registry import registry
from channels_binding.security.authentication import Identity

STREAM = {"type": "string", "description": "The name of a stream, as `streams` tells it: shop.Order"}
_ROWS = {
    "filters": {"type": "object", "description": 'What `describe` names under filters: {"status": "open"}'},
    "query": {"type": "string", "description": "Words to search for, where `describe` says that the stream searches."},
}
_SHOWN = {
    "fields": {"type": "array", "items": {"type": "string"}, "description": "Only these fields of each row."},
    "labels": {"type": "boolean", "description": "Also the texts of related rows."},
    "expand": {"type": "array", "items": {"type": "string"}, "description": "Related rows, as `describe` names them."},
}
_ORDER = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    "description": "A field, -field for descending, or several.",
}
_KEY = {"anyOf": [{"type": "string"}, {"type": "integer"}]}
SCHEMAS: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {
    "streams": ("The streams (kinds of rows) that you may read, and what you may do with each.", {}, ()),
    "describe": (
        "Fields, filters, orders, measures and rights of a stream. Ask it before you search.",
        {"stream": STREAM},
        ("stream",),
    ),
    "search": (
        "A page of the rows of a stream that match, and how many match altogether.",
        {
            "stream": STREAM,
            **_ROWS,
            "order": _ORDER,
            "page": {"type": "integer", "minimum": 1},
            "limit": {"type": "integer", "minimum": 1, "description": "Rows of a page."},
            **_SHOWN,
        },
        ("stream",),
    ),
    "retrieve": (
        "One row by its key, or several by theirs.",
        {"stream": STREAM, "id": _KEY, "ids": {"type": "array", "items": _KEY}, **_SHOWN},
        ("stream",),
    ),
    "aggregate": (
        "Counts, sums, averages, least and greatest of the rows that match, by groups: what `describe` names under aggregate.",
        {
            "stream": STREAM,
            "measures": {"type": "array", "items": {"type": "string"}, "description": 'Like ["count", "sum:amount"].'},
            "by": {"type": "array", "items": {"type": "string"}, "description": 'Groups, like ["status"].'},
            **_ROWS,
            "order": _ORDER,
            "limit": {"type": "integer", "minimum": 1, "description": "Most groups."},
            "labels": {"type": "boolean"},
        },
        ("stream",),
    ),
    "write": (
        "Change something, by one of the actions that `streams` names under writes. It is done at once.",
        {
            "stream": STREAM,
            "action": {"type": "string", "description": "create, update, delete or another one that `streams` names."},
            "data": {"type": "object", "description": "create: the fields. update: id and changed fields. delete: id."},
            "key": {
                "type": "string",
                "maxLength": 200,
                "description": "Yours, for this write: a repeated call with it is done once.",
            },
        },
        ("stream", "action", "data"),
    ),
}
"""Tool → what it is for, its arguments, and which of them it needs. Constants: nothing that a user has written stands here."""

Tool = Callable[[Identity, dict[str, Any]], Awaitable[Any]]


def offered() -> list[str]:
    """Names of the tools: ``write`` only where ``MCP_WRITES`` has something."""
    return [name for name in SCHEMAS if name != "write" or get_settings().MCP_WRITES]


async def call(name: str, arguments: Mapping[str, Any], identity: Identity) -> bytes:
    """Answer a tool call with JSON.

    Raises:
        BindingError: What the stream answers, or that there is more than ``MCP_MAX_BYTES`` allows.
    """
    if name not in offered():
        raise NotFound("There is no such tool.")
    given = dict(arguments)
    _, properties, needed = SCHEMAS[name]
    for missing in [each for each in needed if each not in given]:
        raise Invalid.field(missing, "required", f"{missing!r} is missing.")
    for unknown in [each for each in given if each not in properties]:
        raise Invalid.field(unknown[:100], "unknown", f"The tool has no argument {unknown[:100]!r}.")
    answer = await _TOOLS[name](identity, given)
    text: bytes = codecs.fitted(answer.data) if isinstance(answer, Reading) else codecs.encode(answer)
    most = get_settings().MCP_MAX_BYTES
    if len(text) > most:
        way_out = "Ask for a smaller limit, or for fewer fields."
        raise LimitExceeded(
            f"The answer has {len(text)} bytes, more than {most} (MCP_MAX_BYTES). {way_out}", limit=most
        )
    return text


async def _streams(identity: Identity, _: Mapping[str, Any]) -> Any:
    found = []
    for cls in sorted(_offered_bindings(), key=lambda each: each.get_stream()):
        if (described := await _described(cls, identity)) is not None:
            found.append(_outline(cls.get_stream(), described))
    return {"streams": found}


def _outline(stream: str, described: Mapping[str, Any]) -> dict[str, Any]:
    reads = [name for name in ("search", "retrieve", "aggregate") if name in described["actions"]]
    return {"stream": stream, "label": described["label_plural"], "reads": reads, "writes": _writes(stream)}


def _writes(stream: str) -> list[str]:
    split = [name.rpartition(".") for name in get_settings().MCP_WRITES]
    return [action for of, _, action in split if of == stream]


def _offered_bindings() -> list[type[BaseBinding]]:
    """Those of models that ``MCP_STREAMS`` names; all where it is None."""
    named = get_settings().MCP_STREAMS
    models = [cls for cls in registry if cls.find_model() is not None and "describe" in cls.get_actions()]
    return [cls for cls in models if named is None or cls.get_stream() in named]


async def _described(cls: type[BaseBinding], identity: Identity) -> dict[str, Any] | None:
    """What a stream says of itself to this caller; None to who may not know of it, however that is refused.

    A permission that fails is logged, and hides its own stream alone.

    Raises:
        BindingError: It cannot be asked now, and can be later.
    """
    try:
        asked = replace(_asked(cls.get_stream(), "describe", {}, identity), is_counted=True)  # nobody's request
        described: dict[str, Any] = _plain(await aperform(asked))
        return described
    except Exception as exception:
        error = as_error(exception)
        if error.retry:
            raise error from exception
        return None


async def _checked_stream(arguments: Mapping[str, Any], identity: Identity) -> dict[str, Any]:
    """What the named stream says of itself.

    Raises:
        NotFound: There is none, it is not offered, or the caller may not know of it: all in the same words.
    """
    name = arguments["stream"]
    cls = next((each for each in _offered_bindings() if each.get_stream() == name), None)
    described = None if cls is None else await _described(cls, identity)
    if described is None:
        raise NotFound("There is no such stream.")
    return described


async def _describe(identity: Identity, arguments: dict[str, Any]) -> Any:
    described = await _checked_stream(arguments, identity)
    hidden = await _hidden(described, identity)
    for field in [*described["fields"], *(each["field"] for each in described["filters"])]:
        if field.get("relation", {}).get("stream") in hidden:
            del field["relation"]
    if "expandable" in described:
        described["expandable"] = [each for each in described["expandable"] if each["stream"] not in hidden]
    return described


async def _hidden(described: Mapping[str, Any], identity: Identity) -> set[str]:
    """Streams that a description leads to and that this caller may not know of."""
    fields = [*described["fields"], *(each["field"] for each in described["filters"])]
    named = {each["relation"]["stream"] for each in fields if "relation" in each}
    named |= {each["stream"] for each in described.get("expandable", ())}
    offered = {cls.get_stream(): cls for cls in _offered_bindings()}
    return {name for name in named if name not in offered or await _described(offered[name], identity) is None}


async def _check_expand(paths: Any, described: Mapping[str, Any], identity: Identity) -> None:
    """Related rows of streams that are not offered are not shown in the rows of others either."""
    hidden = await _hidden(described, identity)
    shown = {each["name"] for each in described.get("expandable", ()) if each["stream"] not in hidden}
    for path in paths if isinstance(paths, list) else [paths]:
        steps = str(path).split(".")
        for end in range(1, len(steps) + 1):
            if ".".join(steps[:end]) not in shown:
                raise Invalid.field("expand", "unknown", f"{str(path)[:100]!r} is not to be expanded.")


def _read(action: str) -> Tool:
    async def tool(identity: Identity, arguments: dict[str, Any]) -> Any:
        described = await _checked_stream(arguments, identity)
        stream = arguments.pop("stream")
        if arguments.get("expand"):
            await _check_expand(arguments["expand"], described, identity)
        _limit_rows(action, arguments)
        answer = await aperform(_asked(stream, action, {**arguments, "live": False}, identity))
        return await _without_hidden_labels(answer, described, identity) if arguments.get("labels") else answer

    return tool


def _limit_rows(action: str, arguments: dict[str, Any]) -> None:
    """No more rows than ``MCP_MAX_ROWS``, however they are asked for.

    Raises:
        BindingError: The limit is no number, or there are more keys.
    """
    most = get_settings().MCP_MAX_ROWS
    if action == "retrieve":
        ids = arguments.get("ids")
        if isinstance(ids, list) and len(ids) > most:
            raise LimitExceeded(f"At most {most} keys at once (MCP_MAX_ROWS).", limit=most)
        return
    asked = most if arguments.get("limit") is None else arguments["limit"]
    if not isinstance(asked, int) or isinstance(asked, bool):
        raise Invalid.field("limit", "invalid", "'limit' is a whole number of at least 1.")
    arguments["limit"] = min(asked, most)


async def _without_hidden_labels(answer: Any, described: Mapping[str, Any], identity: Identity) -> Any:
    """Texts of rows of streams that are not offered are not shown beside the rows of others either."""
    if not isinstance(answer, Reading) or not answer.extra.get("labels"):
        return answer
    hidden = await _hidden(described, identity)
    led = {each["name"]: each["relation"]["stream"] for each in described["fields"] if "relation" in each}
    labels = {name: texts for name, texts in answer.extra["labels"].items() if led.get(name) not in hidden}
    return replace(answer, extra={**answer.extra, "labels": labels})


async def _write(identity: Identity, arguments: dict[str, Any]) -> Any:
    await _checked_stream(arguments, identity)
    stream, action, data, key = (arguments.get(name) for name in ("stream", "action", "data", "key"))
    if action not in _writes(str(stream)):
        raise MethodNotAllowed("MCP_WRITES does not name this action.")
    if not isinstance(data, dict) or not (key is None or (isinstance(key, str) and len(key) <= 200)):
        raise Invalid("'data' is an object, and 'key' a text.")
    return await aperform(_asked(str(stream), str(action), data, identity, key)) or {"success": True}


def _asked(stream: str, action: str, data: dict[str, Any], identity: Identity, key: str | None = None) -> Call:
    scope = identity.into(SCOPE, f"mcp {identity.user.pk}")
    return Call(stream, action, data, identity.user, transport="websocket", key=key, scope=scope, shows_rows=True)


def _plain(answer: Any) -> Any:
    return codecs.parse(answer.data if isinstance(answer, Reading) else codecs.encode(answer))


_TOOLS: dict[str, Tool] = {
    "streams": _streams,
    "describe": _describe,
    "search": _read("search"),
    "retrieve": _read("retrieve"),
    "aggregate": _read("aggregate"),
    "write": _write,
}
