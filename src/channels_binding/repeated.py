"""A warning that thousands of calls may give at once, as while a database is away: the log has a line of it now and then."""

import logging
import threading
import time

SECONDS = 5.0
"""Of the monotonic clock, from one line to the next."""


class Repeated:
    """``warning = Repeated(logger, "The database did not answer: %s")``; then ``warning(error)`` as often as it happens.

    The first one is logged at once. Those of the next ``SECONDS`` are counted, and the line that follows says how many:
    ``The database did not answer: connection refused (and 412 times more since the last of these lines)``.
    """

    def __init__(self, logger: logging.Logger, text: str) -> None:
        self._logger, self._text = logger, text
        self._lock = threading.Lock()
        self._next = float("-inf")
        self._left_out = 0

    def __call__(self, *args: object) -> None:
        with self._lock:
            now = time.monotonic()
            if now < self._next:
                self._left_out += 1
                return
            left_out, self._left_out, self._next = self._left_out, 0, now + SECONDS
        if left_out:
            self._logger.warning(f"{self._text} (and %d times more since the last of these lines)", *args, left_out)
        else:
            self._logger.warning(self._text, *args)
