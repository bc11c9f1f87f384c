"""What the package keeps in the project's database: the answers of writes that came with a key."""

from typing import ClassVar

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models

if apps.ready and not apps.is_installed("channels_binding"):
    raise ImproperlyConfigured('INSTALLED_APPS lacks "channels_binding".')


class KeptAnswer(models.Model):
    """One key of one caller: what was asked with it, and what was answered (``idempotency``)."""

    class State(models.TextChoices):
        BEGUN = "begun"
        """Somebody makes the write now."""
        DONE = "done"
        UNKNOWN = "unknown"
        """The write was begun and cut off: whether it was made is not known."""

    objects: ClassVar[models.Manager["KeptAnswer"]] = models.Manager()

    name = models.CharField(max_length=40, primary_key=True)
    """Of the caller and the key: 40 hex digits of BLAKE2b."""
    question = models.CharField(max_length=40)
    """Of the stream, action and data: likewise."""
    state = models.CharField(max_length=8, choices=State.choices, default=State.BEGUN)
    answer = models.TextField(default="")
    """JSON; empty until the write is done."""
    begun_at = models.BigIntegerField()
    """Seconds since 1970."""
    expires_at = models.BigIntegerField(db_index=True)
    """Seconds since 1970."""

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"
