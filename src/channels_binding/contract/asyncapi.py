"""AsyncAPI 3 of the socket: what each stream takes there, what it answers and what it pushes (spec/protocol.md)."""

from collections.abc import Iterator, Mapping
from inspect import getdoc
from typing import Any

from rest_framework.permissions import SAFE_METHODS

from channels_binding import __version__
from channels_binding.bindings.actions import Action
from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.presence import MAX_NAME
from channels_binding.contract import components
from channels_binding.contract.aggregates import shapes_of
from channels_binding.contract.json_schema import ANY_OBJECT, JsonSchemas, Schema, closed, one_of, reference
from channels_binding.contract.spectacular_settings import inspecting
from channels_binding.protocol.names import AGGREGATE, CURSORS, PRESENCE, READS
from channels_binding.querysets.cursors import MAX_CHARACTERS
from channels_binding.querysets.pages import MAX_PAGE

LIVE = ("snapshot", "diff", "same", "delta", "gone")
"""Messages of a live read, one definition of spec/messages.schema.json each."""
SYSTEM = {
    "hello": "send",
    "user": "send",
    "goaway": "send",
    "authenticate": "receive",
    "speak": "receive",
    "batch": "receive",
    "systemReply": "send",
    "beat": "send",
}
"""Messages of the protocol itself, as the server sees them; ``beat`` goes both ways."""
OF_ALL = {"form": "form", "describe": "description"}
"""Actions that every stream answers alike, each with the definition of its answer."""
_HASH = r"(#[A-Za-z0-9_-]{1,64})?"
_ERROR = "failure"


def document(request: Any) -> dict[str, Any]:
    """The whole document, as the user of ``request`` may see it."""
    with inspecting():
        shapes = JsonSchemas(request)
        contract = _Contract()
        shapes.each_stream(lambda cls: contract.take(_Stream(cls, shapes)))
        schemas = {**components.definitions(), **shapes.components}
        description = _DESCRIPTION + shapes.omissions.sentence()
        return {
            "asyncapi": "3.0.0",
            "info": {"title": "Channels Binding", "version": __version__, "description": description},
            "defaultContentType": "application/json",
            "channels": contract.channels,
            "operations": contract.operations,
            "components": {"schemas": schemas},
        }


_DESCRIPTION = (
    "One WebSocket, with the subprotocol cb.1.json. A text frame is one message, or an array of messages; replies carry the "
    "id of their call, pushes none. Any call may be answered by the message 'failure', a read that stays live by those of the "
    "operation 'live'. All channels here are that one socket."
)


class _Messages:
    """Channels and operations, as they are collected: one operation a channel, and its reply another.

    All channels are the same socket. Tools that follow references read an operation with all messages of its channel, so that
    in one channel for everything reading takes time by the square of the streams.
    """

    def __init__(self) -> None:
        self.channels: dict[str, Schema] = {}
        self.operations: dict[str, Schema] = {}

    def operation(self, name: str, action: str, messages: Mapping[str, Schema]) -> None:
        """What is sent (``send``, by the server) or received, without a reply of its own."""
        self.operations[name] = {"action": action, "channel": self.channel(name, messages)}

    def channel(self, name: str, messages: Mapping[str, Schema]) -> Schema:
        """Add a channel. Where the socket is routed is the project's own; so its address is not known here."""
        self.channels[name] = {"address": None, "title": "The socket", "messages": dict(messages)}
        return {"$ref": f"#/channels/{name}"}


def _message(name: str, payload: Schema, summary: str) -> dict[str, Schema]:
    return {name: {"name": name, "summary": summary, "payload": payload}}


class _Contract(_Messages):
    """The whole, with the messages of the protocol itself."""

    def __init__(self) -> None:
        super().__init__()
        for name, way in SYSTEM.items():
            self.operation(name, way, _message(name, reference(f"cb.{name}"), "Of the protocol."))
        for name, definition in OF_ALL.items():
            reply = _reply_to(rf".*[.]{name}", reference(f"cb.{definition}"))
            self.channel(
                f"cb.{name}.reply", _message(f"cb.{name}.reply", reply, f"The answer to {name}, of any stream.")
            )
        live = [_message(name, reference(f"cb.{name}"), "A live read.") for name in LIVE]
        failure = _message(
            _ERROR, reference("cb.failure"), "What is wrong, in place of an answer; or a live read is over."
        )
        self.operation("live", "send", {name: each for found in (*live, failure) for name, each in found.items()})

    def take(self, stream: "_Stream") -> None:
        """Add a stream's messages, all of them or none."""
        stream.describe()
        self.channels |= stream.channels
        self.operations |= stream.operations


