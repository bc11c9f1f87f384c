"""What a client that reads too slowly is sent once in place of the messages that are dropped for it."""

from collections.abc import Callable

from channels_binding.exceptions import LimitExceeded
from channels_binding.protocol.messages import failure


class Overflow:
    """Reports the first message that is dropped, and the next one only after there was room again (``reset``)."""

    __slots__ = ("_is_reported", "_send", "most_bytes")

    def __init__(self, most_bytes: int, send: Callable[[bytes], object]) -> None:
        """``most_bytes`` may wait for the client; ``send`` takes the frame that says that it was more."""
        self.most_bytes = most_bytes
        self._send = send
        self._is_reported = False

    def report(self, event: str) -> None:
        """A message of ``event`` was dropped."""
        if not self._is_reported:
            self._is_reported = True
            why = f"{self.most_bytes} bytes are not taken in yet; this message and those after it are dropped."
            self._send(failure(LimitExceeded(why, limit=self.most_bytes), event))

    def reset(self) -> None:
        """The client has caught up."""
        self._is_reported = False
