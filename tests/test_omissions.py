# mypy: disable-error-code="misc"
"""One bad stream or field costs itself: every document names it, the log says why, and everything else is there."""

import logging
import zoneinfo
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import models
from django.test.utils import isolate_apps
from django_filters import CharFilter, FilterSet
from jsonschema import Draft202012Validator
from rest_framework import serializers
from rest_framework.test import APIRequestFactory

from channels_binding import omissions
from channels_binding.calls import Call
from channels_binding.consumers import Binding, bind
from channels_binding.contract import asyncapi, openapi, typescript
from channels_binding.dispatch import perform
from channels_binding.omissions import Omissions
from tests.project.zoo.models import Note
from tests.throwaway import throwaway

pytestmark = pytest.mark.one_backend("a contract is the same on every database")


@pytest.fixture(autouse=True)
def _nothing_logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(omissions, "_logged", set())
    with throwaway("zoo.Note", "zoo.Label"):
        yield


def request() -> Any:
    made: Any = APIRequestFactory().get("/")
    made.user = get_user_model()(username="ann", pk=1)
    return made


def of_http() -> dict[str, Any]:
    return openapi.document(request(), lambda name, *args: "/".join(["", name, *args, ""]), lambda stream: [])


def described() -> dict[str, str]:
    """Each document's own words about what is left out."""
    return {
        "openapi": of_http()["info"]["description"],
        "asyncapi": asyncapi.document(request())["info"]["description"],
        "types": typescript.module().partition("\n\n")[0],
    }


def _raise() -> None:
    raise RuntimeError("canary")


class BadField(serializers.Field):  # type: ignore[type-arg]
    """Its help text cannot be looked at."""

    help_text = property(lambda self: _raise(), lambda self, value: None)

    def to_representation(self, value: Any) -> Any:
        return value


class WithBadField(serializers.ModelSerializer[Note]):
    bad = BadField(read_only=True, source="rank")

    class Meta:
        model = Note
        fields = ("id", "title", "bad")


def test_a_field_that_cannot_be_described_is_anything_and_named(caplog: pytest.LogCaptureFixture) -> None:
    class Bad(Binding):
        stream, model, serializer_class = "test.bad", Note, WithBadField

    for words in described().values():
        assert "test.bad.bad." in words
        assert "canary" not in words
    row = of_http()["components"]["schemas"]["test.bad"]["properties"]
    assert row["bad"] == {"description": "Cannot be described."}
    assert row["title"]["type"] == "string"
    assert "  bad: unknown\n" in typescript.module()
    told = [record for record in caplog.records if record.name == "channels_binding"]
    assert [record.levelno for record in told] == [logging.ERROR], "once, however many documents are made"
    assert "canary" in str(told[0].exc_info)


def test_a_stream_that_cannot_be_described_is_left_out_and_the_others_are_there() -> None:
    class Broken(Binding):
        stream, model = "test.broken", Note

        def get_serializer_class(self) -> Any:
            raise RuntimeError("canary")

    class Fine(Binding):
        stream, model, fields = "test.fine", Note, ("id", "title")

    for words in described().values():
        assert "test.broken." in words
    paths = of_http()["paths"]
    assert "/stream/test.fine" in paths
    assert "/stream/test.broken" not in paths
    messages = asyncapi.document(request())["operations"]
    assert "test.fine.search" in messages
    assert not any(name.startswith("test.broken") for name in messages)
    text = typescript.module()
    assert "'test.fine': {" in text
    assert "'test.broken': {" not in text


def test_an_event_that_cannot_be_described_is_left_out_of_its_stream() -> None:
    class Eventful(Binding):
        stream, model, fields = "test.eventful", Note, ("id", "title")
        sends = {"closed": WithBadField}

        @bind("odd")
        def odd(self, data: "NoSuchName") -> Any:  # type: ignore[name-defined]  # noqa: F821
            """Its annotation leads nowhere."""

        @bind("even")
        def even(self, data: Any) -> Any:
            """Its does not."""

    paths, messages = of_http()["paths"], asyncapi.document(request())["operations"]
    assert "/row/test.eventful/even" in paths
    assert {"test.eventful.even", "test.eventful.closed"} <= messages.keys()
    assert "even:" in typescript.module()


@isolate_apps("tests.project.zoo")
def test_null_among_choices_is_one_of_them_and_what_is_no_json_is_text() -> None:
    class Graded(models.Model):
        level = models.IntegerField(null=True, choices=[(None, "none"), (1, "one")])
        word = models.CharField(max_length=9, null=True, choices=[(None, "none"), ("a", "A")])
        mixed = models.CharField(max_length=9, null=True, blank=True, choices=[("a", "A"), (2, "two")])
        plain = models.IntegerField(null=True, choices=[(1, "one")])

        class Meta:
            app_label = "zoo"

    class Zoned(serializers.ModelSerializer[Any]):
        zone = serializers.ChoiceField(choices=[(zoneinfo.ZoneInfo("UTC"), "UTC")])

        class Meta:
            model = Graded
            fields = ("id", "level", "word", "mixed", "plain", "zone")

    class Grades(Binding):
        stream, model, serializer_class = "test.grades", Graded, Zoned

    assert "test.grades" not in described()["openapi"]
    row = of_http()["components"]["schemas"]["test.grades"]
    Draft202012Validator.check_schema(row)
    taken = {name: (each["type"], each["enum"]) for name, each in row["properties"].items() if name != "id"}
    assert taken == {
        "level": (["null", "integer"], [None, 1]),
        "word": (["null", "string"], [None, "a"]),
        "mixed": (["null", "string", "integer"], ["a", 2, "", None]),
        "plain": (["null", "integer"], [1, None]),
        "zone": ("string", ["UTC"]),
    }
    text = typescript.module()
    assert "  level: null | 1\n" in text
    assert "  zone: 'UTC'\n" in text


@pytest.mark.django_db
def test_describe_leaves_out_the_field_and_the_filter_that_cannot_be_described(
    user: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Filters(FilterSet):
        odd, title = CharFilter(field_name="title", help_text="odd"), CharFilter()

    class Bad(Binding):
        stream, model, serializer_class, filterset_class = "test.bad", Note, WithBadField, Filters

        def scope_choices(self, field: Any, stored: Any = None) -> None:
            if field.help_text == "odd":
                raise RuntimeError("canary")

    answer: Any = perform(Call("test.bad", "describe", {}, user))
    assert [each["name"] for each in answer["fields"]] == ["id", "title"]
    assert [each["name"] for each in answer["filters"]] == ["title"]
    assert "test.bad.bad cannot be described, and is left out of the contract" in caplog.text


def test_the_command_says_what_it_leaves_out_and_writes_the_rest() -> None:
    class Bad(Binding):
        stream, model, serializer_class = "test.bad", Note, WithBadField

    out, err = StringIO(), StringIO()
    call_command("bindings_types", stdout=out, stderr=err)
    assert "'test.bad': {" in out.getvalue()
    assert "test.bad.bad is left out, since it cannot be described: RuntimeError('canary')" in err.getvalue()


def test_where_nothing_is_left_out_nothing_is_said() -> None:
    assert Omissions().sentence() == ""
    found = Omissions()
    with found.leaving_out("b"), found.leaving_out("a"):
        raise ValueError
    found.add("0", ValueError())
    assert found.sentence() == " Left out, since they cannot be described: 0, a."
