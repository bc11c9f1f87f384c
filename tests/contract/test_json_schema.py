"""What streams take and answer, as JSON Schema."""

import json
import re
from decimal import Decimal
from typing import Any, TypedDict

import jsonschema_rs
import pytest
from django.contrib.auth import get_user_model
from django.core.validators import MinValueValidator, RegexValidator
from django.forms import CharField, Form, formset_factory
from django_filters import AllValuesFilter, AllValuesMultipleFilter, FilterSet, NumberFilter, RangeFilter
from jsonschema import Draft202012Validator
from rest_framework import serializers
from rest_framework.test import APIRequestFactory

from channels_binding.bindings import AsyncBinding, bind
from channels_binding.contract.json_schema import JsonSchemas, always_shown, key_schema
from channels_binding.contract.spectacular_fixes import LARGEST, TIME
from channels_binding.contract.spectacular_settings import inspecting
from channels_binding.protocol.codecs import SAFE_INTEGER
from channels_binding.registry import registry
from tests.project.zoo.models import Cafe, Device, Note, Seat
from tests.throwaway import throwaway


class Part(Form):
    text = CharField()


class Asked(TypedDict):
    number: int


@pytest.fixture
def shapes() -> Any:
    request = APIRequestFactory().get("/")
    request.user = get_user_model()(username="ann", pk=1)
    with inspecting():
        yield JsonSchemas(request)


@pytest.mark.parametrize(
    ("model", "schema"),
    [
        (Note, {"type": "integer"}),
        (Cafe, {"type": "integer"}),
        (Device, {"type": "string", "format": "uuid"}),
        (Seat, {"type": "string", "pattern": "^[^/,%]+,-?[0-9]{1,19}$"}),
    ],
)
def test_a_key_is_an_integer_or_text(model: Any, schema: Any) -> None:
    assert key_schema(model._meta.pk) == schema


def test_a_row_has_the_key_first_and_is_whole(shapes: Any) -> None:
    assert shapes.row(registry.get("zoo.Note")) == {"$ref": "#/components/schemas/zoo.Note"}
    row = shapes.components["zoo.Note"]
    assert [*row["properties"]] == ["id", "title", "rank", "weight", "done", "owner", "labels", "expand"]
    assert row["required"] == [*row["properties"]][:-1]
    assert "secret_code" not in row["properties"]


class Cells(serializers.ModelSerializer[Note]):
    """Of a note without an owner REST framework leaves out what it cannot find."""

    owner_name = serializers.CharField(source="owner.username", read_only=True)
    owner_or_null = serializers.CharField(source="owner.email", allow_null=True, read_only=True)
    city = serializers.CharField(source="no_such_attribute", read_only=True)
    computed = serializers.SerializerMethodField()

    class Meta:
        model = Note
        fields = ("id", "title", "owner", "labels", "owner_name", "owner_or_null", "city", "computed")

    def get_computed(self, note: Note) -> str:
        return "x"


class Freely(Cells):
    def to_representation(self, instance: Note) -> Any:
        return {"id": instance.pk}


class Plain(serializers.Serializer[Any]):
    sure = serializers.CharField()
    perhaps = serializers.CharField(required=False)


def test_what_drf_may_leave_out_is_not_promised() -> None:
    assert always_shown(Cells()) == {"id", "title", "owner", "labels", "owner_or_null", "computed"}
    assert always_shown(Plain()) == {"sure"}
    assert always_shown(Freely()) == set()
    assert always_shown(object()) == set()


@pytest.mark.django_db
def test_and_what_is_promised_is_there() -> None:
    shown = Cells(Note.objects.create(title="x")).data
    assert always_shown(Cells()) <= {*shown}
    assert {"owner_name", "city"}.isdisjoint(shown)


def test_an_input_is_closed_and_an_update_requires_nothing(shapes: Any) -> None:
    cls = registry.get("zoo.OwnNote")
    shapes.input(cls, "create")
    shapes.input(cls, "update")
    made = shapes.components
    assert made["zoo.OwnNote.create"]["required"] == ["title"]
    assert "owner" not in made["zoo.OwnNote.create"]["properties"]
    assert "required" not in made["zoo.OwnNote.update"]
    assert made["zoo.OwnNote.update"]["additionalProperties"] is False
    assert shapes.requires(cls, "create")
    assert not shapes.requires(cls, "update")


class Named(serializers.Serializer[Any]):
    name = serializers.CharField(validators=[RegexValidator(r"^\w+\Z")])
    blank = serializers.CharField(validators=[RegexValidator(r"^\w+\Z")], allow_blank=True)
    code = serializers.CharField(validators=[RegexValidator(re.compile(r"^\w+\Z", re.ASCII))])
    price = serializers.DecimalField(max_digits=4, decimal_places=2)
    tags = serializers.ListField(child=serializers.CharField(validators=[RegexValidator(r"^\w+\Z")]))


@pytest.mark.parametrize(
    ("name", "value", "is_valid"),
    [
        ("name", "zoé", True),
        ("name", "٣", True),
        ("name", "𠮷", True),
        ("name", "a b", False),
        ("name", "a©", False),
        ("blank", "é", True),
        ("blank", "", True),
        ("blank", " ", False),
        ("code", "e", True),
        ("code", "é", False),
        ("price", "٣", False),
        ("tags", ["é"], True),
        ("tags", ["-"], False),
    ],
)
def test_what_a_validator_takes_a_reader_of_ecma_262_takes_too(
    name: str, value: Any, is_valid: bool, shapes: Any
) -> None:
    schema = shapes.of_serializer(Named(), "request")["properties"][name]
    Draft202012Validator.check_schema(schema)
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(value) is is_valid


