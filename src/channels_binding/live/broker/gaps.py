"""Numbers of one publisher's messages, as one listener hears them: whether one is missing."""

from dataclasses import dataclass


@dataclass(slots=True)
class Sequence:
    """What was heard of one publisher.

    >>> heard = Sequence()
    >>> [heard.take(number) for number in (1, 2, 4, 3)]
    [True, True, False, True]
    """

    last: int = 0
    """The highest number heard. Publishers begin at 1: one first heard at 5 may have said something in between."""

    def take(self, number: int) -> bool:
        """Whether nothing is missing before message ``number``. Duplicates and late ones are fine: the gap was reported."""
        complete = number <= self.last + 1
        self.last = max(self.last, number)
        return complete
