"""A long task, as one would write it without any of this: a thread that does a piece, saves its row, and goes on.

It knows Django's ORM and nothing of sockets: that its progress is seen live is the binding's doing (bindings/tasks.py).
"""

import logging
import threading
import time
from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import close_old_connections
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from desk.models import Task, Ticket

logger = logging.getLogger(__name__)

PIECE = 200
PAUSE_SECONDS = 0.2
"""After each piece of so many tickets, so that there is something to watch: SQL alone would be done in half a second."""
SILENT = timedelta(seconds=5)
"""A task whose row nobody has touched for so long has lost its server, and may be resumed."""
MAX_RUNNING = 4
KEPT = 20
"""Of each user; older ones make room."""


def start(user: User) -> Task:
    """A new task over the tickets that the user may see.

    Raises:
        ValidationError: This user's last one still runs, or there are too many.
    """
    running = Task.objects.filter(state=Task.State.RUNNING, updated__gt=timezone.now() - SILENT)
    if running.filter(owner=user).exists():
        raise ValidationError("Your last one still runs.")
    if running.count() >= MAX_RUNNING:
        raise ValidationError("Others keep the server busy: try again in a moment.")
    for old in Task.objects.filter(owner=user).order_by("-id")[KEPT - 1 :]:
        old.delete()
    total = Ticket.objects.visible_to(user).count()
    task = Task.objects.create(title="What open tickets are worth", owner=user, total=total)
    _in_background(task.pk)
    return task


def resume(task: Task) -> None:
    """Goes on where a server that is gone has stopped.

    Raises:
        ValidationError: It is over, or somebody works on it.
    """
    now = timezone.now()
    lost = Task.objects.filter(pk=task.pk, state=Task.State.RUNNING, updated__lte=now - SILENT)
    if not lost.update(updated=now):  # of two who try, one gets it
        raise ValidationError("It is not waiting for anybody.")
    _in_background(task.pk)


def _in_background(key: int) -> None:
    """A daemon: it ends with the server, and its row shows where."""
    threading.Thread(target=_run, args=(key,), name=f"task-{key}", daemon=True).start()


def _run(key: int) -> None:
    close_old_connections()
    try:
        while _piece(key):
            time.sleep(PAUSE_SECONDS)
    except Exception:
        logger.exception("Task %s failed.", key)
        Task.objects.filter(pk=key).update(state=Task.State.FAILED)
    finally:
        close_old_connections()


def _piece(key: int) -> bool:
    """One piece, and the row that says so → whether there is more."""
    task = Task.objects.select_related("owner").filter(pk=key).first()
    if task is None:
        return False
    tickets = Ticket.objects.visible_to(task.owner).filter(pk__gt=task.last_ticket).order_by("pk")
    found = list(tickets.values_list("pk", "status", "group__name", "price")[:PIECE])
    for pk, status, team, price in found:
        task.last_ticket, task.done = pk, task.done + 1
        if status == Ticket.Status.OPEN:
            task.result[team] = str(Decimal(task.result.get(team, "0")) + price)
    if len(found) < PIECE:
        task.state, task.total = Task.State.DONE, task.done
    task.total = max(task.total, task.done)
    task.save(update_fields=["last_ticket", "done", "total", "result", "state", "updated"])
    return task.state == Task.State.RUNNING
