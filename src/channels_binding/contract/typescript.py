"""TypeScript of every stream, for ``@channels-binding/core``: ``manage.py bindings_types``.

The same schemas as in the documents, in TypeScript's words: literal unions for choices, ``| null``, text for dates and
decimals. An integer is a ``number``; of those that a browser cannot read (beyond 2^53) the type says nothing.
"""

import json
import re
from typing import Any

from django.contrib.auth.models import AnonymousUser

from channels_binding.bindings.actions import Action
from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.expansions import MEMBER, expandables
from channels_binding.calls.call import Call
from channels_binding.calls.requests import request_of
from channels_binding.contract.aggregates import shapes_of
from channels_binding.contract.json_schema import JsonSchemas, Schema
from channels_binding.contract.spectacular_settings import inspecting
from channels_binding.omissions import Omissions
from channels_binding.protocol.names import AGGREGATE

HEAD = "// Written by `manage.py bindings_types`; change the bindings, not this file.\n"
MODULE = """
// @ts-ignore: the types can be used without the package, which there is nothing to tell then
declare module '@channels-binding/core' {{
  interface {interface} {{
    {member}: AppBindings
  }}
}}
"""
INDENT = "  "

_PLAIN = {"integer": "number", "number": "number", "string": "string", "boolean": "boolean", "null": "null"}
_IDENTIFIER = re.compile(r"^[A-Za-z_$][A-Za-z0-9_$]*$")


def module(server: str | None = None) -> str:
    """The whole file."""
    return written(server)[0]


def written(server: str | None = None) -> tuple[str, Omissions]:
    """The whole file, and what it leaves out because it cannot be described.

    Args:
        server: The name by which a page knows this server, if it speaks to several: ``back1`` → ``'back1:desk.Ticket'``.
    """
    with inspecting():
        shapes = JsonSchemas(_nobody())
        writer = _Writer(shapes)
        shapes.each_stream(writer.stream)
        sentence = shapes.omissions.sentence()
        head = f"{HEAD}//{sentence}\n" if sentence else HEAD
        bindings = _block("export interface AppBindings", writer.bindings)
        registered = MODULE.format(
            interface="Register" if server is None else "Servers", member="bindings" if server is None else _key(server)
        )
        return "".join([head, *writer.interfaces, "\n", bindings, registered]), shapes.omissions


def _nobody() -> Any:
    """A request of nobody: types are the same for all."""
    return request_of(Call("", "describe", {}, AnonymousUser()), "GET")


def interface_name(name: str) -> str:
    """``desk.Ticket`` → ``DeskTicketRow``."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name)) + "Row"


def _block(head: str, lines: list[str]) -> str:
    return "\n".join([f"{head} {{", *lines, "}", ""])


class _Types:
    """Schemas in TypeScript's words: of what is sent, where some may be left out, or of what comes, which is whole."""

    def __init__(self, shapes: JsonSchemas, *, is_whole: bool) -> None:
        self._shapes = shapes
        self._is_whole = is_whole

    def of(self, schema: Schema) -> str:
        """``{"type": ["string", "null"], "format": "date"}`` → ``string | null``."""
        if "$ref" in schema:
            return self.of(self._shapes.resolved(schema["$ref"].rpartition("/")[2]))
        if "enum" in schema or "const" in schema:
            return _union([_literal(value) for value in schema.get("enum", [schema.get("const")])])
        for word, joiner in (("oneOf", " | "), ("anyOf", " | "), ("allOf", " & ")):
            if word in schema and "type" not in schema:
                return joiner.join(dict.fromkeys(self.of(each) for each in schema[word]))
        types = schema.get("type", ())
        return self._union_of(schema, [types] if isinstance(types, str) else types)

    def _union_of(self, schema: Schema, types: Any) -> str:
        if "integer" in types:  # as text only where a browser could not read it
            types = [name for name in types if name != "string"]
        return _union([self._single(schema, name) for name in types]) if types else "unknown"

    def _single(self, schema: Schema, name: str) -> str:
        if name == "array":
            return _array(self.of(schema.get("items", {})))
        return self._object(schema) if name == "object" else _PLAIN[name]

    def _object(self, schema: Schema) -> str:
        if schema.get("properties"):
            return _inline(self.members(schema))
        values = schema.get("additionalProperties", True)
        if values is False:
            return _inline([])
        return f"Record<string, {self.of(values) if isinstance(values, dict) else 'unknown'}>"

    def members(self, schema: Schema) -> list[str]:
        """``title: string``, or ``title?: string`` where it may be left out."""
        required = schema["properties"] if self._is_whole else schema.get("required", ())
        return [
            f"{_key(name)}{'' if name in required else '?'}: {self.of(each)}"
            for name, each in schema["properties"].items()
        ]


