"""Which models a queryset reads from."""
# ruff: noqa: E501 (tables are read across)

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import Case, Count, Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery, Value, When
from django.test.utils import CaptureQueriesContext

from channels_binding.querysets import inspection, tables
from channels_binding.querysets.tables import models_of, reads_again, row_models
from tests.project.zoo.models import Cafe, Guard, Label, LoudNote, Note, Person, Place, Precious, Token

USER = get_user_model()
TAGGED = Note.labels.through
GUARDS = Guard.objects.filter(precious=OuterRef("pk"))
QUERYSETS: dict[str, tuple[Any, set[type[Any]]]] = {
    "all": (Note.objects.all(), {Note}),
    "ordered by its own": (Note.objects.order_by("-rank", F("weight").asc(nulls_last=True), "pk"), {Note}),
    "ordered by its own way of ordering": (Person.objects.all(), {Person}),
    "ordered by a relation's way": (Note.objects.order_by("parent"), {Note}),
    "ordered by a relation": (Note.objects.order_by("owner"), {Note}),
    "ordered by an expression": (Note.objects.order_by(Subquery(USER.objects.values("username")[:1])), {Note, USER}),
    "ordered by another row's": (Note.objects.order_by(F("owner__username").asc()), {Note, USER}),
    "none": (Note.objects.none(), {Note}),
    "empty": (Note.objects.filter(pk__in=[]), {Note}),
    "sliced": (Note.objects.all()[:5], {Note}),
    "proxy": (LoudNote.objects.all(), {Note}),
    "inherited": (Cafe.objects.all(), {Cafe, Place}),
    "foreign key": (Note.objects.filter(owner__username="x"), {Note, USER}),
    "own key of a relation": (Note.objects.filter(owner=3), {Note}),
    "self": (Note.objects.filter(parent__rank=1), {Note}),
    "exclude": (Note.objects.exclude(labels__name="x"), {Note, TAGGED, Label}),
    "many to many": (Note.objects.filter(labels__name="x"), {Note, TAGGED, Label}),
    "many to many by key": (Note.objects.filter(labels=1), {Note, TAGGED}),
    "reverse": (Label.objects.filter(note__owner__username="x"), {Label, TAGGED, Note, USER}),
    "order": (Note.objects.order_by("owner__username"), {Note, USER}),
    "select_related": (Note.objects.select_related("owner"), {Note, USER}),
    "subquery in": (Note.objects.filter(pk__in=Guard.objects.values("pk")), {Note, Guard}),
    "subquery of a subquery": (Note.objects.filter(pk__in=Guard.objects.filter(precious__in=Precious.objects.filter(name="x")).values("pk")), {Note, Guard, Precious}),
    "exists": (Precious.objects.filter(Exists(GUARDS)), {Precious, Guard}),
    "not exists": (Precious.objects.filter(~Exists(GUARDS) | Q(name="x")), {Precious, Guard}),
    "annotated subquery": (Precious.objects.annotate(g=Subquery(GUARDS.values("pk")[:1])), {Precious, Guard}),
    "annotated count": (Note.objects.annotate(n=Count("labels")), {Note, TAGGED}),
    "annotated case": (Precious.objects.annotate(c=Case(When(Exists(GUARDS), then=Value(1)), default=Value(0))), {Precious, Guard}),
    "ordered by a subquery": (Precious.objects.order_by(Subquery(GUARDS.values("pk")[:1])), {Precious, Guard}),
    "union": (Label.objects.order_by().values("pk").union(Token.objects.values("pk")), {Label, Token}),
    "filtered relation": (Note.objects.annotate(l=FilteredRelation("labels", condition=Q(labels__name="x"))).filter(l__isnull=False), {Note, TAGGED, Label}),
    "expression": (Note.objects.filter(rank__gt=F("parent__rank")), {Note}),
    "groups of a user": (Note.objects.filter(owner__in=USER.objects.filter(groups__in=Group.objects.filter(name="x"))), {Note, USER, USER.groups.through, Group}),
}  # fmt: skip


@pytest.mark.parametrize("name", QUERYSETS)
@pytest.mark.backends
def test_every_model_that_a_queryset_reads_is_found(name: str) -> None:
    queryset, expected = QUERYSETS[name]
    assert models_of(queryset) == expected


@pytest.mark.parametrize("name", QUERYSETS)
def test_looking_asks_the_database_nothing_and_leaves_the_queryset_as_it_was(name: str, db: None) -> None:
    queryset: QuerySet[Any] = QUERYSETS[name][0]
    before = dict(queryset.query.alias_map)
    with CaptureQueriesContext(connection) as queries:
        models_of(queryset)
    assert len(queries) == 0
    assert dict(queryset.query.alias_map) == before


@pytest.mark.parametrize(
    ("queryset", "expected"),
    [
        (Note.objects.all(), False),
        (Note.objects.filter(owner__username="a", labels__name="x").order_by("owner__email"), False),
        (Note.objects.filter(parent__rank=1), True),
        (Note.objects.order_by("parent__rank"), True),
        (Note.objects.select_related("parent"), True),
        (Note.objects.filter(rank__in=Note.objects.values("weight")), True),
        (Note.objects.filter(Exists(Note.objects.filter(parent=OuterRef("pk")))), True),
        (Note.objects.annotate(n=Count("note")), True),
        (Note.objects.filter(owner__in=Guard.objects.values("pk")), False),
        (Cafe.objects.filter(name="x"), False),
        (Cafe.objects.filter(pk__in=Place.objects.filter(name="x")), True),
    ],
)
@pytest.mark.backends
def test_a_queryset_that_reads_its_own_table_again_is_told_from_others(queryset: Any, expected: bool) -> None:
    tables = {model._meta.db_table for model in row_models(queryset.model)}
    assert reads_again(queryset, tables) is expected


@pytest.mark.parametrize("name", QUERYSETS)
@pytest.mark.backends
def test_what_is_plain_to_see_is_what_the_sql_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    queryset, expected = QUERYSETS[name]
    is_alone, is_entangled = inspection.is_alone(queryset), reads_again(queryset, {queryset.model._meta.db_table})
    monkeypatch.setattr(tables, "is_alone", lambda queryset: False)
    assert models_of(queryset) == expected
    assert reads_again(queryset, {queryset.model._meta.db_table}) == is_entangled
    assert not is_alone or (expected == {queryset.model._meta.concrete_model} and not is_entangled)


def test_much_is_plain_to_see() -> None:
    assert {"all", "sliced", "proxy", "ordered by its own", "ordered by its own way of ordering"} == {
        name for name, (queryset, _) in QUERYSETS.items() if inspection.is_alone(queryset)
    }
