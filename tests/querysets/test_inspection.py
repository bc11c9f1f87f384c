"""What Django's Query says of a queryset, and how its rows are counted."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, models
from django.db.models.functions import Lower
from django.db.models.query import ModelIterable
from django.test.utils import CaptureQueriesContext

from channels_binding.querysets.inspection import (
    count_of,
    has_plain_rows,
    is_alone,
    is_ordered_by_own_columns,
    is_stock_queryset,
    is_whole,
    iterated_by,
)
from tests.project.zoo.models import Cafe, LoudNote, Note, Person


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


class Own(models.QuerySet[Note]):
    """A queryset of a project, which is iterated in its own way."""

    def _fetch_all(self) -> None:
        super()._fetch_all()


class Filtered(models.QuerySet[Note]):
    """A queryset of a project that only has a method more."""

    def done(self) -> Any:
        return self.filter(done=True)


@pytest.mark.parametrize(
    ("queryset", "expected"),
    [
        (Note.objects.all(), True),
        (Filtered(Note).done(), True),
        (Note.objects.prefetch_related("labels"), True),
        (Own(Note), False),
        (Note.objects.values("rank"), False),
        (Note.objects.values_list("rank"), False),
        (Note.objects.union(Note.objects.all()), False),
        (Note.objects.prefetch_related(models.Prefetch("labels")), False),
    ],
)
def test_a_queryset_is_stock_where_iterating_it_gives_the_instances_of_its_rows(queryset: Any, expected: bool) -> None:
    assert is_stock_queryset(queryset) is expected


@pytest.mark.parametrize(
    ("queryset", "expected"),
    [
        (Note.objects.all(), True),
        (Note.objects.order_by("owner__username"), True),  # its join is made when it is compiled
        (Note.objects.filter(rank=1), False),
        (Note.objects.select_for_update(), False),
        (Note.objects.filter(owner__username="a"), False),
        (Note.objects.extra(tables=["zoo_label"]), False),
        (Note.objects.extra(order_by=["rank"]), False),
        (Note.objects.reverse(), False),
    ],
)
def test_a_query_without_conditions_is_every_row_of_its_table(queryset: Any, expected: bool) -> None:
    assert is_whole(queryset.query) is expected


@pytest.mark.parametrize(
    ("queryset", "expected"),
    [
        (Note.objects.all(), True),
        (Note.objects.order_by("-rank", "pk", models.F("weight").desc()), True),
        (Note.objects.order_by("owner_id"), True),
        (Person.objects.all(), True),  # by its Meta.ordering
        (LoudNote.objects.all(), True),  # a proxy: the columns are those of its concrete model
        (Note.objects.order_by("owner"), False),  # the related model's order
        (Note.objects.order_by("owner__username"), False),
        (Note.objects.order_by(models.F("owner__username").asc()), False),
        (Note.objects.order_by(Lower("title")), False),
        (Note.objects.order_by("?"), False),
    ],
)
def test_an_order_is_by_own_columns_where_every_term_names_one(queryset: Any, expected: bool) -> None:
    assert is_ordered_by_own_columns(queryset) is expected


@pytest.mark.parametrize(
    ("queryset", "expected"),
    [
        (Note.objects.order_by("rank"), True),
        (LoudNote.objects.all(), True),
        (get_user_model().objects.all(), True),
        (Cafe.objects.all(), False),  # half of a row is in its parent's table
        (Note.objects.select_related("owner"), False),
        (Note.objects.order_by("owner__username"), False),
        (Note.objects.filter(rank=1), False),
        (Note.objects.annotate(n=models.Count("labels")), False),
    ],
)
def test_a_queryset_is_alone_where_it_reads_every_row_of_one_table(queryset: Any, expected: bool) -> None:
    assert is_alone(queryset) is expected


@pytest.mark.django_db
def test_what_is_not_every_row_is_counted_by_django() -> None:
    Note.objects.bulk_create(Note(title=str(rank), rank=rank) for rank in range(6))
    assert count_of(Note.objects.filter(rank__lt=2).order_by("rank")) == 2
    assert count_of(Note.objects.order_by("done").values("done").distinct()) == 1


class Reversed(ModelIterable):  # type: ignore[type-arg]  # not subscriptable while it runs
    def __iter__(self) -> Iterator[Any]:
        yield from reversed([*super().__iter__()])


@pytest.mark.django_db
def test_a_queryset_is_iterated_by_the_class_that_it_was_given_however_it_is_fetched() -> None:
    first, second, third = (Note.objects.create(title=title) for title in "abc")
    queryset = Note.objects.order_by("pk")
    copied = iterated_by(queryset, Reversed)
    assert [*copied] == [*copied.all()] == [third, second, first]
    assert [*queryset] == [first, second, third]
    assert (is_stock_queryset(queryset), is_stock_queryset(copied)) == (True, False)
