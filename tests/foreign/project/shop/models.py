# mypy: disable-error-code="misc"
"""Models that use what the packages bring."""

from typing import Any

from django.db import models
from django_countries.fields import CountryField
from djmoney.models.fields import MoneyField
from model_utils import Choices
from model_utils.fields import MonitorField, SplitField, StatusField
from model_utils.models import SoftDeletableModel, TimeFramedModel, TimeStampedModel, UUIDModel
from mptt.models import MPTTModel, TreeForeignKey
from polymorphic.models import PolymorphicModel
from simple_history.models import HistoricalRecords
from taggit.managers import TaggableManager
from timezone_field import TimeZoneField


class Food(models.Model):
    name = models.CharField(max_length=40)
    tags: Any = TaggableManager(blank=True)


class Category(MPTTModel):
    name = models.CharField(max_length=40)
    parent = TreeForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")


class Animal(PolymorphicModel):
    name = models.CharField(max_length=40)


class Dog(Animal):
    breed = models.CharField(max_length=40)


class Product(models.Model):
    name = models.CharField(max_length=40)
    price = MoneyField(max_digits=8, decimal_places=2, default_currency="EUR")


class Poll(models.Model):
    question = models.CharField(max_length=40)
    closed = models.BooleanField(default=False)
    history = HistoricalRecords()


class Article(TimeStampedModel):
    STATUS = Choices("draft", "published")
    title = models.CharField(max_length=40)
    status = StatusField()
    status_changed = MonitorField(monitor="status")
    body = SplitField(default="")


class Note(SoftDeletableModel):
    name = models.CharField(max_length=40)


class Job(UUIDModel, TimeFramedModel):
    name = models.CharField(max_length=40)


class Person(models.Model):
    name = models.CharField(max_length=40)
    country = CountryField()
    visited = CountryField(multiple=True, blank=True)


class Place(models.Model):
    name = models.CharField(max_length=40)
    zone = TimeZoneField(default="UTC")
    second = TimeZoneField(null=True, blank=True, choices_display="WITH_GMT_OFFSET")
