"""Messages of handlers and of code outside a socket: to a stream, to everyone, to one user; to every process."""

from collections.abc import Mapping
from typing import Any

from channels_binding.exceptions import TooLarge
from channels_binding.live import messages
from channels_binding.live.hub import publish_message
from channels_binding.protocol import codecs


def _publish(to: str, name: Any, event: str, data: Mapping[str, Any]) -> None:
    body = codecs.encode(data)
    if len(body) > messages.MOST_BYTES:
        raise TooLarge(
            f"A message may hold {messages.MOST_BYTES} bytes; this one has {len(body)}.", limit=messages.MOST_BYTES
        )
    plain = codecs.parse(body)  # what JSON makes of it is what every process gets
    publish_message({"kind": "event", "to": to, "name": name, "event": event, "data": plain})


def to_stream(stream: str, event: str, data: Mapping[str, Any]) -> None:
    """To every connection that was admitted to ``stream``."""
    _publish("stream", stream, event, data)


def to_everyone(event: str, data: Mapping[str, Any]) -> None:
    """To every connection."""
    _publish("all", None, event, data)


def to_user(user_pk: Any, event: str, data: Mapping[str, Any]) -> None:
    """To every connection of one user."""
    _publish("user", str(user_pk), event, data)


class BaseHandlerMessages:
    """What a handler sends otherwise than to its caller, whatever transport its call came by."""

    def dispatch(self, stream: str, event: str, data: Mapping[str, Any]) -> None:
        to_stream(stream, event, data)

    def broadcast(self, event: str, data: Mapping[str, Any]) -> None:
        to_everyone(event, data)

    def send_to(self, user_pk: Any, event: str, data: Mapping[str, Any]) -> None:
        to_user(user_pk, event, data)


def send(event: str, data: Mapping[str, Any], *, user: Any = None, everyone: bool = False) -> None:
    """Send a message to browsers from anywhere: a task, a shell, a view.

    It goes to every connection that was admitted to the event's stream; with ``user`` to one user, with ``everyone`` to all.
    Nothing is kept for those who are not connected. Inside a transaction, wrap it in ``transaction.on_commit``.

    >>> send("desk.life.status", {"running": True})
    >>> send("desk.Ticket.assigned", {"id": 7}, user=ticket.assignee)
    """
    if user is not None:
        to_user(getattr(user, "pk", user), event, data)
    elif everyone:
        to_everyone(event, data)
    else:
        to_stream(event.rpartition(".")[0], event, data)


async def asend(event: str, data: Mapping[str, Any], *, user: Any = None, everyone: bool = False) -> None:
    """As ``send``; it does not block either, and is there for symmetry."""
    send(event, data, user=user, everyone=everyone)
