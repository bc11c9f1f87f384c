"""How much one hub has done since it began. Numbers that only grow: two looks say what was done between them."""

from dataclasses import dataclass


@dataclass(slots=True)
class Totals:
    """Everything happens on the hub's event loop."""

    received: int = 0
    """Messages of sockets."""
    sent: int = 0
    """Messages to sockets and streams of events, replies and pushes."""
    evaluations: int = 0
    """Readings of live queries."""
    whole_evaluations: int = 0
    """Those that have read all rows, and not only what had changed."""
    statements: int = 0
    """SQL of these readings."""
    milliseconds: float = 0.0
    """Time that they have taken."""

    def evaluated(self, milliseconds: float, statements: int, *, is_whole: bool) -> None:
        """A live query was read."""
        self.evaluations += 1
        self.whole_evaluations += is_whole
        self.statements += statements
        self.milliseconds += milliseconds
