"""Serializers: what is shown by default, narrowing, joins, and rows as they are sent."""
# ruff: noqa: E501 (tables are read across)

import json
from typing import Any

import pytest
from django.apps.registry import Apps
from django.contrib.auth import get_user_model
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.utils import translation
from rest_framework import serializers as drf

from channels_binding.exceptions import Invalid
from channels_binding.serializers.default import (
    SENSITIVE,
    SafeIntegerField,
    check_class,
    default_class,
    implicit_fields,
    implicit_read_only,
    narrow,
    rows_of,
)
from tests.project.zoo.models import Cafe, Digits, Label, Note, Options, Recipe, Teahouse, Token


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
    return default_class(Note, fields, (), {})


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [("password", True), ("passwd", True), ("secret_code", True), ("api_key", True), ("apiKey", True), ("token", True), ("salt", True), ("pin", True), ("card_pin", True), ("otp", True), ("private_note", True), ("session_key", True), ("title", False), ("pinned", False), ("spinner", False), ("key", False), ("owner", False)],
)  # fmt: skip
def test_names_that_look_like_secrets_are_not_shown_by_default(name: str, is_secret: bool) -> None:
    assert bool(SENSITIVE.search(name)) is is_secret


def test_what_is_shown_by_default_holds_no_secret_of_any_model() -> None:
    assert "secret_code" not in implicit_fields(Note)
    assert "password" not in implicit_fields(get_user_model())
    assert implicit_fields(Note)[:2] == ("id", "title")


def test_rights_of_an_account_cannot_be_written_by_default() -> None:
    assert {"is_superuser", "is_staff", "groups", "user_permissions"} <= set(implicit_read_only(get_user_model()))
    assert implicit_read_only(Note) == ()


def test_the_key_comes_first_whether_it_is_named_or_not() -> None:
    assert list(plain("title")().fields) == ["id", "title"]
    assert list(plain("title", "id")().fields) == ["title", "id"]


@pytest.mark.parametrize("names", [["title"], "title", ["title", "id"]])
def test_a_serializer_is_narrowed_and_keeps_the_key(names: Any) -> None:
    serializer = plain("title", "rank")()
    narrow(serializer, names)
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
        narrow(DeepSerializer(), names)


def test_no_names_narrow_nothing() -> None:
    serializer = plain("title")()
    narrow(serializer, None)
    assert list(serializer.fields) == ["id", "title"]


def test_the_link_to_the_parents_row_is_not_shown() -> None:
    assert implicit_fields(Cafe) == ("id", "name", "seats")
    assert [*default_class(Teahouse, ("name",), (), {})().fields] == ["name"]


def body(serializer: Any, instance: Any) -> Any:
    (row,) = rows_of(serializer, [instance])
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
    sent, pk = body(default_class(Token, ("name",), (), {})(), token)
    assert sent["id"] == pk == str(token.pk)


def test_an_inherited_row_bears_its_key() -> None:
    sent, pk = body(default_class(Cafe, ("name", "seats"), (), {})(), Cafe(pk=3, id=3, name="c"))
    assert (sent["id"], pk) == (3, 3)


@pytest.mark.parametrize("cls", [None, str, Note, "a.B", models.Model, DeepSerializer()], ids=str)
def test_a_serializer_class_must_be_one(cls: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="serializer_class must be"):
        check_class(cls, Note)
    assert check_class(DeepSerializer, Note) is DeepSerializer


def test_the_fields_of_a_default_serializer_are_made_once_and_are_each_instance_s_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cls = default_class(Note, ("id", "title", "labels"), (), {})
    first: Any = cls(context={"who": 1})
    assert [*first.fields] == ["id", "title", "labels"]
    monkeypatch.setattr(drf.ModelSerializer, "get_fields", lambda self: pytest.fail("made again"))
    second = cls(context={"who": 2})
    narrow(second, ["title"])
    assert [*second.fields] == ["id", "title"]
    third: Any = cls(context={"who": 3})
    assert third.fields["labels"].child_relation.context == {"who": 3}
    assert first.fields["labels"].child_relation.context == {"who": 1}
    assert third.fields["labels"] is not first.fields["labels"]
    third.fields["title"].validators.append(pytest.fail)
    assert pytest.fail not in cls().fields["title"].validators
    third.validators.append(pytest.fail)
    assert pytest.fail not in cls().validators


class Choice(models.Model):
    note: Any = models.ForeignKey(Note, models.CASCADE, limit_choices_to=lambda: {"title__gt": ""})
    notes: Any = models.ManyToManyField(Note, limit_choices_to={"title__gt": ""})  # of what the manager gives then

    class Meta:
        app_label = "zoo"
        apps = Apps()


def test_choices_that_may_be_others_tomorrow_are_made_anew() -> None:
    made = ((Options, "weekday"), (Recipe, "path"), (Choice, "note"), (Choice, "notes"))
    for model, names in ((model, ("id", name)) for model, name in made):
        cls = default_class(model, names, (), {})
        assert cls().fields
        assert cls._made is None


def test_what_a_field_says_is_in_the_language_in_which_it_is_asked() -> None:
    cls = default_class(Note, ("id", "title"), (), {})
    found = []
    for language in ("de", "en", "de"):
        with translation.override(language):
            serializer = cls()
            with pytest.raises(drf.ValidationError) as caught:
                serializer.fields["title"].run_validation("x" * 500)
            found.append(str(caught.value))
    assert found[0] == found[2] != found[1]


class Grid(models.Model):
    cells: Any = ArrayField(ArrayField(models.IntegerField()), default=list)
    words: Any = ArrayField(models.CharField(max_length=5), default=list)

    class Meta:
        app_label = "zoo"
        apps = Apps()


def test_an_array_of_arrays_is_refused_with_its_name_where_it_is_no_matrix() -> None:
    cls = default_class(Grid, ("cells", "words"), (), {})
    assert cls(data={"cells": [[1, 2], [3, 4]], "words": ["a", "b"]}).is_valid()
    wrong = cls(data={"cells": [[1, 2], [3]], "words": []})
    assert not wrong.is_valid()
    (error,) = wrong.errors["cells"]
    assert error.code == "ragged"


def test_fields_that_packages_register_with_rest_framework_are_taken_whenever_they_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Coloured(drf.CharField):
        """A package's."""

    class Whole(drf.IntegerField):
        """A package's, in place of REST framework's."""

    for column, field in ((models.CharField, Coloured), (models.BigIntegerField, Whole)):
        monkeypatch.setitem(drf.ModelSerializer.serializer_field_mapping, column, field)
    assert type(default_class(Label, ["name"], [], {})().fields["name"]) is Coloured
    assert type(default_class(Digits, ["big"], [], {})().fields["big"]) is Whole
    assert type(default_class(Digits, ["positive_big"], [], {})().fields["positive_big"]) is SafeIntegerField
