"""``Binding`` and ``AsyncBinding``: the base with the built-in actions, for plain functions or for coroutines."""

from collections.abc import Callable, Mapping
from typing import Any

from channels_binding.bindings.actions import builtin, face
from channels_binding.bindings.aggregates import AggregateMixin
from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.description import describe_stream
from channels_binding.bindings.form_actions import FormMixin
from channels_binding.bindings.options import Answer, Data, refuse_unknown
from channels_binding.bindings.presence import PresenceMixin, RoomMixin
from channels_binding.threads import run_for_code


class DescribeMixin(BaseBinding):
    """describe."""

    @builtin(view_action="metadata")
    def describe(self, data: Data) -> Answer:
        """What a UI needs to know of the stream (spec/protocol.md §2.2)."""
        refuse_unknown(data, set())
        return describe_stream(self)


class SubscribeMixin(BaseBinding):
    """subscribe, unsubscribe: the transport does what they say, once the permissions of the stream have let the caller in."""

    @builtin(view_action="list")
    def subscribe(self, data: Data) -> Answer:
        """Hear of the stream's rows and of what its handlers dispatch."""
        refuse_unknown(data, set())
        return {"success": True}

    @builtin(view_action="list")
    def unsubscribe(self, data: Data) -> Answer:
        """Stop hearing of them."""
        refuse_unknown(data, set())
        return {"success": True}


class ModelActions(AggregateMixin, FormMixin, DescribeMixin, SubscribeMixin, PresenceMixin):
    """Everything that a stream with a model answers."""


class Binding(ModelActions):
    """A binding for synchronous code: handlers are plain functions and run on the package's thread pool."""

    def login(self, user: Any, backend: str | None = None) -> None:
        """Sign ``user`` in: over HTTP with a session and its cookie, over a socket for as long as it is open.

        What the caller reads live is read again as this user, before the answer is sent.
        """
        self._become(user, backend)

    def logout(self) -> None:
        """Sign the caller out and end the session. A socket is closed after the answer, unless it may be anonymous."""
        self._become(None)

    def reflect(self, event: str, data: Mapping[str, Any]) -> None:
        """Send ``<stream>.<event>`` to the caller alone."""
        self._reflect(event, data)

    def dispatch(self, event: str, data: Mapping[str, Any]) -> None:
        """Send ``<stream>.<event>`` to every connection that was admitted to this stream."""
        self._dispatch(event, data)

    def broadcast(self, event: str, data: Mapping[str, Any]) -> None:
        """Send ``<stream>.<event>`` to every connection."""
        self._broadcast(event, data)

    def send_to(self, user: Any, event: str, data: Mapping[str, Any]) -> None:
        """Send ``<stream>.<event>`` to every connection of one user (or the key of one)."""
        self._send_to(user, event, data)


def _awaitable(handler: Callable[..., Any]) -> Any:
    """A built-in action as a coroutine function, for code that awaits it. Dispatch runs the plain one, in one thread hop."""

    @face(handler)
    async def on_a_thread(self: Any, data: dict[str, Any]) -> Any:
        return await run_for_code(handler, self, data)

    return on_a_thread


class AsyncBinding(ModelActions):
    """A binding whose handlers are coroutines. The built-in actions are awaitable too: ``await self.retrieve({"id": 7})``."""

    retrieve: Any = _awaitable(ModelActions.retrieve)
    search: Any = _awaitable(ModelActions.search)
    list: Any = _awaitable(ModelActions.list)
    aggregate: Any = _awaitable(ModelActions.aggregate)
    create: Any = _awaitable(ModelActions.create)
    update: Any = _awaitable(ModelActions.update)
    replace: Any = _awaitable(ModelActions.replace)
    save: Any = _awaitable(ModelActions.save)
    delete: Any = _awaitable(ModelActions.delete)
    form: Any = _awaitable(ModelActions.form)
    describe: Any = _awaitable(ModelActions.describe)

    async def login(self, user: Any, backend: str | None = None) -> None:
        """Sign ``user`` in: over HTTP with a session and its cookie, over a socket for as long as it is open.

        What the caller reads live is read again as this user, before the answer is sent.
        """
        self._become(user, backend)

    async def logout(self) -> None:
        """Sign the caller out and end the session. A socket is closed after the answer, unless it may be anonymous."""
        self._become(None)

    async def reflect(self, event: str, data: Mapping[str, Any]) -> None:
        """Send ``<stream>.<event>`` to the caller alone."""
        self._reflect(event, data)

    async def dispatch(self, event: str, data: Mapping[str, Any]) -> None:
        """Send ``<stream>.<event>`` to every connection that was admitted to this stream."""
        self._dispatch(event, data)

    async def broadcast(self, event: str, data: Mapping[str, Any]) -> None:
        """Send ``<stream>.<event>`` to every connection."""
        self._broadcast(event, data)

    async def send_to(self, user: Any, event: str, data: Mapping[str, Any]) -> None:
        """Send ``<stream>.<event>`` to every connection of one user (or the key of one)."""
        self._send_to(user, event, data)


class PresenceBinding(RoomMixin, AsyncBinding):
    """A stream of nothing but who is there.

    >>> class LobbyBinding(PresenceBinding):
    ...     stream = "desk.lobby"
    ...     permission_classes = [IsAuthenticated]
    """
