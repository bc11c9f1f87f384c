"""Which serializer classes over which models have a plan, and which are left to REST framework."""

from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import models
from django.db.models.fields.related import ForeignObject
from django.db.models.signals import post_init
from django.test.utils import isolate_apps
from rest_framework import serializers as drf

from channels_binding.compiled.compiler import is_stock_model, names_of, plan_of
from channels_binding.compiled.plan import Column, NestedRow, RelatedRows
from channels_binding.serializers.default import default_class
from tests.compiled.test_plan import LEFT_TO_DRF, STREAMS, model_serializer
from tests.project.zoo.models import Attachment, Chapter, Currency, Label, Note, Novel, Person


def test_every_stream_of_the_zoo_has_a_plan_but_one() -> None:
    lacking = {
        name for name, cls in STREAMS.items() if plan_of(cls.default_serializer_class(), cls.get_model()) is None
    }
    assert lacking == LEFT_TO_DRF
    assert len(STREAMS) > 45


class Overriding(drf.ModelSerializer[Note]):
    class Meta:
        model = Note
        fields = ("title",)

    def to_representation(self, instance: Any) -> Any:
        return {"title": instance.title.upper()}


class Dynamic(drf.ModelSerializer[Note]):
    class Meta:
        model = Note
        fields = ("title",)

    def get_fields(self) -> Any:
        return super().get_fields()


class Upper(drf.CharField):
    def to_representation(self, value: Any) -> str:
        return str(value).upper()


class OddColumn(models.CharField):  # type: ignore[type-arg]  # not subscriptable while it runs
    """A column that hands out something else than it loads."""

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, name, property(lambda self: "odd", lambda self, value: None))


class Odd(models.Model):
    name = OddColumn(max_length=9)

    class Meta:
        app_label = "zoo"
        apps = Apps()


class Loading(models.Model):
    name = models.CharField(max_length=9)

    class Meta:
        app_label = "zoo"
        apps = Apps()

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Any:
        return super().from_db(*args, **kwargs)


