"""Rows that a queryset finds several times are listed once, counted once, and stay so while they are live."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, F, Min, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from channels_binding.bindings import AsyncBinding
from channels_binding.checks import bindings as checks
from channels_binding.exceptions import NotFound
from channels_binding.querysets.once import is_path_to_many, once, repeats, settled, whole
from channels_binding.testing import BindingClient
from tests.conftest import Connect
from tests.live.test_hub.shown import in_thread, make_notes
from tests.project.zoo.models import Label, Note, Person, Place, Remark
from tests.throwaway import throwaway

pytestmark = pytest.mark.django_db


def mine_or_labelled() -> QuerySet[Note]:
    return Note.objects.filter(Q(rank__gt=5) | Q(labels__name__startswith="a"))


@pytest.fixture
def notes() -> list[Note]:
    labels = [Label.objects.create(name=f"a{number}") for number in range(3)]
    made = [Note.objects.create(title=title, rank=rank) for title, rank in (("b", 6), ("a", 0), ("c", 0))]
    for note in made[:2]:
        note.labels.set(labels)
    return made


@pytest.fixture
def client(user: Any) -> Iterator[BindingClient]:
    with throwaway():

        class Repeating(AsyncBinding):
            stream = "test.repeating"
            model = Note
            fields = ("id", "title", "rank", "labels")
            ordering = ("title",)
            search_fields = ("title",)
            filterset_fields = ("labels__name", "labels")

            def get_queryset(self) -> Any:
                return mine_or_labelled()

        yield BindingClient(user)


@pytest.mark.parametrize(
    ("action", "data", "titles"),
    [
        ("search", {}, ["a", "b"]),
        ("search", {"limit": 1, "page": 2}, ["b"]),
        ("search", {"order": "-rank"}, ["b", "a"]),
        ("search", {"filters": {"labels__name": "a1"}}, ["a", "b"]),
        ("search", {"query": "b"}, ["b"]),
        ("list", {}, ["a", "b"]),
    ],
)
def test_each_row_is_listed_and_counted_once(
    action: str, data: Any, titles: list[str], client: BindingClient, notes: list[Note]
) -> None:
    answer = client.call(f"test.repeating.{action}", data)
    assert [row["title"] for row in answer["rows"]] == titles
    assert answer["count"] == (2 if "limit" in data else len(titles))


def test_a_row_is_retrieved_and_written_as_any_other(client: BindingClient, notes: list[Note]) -> None:
    assert client.update("test.repeating", notes[0].pk, title="new")["success"]
    assert client.retrieve("test.repeating", notes[0].pk)["title"] == "new"
    assert client.delete("test.repeating", notes[0].pk)["success"]


def test_what_finds_a_row_once_is_left_as_it_is() -> None:
    for queryset in (
        Note.objects.filter(owner__username="x").order_by("-rank"),
        Note.objects.filter(labels=1).distinct(),
        Note.objects.annotate(first=Min("labels__name")),
        Note.objects.exclude(labels__name="x"),
        Note.objects.filter(labels=1)[:3],
        Place.objects.filter(cafe__seats=1),
        Note.objects.filter(rank=1).union(Note.objects.filter(rank=2)),
    ):
        assert once(queryset) is queryset


def test_an_order_joins_and_annotations_of_the_queryset_stay(notes: list[Note]) -> None:
    labelled = Note.objects.filter(labels__name__startswith="a")
    shaped = once(labelled.select_related("owner").only("title", "owner").order_by("-title").reverse())
    assert [note.title for note in shaped] == ["a", "b"]
    assert shaped.query.select_related == {"owner": {}}
    assert shaped[0].get_deferred_fields() >= {"rank"}
    assert not repeats(shaped.query)
    doubled = once(labelled.annotate(double=F("rank") * 2).order_by("title"))
    assert [(note.title, note.double) for note in doubled] == [("a", 0), ("b", 12)]
    assert once(labelled.prefetch_related("labels").select_for_update()).query.select_for_update


def test_a_generic_relation_and_the_other_side_of_a_foreign_key_repeat_rows() -> None:
    person = Person.objects.create(name="x")
    for text in "ab":
        Remark.objects.create(text=text, subject=person)
        Person.objects.create(name=text, mentor=person)
    for queryset in (Person.objects.filter(remarks__text__gt=""), Person.objects.filter(pupils__name__gt="")):
        assert queryset.count() == 2
        assert once(queryset).count() == 1


def test_an_order_by_what_a_row_has_several_of_is_an_error() -> None:
    assert is_path_to_many(Note, "labels__name")
    assert is_path_to_many(Person, "pupils__name")
    assert is_path_to_many(Person, "remarks__text")
    assert not any(is_path_to_many(Note, path) for path in ("owner__username", "pk", "parent__rank__x", "none__labels"))
    with throwaway():

        class Ordered(AsyncBinding):
            stream = "test.ordered"
            model = Note
            fields = ("id", "title")
            ordering_fields = ("title", "labels__name")
            ordering = ("-labels__name",)

        found = [message for message in checks._binding(Ordered) if message.id == "channels_binding.E023"]
        assert ["ordering_fields" in message.msg for message in found] == [True, False]


@pytest.mark.django_db(transaction=True)
async def test_each_row_stays_once_in_a_live_list(connect: Connect, user: Any, client: BindingClient) -> None:
    labels = [await Label.objects.acreate(name=f"a{number}") for number in range(3)]
    socket = await connect(user)
    live = await socket.live("test.repeating.search", {})
    for title in "cab":
        note = await Note.objects.acreate(title=title, rank=0)
        await note.labels.aset(labels)
        await socket.assert_live(live)
    for some in ([], labels[:2]):
        await note.labels.aset(some)
        await socket.assert_live(live)
    assert [row["title"] for row in live.rows] == ["a", "b", "c"]


# Cut off


def test_what_is_cut_off_can_be_filtered_counted_and_ordered_anew(notes: list[Note]) -> None:
    cut = Note.objects.annotate(twice=F("rank") * 2).select_related("owner").order_by("-rank", "pk")[:2]
    rows = whole(cut)
    assert [(row.title, row.twice) for row in rows] == [("b", 12), ("a", 0)]
    assert (rows.count(), rows.filter(rank=0).count(), rows.order_by("rank").first()) == (2, 1, notes[1])
    assert "owner" in rows.query.select_related  # type: ignore[operator]
    assert [row.title for row in whole(Note.objects.order_by("-rank", "pk")[1:2])] == ["a"]


def test_what_is_not_cut_off_stays_as_it_is() -> None:
    for queryset in (Note.objects.all(), Note.objects.all().union(Note.objects.all())[:1]):
        assert whole(queryset) is queryset


@pytest.mark.django_db(transaction=True)
async def test_a_list_of_the_first_rows_stays_one_while_it_is_live(connect: Connect, user: Any) -> None:
    with throwaway():

        class FirstBinding(AsyncBinding):
            stream = "test.first"
            model = Note
            fields = ("id", "title", "rank")
            search_fields = ("title",)

            def get_queryset(self) -> Any:
                return Note.objects.order_by("-rank")[:2]

        low, *others = await make_notes(1, 2, 3)
        socket = await connect(user)
        live = [await socket.live(f"test.first.search#{n}", data) for n, data in enumerate(({}, {"query": "n"}))]
        assert [row["rank"] for row in live[0].rows] == [3, 2]
        for change in (lambda: Note.objects.filter(pk=low.pk).update(rank=9), others[1].delete, low.delete):
            await in_thread(change)()
            await socket.assert_live(*live)
        assert [row["rank"] for row in live[0].rows] == [2]
        answers = [await socket.call(f"test.first.{action}", {"id": others[0].pk}) for action in ("retrieve", "delete")]
        assert [each["data"]["id"] for each in answers] == [others[0].pk] * 2


# Whose rows depend on all rows: what asks for fewer stays within them


def by_window() -> QuerySet[Note]:
    ranked = Note.objects.annotate(place=Window(RowNumber(), partition_by=F("done"), order_by=F("rank").desc()))
    return ranked.filter(place__lte=1)


def by_count() -> QuerySet[Note]:
    return Note.objects.annotate(number=Count("labels")).filter(number__gte=2)


def by_union() -> QuerySet[Note]:
    return Note.objects.order_by().filter(title="top").union(Note.objects.order_by().filter(rank=77))


def by_distinct() -> QuerySet[Note]:
    return Note.objects.distinct("done").order_by("done", "-rank")


WITHIN = {"a window function": by_window, "an aggregate": by_count, "a union": by_union}
if connection.vendor == "postgresql":  # no other database has it
    WITHIN["distinct on"] = by_distinct


@pytest.fixture
def top_and_hidden() -> tuple[Note, Note]:
    """The first is in each of them, and the second in none."""
    first, second = [Label.objects.create(name=name) for name in ("x", "y")]
    top, hidden = Note.objects.create(title="top", rank=9), Note.objects.create(title="hidden", rank=1)
    top.labels.set([first, second])
    hidden.labels.set([first])
    for note in (top, hidden):
        Note.objects.bulk_create([Note(title=title, parent=note) for title in ("part1", "part2")])
    return top, hidden


@pytest.fixture
def within(user: Any, request: Any) -> Iterator[BindingClient]:
    with throwaway():

        class WithinBinding(AsyncBinding):
            stream = "test.within"
            model = Note
            fields = ("id", "title", "rank")
            search_fields = ("title", "note__title")
            filterset_fields = {"title": ["exact"], "note__title": ["startswith"]}
            ordering = ("id",)
            group_by = ("title",)

            def get_queryset(self) -> Any:
                return WITHIN[request.param]()

        yield BindingClient(user)


@pytest.mark.parametrize("within", WITHIN, indirect=True)
def test_who_asks_for_fewer_rows_is_shown_none_that_are_not_there(
    within: BindingClient, top_and_hidden: tuple[Note, Note]
) -> None:
    top, hidden = top_and_hidden
    listed = {"id": top.pk, "title": "top", "rank": 9}
    assert within.search("test.within")["rows"] == within.list("test.within")["rows"] == [listed]
    assert within.retrieve("test.within", top.pk) == listed
    with pytest.raises(NotFound):
        within.retrieve("test.within", hidden.pk)
    asked: list[Any] = [{"filters": {"title": "hidden"}}, {"query": "hidden"}, {"filters": {"title": "top"}}]
    asked += [
        {"filters": {"note__title__startswith": "part"}},
        {"query": "part"},
        {"order": "-rank", "limit": 1, "page": 1},
    ]
    found = [within.search("test.within", **data) for data in asked]
    assert [(page["count"], page["rows"]) for page in found] == [(0, []), (0, []), *[(1, [listed])] * 4]
    assert within.call("test.within.retrieve", {"ids": [hidden.pk, top.pk]})["rows"] == [listed]
    for action in ("update", "delete", "form"):
        with pytest.raises(NotFound):
            within.call(f"test.within.{action}", {"id": hidden.pk})
    counted = within.call("test.within.aggregate", {"filters": {"note__title__startswith": "part"}})
    assert counted["rows"] == [{"id": "[]", "count": 1}]
    assert within.search("test.within", after="", limit=5)["rows"] == [listed]
    assert within.call("test.within.update", {"id": top.pk, "title": "still"})["success"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("within", WITHIN, indirect=True)
async def test_lists_and_subscribers_follow_who_is_among_them(
    within: BindingClient, connect: Connect, user: Any, top_and_hidden: tuple[Note, Note]
) -> None:
    top, hidden = top_and_hidden
    socket = await connect(user)
    asked: list[Any] = [{}, {"filters": {"title": "hidden"}}, {"query": "part"}]
    live = [await socket.live(f"test.within.search#{n}", data) for n, data in enumerate(asked)]
    other = await connect(user)
    await other.call("test.within.subscribe")
    await in_thread(Note.objects.filter(pk=hidden.pk).update)(rank=0)
    await socket.assert_live(*live)
    assert await other.silent(), "it is not there for having changed"
    await in_thread(Note.objects.filter(pk=top.pk).update)(rank=8)
    await socket.assert_live(*live)
    assert (await other.receive())["data"] == {"id": top.pk, "title": "top", "rank": 8}
    await in_thread(top.delete)()
    await socket.assert_live(*live)


def test_what_depends_on_no_other_row_stays_as_it_is() -> None:
    shown = Note.objects.annotate(number=Count("labels"))
    assert whole(shown) is shown
    assert settled(shown) is shown
