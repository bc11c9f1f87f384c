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
    """The definitions of these names and all that they refer to."""
    found: dict[str, Any] = {}
    waiting = [f"{PREFIX}{name}" for name in names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = definitions()[name]
            waiting.extend(_referred(found[name]))
    return dict(sorted(found.items()))


def _referred(schema: Any) -> list[str]:
    if isinstance(schema, dict):
        own = [schema["$ref"].rpartition("/")[2]] if isinstance(schema.get("$ref"), str) else []
        return [*own, *(name for value in schema.values() for name in _referred(value))]
    return [name for each in schema for name in _referred(each)] if isinstance(schema, list) else []
