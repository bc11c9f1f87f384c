"""Formsets beside a form: described, bound, validated and saved together with it, or not at all."""

import json
from typing import Any

import pytest
from django import forms
from django.contrib.auth import get_user_model
from django.forms import formset_factory, inlineformset_factory, modelformset_factory
from rest_framework.permissions import BasePermission

from channels_binding.bindings import Binding
from channels_binding.calls import Call
from channels_binding.dispatch import perform
from channels_binding.exceptions import Forbidden, Invalid
from channels_binding.protocol import codecs
from tests.project.zoo.models import Chapter, Country, Label, Novel
from tests.schema import problems
from tests.throwaway import throwaway

pytestmark = pytest.mark.django_db


class Line(forms.Form):
    text = forms.CharField(max_length=5)


Chapters = inlineformset_factory(Novel, Chapter, fields=("title",), extra=2, max_num=4, validate_max=True)


class OnlyOdd(BasePermission):
    def has_object_permission(self, request: Any, view: Any, obj: Chapter) -> bool:
        return request.method == "GET" or not obj.title.startswith("locked")


@pytest.fixture(autouse=True)
def stream() -> Any:
    with throwaway():

        class Chaptered(Binding):
            stream = "formsets.Novel"
            model = Novel
            fields = ("id", "title")
            formsets = {"chapters": Chapters}

        class ChapterOf(Binding):
            stream = "zoo.Chapter"
            model = Chapter
            permission_classes = (OnlyOdd,)

            def get_queryset(self) -> Any:
                return Chapter.objects.exclude(title="hidden")

        from channels_binding.registry import registry

        registry._catch_up()
        registry._by_stream["zoo.Chapter"] = ChapterOf
        yield


def form(data: dict[str, Any]) -> Any:
    answer = json.loads(codecs.encode(perform(Call("formsets.Novel", "form", data, get_user_model()(pk=1)))))
    assert problems("form", answer) == []
    return answer


@pytest.fixture
def novel() -> Novel:
    made = Novel.objects.create(title="Sea")
    for title in ("one", "two", "hidden"):
        Chapter.objects.create(novel=made, title=title)
    return made


def titles(novel: Novel) -> list[str]:
    return sorted(novel.chapters.values_list("title", flat=True))


def test_rows_of_the_parent_are_described_with_an_empty_form_to_add_by(novel: Novel) -> None:
    (formset,) = form({"id": novel.pk})["formsets"]
    assert (formset["name"], formset["can_delete"], formset["can_order"], formset["max"]) == (
        "chapters",
        True,
        False,
        4,
    )
    assert [[field["value"] for field in each["fields"]] for each in formset["forms"]] == [["one"], ["two"]]
    assert [field["name"] for field in formset["empty"]] == ["title"]
    assert all(isinstance(each["id"], int) for each in formset["forms"])
    assert form({})["formsets"][0]["forms"] == []


def test_parent_and_children_are_saved_together(novel: Novel) -> None:
    one, two = novel.chapters.exclude(title="hidden").order_by("title")
    rows = [{"id": one.pk, "title": "first"}, {"id": two.pk, "DELETE": True}, {"title": "third"}]
    answer = form({"id": novel.pk, "submit": {"title": "Ocean", "chapters": rows}})
    assert answer["success"] is True
    novel.refresh_from_db()
    assert novel.title == "Ocean"
    assert titles(novel) == ["first", "hidden", "third"]
    assert [each["fields"][0]["value"] for each in answer["formsets"][0]["forms"]] == ["first", "third"]


def test_a_new_parent_gets_its_children() -> None:
    answer = form({"submit": {"title": "New", "chapters": [{"title": "a"}, {"title": "b"}]}})
    assert answer["success"] is True
    assert titles(Novel.objects.get(title="New")) == ["a", "b"]


def test_what_is_left_out_stays(novel: Novel) -> None:
    assert form({"id": novel.pk, "submit": {"title": "x"}})["success"] is True
    one = novel.chapters.get(title="one")
    assert form({"id": novel.pk, "submit": {"chapters": [{"id": one.pk}]}})["success"] is True
    assert titles(novel) == ["hidden", "one", "two"]


def test_one_wrong_row_and_nothing_is_saved(novel: Novel) -> None:
    one = novel.chapters.get(title="one")
    rows = [{"id": one.pk, "title": "changed"}, {"title": ""}, {"title": "x" * 999}]
    answer = form({"id": novel.pk, "submit": {"title": "Ocean", "chapters": rows}})
    assert answer["success"] is False
    assert answer["errors"]["chapters"]["3"]["title"][0]["code"] == "max_length"
    novel.refresh_from_db()
    assert novel.title == "Sea"
    assert titles(novel) == ["hidden", "one", "two"]


