"""System checks of how a binding is written down: names that nothing reads, text in place of lists, no stream."""

import difflib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register

from channels_binding.bindings import AsyncBinding, Binding, base
from channels_binding.bindings.base import BaseBinding
from channels_binding.checks.guarded import guarded, without_repetitions
from channels_binding.classes import attributes
from channels_binding.registry import registry

ELSEWHERE = {
    "filter_fields": "filterset_fields",
    "filter_class": "filterset_class",
    "list_filter": "filterset_fields",
    "readonly_fields": "read_only_fields",
    "permissions": "permission_classes",
    "authentication_class": "authentication_classes",
    "throttle_class": "throttle_classes",
    "serializer": "serializer_class",
    "paginate_by": "page_size",
    "order_by": "ordering",
}
"""What the same is called in Django, in its admin, in older versions of django-filter, or nowhere."""
LISTS = (
    "fields", "exclude", "read_only_fields", "search_fields", "ordering_fields", "ordering", "query_params", "actions",
    "expandable", "filterset_fields", "group_by", "depends_on", "permission_classes", "authentication_classes",
    "throttle_classes",
)  # fmt: skip
ALIKE = 0.9
"""How alike two names must be, as difflib counts, for one to be taken for a misspelling: ``permision_classes`` 0.97."""


@register("channels_binding")
def check_declarations(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """W020 to W022, E022."""
    served = [*registry]
    of_all = [message for cls in [*served, *base.unnamed] for message in guarded(_misspelt, cls)]
    of_served = [message for cls in served for message in guarded(texts, cls)]
    of_others = [message for cls in base.unnamed for message in _without_stream(cls)]
    return [*_nothing_found(served), *without_repetitions(of_all), *of_served, *of_others]


def _nothing_found(served: Sequence[type[BaseBinding]]) -> Iterator[CheckMessage]:
    """W022: an app that is not installed, or a module of another name."""
    if not served:
        yield Warning(
            "No binding is found.",
            hint="Bindings stand in bindings.py (or bindings/) of an app in INSTALLED_APPS, or are imported by one.",
            id="channels_binding.W022",
        )


def _without_stream(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """W021: a class that nothing derives from, and that names no stream."""
    if not cls.__subclasses__():
        yield Warning(
            f"{cls.__name__} has neither 'model' nor 'stream': no client can reach it.",
            hint='Set model = …; for a stream without a model, or with rows of queryset alone, stream = "name".',
            obj=cls,
            id="channels_binding.W021",
        )


def _misspelt(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """W020: an attribute that nothing reads, and is called almost as one that is."""
    for owner, name, meant in misspelt(cls):
        yield Warning(
            f"{owner.__name__}.{name} is read by nothing.",
            hint=f"Did you mean {meant!r}? If it is your own, give it a name less alike.",
            obj=owner,
            id="channels_binding.W020",
        )


def misspelt(cls: type[BaseBinding]) -> Iterator[tuple[type, str, str]]:
    """``permision_classes = (…)`` → ``(OrderBinding, "permision_classes", "permission_classes")``. An event is no attribute."""
    options, hooks = known()
    for owner in cls.__mro__:
        if not is_of_project(owner):
            continue
        for name, value in attributes(owner).items():
            if name.startswith("_") or name in options | hooks or name in cls._actions:
                continue
            meant = ELSEWHERE.get(name) or _nearest(name, hooks if inspect.isroutine(value) else options)
            if meant:
                yield owner, name, meant


def is_of_project(owner: Any) -> bool:
    """Whether a class or a function was written by the project, or by a package that it uses."""
    return owner.__module__.partition(".")[0] not in (
        "builtins",
        "channels_binding",
        "rest_framework",
        "django",
        "typing",
    )


def _nearest(name: str, names: frozenset[str]) -> str | None:
    return next(iter(difflib.get_close_matches(name, names, n=1, cutoff=ALIKE)), None)


@cache
def known() -> tuple[frozenset[str], frozenset[str]]:
    """Names of what a binding declares, and of its methods."""
    named = {name: getattr(kind, name, None) for kind in (Binding, AsyncBinding) for name in dir(kind)}
    public = {name: value for name, value in named.items() if not name.startswith("_")}
    hooks = frozenset(name for name, value in public.items() if inspect.isroutine(value))
    return frozenset(public) - hooks, hooks


def texts(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E022: ``fields = ("title")`` is a text, of which every letter would be taken for a name; a class is no list of one."""
    for name in LISTS:
        value = getattr(cls, name)
        if value is None or isinstance(value, Mapping):
            continue
        if isinstance(value, str) or not hasattr(type(value), "__iter__") or isinstance(value, type):
            yield Error(
                f"{cls.__name__}.{name} is {_shown(value)}, and no list.",
                hint=_way_out(cls, name, value),
                obj=cls,
                id="channels_binding.E022",
            )


def _shown(value: Any) -> str:
    return value.__name__ if isinstance(value, type) else repr(value)


def _way_out(cls: type[BaseBinding], name: str, value: Any) -> str:
    if value != "__all__":
        return f"A tuple of one has a comma: {name} = ({_shown(value)},)"
    if name == "ordering_fields":
        return "Leave it out: rows can be ordered by every column that is shown."
    model = cls.find_model()
    columns = [field.name for field in model._meta.concrete_fields] if model else []
    return f"Name them, so that a column added later is not shown to all: {name} = ({', '.join(map(repr, columns))})"
