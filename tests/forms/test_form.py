"""Forms as JSON: every field and widget of Django described, and what is described can be submitted unchanged."""
# ruff: noqa: E501 (tables are read across)

import datetime
import decimal
import json
from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import override_settings
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy
from django.utils.translation import override as language

from channels_binding.forms.form import FormData, as_json, bind_data, describe_form, form_errors
from channels_binding.protocol import codecs
from tests.forms.fields import AT, FIELDS, Point
from tests.project.zoo.models import Label, Note, Token
from tests.schema import problems


def form_of(field: forms.Field, value: Any, data: Any = None, files: Any = None) -> forms.Form:
    form = type("OneForm", (forms.Form,), {"value": field})(data, files, initial={"value": value})
    assert isinstance(form, forms.Form)
    return form


def described(form: forms.BaseForm, stream_of: Any = lambda model: None) -> Any:
    """The description as a browser reads it."""
    fields = json.loads(codecs.encode(describe_form(form, stream_of)))
    assert [problem for field in fields for problem in problems("formField", field)] == []
    return fields


def test_every_form_field_of_django_is_in_the_table() -> None:
    fields = {cls for cls in vars(forms).values() if isinstance(cls, type) and issubclass(cls, forms.Field)}
    abstract = {forms.Field, forms.MultiValueField}
    elsewhere = {forms.FileField, forms.ImageField, forms.ModelChoiceField, forms.ModelMultipleChoiceField}
    assert {type(field) for field, _ in FIELDS.values()} - {Point} >= fields - abstract - elsewhere


def test_every_widget_of_django_is_in_the_table() -> None:
    widgets = {cls for cls in vars(forms).values() if isinstance(cls, type) and issubclass(cls, forms.Widget)}
    abstract = {forms.Widget, forms.MultiWidget}
    as_default = {type(field.widget) for field, _ in FIELDS.values()}
    alike = {forms.ColorInput, forms.SearchInput, forms.TelInput}
    elsewhere = {forms.FileInput, forms.ClearableFileInput}
    assert widgets - abstract - alike - elsewhere <= as_default


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_is_described_and_submitted_unchanged(name: str) -> None:
    field, value = FIELDS[name]
    (description,) = described(form_of(field, value))
    assert description["type"] == type(field).__name__
    assert description["widget"] == type(field.widget).__name__
    assert description["multiple"] is (isinstance(value, list) and "array" not in name)
    submitted = bind_data(form_of(field, value), {"value": description["value"]})
    form = form_of(field, value, submitted)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["value"] == value
    assert isinstance(form.cleaned_data["value"], type(value))


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_that_is_left_out_keeps_its_value(name: str) -> None:
    field, value = FIELDS[name]
    form = form_of(field, value, bind_data(form_of(field, value), {}))
    assert form.is_valid(), form.errors
    assert form.cleaned_data["value"] == value


@pytest.mark.parametrize("name", FIELDS)
def test_an_empty_form_is_described_and_an_optional_field_may_stay_empty(name: str) -> None:
    field, _ = FIELDS[name]
    (description,) = described(form_of(field, None))
    assert description["value"] in (None, "null", False, "", [None, None], [None, None, None])
    if not field.required and not isinstance(field, forms.JSONField):
        form = form_of(field, None, bind_data(form_of(field, None), {"value": None}))
        assert form.is_valid(), form.errors


ODD: list[Any] = ["9" * 5000, "[" * 60_000, "1e999999999", None, True, False, 0, -1, 2**60, 1.5, "", " ", "x", "\n", "2026-13-45", "1/2/3", [], [None], [1], ["x"], [[1]], [{}], {}, {"a": 1}, {"0": 1}, ["a", "b", "c"]]  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_whatever_is_submitted_is_judged_and_never_fails(name: str) -> None:
    field, value = FIELDS[name]
    for odd in ODD:
        form = form_of(field, value, bind_data(form_of(field, value), {"value": odd}))
        form.is_valid()
        described(form)
        assert problems("fieldErrors", json.loads(codecs.encode(form_errors(form)))) == []


