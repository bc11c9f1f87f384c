"""Where the contract stands, which comes with the package: transcripts, schema, error codes."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

_PLACES = (Path(__file__).parent / "spec", Path(__file__).parents[2] / "spec")
"""In a wheel, in a checkout."""
SPEC = next((place for place in _PLACES if place.is_dir()), _PLACES[0])


@cache
def transcripts() -> dict[str, dict[str, Any]]:
    """Every recorded conversation, by its name."""
    found = [json.loads(path.read_text()) for path in sorted((SPEC / "transcripts").glob("*.json"))]
    return {each["name"]: each for each in found}


@cache
def errors() -> dict[str, dict[str, Any]]:
    """``{"not_found": {"status": 404, "retry": False}, …}``"""
    loaded: dict[str, dict[str, Any]] = json.loads((SPEC / "errors.json").read_text())
    return loaded


@cache
def _validator(name: str) -> Draft202012Validator:
    document = json.loads((SPEC / "messages.schema.json").read_text())
    return Draft202012Validator({**document, "anyOf": [{"$ref": f"#/$defs/{name}"}]})


def problems(name: str, value: Any) -> list[str]:
    """What makes ``value`` no ``name`` of ``messages.schema.json``, as sentences; nothing if it is one."""
    return [f"{error.json_path}: {error.message}"[:500] for error in _validator(name).iter_errors(value)]
