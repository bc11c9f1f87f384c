"""Every column that holds a plain value, most of them twice: required, and with NULL allowed."""

import uuid
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower


class Digits(models.Model):
    """Whole numbers of every width."""

    small = models.SmallIntegerField(default=0)
    positive_small = models.PositiveSmallIntegerField(default=0)
    plain = models.IntegerField(default=0)
    positive = models.PositiveIntegerField(default=0)
    big = models.BigIntegerField(default=0)
    positive_big = models.PositiveBigIntegerField(null=True, blank=True)
    limited = models.IntegerField(default=5, validators=[MinValueValidator(1), MaxValueValidator(10)])


class Money(models.Model):
    """Numbers with fractions."""

    amount = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal("0.00"))
    rate = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    factor = models.FloatField(default=0.0)
    estimate = models.FloatField(null=True, blank=True)


class Prose(models.Model):
    """Texts."""

    title = models.CharField(max_length=80)
    body = models.TextField(blank=True, default="")
    limited = models.TextField(max_length=20, null=True, blank=True)
    slug = models.SlugField(blank=True, default="", allow_unicode=True)
    email = models.EmailField(null=True, blank=True)
    homepage = models.URLField(blank=True, default="")
    postcode = models.CharField(max_length=8, null=True, blank=True, validators=[RegexValidator(r"^[A-Z0-9 ]*$")])


class Moment(models.Model):
    """Dates and times, also those that set themselves."""

    day = models.DateField()
    instant = models.DateTimeField()
    hour = models.TimeField()
    maybe_day = models.DateField(null=True, blank=True)
    maybe_instant = models.DateTimeField(null=True, blank=True)
    maybe_hour = models.TimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_on = models.DateField(auto_now=True)


class Lapse(models.Model):
    """Lengths of time."""

    length = models.DurationField()
    pause = models.DurationField(null=True, blank=True)


class Flag(models.Model):
    """Yes, no, unknown."""

    is_up = models.BooleanField(default=False)
    is_known = models.BooleanField(null=True, blank=True)


class Colour(models.TextChoices):
    RED = "red", "Red"
    GREEN = "green", "Green"


class Size(models.IntegerChoices):
    SMALL = 1, "Small"
    LARGE = 2, "Large"


def weekdays() -> list[tuple[str, str]]:
    return [("mon", "Monday"), ("tue", "Tuesday")]


class Options(models.Model):
    """Choices: flat, grouped, of an enumeration, of a function, with a blank, with a null."""

    flat = models.CharField(max_length=10, choices=[("a", "Ä"), ("b", "B")], default="a")
    grouped = models.CharField(
        max_length=10, choices=[("Hot", [("tea", "Tea"), ("soup", "Soup")]), ("Cold", [("ice", "Ice")])], default="tea"
    )
    colour = models.CharField(max_length=10, choices=Colour, default=Colour.RED)
    size = models.IntegerField(choices=Size, null=True, blank=True)
    weekday = models.CharField(max_length=3, choices=weekdays, blank=True, default="")
    ratio = models.DecimalField(
        max_digits=3, decimal_places=1, choices=[(Decimal("0.5"), "Half"), (Decimal("1.0"), "Whole")], null=True
    )


class Document(models.Model):
    """JSON."""

    content = models.JSONField(default=dict, blank=True)
    notes = models.JSONField(null=True, blank=True)


class Address(models.Model):
    """Where machines live."""

    host = models.GenericIPAddressField()
    v4 = models.GenericIPAddressField(protocol="IPv4", null=True, blank=True)
    v6 = models.GenericIPAddressField(protocol="IPv6", unpack_ipv4=False, null=True, blank=True)
    card = models.UUIDField(default=uuid.uuid4)
    spare = models.UUIDField(null=True, blank=True)


class Vault(models.Model):
    """Bytes: shown as base64, and written where the model says that they are editable."""

    name = models.CharField(max_length=20, blank=True, default="")
    sealed = models.BinaryField(default=b"")
    thumb = models.BinaryField(null=True, blank=True, editable=True)


SIXTEEN_BITS = [MinValueValidator(-(2**15)), MaxValueValidator(2**15 - 1)]


class Computed(models.Model):
    """Columns that the database computes. SQLite's small integers have 64 bits, and the product of two is no integer."""

    width = models.SmallIntegerField(default=1, validators=SIXTEEN_BITS)
    height = models.SmallIntegerField(default=1, validators=SIXTEEN_BITS)
    name = models.CharField(max_length=20, default="")
    area: Any = models.GeneratedField(
        expression=models.F("width") * 1 * models.F("height"), output_field=models.IntegerField(), db_persist=True
    )
    half: Any = models.GeneratedField(
        expression=models.F("width") * models.Value(Decimal("0.50")),
        output_field=models.DecimalField(max_digits=30, decimal_places=2),
        db_persist=True,
    )
    key_name: Any = models.GeneratedField(
        expression=Lower("name"), output_field=models.CharField(max_length=20), db_persist=True
    )
    marked_on = models.IntegerField(db_default=7)


class Legacy(models.Model):
    """A table of former times: odd names in the database, everything may be missing."""

    number = models.AutoField(primary_key=True, db_column="LegacyNo")
    caption = models.CharField(max_length=30, null=True, blank=True, db_column="Caption Text")
    value = models.IntegerField(null=True, blank=True, db_column="val")
    heir = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, db_column="heir_no")

    class Meta:
        db_table = "zoo legacy"
