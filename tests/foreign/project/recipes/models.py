# mypy: disable-error-code="misc"
"""Tasks whose past is kept (django-simple-history) and that are never really deleted; letters (django-pghistory)."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models
from django.utils import timezone
from simple_history.models import HistoricalRecords


class TaskQuerySet(models.QuerySet["Task"]):
    def delete(self) -> Any:
        return self.update(deleted_at=timezone.now())


class Task(models.Model):
    title = models.CharField(max_length=40)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    deleted_at = models.DateTimeField(null=True, editable=False)
    history = HistoricalRecords()

    objects = TaskQuerySet.as_manager()

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        self.deleted_at = timezone.now()
        self.save(update_fields=["deleted_at"])


if apps.is_installed("pghistory"):
    import pghistory

    @pghistory.track(context_field=None)  # type: ignore[arg-type]  # that is made by a migration, and these tests run none
    class Letter(models.Model):
        text = models.CharField(max_length=40)
        owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
