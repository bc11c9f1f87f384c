"""Selections: they read what Django's own ``values_list`` reads, and write a statement once."""

import datetime
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, models
from django.db.models.functions import Lower
from django.db.models.sql import Query

from channels_binding.compiled import select
from channels_binding.compiled.select import Selection, selection_of
from channels_binding.querysets.inspection import count_of
from tests.project.zoo.models import Cafe, Document, Label, Membership, Moment, Note, Token

pytestmark = pytest.mark.django_db


def selected(model: Any, *names: str) -> Selection:
    found = selection_of(model, names)
    assert found is not None
    return found


def as_given(selection: Selection, fetched: list[Any]) -> list[tuple[Any, ...]]:
    """Fetched rows as Django gives them."""
    if not fetched:
        return []
    columns = zip(*fetched, strict=True)
    given = [source.given(values, connection) for source, values in zip(selection.sources, columns, strict=True)]
    return [*zip(*given, strict=True)]


@pytest.fixture
def notes() -> list[Note]:
    owners = [get_user_model().objects.create_user(name) for name in ("ann", "bob")]
    labels = [Label.objects.create(name="a"), Label.objects.create(name="b")]
    made = []
    for rank in range(6):
        note = Note.objects.create(
            title=f"n{rank % 4}", rank=rank % 3, done=rank % 2 == 0, owner=[*owners, None][rank % 3]
        )
        note.labels.set(labels[: rank % 3])
        made.append(note)
    return made


QUERYSETS: dict[str, Callable[[], Any]] = {
    "all": lambda: Note.objects.all(),
    "ordered": lambda: Note.objects.order_by("-rank", "pk"),
    "ordered by what may be null": lambda: Note.objects.order_by(models.F("owner").desc(nulls_last=True), "pk"),
    "ordered over a relation": lambda: Note.objects.order_by("owner__username", "-pk"),
    "backwards": lambda: Note.objects.order_by("rank", "pk").reverse(),
    "a page": lambda: Note.objects.order_by("pk")[2:4],
    "ordered by an expression": lambda: Note.objects.order_by(Lower("title").desc(), "pk"),
    "from the third on": lambda: Note.objects.order_by("pk")[2:],
    "a page that is empty": lambda: Note.objects.order_by("pk")[3:3],
    "a page beyond the end": lambda: Note.objects.order_by("pk")[30:40],
    "filtered": lambda: Note.objects.filter(rank__gte=1, title__contains="n").order_by("pk"),
    "filtered over a relation": lambda: Note.objects.filter(owner__username="ann").order_by("pk"),
    "found twice": lambda: Note.objects.filter(labels__name__in=["a", "b"]).order_by("pk"),
    "excluded": lambda: Note.objects.exclude(labels__name="b").order_by("pk"),
    "a subquery": lambda: Note.objects.filter(models.Exists(Label.objects.filter(note=models.OuterRef("pk")))).order_by(
        "pk"
    ),
    "none": lambda: Note.objects.none(),
    "none by its keys": lambda: Note.objects.filter(pk__in=[]),
    "with its owner": lambda: Note.objects.select_related("owner").order_by("pk"),
    "locked": lambda: Note.objects.select_for_update().order_by("pk"),
    "without its title": lambda: Note.objects.defer("title").order_by("pk"),
    "with a condition written by hand": lambda: Note.objects.extra(where=["rank > 0"]).order_by("pk"),
}


@pytest.mark.parametrize("name", QUERYSETS)
def test_a_queryset_is_read_as_django_reads_it(notes: list[Note], name: str) -> None:
    selection = selected(Note, "title", "done", "owner_id", "rank")
    expected = [*QUERYSETS[name]().values_list("pk", "title", "done", "owner_id", "rank")]
    for _ in range(2):  # the second time as it was kept
        assert selection.takes(QUERYSETS[name]())
        assert as_given(selection, selection.fetch(QUERYSETS[name]())) == expected
        assert count_of(QUERYSETS[name]()) == QUERYSETS[name]().count()


@pytest.mark.parametrize(
    "queryset",
    [
        lambda: Note.objects.annotate(n=models.Count("labels")),
        lambda: Note.objects.distinct(),
        lambda: Note.objects.values("rank"),
        lambda: Note.objects.union(Note.objects.all()),
        lambda: Note.objects.extra(select={"x": "1"}),
        lambda: Label.objects.all(),
    ],
)
def test_what_is_more_than_rows_of_the_table_is_not_taken(queryset: Any) -> None:
    assert not selected(Note, "title").takes(queryset())
    assert count_of(Note.objects.distinct()) == Note.objects.count()


