"""What a write answers is what a read would answer: also where the database, a signal or an expression has had its say."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Upper
from django.db.models.signals import post_save
from django.test import Client
from rest_framework import serializers

from channels_binding.bindings import Binding
from channels_binding.calls import Call
from channels_binding.dispatch import perform
from channels_binding.exceptions import Invalid, PreconditionFailed
from channels_binding.testing import BindingClient
from tests.project.zoo.models import City, Computed, Country, Crew, Document, Label, Moment, Note, Person
from tests.throwaway import throwaway

pytestmark = pytest.mark.django_db(transaction=True)


class ShortNote(serializers.ModelSerializer[Note]):
    class Meta:
        model = Note
        fields = ("id", "title")


class LongNote(serializers.ModelSerializer[Note]):
    class Meta:
        model = Note
        fields = ("id", "title", "rank", "weight")


@pytest.fixture(autouse=True)
def _bindings() -> Iterator[None]:
    with throwaway():

        class Counted(Binding):
            """Each save counts, in the database."""

            stream = "test.counted"
            model = Note
            fields = ("id", "title", "rank")

            def perform_create(self, serializer: Any) -> None:
                serializer.save(title=Upper(Value(serializer.validated_data["title"])))

            def perform_form(self, form: Any) -> Any:
                form.instance.rank = Value(0) + 1 if form.instance.pk is None else F("rank") + 1
                return form.save()

        class Chosen(Binding):
            """Lists, rows and writes have a serializer each."""

            stream = "test.chosen"
            model = Note

            def get_serializer_class(self) -> Any:
                return {"list": LongNote, "retrieve": LongNote}.get(self.action, ShortNote)

            def get_queryset(self) -> Any:
                return Note.objects.order_by("id")

        class ListedOtherwise(Binding):
            stream = "test.listed_otherwise"
            model = Note

            def get_serializer_class(self) -> Any:
                return LongNote if self.action == "list" else ShortNote

        class Crews(Binding):
            stream = "test.crew"
            model = Crew
            fields = ("id", "name", "members")

        class Lacking(Binding):
            """Of new rows the client does not say everything."""

            stream = "test.lacking"
            model = City
            fields = ("id", "name")

        class Given(Lacking):
            stream = "test.given"

            def get_create_values(self) -> Any:
                return {"country": Country.objects.get(), "name": "given"}

        class Failing(Binding):
            """What is written cannot be shown."""

            stream = "test.failing"
            model = Note
            fields = ("id", "title", "broken")

            def get_serializer_class(self) -> Any:
                return Broken

        yield


class Broken(serializers.ModelSerializer[Note]):
    broken = serializers.SerializerMethodField()

    class Meta:
        model = Note
        fields = ("id", "title", "broken")

    def get_broken(self, note: Note) -> Any:
        raise ValueError("cannot be shown")


@pytest.fixture
def client(user: Any) -> BindingClient:
    return BindingClient(user)


SHOUTING = {
    "sqlite": ["CREATE TRIGGER shout AFTER INSERT ON zoo_label BEGIN UPDATE zoo_label SET name = upper(name); END"],
    "postgresql": [
        "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN NEW.name = upper(NEW.name); RETURN NEW; END $$",
        "CREATE TRIGGER shout BEFORE INSERT ON zoo_label FOR EACH ROW EXECUTE FUNCTION shout()",
    ],
}
SILENT = {"sqlite": ["DROP TRIGGER shout"], "postgresql": ["DROP FUNCTION shout CASCADE"]}


def run(statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def shouting() -> Iterator[None]:
    """A trigger that writes names of labels in capitals."""
    run(SHOUTING[connection.vendor])
    yield
    run(SILENT[connection.vendor])


def created(client: BindingClient, stream: str, data: dict[str, Any]) -> None:
    """Create a row; what is answered is what a read then answers."""
    answer = client.call(f"{stream}.create", data)
    assert answer.pop("success") is True
    assert answer == client.call(f"{stream}.retrieve", {"id": answer["id"]})


def test_an_expression_is_answered_with_its_value(client: BindingClient) -> None:
    created(client, "test.counted", {"title": "loud"})
    assert Note.objects.get().title == "LOUD"


def test_what_the_database_computes_is_answered(client: BindingClient) -> None:
    created(client, "zoo.Computed", {"width": 3, "height": 4, "name": "Ä", "marked_on": 1})
    assert Computed.objects.get().area == 12


def test_what_a_trigger_has_made_of_a_row_is_answered(client: BindingClient, shouting: None) -> None:
    created(client, "zoo.Label", {"name": "red"})
    assert Label.objects.get().name == "RED"


def test_what_a_signal_changes_is_answered(client: BindingClient) -> None:
    def raise_rank(sender: Any, instance: Any, **_: Any) -> None:
        Label.objects.filter(pk=instance.pk).update(name="by signal")

    post_save.connect(raise_rank, sender=Label)
    try:
        created(client, "zoo.Label", {"name": "x"})
    finally:
        post_save.disconnect(raise_rank, sender=Label)
    assert Label.objects.get().name == "by signal"


@pytest.mark.parametrize("moment", ["2026-03-29T02:30:00", "2026-03-29T02:30:00.1234567", "2026-10-25T02:30:00+02:00"])
def test_a_moment_is_answered_as_it_is_stored(client: BindingClient, moment: str, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    created(client, "zoo.Moment", {"day": "2026-01-01", "instant": moment, "hour": "12:00"})
    assert Moment.objects.count() == 1


def test_json_is_answered_as_the_database_spells_it(client: BindingClient) -> None:
    created(client, "zoo.Document", {"content": {"long": 1.0, "b": [1, None], "a": 1e100}})
    assert Document.objects.count() == 1


def test_a_form_answers_what_is_stored(client: BindingClient) -> None:
    first = client.call("test.counted.form", {"submit": {"title": "x", "rank": 9}})
    again = client.call("test.counted.form", {"id": first["object"]["id"], "submit": {"title": "y"}})
    for answer, rank in ((first, 1), (again, 2)):
        values = {field["name"]: field["value"] for field in answer["fields"]}
        assert (answer["success"], answer["object"]["rank"], values["rank"]) == (True, rank, rank)
    asked = client.call("test.counted.form", {"id": first["object"]["id"]})
    assert {**asked, "success": True} == again


def test_what_is_answered_is_what_retrieve_shows_whichever_serializer_has_written(client: BindingClient) -> None:
    created(client, "test.chosen", {"title": "x"})
    form = client.call("test.chosen.form", {"id": Note.objects.get().pk})
    assert form["object"] == client.call("test.chosen.retrieve", {"id": Note.objects.get().pk})


@pytest.mark.parametrize("stream", ["test.chosen", "test.listed_otherwise"])
def test_a_version_that_a_read_has_given_fits_a_write(stream: str, user: Any) -> None:
    """Also where reads, lists and writes have different serializers."""
    note, http = Note.objects.create(title="x"), Client()
    http.force_login(user)
    path = f"/api/{stream}/{note.pk}/"
    body = json.dumps({"title": "y"})
    etag = http.get(path)["ETag"]
    assert http.patch(path, body, "application/json", headers={"If-Match": etag}).status_code == 200
    refused = http.patch(path, body, "application/json", headers={"If-Match": etag})
    assert (refused.status_code, refused.json()["current"]) == (412, http.get(path).json())
    etag = f'"{refused.json()["v"]}"'
    assert http.post(f"{path}form/", body, "application/json", headers={"If-Match": etag}).status_code == 200
    (listed,) = perform(Call(stream, "search", {}, user)).rows  # type: ignore[union-attr]
    assert http.delete(path, headers={"If-Match": f'"{listed.etag}"'}).status_code == 200


def test_what_cannot_be_answered_has_not_been_written(client: BindingClient) -> None:
    with pytest.raises(ValueError, match="cannot be shown"):
        client.call("test.failing.create", {"title": "x"})
    assert not Note.objects.exists()


def test_a_version_of_another_row_does_not_fit(client: BindingClient) -> None:
    note = Note.objects.create(title="x")
    with pytest.raises(PreconditionFailed):
        client.call("test.chosen.update", {"id": note.pk, "title": "y"}, if_version="0" * 12)


def test_rows_of_a_relation_with_a_model_between_are_saved_or_refused_and_never_passed_over(
    client: BindingClient,
) -> None:
    first, second = Person.objects.create(name="a"), Person.objects.create(name="b")
    crew = Crew.objects.create(name="x")
    crew.members.add(first)
    for event, data in (
        ("update", {"id": crew.pk, "members": [second.pk]}),
        ("update", {"id": crew.pk, "members": []}),
        ("replace", {"id": crew.pk, "name": "x", "members": [first.pk, second.pk]}),
        ("create", {"name": "y", "members": [first.pk]}),
        ("save", {"name": "y", "members": [first.pk]}),
    ):
        with pytest.raises(Invalid) as refused:
            client.call(f"test.crew.{event}", data)
        assert (refused.value.fields or {})["members"][0]["code"] == "read_only"
        assert "zoo.Membership" in str(refused.value)
    with pytest.raises(Invalid):
        client.call("test.crew.form", {"id": crew.pk, "submit": {"members": [second.pk]}})
    assert client.update("test.crew", crew.pk, name="z", members=[str(first.pk)])["success"]  # as it was read
    assert client.create("test.crew", name="y", members=[])["members"] == []
    assert [*crew.members.all()] == [first]


def test_a_column_that_has_no_value_is_told_by_its_field(client: BindingClient) -> None:
    for event, data in (("create", {"name": "x"}), ("form", {"submit": {"name": "x"}})):
        with pytest.raises(Invalid) as refused:
            client.call(f"test.lacking.{event}", data)
        assert [*(refused.value.fields or {})] == ["country"]


def test_a_new_row_gets_what_the_binding_says_by_create_and_by_a_form(client: BindingClient) -> None:
    country = Country.objects.create(code="xy", name="X")
    client.call("test.given.create", {"name": "x"})
    submitted = client.call("test.given.form", {"submit": {"name": "x"}})
    assert [*City.objects.values_list("name", "country")] == [("given", country.pk)] * 2
    client.call("test.given.form", {"id": submitted["object"]["id"], "submit": {"name": "y"}})
    client.call("test.given.update", {"id": submitted["object"]["id"], "name": "z"})
    assert City.objects.filter(name="z").count() == 1