@pytest.mark.parametrize(
    "name", ["date", "time", "datetime", "split datetime", "integer", "typed choice", "multiple choice", "uuid"]
)
@pytest.mark.parametrize("odd", ["x", 1.5, {"a": 1}, ["x"]], ids=str)
def test_what_is_of_the_wrong_kind_is_an_error_at_its_field(name: str, odd: Any) -> None:
    field, value = FIELDS[name]
    form = form_of(field, value, bind_data(form_of(field, value), {"value": odd}))
    assert not form.is_valid()
    assert list(form_errors(form)) == ["value"]


@pytest.mark.parametrize(
    "name", ["decimal localized", "float localized", "date", "date in a format", "datetime", "time", "split datetime"]
)
@override_settings(USE_THOUSAND_SEPARATOR=True, TIME_ZONE="America/New_York")
def test_the_language_of_the_caller_changes_nothing_of_what_travels(name: str) -> None:
    field, value = FIELDS[name]
    (english,) = described(form_of(field, value))
    with language("de"), timezone.override("Asia/Tokyo"):
        (german,) = described(form_of(field, value))
        form = form_of(field, value, bind_data(form_of(field, value), {"value": english["value"]}))
        assert form.is_valid(), form.errors
        assert form.cleaned_data["value"] == value
    if not isinstance(value, datetime.datetime):
        assert german["value"] == english["value"]


@pytest.mark.parametrize("name", ["datetime", "split datetime"])
def test_a_datetime_travels_with_its_offset(name: str) -> None:
    (description,) = described(form_of(*FIELDS[name]))
    travelled = datetime.datetime.fromisoformat(description["value"])
    assert travelled == AT
    assert travelled.utcoffset() is not None


def test_a_split_field_takes_its_parts_as_well() -> None:
    field, _ = FIELDS["split datetime"]
    form = form_of(field, None, bind_data(form_of(field, None), {"value": ["2026-01-02", "03:04:05"]}))
    assert form.is_valid(), form.errors
    assert form.cleaned_data["value"] == AT.replace(microsecond=0)
    form = form_of(field, None, bind_data(form_of(field, None), {"value": ["2026-01-02", "x"]}))
    assert not form.is_valid()


class Price:
    def __init__(self, amount: int, currency: str) -> None:
        self.amount, self.currency = amount, currency


class PriceField(forms.MultiValueField):
    """As packages have them: an object of two inputs."""

    class Widget(forms.MultiWidget):
        def __init__(self) -> None:
            super().__init__([forms.NumberInput(), forms.TextInput()])

        def decompress(self, value: Any) -> list[Any]:
            return [value.amount, value.currency]

    def __init__(self) -> None:
        super().__init__([forms.IntegerField(), forms.CharField()], widget=self.Widget())

    def compress(self, data_list: Any) -> Price:
        return Price(*data_list)


def test_an_object_of_several_inputs_travels_as_what_each_of_them_shows() -> None:
    (description,) = described(form_of(PriceField(), Price(7, "EUR")))
    assert (description["initial"], description["value"]) == ([7, "EUR"], [7, "EUR"])
    for submitted in ({"value": [8, "CHF"]}, {}):
        form = form_of(PriceField(), Price(7, "EUR"), bind_data(form_of(PriceField(), Price(7, "EUR")), submitted))
        assert form.is_valid(), form.errors
        saved = form.cleaned_data["value"]
        assert [saved.amount, saved.currency] == submitted.get("value", [7, "EUR"])


class Words(forms.TextInput):
    def format_value(self, value: Any) -> str:
        return value if isinstance(value, str) else ", ".join(value)


def test_a_list_that_a_text_field_shows_in_its_own_way_travels_as_that_text() -> None:
    field = forms.CharField(widget=Words())
    (description,) = described(form_of(field, ["green", "red"]))
    assert (description["initial"], description["value"]) == ("green, red", "green, red")
    form = form_of(field, ["green", "red"], bind_data(form_of(field, ["green", "red"]), {}))
    assert form.is_valid()
    assert form.cleaned_data["value"] == "green, red"


