"""Which rows there are, found by key or as a whole."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.permissions import BasePermission

from channels_binding.bindings import AsyncBinding, Binding, bind
from channels_binding.calls import Call, Reading
from channels_binding.dispatch import perform
from channels_binding.exceptions import Forbidden, Invalid, NotFound
from channels_binding.registry import registry
from channels_binding.testing import BindingClient
from tests.project.zoo.models import Note, Token


@pytest.mark.parametrize(
    "value",
    [
        True,
        None,
        1.5,
        [1],
        {"a": 1},
        "",
        "x",
        "١",
        "1 ",
        "0x1",
        "1\n",
        "-",
        "--1",
        "9" * 20,
        2.0**53 + 2,
        1e300,
        float("inf"),
    ],
)
def test_a_key_is_read_strictly(value: Any) -> None:
    binding = registry.get("zoo.Note")(Call("zoo.Note", "retrieve", {}, None))
    with pytest.raises(Invalid):
        binding.key_of({"id": value})


@pytest.mark.parametrize(
    ("stream", "value", "key"),
    [
        ("zoo.Note", "7", 7),
        ("zoo.Note", 7, 7),
        ("zoo.Note", 7.0, 7),  # to JSON Schema a whole number
        ("zoo.Cafe", "7", 7),
        ("zoo.Note", str(2**63 - 1), 2**63 - 1),
        ("zoo.Note", str(-(2**63)), -(2**63)),
    ],
)
def test_a_key_may_travel_as_text(stream: str, value: Any, key: Any) -> None:
    assert registry.get(stream)(Call(stream, "retrieve", {}, None)).key_of({"id": value}) == key


@pytest.mark.django_db
def test_a_missing_row_is_not_found_whatever_the_key(user: Any) -> None:
    binding = registry.get("zoo.Token")(Call("zoo.Token", "retrieve", {}, user))
    token = Token.objects.create(name="x")
    assert binding.get_object(token.pk) == token
    with pytest.raises(NotFound):
        registry.get("zoo.Note")(Call("zoo.Note", "retrieve", {}, user)).get_object(2**70)


@pytest.mark.parametrize("stream", ["zoo.Note", "zoo.GuardedNote"])
def test_rows_are_read_without_instances_only_where_no_permission_looks_at_them(stream: str, user: Any) -> None:
    hidden, shown = Note.objects.create(title="locked"), Note.objects.create(title="open")
    asked = Call(stream, "retrieve", {"ids": [hidden.pk, shown.pk]}, user)
    is_guarded = stream == "zoo.GuardedNote"
    assert registry.get(stream)(asked).sees_every_row() is not is_guarded
    answer = perform(asked)
    assert isinstance(answer, Reading)
    assert [row.pk for row in answer.rows] == ([shown.pk] if is_guarded else [hidden.pk, shown.pk])


class ReadOnlyRows(BasePermission):
    """Rows titled ``hidden`` may not be seen, and no row may be changed."""

    def has_object_permission(self, request: Any, view: Any, obj: Note) -> bool:
        return view.action == "retrieve" and obj.title != "hidden"


class ShownNotes(Binding):
    stream = "rows.Shown"
    queryset = Note.objects.filter(rank__gte=0).select_related("owner").prefetch_related("labels")
    fields = ("id", "title")
    permission_classes = (ReadOnlyRows,)


class TitleAsked(AsyncBinding):
    """A coroutine that asks for a row."""

    stream = "rows.Asked"
    model = Note

    @bind("title")
    async def title(self, data: dict[str, Any]) -> dict[str, Any]:
        note = await self.aget_object(data["key"])
        return {"title": note.title}


@pytest.mark.django_db
def test_rows_are_those_of_the_queryset_that_is_declared(user: Any) -> None:
    shown, other = Note.objects.create(title="x", rank=1), Note.objects.create(title="y", rank=-1)
    client = BindingClient(user)
    assert client.retrieve("rows.Shown", shown.pk)["title"] == "x"
    with pytest.raises(NotFound):
        client.retrieve("rows.Shown", other.pk)


@pytest.mark.django_db
@pytest.mark.parametrize(("returned", "named"), [(None, "NoneType"), ([], "list"), (Note.objects, "Manager")])
def test_a_get_queryset_that_returns_no_queryset_is_told(returned: Any, named: str, user: Any) -> None:
    class Given(Binding):
        stream, model = "test.given", Note

        def get_queryset(self) -> Any:
            return returned

    with pytest.raises(
        ImproperlyConfigured, match=rf"Given.get_queryset\(\) has returned a {named}, and no queryset\."
    ):
        Given(Call("test.given", "search", {}, user)).reading_queryset()


def test_of_a_row_that_the_caller_may_not_see_nobody_learns_that_it_is_there(user: Any) -> None:
    hidden = Note.objects.create(title="hidden")
    client = BindingClient(user)
    for call in (client.retrieve, client.update, client.delete):
        with pytest.raises(NotFound):
            call("rows.Shown", hidden.pk)
    with pytest.raises(NotFound):
        client.retrieve("rows.Shown", 424242)


@pytest.mark.django_db
def test_a_row_that_the_caller_may_see_and_not_change_is_forbidden(user: Any) -> None:
    note = Note.objects.create(title="open")
    with pytest.raises(Forbidden):
        BindingClient(user).update("rows.Shown", note.pk, title="x")
    note.refresh_from_db()
    assert note.title == "open"


@pytest.mark.django_db
def test_a_coroutine_asks_for_a_row_by_its_key_as_it_travels(user: Any) -> None:
    note = Note.objects.create(title="x")
    client = BindingClient(user)
    assert client.call("rows.Asked.title", {"key": str(note.pk)}) == {"title": "x"}
    with pytest.raises(NotFound):
        client.call("rows.Asked.title", {"key": 424242})
    with pytest.raises(Invalid):
        client.call("rows.Asked.title", {"key": "x"})


@pytest.mark.django_db
def test_a_key_beyond_the_column_is_a_missing_row(user: Any) -> None:
    with pytest.raises(NotFound):
        BindingClient(user).retrieve("zoo.Note", "9" * 19)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("stream", "locked"), [("zoo.Note", 1), ("zoo.OwnNote", 1)], ids=["every row", "rows with conditions"]
)
def test_a_row_that_is_about_to_be_written_is_locked_where_the_database_can(
    stream: str, locked: int, user: Any
) -> None:
    note = Note.objects.create(title="x", owner=user)
    binding = registry.get(stream)(Call(stream, "update", {"id": note.pk}, user))
    with transaction.atomic(), CaptureQueriesContext(connection) as context:
        assert binding.get_object(note.pk, lock=True) == note
    found = [each["sql"] for each in context.captured_queries if "FOR UPDATE" in each["sql"]]
    assert len(found) == (locked if connection.features.has_select_for_update else 0)


def test_what_could_be_a_key_depends_on_the_model() -> None:
    notes, tokens = registry.get("zoo.Note"), registry.get("zoo.Token")
    assert [notes.takes_key(value) for value in (7, "7", "x", True, None)] == [True, True, False, False, False]
    assert [tokens.takes_key(value) for value in ("0" * 32, "x", 7.5)] == [True, False, False]
