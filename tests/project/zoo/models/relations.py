"""Every way to point at another row."""

from typing import Any, ClassVar

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Person(models.Model):
    """Points at its own kind: a foreign key, a symmetrical and a one-sided many-to-many."""

    name = models.CharField(max_length=40)
    mentor = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="pupils")
    friends = models.ManyToManyField("self", blank=True)
    follows: Any = models.ManyToManyField(
        "self", through="Follow", symmetrical=False, related_name="followers", blank=True
    )
    remarks = GenericRelation("zoo.Remark")

    class Meta:
        ordering: ClassVar = ["name", "id"]  # so that two readings list related people alike

    def __str__(self) -> str:
        return self.name


class Follow(models.Model):
    """The rows of ``Person.follows``."""

    follower = models.ForeignKey(Person, models.CASCADE, related_name="+")
    followed = models.ForeignKey(Person, models.CASCADE, related_name="+")
    since = models.DateField(null=True, blank=True)


class Passport(models.Model):
    """A one-to-one relation that is the key."""

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True)
    number = models.CharField(max_length=20)


class Sponsor(models.Model):
    """A one-to-one relation that is none."""

    person = models.OneToOneField(Person, models.SET_NULL, null=True, blank=True, related_name="sponsor")
    pays = models.BooleanField(default=True)


class Crew(models.Model):
    """Many-to-many with more to say: ``Membership`` is the table between."""

    name = models.CharField(max_length=40)
    members: Any = models.ManyToManyField(Person, through="Membership", related_name="crews")


class Membership(models.Model):
    crew = models.ForeignKey(Crew, models.CASCADE)
    person = models.ForeignKey(Person, models.CASCADE)
    role = models.CharField(max_length=20, default="hand")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["crew", "person"], name="member_once")]


class Remark(models.Model):
    """About any row of any model."""

    text = models.CharField(max_length=80)
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()
    subject = GenericForeignKey()


class Novel(models.Model):
    """An optional many-to-many to a model whose key is text, without a way back."""

    title = models.CharField(max_length=40)
    sold_in = models.ManyToManyField("zoo.Country", blank=True, related_name="+")
    heroes = models.ManyToManyField(Person, blank=True)


class Chapter(models.Model):
    """Rows in an order that their novel keeps."""

    novel = models.ForeignKey(Novel, models.CASCADE, related_name="chapters")
    title = models.CharField(max_length=40)

    class Meta:
        order_with_respect_to = "novel"