class _Stream(_Messages):
    """The messages of one stream."""

    def __init__(self, cls: type[BaseBinding], shapes: JsonSchemas) -> None:
        super().__init__()
        self.cls = cls
        self.shapes = shapes
        self.name = cls.get_stream()

    def describe(self) -> None:
        """Add each action with its reply, and what is sent without being asked for."""
        taken = dict(self._taken())
        for name, action in sorted(self.cls.get_actions().items()):
            if action.is_builtin:
                self._action(name, action, taken[name])
                continue
            with self.shapes.omissions.leaving_out(f"{self.name}.{name}"):
                self._action(name, action, self.shapes.taken(action))
        for name, schema in self.shapes.sent(self.cls).items():
            self._sent(name, schema)

    def _action(self, name: str, action: Action, data: Schema) -> None:
        event, answered = f"{self.name}.{name}", self._answered(name, action)
        summary = (getdoc(action.handler) or name).split("\n")[0]
        self.operation(event, "receive", _message(event, self._call(action, data), summary))
        self.operations[event]["reply"] = {"channel": self._answer(name, answered, is_shared=action.is_builtin)}

    def _answer(self, name: str, data: Schema, *, is_shared: bool) -> Schema:
        """The channel of a reply; of those that are large and alike for every stream there is one."""
        if is_shared and name in OF_ALL:
            return {"$ref": f"#/channels/cb.{name}.reply"}
        event = f"{self.name}.{name}"
        return self.channel(
            f"{event}.reply", _message(f"{event}.reply", self._reply(name, data), f"The answer to {event}.")
        )

    def _sent(self, name: str, schema: Schema) -> None:
        event = f"{self.name}.{name}"
        if event not in self.operations:
            self.operation(event, "send", _message(event, self._reply(name, schema), "Sent by a handler."))

    def _call(self, action: Action, data: Schema) -> Schema:
        """What belongs to reads alone, or to what may write, stands there alone. ``id`` is no reference: tools that follow
        references take time by the square of how often one thing is referred to."""
        event = f"{self.name}.{action.name}".replace(".", "[.]")
        members = {"event": _named(event), "id": _id(), "data": data}
        if action.name in (*READS, PRESENCE):
            members["have"] = reference("cb.have")
        if action.method not in SAFE_METHODS:
            members |= {"key": dict(_SHORT_TEXT), "if": dict(_SHORT_TEXT)}
        required = ["event", "data"] if data.get("required") or "anyOf" in data else ["event"]
        return {"type": "object", "properties": members, "required": required}

    def _reply(self, name: str, data: Schema) -> Schema:
        return _reply_to(f"{self.name}.{name}".replace(".", "[.]"), data)

    # What the built-in actions take and answer

    def _taken(self) -> Iterator[tuple[str, Schema]]:
        """Every built-in action has its line here and in ``_answered``: one that lacks it fails."""
        yield from (("subscribe", closed({})), ("unsubscribe", closed({})))
        if PRESENCE in self.cls.get_actions():
            yield PRESENCE, self._presence()
        if self.cls.find_model() is None:
            return
        key, some = self.shapes.key(self.cls), {"type": "array", "items": self.shapes.key(self.cls)}
        lists = self._list()
        yield "retrieve", closed({"id": key, "ids": some, **self._read()})
        yield "list", closed(lists)
        page, limit = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE}, {"type": "integer", "minimum": 1}
        cursor: Schema = {"type": "string", "maxLength": MAX_CHARACTERS}
        count: Schema = {"enum": [True, False, "estimate"]}
        yield (
            "search",
            closed({**lists, "page": page, "limit": limit, "count": count, **dict.fromkeys(CURSORS, cursor)}),
        )
        if AGGREGATE in self.cls.get_actions():
            found = shapes_of(self.cls, self.shapes)
            yield AGGREGATE, found.asked(self.shapes.filters(self.cls), self.cls.get_query_params())
        yield "create", self.shapes.input(self.cls, "create")
        yield "update", self._with_key(self.shapes.input(self.cls, "update"), is_bulk=self.cls.bulk is not None)
        yield "save", dict(ANY_OBJECT)
        yield "replace", self._with_key(self.shapes.input(self.cls, "replace"))
        one, several = closed({"id": key}, "id"), closed({"ids": {**some, "minItems": 1}}, "ids")
        yield "delete", one if self.cls.bulk is None else {"anyOf": [one, several]}
        yield "form", closed({"id": key, "submit": self.shapes.form(self.cls), "initial": dict(ANY_OBJECT)})
        yield "describe", closed({})

    def _presence(self) -> Schema:
        """Watched without ``meta``; with it, be there, or (``null``) leave."""
        has_rows = self.cls.find_model() is not None
        key: Schema = self.shapes.key(self.cls) if has_rows else {"type": "string", "maxLength": MAX_NAME}
        meta: Schema = {"type": ["object", "null"]}
        return closed({"id": key, "meta": meta}, *(["id"] if has_rows else []))

    def _with_key(self, schema: Schema, *, is_bulk: bool = False) -> Schema:
        """An input is closed, and here the key stands among its members; or several keys, where the binding has ``bulk``."""
        found = self.shapes.resolved(schema["$ref"].rpartition("/")[2])
        key = self.shapes.key(self.cls)
        of: dict[str, Schema] = {"id": key, "ids": {"type": "array", "items": key, "minItems": 1}}
        ways = [
            {
                **found,
                "properties": {name: of[name], **found.get("properties", {})},
                "required": [name, *found.get("required", ())],
            }
            for name in (("id", "ids") if is_bulk else ("id",))
        ]
        return {"anyOf": ways} if is_bulk else ways[0]

    def _read(self) -> dict[str, Schema]:
        paths = self.shapes.expandable(self.cls)
        params = {name: {"type": "string"} for name in self.cls.get_query_params()}
        return {
            "fields": {"type": "array", "items": one_of(self.shapes.readable(self.cls))},
            "labels": _BOOLEAN,
            **({"expand": {"type": "array", "items": one_of(paths)}} if paths else {}),
            "live": _BOOLEAN,
            **({"params": closed(params)} if params else {}),
        }

    def _list(self) -> dict[str, Schema]:
        names = [*self.shapes.binding(self.cls, "search").get_ordering_fields()]
        order = one_of([*names, *(f"-{name}" for name in names)])
        filters = {each.name: each.schema for each in self.shapes.filters(self.cls)}
        return {
            **self._read(),
            "order": {"anyOf": [order, {"type": "array", "items": order}]},
            "filters": closed(filters),
            "query": {"type": "string"},
            "highlight": _BOOLEAN,
        }

    def _answered(self, name: str, action: Action) -> Schema:
        if not action.is_builtin:
            return self.shapes.answered(self.cls, action)
        if name in ("subscribe", "unsubscribe"):
            return _SUCCESS
        if name == PRESENCE:
            return {"anyOf": [reference("cb.room"), reference("cb.attendance")]}
        saved = {
            "allOf": [_SUCCESS, {"type": "object", "properties": {"id": self.shapes.key(self.cls)}, "required": ["id"]}]
        }
        several = {"anyOf": [saved, reference("cb.severalAnswer")]}
        if name == AGGREGATE:
            return {"allOf": [reference("cb.aggregate"), _with_rows(shapes_of(self.cls, self.shapes).row)]}
        rows = _with_rows(self.shapes.row(self.cls))
        answers: Mapping[str, Schema] = {
            "retrieve": {"anyOf": [self.shapes.row(self.cls), rows]},
            "search": {"allOf": [reference("cb.list"), rows]},
            "list": {"allOf": [reference("cb.list"), rows]},
            "create": {"allOf": [_SUCCESS, self.shapes.row(self.cls)]},
            **dict.fromkeys(("update", "save", "delete"), saved if self.cls.bulk is None else several),
            "replace": saved,
            "form": reference("cb.form"),
            "describe": reference("cb.description"),
        }
        return answers[name]


def _with_rows(row: Schema) -> Schema:
    return {"type": "object", "properties": {"rows": {"type": "array", "items": row}}}


def _reply_to(event: str, data: Schema) -> Schema:
    members = {"event": _named(event), "id": _id(), "data": data}
    return {"type": "object", "properties": members, "required": ["event"]}


def _named(event: str) -> Schema:
    return {"type": "string", "pattern": f"^{event}{_HASH}$"}


def _id() -> Schema:
    found: Schema = components.definitions()["cb.id"]
    return found


_SHORT_TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": 255}
_BOOLEAN: Schema = {"type": "boolean"}
_SUCCESS: Schema = {"type": "object", "properties": {"success": {"const": True}}, "required": ["success"]}
