"""Something that is gone for a while, and what the log says of it: one line when it goes, one when it is back."""

import logging
import time

logger = logging.getLogger("channels_binding")


class Outage:
    """What is known of one thing: ``Outage("The broker takes no messages", "The broker takes messages again")``."""

    def __init__(self, gone: str, back: str) -> None:
        self._gone, self._back = gone, back
        self._since: float | None = None
        """Seconds of the monotonic clock since when it is gone; None while it is there."""

    def note(self, error: BaseException, remedy: str) -> None:
        """It failed. ``remedy`` says what is done about it; logged as an error the first time, for debugging after that."""
        reason = (str(error) or type(error).__name__).rstrip(".")
        if self._since is not None:
            logger.debug("%s still: %s", self._gone, reason)
            return
        self._since = time.monotonic()
        logger.warning("%s: %s. %s", self._gone, reason, remedy)

    def end(self) -> None:
        """It works."""
        if self._since is not None:
            seconds, self._since = time.monotonic() - self._since, None
            logger.warning("%s, after %.1f seconds.", self._back, seconds)
