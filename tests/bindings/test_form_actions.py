"""The form action, as a client sees it."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django import forms
from django.db import models
from django.test import AsyncClient, Client
from django.test.client import encode_multipart
from rest_framework import serializers
from rest_framework.permissions import BasePermission

from channels_binding.bindings import Binding
from channels_binding.exceptions import Forbidden, Invalid, MethodNotAllowed, NotFound, PreconditionFailed
from channels_binding.testing import BindingClient
from tests.bindings.test_reads import make
from tests.conformance.related import served_by
from tests.conftest import Connect
from tests.project.zoo.models import Chapter, Country, Label, Note, Novel


async def test_the_form_of_a_row_submitted_as_it_came_changes_nothing(connect: Connect, user: Any) -> None:
    label = await Label.objects.acreate(name="red")
    (note,) = await make(3, owner=user, done=True, weight=5)
    await note.labels.aadd(label)
    socket = await connect(user)
    form = (await socket.call("zoo.Note.form", {"id": note.pk}))["data"]
    values = {field["name"]: field["value"] for field in form["fields"]}
    assert values["owner"] == user.pk
    saved = (await socket.call("zoo.Note.form", {"id": note.pk, "submit": values}))["data"]
    assert (saved["success"], saved["object"]) == (True, form["object"])
    emptied = (
        await socket.call("zoo.Note.form", {"id": note.pk, "submit": {"weight": None, "done": False, "labels": []}})
    )["data"]
    assert (emptied["object"]["weight"], emptied["object"]["done"], emptied["object"]["labels"]) == (None, False, [])
    assert emptied["object"]["owner"] == user.pk


async def test_a_form_that_does_not_validate_is_an_ordinary_reply(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    answer = (await socket.call("zoo.Note.form", {"submit": {"title": "", "rank": 1}}))["data"]
    assert (answer["success"], answer["object"]) == (False, None)
    assert answer["errors"] == {"title": [{"code": "required", "message": "This field is required."}]}
    assert {field["name"]: field["errors"] for field in answer["fields"]}["title"][0]["code"] == "required"
    assert await Note.objects.acount() == 0


async def test_a_relation_of_a_form_offers_only_rows_that_its_own_stream_would_show(
    connect: Connect, user: Any
) -> None:
    socket = await connect(user)
    form = (await socket.call("zoo.Note.form", {"submit": {"title": "x", "rank": 1, "owner": 424242}}))["data"]
    assert form["errors"]["owner"][0]["code"] == "invalid_choice"


class WithoutNorway(models.Manager[Country]):
    def get_queryset(self) -> Any:
        return super().get_queryset().exclude(code="NO")


@pytest.fixture
def client(user: Any) -> BindingClient:
    return BindingClient(user)


def test_a_new_form_takes_initial_values(client: BindingClient) -> None:
    form = client.call("zoo.Note.form", {"initial": {"title": "given", "rank": 4}})
    values = {field["name"]: field["value"] for field in form["fields"]}
    assert (values["title"], values["rank"], form["object"], form["success"]) == ("given", 4, None, False)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"initial": [1]}, "initial"),
        ({"submit": [1]}, "submit"),
        ({"submit": {"nonsense": 1}}, "nonsense"),
        ({"page": 1}, "page"),
        ({"id": "x"}, "id"),
    ],
)
def test_what_is_no_form_s_is_refused_by_its_name(data: Any, name: str, client: BindingClient) -> None:
    with pytest.raises(Invalid) as refused:
        client.call("zoo.Note.form", data)
    assert [*(refused.value.fields or ())] == [name]


def test_the_form_of_a_missing_row_is_not_found(client: BindingClient) -> None:
    with pytest.raises(NotFound):
        client.form("zoo.Note", 424242)


def test_a_form_is_saved_only_over_the_version_it_was_made_of(client: BindingClient) -> None:
    note = Note.objects.create(title="x")
    with pytest.raises(PreconditionFailed):
        client.call("zoo.Note.form", {"id": note.pk, "submit": {"title": "y"}}, if_version="other")
    note.refresh_from_db()
    assert note.title == "x"


def test_a_form_and_the_rows_beside_it_are_saved_together_or_not_at_all(client: BindingClient) -> None:
    made = client.form("zoo.Serial", submit={"title": "Sea", "chapters": [{"title": "one"}, {"title": "two"}]})
    assert (made["success"], made["object"]["title"]) == (True, "Sea")
    novel = Novel.objects.get()
    assert [*Chapter.objects.values_list("title", "novel").order_by("pk")] == [("one", novel.pk), ("two", novel.pk)]
    (formset,) = made["formsets"]
    assert (formset["name"], len(formset["forms"])) == ("chapters", 2)
    refused = client.form("zoo.Serial", novel.pk, {"title": "Other", "chapters": [{"title": ""}] * 5})
    assert refused["success"] is False
    assert "chapters" in refused["errors"]
    novel.refresh_from_db()
    assert (novel.title, Chapter.objects.count()) == ("Sea", 2)


@pytest.mark.parametrize(
    ("name", "odd", "message"),
    [
        ("title", ["x"], "Not a valid string."),
        ("title", {"a": 1}, "Not a valid string."),
        ("title", True, "Not a valid string."),
        ("done", "maybe", "Must be a valid boolean."),
        ("done", [True], "Must be a valid boolean."),
        ("labels", 7, "Enter a list of values."),
    ],
)
async def test_what_create_refuses_of_json_is_an_error_at_its_field_on_either_transport(
    name: str, odd: Any, message: str, connect: Connect, user: Any
) -> None:
    submit = {"title": "x", "rank": 1, name: odd}
    with pytest.raises(Invalid):
        await BindingClient(user).acall("zoo.Note.create", submit)
    browser = AsyncClient()
    await browser.aforce_login(user)
    posted = await browser.post("/api/zoo.Note/form/", submit, content_type="application/json")
    sent = await (await connect(user)).call("zoo.Note.form", {"submit": submit})
    for answer in (posted.json(), sent["data"]):
        assert (answer["success"], answer["errors"]) == (False, {name: [{"code": "invalid", "message": message}]})
    assert not await Note.objects.aexists()


def test_a_row_beside_a_form_refuses_what_create_refuses(client: BindingClient) -> None:
    refused = client.form("zoo.Serial", submit={"title": "Sea", "chapters": [{"title": "one"}, {"title": {"a": 1}}]})
    wrong = {"1": {"title": [{"code": "invalid", "message": "Not a valid string."}]}}
    assert (refused["success"], refused["errors"]) == (False, {"chapters": wrong})
    assert not Novel.objects.exists()


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=B", "application/x-www-form-urlencoded"])
def test_a_posted_form_is_taken_as_django_takes_it(content_type: str, user: Any) -> None:
    browser = Client()
    browser.force_login(user)
    posted = {"title": ["first", "True"], "rank": "1", "done": ["false", "on"]}
    body = encode_multipart("B", posted) if "B" in content_type else urlencode(posted, doseq=True)
    answer = browser.post("/api/zoo.Note/form/", body, content_type=content_type).json()
    assert answer["errors"] == {}
    assert (answer["object"]["done"], answer["success"]) == (True, True)


class NoChapters(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return view.action not in ("create", "update", "partial_update")


def test_who_may_not_write_rows_may_not_write_them_beside_a_form(client: BindingClient) -> None:
    class Guarded(Binding):
        stream, model, permission_classes = "forms.Chapter", Chapter, (NoChapters,)

    with served_by(Guarded), pytest.raises(Forbidden):
        client.form("zoo.Serial", submit={"title": "Sea", "chapters": [{"title": "one"}]})


def test_a_form_is_for_those_who_may_write(client: BindingClient) -> None:
    class Reading(Binding):
        stream, model, permission_classes = "forms.Reading", Novel, (NoChapters,)

    class Unwritten(Binding):
        stream, model, actions = "forms.Unwritten", Novel, ("form", "search")

    novel = Novel.objects.create(title="Sea")
    for key in (None, novel.pk):
        with pytest.raises(Forbidden):
            client.form("forms.Reading", key)
        with pytest.raises(MethodNotAllowed):
            client.form("forms.Unwritten", key)


def test_what_a_project_saves_in_its_own_way_is_shown(client: BindingClient) -> None:
    class Contact(forms.Form):
        text = forms.CharField()

    class Contacts(Binding):
        stream, model, form_class = "forms.Contact", Note, Contact

        def perform_form(self, form: Any) -> Any:
            return Note.objects.create(title=form.cleaned_data["text"].upper())

    class Silent(Binding):
        stream, model, form_class = "forms.Silent", Note, Contact

    assert client.form("forms.Contact", submit={"text": "hello"})["object"]["title"] == "HELLO"
    nothing = client.form("forms.Silent", submit={"text": "hello"})
    assert (nothing["success"], nothing["object"]) == (True, None)


@pytest.mark.django_db
def test_a_new_row_beside_a_form_gets_what_its_own_stream_gives_a_new_row(client: BindingClient) -> None:
    """As ``create`` of that stream does; the rows that there were keep theirs, and nobody submits another value."""

    class Chapters(Binding):
        model = Chapter
        fields = ("id", "title")

        def get_create_values(self) -> Any:
            return {"title": "given"}

    novel = Novel.objects.create(title="Sea")
    old = Chapter.objects.create(novel=novel, title="old")
    with served_by(Chapters):
        answer = client.call(
            "zoo.Serial.form",
            {"id": novel.pk, "submit": {"chapters": [{"id": old.pk, "title": "changed"}, {"title": "new"}]}},
        )
    assert answer["success"]
    assert sorted(row.title for row in novel.chapters.all()) == ["changed", "given"]


class OnlyWritten(serializers.ModelSerializer):  # type: ignore[type-arg]
    class Meta:
        model = Note
        fields = ("id", "title", "secret_code", "done")
        extra_kwargs = {name: {"write_only": True} for name in ("secret_code", "done")}


class LeftOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    class Meta:
        model = Note
        fields = ("id", "title", "secret_code", "done")

    def to_representation(self, instance: Any) -> Any:
        shown = super().to_representation(instance)
        return {name: shown[name] for name in ("id", "title")}


class NotToBeRead(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return view.action != "retrieve"  # type: ignore[no-any-return]


WITHHOLDING: dict[str, dict[str, Any]] = {
    "by the binding": {
        "fields": ("id", "title", "secret_code", "done"),
        "extra_kwargs": OnlyWritten.Meta.extra_kwargs,
    },
    "by the serializer": {"serializer_class": OnlyWritten},
    "by its representation": {"serializer_class": LeftOut},
    "by a permission": {"fields": ("id", "title", "secret_code", "done"), "permission_classes": (NotToBeRead,)},
}


@pytest.fixture(params=WITHHOLDING)
def withholding(request: pytest.FixtureRequest) -> str:
    members = {"stream": "test.withholding", "model": Note, "__module__": __name__, **WITHHOLDING[request.param]}
    type("WithholdingBinding", (Binding,), members)
    return "test.withholding"


@pytest.fixture
def secret(transactional_db: None) -> Note:
    return Note.objects.create(title="a", secret_code="CANARY", done=True)


def test_a_form_shows_nothing_of_a_row_that_a_read_does_not(
    withholding: str, secret: Note, client: BindingClient
) -> None:
    asked: list[dict[str, Any]] = [{}, {"submit": {"title": ""}}, {"submit": {"title": "b"}}]
    for each in asked:
        answer = client.call(f"{withholding}.form", {"id": secret.pk, **each})
        assert "CANARY" not in str(answer)
        told = {field["name"]: (field["initial"], field["value"], field.get("withheld")) for field in answer["fields"]}
        assert told["secret_code"] == told["done"] == (None, None, True)
    secret.refresh_from_db()
    assert (secret.title, secret.secret_code, secret.done) == ("b", "CANARY", True)


def test_what_is_shown_of_none_stays_where_it_is_sent_back_empty(
    withholding: str, secret: Note, client: BindingClient
) -> None:
    for empty in ("", None):
        submit = {"title": "b", "secret_code": empty, "done": None}
        assert client.call(f"{withholding}.form", {"id": secret.pk, "submit": submit})["success"]
    secret.refresh_from_db()
    assert (secret.secret_code, secret.done) == ("CANARY", True)


def test_it_can_be_written_and_who_sends_it_is_shown_what_was_sent(
    withholding: str, secret: Note, client: BindingClient
) -> None:
    wrong = client.form(withholding, secret.pk, submit={"secret_code": "m" * 41})
    assert {field["name"]: field["value"] for field in wrong["fields"]}["secret_code"] == "m" * 41
    answer = client.form(withholding, secret.pk, submit={"secret_code": "mine", "done": False})
    assert (answer["success"], "mine" in str(answer)) == (True, False)
    secret.refresh_from_db()
    assert (secret.secret_code, secret.done) == ("mine", False)


def test_a_new_row_s_form_says_where_to_begin(withholding: str, user: Any, client: BindingClient) -> None:
    fields = {field["name"]: field for field in client.form(withholding)["fields"]}
    assert (fields["secret_code"]["value"], "withheld" in fields["secret_code"]) == ("canary-secret-code", False)


def test_a_form_of_the_project_s_says_itself_what_it_shows(secret: Note, client: BindingClient) -> None:
    class OwnFormBinding(Binding):
        stream = "test.own_form"
        model = Note
        serializer_class = OnlyWritten
        form_class = forms.modelform_factory(Note, fields=["title", "secret_code"])

    assert {field["name"]: field["value"] for field in client.form("test.own_form", secret.pk)["fields"]} == {
        "title": "a",
        "secret_code": "CANARY",
    }


def test_the_form_of_a_row_keeps_its_key(client: BindingClient) -> None:
    for code in ("NO", "SE"):
        Country.objects.create(code=code, name=code)
    form = client.form("zoo.Country", "NO", {"code": "DK", "name": "Norway"})
    assert (form["success"], form["object"]["id"], form["errors"]["code"][0]["code"]) == (False, "NO", "read_only")
    assert client.form("zoo.Country", "NO", {"code": "NO", "name": "Norway"})["success"]
    assert [*Country.objects.values_list("code", "name")] == [("NO", "Norway"), ("SE", "SE")]


def test_a_form_writes_over_no_row_that_has_the_key_already(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A manager that hides deleted rows, or those of other tenants, hides them from Django's validation as well."""

    class Own(Binding):
        stream = "tests.HiddenCountry"
        model = Country
        fields = ("name", "code")  # a serializer that no other test has: it keeps the manager

    Country.objects.create(code="NO", name="hidden")
    manager = WithoutNorway()
    manager.model = Country
    monkeypatch.setattr(Country._meta, "default_manager", manager)
    with served_by(Own):
        client = BindingClient(user)
        form = client.form("tests.HiddenCountry", submit={"code": "NO", "name": "mine"})
        assert (form["success"], form["errors"]["code"][0]["code"]) == (False, "unique")
        assert client.form("tests.HiddenCountry", submit={"code": "SE", "name": "new"})["success"]
    assert [*Country.objects.values_list("code", "name")] == [("NO", "hidden"), ("SE", "new")]


