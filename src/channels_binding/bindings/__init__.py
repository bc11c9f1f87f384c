"""A model (or a stream of one's own) with its permissions and its actions, whatever the transport."""

from channels_binding.bindings.actions import bind
from channels_binding.bindings.base import BaseBinding, defined
from channels_binding.bindings.binding import AsyncBinding, Binding, PresenceBinding

__all__ = ["AsyncBinding", "BaseBinding", "Binding", "PresenceBinding", "bind", "defined"]
