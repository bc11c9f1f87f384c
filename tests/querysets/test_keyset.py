"""Windows by places have every row once and in order: whatever is ordered by, NULLs, ties and rows that are gone included."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Value, Window
from django.db.models.functions import Coalesce, Lower, Random, RowNumber
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from channels_binding.exceptions import Invalid
from channels_binding.querysets import keyset
from channels_binding.querysets.cursors import Place, Span, read_span
from channels_binding.querysets.pages import ordered
from tests.project.zoo.models import Cafe, Digits, Flag, Label, Lapse, Moment, Money, Note, Prose, Seat, Token
from tests.zoo_rows import Maker


def place_of(queryset: QuerySet[Any], key: Any) -> Place:
    """The place of a row, by way of a cursor."""
    [values] = keyset.places(queryset, keyset.terms_of(queryset), [key]).values()
    span = read_span({"after": Place(("?",), values).cursor("s")}, "s")
    assert span is not None
    assert span.after is not None
    return span.after


def keys(queryset: QuerySet[Any], span: Span | None = None) -> list[Any]:
    found = queryset if span is None else keyset.within(queryset, span, keyset.terms_of(queryset))
    if span is not None and span.is_backward:
        return [row.pk for row in found.reverse()][::-1]
    return [row.pk for row in found]


def check_every_place(queryset: QuerySet[Any]) -> None:
    """At each row the list falls into what is in front, the row, and what is behind."""
    whole = keys(queryset)
    for number, key in enumerate(whole):
        place = place_of(queryset, key)
        assert keys(queryset, Span(after=place)) == whole[number + 1 :]
        assert keys(queryset, Span(until=place)) == whole[: number + 1]
        assert keys(queryset, Span(before=place, is_backward=True)) == whole[:number]


PLAIN = (Digits, Money, Prose, Moment, Lapse, Flag, Token)


class EveryColumn(TestCase):
    @settings(max_examples=40)
    @given(data=st.data())
    def test_each_row_of_every_plain_column_splits_the_list_in_two(self, data: Any) -> None:
        model = data.draw(st.sampled_from(PLAIN))
        Maker(data).rows(model, data.draw(st.integers(1, 5)))
        names = [field.name for field in model._meta.concrete_fields]
        chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
        check_every_place(
            ordered(model.objects.all(), [data.draw(st.sampled_from(["", "-"])) + each for each in chosen])
        )


@pytest.fixture
def notes(db: None) -> list[Note]:
    owners: list[AbstractBaseUser | None] = [
        *(get_user_model().objects.create_user(name, first_name=name[0]) for name in ("ann", "bob", "abe")), None,
    ]  # fmt: skip
    labels = [Label.objects.create(name=name) for name in "xy"]
    made = []
    for number in range(8):
        title = ["alpha", "Alpha", "beta", "Beta"][number % 4]
        weight = [None, 1, 2][number % 3]
        note = Note.objects.create(title=title, rank=number % 2, weight=weight, owner=owners[number % 4])  # type: ignore[misc]
        note.labels.set(labels[: number % 3])
        made.append(note)
    return made


ORDERS: dict[str, Callable[[], QuerySet[Any]]] = {
    "mixed directions": lambda: ordered(Note.objects.all(), ["-rank", "weight", "-title"]),
    "a key that descends": lambda: ordered(Note.objects.all(), ["-id"]),
    "a relation": lambda: ordered(Note.objects.all(), ["owner"]),
    "over a relation that may lack": lambda: ordered(Note.objects.all(), ["-owner__first_name", "rank"]),
    "NULLs first": lambda: ordered(Note.objects.order_by(F("weight").desc(nulls_first=True)), []),
    "NULLs as the database has them": lambda: ordered(Note.objects.order_by(F("weight").asc(), F("owner").desc()), []),
    "an expression": lambda: ordered(Note.objects.order_by(Lower("title").desc(), "-rank"), []),
    "an expression that may be NULL": lambda: ordered(Note.objects.order_by((F("weight") + F("rank")).asc()), []),
    "an annotation": lambda: ordered(Note.objects.annotate(sure=Coalesce("weight", Value(9))), ["-sure", "rank"]),
    "an aggregate": lambda: ordered(Note.objects.annotate(labelled=Count("labels")), ["labelled", "-weight"]),
    "reversed": lambda: ordered(Note.objects.order_by("rank", F("weight").asc(nulls_first=True)).reverse(), []),
    "filtered": lambda: ordered(Note.objects.filter(Q(rank=0) | Q(weight=1)), ["weight"]),
    "no order": lambda: ordered(Note.objects.all(), []),
}  # fmt: skip


@pytest.mark.parametrize("name", ORDERS)
def test_each_row_splits_the_list_in_two_in_the_order_of(name: str, notes: list[Note]) -> None:
    check_every_place(ORDERS[name]())


def test_a_place_stays_good_when_its_row_is_gone_or_has_moved(notes: list[Note]) -> None:
    queryset = ordered(Note.objects.all(), ["weight", "-rank"])
    whole = keys(queryset)
    place = place_of(queryset, whole[3])
    Note.objects.filter(pk=whole[3]).delete()
    assert keys(queryset, Span(after=place)) == whole[4:]
    Note.objects.filter(pk=whole[0]).update(weight=None)
    assert keys(queryset, Span(until=place)) == whole[1:3]


def test_rows_of_child_tables_and_of_a_composite_key_have_places(db: None) -> None:
    for name in ("b", "a", "a"):
        Cafe.objects.create(name=name, seats=2)
    check_every_place(ordered(Cafe.objects.all(), ["name", "-seats"]))
    for row, place in (("B", 1), ("A", 2), ("A", 1)):
        Seat.objects.create(row=row, place=place)
    check_every_place(ordered(Seat.objects.all(), []))


@pytest.mark.backends
@pytest.mark.parametrize(
    "queryset",
    [
        lambda: ordered(Note.objects.order_by("?"), []),
        lambda: ordered(Note.objects.order_by(Random()), []),
        lambda: ordered(Note.objects.annotate(chance=Random()), ["chance"]),
        lambda: ordered(Note.objects.annotate(place=Window(RowNumber(), order_by="rank")), ["place"]),
        lambda: ordered(Note.objects.all(), ["labels__name"]),
        lambda: ordered(Note.objects.extra(order_by=["rank"]), []),
        lambda: Note.objects.order_by("pk").union(Note.objects.all()),
        lambda: Note.objects.order_by("pk")[:3],
    ],
    ids=["by chance", "by a function of chance", "by an annotation of chance", "by the other rows",
         "by several", "raw", "union", "slice"],
)  # fmt: skip
def test_rows_without_one_place_each_are_refused(queryset: Any) -> None:
    with pytest.raises(Invalid):
        keyset.terms_of(queryset())


@pytest.mark.one_backend("the condition is Django's")
def test_an_index_on_the_first_column_is_entered_at_the_place(db: None) -> None:
    queryset = ordered(Note.objects.all(), ["-rank", "title"])
    found = keyset.within(queryset, Span(after=Place(("-rank",), (3, "x", 7))), keyset.terms_of(queryset))
    sql = str(found.query)
    assert '"zoo_note"."rank" <= 3 AND' in sql
    assert connection.vendor != "sqlite" or sql.count("JOIN") == 0
