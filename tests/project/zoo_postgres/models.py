"""What only PostgreSQL has. Installed where the tests run on it (settings.py), since SQLite cannot hold such columns.

No hstore: it is an extension, and the PostgreSQL of the pip wheel that the tests fall back on does not bring it.
"""

from django.contrib.postgres.fields import (
    ArrayField,
    BigIntegerRangeField,
    DateRangeField,
    DateTimeRangeField,
    DecimalRangeField,
    IntegerRangeField,
)
from django.db import models


class Basket(models.Model):
    """Arrays, one in another."""

    numbers = ArrayField(models.IntegerField(), default=list, blank=True)
    words = ArrayField(models.CharField(max_length=20), size=4, null=True, blank=True)
    board = ArrayField(ArrayField(models.IntegerField()), default=list, blank=True)


class Span(models.Model):
    """Ranges of everything that has an order."""

    whole = IntegerRangeField(null=True, blank=True)
    wide = BigIntegerRangeField(null=True, blank=True)
    exact = DecimalRangeField(null=True, blank=True)
    days = DateRangeField(null=True, blank=True)
    instants = DateTimeRangeField(null=True, blank=True)