def test_a_statement_is_written_once_and_bears_no_page(notes: list[Note], monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    compiled = Selection._compiled

    def counted(*args: Any, **more: Any) -> Any:
        written.append(args)
        return compiled(*args, **more)

    monkeypatch.setattr(Selection, "_compiled", counted)
    selection = selected(Note, "title")
    for start in range(4):
        assert [key for key, _ in selection.fetch(Note.objects.order_by("pk")[start : start + 1])] == [notes[start].pk]
        assert selection.fetch_by_key(Note.objects.all(), notes[start].pk) == [(notes[start].pk, notes[start].title)]
    assert len(written) == 2  # the list, and the row
    selection.fetch(Note.objects.filter(rank=1))
    selection.fetch(Note.objects.filter(rank=2))
    assert len(written) == 4  # conditions hold values; only an order is kept


def test_only_so_many_statements_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(select, "MOST_KEPT", 3)
    selection = selected(Note, "title")
    for name in ("pk", "-pk", "rank", "-rank", "title", "-title", "owner", "done"):
        selection.fetch(Note.objects.order_by(name))
        assert len(selection._kept) <= 3


def test_a_row_is_found_by_its_key_among_those_there_are(notes: list[Note]) -> None:
    selection = selected(Note, "rank")
    some = Note.objects.filter(rank=1)
    assert [key for key, _ in selection.fetch_by_key(some, notes[1].pk)] == [notes[1].pk]
    assert selection.fetch_by_key(some, notes[0].pk) == []
    assert selection.fetch_by_key(Note.objects.all(), 10**30) == []
    assert selection.fetch_by_key(Note.objects.all(), 2**40) == []
    assert selection.fetch_by_key(Note.objects.none(), notes[0].pk) == []


def test_a_row_beyond_a_slice_is_not_found_by_its_key(notes: list[Note]) -> None:
    selection = selected(Note, "title")
    for _ in range(2):
        for find in (selection.fetch_by_key, select.get):
            with pytest.raises(TypeError, match="slice"):
                find(Note.objects.order_by("pk")[:1], notes[3].pk)


def test_a_query_of_the_project_s_own_kind_is_django_s_to_compile(notes: list[Note]) -> None:
    class OnlyDone(Query):
        """As a library's that adds to the SQL what a queryset does not show."""

        def get_compiler(self, *args: Any, **kwargs: Any) -> Any:
            query = Query(Note)
            query.add_q(models.Q(done=True))
            query.add_fields(["pk", "title"])
            return query.get_compiler(*args, **kwargs)

    own = Note.objects.order_by("pk")
    own.query.__class__ = OnlyDone
    assert not selected(Note, "title").takes(own)
    assert count_of(own) == own.count()


def test_an_order_that_may_mean_anything_is_not_kept(notes: list[Note]) -> None:
    selection = selected(Note, "title")
    selection.fetch(Note.objects.order_by(models.Case(models.When(rank=1, then=0), default=1)))
    assert selection._kept == {}


def test_a_key_that_is_no_number_finds_its_row() -> None:
    token = Token.objects.create(name="x")
    selection = selected(Token, "name")
    for _ in range(2):
        assert as_given(selection, selection.fetch_by_key(Token.objects.all(), token.pk)) == [(token.pk, "x")]
        assert selection.fetch_by_key(Token.objects.all(), uuid.uuid4()) == []


@pytest.mark.parametrize(
    "rows",
    [
        lambda: Note.objects.all(),
        lambda: Note.objects.filter(rank__lt=9),
        lambda: Note.objects.select_for_update(),
        lambda: Note.objects.select_related("owner"),
        lambda: Note.objects.defer("title"),
        lambda: Note.objects.annotate(n=models.Count("labels")),
        lambda: get_user_model().objects.get(username="ann").notes.all(),  # what they belong to is known without asking
    ],
)
def test_an_instance_is_what_django_would_have_loaded(notes: list[Note], rows: Any) -> None:
    for _ in range(2):
        expected, found = rows().get(pk=notes[0].pk), select.get(rows(), notes[0].pk)
        assert {**vars(found), "_state": None} == {**vars(expected), "_state": None}
        assert vars(found._state).keys() == vars(expected._state).keys()
        assert (found._state.db, found._state.adding) == (expected._state.db, False)
        assert found._state.fields_cache.keys() == expected._state.fields_cache.keys()
        assert found.get_deferred_fields() == expected.get_deferred_fields()
        with pytest.raises(Note.DoesNotExist):
            select.get(rows(), 424242)


def test_an_instance_of_two_tables_is_django_s_to_load() -> None:
    cafe = Cafe.objects.create(name="x", seats=3)
    found = select.get(Cafe.objects.all(), cafe.pk)
    assert (found.name, found.seats) == ("x", 3)


@pytest.mark.filterwarnings("ignore:.*must accept a fetch_mode")
def test_an_instance_that_the_project_makes_is_django_s_to_load(
    notes: list[Note], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ``from_db()`` of before Django 6.1 takes no ``fetch_mode``, and Django knows that."""

    def from_db(cls: Any, db: Any, field_names: Any, values: Any) -> Any:
        made = models.Model.from_db.__func__(cls, db, field_names, values)  # type: ignore[attr-defined]
        made.title = made.title[::-1]
        return made

    monkeypatch.setattr(Note, "from_db", classmethod(from_db))
    monkeypatch.setattr(select, "_loading_options", lambda queryset: {"fetch_mode": None})
    Note.objects.filter(pk=notes[0].pk).update(title="ab")
    assert select.get(Note.objects.all(), notes[0].pk).title == "ba"


def test_times_are_read_as_django_reads_them() -> None:
    day, hour = datetime.date(2026, 2, 3), datetime.time(4, 5, 6, 7)
    Moment.objects.create(day=day, instant=datetime.datetime(2026, 2, 3, 4, 5, 6, 7, datetime.UTC), hour=hour)
    names = [column.attname for column in Moment._meta.concrete_fields if column.name != "id"]
    selection = selected(Moment, *names)
    assert as_given(selection, selection.fetch(Moment.objects.all())) == [*Moment.objects.values_list("pk", *names)]


def test_values_that_a_field_makes_itself_are_made() -> None:
    Document.objects.create(content={"a": [1, None]})
    selection = selected(Document, "content")
    assert as_given(selection, selection.fetch(Document.objects.all())) == [
        *Document.objects.values_list("pk", "content")
    ]


def test_columns_of_other_tables_are_not_for_a_selection() -> None:
    assert selection_of(Note, ["owner__username"]) is None
    assert selection_of(Cafe, ["name"]) is None  # of the parent's table
    assert selection_of(Membership, ["nothing"]) is None
