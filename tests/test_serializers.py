"""Serializers: what is shown by default, narrowing, joins, and rows as they are sent."""
# ruff: noqa: E501 (tables are read across)

import json
import uuid
from typing import Any

import pytest
from django.apps.registry import Apps
from django.contrib.auth import get_user_model
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from rest_framework import serializers as drf

from channels_binding import serializers
from channels_binding.exceptions import Invalid
from tests.project.zoo.models import Cafe, Country, Label, Note, Options, Recipe, Seat, Teahouse, Token


class LabelSerializer(drf.ModelSerializer[Label]):
    class Meta:
        model = Label
        fields = ("id", "name")


class DeepSerializer(drf.ModelSerializer[Note]):
    owner_name = drf.CharField(source="owner.username", read_only=True)
    labels = LabelSerializer(many=True, read_only=True)
    hidden = drf.CharField(write_only=True, required=False)

    class Meta:
        model = Note
        fields = ("title", "owner_name", "labels", "parent", "hidden")


def plain(*fields: str) -> Any:
    return serializers.default_class(Note, fields, (), {})


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [("password", True), ("passwd", True), ("secret_code", True), ("api_key", True), ("apiKey", True), ("token", True), ("salt", True), ("pin", True), ("card_pin", True), ("otp", True), ("private_note", True), ("session_key", True), ("title", False), ("pinned", False), ("spinner", False), ("key", False), ("owner", False)],
)  # fmt: skip
def test_names_that_look_like_secrets_are_not_shown_by_default(name: str, is_secret: bool) -> None:
    assert bool(serializers.SENSITIVE.search(name)) is is_secret


def test_what_is_shown_by_default_holds_no_secret_of_any_model() -> None:
    assert "secret_code" not in serializers.implicit_fields(Note)
    assert "password" not in serializers.implicit_fields(get_user_model())
    assert serializers.implicit_fields(Note)[:2] == ("id", "title")


def test_rights_of_an_account_cannot_be_written_by_default() -> None:
    assert {"is_superuser", "is_staff", "groups", "user_permissions"} <= set(
        serializers.implicit_read_only(get_user_model())
    )
    assert serializers.implicit_read_only(Note) == ()


def test_the_key_comes_first_whether_it_is_named_or_not() -> None:
    assert list(plain("title")().fields) == ["id", "title"]
    assert list(plain("title", "id")().fields) == ["title", "id"]


@pytest.mark.parametrize("names", [["title"], "title", ["title", "id"]])
def test_a_serializer_is_narrowed_and_keeps_the_key(names: Any) -> None:
    serializer = plain("title", "rank")()
    serializers.narrow(serializer, names)
    assert set(serializer.fields) == {"id", "title"}


@pytest.mark.parametrize(
    "names",
    [
        ["owner"],
        ["title", "secret_code"],
        "",
        [""],
        ["hidden"],
        ["__class__"],
        "title,",
        7,
        {"title": 1},
        [7],
        [["title"]],
        True,
    ],
)
def test_what_the_serializer_does_not_show_cannot_be_asked_for(names: Any) -> None:
    with pytest.raises(Invalid):
        serializers.narrow(DeepSerializer(), names)


def test_no_names_narrow_nothing() -> None:
    serializer = plain("title")()
    serializers.narrow(serializer, None)
    assert list(serializer.fields) == ["id", "title"]


@pytest.mark.parametrize(
    ("key", "travels_as"),
    [(7, 7), (2**53 - 1, 2**53 - 1), (2**53, str(2**53)), (-(2**60), str(-(2**60))), (uuid.UUID(int=1), str(uuid.UUID(int=1))), ("a", "a"), ((1, "b"), "1,b")],
)  # fmt: skip
def test_keys_travel_so_that_a_browser_reads_them(key: Any, travels_as: Any) -> None:
    assert serializers.as_pk(key) == travels_as


@pytest.mark.parametrize(
    ("model", "key", "travels_as"),
    [(Note, 7, 7), (Country, "%2C,", "%2C,"), (Seat, ("A", 7), "A,7"), (Seat, ("a,b%2C", -1), "a%2Cb%252C,-1"), (Seat, ('"', 1), '",1')],
)  # fmt: skip
def test_a_key_comes_back_as_it_went(model: type[models.Model], key: Any, travels_as: Any) -> None:
    assert serializers.as_pk(key) == travels_as
    assert serializers.from_pk(model, travels_as) == key


@pytest.mark.parametrize("sent", ["A", "A,1,2", "A,x", ""])
def test_a_composite_key_of_the_wrong_shape_is_none(sent: str) -> None:
    with pytest.raises((ValueError, ValidationError)):
        serializers.from_pk(Seat, sent)


def test_the_link_to_the_parents_row_is_not_shown() -> None:
    assert serializers.implicit_fields(Cafe) == ("id", "name", "seats")
    assert [*serializers.default_class(Teahouse, ("name",), (), {})().fields] == ["name"]


def body(serializer: Any, instance: Any) -> Any:
    (row,) = serializers.rows_of(serializer, [instance])
    return json.loads(row.body), row.pk


def test_every_row_begins_with_its_key_as_id() -> None:
    note = Note(pk=7, title="x")
    for names in (("title",), ("title", "id"), ("id", "title")):
        sent, pk = body(plain(*names)(), note)
        assert next(iter(sent)) == "id"
        assert sent["id"] == pk == 7


