"""Columns: which pairs of field and column are shown from the bare value. That the bytes are DRF's is in test_plan."""
# ruff: noqa: E501 (tables are read across)

import datetime
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import models
from django.test import override_settings
from rest_framework import serializers as drf

from channels_binding.compiled.columns import bind_of, has_djangos_values
from channels_binding.serializers.default import SafeIntegerField
from tests.project.zoo.models import Attachment, Digits, Document, Moment, Money, Note, Options, Prose, Token


def column(model: Any, name: str) -> Any:
    return model._meta.get_field(name)


def converted(field: Any, model: Any, name: str, value: Any, request: Any = None) -> Any:
    """What a call would show of a value; the value itself where nothing is converted."""
    bind = bind_of(field, model, column(model, name))
    assert bind is not None
    convert = bind(lambda: request)
    return value if convert is None else convert(value)


def is_as_stored(field: Any, model: Any, name: str) -> bool:
    bind = bind_of(field, model, column(model, name))
    return bind is not None and bind(lambda: None) is None


@pytest.mark.parametrize(
    ("field", "model", "name"),
    [
        (drf.CharField(), Prose, "title"), (drf.EmailField(), Prose, "email"), (drf.SlugField(), Prose, "slug"), (drf.CharField(), Prose, "body"),
        (drf.IntegerField(), Note, "rank"), (SafeIntegerField(), Digits, "big"), (drf.BooleanField(), Note, "done"), (drf.FloatField(), Money, "factor"),
        (drf.UUIDField(), Token, "id"), (drf.JSONField(), Document, "content"), (drf.ReadOnlyField(), Moment, "day"),
        (drf.ChoiceField(choices=[("a", "A")]), Options, "flat"), (drf.ChoiceField(choices=[(1, "A")]), Options, "size"),
    ],
)  # fmt: skip
def test_most_values_stay_as_the_database_gives_them(field: Any, model: Any, name: str) -> None:
    assert is_as_stored(field, model, name)


@pytest.mark.parametrize(
    ("field", "model", "name", "value", "shown"),
    [
        (drf.CharField(), Note, "rank", 7, "7"),
        (drf.IntegerField(), Prose, "title", "7", 7),
        (drf.UUIDField(format="int"), Token, "id", uuid.UUID(int=7), 7),
        (drf.JSONField(binary=True), Document, "content", {"a": 1}, b'{"a": 1}'),
        (drf.ChoiceField(choices=[("1", "A")]), Options, "size", 1, "1"),
        (drf.DecimalField(10, 2), Money, "amount", Decimal("1.50"), "1.50"),
        (drf.DecimalField(10, 1), Money, "amount", Decimal("1.55"), "1.6"),
        (drf.DecimalField(10, 2, coerce_to_string=False), Money, "amount", Decimal("1.50"), Decimal("1.50")),
        (drf.DecimalField(10, 2, normalize_output=True), Money, "amount", Decimal("1.50"), "1.5"),
        (drf.DateField(), Moment, "day", datetime.date(2026, 2, 3), "2026-02-03"),
        (drf.DateField(format="%d.%m."), Moment, "day", datetime.date(2026, 2, 3), "03.02."),
        (drf.DateField(format=None), Moment, "day", datetime.date(2026, 2, 3), datetime.date(2026, 2, 3)),
        (drf.DateTimeField(), Moment, "instant", datetime.datetime(2026, 2, 3, tzinfo=datetime.UTC), "2026-02-03T00:00:00Z"),
        (drf.DateTimeField(format="%Y"), Moment, "instant", datetime.datetime(2026, 2, 3, tzinfo=datetime.UTC), "2026"),
        (drf.TimeField(), Moment, "hour", datetime.time(1, 2, 3, 4), "01:02:03.000004"),
    ],
)  # fmt: skip
def test_what_a_field_is_told_to_do_it_does(field: Any, model: Any, name: str, value: Any, shown: Any) -> None:
    assert converted(field, model, name, value) == shown == field.to_representation(value)


def test_the_settings_of_rest_framework_hold_as_they_are_at_the_call() -> None:
    bind = bind_of(drf.DateField(), Moment, column(Moment, "day"))
    assert bind is not None
    with override_settings(REST_FRAMEWORK={"DATE_FORMAT": "%Y"}):
        convert = bind(lambda: None)
        assert convert is not None
        assert convert(datetime.date(2026, 2, 3)) == "2026"


class Shouting(drf.CharField):
    pass


@pytest.mark.parametrize(
    ("field", "model", "name"),
    [
        (Shouting(), Note, "title"),
        (drf.SerializerMethodField(), Note, "title"),
        (drf.HyperlinkedIdentityField("x"), Note, "title"),
        (drf.FileField(), Note, "title"),
        (drf.CharField(), Attachment, "file"),
        (drf.ListField(child=Shouting()), Document, "content"),
        (drf.DictField(), Document, "content"),
    ],
)
def test_everything_else_is_left_to_rest_framework(field: Any, model: Any, name: str) -> None:
    assert bind_of(field, model, column(model, name)) is None


class Request:
    def build_absolute_uri(self, url: str) -> str:
        return f"https://here{url}"


def test_a_file_is_shown_by_its_address() -> None:
    assert converted(drf.FileField(), Attachment, "file", "a b.txt", Request()) == "https://here/media/a%20b.txt"
    assert converted(drf.FileField(), Attachment, "file", "a b.txt") == "/media/a%20b.txt"
    assert converted(drf.FileField(use_url=False), Attachment, "file", "a b.txt", Request()) == "a b.txt"
    assert converted(drf.FileField(), Attachment, "file", "", Request()) is None


def test_only_djangos_own_columns_are_trusted() -> None:
    class Own(models.CharField):  # type: ignore[type-arg]  # not subscriptable while it runs
        pass

    assert has_djangos_values(models.SlugField())
    assert not has_djangos_values(Own())