def test_what_a_field_looks_like_is_told_with_its_ancestors() -> None:
    (choice,) = described(form_of(*FIELDS["typed choice"]))
    assert choice["bases"] == ["TypedChoiceField", "ChoiceField", "Field"]
    assert choice["widget_bases"] == ["Select", "ChoiceWidget", "Widget"]
    assert choice["choices"] == [{"value": 1, "label": "One"}, {"value": 2, "label": "Two"}]


def test_choices_keep_their_groups() -> None:
    (choice,) = described(form_of(*FIELDS["choice grouped"]))
    assert choice["choices"] == [
        {"value": "", "label": "None"},
        {"group": "Warm", "choices": [{"value": "r", "label": "Red"}, {"value": "o", "label": "Orange"}]},
        {"group": "Cold", "choices": [{"value": "b", "label": "Blue"}]},
    ]


def test_limits_are_told_where_there_are_some() -> None:
    (integer,), (char,), (plain,) = (described(form_of(*FIELDS[name])) for name in ("integer", "char", "json"))
    assert integer["limits"] == {"min_value": 0, "max_value": 9, "step_size": 1}
    assert char["limits"] == {"max_length": 9, "min_length": 1}
    assert "limits" not in plain
    limit = forms.DecimalField(max_digits=8, decimal_places=2, max_value=lambda: decimal.Decimal("9.5"))  # type: ignore[arg-type]
    assert described(form_of(limit, None))[0]["limits"] == {"max_digits": 8, "decimal_places": 2, "max_value": "9.5"}


def test_texts_are_told_in_the_language_of_the_caller() -> None:
    widget = forms.TextInput({"placeholder": gettext_lazy("Yes"), "data-n": 3})
    field = forms.CharField(
        label=gettext_lazy("Yes"), help_text=gettext_lazy("No"), initial=gettext_lazy("Yes"), widget=widget
    )
    form = type("OneForm", (forms.Form,), {"value": field})
    with language("de"):
        (description,) = described(form())
    assert (description["label"], description["help_text"], description["value"]) == ("Ja", "Nein", "Ja")
    assert description["attrs"]["placeholder"] == "Ja"
    assert description["attrs"]["data-n"] == 3


def test_errors_stand_at_their_field_and_those_of_the_form_under_all() -> None:
    class TwoForm(forms.Form):
        a = forms.IntegerField(min_value=3)
        b = forms.CharField()

        def clean(self) -> None:
            raise forms.ValidationError("Never.", code="never")

    form = TwoForm(bind_data(TwoForm(), {"a": 1}))
    assert form_errors(form) == {
        "a": [{"code": "min_value", "message": "Ensure this value is greater than or equal to 3."}],
        "b": [{"code": "required", "message": "This field is required."}],
        "__all__": [{"code": "never", "message": "Never."}],
    }
    a, b = described(form)
    assert (a["value"], a["errors"][0]["code"], b["errors"][0]["code"]) == (1, "min_value", "required")


def test_a_form_that_is_not_submitted_has_no_errors() -> None:
    assert form_errors(form_of(*FIELDS["char"])) == {}


def test_a_disabled_field_takes_no_other_value() -> None:
    field, value = FIELDS["disabled"]
    form = form_of(field, value, bind_data(form_of(field, value), {"value": "changed"}))
    assert form.is_valid()
    assert form.cleaned_data["value"] == value


def test_a_prefix_is_the_form_s_own_business() -> None:
    class PrefixedForm(forms.Form):
        prefix = "p"
        a = forms.CharField()
        b = forms.SplitDateTimeField()

    unbound = PrefixedForm()
    assert [field["name"] for field in described(unbound)] == ["a", "b"]
    form = PrefixedForm(bind_data(unbound, {"a": "x", "b": AT.isoformat()}))
    assert form.is_valid(), form.errors
    assert form.cleaned_data == {"a": "x", "b": AT}


def test_form_data_gives_lists_where_widgets_ask_for_them() -> None:
    data = FormData({"tags": [1, 2], "one": 3})
    assert data.getlist("tags") == [1, 2]
    assert data.getlist("one") == [3]
    assert data.getlist("none") == []


