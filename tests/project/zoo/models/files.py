"""Files: uploaded ones, images, and paths on the server."""

from pathlib import Path

from django.db import models

SHELF = Path(__file__).parents[1] / "shelf"


class Attachment(models.Model):
    name = models.CharField(max_length=40, default="")
    file = models.FileField(upload_to="attachments/", blank=True, default="")
    picture = models.ImageField(
        upload_to="pictures/", null=True, blank=True, width_field="width", height_field="height"
    )
    width = models.IntegerField(null=True, editable=False)
    height = models.IntegerField(null=True, editable=False)


class Recipe(models.Model):
    """One of the files in ``shelf``."""

    path = models.FilePathField(path=str(SHELF), match=r".*\.txt$")
    spare = models.FilePathField(path=str(SHELF), null=True, blank=True, recursive=True)
