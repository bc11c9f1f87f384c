"""What every row of a queryset has in common."""

import math
import uuid
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from hypothesis import given
from hypothesis import strategies as st

from channels_binding.querysets.conditions import Bounds, Conditions, conditions_of
from tests.project.zoo.models import Cafe, Label, LoudNote, Money, Note, Place, Token

USER = get_user_model()
KEY = uuid.UUID("12345678-1234-1234-1234-123456789012")


class Mood(models.TextChoices):
    GOOD = "good"


QUERYSETS: dict[str, tuple[QuerySet[Any], dict[str, set[Any]]]] = {
    "all": (Note.objects.all(), {}),
    "equal": (Note.objects.filter(rank=3), {"rank": {3}}),
    "two columns": (Note.objects.filter(rank=3).filter(done=True), {"rank": {3}, "done": {True}}),
    "as text": (Note.objects.filter(rank="3"), {"rank": {3}}),
    "in": (Note.objects.filter(rank__in=[1, 2]), {"rank": {1, 2}}),
    "in, with null": (Note.objects.filter(weight__in=[1, None]), {"weight": {1}}),
    "twice": (Note.objects.filter(rank__in=[1, 2]).filter(rank__in=[2, 3]), {"rank": {2}}),
    "null": (Note.objects.filter(weight=None), {"weight": {None}}),
    "not null": (Note.objects.filter(weight__isnull=False), {}),
    "nested": (Note.objects.filter(Q(rank=1) & Q(Q(done=False))), {"rank": {1}, "done": {False}}),
    "or": (Note.objects.filter(Q(rank=1) | Q(done=False)), {}),
    "or beside": (Note.objects.filter(Q(rank=1) | Q(rank=2), done=True), {"done": {True}}),
    "not": (Note.objects.exclude(rank=1), {}),
    "not beside": (Note.objects.exclude(rank=1).filter(done=True), {"done": {True}}),
    "exclusive or": (Note.objects.filter(Q(rank=1) ^ Q(done=True)), {}),
    "foreign key": (Note.objects.filter(owner=7), {"owner_id": {7}}),
    "foreign key to a row": (Note.objects.filter(owner=USER(pk=7)), {"owner_id": {7}}),
    "foreign keys": (Note.objects.filter(owner__in=[7, USER(pk=9)]), {"owner_id": {7, 9}}),
    "key through the relation": (Note.objects.filter(owner__pk=7), {"owner_id": {7}}),
    "no owner": (Note.objects.filter(owner=None), {"owner_id": {None}}),
    "uuid": (Token.objects.filter(pk=str(KEY)), {"id": {KEY}}),
    "text": (Note.objects.filter(title="a"), {"title": {"a"}}),
    "choice": (Note.objects.filter(title=Mood.GOOD), {"title": {"good"}}),
    "case": (Note.objects.filter(title__iexact="a"), {}),
    "other column": (Note.objects.filter(rank=F("weight")), {}),
    "related column": (Note.objects.filter(owner__username="a"), {}),
    "own table, joined": (Note.objects.filter(parent__rank=1), {}),
    "many to many": (Note.objects.filter(labels=1, rank=2), {"rank": {2}}),
    "subquery": (Note.objects.filter(rank__in=Label.objects.values("pk")), {}),
    "exists": (Note.objects.filter(Exists(Label.objects.filter(pk=OuterRef("rank"))), done=True), {"done": {True}}),
    "transform": (Note.objects.annotate(low=Lower("title")).filter(low="a"), {}),
    "annotation": (Note.objects.annotate(n=Count("labels")).filter(rank=1), {}),
    "bounds beside": (Note.objects.filter(rank__gte=1, done=True), {"done": {True}}),
    "nothing": (Note.objects.none(), {}),
    "union": (Note.objects.filter(rank=1).union(Note.objects.filter(rank=2)), {}),
    "inherited": (Cafe.objects.filter(name="x", seats=3), {"seats": {3}}),
    "parent": (Place.objects.filter(name="x"), {"name": {"x"}}),
    "proxy": (LoudNote.objects.filter(rank=3), {"rank": {3}}),
    "time": (USER.objects.filter(last_login="2020-01-01T00:00:00Z", is_staff=True), {"is_staff": {True}}),
    "raw": (Note.objects.extra(where=["rank = 1"]).filter(done=True), {"done": {True}}),
}  # fmt: skip


@pytest.mark.parametrize("name", QUERYSETS)
def test_what_every_row_has_in_common_is_read_from_the_where(name: str) -> None:
    queryset, expected = QUERYSETS[name]
    found = conditions_of(queryset).allowed
    if connection.vendor in ("sqlite", "postgresql"):
        assert found == expected


