"""Whether a connection is still there, and still the same caller's, after an ``await``."""

from dataclasses import dataclass

from channels_binding.types import Subscriber


@dataclass(frozen=True, slots=True)
class Presence:
    """Whose a connection was at one moment (``Subscribers.presence``), to be compared later (``is_present``)."""

    subscriber: Subscriber
    revision: int


class Subscribers(set[Subscriber]):
    """The connections of one hub, and the one place that knows whether one of them is still here."""

    def presence(self, subscriber: Subscriber) -> Presence:
        """Whose a connection is now. Take it before an ``await`` whose outcome is to be enlisted for the connection."""
        return Presence(subscriber, subscriber.revision)

    def is_present(self, presence: Presence) -> bool:
        """Whether the connection is still there, and still the same user's, as of the same reading and with the same token."""
        return presence.subscriber in self and presence.subscriber.revision == presence.revision

    def check_here(self, subscriber: Subscriber) -> None:
        """Before something is enlisted for a connection.

        Raises:
            RuntimeError: The connection is gone: what is enlisted for it would never be taken off again.
        """
        if subscriber not in self:
            raise RuntimeError("This connection has left the hub.")
