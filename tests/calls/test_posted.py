"""A posted form: plain data to look at, and what REST framework makes of the same QueryDict where it is validated."""

import datetime
from collections.abc import Iterator
from typing import Any, TypedDict

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client
from rest_framework import serializers

from channels_binding.bindings import Binding, bind
from channels_binding.calls.posted import PostedForm, but
from tests.project.zoo.models import Flag, Label, Note
from tests.throwaway import throwaway

URLENCODED = "application/x-www-form-urlencoded"
BOUNDARY = "multipart/form-data; boundary=b"


class Everything(serializers.ModelSerializer[Note]):
    tags = serializers.ListField(child=serializers.CharField(), required=False, write_only=True)
    days = serializers.ListField(child=serializers.DateField(), required=False, write_only=True, allow_empty=True)
    kinds = serializers.MultipleChoiceField(choices=["a", "b"], required=False, write_only=True)
    extra = serializers.DictField(required=False, write_only=True)
    due = serializers.DateField(required=False, allow_null=True, write_only=True)
    ratio = serializers.FloatField(required=False, allow_null=True, write_only=True)
    notes = serializers.CharField(required=False, allow_null=True, write_only=True)

    class Meta:
        model = Note
        fields = ("id", "title", "rank", "weight", "done", "labels", "owner", "tags", "days", "kinds", "extra", "due", "ratio", "notes")  # noqa: E501  # fmt: skip


class Wanted(TypedDict, total=False):
    tags: list[str]
    done: bool
    day: datetime.date


seen: list[Any] = []


@pytest.fixture(autouse=True)
def _bindings() -> Iterator[None]:
    with throwaway():

        class Posted(Binding):
            stream = "test.posted"
            model = Note
            serializer_class = Everything

            def perform_create(self, serializer: Any) -> None:
                seen.append(dict(serializer.validated_data))
                serializer.instance = Note.objects.create(title="x")

            def perform_update(self, serializer: Any) -> None:
                seen.append(dict(serializer.validated_data))

            @bind("take")
            def take(self, data: Wanted) -> Any:
                return {"taken": repr(data)}

        yield


@pytest.fixture
def client(user: Any) -> Client:
    seen.clear()
    client = Client()
    client.force_login(user)
    return client


def bodies(query: str) -> Iterator[tuple[str, str]]:
    """The same form as each kind of body."""
    yield URLENCODED, query
    pairs = [(name, value) for name, values in QueryDict(query).lists() for value in values]
    parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in pairs]
    yield BOUNDARY, "".join(parts) + "--b--\r\n"


FORMS = [
    "title=x&tags=1",
    "title=x&tags=1&tags=2",
    "title=x&tags[0]=1&tags[1]=2",
    "title=x&due=&ratio=&notes=&weight=&owner=",
    "title=x&due=2026-01-02&ratio=0.5&rank=3&done=on",
    "title=x&done=true&kinds=a&kinds=b",
    "title=x&kinds=a&extra.a=1&extra.b=2",
    "title=x&days=2026-01-01",
    "title=&rank=x",
    "rank=1",
]


@pytest.mark.django_db
@pytest.mark.parametrize("query", FORMS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_form_is_validated_as_rest_framework_validates_it(method: str, query: str, client: Client) -> None:
    """Whatever it leaves out, or leaves empty, or names once of what may be several."""
    note = Note.objects.create(title="old")
    path = "/api/test.posted/" if method == "POST" else f"/api/test.posted/{note.pk}/"
    for kind, body in bodies(query):
        seen.clear()
        instance = None if method == "POST" else note
        drf = Everything(instance, data=QueryDict(query), partial=method == "PATCH")
        answer = client.generic(method, path, body, kind)
        assert (answer.status_code < 300) is drf.is_valid(), answer.content
        assert seen == ([dict(drf.validated_data)] if drf.is_valid() else [])
        assert {*answer.json().get("fields", {})} == {*drf.errors}


@pytest.mark.django_db
def test_one_value_of_a_relation_of_many_is_a_list(client: Client) -> None:
    label = Label.objects.create(name="red")
    made = client.post("/api/zoo.Note/", f"title=x&rank=1&labels={label.pk}&weight=", URLENCODED)
    assert (made.status_code, made.json()["labels"], made.json()["weight"]) == (201, [label.pk], None)


@pytest.mark.django_db
def test_a_checkbox_that_is_left_out_is_not_ticked(client: Client) -> None:
    flag = Flag.objects.create(is_up=True)
    assert client.put(f"/api/zoo.Flag/{flag.pk}/", "is_known=true", URLENCODED).json()["is_up"] is False


@pytest.mark.django_db
def test_a_name_that_no_field_has_is_refused_in_a_form_too(client: Client) -> None:
    answer = client.post("/api/test.posted/", "title=x&wrong[0]=1&other.part=2", URLENCODED)
    assert {*answer.json()["fields"]} == {"wrong", "other"}


@pytest.mark.django_db
def test_the_annotation_of_an_event_reads_a_form_too(client: Client) -> None:
    answer = client.post("/api/test.posted/take/", "tags=1&done=on&day=2026-01-02", URLENCODED)
    assert answer.json() == {"taken": "{'tags': ['1'], 'done': True, 'day': datetime.date(2026, 1, 2)}"}


def test_a_form_keeps_its_lists_and_files_whatever_is_taken_out_or_put_beside() -> None:
    file = SimpleUploadedFile("a.txt", b"a")
    form = PostedForm(QueryDict("tags=1&title=x&id=3"), {"file": file})
    assert form == {"tags": "1", "title": "x", "id": "3"}
    kept = but(form, "id")
    assert isinstance(kept, PostedForm)
    assert kept.beside(ids=[1, 2]).but("title") == {"tags": "1", "ids": [1, 2]}
    assert dict(kept.beside(ids=[1, 2]).as_input().lists()) == {
        "tags": ["1"], "title": ["x"], "ids": [1, 2], "file": [file]
    }  # fmt: skip
    assert but({"id": 1, "x": 2}, "id") == {"x": 2}
