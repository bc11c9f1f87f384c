"""JSON Schemas that all streams share, out of ``spec/messages.schema.json`` (a copy of it stands beside this module)."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

PREFIX = "cb."
"""In front of the names of these components, as it is reserved for the protocol in event names."""


@cache
def definitions() -> Mapping[str, Any]:
    """``{"cb.error": {…}, …}``: each definition as a component, its references led to the others."""
    text = files("channels_binding.contract").joinpath("messages.schema.json").read_text("utf-8")
    return {f"{PREFIX}{name}": _led(value) for name, value in json.loads(text)["$defs"].items()}


def _led(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _component(value) if key == "$ref" else _led(value) for key, value in schema.items()}
    return [_led(each) for each in schema] if isinstance(schema, list) else schema


def _component(target: str) -> str:
    return target.replace("#/$defs/", f"#/components/schemas/{PREFIX}")


def closure(*names: str) -> dict[str, Any]:
    """The definitions of these components and all that they refer to, in the words that generators of code know."""
    found: dict[str, Any] = {}
    waiting = [*names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _plain(definitions()[name])
            waiting.extend(referred(found[name]))
    return dict(sorted(found.items()))


def referred(schema: Any) -> list[str]:
    """Names of the shared components that a schema, or a whole document, refers to."""
    if isinstance(schema, dict):
        target = schema.get("$ref")
        own = [target.rpartition("/")[2]] if isinstance(target, str) else []
        inner = (name for value in schema.values() for name in referred(value))
        return [name for name in (*own, *inner) if name.startswith(PREFIX)]
    return [name for each in schema for name in referred(each)] if isinstance(schema, list) else []


def _plain(schema: Any) -> Any:
    """Without what only validators need: ``true`` for a member is ``{}``, and conditions beside members are left out.

    Of errors, which status each code has; of form fields, that none has choices and a relation.
    """
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    dropped = {"not", "oneOf"} if "properties" in schema else set()
    found = {name: _plain(value) for name, value in schema.items() if name not in dropped}
    if isinstance(found.get("properties"), dict):
        found["properties"] = {name: {} if each is True else each for name, each in found["properties"].items()}
    kinds = found.get("anyOf", ())
    return _either(kinds) if kinds and all("properties" in each for each in kinds) else found


def _either(kinds: list[Any]) -> Any:
    """One object for several that refer to themselves, as groups of choices do: such a union has no name to refer to."""
    members = {name: each for kind in kinds for name, each in kind["properties"].items()}
    return {"type": "object", "properties": members, "additionalProperties": False}
