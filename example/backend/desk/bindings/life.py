"""The switch "Simulate traffic": a stream without a model whose handlers turn a background task on and off."""

from typing import Any

from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated

from channels_binding.consumers import AsyncBinding, bind
from channels_binding.live.handler_messages import asend
from desk.traffic import MAX_PER_SECOND, Status, Traffic

STREAM = "desk.life"


async def announce(status: dict[str, Any]) -> None:
    """Tell every window: it hears ``desk.life.status`` once it has asked for the status."""
    await asend(f"{STREAM}.status", status)


traffic = Traffic(announce)
"""One per process: with several, the switch is that of the process which the window happens to talk to."""


class Start(serializers.Serializer[Any]):
    """What ``start`` takes; the annotation of its ``data`` has it checked."""

    per_second = serializers.IntegerField(min_value=1, max_value=MAX_PER_SECOND, default=5)


class LifeBinding(AsyncBinding):
    """``start``, ``stop`` and ``status``, each answered with ``{"per_second": 5, "running": true, "changed": 120}``."""

    stream = STREAM
    permission_classes = (IsAuthenticated,)

    @bind("status", method="GET")
    async def status(self, data: dict[str, Any]) -> Status:
        return traffic.state

    @bind("start")
    async def start(self, data: Start) -> Status:
        """``{"per_second": 5}``: 1 to 50 changes a second, for at most ten minutes."""
        await traffic.start(data.validated_data["per_second"])
        return traffic.state

    @bind("stop")
    async def stop(self, data: dict[str, Any]) -> Status:
        await traffic.stop()
        return traffic.state
