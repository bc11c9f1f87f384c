"""What Django's Query says of a queryset, and how its rows are counted."""

from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from channels_binding.querysets.inspection import count_of, has_plain_rows
from tests.project.zoo.models import Note


def test_a_queryset_that_counts_in_its_own_way_is_let_count() -> None:
    class Estimated(models.QuerySet[Note]):
        def count(self) -> int:
            return 1_000_000

    assert count_of(Estimated(Note)) == 1_000_000


@pytest.mark.django_db
def test_counting_every_row_is_one_plain_statement() -> None:
    Note.objects.bulk_create(Note(title=str(rank), rank=rank) for rank in range(6))
    with CaptureQueriesContext(connection) as context:
        assert count_of(Note.objects.order_by("rank")) == 6
        assert count_of(Note.objects.order_by("rank")[1:3]) == 2
    assert len(context) == 2
    assert context.captured_queries[0]["sql"] == f"SELECT COUNT(*) FROM {connection.ops.quote_name('zoo_note')}"


@pytest.mark.parametrize(
    ("queryset", "expected"),
    [
        (Note.objects.filter(owner__username="a").order_by("rank"), True),
        (Note.objects.distinct(), False),
        (Note.objects.annotate(n=models.Count("labels")), False),
        (Note.objects.all()[:3], False),
        (Note.objects.values("rank"), False),
        (Note.objects.union(Note.objects.all()), False),
    ],
)
def test_a_plain_queryset_has_the_rows_that_their_keys_fetch(queryset: Any, expected: bool) -> None:
    assert has_plain_rows(queryset) is expected
