"""Which related rows a caller may know of, laid into the queryset that a key is looked up in."""

from typing import Any

import pytest
from django import forms
from django.contrib.auth import get_user_model
from django.db import connection, models
from django.db.models import Count
from django.test.utils import CaptureQueriesContext
from django_filters import FilterSet, ModelChoiceFilter
from rest_framework import serializers

from channels_binding.bindings import Binding
from channels_binding.bindings.relations import KnownRows, narrow_field, stored, written
from channels_binding.calls import Call
from channels_binding.testing import BindingClient
from tests.conformance.related import served_by
from tests.project.zoo.models import Cafe, Currency, Label, LoudNote, Note, Passport, Person, Place, Price

pytestmark = pytest.mark.django_db


def labels(*names: str) -> list[Any]:
    return [Label.objects.create(name=name) for name in names]


def names(rows: Any) -> list[str]:
    return sorted(row.name for row in rows)


def test_where_nothing_is_hidden_the_queryset_is_left_as_it_is() -> None:
    queryset = Label.objects.filter(name="x")
    assert KnownRows(Label.objects.all()).narrow(queryset) is queryset
    assert KnownRows(Label.objects.order_by("name")).is_every_row


@pytest.mark.parametrize(
    "make",
    [
        lambda: Label.objects.filter(name="a"),
        lambda: Label.objects.exclude(name="b").distinct(),
        lambda: Label.objects.annotate(notes=Count("note")).filter(notes=0, name="a"),
        lambda: Label.objects.order_by().filter(name="a").union(Label.objects.order_by().filter(name="a")),
        lambda: Label.objects.order_by("name")[:1],
        lambda: Label.objects.filter(name="a").prefetch_related("note_set").only("name"),
        lambda: Label.objects.filter(models.Q(name="a") | models.Q(note__title="x")),
    ],
    ids=["filtered", "distinct", "annotated", "union", "sliced", "with relations", "joined"],
)
@pytest.mark.parametrize("may_see", [None, lambda row: row.name != "c"], ids=["by queryset", "and by permission"])
def test_a_stream_may_find_its_rows_in_any_way(make: Any, may_see: Any) -> None:
    a, b = labels("a", "b")
    known = KnownRows(make(), may_see)
    assert not known.is_every_row
    assert names(known.narrow(Label.objects.all())) == ["a"]
    assert known.narrow(Label.objects.all()).get(pk=a.pk) == a
    with pytest.raises(Label.DoesNotExist):
        known.narrow(Label.objects.all()).get(pk=b.pk)
    assert names(known.narrow(Label.objects.filter(name="b"))) == []


def test_a_row_that_its_stream_finds_twice_is_one_row() -> None:
    (label,) = labels("a")
    for _ in range(2):
        Note.objects.create(title="x").labels.add(label)
    known = KnownRows(Label.objects.filter(note__title="x"))
    assert known.narrow(Label.objects.all()).get(pk=label.pk) == label


def test_what_an_object_permission_refuses_is_in_no_fetched_instances() -> None:
    a, b = labels("a", "b")
    known = KnownRows(Label.objects.all(), lambda row: row.name == "a")
    narrowed = known.narrow(Label.objects.all())
    for found in (narrowed, narrowed.filter(pk__in=[a.pk, b.pk]), narrowed[:9], narrowed.iterator(), known.seen()):
        assert names(found) == ["a"]
    with pytest.raises(Label.DoesNotExist):
        narrowed.get(pk=b.pk)


@pytest.mark.parametrize("may_see", [None, lambda row: False], ids=["by queryset", "by permission"])
def test_what_is_stored_is_taken_in_the_same_statement(may_see: Any) -> None:
    a, b = labels("a", "b")
    note = Note.objects.create(title="x")
    note.labels.add(b)
    with CaptureQueriesContext(connection) as statements:
        narrowed = KnownRows(Label.objects.none(), may_see).narrow(Label.objects.all(), stored(note, "labels"))
        assert names(narrowed) == ["b"]
    assert len(statements) == 1
    assert not narrowed.filter(pk=a.pk)


