"""The right server, but slow: lists take 400 ms to be read again, so replies go before diffs, as they may after 250 ms."""

import asyncio
from typing import Any

from channels_binding_conformance.server import application as application  # sets Django up

# isort: split
from channels_binding.live.rounds import Rounds

_refreshed = Rounds._refreshed


async def _refreshed_late(self: Rounds, group: Any) -> Any:
    await asyncio.sleep(0.4)
    return await _refreshed(self, group)


Rounds._refreshed = _refreshed_late  # type: ignore[method-assign]
