"""Numbers of one publisher's messages, as one listener receives them: whether one is missing."""

from dataclasses import dataclass


@dataclass(slots=True)
class Sequence:
    """What was received from one publisher.

    >>> received = Sequence()
    >>> [received.take(number) for number in (1, 2, 4, 3)]
    [True, True, False, True]
    """

    last: int = 0
    """The highest number received. Publishers begin at 1: one whose first message here is 5 may have sent others before."""

    def take(self, number: int) -> bool:
        """Whether nothing is missing before message ``number``. Duplicates and late ones are fine: the gap was reported."""
        complete = number <= self.last + 1
        self.last = max(self.last, number)
        return complete
