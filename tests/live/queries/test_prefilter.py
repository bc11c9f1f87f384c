"""Sieves: which lists have one, and what the database answers about many of them in one statement."""

import datetime
from typing import Any

import pytest
from django.db import connection, models
from django.db.models import Count
from django.db.models.functions import Lower
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels_binding.live.queries.prefilter import PER_STATEMENT, NoPrefilter, counts, prefilter_of, probe, values_of
from tests.project.zoo.models import Cafe, Label, Note, Token

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "queryset",
    [
        Note.objects.annotate(n=Count("labels")),
        Note.objects.annotate(low=Lower("title")),
        Note.objects.distinct(),
        Note.objects.all()[:3],
        Note.objects.union(Note.objects.all()),
        Note.objects.filter(owner__last_login__lte=timezone.now()),
        Note.objects.filter(owner__last_login__date=datetime.date(2026, 1, 1)),
    ],
)
def test_a_list_whose_rows_depend_on_each_other_or_on_the_clock_has_none(queryset: Any) -> None:
    with pytest.raises(NoPrefilter):
        prefilter_of(queryset)


def test_what_its_rows_have_in_common_is_kept() -> None:
    assert prefilter_of(Note.objects.filter(done=True)).conditions.allowed == {"done": {True}}


def test_rows_are_found_in_many_lists_by_one_statement() -> None:
    rows = [Note.objects.create(title="50% of a%s", rank=rank, done=rank == 2) for rank in range(4)]
    rows[1].labels.add(Label.objects.create(name="x"))
    lists = [
        (Note.objects.filter(rank__gte=2), [rows[1].pk, rows[3].pk], True),
        (Note.objects.filter(rank__gte=2), [rows[1].pk], False),
        (Note.objects.filter(labels__name="x"), [rows[1].pk], True),
        (Note.objects.filter(title__contains="0% of a%s"), [rows[0].pk], True),
        (Note.objects.filter(title__contains="1%"), [rows[0].pk], False),
        (Note.objects.none(), [rows[0].pk], False),
        (Note.objects.all().select_related("owner").order_by("owner__username"), [rows[0].pk], True),
        (Note.objects.all(), [rows[3].pk + 1], False),
    ]
    with CaptureQueriesContext(connection) as statements:
        found = probe([(prefilter_of(queryset), keys) for queryset, keys, _ in lists])
    assert found == [expected for _, _, expected in lists]
    assert len(statements) == 1
    with CaptureQueriesContext(connection) as statements:
        found_counts = counts([(prefilter_of(queryset), None) for queryset, _, _ in lists])
    assert found_counts == [2, 2, 1, 4, 0, 0, 4, 4]
    assert len(statements) == 1


def test_keys_that_are_no_numbers_are_found() -> None:
    token, cafe = Token.objects.create(name="t"), Cafe.objects.create(name="c", seats=3)
    asked: list[Any] = [
        (prefilter_of(Token.objects.filter(name="t")), [str(token.pk)]),
        (prefilter_of(Cafe.objects.filter(seats=3, name="c")), [cafe.pk]),
    ]
    assert probe(asked) == [True, True]


def test_more_lists_than_one_statement_takes_are_asked_in_several() -> None:
    row = Note.objects.create(title="a", rank=7)
    prefilters = [prefilter_of(Note.objects.filter(rank=rank)) for rank in range(PER_STATEMENT + 20)]
    with CaptureQueriesContext(connection) as statements:
        found = probe([(prefilter, [row.pk]) for prefilter in prefilters])
    assert [number for number, is_in in enumerate(found) if is_in] == [7]
    assert len(statements) == 2
    many = list(range(10**6, 10**6 + 400))
    with CaptureQueriesContext(connection) as statements:
        assert not any(probe([(prefilter, many) for prefilter in prefilters[:50]]))
    assert len(statements) == 3  # 24 of them have 9,624 parameters


@pytest.mark.django_db(transaction=True)
def test_a_question_that_the_database_refuses_is_answered_with_maybe() -> None:
    broken = prefilter_of(Note.objects.extra(where=["no_such_column = 1"]))
    assert probe([(broken, [1])]) == [True]
    assert counts([(broken, None)]) == [None]


def test_values_are_read_as_rows_bear_them_whoever_may_see_them() -> None:
    row = Note.objects.create(title="a", rank=3, done=True)
    assert values_of(Note, "default", ["rank", "owner_id"], [row.pk, row.pk + 1]) == {
        row.pk: {"rank": 3, "owner_id": None}
    }
    token = Token.objects.create(name="t")
    assert values_of(Token, "default", ["name"], [str(token.pk)]) == {str(token.pk): {"name": "t"}}


def test_values_are_read_of_rows_that_the_managers_of_the_model_hide(monkeypatch: pytest.MonkeyPatch) -> None:
    """``base_manager_name`` of a model whose rows are marked as deleted, of which a binding shows all."""

    class Undeleted(models.Manager["Note"]):
        def get_queryset(self) -> Any:
            return super().get_queryset().exclude(title="deleted")

    manager: Any = Undeleted()
    manager.model = Note
    monkeypatch.setattr(Note._meta, "base_manager", manager)
    row = Note.objects.create(title="deleted", rank=3)
    assert not Note._base_manager.filter(pk=row.pk).exists()
    assert values_of(Note, "default", ["rank"], [row.pk]) == {row.pk: {"rank": 3}}


def test_lists_of_all_rows_have_one_prefilter_whatever_their_order() -> None:
    every = prefilter_of(Note.objects.all())
    assert prefilter_of(Note.objects.order_by("owner__username", "-rank")) is every
    assert prefilter_of(Note.objects.filter(rank=1)) is not every
    assert prefilter_of(Label.objects.all()) is not every
    note = Note.objects.create(title="x")
    assert probe([(every, [note.pk]), (every, [note.pk + 1])]) == [True, False]
