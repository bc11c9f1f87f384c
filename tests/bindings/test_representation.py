"""How rows are shown and written."""

from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from rest_framework import serializers
from rest_framework.permissions import BasePermission

from channels_binding.bindings import Binding
from channels_binding.calls import Call
from channels_binding.exceptions import Invalid
from channels_binding.registry import registry
from channels_binding.testing import BindingClient
from tests.bindings.test_base import SerializedBinding
from tests.conformance.related import served_by
from tests.conftest import Connect
from tests.project.zoo.models import Cafe, Chapter, Label, LoudNote, Note, Novel, Place


async def test_a_serializer_of_the_project_s_own_decides_what_is_shown_and_written(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    made = await socket.call(f"{SerializedBinding.stream}.create", {"title": "x", "code": "hidden"})
    note = await Note.objects.aget()
    assert made["data"] == {"success": True, "id": note.pk, "title": "x", "shout": "x! ann retrieve"}
    assert note.secret_code == "hidden"
    row = await socket.call(f"{SerializedBinding.stream}.retrieve", {"id": note.pk})
    assert row["data"] == {"id": note.pk, "title": "x", "shout": "x! ann retrieve"}


@pytest.mark.django_db
def test_a_child_of_multi_table_inheritance_shows_its_parent_s_fields(user: Any) -> None:
    cafe = Cafe.objects.create(name="x", seats=3)
    binding = registry.get("zoo.Cafe")(Call("zoo.Cafe", "retrieve", {"id": cafe.pk}, user))
    (row,) = binding.perform("retrieve", {"id": cafe.pk}).rows
    assert binding.decoded(row)["name"] == "x"
    assert binding.decoded(row)["id"] == cafe.pk


def test_a_binding_that_finds_or_serializes_rows_its_own_way_is_asked() -> None:
    class Own(Binding):
        stream = "test.own_way"
        model = Note
        fields = ("id", "title")

        def get_object(self, key: Any, reader: Any = None, *, lock: bool = False) -> Any:
            return Note(pk=key, title="mine")

        def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
            serializer = super().get_serializer(*args, **kwargs)
            serializer.fields.pop("title", None)
            return serializer

    binding = Own(Call("test.own_way", "retrieve", {}, AnonymousUser()))
    reader = binding.make_reader({})
    assert reader.plan is None
    assert binding.get_row(7, reader).body == b'{"id":7}'


class RelatedBinding(Binding):
    stream = "test.relations"
    model = Note
    fields = ("id", "title", "owner", "labels")


def test_texts_are_those_of_relations_that_show_keys_and_that_a_stream_serves() -> None:
    binding = RelatedBinding(Call("test.relations", "search", {"labels": True}, AnonymousUser()))
    assert [model.__name__ for model in binding.labelled_models()] == ["User", "Label"]
    with served_by():
        assert binding.labelled_models() == []


@pytest.mark.django_db
def test_who_signs_in_in_a_handler_knows_other_rows_from_then_on(user: Any, stranger: Any) -> None:
    class Own(Binding):
        stream, model = "test.own_labels", Label

        def get_queryset(self) -> Any:
            return Label.objects.filter(name=self.user.username)

    class Messages:
        def become(self, user: Any) -> None: ...

    with served_by(Own):
        binding = RelatedBinding(Call("test.relations", "enter", {}, user, handler_messages=Messages()))  # type: ignore[arg-type]
        label = Label.objects.create(name="bob")
        before = binding.known_rows(Label)
        assert before is not None
        assert [*before.seen()] == []
        binding.login(stranger)
        after = binding.known_rows(Label)
        assert after is not None
        assert [*after.seen()] == [label]


class ShownLabels(Binding):
    """Labels that a caller may know of: by the queryset, and by an object permission."""

    stream, model, fields = "test.shown_labels", Label, ("id", "name")

    class NotSecret(BasePermission):
        def has_object_permission(self, request: Any, view: Any, obj: Label) -> bool:
            return obj.name != "secret"

    permission_classes = (NotSecret,)

    def get_queryset(self) -> Any:
        return Label.objects.exclude(name="hidden")


class NobodysLabels(Binding):
    stream, model = "test.nobodys_labels", Label

    class Nobody(BasePermission):
        def has_permission(self, request: Any, view: Any) -> bool:
            return False

    permission_classes = (Nobody,)


class TaggedBinding(Binding):
    stream, model, fields = "test.tagged", Note, ("id", "title", "labels")
    read_only_fields = ("title",)


class OwnSerializer(TaggedBinding):
    """Its serializer is made in the project's own way."""

    stream = "test.tagged_own"

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        return self.default_serializer_class()(*args, **kwargs)


def labels(*names: str) -> dict[str, Label]:
    return {name: Label.objects.create(name=name) for name in names}


@pytest.mark.django_db
@pytest.mark.parametrize("stream", [TaggedBinding.stream, OwnSerializer.stream])
def test_a_write_finds_only_related_rows_that_their_stream_shows_and_what_is_stored(stream: str, user: Any) -> None:
    made = labels("open", "hidden", "secret", "stored")
    note = Note.objects.create(title="x")
    note.labels.set([made["hidden"], made["secret"]])
    client = BindingClient(user)
    with served_by(ShownLabels):
        for name in ("hidden", "secret"):
            fresh = Note.objects.create(title="y")
            with pytest.raises(Invalid) as refused:
                client.update(stream, fresh.pk, labels=[made[name].pk])
            assert [*(refused.value.fields or ())] == ["labels"]
        client.update(stream, note.pk, labels=[made["open"].pk, made["hidden"].pk, made["secret"].pk])
    assert {label.name for label in note.labels.all()} == {"open", "hidden", "secret"}


@pytest.mark.django_db
def test_a_form_offers_only_related_rows_that_their_stream_shows(user: Any) -> None:
    made = labels("open", "hidden")
    with served_by(ShownLabels):
        client = BindingClient(user)
        refused = client.form(TaggedBinding.stream, submit={"labels": [made["hidden"].pk]})
        assert refused["errors"]["labels"][0]["code"] == "invalid_choice"
        taken = client.form(TaggedBinding.stream, submit={"labels": [made["open"].pk]})
    assert taken["object"]["labels"] == [made["open"].pk]
    assert [field["name"] for field in taken["fields"]] == ["labels"], "what is only read is in no form"


@pytest.mark.django_db
def test_texts_are_those_of_rows_that_their_stream_shows(user: Any) -> None:
    made = labels("open", "hidden", "secret")
    Note.objects.create(title="x").labels.set(made.values())
    client = BindingClient(user)
    with served_by(ShownLabels):
        shown = client.search(TaggedBinding.stream, labels=True)["labels"]
    assert shown == {"labels": {str(made["open"].pk): str(made["open"])}}
    with served_by(NobodysLabels):
        assert client.search(TaggedBinding.stream, labels=True)["labels"] == {"labels": {}}
    with served_by():
        assert client.search(TaggedBinding.stream, labels=True)["labels"] == {}


def tagged(stream: str = TaggedBinding.stream, cls: Any = TaggedBinding, **scope: Any) -> Any:
    return cls(Call(stream, "search", {}, AnonymousUser(), **scope))


def test_only_an_answer_with_addresses_depends_on_the_host() -> None:
    files = registry.get("zoo.Attachment")
    assert tagged().host_shown() is None

    def shown(host: bytes) -> Any:
        return tagged("zoo.Attachment", files, scope={"headers": [(b"host", host)]}).host_shown()

    assert shown(b"testserver") == "http://testserver/"
    assert shown(b"evil.example") == "/", "addresses without a host that the project does not serve"
    assert tagged(cls=OwnSerializer, scope={"headers": [(b"host", b"testserver")]}).host_shown() is not None


def test_the_names_of_a_serializer_are_known_whoever_makes_it() -> None:
    assert (
        {*tagged().serializer_names()} == {*tagged(cls=OwnSerializer).serializer_names()} == {"id", "title", "labels"}
    )
    assert tagged().writes_by_default()
    assert not tagged(cls=OwnSerializer).writes_by_default()


def test_a_serializer_that_has_no_fields_is_asked_for_no_names() -> None:
    class Fieldless(serializers.BaseSerializer[Any]):
        pass

    class Bare(Binding):
        stream, model, serializer_class = "test.bare", Note, Fieldless

    assert tagged(cls=Bare).serializer_names() is None
    assert tagged(cls=Bare).labelled_models() == []


def test_the_rows_of_a_model_are_those_of_the_stream_that_serves_them() -> None:
    assert TaggedBinding.stream_over(Note) is registry.get("zoo.Note")
    assert TaggedBinding.stream_over(LoudNote) is registry.get("zoo.Note"), "a proxy's rows are its model's"
    assert TaggedBinding.stream_of(Note) == "zoo.Note"
    with served_by(ShownLabels):
        assert TaggedBinding.stream_over(Note) is None
        assert TaggedBinding.stream_of(Note) is None
        assert tagged().known_rows(Note) is None
        assert tagged().neighbour(Note) is None
        found = tagged().neighbour(Label)
        assert isinstance(found, ShownLabels)
        assert tagged().neighbour(None) is None


def test_a_relation_leads_to_a_model_forward_and_back_and_nothing_else_does() -> None:
    related = {
        name: TaggedBinding.related_model(name) for name in ("labels", "parent", "note_set", "title", "nonsense")
    }
    assert related == {"labels": Label, "parent": Note, "note_set": Note, "title": None, "nonsense": None}


class ShownNotes(Binding):
    stream, model, fields = "test.shown_notes", Note, ("id", "title")

    def get_queryset(self) -> Any:
        return Note.objects.exclude(title="hidden")


class LabelsWithNotes(Binding):
    """A relation that is read backwards, and one under another name."""

    stream, model, fields = "test.labels_with_notes", Label, ("id", "note_set")


class ChildrenBinding(Binding):
    class Child(serializers.ModelSerializer[Any]):
        above: Any = serializers.PrimaryKeyRelatedField(source="parent", read_only=True)

        class Meta:
            model, fields = Note, ("id", "above")

    stream, model, serializer_class = "test.children", Note, Child


@pytest.mark.django_db
def test_texts_are_found_of_relations_read_backwards_and_of_those_under_another_name(user: Any) -> None:
    label = labels("red")["red"]
    shown, hidden = [Note.objects.create(title=title) for title in ("shown", "hidden")]
    label.note_set.set([shown, hidden])
    Note.objects.create(title="child", parent=shown)
    client = BindingClient(user)
    with served_by(ShownNotes):
        backwards = client.search(LabelsWithNotes.stream, labels=True)
        renamed = client.search(ChildrenBinding.stream, labels=True)
    assert {*backwards["rows"][0]["note_set"]} == {shown.pk, hidden.pk}
    assert backwards["labels"] == {"note_set": {str(shown.pk): "shown"}}
    assert renamed["labels"] == {"above": {str(shown.pk): "shown"}}


def test_a_wrong_name_among_the_fields_is_refused_before_any_statement() -> None:
    for cls in (TaggedBinding, OwnSerializer):
        with pytest.raises(Invalid):
            tagged(cls=cls).make_reader({"fields": ["nonsense"]})


def test_a_form_of_the_project_stands_in_place_of_the_one_made_from_fields() -> None:
    class Contact(forms.Form):
        text = forms.CharField()

    class Contacts(Binding):
        stream, model, form_class = "test.contact", Note, Contact

    assert isinstance(tagged(cls=Contacts).get_form(instance=Note()), Contact)
    made = tagged().get_form(instance=Note(title="x"))
    assert made.instance.title == "x"


@pytest.mark.django_db
def test_the_rows_of_a_formset_are_those_that_the_caller_may_know_of(user: Any) -> None:
    class Chapters(Binding):
        stream, model = "test.chapters", Chapter

        def get_queryset(self) -> Any:
            return Chapter.objects.exclude(title="hidden")

    novel = Novel.objects.create(title="Sea")
    for title in ("one", "hidden"):
        Chapter.objects.create(novel=novel, title=title)
    with served_by(Chapters):
        (formset,) = BindingClient(user).form("zoo.Serial", novel.pk)["formsets"]
    shown = [field["value"] for row in formset["forms"] for field in row["fields"] if field["name"] == "title"]
    assert shown == ["one"]
    with served_by():
        (formset,) = BindingClient(user).form("zoo.Serial", novel.pk)["formsets"]
    assert len(formset["forms"]) == 2


@pytest.mark.django_db
def test_a_model_without_a_stream_is_narrowed_by_the_stream_of_its_parent(user: Any) -> None:
    Place.objects.create(name="place")
    Cafe.objects.create(name="cafe", seats=1)
    Cafe.objects.create(name="hidden", seats=1)

    class Places(Binding):
        stream, model = "test.places", Place

        def get_queryset(self) -> Any:
            return Place.objects.exclude(name="hidden")

    class OfCafes:
        model = Cafe

    with served_by(Places):
        binding = TaggedBinding(Call(TaggedBinding.stream, "form", {}, user))
        assert [row.name for row in binding.rows_of_formset(OfCafes)] == ["cafe"]
        assert binding.rows_of_formset(object) is None
        assert [*tagged().rows_of_formset(OfCafes)] == [], "nobody is let in by the stream, and sees none"
