"""spec/messages.schema.json as the tests use it, and samples that stand in for the placeholders of the transcripts."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SPEC = Path(__file__).parents[1] / "spec"
SAMPLES = {
    "<int>": 7,
    "<string>": "text",
    "<etag>": "a1b2c3d4e5f6",
    "<crc>": "8d21f0aa",
    "<datetime>": "2026-01-02T03:04:05+00:00",
    "<any>": None,
}


@cache
def document() -> dict[str, Any]:
    """The whole schema."""
    loaded: dict[str, Any] = json.loads((SPEC / "messages.schema.json").read_text())
    return loaded


@cache
def validator(name: str) -> Draft202012Validator:
    """A validator of one definition, such as ``serverFrame``."""
    return Draft202012Validator({**document(), "anyOf": [{"$ref": f"#/$defs/{name}"}]})


def problems(name: str, value: Any) -> list[str]:
    """What makes ``value`` no ``name``, as sentences; nothing if it is one."""
    return [f"{error.json_path}: {error.message}"[:500] for error in validator(name).iter_errors(value)]


def sample(recorded: Any) -> Any:
    """A recorded message with its placeholders filled in."""
    if isinstance(recorded, str):
        return SAMPLES.get(recorded, recorded)
    if isinstance(recorded, list):
        return [sample(each) for each in (recorded[1:] if recorded[:1] == ["<each>"] else recorded)]
    if isinstance(recorded, dict):
        return {name: sample(value) for name, value in recorded.items() if name != "<rest>"}
    return recorded