def test_id_is_the_key_whatever_a_serializer_makes_of_it() -> None:
    class Hashed(drf.Serializer[Any]):
        id = drf.SerializerMethodField()
        title = drf.CharField()

        def get_id(self, instance: Any) -> str:
            return f"#{instance.pk}"

    sent, pk = body(Hashed(), Note(pk=7, title="x"))
    assert sent == {"id": 7, "title": "x"}
    assert pk == 7


def test_large_keys_and_integers_travel_as_text() -> None:
    sent, pk = body(plain("title")(), Note(pk=2**60, title="x"))
    assert sent["id"] == pk == str(2**60)
    token = Token(name="t")
    sent, pk = body(serializers.default_class(Token, ("name",), (), {})(), token)
    assert sent["id"] == pk == str(token.pk)


def test_an_inherited_row_bears_its_key() -> None:
    sent, pk = body(serializers.default_class(Cafe, ("name", "seats"), (), {})(), Cafe(pk=3, id=3, name="c"))
    assert (sent["id"], pk) == (3, 3)


def test_what_a_serializer_reads_is_fetched_in_a_fixed_number_of_statements(transactional_db: None) -> None:
    owner = get_user_model().objects.create(username="ann")
    counts = []
    for _ in range(2):
        for _ in range(5):
            Note.objects.create(title="n", owner=owner).labels.set([Label.objects.create(name="x")])
        with CaptureQueriesContext(connection) as queries:
            serializer = DeepSerializer()
            serializers.rows_of(serializer, list(serializers.joined(Note.objects.all(), serializer)))
        counts.append(len(queries))
    assert counts == [2, 2]


def test_joins_and_prefetches_of_the_queryset_s_own_are_kept() -> None:
    own = Note.objects.select_related("parent").prefetch_related("labels")
    queryset = serializers.joined(own, DeepSerializer())
    assert queryset.query.select_related == {"parent": {}}
    assert queryset._prefetch_related_lookups == ("labels",)  # type: ignore[attr-defined]


def test_models_whose_rows_are_shown_in_part_are_known() -> None:
    through = Note.labels.through
    assert serializers.related_models(DeepSerializer(), Note) == {get_user_model(), Label, through}
    assert serializers.related_models(plain("title", "parent")(), Note) == set()
    assert through in serializers.related_models(plain("labels")(), Note)


@pytest.mark.parametrize("cls", [None, str, Note, "a.B", models.Model, DeepSerializer()], ids=str)
def test_a_serializer_class_must_be_one(cls: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="serializer_class must be"):
        serializers.check_class(cls, Note)
    assert serializers.check_class(DeepSerializer, Note) is DeepSerializer


def test_the_fields_of_a_default_serializer_are_made_once_and_are_each_instance_s_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cls = serializers.default_class(Note, ("id", "title", "labels"), (), {})
    first: Any = cls(context={"who": 1})
    assert [*first.fields] == ["id", "title", "labels"]
    monkeypatch.setattr(drf.ModelSerializer, "get_fields", lambda self: pytest.fail("made again"))
    second = cls(context={"who": 2})
    serializers.narrow(second, ["title"])
    assert [*second.fields] == ["id", "title"]
    third: Any = cls(context={"who": 3})
    assert third.fields["labels"].child_relation.context == {"who": 3}
    assert first.fields["labels"].child_relation.context == {"who": 1}
    assert third.fields["labels"] is not first.fields["labels"]
    third.fields["title"].validators.append(pytest.fail)
    assert pytest.fail not in cls().fields["title"].validators
    third.validators.append(pytest.fail)
    assert pytest.fail not in cls().validators


def test_choices_that_may_be_others_tomorrow_are_made_anew() -> None:
    for model, names in ((Options, ("id", "weekday")), (Recipe, ("id", "path"))):
        cls = serializers.default_class(model, names, (), {})
        assert cls().fields
        assert cls._made is None


def test_a_source_over_several_relations_is_joined_all_the_way_and_every_row_on_it_is_known() -> None:
    class ParentsOwner(drf.ModelSerializer[Note]):
        whose = drf.CharField(source="parent.owner.username", read_only=True)

        class Meta:
            model = Note
            fields = ("title", "whose")

    assert serializers.related_models(ParentsOwner(), Note) == {Note, get_user_model()}
    joined = serializers.joined(Note.objects.all(), ParentsOwner())
    assert joined.query.select_related == {"parent": {"owner": {}}}


class Grid(models.Model):
    cells: Any = ArrayField(ArrayField(models.IntegerField()), default=list)
    words: Any = ArrayField(models.CharField(max_length=5), default=list)

    class Meta:
        app_label = "zoo"
        apps = Apps()


def test_an_array_of_arrays_is_refused_with_its_name_where_it_is_no_matrix() -> None:
    cls = serializers.default_class(Grid, ("cells", "words"), (), {})
    assert cls(data={"cells": [[1, 2], [3, 4]], "words": ["a", "b"]}).is_valid()
    wrong = cls(data={"cells": [[1, 2], [3]], "words": []})
    assert not wrong.is_valid()
    (error,) = wrong.errors["cells"]
    assert error.code == "ragged"
