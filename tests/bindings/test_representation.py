"""How rows are shown and written."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from channels_binding.bindings import Binding
from channels_binding.calls import Call
from channels_binding.registry import registry
from tests.bindings.test_base import SerializedBinding
from tests.conformance.related import served_by
from tests.conftest import Connect
from tests.project.zoo.models import Cafe, Label, Note


async def test_a_serializer_of_the_project_s_own_decides_what_is_shown_and_written(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    made = await socket.call(f"{SerializedBinding.stream}.create", {"title": "x", "code": "hidden"})
    note = await Note.objects.aget()
    assert made["data"] == {"success": True, "id": note.pk, "title": "x", "shout": "x! ann create"}
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