BOUNDS: dict[str, tuple[QuerySet[Any], dict[str, tuple[float, float]]]] = {
    "at least": (Note.objects.filter(rank__gte=1), {"rank": (1, math.inf)}),
    "more than": (Note.objects.filter(rank__gt=1), {"rank": (2, math.inf)}),
    "at most": (Note.objects.filter(weight__lte=1), {"weight": (-math.inf, 1)}),
    "less than": (Note.objects.filter(weight__lt=1), {"weight": (-math.inf, 0)}),
    "fractions": (
        Note.objects.filter(rank__gte=1.5, weight__lt=1.5),
        {"rank": (2, math.inf), "weight": (-math.inf, 1)},
    ),
    "between": (Note.objects.filter(rank__range=(1, "5")), {"rank": (1, 5)}),
    "both sides": (Note.objects.filter(rank__gte=1).filter(rank__lt=9, rank__gt=-5), {"rank": (1, 8)}),
    "nothing between": (Note.objects.filter(rank__gt=5, rank__lt=5), {"rank": (6, 4)}),
    "a key": (Note.objects.filter(pk__gt=7), {"id": (8, math.inf)}),
    "not": (Note.objects.exclude(rank__gte=1), {}),
    "or": (Note.objects.filter(Q(rank__gte=1) | Q(weight__gte=1)), {}),
    "of another column": (Note.objects.filter(rank__gte=F("weight")), {}),
    "of an open range": (Note.objects.filter(rank__range=(F("weight"), 3)), {}),
    "of a related row": (Note.objects.filter(parent__rank__gte=1), {}),
    "of a relation": (Note.objects.filter(owner__gte=1), {}),
    "of text": (Note.objects.filter(title__gte="a"), {}),
    "of keys that are no numbers": (Token.objects.filter(pk__gte=KEY), {}),
    "of decimals": (Money.objects.filter(amount__gte=1), {}),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_between_which_numbers_every_row_is_is_read_from_the_where(name: str) -> None:
    queryset, expected = BOUNDS[name]
    assert conditions_of(queryset).bounds == expected


@pytest.mark.django_db
@given(rank=st.integers(-4, 4), low=st.floats(-4, 4), high=st.one_of(st.integers(-4, 4), st.floats(-4, 4)))
def test_bounds_leave_out_no_row_that_the_database_finds(rank: int, low: float, high: float) -> None:
    with transaction.atomic():
        note = Note.objects.create(rank=rank, weight=rank)
        for lookups in (
            {"rank__gte": low, "weight__lte": high},
            {"rank__gt": low, "weight__lt": high},
            {"rank__range": (low, high)},
        ):
            queryset = Note.objects.filter(**lookups)
            is_found = queryset.filter(pk=note.pk).exists()
            assert conditions_of(queryset).admit({"rank": rank, "weight": rank}) or not is_found
        transaction.set_rollback(True)


def test_text_with_a_collation_of_its_own_is_left_to_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Note._meta.get_field("title"), "db_collation", "nocase")
    assert conditions_of(Note.objects.filter(title="a", rank=1)).allowed == {"rank": {1}}


def test_text_in_a_table_that_django_has_not_made_is_left_to_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Note._meta, "managed", False)
    assert conditions_of(Note.objects.filter(title="a", rank=1)).allowed == {"rank": {1}}


def test_a_lookup_of_ones_own_is_left_to_the_database() -> None:
    class Roughly(models.Lookup):
        lookup_name = "exact"

        def as_sql(self, compiler: Any, connection: Any) -> Any:
            return "1 = 1", []

    field = Note._meta.get_field("rank")
    field.register_lookup(Roughly)
    try:
        assert conditions_of(Note.objects.filter(rank=1)).allowed == {}
    finally:
        field._unregister_lookup(Roughly)


def test_a_row_is_admitted_by_all_its_columns() -> None:
    conditions = Conditions({"rank": frozenset({1, 2}), "done": frozenset({True})})
    assert conditions.admit({"rank": 2, "done": True, "title": "x"})
    assert not conditions.admit({"rank": 3, "done": True})
    assert not conditions.admit({"rank": 1, "done": False})
    assert conditions.narrowest() == "done"
    assert conditions.bounded() is None
    between = Conditions(bounds={"rank": Bounds(1, 3), "weight": Bounds(low=2)})
    assert between.admit({"rank": 1, "weight": 9})
    assert between.admit({"title": "x"})
    assert not any(between.admit({"rank": each}) for each in (0, 4, None))
    assert between.bounded() == "rank"
    assert Conditions().narrowest() is None
    assert Conditions().admit({})
