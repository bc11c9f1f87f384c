"""Queries that are Django's through and through, and those that hold one thing of a project's, wherever it stands."""

import copy
import datetime
import enum
from typing import Any

import pytest
from django.db import models
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    FilteredRelation,
    Func,
    OuterRef,
    Prefetch,
    Q,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.expressions import Col, RawSQL
from django.db.models.functions import Cast, Coalesce, Concat, Lower, RowNumber
from django.test.utils import isolate_apps
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy

from channels_binding.querysets import stock
from channels_binding.querysets.stock import (
    is_djangos_column,
    is_djangos_manager,
    is_djangos_order,
    is_djangos_path,
    is_djangos_queryset,
    is_plain_data,
)
from tests.project.zoo.models import Label, Note

NOTES: Any = Note.objects


class Status(models.TextChoices):
    OPEN = "open"


class Shouted(enum.Enum):
    OPEN = "open"

    def __str__(self) -> str:
        return "told"


class Loud(Func):
    function = "UPPER"


class OwnField(models.CharField):  # type: ignore[type-arg]
    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(value)


class OwnZone(datetime.tzinfo):
    def utcoffset(self, moment: Any) -> Any:
        return datetime.timedelta(hours=1)

    def dst(self, moment: Any) -> Any:
        return None

    def tzname(self, moment: Any) -> Any:
        return "own"


class Counted(models.IntegerChoices):
    ONE = 1

    def __int__(self) -> int:
        return 2


class Own(str):
    """A text that may be another one for each who reads it."""


class OwnQ(Q):
    pass


DJANGOS: dict[str, models.QuerySet[Any]] = {
    "all rows": NOTES.all(),
    "values": NOTES.filter(title="x", rank__in=[1, 2], done=False).exclude(rank__gt=7)[:10],
    "members of an enumeration": NOTES.filter(title=Status.OPEN),
    "expressions": NOTES.annotate(n=Count("labels"), low=Lower(F("title"))).filter(n__gt=1, low__startswith="a"),
    "conditions": NOTES.annotate(
        x=Case(When(Q(rank=1) | ~Q(done=True), then=Value("a")), default=Concat("title", Value("!")))
    ),
    "subqueries": NOTES.filter(Exists(NOTES.filter(parent=OuterRef("pk")))).annotate(
        x=Subquery(NOTES.values("title")[:1])
    ),
    "windows": NOTES.annotate(x=Window(RowNumber(), order_by="rank")),
    "relations": NOTES.select_related("parent").filter(parent__owner__username="ann", labels__name="x"),
    "a narrowed relation": NOTES.annotate(x=FilteredRelation("labels", condition=Q(labels__name="x"))).filter(
        x__name="x"
    ),
    "prefetched relations": NOTES.prefetch_related("labels"),
    "a range": NOTES.filter(rank__in=range(3)),
    "an order": NOTES.order_by("-rank", Lower("title").desc(), F("weight").asc(nulls_last=True), "parent", "?"),
    "casts": NOTES.annotate(x=Cast("rank", models.CharField(max_length=9)), y=Coalesce("title", Value(""))),
}


@pytest.mark.parametrize("queryset", DJANGOS.values(), ids=DJANGOS)
def test_what_django_and_plain_values_make_is_djangos(queryset: models.QuerySet[Any]) -> None:
    assert is_djangos_queryset(queryset)


def test_having_been_read_changes_nothing(db: None) -> None:
    queryset = NOTES.all()
    Note(title="x").save()
    assert len(queryset) == 1
    assert is_djangos_queryset(queryset)


lazily: Any = lazy(lambda: "x", str)
PROJECTS: dict[str, models.QuerySet[Any]] = {
    "a union, which is read by instances": NOTES.filter(rank=1).union(NOTES.filter(rank=2)),
    "a prefetch of its own": NOTES.prefetch_related(Prefetch("labels", Label.objects.filter(name="x"))),
    "a function of the database": NOTES.filter(title=Func(function="caller", output_field=models.CharField())),
    "SQL": NOTES.filter(title=RawSQL("caller()", ())),
    "a condition in SQL": NOTES.extra(where=["title = caller()"]),
    "a time in a zone of its own": NOTES.filter(
        owner__date_joined__gte=datetime.datetime(2026, 1, 1, tzinfo=OwnZone())
    ),
    "a number of its own": NOTES.filter(rank=Counted.ONE),
    "an expression": NOTES.filter(title=Loud(F("title"))),
    "an expression in a condition": NOTES.annotate(x=Case(When(title=Loud(Value("x")), then=1))),
    "an expression in a narrowed relation": NOTES.annotate(
        x=FilteredRelation("labels", condition=Q(labels__name=Loud(Value("x"))))
    ),
    "an expression in an order": NOTES.order_by(Lower(Loud("title"))),
    "an expression in a window": NOTES.annotate(x=Window(RowNumber(), order_by=Loud("title"))),
    "an expression in a subquery": NOTES.filter(Exists(NOTES.filter(title=Loud(Value("x"))))),
    "an expression in a union": NOTES.union(NOTES.filter(title=Loud(Value("x")))),
    "an expression in an aggregate's filter": NOTES.annotate(x=Count("labels", filter=Q(title=Loud(Value("x"))))),
    "a lazy value": NOTES.annotate(x=Value(lazily(), output_field=models.CharField())),
    "a lazy value to compare with": NOTES.filter(title=Value(lazily())),
    "a lazy translation": NOTES.annotate(x=Value(gettext_lazy("yes"), output_field=models.CharField())),
    "a text of its own": NOTES.annotate(x=Value(Own("x"), output_field=models.CharField())),
    "a member with a text of its own": NOTES.annotate(x=Value(Shouted.OPEN, output_field=models.CharField())),
    "an output field": NOTES.annotate(x=Value("x", output_field=OwnField())),
    "a cast": NOTES.annotate(x=Cast("title", OwnField(max_length=9))),
    "parameters": NOTES.extra(where=["title = %s"], params=[Own("x")]),
}