def test_rows_may_have_been_written_without_the_validators(shapes: Any) -> None:
    shown = shapes.of_serializer(Named(), "response")["properties"]
    assert shown["name"] == shown["code"] == {"type": "string"}
    assert jsonschema_rs.Draft202012Validator(shown["blank"]).is_valid("")
    assert "pattern" in shown["price"]


def test_what_may_be_blank_may_be_so_although_its_pattern_takes_that_too(shapes: Any) -> None:
    shapes.input(registry.get("zoo.Prose"), "create")
    postcode = shapes.resolved("zoo.Prose.create")["properties"]["postcode"]
    validator = jsonschema_rs.Draft202012Validator(postcode)
    assert [validator.is_valid(each) for each in ("", None, "A1", "a1")] == [True, True, True, False]


def test_filters_have_the_types_of_their_form_fields(shapes: Any) -> None:
    found = {each.name: each for each in shapes.filters(registry.get("zoo.Note"))}
    assert found["done"].schema == {"type": "boolean"}
    assert found["rank__gte"].schema == {"type": "number", "maximum": 1e50}
    assert found["rank__in"].schema["items"] == {"type": "number", "minimum": -LARGEST, "maximum": LARGEST}
    assert found["rank__in"].is_joined
    key = {"type": "integer", "minimum": -SAFE_INTEGER, "maximum": SAFE_INTEGER}
    assert found["labels"].schema == {"type": "array", "items": key}
    assert not found["labels"].is_joined
    assert shapes.filters(registry.get("zoo.Label")) == []


def test_filters_of_times_say_how_they_are_spelled(shapes: Any) -> None:
    found = {each.name: each.schema for each in shapes.filters(registry.get("zoo.Moment"))}
    assert found["instant__lt"] == {"type": "string", "format": "date-time"}
    assert found["hour__lt"] == {"type": "string", "pattern": TIME}


def test_the_strictest_bound_of_a_filter_counts(shapes: Any) -> None:
    class Bounded(FilterSet):  # type: ignore[misc]
        rank = NumberFilter(max_value=Decimal("9.5"), min_value=lambda: 1, validators=[MinValueValidator(-3)])

    with throwaway():

        class WithBounds(AsyncBinding):
            stream = "shapes.WithBounds"
            model = Note
            filterset_class = Bounded

        (rank,) = shapes.filters(WithBounds)
    assert json.dumps(rank.schema) == '{"type": "number", "maximum": 9.5, "minimum": 1}'


def test_the_parts_of_a_range_are_filters_of_their_own(shapes: Any) -> None:
    class Ranks(FilterSet):  # type: ignore[misc]  # untyped
        rank = RangeFilter()

    with throwaway():

        class Ranged(AsyncBinding):
            stream = "shapes.Ranged"
            model = Note
            filterset_class = Ranks

        assert [each.name for each in shapes.filters(Ranged)] == ["rank_min", "rank_max"]


def test_an_event_is_described_by_its_annotations(shapes: Any) -> None:
    with throwaway():

        class Annotated(AsyncBinding):
            stream = "shapes.Annotated"

            @bind("ask")
            def ask(self, data: Asked) -> Asked:
                return data

            @bind("open")
            def open(self, data: dict[str, Any]) -> None:
                return None

        actions = Annotated.get_actions()
        taken = shapes.taken(actions["ask"])
        assert taken["properties"] == {"number": {"type": "integer"}}
        assert taken["required"] == ["number"]
        assert taken["additionalProperties"] is False
        assert shapes.answered(Annotated, actions["ask"])["properties"] == {"number": {"type": "integer"}}
        assert shapes.taken(actions["open"])["additionalProperties"] is True


def test_a_form_takes_its_fields_and_the_rows_of_its_formsets(shapes: Any) -> None:
    with throwaway():

        class WithFormset(AsyncBinding):
            stream = "shapes.WithFormset"
            model = Note
            fields = ("id", "title")
            formsets = {"all-parts": formset_factory(Part, can_delete=True)}

        shapes.form(WithFormset)
        rows = {"type": "object", "properties": {"id": {}, "text": {}, "DELETE": {}}, "additionalProperties": False}
        properties = shapes.resolved("shapes.WithFormset.form")["properties"]
        assert properties == {"title": {}, "all-parts": {"type": "array", "items": rows, "maxItems": 1000}}
        shapes.posted_form(WithFormset)
        posted = Draft202012Validator(shapes.resolved("shapes.WithFormset.form.posted"))
        assert posted.is_valid({"title": "x", "all-parts-0-text": "x", "all-parts-999-DELETE": "on"})
        for name in ("all-parts", "all-parts-1000-text", "all-parts-00-text", "all-parts-0-other", "other-0-text"):
            assert not posted.is_valid({name: "x"})


def test_a_filter_that_offers_all_values_names_none(shapes: Any, db: None) -> None:
    """Whose rows they are of, no document knows."""

    class ByValues(FilterSet):  # type: ignore[misc]
        code = AllValuesFilter(field_name="secret_code")
        codes = AllValuesMultipleFilter(field_name="secret_code")

        class Meta:
            model = Note
            fields = ()

    class ByValuesBinding(AsyncBinding):
        stream = "test.documented_values"
        model = Note
        fields = ("id",)
        filterset_class = ByValues

    Note.objects.create(title="a", secret_code="CANARY")
    assert [each.schema for each in shapes.filters(ByValuesBinding)] == [
        {"type": "string"},
        {"type": "array", "items": {"type": "string"}},
    ]