def test_a_wrong_parent_saves_no_children_and_a_formset_has_errors_of_its_own(novel: Novel) -> None:
    answer = form({"id": novel.pk, "submit": {"title": "", "chapters": [{"title": "x"}]}})
    assert answer["errors"]["title"][0]["code"] == "required"
    many = form({"id": novel.pk, "submit": {"chapters": [{"title": str(number)} for number in range(4)]}})
    assert many["errors"]["chapters"]["__all__"][0]["code"] == "too_many_forms"
    assert many["formsets"][0]["errors"][0]["code"] == "too_many_forms"
    assert titles(novel) == ["hidden", "one", "two"]


@pytest.mark.parametrize(
    "rows",
    ["x", {}, [1], [None], [{"nope": 1}], [{"novel": 1}], [{"title": "x", "id": 424242}], [{"title": "x", "pk": 1}]],
    ids=str,
)
def test_what_is_no_list_of_rows_is_refused(rows: Any, novel: Novel) -> None:
    with pytest.raises(Invalid) as caught:
        form({"id": novel.pk, "submit": {"chapters": rows}})
    assert "chapters" in (caught.value.fields or {})


def test_a_row_of_another_parent_or_one_that_is_hidden_is_not_there(novel: Novel) -> None:
    theirs = Chapter.objects.create(novel=Novel.objects.create(title="Theirs"), title="theirs")
    for row in (theirs, novel.chapters.get(title="hidden")):
        with pytest.raises(Invalid):
            form({"id": novel.pk, "submit": {"chapters": [{"id": row.pk, "title": "mine"}]}})
        row.refresh_from_db()
        assert row.title in ("theirs", "hidden")


@pytest.mark.parametrize("change", [{"title": "x"}, {"DELETE": True}])
def test_a_row_that_the_caller_may_not_write_stops_all(change: dict[str, Any], novel: Novel) -> None:
    locked = Chapter.objects.create(novel=novel, title="locked")
    with pytest.raises(Forbidden):
        form({"id": novel.pk, "submit": {"title": "Ocean", "chapters": [{"id": locked.pk, **change}]}})
    novel.refresh_from_db()
    assert (novel.title, titles(novel)) == ("Sea", ["hidden", "locked", "one", "two"])


def test_formsets_of_a_model_and_of_a_plain_form_stand_beside_any_form() -> None:
    seen: list[Any] = []

    class Many(Binding):
        stream = "formsets.Novel"
        model = Novel
        fields = ("id", "title")
        formsets = {
            "labels": modelformset_factory(Label, fields=("name",), can_order=True),
            "lines": formset_factory(Line),
        }

        def perform_form(self, form: Any) -> Any:
            seen.extend(form.formsets["lines"].cleaned_data)
            return form.save()

    from channels_binding.registry import registry

    registry._by_stream["formsets.Novel"] = Many
    label = Label.objects.create(name="a")
    described = form({})["formsets"]
    assert [each["name"] for each in described] == ["labels", "lines"]
    assert [field["name"] for field in described[0]["empty"]] == ["name", "ORDER"]
    submit = {"title": "x", "labels": [{"id": label.pk, "name": "b"}, {"name": "c"}], "lines": [{"text": "t"}]}
    assert form({"submit": submit})["success"] is True
    assert sorted(Label.objects.values_list("name", flat=True)) == ["b", "c"]
    assert seen == [{"text": "t"}]
    assert form({"submit": {"title": "x", "lines": [{"text": "too long"}]}})["errors"]["lines"]["0"]["text"]


def test_a_form_with_a_prefix_is_named_without_it() -> None:
    class Prefixed(forms.ModelForm):  # type: ignore[type-arg]
        prefix = "own"

        class Meta:
            model = Country
            fields = ("code", "name")

    class Named(Binding):
        stream = "formsets.Novel"
        model = Country
        form_class = Prefixed

    from channels_binding.registry import registry

    registry._by_stream["formsets.Novel"] = Named
    assert [field["name"] for field in form({})["fields"]] == ["code", "name"]
    assert form({"submit": {"code": "", "name": "x"}})["errors"]["code"][0]["code"] == "required"
    assert form({"submit": {"code": "xx", "name": "X"}})["success"] is True
