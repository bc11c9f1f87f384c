"""``@bind`` and the Action record: which events a binding answers, and how each is run."""

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, overload
from weakref import WeakSet

from django.core.exceptions import ImproperlyConfigured

from channels_binding.classes import attributes

Handler = TypeVar("Handler", bound=Callable[..., Any])

MARK = "__channels_binding_action__"


@dataclass(frozen=True, slots=True)
class Action:
    """One event of a stream.

    ``@bind("close") async def close(self, data)`` → ``Action("close", close, is_coroutine=True, method="POST")``
    """

    name: str
    handler: Callable[..., Any]
    is_coroutine: bool
    method: str = "POST"
    """The HTTP method that permission classes and throttles see."""
    is_read: bool = False
    """Whether the answer is a Reading that can stay live."""
    view_action: str | None = None
    """The name DRF's permission classes know it by (``search`` is ``list``); None where it is the same."""
    permission_classes: Sequence[Any] | None = None
    throttle_classes: Sequence[Any] | None = None
    is_builtin: bool = False


@overload
def bind(event: Handler) -> Handler: ...
@overload
def bind(
    event: str | None = None,
    *,
    method: str = "POST",
    permission_classes: Sequence[Any] | None = None,
    throttle_classes: Sequence[Any] | None = None,
) -> Callable[[Handler], Handler]: ...
def bind(
    event: Any = None,
    *,
    method: str = "POST",
    permission_classes: Sequence[Any] | None = None,
    throttle_classes: Sequence[Any] | None = None,
) -> Any:
    """Answer the event ``<stream>.<event>`` with the decorated method, plain or coroutine.

    >>> class OrderBinding(AsyncBinding):
    ...     stream = "app.Order"
    ...     @bind("close")
    ...     async def close(self, data):
    ...         await self.dispatch("closed", {"id": data["id"]})

    Args:
        event: Name of the event; the method's own name where it is left out.
        method: The HTTP method that permission classes see; ``GET`` says that nothing is changed.
        permission_classes: In place of the binding's, for this event alone.
        throttle_classes: In place of the binding's, for this event alone.
    """
    if callable(event):
        return bind(None)(event)

    def mark(handler: Handler) -> Handler:
        name = event or handler.__name__
        if "." in name or "#" in name or not name:
            raise ImproperlyConfigured(f"@bind({name!r}): an event name holds no dot and no '#'; streams hold dots.")
        action = Action(
            name,
            handler,
            inspect.iscoroutinefunction(handler),
            method,
            permission_classes=permission_classes,
            throttle_classes=throttle_classes,
        )
        setattr(handler, MARK, action)
        return handler

    return mark


def builtin(
    name: str | None = None, *, method: str = "GET", is_read: bool = False, view_action: str | None = None
) -> Callable[[Handler], Handler]:
    """Mark one of the package's own actions (mixins); ``name`` where it is not that of the method."""

    def mark(handler: Handler) -> Handler:
        action = Action(
            name or handler.__name__, handler, False, method, is_read=is_read, view_action=view_action, is_builtin=True
        )
        setattr(handler, MARK, action)
        return handler

    return mark


_faces: WeakSet[Callable[..., Any]] = WeakSet()


def face(of: Handler) -> Callable[[Handler], Handler]:
    """Another function in place of a handler, for code that calls it by its name; dispatch goes on calling the handler."""

    def mark(function: Handler) -> Handler:
        functools.update_wrapper(function, of)
        _faces.add(function)
        return function

    return mark


def is_stock(action: Action) -> bool:
    """Whether the package itself answers it: its handler is the very function that ``builtin`` marked under this name."""
    marked = getattr(action.handler, MARK, None)
    if not isinstance(marked, Action) or not marked.is_builtin:
        return False
    return marked.handler is action.handler and marked.name == action.name


def collect(cls: type) -> dict[str, Action]:
    """Every action of a binding class, the most derived definition of each name.

    An override of a built-in action keeps its place in the API (HTTP method, DRF's name for it), with ``@bind`` or without.
    """
    found: dict[str, Action] = {}
    for base in reversed(cls.__mro__):
        for attribute, value in attributes(base).items():
            action = getattr(value, MARK, None)
            if isinstance(action, Action):
                if (
                    action.handler is not value and value not in _faces
                ):  # a decorator above it: functools.wraps copies the mark
                    action = replace(action, handler=value, is_coroutine=inspect.iscoroutinefunction(value))
                known = found.get(action.name)
                is_override = known is not None and known.is_builtin and not action.is_builtin
                found[action.name] = _overridden(known, action.handler, action) if is_override and known else action
            elif callable(value):
                found.update(
                    {name: _overridden(each, value) for name, each in found.items() if _method_of(each) == attribute}
                )
    return found


def _method_of(action: Action) -> str:
    return str(getattr(action.handler, "__name__", ""))


def _overridden(action: Action, handler: Callable[..., Any], bound: Action | None = None) -> Action:
    own = bound or action
    return replace(
        action,
        handler=handler,
        is_coroutine=inspect.iscoroutinefunction(handler),
        permission_classes=own.permission_classes,
        throttle_classes=own.throttle_classes,
    )