class _Writer:
    """Writes streams, and the interfaces of their rows."""

    def __init__(self, shapes: JsonSchemas) -> None:
        self._shapes = shapes
        self._taken = _Types(shapes, is_whole=False)
        self._shown = _Types(shapes, is_whole=True)
        self.interfaces: list[str] = []
        """One for each row, in the order of the streams."""
        self.bindings: list[str] = []
        """``'desk.Ticket': { pk: number; row: DeskTicketRow; … }``, one member a line."""

    def stream(self, cls: type[BaseBinding]) -> None:
        """Write one stream: all of it, or nothing where it fails."""
        binding, interface = self._binding(cls), self._interface(cls)
        self.bindings.append(binding)
        self.interfaces.extend(interface)

    def _interface(self, cls: type[BaseBinding]) -> list[str]:
        if cls.find_model() is None:
            return []
        name = cls.get_stream()
        shape = self._shapes.resolved(name)
        shown = {each: schema for each, schema in shape["properties"].items() if each != MEMBER or not cls.expandable}
        lines = [f"{INDENT}{member}" for member in self._shown.members({**shape, "properties": shown})]
        return ["\n" + _block(f"export interface {interface_name(name)}", lines)]

    def _binding(self, cls: type[BaseBinding]) -> str:
        rooms = {"pk": "string", "presence": "true"} if cls.presence else {}
        members = self._model(cls) if cls.find_model() is not None else {**_NO_MODEL, **rooms}
        lines = [f"{INDENT * 2}{name}: {text}" for name, text in members.items()]
        events = [f"{INDENT * 3}{_key(name)}: {text}" for name, text in self._events(cls).items()]
        lines += (
            [f"{INDENT * 2}events: {{", *events, f"{INDENT * 2}}}"]
            if events
            else [f"{INDENT * 2}events: {_inline([])}"]
        )
        return "\n".join([f"{INDENT}{_key(cls.get_stream())}: {{", *lines, f"{INDENT}}}"])

    def _model(self, cls: type[BaseBinding]) -> dict[str, str]:
        self._shapes.row(cls)
        order = self._shapes.binding(cls, "search").get_ordering_fields()
        return {
            "pk": self._shown.of(self._shapes.key(cls)),
            "row": interface_name(cls.get_stream()),
            "create": self._input(cls, "create"),
            "update": self._input(cls, "update"),
            "filters": self._filters(cls),
            "order": _union([_literal(name) for name in order]),
            **self._expandable(cls),
            **({"presence": "true"} if cls.presence else {}),
            **(self._aggregate(cls) if cls.find_action(AGGREGATE) else {}),
        }

    def _input(self, cls: type[BaseBinding], action: str) -> str:
        """What ``create`` or ``update`` takes (``save`` is one of them); nothing where the stream does not offer it."""
        return self._taken.of(self._shapes.input(cls, action)) if cls.find_action(action) else "never"

    def _expandable(self, cls: type[BaseBinding]) -> dict[str, str]:
        """What may be put into a row, by its path: ``{ comments: { stream: 'desk.Comment'; many: true } }``."""
        found = [
            f"{_key(each.path)}: {{ stream: {_literal(each.stream)}; many: {'false' if each.limit is None else 'true'} }}"
            for each in expandables(self._shapes.binding(cls, "search"))
        ]
        return {"expand": _inline(found)} if found else {}

    def _aggregate(self, cls: type[BaseBinding]) -> dict[str, str]:
        """What a row of ``aggregate`` may hold, by the names that are asked for."""
        found = shapes_of(cls, self._shapes)
        named = {"measures": found.measures, "groups": found.groups}
        return {
            name: _inline([f"{_key(each)}: {self._shown.of(schema)}" for each, schema in members.items()])
            for name, members in named.items()
        }

    def _filters(self, cls: type[BaseBinding]) -> str:
        """Where there are none, an object that can hold none; ``Record<never, never>`` would take any."""
        found = [f"{_key(each.name)}: {self._filter(each.schema)}" for each in self._shapes.filters(cls)]
        return _inline(found) if found else "Record<string, never>"

    def _filter(self, schema: Schema) -> str:
        """A number may be given as text, which is how decimals are read."""
        if schema.get("type") == "array":
            return _array(self._filter(schema["items"]))
        return "number | string" if schema.get("type") == "number" else self._taken.of(schema)

    def _events(self, cls: type[BaseBinding]) -> dict[str, str]:
        """What handlers take and answer, and what the stream sends of its own accord."""
        found = {name: _event("never", self._shown.of(schema)) for name, schema in self._shapes.sent(cls).items()}
        for name, action in sorted(cls.get_actions().items()):
            if not action.is_builtin:
                with self._shapes.omissions.leaving_out(f"{cls.get_stream()}.{name}"):
                    found[name] = self._event(cls, action)
        return found

    def _event(self, cls: type[BaseBinding], action: Action) -> str:
        taken, answered = self._shapes.taken(action), self._shapes.answered(cls, action)
        return _event(self._taken.of(taken), self._shown.of(answered))


def _event(taken: str, answered: str) -> str:
    return f"{{ in: {taken}; out: {answered} }}"


_NO_MODEL = {
    "pk": "never",
    "row": "object",
    "create": "never",
    "update": "never",
    "filters": "object",
    "order": "never",
}


def _key(name: str) -> str:
    return name if _IDENTIFIER.match(name) else _literal(name)


def _literal(value: Any) -> str:
    """``"it's"`` → ``'it\\'s'``."""
    if not isinstance(value, str):
        return json.dumps(value)
    return "'" + json.dumps(value)[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"


def _union(types: list[str]) -> str:
    return " | ".join(dict.fromkeys(types)) or "never"


def _array(inner: str) -> str:
    return f"({inner})[]" if " " in inner and not inner.startswith("{") else f"{inner}[]"


def _inline(members: list[str]) -> str:
    return f"{{ {'; '.join(members)} }}" if members else "Record<never, never>"