# Files


class FileForm(forms.Form):
    file = forms.FileField(required=False)
    image = forms.ImageField(required=False)
    plain = forms.FileField(widget=forms.FileInput, required=False)


def test_an_empty_file_field_is_described() -> None:
    file, image, plain = described(FileForm())
    assert (file["value"], image["value"], plain["value"]) == (None, None, None)
    assert image["bases"] == ["ImageField", "FileField", "Field"]
    assert plain["widget"] == "FileInput"


def test_a_stored_file_travels_as_name_and_url_and_stays_when_it_is_submitted_unchanged() -> None:
    stored = models.fields.files.FieldFile(Note(), models.FileField(name="file"), "a/b.txt")
    form = FileForm(initial={"file": stored})
    assert described(form)[0]["value"] == {"name": "a/b.txt", "url": "/media/a/b.txt"}
    for submitted in ({}, {"file": {"name": "a/b.txt", "url": "/media/a/b.txt"}}):
        bound = FileForm(bind_data(form, submitted), initial={"file": stored})
        assert bound.is_valid()
        assert bound.cleaned_data["file"] is stored
    cleared = FileForm(bind_data(form, {"file": None}), initial={"file": stored})
    assert cleared.is_valid()
    assert cleared.cleaned_data["file"] is False


def test_an_uploaded_file_is_named_and_its_content_stays_here() -> None:
    upload = SimpleUploadedFile("x.txt", b"canary-content")
    form = FileForm(bind_data(FileForm(), {}), MultiValueDict({"file": [upload]}))
    assert form.is_valid()
    assert form.cleaned_data["file"] is upload
    assert "canary" not in json.dumps(described(form))
    assert as_json(upload) == {"name": "x.txt", "url": None}


# Relations


class NoteForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Note
        fields = ("title", "rank", "weight", "done", "parent", "labels")


@pytest.fixture
def rows(transactional_db: None) -> Any:
    labels = [Label.objects.create(name=name) for name in "xy"]
    parent = Note.objects.create(title="parent")
    note = Note.objects.create(title="n", rank=3, parent=parent)
    note.labels.set(labels)
    return note, parent, labels


STREAMS = {Note: "zoo.Note", Label: "zoo.Label"}


def test_a_relation_tells_where_to_search_and_the_texts_of_what_is_chosen(rows: Any) -> None:
    note, parent, labels = rows
    fields = {field["name"]: field for field in described(NoteForm(instance=note), STREAMS.get)}
    assert fields["parent"]["value"] == parent.pk
    assert fields["parent"]["relation"] == {"stream": "zoo.Note", "filters": {}, "labels": {str(parent.pk): "parent"}}
    assert fields["labels"]["value"] == [label.pk for label in labels]
    assert fields["labels"]["relation"]["labels"] == {str(label.pk): label.name for label in labels}
    assert "choices" not in fields["parent"]


def test_a_relation_that_no_stream_serves_brings_its_choices(rows: Any) -> None:
    note, parent, labels = rows
    fields = {field["name"]: field for field in described(NoteForm(instance=note))}
    of_django: Any = NoteForm().fields["parent"]
    assert fields["parent"]["choices"][0] == {"value": "", "label": str(of_django.empty_label)}
    assert {"value": parent.pk, "label": "parent"} in fields["parent"]["choices"]
    assert fields["labels"]["choices"] == [{"value": label.pk, "label": label.name} for label in labels]


