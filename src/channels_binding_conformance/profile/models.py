from django.conf import settings
from django.db import models


class Label(models.Model):
    name = models.CharField(max_length=40)

    def __str__(self) -> str:
        return self.name


class Note(models.Model):
    title = models.CharField(max_length=80)
    rank = models.IntegerField(default=0)
    weight = models.IntegerField(null=True, blank=True)
    done = models.BooleanField(default=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="notes")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True)
    labels = models.ManyToManyField(Label, blank=True)
    secret_code = models.CharField(max_length=40, default="nobody is shown this")

    def __str__(self) -> str:
        return self.title


class Novel(models.Model):
    title = models.CharField(max_length=40)

    def __str__(self) -> str:
        return self.title


class Chapter(models.Model):
    novel = models.ForeignKey(Novel, models.CASCADE, related_name="chapters")
    title = models.CharField(max_length=40)

    class Meta:
        order_with_respect_to = "novel"

    def __str__(self) -> str:
        return self.title
