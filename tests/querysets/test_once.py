"""Rows that a queryset finds several times are listed once, counted once, and stay so while they are live."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models import F, Min, Q, QuerySet

from channels_binding.bindings import AsyncBinding
from channels_binding.checks import bindings as checks
from channels_binding.querysets.once import is_path_to_many, once, repeats
from channels_binding.testing import BindingClient
from tests.conftest import Connect
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
