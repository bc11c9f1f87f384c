"""The context variables of whoever asks: what is asked for a connection later is asked in them, as its own calls are.

A project's middleware may say there who calls (``tenant.set(…)``), and its hooks look there. The hub's own tasks have none.
"""

import asyncio
import contextvars
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from channels_binding.calls import locales
from channels_binding.calls.call import Call
from channels_binding.calls.primary import ask_primary, is_live
from channels_binding.calls.scopes import CONTEXT
from channels_binding.types import Subscriber

P = ParamSpec("P")
T = TypeVar("T")


def as_asked(function: Callable[Concatenate[Call, P], T]) -> Callable[Concatenate[Call, P], T]:
    """A function of a call → one that runs in the context, language and time zone of the call's connection."""

    @wraps(function)
    def asked(call: Call, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return in_context_of(call, lambda: function(call, *args, **kwargs))

    return asked


def in_context_of(call: Call, function: Callable[[], T]) -> T:
    """Call ``function`` as it would be called while the connection of ``call`` is being answered.

    The context is a copy: several threads may answer for one connection, and what a hook sets there is not kept.
    """
    context: contextvars.Context | None = call.scope.get(CONTEXT)
    if context is None:  # code asks
        return _localized(call, function)
    return context.copy().run(_asked, call, function, is_live())


def _asked(call: Call, function: Callable[[], T], is_asked_live: bool) -> T:
    if is_asked_live:
        ask_primary()  # the context ends with this
    return _localized(call, function)


def _localized(call: Call, function: Callable[[], T]) -> T:
    with locales.active(call.locale):
        return function()


async def identified(subscriber: Subscriber) -> bool:
    """``subscriber.identify()``, which asks the project's authentication classes, as they were asked first.

    Raises:
        Unauthenticated: The token is no longer good.
    """
    context: contextvars.Context = subscriber.scope.get(CONTEXT, contextvars.Context()).copy()
    context.run(ask_primary)
    return await asyncio.get_running_loop().create_task(subscriber.identify(), context=context)


def of_hub() -> contextvars.Context:
    """A context for what a hub does by itself: nobody's, whoever was the first to connect; it asks the primary."""
    context = contextvars.Context()
    context.run(ask_primary)
    return context
