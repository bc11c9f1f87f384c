"""Simulated work: tickets that change by themselves, so that a visitor sees life.

It knows Django's ORM and nothing of sockets: what it saves reaches the browsers as anybody's writes do.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import Error, close_old_connections
from django.utils import timezone

from desk.demo_data import TEAMS, subject, ticket
from desk.models import Customer, Ticket

logger = logging.getLogger(__name__)

MAX_PER_SECOND = 50
RUN_SECONDS = 600.0
"""A forgotten switch turns itself off after ten minutes."""
RECENT, RECENT_SHARE = 25, 0.6
"""So large a part of all changes goes to the newest so many tickets: those that a fresh page shows."""
MAX_CREATED = 200
"""Most tickets of its own that it keeps; further ones take the place of older ones."""

Announce = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass
class Status:
    """What every window's switch shows."""

    per_second: int = 5
    running: bool = False
    changed: int = 0


class Traffic:
    """One background task that changes tickets at a steady rate. All methods are for the event loop's thread.

    Args:
        announce: Told the status after each change of the switch, and once a second while it is on.
    """

    def __init__(self, announce: Announce) -> None:
        self._announce = announce
        self._status = Status()
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="traffic")
        self._worker = Worker(random.Random())

    @property
    def status(self) -> dict[str, Any]:
        """``{"per_second": 5, "running": True, "changed": 120}``."""
        return asdict(self._status)

    @property
    def state(self) -> Status:
        """As ``status``, typed."""
        return replace(self._status)

    async def start(self, per_second: int) -> None:
        """Turn it on, or change the rate of one that runs; the ten minutes begin anew."""
        await self._cancel()
        self._status.per_second = max(1, min(per_second, MAX_PER_SECOND))
        self._status.running = True
        # In a context of its own: it outlives the call that started it, and everything that belongs to that call.
        self._task = asyncio.get_running_loop().create_task(self._run(), context=Context())
        await self._announce(self.status)

    async def stop(self) -> None:
        await self._cancel()
        self._status.running = False
        await self._announce(self.status)

    async def _cancel(self) -> None:
        task, self._task = self._task, None
        if task is not None and not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        try:
            await self._change_tickets()
        except Exception:
            logger.exception("The simulated traffic ended early.")
        self._status.running = False
        await self._announce(self.status)

    async def _change_tickets(self) -> None:
        loop = asyncio.get_running_loop()
        started = next_change = announced = loop.time()
        while loop.time() - started < RUN_SECONDS:
            self._status.changed += await loop.run_in_executor(self._thread, self._worker.work)
            if loop.time() - announced >= 1:
                announced = loop.time()
                await self._announce(self.status)
            # A late change is not made up for: after a pause there is no burst.
            next_change = max(next_change + 1 / self._status.per_second, loop.time())
            await asyncio.sleep(next_change - loop.time())


class Worker:
    """Makes one change after the other, on one thread."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.created: list[int] = []
        """Keys of the tickets that it made; only those does it ever delete."""

    def work(self) -> int:
        """Change, create or delete one ticket → how many were changed. A busy database costs a turn, not the task."""
        close_old_connections()
        try:
            return self._one_change()
        except Error:
            return 0

    def _one_change(self) -> int:
        kind = self.chance.random()
        if kind < 0.04:
            return self._create()
        if kind < 0.07 or len(self.created) > MAX_CREATED:
            return self._delete()
        return self._update()

    def _create(self) -> int:
        group = Group.objects.get(name=self.chance.choice(TEAMS))
        keys = {"group_id": group.pk, "customer_id": self._any(Customer), "assignee_id": None}
        new = ticket(self.chance, timezone.localdate(), group.name, keys)
        new.save()
        self.created.append(new.pk)
        return 1

    def _delete(self) -> int:
        if not self.created:
            return 0
        key = self.created.pop(self.chance.randrange(len(self.created)))
        return int(Ticket.objects.filter(pk=key).delete()[0] > 0)

    def _update(self) -> int:
        chosen = self._choose()
        if chosen is None:
            return 0
        name = self.chance.choice(("status", "status", "priority", "assignee_id", "price", "title", "group_id"))
        setattr(chosen, name, self._new_value(chosen, name))
        # Only what changed is written: what somebody typed a moment ago stays.
        chosen.save(update_fields=[name, "updated"])
        return 1

    def _choose(self) -> Ticket | None:
        if self.chance.random() < RECENT_SHARE:
            return self.chance.choice(Ticket.objects.order_by("-id")[:RECENT] or [None])
        return Ticket.objects.filter(pk=self._any(Ticket)).first()

    def _any(self, model: type[Ticket] | type[Customer]) -> int:
        """A key near a random place; ``order_by("?")`` would sort 10,000 rows for it."""
        last = model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        near = model.objects.filter(pk__gte=self.chance.randint(0, last)).order_by("pk")
        return near.values_list("pk", flat=True).first() or last

    def _new_value(self, chosen: Ticket, name: str) -> Any:
        match name:
            case "status":
                return self.chance.choice([value for value in Ticket.Status.values if value != chosen.status])
            case "priority":
                return self.chance.choice([value for value in Ticket.Priority.values if value != chosen.priority])
            case "assignee_id":
                team = User.objects.filter(groups=chosen.group_id, is_active=True)
                return self.chance.choice([*team.values_list("pk", flat=True), None])
            case "price":
                return max(chosen.price + Decimal(self.chance.randint(-5000, 5000)) / 100, Decimal(0))
            case "group_id":  # handed on: it leaves the lists of those who do not see the other team's
                teams = Group.objects.filter(name__in=TEAMS).exclude(pk=chosen.group_id)
                return self.chance.choice(teams.values_list("pk", flat=True))
            case _:
                return subject(self.chance, chosen.group.name)