def test_what_is_stored_is_found_by_the_column_that_the_relation_refers_to() -> None:
    currency = Currency.objects.create(code="EUR")
    price = Price(pk=1, currency=currency)
    condition = stored(price, "currency")
    assert condition is not None
    assert Currency.objects.get(condition) == currency
    person = Person.objects.create(name="x")
    passport = Passport(person=person)
    condition = stored(passport, "person")
    assert condition is not None
    assert Person.objects.get(condition) == person


def test_nothing_is_stored_in_a_new_row_nor_by_what_is_no_relation() -> None:
    assert stored(Note(title="x"), "labels") is None
    assert stored(None, "labels") is None
    note = Note.objects.create(title="x")
    for name in ("title", "owner", "parent", "nonsense", ""):
        assert stored(note, name) is None


def test_what_points_to_a_row_is_stored_in_a_relation_that_is_written_from_the_other_side() -> None:
    note, label = Note.objects.create(title="x"), Label.objects.create(name="a")
    child = Note.objects.create(title="child", parent=note)
    child.labels.add(label)
    for instance, name in ((note, "note_set"), (label, "note_set")):
        condition = stored(instance, name)
        assert condition is not None
        assert [*Note.objects.filter(condition)] == [child]


class Inner(serializers.Serializer[Any]):
    label = serializers.PrimaryKeyRelatedField(queryset=Label.objects)  # type: ignore[assignment]
    shown: Any = serializers.PrimaryKeyRelatedField(read_only=True)


class Outer(serializers.Serializer[Any]):
    elder = serializers.PrimaryKeyRelatedField(source="parent", queryset=Note.objects.all())
    tags = serializers.SlugRelatedField(slug_field="name", many=True, queryset=Label.objects.all())
    linked = serializers.HyperlinkedRelatedField(view_name="x", queryset=Label.objects.all())
    inner = Inner()
    inners = Inner(many=True)
    listed = serializers.ListField(child=serializers.PrimaryKeyRelatedField(queryset=Label.objects.all()))
    shown = Inner(read_only=True)
    text = serializers.CharField()
    unseen = serializers.PrimaryKeyRelatedField(source="parent", write_only=True, queryset=Note.objects.all())


@pytest.mark.parametrize("many", [False, True])
def test_every_field_that_takes_a_key_is_found(many: bool) -> None:
    found = [(type(field).__name__, name) for field, name in written(Outer(many=many))]
    assert found == [
        ("PrimaryKeyRelatedField", "parent"),
        ("SlugRelatedField", "tags"),
        ("HyperlinkedRelatedField", "linked"),
        ("PrimaryKeyRelatedField", ""),
        ("PrimaryKeyRelatedField", ""),
        ("PrimaryKeyRelatedField", ""),
        ("PrimaryKeyRelatedField", ""),
    ]
    assert [*written(serializers.BaseSerializer())] == []


def test_a_relation_s_own_queryset_is_narrowed_once_and_anew_for_each_key() -> None:
    class OnlyShort(serializers.PrimaryKeyRelatedField[Any]):
        def get_queryset(self) -> Any:
            return Label.objects.filter(name__in=["a", "b"])

    a, b, c = labels("a", "b", "c")
    calls: list[Any] = []

    def narrow(queryset: Any) -> Any:
        calls.append(queryset)
        return queryset.exclude(name="b")

    for field, accepted in ((OnlyShort(), [a]), (serializers.PrimaryKeyRelatedField(queryset=Label.objects), [a, c])):
        narrow_field(field, narrow)
        narrow_field(field, narrow)
        for label in (a, b, c):
            if label in accepted:
                assert field.run_validation(label.pk) == label
            else:
                with pytest.raises(serializers.ValidationError) as refused:
                    field.run_validation(label.pk)
                assert refused.value.get_codes() == ["does_not_exist"]
    assert len(calls) == 6


# Through a binding


class NoLabels(Binding):
    stream, model = "test.no_labels", Label

    def get_queryset(self) -> Any:
        return Label.objects.none()


class NoPlaces(Binding):
    stream, model = "test.no_places", Place

    def get_queryset(self) -> Any:
        return Place.objects.exclude(name="hidden")


class NoNotes(Binding):
    stream, model = "test.no_notes", Note

    def get_queryset(self) -> Any:
        return Note.objects.exclude(title="hidden")


def asker() -> Any:
    user = get_user_model()(pk=1, username="ann")
    return NoNotes(Call("test.no_notes", "search", {}, user))


