"""Streams over another database than the default one: pages, windows, aggregates and related rows as plain Django has them."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db.models import Count, Max
from rest_framework.permissions import AllowAny

from channels_binding import dispatch
from channels_binding.calls import Call
from channels_binding.consumers import Binding
from channels_binding.live.queries.evaluation import evaluate
from tests.project.zoo.models import Chapter, Country, Novel
from tests.throwaway import throwaway

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "archive"])
THERE = "archive"


def make(alias: str, shift: int) -> None:
    """Rows with the same keys in both, and other values."""
    countries = [Country.objects.using(alias).create(code=code, name=f"{code} of {alias}") for code in ("AT", "BE")]
    for number in range(1, 8):
        novel = Novel.objects.using(alias).create(pk=number, title=f"{(number + shift) % 3} {alias}")
        novel.sold_in.set(countries[: (number + shift) % 3])
        for at in range((number + shift) % 4):
            Chapter.objects.using(alias).create(pk=number * 10 + at, novel=novel, title=f"{at} of {alias}")


@pytest.fixture
def streams() -> Iterator[None]:
    make("default", 0)
    make(THERE, 1)
    with throwaway("zoo.Note"):

        class Countries(Binding):
            stream, model, fields = "tests.Countries", Country, ("code", "name")
            permission_classes = (AllowAny,)

            def get_queryset(self) -> Any:
                return Country.objects.using(THERE)

        class Novels(Binding):
            stream, model, fields = "tests.Novels", Novel, ("id", "title")
            permission_classes = (AllowAny,)
            expandable = {"chapters": {"limit": 2, "order": "-title"}, "sold_in": {}}
            aggregates = {"id": ("max",)}
            group_by = ("title",)
            filterset_fields = ("title",)

            def get_queryset(self) -> Any:
                return Novel.objects.using(THERE)

        class Chapters(Binding):
            stream, model, fields = "tests.Chapters", Chapter, ("id", "title")
            permission_classes = (AllowAny,)
            expandable = ("novel.sold_in",)

            def get_queryset(self) -> Any:
                return Chapter.objects.using(THERE)

        yield


def asked(stream: str, action: str = "search", **data: Any) -> Any:
    call = Call(stream, action, data, get_user_model()(username="ann"))
    found: Any = dispatch.perform(call)
    live: Any = evaluate(call).reading
    assert live.rows == found.rows
    return [json.loads(row.body) for row in found.rows], found.meta


@pytest.mark.usefixtures("streams")
@pytest.mark.parametrize("count", [True, False, "estimate"])
def test_pages(count: Any) -> None:
    rows, meta = asked("tests.Novels", limit=3, page=2, order="title", count=count)
    wanted = Novel.objects.using(THERE).order_by("title", "pk")
    assert rows == [{"id": each.pk, "title": each.title} for each in wanted[3:6]]
    assert meta.get("count", 7) == 7


@pytest.mark.usefixtures("streams")
@pytest.mark.parametrize("order", ["title", "-title", "-id"])
def test_windows_by_cursors(order: str) -> None:
    shown, place = [], ""
    for _ in range(10):
        rows, meta = asked("tests.Novels", limit=2, after=place, order=order)
        shown += [row["id"] for row in rows]
        if not meta["has_next"]:
            break
        place = meta["end"]
    assert shown == [*Novel.objects.using(THERE).order_by(order, "pk").values_list("pk", flat=True)]


@pytest.mark.usefixtures("streams")
def test_aggregates() -> None:
    rows, _ = asked("tests.Novels", "aggregate", measures=["count", "max:id"], by=["title"])
    wanted = Novel.objects.using(THERE).values("title").annotate(count=Count("pk"), max=Max("pk")).order_by("title")
    assert [(row["title"], row["count"], row["max:id"]) for row in rows] == [
        (each["title"], each["count"], each["max"]) for each in wanted
    ]


@pytest.mark.usefixtures("streams")
def test_related_rows() -> None:
    rows, _ = asked("tests.Novels", expand=["chapters", "sold_in"], order="id")
    for row, novel in itertools.zip_longest(rows, Novel.objects.using(THERE).order_by("pk")):
        chapters = novel.chapters.order_by("-title")[:2]
        assert row["expand"] == {
            "chapters": [{"id": each.pk, "title": each.title} for each in chapters],
            "sold_in": [
                {"id": each.code, "code": each.code, "name": each.name} for each in novel.sold_in.order_by("code")
            ],
        }


@pytest.mark.usefixtures("streams")
def test_a_related_row_that_changes_there() -> None:
    call = Call("tests.Novels", "search", {"expand": ["chapters"], "order": "id"}, get_user_model()(username="ann"))
    before = evaluate(call).reading
    here, there = (Chapter.objects.using(alias) for alias in ("default", THERE))
    moved = there.exclude(pk__in=[*here.values_list("pk", flat=True)]).order_by("pk")[0]
    there.filter(pk=moved.pk).update(title="other", novel=5)
    part = evaluate(call, last=before, changed=set(), touched={"zoo.Chapter": {moved.pk}})
    assert not part.is_whole
    assert part.reading == evaluate(call).reading != before


@pytest.mark.usefixtures("streams")
def test_related_rows_of_related_rows() -> None:
    rows, _ = asked("tests.Chapters", expand=["novel.sold_in"], order="id")
    for row, chapter in itertools.zip_longest(rows, Chapter.objects.using(THERE).order_by("pk")):
        novel = row["expand"]["novel"]
        assert novel["title"] == chapter.novel.title
        assert [each["name"] for each in novel["expand"]["sold_in"]] == [
            each.name for each in chapter.novel.sold_in.all()
        ]
