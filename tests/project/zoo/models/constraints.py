"""What the database, or Django on its behalf, refuses."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower


class Booking(models.Model):
    """Unique together, unique under a condition, checked."""

    room = models.IntegerField()
    day = models.DateField()
    name = models.CharField(max_length=20, blank=True, default="")
    is_cancelled = models.BooleanField(default=False)

    class Meta:
        unique_together: ClassVar = [("room", "day")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(room__gt=0), name="room_is_positive"),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(is_cancelled=False) & ~models.Q(name=""), name="one_booking_each"
            ),
        ]


class Step(models.Model):
    """Unique for a date, and a rule across fields that only ``clean`` knows."""

    day = models.DateField()
    code = models.CharField(max_length=10, unique_for_date="day")
    low = models.IntegerField(default=0)
    high = models.IntegerField(default=0)

    def clean(self) -> None:
        if self.low > self.high:
            raise ValidationError({"low": ValidationError("Low is above high.", code="above_high")})


class Invoice(models.Model):
    """A number that is unique whatever its case, which only the database sees."""

    number = models.CharField(max_length=20)
    total = models.DecimalField(max_digits=8, decimal_places=2, default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(Lower("number"), name="number_whatever_its_case")]
