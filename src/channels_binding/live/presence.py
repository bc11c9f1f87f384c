"""Whether a connection is still there, and still the same caller's, after an ``await``; and what waits until that is known."""

from collections.abc import Callable
from dataclasses import dataclass

from channels_binding.types import Subscriber

MAX_HELD = 1000
"""Messages that wait for the check of one connection; those beyond it are dropped, and the connection is sent an error."""


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


@dataclass(frozen=True, slots=True)
class _Held:
    frame: bytes
    is_due: Callable[[], bool]
    """Whether the message is for this connection still."""


class HeldMessages:
    """Messages outside of live reads, for connections of which it is being checked who they belong to.

    They may not be sent before the check, since their reader may have lost the right to them, and they may not be dropped,
    since nothing brings them again.
    """

    def __init__(self, is_checked: Callable[[Subscriber], bool], wake: Callable[[], object]) -> None:
        """``is_checked`` says whether a connection's identity has yet to be looked into, ``wake`` has that done."""
        self._is_checked = is_checked
        self._wake = wake
        self._held: dict[Subscriber, list[_Held]] = {}

    def keeps(self, subscriber: Subscriber, event: str, frame: bytes, is_due: Callable[[], bool]) -> bool:
        """Whether a message has to wait; then it is kept, and ``is_due`` is asked again after the check."""
        if not self._is_checked(subscriber) and subscriber not in self._held:
            return False
        held = self._held.setdefault(subscriber, [])
        if len(held) < MAX_HELD:
            held.append(_Held(frame, is_due))
            self._wake()
        else:
            subscriber.overflow(event)
        return True

    def release(self) -> None:
        """Send what has waited for those of whom it is known now who they are."""
        for subscriber in [each for each in self._held if not self._is_checked(each)]:
            frames = [held.frame for held in self._held.pop(subscriber) if held.is_due()]
            if frames:
                subscriber.push(frames)

    def forget(self, subscriber: Subscriber) -> None:
        """The connection is gone."""
        self._held.pop(subscriber, None)
