"""The switch "Simulate traffic": a stream without a model whose handlers turn a background task on and off."""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated

from channels_binding.consumers import AsyncBinding, bind
from channels_binding.live.outlet import asend
from desk.traffic import MAX_PER_SECOND, Traffic

STREAM = "desk.life"


async def announce(status: dict[str, Any]) -> None:
    """Tell every window: it hears ``desk.life.status`` once it has asked for the status."""
    await asend(f"{STREAM}.status", status)


traffic = Traffic(announce)
"""One per process: with several, the switch is that of the process which the window happens to talk to."""


class LifeBinding(AsyncBinding):
    """``start``, ``stop`` and ``status``, each answered with ``{"per_second": 5, "running": true, "changed": 120}``."""

    stream = STREAM
    permission_classes = (IsAuthenticated,)

    @bind("status", method="GET")
    async def status(self, data: dict[str, Any]) -> dict[str, Any]:
        return traffic.status

    @bind("start")
    async def start(self, data: dict[str, Any]) -> dict[str, Any]:
        """``{"per_second": 5}``: 1 to 50 changes a second, for at most ten minutes."""
        per_second = data.get("per_second", 5)
        if isinstance(per_second, bool) or not isinstance(per_second, int) or not 1 <= per_second <= MAX_PER_SECOND:
            raise ValidationError({"per_second": f"A whole number from 1 to {MAX_PER_SECOND}."})
        await traffic.start(per_second)
        return traffic.status

    @bind("stop")
    async def stop(self, data: dict[str, Any]) -> dict[str, Any]:
        await traffic.stop()
        return traffic.status
