# mypy: disable-error-code="misc, no-any-return, attr-defined, type-arg"
"""What docs/howto/history.md shows."""

from typing import Any

from django.apps import apps
from django.db.models import QuerySet
from django_filters import FilterSet, NumberFilter
from rest_framework.permissions import IsAuthenticated
from rest_framework.serializers import IntegerField, ModelSerializer

from channels_binding.consumers import AsyncBinding, bind
from channels_binding.exceptions import NotFound
from tests.foreign.project.recipes import models
from tests.foreign.project.recipes.models import Task


class TaskBinding(AsyncBinding):
    model = Task
    fields = ("id", "title")
    permission_classes = (IsAuthenticated,)

    def get_queryset(self) -> QuerySet[Task]:
        return Task.objects.filter(owner=self.user, deleted_at=None)

    def get_create_values(self) -> dict[str, Any]:
        return {"owner": self.user}

    @bind("restore")
    def restore(self, data: dict[str, Any]) -> dict[str, Any]:
        """``{"id": 7}`` → the task is back, in every list that it was in."""
        task = Task.objects.filter(owner=self.user, pk=data["id"]).exclude(deleted_at=None).first()
        if task is None:
            raise NotFound()
        task.deleted_at = None
        task.save(update_fields=["deleted_at"])
        return {"success": True, "id": task.pk}


class TaskVersionSerializer(ModelSerializer):
    task = IntegerField(source="id")

    class Meta:
        model = Task.history.model
        fields = ("history_id", "task", "title", "deleted_at", "history_date", "history_type", "history_user")


class TaskVersionFilter(FilterSet):
    task = NumberFilter(field_name="id")

    class Meta:
        model = Task.history.model
        fields = ("task", "history_type")


class TaskVersionBinding(AsyncBinding):
    """All versions of the tasks that were one's own then, newest first; nobody writes them."""

    stream = "recipes.TaskVersion"
    model = Task.history.model
    serializer_class = TaskVersionSerializer
    filterset_class = TaskVersionFilter
    ordering = ("-history_date", "-history_id")
    actions = ("retrieve", "search", "list", "describe")
    permission_classes = (IsAuthenticated,)

    def get_queryset(self) -> QuerySet[Any]:
        return Task.history.filter(owner=self.user)


if apps.is_installed("pghistory"):
    Letter = models.Letter

    class LetterBinding(AsyncBinding):
        model = Letter
        fields = ("id", "text")
        permission_classes = (IsAuthenticated,)

        def get_queryset(self) -> QuerySet[Any]:
            return Letter.objects.filter(owner=self.user)

        def get_create_values(self) -> dict[str, Any]:
            return {"owner": self.user}

    class LetterEventBinding(AsyncBinding):
        """What became of the letters that were one's own then; PostgreSQL writes it."""

        model = Letter.pgh_event_model
        fields = ("pgh_id", "pgh_obj", "pgh_label", "pgh_created_at", "text")
        filterset_fields = ("pgh_obj", "pgh_label")
        ordering = ("-pgh_id",)
        actions = ("retrieve", "search", "list", "describe")
        permission_classes = (IsAuthenticated,)
        depends_on = (Letter,)

        def get_queryset(self) -> QuerySet[Any]:
            return Letter.pgh_event_model.objects.filter(owner=self.user)
