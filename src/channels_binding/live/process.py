"""Figures of this process: how much is open, and how much was done. Numbers and names of streams alone: whose reads these are,
and what they ask, is theirs."""

import os
import time
from typing import Any

from channels_binding.live.hub import Hub
from channels_binding.live.queries.group import Group

MOST_GROUPS = 20


def process_figures() -> dict[str, Any]:
    """``{"process": 7, "connections": 2, "live_reads": 5, "groups": 3, "evaluations": 120, "largest": […], …}``.

    From any thread. Of this process alone: whoever watches several asks each.

    What is counted since the process began only grows, so that two answers say what was done between them.
    """
    hubs = Hub.all()
    subscribers = [each for hub in hubs for each in [*hub.subscribers]]
    groups = [group for hub in hubs for group in hub.store.present()]
    heard = [group for group in groups if group.subscriptions]
    heard.sort(key=lambda group: (-len(group.subscriptions), -group.cost.milliseconds))
    return {
        "process": os.getpid(),
        "at": time.time(),
        "connections": len(subscribers),
        "users": len({getattr(each.user, "pk", None) for each in subscribers} - {None}),
        "live_reads": sum(len(group.subscriptions) for group in heard),
        "groups": len(heard),
        "held_bytes": sum(group.reading.size for group in groups if group.reading is not None),
        "received": sum(hub.totals.received for hub in hubs),
        "sent": sum(hub.totals.sent for hub in hubs),
        "evaluations": sum(hub.totals.evaluations for hub in hubs),
        "whole_evaluations": sum(hub.totals.whole_evaluations for hub in hubs),
        "statements": sum(hub.totals.statements for hub in hubs),
        "milliseconds": round(sum(hub.totals.milliseconds for hub in hubs), 1),
        "is_silent": any(hub.misses_messages() for hub in hubs),
        "largest": [_shown(group) for group in heard[:MOST_GROUPS]],
    }


def _shown(group: Group) -> dict[str, Any]:
    return {
        "stream": group.call.stream,
        "action": group.call.action,
        "readers": len(group.subscriptions),
        "took_ms": group.cost.milliseconds,
        "statements": group.cost.statements,
        "whole": group.cost.is_whole,
    }
