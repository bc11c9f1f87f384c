"""Messages outside of live reads that wait until it is known who a connection belongs to."""

from collections.abc import Callable
from dataclasses import dataclass, field

from channels_binding.types import Subscriber

MESSAGE_BYTES = 256
"""What a message takes while it waits, besides its text."""


@dataclass(frozen=True, slots=True)
class _Held:
    event: str
    frame: bytes
    is_due: Callable[[], bool]
    """Whether the message is for this connection still."""


@dataclass(slots=True)
class _Waiting:
    """The messages of one connection, in their order."""

    messages: list[_Held] = field(default_factory=list)
    size: int = 0
    """Bytes that they take."""
    dropped: dict[str, Callable[[], bool]] = field(default_factory=dict)
    """Event → ``is_due`` of the first message of that event that came when it was too much."""


class HeldMessages:
    """Messages outside of live reads, for connections of which it is being checked who they belong to.

    They may not be sent before the check, since their reader may have lost the right to them. They are kept up to the bound of
    what may wait for a client, since nothing brings them again; beyond it they are dropped and the client is told so, as where
    it is the client that does not keep up.
    """

    def __init__(
        self, is_pending: Callable[[Subscriber], bool], wake: Callable[[], object], most_bytes: Callable[[], int]
    ) -> None:
        """``is_pending`` says whether a connection's identity has yet to be looked into, ``wake`` has that done; about
        ``most_bytes`` are kept for each connection."""
        self._is_pending = is_pending
        self._wake = wake
        self._most_bytes = most_bytes
        self._held: dict[Subscriber, _Waiting] = {}

    def keeps(self, subscriber: Subscriber, event: str, frame: bytes, is_due: Callable[[], bool]) -> bool:
        """Whether a message has to wait; then it is kept, and ``is_due`` is asked again after the check."""
        if not self._is_pending(subscriber) and subscriber not in self._held:
            return False
        waiting = self._held.setdefault(subscriber, _Waiting())
        if waiting.dropped or waiting.size > self._most_bytes():
            waiting.dropped.setdefault(event, is_due)
        else:
            waiting.messages.append(_Held(event, frame, is_due))
            waiting.size += len(frame) + MESSAGE_BYTES
        self._wake()
        return True

    def release(self) -> None:
        """Send what has waited for those of whom it is known now who they are, as far as there is room for it."""
        for subscriber in [each for each in self._held if not self._is_pending(each)]:
            waiting = self._held.pop(subscriber)
            for held in waiting.messages:
                if held.is_due():
                    send_or_report(subscriber, held.event, held.frame)
            for event, is_due in waiting.dropped.items():
                if is_due():
                    subscriber.overflow(event)

    def forget(self, subscriber: Subscriber) -> None:
        """The connection is gone."""
        self._held.pop(subscriber, None)


def send_or_report(subscriber: Subscriber, event: str, frame: bytes) -> None:
    """Send a message that nothing repeats; where there is no room for it, it is dropped and the client is told so."""
    if subscriber.congested:
        subscriber.overflow(event)
    else:
        subscriber.push([frame])
