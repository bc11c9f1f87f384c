"""Long tasks, with their progress; and what SQL counts, for the page to compare itself with."""

from typing import Any, TypedDict

from django.db.models import QuerySet
from rest_framework.permissions import IsAuthenticated

from channels_binding.consumers import Binding, bind
from desk import tasks
from desk.models import Task, Ticket, is_manager


class Which(TypedDict):
    """What ``resume`` takes."""

    id: int


class TaskBinding(Binding):
    """One's own tasks; a manager sees all. A row changes while a thread works on it, and nothing here has to know."""

    model = Task
    fields = ("id", "title", "state", "done", "total", "result", "owner", "created", "updated")
    permission_classes = (IsAuthenticated,)
    actions = ("retrieve", "search", "list", "describe")

    def get_queryset(self) -> QuerySet[Task]:
        return Task.objects.all() if is_manager(self.user) else Task.objects.filter(owner=self.user)

    @bind("start")
    def start(self, data: dict[str, Any]) -> Which:
        """``{}`` → ``{"id": 7}``: at most one at a time for each user."""
        return {"id": tasks.start(self.user).pk}

    @bind("resume")
    def resume(self, data: Which) -> Which:
        """``{"id": 7}``: goes on with a task whose server is gone."""
        tasks.resume(self.get_object(data["id"]))
        return data


class Count(TypedDict):
    """What SQL says."""

    count: int


class CheckBinding(Binding):
    """``desk.check.tickets`` → ``{"count": 10021}``: a fresh ``SELECT COUNT(*)`` of the tickets that the caller may see."""

    stream = "desk.check"
    permission_classes = (IsAuthenticated,)

    @bind("tickets", method="GET")
    def tickets(self, data: dict[str, Any]) -> Count:
        return {"count": Ticket.objects.visible_to(self.user).count()}
