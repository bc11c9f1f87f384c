"""drf-spectacular set as our documents need it, seen by nobody else.

It asks one global object for its settings, and its own way to set others for a while (``custom_settings`` of its views)
sets them for every thread. So the object is given a class that asks the context first: a schema that the project's own
view makes at the same moment has the project's settings, in another thread and in another task alike.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from drf_spectacular.settings import SpectacularSettings, spectacular_settings

JSON_SCHEMA: Mapping[str, Any] = {"OAS_VERSION": "3.1.0", "COMPONENT_SPLIT_REQUEST": True}
"""JSON Schema as OpenAPI 3.1 has it; what is taken and what is shown are two components."""

_own: ContextVar[Mapping[str, Any]] = ContextVar("channels_binding_inspection", default={})  # noqa: B039 (never written to)


class _SettingsOfContext(SpectacularSettings):  # type: ignore[misc]  # untyped
    """The project's settings; while ``inspecting``, ours before them."""

    def __getattribute__(self, name: str) -> Any:
        own = _own.get()
        return own[name] if name in own else super().__getattribute__(name)


spectacular_settings.__class__ = _SettingsOfContext


@contextmanager
def inspecting() -> Iterator[None]:
    """Have drf-spectacular speak JSON Schema in this context. Threads and tasks beside it see nothing of it."""
    token = _own.set(JSON_SCHEMA)
    try:
        yield
    finally:
        _own.reset(token)