def test_rows_of_a_proxy_and_of_a_child_table_are_those_of_the_stream_of_what_they_are_too() -> None:
    Cafe.objects.create(name="hidden")
    cafe = Cafe.objects.create(name="shown")
    LoudNote.objects.create(title="hidden")
    loud = LoudNote.objects.create(title="shown")
    with served_by(NoPlaces, NoNotes):
        binding = asker()
        assert [*binding.known_rows(Cafe).narrow(Cafe.objects.all())] == [cafe]
        assert [*binding.known_rows(LoudNote).narrow(LoudNote.objects.all())] == [loud]
        assert binding.known_rows(Label) is None
        assert binding.stream_over(models.Model) is None


class SomeLabels(Binding):
    stream, model = "test.some_labels", Label

    def get_queryset(self) -> Any:
        return Label.objects.filter(name="a")


class EveryLabel(Binding):
    stream, model = "test.every_label", Label


@pytest.mark.parametrize("action", ["create", "update", "replace", "form", "search"])
def test_where_rows_are_hidden_no_more_statements_are_needed(action: str) -> None:
    (label,) = labels("a")
    note = Note.objects.create(title="x", owner=None)
    fields = {"title": "y", "labels": [label.pk]}
    data: dict[str, dict[str, Any]] = {
        "create": fields,
        "update": {"id": note.pk, **fields},
        "replace": {"id": note.pk, **fields},
        "form": {"id": note.pk, "submit": fields},
        "search": {"filters": {"labels": [label.pk]}, "labels": True},
    }

    def cost() -> int:
        note.labels.clear()
        client = BindingClient(get_user_model()(pk=1, username="ann"))
        with CaptureQueriesContext(connection) as statements:
            client.call(f"zoo.Note.{action}", data[action])
        return len(statements)

    with served_by(EveryLabel):
        usual = cost()
    with served_by(SomeLabels):
        assert cost() == usual


class PlacedBinding(Binding):
    """Forms and filters with choices of a model that no stream serves, though its parent's rows are served."""

    stream, model, fields = "test.placed", Place, ("id", "name")
    form_class = type("Form", (forms.Form,), {"cafe": forms.ModelChoiceField(Cafe.objects.all())})
    formsets = {"visits": forms.formset_factory(form_class)}
    filterset_class = type("Filters", (FilterSet,), {"cafe": ModelChoiceFilter(queryset=Cafe.objects.all())})


def test_choices_that_a_form_a_formset_or_a_filter_carries_itself_hold_no_hidden_rows() -> None:
    Cafe.objects.create(name="hidden")
    Cafe.objects.create(name="shown")
    client = BindingClient(get_user_model()(pk=1, username="ann"))
    with served_by(NoPlaces):
        form = client.form("test.placed")
        filters = client.describe("test.placed")["filters"]
    (formset,) = form["formsets"]
    for field in (form["fields"][0], formset["empty"][0], filters[0]["field"]):
        assert len([choice for choice in field["choices"] if choice["value"]]) == 1


def test_rows_of_a_formset_are_of_its_own_model_where_the_stream_is_of_the_parent_s() -> None:
    Cafe.objects.create(name="hidden")
    cafe = Cafe.objects.create(name="shown")
    with served_by(NoPlaces):
        rows = asker().rows_of_formset(forms.modelformset_factory(Cafe, fields=("seats",)))
        assert [type(row) for row in rows] == [Cafe]
        assert [*rows] == [cafe]


def test_a_serializer_that_a_handler_makes_by_itself_knows_no_hidden_rows_either() -> None:
    (label,) = labels("a")
    with served_by(NoLabels):
        serializer = asker().get_serializer(data={"title": "x", "labels": [label.pk]})
        assert not serializer.is_valid()
        assert serializer.errors["labels"][0].code == "does_not_exist"


def test_a_serializer_made_in_the_project_s_own_way_knows_no_hidden_rows_either() -> None:
    class Own(Binding):
        stream, model, fields = "test.own_serializer", Note, ("id", "title", "labels")

        def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
            return self.default_serializer_class()(*args, **kwargs)

    (label,) = labels("a")
    with served_by(NoLabels):
        serializer = Own(asker().call).get_writer(data={"title": "x", "labels": [label.pk]})
        assert not serializer.is_valid()