def test_nor_where_the_key_is_what_a_new_row_gets(user: Any) -> None:
    class Own(Binding):
        stream = "tests.OwnCountry"
        model = Country
        fields = ("code", "name")
        read_only_fields = ("code",)

        def get_create_values(self) -> Any:
            return {"code": "NO"}

    Country.objects.create(code="NO", name="first")
    with served_by(Own):
        form = BindingClient(user).form("tests.OwnCountry", submit={"name": "second"})
    assert (form["success"], form["errors"]["__all__"][0]["code"]) == (False, "unique")
    assert Country.objects.get().name == "first"


@pytest.mark.django_db
def test_a_form_that_looks_at_its_errors_as_it_begins_takes_no_row_that_the_caller_may_not_know_of(user: Any) -> None:
    class Labels(Binding):
        stream, model = "test.labels", Label

        def get_queryset(self) -> Any:
            return Label.objects.exclude(name="hidden")

    class EagerForm(forms.ModelForm):  # type: ignore[type-arg]
        class Meta:
            model = Note
            fields = ("title", "labels")

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.is_valid()

    class Notes(Binding):
        stream, model, form_class = "test.notes", Note, EagerForm

    seen, hidden = (Label.objects.create(name=name) for name in ("seen", "hidden"))
    with served_by(Labels, Notes):
        client = BindingClient(user)
        refused = client.form("test.notes", submit={"title": "x", "labels": [hidden.pk]})
        assert (refused["success"], [*refused["errors"]]) == (False, ["labels"])
        assert not Note.objects.exists()
        assert client.form("test.notes", submit={"title": "x", "labels": [seen.pk]})["success"]
