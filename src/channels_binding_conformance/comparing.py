"""Compares what arrives with what ``spec/transcripts/`` records."""

import re
from collections.abc import Callable
from typing import Any

KINDS: dict[str, Callable[[Any], bool]] = {
    "<int>": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "<string>": lambda value: isinstance(value, str),
    "<etag>": lambda value: isinstance(value, str) and re.fullmatch("[0-9a-f]{12}", value) is not None,
    "<crc>": lambda value: isinstance(value, str) and re.fullmatch("[0-9a-f]{8}", value) is not None,
    "<datetime>": lambda value: isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d", value) is not None,
    "<any>": lambda value: True,
}


def differences(recorded: Any, arrived: Any, path: str = "$") -> list[str]:
    """What differs, as sentences; nothing if the two agree. Key order counts."""
    if isinstance(recorded, str) and recorded in KINDS:
        return [] if KINDS[recorded](arrived) else [f"{path}: {arrived!r} is no {recorded}"]
    if isinstance(recorded, dict):
        return _object(recorded, arrived, path)
    if isinstance(recorded, list):
        return _array(recorded, arrived, path)
    return [] if recorded == arrived and type(recorded) is type(arrived) else [f"{path}: {arrived!r}, not {recorded!r}"]


def _object(recorded: dict[str, Any], arrived: Any, path: str) -> list[str]:
    if not isinstance(arrived, dict):
        return [f"{path}: {arrived!r} is no object"]
    is_open = "<rest>" in recorded
    expected = [name for name in recorded if name != "<rest>"]
    present = [name for name in arrived if not is_open or name in recorded]
    if present != expected:
        return [f"{path}: names {present}, not {expected}"]
    return [line for name in expected for line in differences(recorded[name], arrived[name], f"{path}.{name}")]


def _array(recorded: list[Any], arrived: Any, path: str) -> list[str]:
    if not isinstance(arrived, list):
        return [f"{path}: {arrived!r} is no array"]
    if recorded[:1] == ["<each>"]:
        recorded = [recorded[1]] * max(1, len(arrived))
    if len(recorded) != len(arrived):
        return [f"{path}: {len(arrived)} members, not {len(recorded)}"]
    pairs = enumerate(zip(recorded, arrived, strict=True))
    return [line for i, (one, other) in pairs for line in differences(one, other, f"{path}[{i}]")]