@pytest.mark.parametrize("queryset", PROJECTS.values(), ids=PROJECTS)
def test_one_thing_of_the_projects_is_enough(queryset: models.QuerySet[Any]) -> None:
    assert not is_djangos_queryset(queryset)


class Open(models.QuerySet[Any]):
    def open(self) -> Any:
        return self.filter(done=False)


@pytest.mark.parametrize(
    "make", [Open.as_manager, models.Manager.from_queryset(Open), type("M", (models.Manager,), {})]
)
def test_a_manager_that_only_adds_methods_is_djangos_before_and_after_it_was_copied(make: Any) -> None:
    manager = make()
    manager.model, manager._db = Note, None
    assert is_djangos_manager(manager)
    copy.copy(manager)
    assert is_djangos_manager(manager)


def test_what_a_queryset_or_a_manager_was_given_as_its_own_takes_part() -> None:
    queryset = NOTES.all()
    queryset.using = lambda alias: queryset
    assert not is_djangos_queryset(queryset)
    manager: Any = models.Manager()
    manager.model, manager._db = Note, None
    assert is_djangos_manager(manager)
    manager.get_queryset = lambda: NOTES.filter(rank=1)
    assert not is_djangos_manager(manager)


@isolate_apps("tests.project.zoo")
def test_a_column_takes_part_with_what_it_refers_to_and_how_it_is_written_and_read() -> None:
    import json

    class Decoder(json.JSONDecoder):
        pass

    class Kept(models.Model):
        code = OwnField(primary_key=True, max_length=9)

        class Meta:
            app_label = "zoo"

    class Keeps(models.Model):
        kept = models.ForeignKey(Kept, models.CASCADE)
        note = models.ForeignKey("zoo.Plain", models.CASCADE)
        read = models.JSONField(decoder=Decoder)
        stored = models.JSONField()

        class Meta:
            app_label = "zoo"

    class Plain(models.Model):
        class Meta:
            app_label = "zoo"

    known = {name: is_djangos_column(Keeps._meta.get_field(name)) for name in ("kept", "note", "read", "stored")}
    assert known == {"kept": False, "note": True, "read": False, "stored": True}
    assert not is_djangos_queryset(models.QuerySet(Keeps).filter(kept="x"))
    assert not is_djangos_path(models.QuerySet(Keeps), "kept__exact")
    assert not is_djangos_order(models.QuerySet(Keeps), ["kept"])


@pytest.mark.parametrize(
    "path", ["title", "title__icontains", "parent__title", "labels", "labels__name__in", "pk", "n__gte"]
)
def test_ways_that_django_knows(path: str) -> None:
    assert is_djangos_path(NOTES.annotate(n=Count("labels")), path)


@pytest.mark.parametrize("path", ["", "nothing", "title__nothing", "title__nothing__exact", "n"])
def test_ways_that_nobody_knows(path: str) -> None:
    assert not is_djangos_path(NOTES.all(), path)


@pytest.mark.parametrize(
    ("value", "is_plain"),
    [
        ({"a": [1, ("b", None)]}, True),
        (Status.OPEN, True),
        (Note, True),
        (Own("x"), False),
        (Shouted.OPEN, False),
        ([lazily()], False),
        (object(), False),
        (lambda: 1, False),
    ],
)
def test_plain_data(value: Any, is_plain: bool) -> None:
    assert is_plain_data(value) is is_plain


def test_a_query_can_be_judged_while_another_thread_caches_something_on_one_of_its_columns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All queries share a field's column, and Django caches on it what was asked of it."""
    column = Col("zoo_note", Note._meta.get_field("rank"))
    judge = stock._is_plain_value
    added: list[str] = []

    def judge_and_cache(part: Any) -> bool:
        added.append(f"cached_{len(added)}")
        vars(column)[added[-1]] = None
        return judge(part)

    monkeypatch.setattr(stock, "_is_plain_value", judge_and_cache)
    assert stock.is_djangos([column])
    assert added
