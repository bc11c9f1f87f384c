"""System checks of what ``expandable`` declares."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.expansions import MEMBER, declared_paths
from channels_binding.checks.names import near
from channels_binding.checks.serializers import serializer_of
from channels_binding.querysets.links import link_of, order_of, order_terms

OPTIONS = {"limit", "order"}
_HINT = 'expandable = ("customer", "assignee.team"), or {"comments": {"limit": 20, "order": "-created"}}.'


def unexpandable(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E029: what leads to no rows of a stream, in no order or number that there is, so that every question for it fails."""
    for problem, hint in _problems(cls):
        yield Error(f"{cls.__name__}.expandable {problem}.", hint=hint or _HINT, obj=cls, id="channels_binding.E029")


def _problems(cls: type[BaseBinding]) -> Iterator[tuple[str, str]]:
    """What is wrong, and the way out where it is another than to write it so."""
    targets: dict[str, Any] = {"": cls.get_model()}
    for path, options in declared_paths(cls.expandable).items():
        above, _, name = path.rpartition(".")
        link = link_of(targets[above], name) if above in targets else None
        if link is None:
            meant = near(name, _relations(targets[above])) if above in targets else None
            way_out = f"Did you mean {above and above + '.'}{meant}?" if meant else ""
            yield f"names {path!r}, which is no relation to rows of one model with a key of one column", way_out
            continue
        targets[path] = link.target
        if cls.stream_over(link.target) is None:
            yield f"names {path!r}, whose rows no stream serves", _binding_of(link.target)
        yield from ((f"of {path!r} {problem}", "") for problem in _options(link, options))
    if cls.expandable and cls.serializer_class is not None and MEMBER in serializer_of(cls).fields:
        yield f"cannot be used beside a field {MEMBER!r}", ""


def _relations(model: Any) -> list[str]:
    fields = (field for field in model._meta.get_fields() if field.is_relation)
    return [getattr(field, "get_accessor_name", lambda: None)() or field.name for field in fields]


def _binding_of(model: Any) -> str:
    """Who may know of a related row is said by the stream of its model, so it needs one."""
    return (
        f"Bind {model._meta.label}, which says who may see those rows: class {model.__name__}Binding(AsyncBinding): "
        f"model = {model.__name__}; fields = (…); permission_classes = (…)."
    )


def _options(link: Any, options: Any) -> Iterator[str]:
    if not set(options) <= OPTIONS:
        yield f"has {sorted(set(options) - OPTIONS)}; there are 'limit' and 'order'"
    limit = options.get("limit")
    if limit is not None and (type(limit) is not int or limit < 1):
        yield f"has the limit {limit!r}, which is no whole number of at least 1"
    try:
        order_terms(link.target, order_of(options))
    except (ImproperlyConfigured, TypeError) as error:
        yield f"has no such order ({error})"
