"""System checks of what an attribute is: a mapping, a number, a method. (Lists: ``declarations``.)"""

import ast
import inspect
from collections.abc import Iterator, Mapping
from textwrap import dedent
from typing import Any

from django.core.checks import CheckMessage, Error
from django.db.models import QuerySet

from channels_binding.bindings.base import BaseBinding
from channels_binding.checks.declarations import is_of_project, known

MAPPINGS = {
    "formsets": 'formsets = {"chapters": inlineformset_factory(Novel, Chapter, fields=["title"])}',
    "extra_kwargs": 'extra_kwargs = {"email": {"required": True}}',
    "aggregates": 'aggregates = {"price": ("sum", "avg")}',
    "sends": 'sends = {"closed": Closed}',
}
"""Attributes that are mappings, each with an example."""
NUMBERS = ("page_size", "max_page_size", "max_bulk")
TEXTS = ("stream", "search_config", "throttle_scope")
BULK = (None, "atomic", "independent")


def misshapen(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E036: what is read as something else than it is: ``page_size = "20"``, ``get_queryset = Order.objects.all()``; and a hook
    without a ``return``."""
    for name, kind, way_out in _problems(cls):
        yield Error(
            f"{cls.__name__}.{name} is {_shown(getattr(cls, name))}, and no {kind}.",
            hint=way_out,
            obj=cls,
            id="channels_binding.E036",
        )
    for name in sorted(name for name in known()[1] if name.startswith("get_") and _lacks_return(getattr(cls, name))):
        yield Error(
            f"{cls.__name__}.{name}() returns nothing.",
            hint="A return is missing; return None says that it is meant.",
            obj=cls,
            id="channels_binding.E036",
        )


def _lacks_return(hook: Any) -> bool:
    """Whether a hook of the project ends as ``def get_queryset(self): Order.objects.all()`` does."""
    function = inspect.unwrap(hook)
    if not inspect.isfunction(function) or not is_of_project(function) or function.__name__ == "<lambda>":
        return False
    try:
        nodes = [*ast.walk(ast.parse(dedent(inspect.getsource(function))))]
    except (OSError, SyntaxError):  # without a source that can be read
        return False
    return not any(isinstance(node, ast.Return | ast.Raise) for node in nodes)


def _problems(cls: type[BaseBinding]) -> Iterator[tuple[str, str, str]]:
    for name, example in MAPPINGS.items():
        if not isinstance(getattr(cls, name), Mapping):
            yield name, "mapping", f"{example}."
    for name in NUMBERS:
        value = getattr(cls, name)
        if value is not None and (type(value) is not int or value < 1):
            yield name, "whole number of at least 1", f"{name} = 20, without quotes."
    for name in TEXTS:
        if not isinstance(getattr(cls, name), str | None):
            yield name, "text", f'{name} = "…".'
    if cls.bulk not in BULK:
        yield "bulk", "way to write several rows", 'bulk = "atomic": all rows or none; "independent": each for itself.'
    if cls.queryset is not None and not isinstance(cls.queryset, QuerySet):
        yield "queryset", "queryset", f"queryset = {_model_name(cls)}.objects.all()."
    for name in sorted(known()[1]):
        if not callable(getattr(cls, name)) and not isinstance(inspect.getattr_static(cls, name), property):
            yield name, "method", _as_method(name)


def _as_method(name: str) -> str:
    attribute = name.removeprefix("get_")
    is_attribute = attribute != name and attribute in known()[0]
    also = f"{attribute} = …, or " if is_attribute else ""
    return f"{also}def {name}(self): return …"


def _model_name(cls: type[BaseBinding]) -> str:
    return cls.model.__name__ if cls.model is not None else "Order"


def _shown(value: Any) -> str:
    """Without asking the database, as ``repr`` of a queryset does."""
    return f"a {type(value).__name__}" if isinstance(value, QuerySet) else repr(value)[:80]
