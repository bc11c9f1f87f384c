"""A reader leaves to DRF what a plan cannot promise."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import models

from channels_binding.bindings.reader import Reader
from channels_binding.compiled.compiler import plan_of
from channels_binding.querysets.inspection import is_stock_queryset
from tests.compiled.test_plan import as_drf, model_serializer
from tests.project.zoo.models import (
    Label,
    Note,
)


class Own(models.QuerySet[Note]):
    def _fetch_all(self) -> None:
        super()._fetch_all()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "narrowed",
    [
        lambda: Note.objects.prefetch_related(models.Prefetch("labels", Label.objects.filter(name="shown"))),
        lambda: Own(Note),
        lambda: Note.objects.filter(rank=1).union(Note.objects.filter(rank=2)),
    ],
    ids=["a prefetch of its own", "a queryset of its own", "a union"],
)
def test_a_queryset_that_says_more_than_its_rows_is_read_as_instances(narrowed: Callable[[], Any]) -> None:
    note = Note.objects.create(title="x", rank=1)
    note.labels.set([Label.objects.create(name="shown"), Label.objects.create(name="hidden")])
    cls = model_serializer(Note, "id", "title", "labels")
    reader = Reader(cls, plan_of(cls, Note))
    assert not is_stock_queryset(narrowed())
    assert reader.rows(narrowed()) == tuple(as_drf(narrowed(), cls()))


def test_with_a_plan_no_serializer_is_made_to_know_what_is_shown() -> None:
    cls = model_serializer(Note, "id", "title", "owner")

    def never() -> Any:
        raise AssertionError("The plan knows it.")

    reader = Reader(never, plan_of(cls, Note))
    assert [*reader.related(Note)] == [*Reader(cls).related(Note)]
    assert [*reader.sortable(Note)] == [*Reader(cls).sortable(Note)]


@pytest.mark.django_db
def test_one_row_is_read_alike_with_a_plan_and_without() -> None:
    note = Note.objects.create(title="x", rank=1)
    Note.objects.create(title="y", rank=2)
    cls = model_serializer(Note, "id", "title")
    compiled, plain = Reader(cls, plan_of(cls, Note)), Reader(cls)
    assert compiled.row(Note.objects.order_by("title"), note.pk) == plain.row(Note.objects.order_by("title"), note.pk)
    assert len(plain.row(Note.objects.all(), note.pk)) == 1
    assert compiled.row(Note.objects.filter(rank=2), note.pk) == plain.row(Note.objects.filter(rank=2), note.pk) == ()
