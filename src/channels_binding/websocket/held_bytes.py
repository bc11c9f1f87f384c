"""How much memory the live reads and subscribed streams of one socket keep, and which read ends where it is too much."""

from collections.abc import Mapping

from channels_binding.exceptions import LimitExceeded
from channels_binding.live.connection_limits import ConnectionLimits, Member
from channels_binding.live.queries.group import Subscription

KEY_BYTES = 150
"""About how much memory the key of a row takes that a subscribed stream remembers."""


class HeldBytes:
    """What is kept for one socket, as of the last time that it was weighed: it is asked for with every message."""

    __slots__ = ("_limits", "_most", "_reads", "_socket", "kept", "stream_keys")

    def __init__(
        self, socket: Member, reads: Mapping[str, Subscription], limits: ConnectionLimits, most_bytes: int
    ) -> None:
        """``most_bytes`` (``MAX_HELD_BYTES``) is for all connections of a user together; of nobody, for each."""
        self._socket, self._reads, self._limits, self._most = socket, reads, limits, most_bytes
        self.stream_keys: dict[str, int] = {}
        """Streams that are subscribed to → keys that are remembered for them."""
        self.kept = 0

    def weigh(self) -> None:
        """Look how much is kept; of a reading that several live reads show, all."""
        if len(self._reads) == 1:
            (subscription,) = self._reads.values()
            kept = subscription.kept_bytes()
        else:
            readings: dict[int, int] = {}
            for subscription in self._reads.values():
                readings.update(subscription.readings())
            kept = sum(readings.values())
        self.kept = kept + KEY_BYTES * sum(self.stream_keys.values()) if self.stream_keys else kept

    def is_too_much(self) -> bool:
        return self._limits.hold_more_than(self._most, self._socket)

    def check(self) -> None:
        """To be asked once something was added.

        Raises:
            LimitExceeded: What is kept for the user's connections (for the connection, if it is nobody's) is more than may be.
        """
        self.weigh()
        if self.is_too_much():
            raise self.refusal("")

    def read_to_end(self) -> Subscription | None:
        """The largest, where live reads have grown to more than may be kept, and this socket keeps more than its share."""
        self.weigh()
        if not self._reads or not self._limits.exceeds_its_share(self._socket, self._most):
            return None
        return max(self._reads.values(), key=lambda each: sum(each.readings().values()))

    def refusal(self, why: str) -> LimitExceeded:
        return LimitExceeded(
            f"{why}More than {self._most} bytes are held for live reads (MAX_HELD_BYTES).", limit=self._most
        )
