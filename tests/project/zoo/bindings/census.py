"""What tests ask a server process about itself."""

import asyncio
import os
import resource
import time
from dataclasses import replace
from typing import Any

from django.contrib.auth import get_user_model

from channels_binding.conf import get_settings
from channels_binding.consumers import AsyncBinding, bind
from channels_binding.live import send
from channels_binding.live.hub import Hub
from tests.project.zoo.models import Note


class CensusBinding(AsyncBinding):
    stream = "zoo.census"

    @bind("count")
    async def count(self, data: dict[str, Any]) -> dict[str, Any]:
        """Who is connected here, and the memory that this process uses now."""
        pages = int(open("/proc/self/statm").read().split()[1])  # noqa: ASYNC230, SIM115
        return {
            "pid": os.getpid(),
            "connections": len(Hub.current().subscribers),
            "evaluations": sum(group.started for group in Hub.current().groups.values() if group.subscriptions),
            "tasks": len(asyncio.all_tasks()),
            "queued_bytes": sum(each.outbox.queued for each in Hub.current().subscribers),  # type: ignore[attr-defined]
            "rss_bytes": pages * resource.getpagesize(),
        }

    @bind("lose_patience")
    async def lose_patience(self, data: dict[str, Any]) -> dict[str, Any]:
        """Give up from now on who takes nothing in for ``seconds``, of those who are connected here."""
        for each in Hub.current().subscribers:
            each.settings = replace(each.settings, SLOW_SECONDS=data["seconds"])  # type: ignore[attr-defined]
        return {"success": True}

    @bind("shout")
    async def shout(self, data: dict[str, Any]) -> dict[str, Any]:
        """``count`` messages of ``bytes`` to every connection of one user."""
        user = await get_user_model().objects.aget(username=data["user"])
        for number in range(data["count"]):
            send("zoo.census.shouted", {"number": number, "text": "x" * data["bytes"]}, user=user)
        return {"success": True}

    @bind("churn")
    def churn(self, data: dict[str, Any]) -> dict[str, Any]:
        """Changes every note ``times``, each time in a publication of its own."""
        for number in range(data["times"]):
            Note.objects.update(title=f"{number}".rjust(80, "x"))
            time.sleep(get_settings().COALESCE_SECONDS * 1.5)
        return {"success": True}
