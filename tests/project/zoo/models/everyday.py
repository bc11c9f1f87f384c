"""What most tests use: text, numbers, a null, an owner, tags; and the first of each odd kind."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models


class Label(models.Model):
    name = models.CharField(max_length=40)

    class Meta:
        ordering: ClassVar = ["id"]  # PostgreSQL has no order of its own, and tests compare lists of keys

    def __str__(self) -> str:
        return self.name


class Note(models.Model):
    """The everyday model: text, numbers, a null, an owner, tags."""

    title = models.CharField(max_length=80)
    rank = models.IntegerField(default=0)
    weight = models.IntegerField(null=True, blank=True)
    done = models.BooleanField(default=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="notes")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True)
    labels = models.ManyToManyField(Label, blank=True)
    secret_code = models.CharField(max_length=40, default="canary-secret-code")

    def __str__(self) -> str:
        return self.title


class Precious(models.Model):
    """A row that others protect from deletion, with a unique name."""

    name = models.CharField(max_length=20, unique=True)


class Guard(models.Model):
    precious = models.ForeignKey(Precious, models.PROTECT)


class Token(models.Model):
    """A key that is no number."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=20)


class Place(models.Model):
    """The parent of multi-table inheritance."""

    name = models.CharField(max_length=20)


class Cafe(Place):
    seats = models.IntegerField(default=0)


class LoudNote(Note):
    """A proxy."""

    class Meta:
        proxy = True
        ordering: ClassVar = ["-rank"]
