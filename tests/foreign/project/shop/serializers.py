"""Serializers as the packages' own documentation has them, for fields that REST framework knows nothing of."""

from typing import Any

from django_countries.serializers import CountryFieldMixin
from rest_framework.serializers import IntegerField, ModelSerializer
from taggit.serializers import TaggitSerializer, TagListSerializerField
from timezone_field.rest_framework import TimeZoneSerializerField

from tests.foreign.project.shop.models import Food, Person, Place, Poll


class FoodSerializer(TaggitSerializer, ModelSerializer):  # type: ignore[misc, type-arg]
    tags = TagListSerializerField(required=False)

    class Meta:
        model = Food
        fields = ("id", "name", "tags")


class PersonSerializer(CountryFieldMixin, ModelSerializer):  # type: ignore[misc, type-arg]
    class Meta:
        model = Person
        fields = ("id", "name", "country", "visited")


class PlaceSerializer(ModelSerializer):  # type: ignore[type-arg]
    zone = TimeZoneSerializerField()
    second = TimeZoneSerializerField(required=False, allow_null=True)

    class Meta:
        model = Place
        fields = ("id", "name", "zone", "second")


class HistoricalPollSerializer(ModelSerializer):  # type: ignore[type-arg]
    """With the poll's key under another name than ``id``, as check E026 says."""

    poll = IntegerField(source="id")

    class Meta:
        model: Any = Poll.history.model
        fields = ("history_id", "poll", "question", "closed", "history_date", "history_type")


SERIALIZERS: dict[Any, Any] = {
    cls.Meta.model: cls for cls in (FoodSerializer, PersonSerializer, PlaceSerializer, HistoricalPollSerializer)
}
