"""The conversations that spec/transcripts/ records."""

from typing import Any

from channels_binding_conformance.comparing import differences as differences
from channels_binding_conformance.specification import transcripts


def load() -> list[dict[str, Any]]:
    """Every recorded conversation."""
    return [*transcripts().values()]
