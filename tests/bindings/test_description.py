"""``describe``: what a UI needs to know of a stream, and nothing that the caller may not do."""
# ruff: noqa: E501 (tables are read across)

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django_filters import AllValuesFilter, AllValuesMultipleFilter, FilterSet
from rest_framework import serializers
from rest_framework.permissions import BasePermission

from channels_binding.bindings.description import FIELD_TYPES
from channels_binding.calls import Call
from channels_binding.consumers import AsyncBinding
from channels_binding.dispatch import perform
from channels_binding.protocol import codecs
from channels_binding.registry import registry
from tests.project.zoo.models import Label, Note
from tests.schema import document, problems
from tests.throwaway import throwaway


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    with throwaway():
        yield


def describe(stream: str, user: Any) -> Any:
    answer = json.loads(codecs.encode(perform(Call(stream, "describe", {}, user))))
    assert problems("description", answer) == []
    return answer


def zoo() -> list[Any]:
    """The test project's bindings, without those that other tests define for themselves."""
    return [cls for cls in registry if cls.__module__.startswith("tests.project.")]


def test_every_stream_with_a_model_is_described_as_the_contract_says(user: Any) -> None:
    for cls in zoo():
        if cls.find_model() is not None:
            assert describe(cls.get_stream(), user)["stream"] == cls.get_stream()


def test_every_form_of_every_stream_is_as_the_contract_says(user: Any) -> None:
    for cls in zoo():
        if cls.find_model() is not None:
            answer = perform(Call(cls.get_stream(), "form", {}, user))
            assert problems("form", json.loads(codecs.encode(answer))) == []


def test_fields_filters_and_orders_are_those_of_the_binding(user: Any) -> None:
    answer = describe("zoo.Note", user)
    fields = {field["name"]: field for field in answer["fields"]}
    assert list(fields) == ["id", "title", "rank", "weight", "done", "owner", "labels"]
    assert {name: field["type"] for name, field in fields.items()} == {
        "id": "integer", "title": "string", "rank": "integer", "weight": "integer", "done": "boolean", "owner": "relation", "labels": "relation",
    }  # fmt: skip
    assert fields["owner"]["relation"] == {"stream": "auth.User"}
    assert [name for name, field in fields.items() if field["multiple"]] == ["labels"]
    assert [name for name, field in fields.items() if not field["editable"]] == ["id"]
    assert [name for name, field in fields.items() if field["sortable"]] == answer["ordering"]
    assert fields["weight"]["nullable"]
    assert not fields["rank"]["nullable"]
    assert "rank__gte" in {filter_["name"] for filter_ in answer["filters"]}
    assert (answer["pk"], answer["search"], answer["page_size"]) == ("id", True, 25)


def test_a_relation_that_is_read_backwards_names_the_stream_of_its_rows(user: Any) -> None:
    class LabelsWithNotes(AsyncBinding):
        stream, model, fields = "test.labels_with_notes", Label, ("id", "note_set")

    (field,) = [field for field in describe("test.labels_with_notes", user)["fields"] if field["name"] == "note_set"]
    assert (field["type"], field["multiple"], field["relation"]) == ("relation", True, {"stream": "zoo.Note"})


def test_how_several_rows_are_written_is_described_where_they_can_be(user: Any) -> None:
    assert describe("zoo.Booking", user)["bulk"] == {"mode": "independent", "max": 3}
    assert describe("zoo.Article", user)["bulk"] == {"mode": "atomic", "max": 100}
    assert "bulk" not in describe("zoo.Note", user)


def test_nothing_hidden_is_named(user: Any) -> None:
    assert "secret_code" not in json.dumps(describe("zoo.Note", user))
    assert "password" not in [field["name"] for field in describe("auth.User", user)["fields"]]


