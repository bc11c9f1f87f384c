"""What cannot be described: left out of documents, types and ``describe``, and named there, in the log and by a check (W018).

One field, event or stream fails by itself (a schema that cannot be made, a choice that is no JSON, a hook that raises), and the
others are described.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger("channels_binding")

_logged: set[tuple[str, str]] = set()
"""Names and errors that are in the log already: documents are made for each who asks."""


class Omissions:
    """Names of what was left out of one document: ``{"shop.Order.zone": TypeError("…")}``."""

    def __init__(self) -> None:
        self.found: dict[str, Exception] = {}

    @contextmanager
    def leaving_out(self, name: str) -> Iterator[None]:
        """Note what fails inside, under ``name``, and go on behind it."""
        try:
            yield
        except Exception as error:
            self.add(name, error)

    def add(self, name: str, error: Exception) -> None:
        """Leave something out: ``"shop.Order"``, or ``"shop.Order.zone"``, one of its fields, filters or events."""
        self.found[name] = error
        if (name, repr(error)) not in _logged:
            _logged.add((name, repr(error)))
            logger.error("%s cannot be described, and is left out of the contract", name, exc_info=error)

    def sentence(self) -> str:
        """``" Left out, since they cannot be described: shop.Order.zone."``; empty where nothing is. Reasons are in the log."""
        return f" Left out, since they cannot be described: {', '.join(sorted(self.found))}." if self.found else ""
