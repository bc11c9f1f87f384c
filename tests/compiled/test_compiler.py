"""Which serializer classes over which models have a plan, and which are left to REST framework."""

from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import models
from django.db.models.signals import post_init
from rest_framework import serializers as drf

from channels_binding.compiled.compiler import is_stock_model, plan_of
from tests.compiled.test_plan import LEFT_TO_DRF, STREAMS, model_serializer
from tests.project.zoo.models import Attachment, Currency, Note, Person


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
