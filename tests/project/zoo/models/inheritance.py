"""Models made of models: two levels of tables, an own parent link, an abstract base, a proxy."""

from typing import ClassVar

from django.db import models

from tests.project.zoo.models.everyday import Cafe, Place


class EspressoBar(Cafe):
    """The second level: a row of three tables."""

    machine = models.CharField(max_length=20, default="")
    is_open = models.BooleanField(default=True)


class Teahouse(Place):
    """A parent link with a name of its own."""

    site = models.OneToOneField(Place, models.CASCADE, parent_link=True, primary_key=True)
    leaves = models.PositiveSmallIntegerField(default=0)


class Stamped(models.Model):
    """Abstract: no table of its own."""

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
        ordering: ClassVar = ["-created_at"]


class Article(Stamped):
    headline = models.CharField(max_length=60)
    is_quiet = models.BooleanField(default=False)

    class Meta(Stamped.Meta):
        verbose_name_plural = "news"


class QuietManager(models.Manager["QuietArticle"]):
    def get_queryset(self) -> models.QuerySet["QuietArticle"]:
        return super().get_queryset().filter(is_quiet=True)


class QuietArticle(Article):
    """A proxy that shows some of the rows."""

    objects: ClassVar[QuietManager] = QuietManager()

    class Meta:
        proxy = True
