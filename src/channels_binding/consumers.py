"""The consumers for a URLconf, with the binding classes beside them as the first release had it.

    path("", AsyncConsumer)              # as a class, or
    path("ws/", AsyncConsumer.as_asgi()) # as Channels has it

``AsyncConsumer`` has coroutine hooks, ``Consumer`` plain ones; each serves bindings of both kinds.
"""

# ruff: noqa: E402  (what follows begin() imports models)
from channels_binding import _django_setup

_django_setup.begin()

from channels_binding.bindings import AsyncBinding, Binding, PresenceBinding, bind
from channels_binding.websocket.consumer import AsyncConsumer, BaseConsumer, Consumer

__all__ = ["AsyncBinding", "AsyncConsumer", "BaseConsumer", "Binding", "Consumer", "PresenceBinding", "bind"]

_django_setup.end()
