import uuid
from typing import ClassVar

from django.contrib.auth.models import User
from django.db import models


class Item(models.Model):
    """An everyday row: texts, numbers, a choice, times, a relation."""

    name = models.CharField(max_length=100)
    price = models.IntegerField(default=0)
    amount = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    status = models.CharField(max_length=12, default="open", choices=[("open", "Open"), ("done", "Done")])
    note = models.CharField(max_length=200, blank=True, default="")
    is_hot = models.BooleanField(default=False)
    code = models.UUIDField(default=uuid.uuid4)
    due = models.DateField(null=True, blank=True)
    owner = models.ForeignKey(User, models.CASCADE, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["id"]


FIELDS = ("id", "name", "price", "amount", "status", "note", "is_hot", "code", "due", "owner", "created_at")
