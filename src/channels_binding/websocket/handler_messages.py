"""Where the handler of one call on a socket sends its own messages."""

import threading
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser

from channels_binding.live.handler_messages import BaseHandlerMessages
from channels_binding.protocol.messages import Request, message
from channels_binding.websocket.socket import Socket


class SocketMessages(BaseHandlerMessages):
    """Where the handler of one call sends its own messages. Any thread may use it; it never blocks."""

    def __init__(self, connection: Socket, request: Request) -> None:
        self.connection = connection
        self.request = request
        self.has_answered = False
        """Whether a reflected message under the call's own name was its reply."""
        self.successor: Any = None
        """Whose the connection is once the call is answered, if the handler has signed somebody in or out."""
        self._presence = connection.hub.subscribers.presence(connection)

    def _on_loop(self, function: Any, *args: Any) -> None:
        """Keep the order of what is sent: at once on the loop, in line from a thread."""
        hub = self.connection.hub
        if threading.get_ident() == hub.thread:
            function(*args)
        else:
            hub.loop.call_soon_threadsafe(function, *args)

    def admitted(self, stream: str, action: str) -> None:
        if self.connection.streams.get(stream) != action:  # else it is so already, and the loop is left in peace
            self._on_loop(self._admitted, stream, action)

    def _admitted(self, stream: str, action: str) -> None:
        if self.connection.hub.subscribers.is_present(self._presence):  # who asked may have signed out meanwhile
            self.connection.streams[stream] = action

    def become(self, user: Any) -> None:
        self.successor = AnonymousUser() if user is None else user

    def reflect(self, event: str, data: Mapping[str, Any]) -> None:
        call_id = None
        if event == self.request.event.partition("#")[0] and not self.has_answered:
            self.has_answered, call_id, event = True, self.request.id, self.request.event
        self._on_loop(self.connection.put, message(event, data, call_id))