REFUSED: dict[str, tuple[Any, Any]] = {
    "to_representation": (Note, Overriding),
    "get_fields": (Note, Dynamic),
    "a subclass of one that overrides": (Note, type("Sub", (Overriding,), {})),
    "a method": (Note, model_serializer(Note, "x", x=drf.SerializerMethodField(), get_x=lambda self, note: 1)),
    "a field of its own": (Note, model_serializer(Note, "title", title=Upper())),
    "a path": (Note, model_serializer(Note, "name", name=drf.CharField(source="owner.username"))),
    "a property": (Note, model_serializer(Note, "pk", pk=drf.IntegerField())),
    "the text of a row": (Note, model_serializer(Note, "owner", owner=drf.StringRelatedField())),
    "a relation to one's text": (Note, model_serializer(Note, "owner", owner=drf.CharField())),
    "the other side of one-to-one": (
        Person,
        model_serializer(Person, "sponsor", sponsor=drf.PrimaryKeyRelatedField(read_only=True)),
    ),
    "nested overriding": (Note, model_serializer(Note, "parent", parent=Overriding())),
    "a hidden list": (Note, model_serializer(Note, "labels", labels=drf.StringRelatedField(many=True))),
    "no serializer of fields": (Note, drf.BaseSerializer),
    "a column of its own kind": (Odd, model_serializer(Odd, "name")),
    "a model that loads in its own way": (Loading, model_serializer(Loading, "name")),
    "files whose size is read at loading": (Attachment, model_serializer(Attachment, "picture")),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_may_be_shown_otherwise_is_left_to_rest_framework(reason: str) -> None:
    model, serializer_class = REFUSED[reason]
    assert plan_of(serializer_class, model) is None


def test_a_model_whose_loading_is_listened_to_is_left_to_rest_framework() -> None:
    def receiver(**_: Any) -> None: ...

    post_init.connect(receiver, sender=Currency)
    try:
        assert not is_stock_model(Currency)
    finally:
        post_init.disconnect(receiver, sender=Currency)
    assert is_stock_model(Currency)


Title = model_serializer(Novel, "title")
ChapterTitle = model_serializer(Chapter, "title")
WithChapters = model_serializer(Novel, "title", "chapters", chapters=ChapterTitle(many=True))

READ: dict[str, tuple[Any, Any, Any, str]] = {
    "the key of a foreign key": (Chapter, model_serializer(Chapter, "novel"), Column, "novel_id"),
    "a column beyond a foreign key": (
        Chapter,
        model_serializer(Chapter, "x", x=drf.CharField(source="novel.title")),
        Column,
        "novel__title",
    ),
    "a slug": (
        Chapter,
        model_serializer(Chapter, "novel", novel=drf.SlugRelatedField("title", read_only=True)),
        Column,
        "novel__title",
    ),
    "a row within a row": (Chapter, model_serializer(Chapter, "novel", novel=Title()), NestedRow, "novel"),
    "keys of many": (Note, model_serializer(Note, "labels"), RelatedRows, "labels"),
    "rows of many": (
        Note,
        model_serializer(Note, "labels", labels=model_serializer(Label, "name")(many=True)),
        RelatedRows,
        "labels",
    ),
    "rows that point to it": (Novel, WithChapters, RelatedRows, "chapters"),
    "keys of those on the other side": (
        Label,
        model_serializer(Label, "note_set", note_set=drf.PrimaryKeyRelatedField(many=True, read_only=True)),
        RelatedRows,
        "note_set",
    ),
    "a column that may be null beyond a relation that may, where the field allows it": (
        Note,
        model_serializer(Note, "x", x=drf.CharField(source="parent.title", allow_null=True)),
        Column,
        "parent__title",
    ),
}


@pytest.mark.parametrize("case", READ)
def test_what_is_a_column_or_rows_of_such_is_read_without_instances(case: str) -> None:
    model, serializer_class, kind, path = READ[case]
    plan = plan_of(serializer_class, model)
    assert plan is not None
    member: Any = plan.members[-1]
    assert type(member) is kind
    assert (member.path if kind is Column else member.name) == path


LEFT: dict[str, tuple[Any, Any]] = {
    "a path over a relation that may be null": (
        Note,
        model_serializer(Note, "x", x=drf.CharField(source="parent.title")),
    ),
    "a path whose default stands in for null": (
        Note,
        model_serializer(Note, "x", x=drf.CharField(source="parent.title", allow_null=True, default="none")),
    ),
    "a path to a method": (Chapter, model_serializer(Chapter, "x", x=drf.CharField(source="novel.__str__"))),
    "a path over a column": (Chapter, model_serializer(Chapter, "x", x=drf.CharField(source="title.upper"))),
    "a path to a relation": (
        Chapter,
        model_serializer(Chapter, "x", x=drf.CharField(source="novel.chapters", read_only=True)),
    ),
    "a key that a field of its own shows": (
        Chapter,
        model_serializer(Chapter, "novel", novel=drf.PrimaryKeyRelatedField(read_only=True, pk_field=drf.CharField())),
    ),
    "a slug that is no column": (
        Chapter,
        model_serializer(Chapter, "novel", novel=drf.SlugRelatedField("pk", read_only=True)),
    ),
    "a slug that is a relation": (
        Note,
        model_serializer(Note, "parent", parent=drf.SlugRelatedField("owner", read_only=True)),
    ),
    "a list within a row within a row": (Chapter, model_serializer(Chapter, "novel", novel=WithChapters())),
    "keys of many that a field of their own shows": (
        Note,
        model_serializer(
            Note, "labels", labels=drf.PrimaryKeyRelatedField(many=True, read_only=True, pk_field=drf.CharField())
        ),
    ),
    "rows of many that are shown in an own way": (
        Novel,
        model_serializer(
            Novel,
            "chapters",
            chapters=model_serializer(Chapter, "title", title=Upper())(many=True),
        ),
    ),
    "a whole row as source": (Note, model_serializer(Note, "x", x=drf.CharField(source="*"))),
    "what is no class": (Note, lambda: None),
}


@pytest.mark.parametrize("case", LEFT)
def test_what_is_more_than_columns_is_left_to_rest_framework(case: str) -> None:
    model, serializer_class = LEFT[case]
    assert plan_of(serializer_class, model) is None


def test_what_is_only_written_is_no_member_and_has_a_name_all_the_same() -> None:
    cls = model_serializer(Note, "title", "code", code=drf.CharField(write_only=True, source="secret_code"))
    plan = plan_of(cls, Note)
    assert plan is not None
    assert [member.name for member in plan.members] == ["title"]
    assert names_of(cls) == frozenset({"title", "code"})


@pytest.mark.parametrize("serializer_class", [Dynamic, drf.BaseSerializer, lambda: None])
def test_names_are_not_known_of_what_may_differ_from_instance_to_instance(serializer_class: Any) -> None:
    assert names_of(serializer_class) is None


@isolate_apps("tests.project.zoo")
def test_a_relation_over_several_columns_is_left_to_rest_framework() -> None:
    class Shelf(models.Model):
        room = models.IntegerField()
        number = models.IntegerField()
        books: Any = models.ManyToManyField("Book", through="Place", through_fields=("shelf", "book"))

        class Meta:
            app_label = "zoo"

    class Book(models.Model):
        class Meta:
            app_label = "zoo"

    class Place(models.Model):
        book = models.ForeignKey(Book, models.CASCADE)
        room = models.IntegerField()
        number = models.IntegerField()
        shelf = ForeignObject(Shelf, models.CASCADE, from_fields=["room", "number"], to_fields=["room", "number"])

        class Meta:
            app_label = "zoo"

    assert plan_of(default_class(Shelf, ["id", "books"], [], {}), Shelf) is None
    assert plan_of(default_class(Book, ["id", "shelf_set"], [], {}), Book) is not None
    assert plan_of(default_class(Shelf, ["id", "room"], [], {}), Shelf) is not None