def test_of_many_rows_that_no_stream_serves_the_chosen_one_is_there_and_it_is_said_that_there_are_more(
    rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    note, parent, _ = rows
    monkeypatch.setattr("channels_binding.forms.form.MAX_CHOICES", 2)
    assert [field for field in described(NoteForm(instance=note)) if "truncated" in field] == []
    others = [Note.objects.create(title=title) for title in "ab"]
    note.parent = others[-1]
    (field,) = [field for field in described(NoteForm(instance=note)) if field["name"] == "parent"]
    assert field["truncated"] is True
    assert [choice["value"] for choice in field["choices"]] == ["", parent.pk, note.pk, others[-1].pk]
    by_data = NoteForm({"title": "n", "parent": "nonsense"}, instance=note)
    (field,) = [field for field in described(by_data) if field["name"] == "parent"]
    assert [choice["value"] for choice in field["choices"]] == ["", parent.pk, note.pk]


def test_a_model_form_is_described_and_submitted_unchanged(rows: Any) -> None:
    note, _, labels = rows
    submitted = {field["name"]: field["value"] for field in described(NoteForm(instance=note), STREAMS.get)}
    before = Note.objects.values().get(pk=note.pk)
    for data in (submitted, {}):
        form = NoteForm(bind_data(NoteForm(instance=note), data), instance=note)
        assert form.is_valid(), form.errors
        assert form.changed_data == []
        form.save()
        assert Note.objects.values().get(pk=note.pk) == before
        assert [*note.labels.all()] == labels


def test_a_new_row_needs_only_what_is_required(rows: Any) -> None:
    form = NoteForm(bind_data(NoteForm(), {"title": "new", "rank": 1}))
    assert form.is_valid(), form.errors
    assert form.save().labels.count() == 0


@pytest.mark.parametrize("odd", [True, False, "x", {}, [1, 2], {"pk": 1}, 2**60, -1, 1.5], ids=str)
def test_what_is_no_key_of_the_relation_is_refused(rows: Any, odd: Any) -> None:
    note, *_ = rows
    form = NoteForm(bind_data(NoteForm(instance=note), {"parent": odd}), instance=note)
    assert not form.is_valid(), form.cleaned_data
    assert list(form_errors(form)) == ["parent"]
    described(form, STREAMS.get)


@pytest.mark.parametrize("odd", ["x", True, [True], [[]], [{}], {"a": 1}, [-1], ["x"]], ids=str)
def test_what_is_no_list_of_keys_is_refused(rows: Any, odd: Any) -> None:
    note, *_ = rows
    form = NoteForm(bind_data(NoteForm(instance=note), {"labels": odd}), instance=note)
    assert not form.is_valid(), form.cleaned_data
    assert list(form_errors(form)) == ["labels"]
    described(form, STREAMS.get)


def test_null_empties_what_may_be_empty(rows: Any) -> None:
    note, *_ = rows
    form = NoteForm(bind_data(NoteForm(instance=note), {"parent": None, "labels": None, "weight": None}), instance=note)
    assert form.is_valid(), form.errors
    saved = form.save()
    assert saved.parent is None
    assert saved.labels.count() == 0


def test_a_relation_by_another_field_than_the_key_travels_as_that(transactional_db: None) -> None:
    token = Token.objects.create(name="t")

    class TokenForm(forms.Form):
        one = forms.ModelChoiceField(Token.objects.all(), to_field_name="name")
        many = forms.ModelMultipleChoiceField(Token.objects.all())

    form = TokenForm(initial={"one": token, "many": [token]})
    one, many = described(form, lambda model: "zoo.Token")
    assert (one["value"], many["value"]) == ("t", [str(token.pk)])
    assert one["relation"]["labels"] == {"t": str(token)}
    assert many["relation"]["labels"] == {str(token.pk): str(token)}
    bound = TokenForm(bind_data(form, {"one": one["value"], "many": many["value"]}))
    assert bound.is_valid(), bound.errors
    assert bound.cleaned_data["one"] == token


@pytest.mark.parametrize(
    ("value", "travels_as"),
    [
        (gettext_lazy("Yes"), "Yes"),
        (2**60, str(2**60)),
        (True, True),
        (decimal.Decimal("1.50"), "1.50"),
        ({1: {2}}, {"1": [2]}),
        ((1, "a"), [1, "a"]),
        (AT, AT.isoformat()),
        (datetime.timedelta(seconds=5), "0:00:05"),
        (None, None),
    ],
)
def test_values_travel_as_json(value: Any, travels_as: Any) -> None:
    assert json.loads(codecs.encode(as_json(value))) == travels_as
