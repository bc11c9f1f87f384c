"""Measures by groups: what a column takes, and the one statement that answers."""

from typing import Any

import pytest
from django.db.models import Count, Q

from channels_binding.querysets.aggregates import PARTS, Group, Measure, measured
from tests.project.zoo.models import Digits, Label, Moment, Money, Note, Person, Prose, Seat

pytestmark = pytest.mark.django_db


def ask(queryset: Any, *measures: str, by: tuple[str, ...] = (), order: tuple[str, ...] = (), most: int = 99) -> Any:
    return measured(queryset, [*map(Measure.named, measures)], [*map(Group.named, by)], order, most)


def test_rows_are_measured_by_groups_in_one_statement(django_assert_num_queries: Any) -> None:
    for rank, weight, done in ((1, 5, True), (2, None, True), (4, 7, False)):
        Note.objects.create(title=str(rank), rank=rank, weight=weight, done=done)
    with django_assert_num_queries(1):
        found = ask(Note.objects.order_by("title"), "count", "sum:rank", "avg:rank", "count:weight", by=("done",))
    assert found == [(False, 1, 4, 4.0, 1), (True, 2, 3, 1.5, 1)]
    with django_assert_num_queries(1):
        assert ask(Note.objects.all(), "count", "max:rank", "count_distinct:done") == [(3, 4, 2)]


def test_without_rows_there_are_no_groups_but_one_answer_to_a_question_without_groups() -> None:
    assert ask(Note.objects.all(), "count", "sum:rank", by=("done",)) == []
    assert ask(Note.objects.all(), "count", "sum:rank") == [(0, None)]
    assert ask(Note.objects.none(), "count", by=("done",)) == []
    assert ask(Note.objects.none(), "count", "sum:rank") == [(0, None)]


def test_the_order_is_total_and_has_nulls_last_both_ways() -> None:
    for weight in (None, 2, 1, 1):
        Note.objects.create(title="x", weight=weight)
    assert ask(Note.objects.all(), "count", by=("weight",)) == [(1, 2), (2, 1), (None, 1)]
    assert ask(Note.objects.all(), "count", by=("weight",), order=("-weight",)) == [(2, 1), (1, 2), (None, 1)]
    assert ask(Note.objects.all(), "count", by=("weight",), order=("count",)) == [(2, 1), (None, 1), (1, 2)]
    assert ask(Note.objects.all(), "count", "sum:weight", by=("weight",), order=("-sum:weight",), most=2) == [
        (1, 2, 2),
        (2, 1, 2),
    ]


def test_each_row_is_counted_once_whatever_the_queryset_joins_or_brings() -> None:
    note = Note.objects.create(title="x", rank=3)
    note.labels.add(Label.objects.create(name="red"), Label.objects.create(name="red"))
    joined = Note.objects.filter(labels__name="red")
    queries = {
        "a join": joined,
        "distinct": joined.distinct(),
        "annotations": Note.objects.annotate(number=Count("labels")).filter(number=2),
        "a slice": Note.objects.order_by("-rank")[:1],
        "a union": Note.objects.filter(rank=3).union(Note.objects.filter(title="x")),
        "either": Note.objects.filter(Q(labels__name="red") | Q(title="x")),
    }
    for name, queryset in queries.items():
        assert ask(queryset, "count", "sum:rank", by=("rank",)) == [(3, 1, 3)], name
        assert ask(queryset, "count", "sum:rank") == [(1, 3)], name


def test_keys_of_several_columns_and_of_relations_are_counted_too() -> None:
    Seat.objects.create(row="A", place=1)
    Seat.objects.create(row="A", place=2)
    assert ask(Seat.objects.all(), "count", by=("row",)) == [("A", 2)]
    assert ask(Seat.objects.distinct(), "count") == [(2,)]
    mentor = Person.objects.create(name="a")
    Person.objects.create(name="b", mentor=mentor)
    assert ask(Person.objects.all(), "count", by=("mentor",)) == [(mentor.pk, 1), (None, 1)], "not by the mentor's name"


def test_a_column_takes_what_has_a_meaning_for_it() -> None:
    columns: dict[str, Any] = {
        "whole": Digits._meta.get_field("plain"),
        "money": Money._meta.get_field("amount"),
        "float": Money._meta.get_field("factor"),
        "text": Prose._meta.get_field("title"),
        "day": Moment._meta.get_field("day"),
        "instant": Moment._meta.get_field("instant"),
        "flag": Note._meta.get_field("done"),
        "key": Note._meta.get_field("owner"),
    }
    taken = {
        function: {name for name, column in columns.items() if Measure.named(f"{function}:x").takes(column)}
        for function in ("count", "count_distinct", "sum", "avg", "min", "max", "median", "")
    }
    numbers = {"whole", "money", "float"}
    assert taken["count"] == taken["count_distinct"] == {*columns}
    assert taken["sum"] == taken["avg"] == numbers
    assert taken["min"] == taken["max"] == {*numbers, "day", "instant"}
    assert taken["median"] == taken[""] == set()
    assert {name for name, column in columns.items() if Group.named("x").takes(column)} == {*columns} - {"float"}
    parts = {name: [part for part in PARTS if Group.named(f"x:{part}").takes(each)] for name, each in columns.items()}
    assert {name: found for name, found in parts.items() if found} == {"day": [*PARTS[1:]], "instant": [*PARTS]}
    assert not Group.named("x:minute").takes(columns["instant"])