class ReadOnly(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return request.method in ("GET", "POST")


def test_what_the_caller_can_do_follows_permissions_and_actions(user: Any) -> None:
    class Some(AsyncBinding):
        stream = "test.some"
        model = Note
        fields = ("title",)
        permission_classes = (ReadOnly,)

    class Fewer(Some):
        stream = "test.fewer"
        actions = ("describe", "search")

    assert describe("test.some", user)["can"] == {"create": True, "update": False, "delete": False}
    fewer = describe("test.fewer", user)
    assert fewer["can"] == {"create": False, "update": False, "delete": False}
    assert fewer["actions"] == ["describe", "search", "subscribe", "unsubscribe"]


class EverySerializer(serializers.Serializer[Any]):
    text = serializers.CharField(style={"base_template": "textarea.html"})
    choice = serializers.ChoiceField(choices=[("a", "A")])
    choices = serializers.MultipleChoiceField(choices=[("a", "A")])
    float = serializers.FloatField()
    decimal = serializers.DecimalField(5, 2)
    datetime = serializers.DateTimeField(help_text="When")
    date = serializers.DateField()
    time = serializers.TimeField()
    duration = serializers.DurationField()
    uuid = serializers.UUIDField()
    email = serializers.EmailField()
    slug = serializers.SlugField()
    url = serializers.URLField()
    ip = serializers.IPAddressField()
    file = serializers.FileField()
    json = serializers.JSONField()
    list = serializers.ListField()
    object = serializers.DictField()
    method = serializers.SerializerMethodField()


def test_every_kind_of_field_has_its_word(user: Any) -> None:
    class Every(AsyncBinding):
        stream = "test.every"
        model = Note
        serializer_class = EverySerializer

    fields = {field["name"]: field for field in describe("test.every", user)["fields"]}
    expected = {name: name for name in fields} | {"choices": "choice", "method": "object"}
    assert {name: field["type"] for name, field in fields.items()} == expected
    assert fields["choice"]["choices"] == [{"value": "a", "label": "A"}]
    assert fields["datetime"]["help_text"] == "When"


def test_every_word_stands_in_the_contract() -> None:
    words = document()["$defs"]["describedField"]["properties"]["type"]["enum"]
    assert {word for _, word in FIELD_TYPES} | {"text", "object"} == set(words)


class ByValues(FilterSet):  # type: ignore[misc]
    code = AllValuesFilter(field_name="secret_code")
    codes = AllValuesMultipleFilter(field_name="secret_code")

    class Meta:
        model = Note
        fields = ()


class IsNotToBeListed(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(view.action != "list" or request.user.is_staff)


@pytest.fixture
def by_values(user: Any, stranger: Any) -> str:
    class ByValuesBinding(AsyncBinding):
        stream = "test.by_values"
        model = Note
        fields = ("id",)
        filterset_class = ByValues
        permission_classes = (IsNotToBeListed,)

        def get_queryset(self) -> Any:
            return Note.objects.filter(owner=self.user)

    for owner, code in ((user, "mine"), (user, "mine"), (stranger, "CANARY")):
        Note.objects.create(title="a", secret_code=code, owner=owner)
    return ByValuesBinding.get_stream()


def test_a_filter_that_offers_all_values_offers_those_of_rows_that_the_caller_may_list(
    by_values: str, user: Any, stranger: Any
) -> None:
    user.is_staff = True
    told = describe(by_values, user)
    assert "CANARY" not in str(told)
    offered = [[choice["value"] for choice in each["field"]["choices"]] for each in told["filters"]]
    assert offered == [["", "mine"], ["mine"]]
    told = describe(by_values, stranger)  # who may not list them, though one is theirs
    assert "CANARY" not in str(told)
    assert "mine" not in str(told)


@pytest.mark.parametrize("code", ["CANARY", "nobody's"])
def test_a_value_of_hidden_rows_is_as_one_of_none(by_values: str, code: str, user: Any) -> None:
    user.is_staff = True
    for filters in ({"code": code}, {"codes": [code]}):
        answer = perform(Call(by_values, "search", {"filters": filters}, user))
        assert answer.meta["count"] == 0  # type: ignore[union-attr]
    found = perform(Call(by_values, "search", {"filters": {"code": "mine"}}, user))
    assert found.meta["count"] == 2  # type: ignore[union-attr]
