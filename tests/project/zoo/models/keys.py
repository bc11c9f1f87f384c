"""Primary keys that are no AutoField, and foreign keys to columns that are no primary key."""

import uuid
from typing import ClassVar

from django.db import models


class Country(models.Model):
    """A key of text."""

    code = models.CharField(max_length=3, primary_key=True)
    name = models.CharField(max_length=40)

    class Meta:
        ordering: ClassVar = ["code"]


class City(models.Model):
    country = models.ForeignKey(Country, models.CASCADE, related_name="cities")
    name = models.CharField(max_length=40)


class Currency(models.Model):
    """Known by its code, though its key is a number."""

    code = models.CharField(max_length=3, unique=True)
    name = models.CharField(max_length=40, blank=True, default="")


class Price(models.Model):
    """A foreign key with ``to_field``."""

    currency = models.ForeignKey(Currency, models.CASCADE, to_field="code", related_name="prices")
    second = models.ForeignKey(Currency, models.SET_NULL, to_field="code", null=True, blank=True, related_name="+")
    amount = models.DecimalField(max_digits=8, decimal_places=2)


class Device(models.Model):
    """A key of 128 bits that the server makes."""

    serial = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=40)


class Reading(models.Model):
    """A foreign key to a UUID."""

    device = models.ForeignKey(Device, models.CASCADE)
    value = models.FloatField()


class Watch(models.Model):
    """A foreign key as the primary key."""

    device = models.OneToOneField(Device, models.CASCADE, primary_key=True)
    label = models.CharField(max_length=20, blank=True, default="")


class Seat(models.Model):
    """A key of two columns, one of them text."""

    pk = models.CompositePrimaryKey("row", "place")
    row = models.CharField(max_length=4)
    place = models.IntegerField()
    guest = models.CharField(max_length=40, null=True, blank=True)


class Tiny(models.Model):
    """A key of 16 bits."""

    id = models.SmallAutoField(primary_key=True)
    name = models.CharField(max_length=20, blank=True, default="")
