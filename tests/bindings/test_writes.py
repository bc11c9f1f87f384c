"""Writes: several rows at once, versions, the model's own rules, and what only the database refuses."""

import datetime
import json
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.signals import post_save
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels_binding.calls import Call
from channels_binding.consumers import Binding
from channels_binding.dispatch import perform
from channels_binding.exceptions import Conflict, Invalid, LimitExceeded, PreconditionFailed
from channels_binding.live.capture import recorder
from channels_binding.registry import registry
from channels_binding.testing import BindingClient
from tests.checks.test_writes import Nesting
from tests.project.zoo.models import (
    Article,
    Booking,
    Chapter,
    Country,
    Device,
    Invoice,
    Label,
    Note,
    Novel,
    Precious,
    Seat,
    Step,
    Watch,
)
from tests.throwaway import throwaway

pytestmark = pytest.mark.django_db(transaction=True)
DAY = datetime.date(2026, 1, 1)


def ask(user: Any, event: str, data: dict[str, Any], **members: Any) -> Any:
    stream, _, action = event.rpartition(".")
    return perform(Call(stream, action, data, user, **members))


def articles(*headlines: str) -> list[int]:
    return [Article.objects.create(headline=headline).pk for headline in headlines]


def test_several_rows_are_changed_all_or_none(user: Any) -> None:
    keys = articles("a", "b", "c")
    answer = ask(user, "zoo.Article.update", {"ids": keys[:2], "headline": "new"})
    assert answer == {"success": True, "results": [{"id": key, "success": True} for key in keys[:2]]}
    assert Article.objects.filter(headline="new").count() == 2
    with pytest.raises(Exception) as caught:
        ask(user, "zoo.Article.update", {"ids": [keys[2], 424242], "headline": "lost"})
    assert (caught.value.code, caught.value.facts) == ("not_found", {"of": 424242})  # type: ignore[attr-defined]
    assert not Article.objects.filter(headline="lost").exists()
    assert ask(user, "zoo.Article.delete", {"ids": [str(key) for key in keys]})["success"]
    assert not Article.objects.exists()


def test_several_rows_are_written_each_for_itself_where_the_binding_says_so(user: Any) -> None:
    first = Booking.objects.create(room=1, day=DAY)
    answer = ask(user, "zoo.Booking.update", {"ids": [first.pk, 424242], "name": "x"})
    assert answer["success"] is False
    assert answer["results"][0] == {"id": first.pk, "success": True}
    assert (answer["results"][1]["id"], answer["results"][1]["error"]["code"]) == (424242, "not_found")
    first.refresh_from_db()
    assert first.name == "x"


@pytest.mark.parametrize("ids", [[], "1", 7, [True], [[1]], None])
def test_ids_are_read_strictly(ids: Any, user: Any) -> None:
    with pytest.raises(Invalid):
        ask(user, "zoo.Article.delete", {"ids": ids})


def test_bulk_has_its_limits(user: Any) -> None:
    (note,) = [Note.objects.create(title="x")]
    for action, data in (("update", {"title": "y"}), ("delete", {}), ("save", {"title": "y"})):
        with pytest.raises(Invalid, match="no 'bulk'"):
            ask(user, f"zoo.Note.{action}", {"ids": [note.pk], **data})
    with pytest.raises(LimitExceeded) as caught:
        ask(user, "zoo.Booking.delete", {"ids": [1, 2, 3, 4]})
    assert caught.value.facts == {"limit": 3}
    with pytest.raises(Invalid):
        ask(user, "zoo.Article.update", {"ids": articles("a"), "headline": "b"}, if_version="x")


def test_each_of_several_rows_passes_the_permissions(user: Any) -> None:
    with throwaway():
        guarded = registry.get("zoo.GuardedNote")

        class Several(guarded):  # type: ignore[misc,valid-type]
            stream = "test.several"
            bulk = "atomic"

        hidden, shown = Note.objects.create(title="locked"), Note.objects.create(title="open")
        with pytest.raises(Exception) as caught:
            ask(user, "test.several.delete", {"ids": [shown.pk, hidden.pk]})
        assert caught.value.code == "not_found"  # type: ignore[attr-defined]
        assert Note.objects.count() == 2


def test_an_outdated_version_is_answered_with_the_row_as_it_is_now(user: Any) -> None:
    note = Note.objects.create(title="now")
    with pytest.raises(PreconditionFailed) as caught:
        ask(user, "zoo.Note.update", {"id": note.pk, "rank": 1}, if_version="0" * 12)
    facts = caught.value.facts
    assert (facts["current"]["id"], facts["current"]["title"]) == (note.pk, "now")
    ask(user, "zoo.Note.update", {"id": note.pk, "rank": 1}, if_version=facts["v"])
    ask(user, "zoo.Note.update", {"id": note.pk, "rank": 2}, if_version="*")
    with pytest.raises(PreconditionFailed):
        ask(user, "zoo.Note.delete", {"id": note.pk}, if_version=facts["v"])


def test_who_may_write_but_not_read_does_not_get_the_row(user: Any) -> None:
    with throwaway():

        class WriteOnly(Binding):
            stream = "test.write_only"
            model = Note
            fields = ("id", "title")
            actions = ("update",)

        note = Note.objects.create(title="canary")
        with pytest.raises(PreconditionFailed) as caught:
            ask(user, "test.write_only.update", {"id": note.pk, "title": "x"}, if_version="0" * 12)
    assert caught.value.facts == {}


def test_the_model_s_own_rules_are_asked_where_the_binding_says_so(user: Any) -> None:
    step = Step.objects.create(day=DAY, code="a", high=5)
    for event, data in (
        ("zoo.Step.create", {"day": str(DAY), "code": "b", "low": 9, "high": 1}),
        ("zoo.Step.update", {"id": step.pk, "day": str(DAY), "code": "a", "low": 6}),
    ):
        with pytest.raises(Exception) as caught:
            ask(user, event, data)
        from channels_binding.exception_handler import as_error

        assert as_error(caught.value).to_json()["fields"] == {
            "low": [{"code": "above_high", "message": "Low is above high."}]
        }
    assert [*Step.objects.values_list("low", flat=True)] == [0]


def test_what_only_the_database_knows_is_told_with_its_code(user: Any) -> None:
    Invoice.objects.create(number="A-1")
    with pytest.raises(Invalid) as caught:
        ask(user, "zoo.Invoice.create", {"number": "a-1"})
    (errors,) = (caught.value.fields or {}).values()
    assert errors[0]["code"] == "unique"
    other = Invoice.objects.create(number="B-1")
    with pytest.raises(Invalid):
        ask(user, "zoo.Invoice.update", {"id": other.pk, "number": "a-1"})


def test_a_race_that_validation_did_not_see_is_told_with_its_field(user: Any) -> None:
    Precious.objects.create(name="x")
    with (
        mock.patch("rest_framework.validators.UniqueValidator.__call__", return_value=None),
        pytest.raises(Invalid) as caught,
    ):
        ask(user, "zoo.Precious.create", {"name": "x"})
    assert caught.value.fields == {"name": [{"code": "unique", "message": mock.ANY}]}


def test_what_nobody_can_explain_is_a_conflict(user: Any) -> None:
    with throwaway():

        class Unexplained(Binding):
            stream = "test.unexplained"
            model = Booking
            fields = ("id", "day", "name")

            def perform_create(self, serializer: Any) -> None:
                with connection.cursor() as cursor:
                    cursor.execute("INSERT INTO zoo_label (id, name) VALUES (1, NULL)")

        with pytest.raises(Conflict):
            ask(user, "test.unexplained.create", {"day": str(DAY)})


def test_bulk_writes_over_http(user: Any) -> None:
    client = Client()
    client.force_login(user)
    first, second, third = articles("a", "b", "c")
    body = json.dumps({"ids": [first, second], "headline": "new"})
    answer = client.patch("/api/zoo.Article/", body, "application/json")
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    got = client.get(f"/api/zoo.Article/?ids={second},{first}&fields=headline")
    assert got.json()["rows"] == [{"id": second, "headline": "new"}, {"id": first, "headline": "new"}]
    assert client.delete(f"/api/zoo.Article/?ids={first},{second}").json()["success"]
    assert client.delete("/api/zoo.Article/").json()["fields"]["ids"][0]["code"] == "required"
    assert [*Article.objects.values_list("pk", flat=True)] == [third]


def test_an_action_named_in_the_path_is_asked_for_with_its_own_method(user: Any) -> None:
    from rest_framework.permissions import DjangoModelPermissions

    with throwaway():

        class Strict(Binding):
            stream = "test.strict"
            model = Note
            fields = ("id", "title")
            permission_classes = (DjangoModelPermissions,)

        from django.contrib.auth.models import Permission

        user.user_permissions.add(Permission.objects.get(codename="add_note"))
        note = Note.objects.create(title="x")
        client = Client()
        client.force_login(user)
        made = client.post("/api/test.strict/create/", json.dumps({"title": "y"}), "application/json")
        refused = client.post("/api/test.strict/delete/", json.dumps({"id": note.pk}), "application/json")
    assert (made.status_code, refused.status_code) == (200, 403)
    assert Note.objects.filter(pk=note.pk).exists()


def test_nested_data_that_nobody_saves_is_internal_and_the_log_names_the_way_out(
    user: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A programming error (system check W016): DRF's own words stand in the log, and nothing in the answer."""

    with throwaway():

        class Nested(Binding):
            stream = "writes.Novel"
            model = Novel
            serializer_class = Nesting

        novel = Novel.objects.create(title="Sea")
        client = Client()
        client.force_login(user)
        sent = {"title": "x", "chapters": [{"title": "one"}]}
        for method, path, called in (("POST", "", "create"), ("PATCH", f"{novel.pk}/", "update")):
            answer = client.generic(method, f"/api/writes.Novel/{path}", json.dumps(sent), "application/json")
            assert (answer.status_code, answer.json()["code"], b"explicit" in answer.content) == (
                500,
                "internal",
                False,
            )
            assert f"Write an explicit `.{called}()` method" in caplog.text
            assert answer.json()["ref"] in caplog.text
            caplog.clear()
    assert (Novel.objects.count(), Chapter.objects.count()) == (1, 0)


# One statement, where that is all there is to a write


def written(user: Any, stream: str, data: dict[str, Any]) -> list[str]:
    """The first word of each statement of a create."""
    with CaptureQueriesContext(connection) as context:
        ask(user, f"{stream}.create", data)
    return [query["sql"].split()[0] for query in context.captured_queries]


@pytest.fixture
def published() -> Iterator[list[Any]]:
    seen: list[Any] = []
    recorder._publishers.append(seen.append)
    yield seen
    recorder._publishers.remove(seen.append)


def test_a_row_of_columns_alone_is_one_insert_and_is_told(user: Any, published: list[Any]) -> None:
    assert written(user, "zoo.Article", {"headline": "x"}) == ["INSERT"]  # which returns the row
    (changes,) = published
    assert changes.keys["zoo.Article"] == {Article.objects.get().pk}
    with connection.execute_wrapper(_failing), pytest.raises(Conflict):
        ask(user, "zoo.Article.create", {"headline": "y"})
    assert Article.objects.count() == 1


def _failing(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    if sql.startswith("INSERT"):
        raise IntegrityError("by chance")
    return execute(sql, params, many, context)


def test_what_the_project_adds_to_a_write_is_undone_with_it(user: Any) -> None:
    def also(sender: Any, instance: Any, **_: Any) -> None:
        Label.objects.create(name="also")
        raise ValueError("in the middle")

    post_save.connect(also, sender=Article)
    try:
        with pytest.raises(ValueError, match="in the middle"):
            ask(user, "zoo.Article.create", {"headline": "x"})
    finally:
        post_save.disconnect(also, sender=Article)
    assert not Article.objects.exists()
    assert not Label.objects.exists()


def test_a_hook_of_the_binding_has_a_transaction(user: Any) -> None:
    with throwaway():

        class Adding(Binding):
            stream = "test.adding"
            model = Article
            fields = ("id", "headline")

            def perform_create(self, serializer: Any) -> None:
                serializer.save()
                raise ValueError("in the middle")

        with pytest.raises(ValueError, match="in the middle"):
            ask(user, "test.adding.create", {"headline": "x"})
    assert not Article.objects.exists()


@pytest.mark.parametrize(
    ("stream", "data"),
    [
        ("zoo.Note", {"title": "x", "labels": []}),  # more than columns
        ("zoo.Step", {"day": str(DAY), "code": "a"}),  # full_clean
        ("zoo.Cafe", {"name": "x"}),  # two tables
    ],
)
def test_whatever_is_more_than_one_insert_has_a_transaction(user: Any, stream: str, data: dict[str, Any]) -> None:
    assert "BEGIN" in written(user, stream, data)


def test_within_a_transaction_a_refused_insert_takes_nothing_with_it(user: Any) -> None:
    with transaction.atomic():
        Label.objects.create(name="before")
        with connection.execute_wrapper(_failing), pytest.raises(Conflict):
            ask(user, "zoo.Article.create", {"headline": "x"})
        Label.objects.create(name="after")
    assert Label.objects.count() == 2


def test_a_row_is_locked_and_read_in_one_statement_where_it_may_be_any(user: Any) -> None:
    article = Article.objects.create(headline="x")
    with CaptureQueriesContext(connection) as context:
        ask(user, "zoo.Article.update", {"id": article.pk, "headline": "y"}, if_version="*")
    read = [query["sql"] for query in context.captured_queries if query["sql"].startswith("SELECT")]
    assert len(read) == 1
    assert ("FOR UPDATE" in read[0]) is connection.features.has_select_for_update


@pytest.mark.parametrize("rows", [{"joined": True}, {"ordered": True}, {"joined": True, "ordered": True}])
def test_a_row_whose_relations_may_lack_is_locked_without_them(user: Any, rows: dict[str, bool]) -> None:
    note = Note.objects.create(title="x")
    with throwaway():

        class Related(Binding):
            stream = "test.related"
            model = Note
            fields = ("id", "title")

            def get_queryset(self) -> Any:
                found = Note.objects.select_related("owner") if "joined" in rows else Note.objects.all()
                return found.order_by("owner__username") if "ordered" in rows else found

        assert ask(user, "test.related.update", {"id": note.pk, "title": "y"})["success"]
    note.refresh_from_db()
    assert note.title == "y"


@pytest.mark.parametrize("action", ["update", "replace", "save"])
def test_a_row_keeps_its_key(action: str, user: Any) -> None:
    """Django would save it as another row: over the one that has the key, also where a manager hides that."""
    for code in ("NO", "SE"):
        Country.objects.create(code=code, name=code)
    client = BindingClient(user)
    with pytest.raises(Invalid) as refused:
        client.call(f"zoo.Country.{action}", {"id": "NO", "code": "DK", "name": "Norway"})
    assert refused.value.to_json()["fields"]["code"][0]["code"] == "read_only"
    client.call(f"zoo.Country.{action}", {"id": "NO", "code": "NO", "name": "Norway"})
    assert [*Country.objects.values_list("code", "name")] == [("NO", "Norway"), ("SE", "SE")]


def test_a_row_whose_key_is_a_related_row_keeps_it(user: Any) -> None:
    first, second = (Device.objects.create(name=name) for name in "ab")
    Watch.objects.create(device=first, label="old")
    client = BindingClient(user)
    with pytest.raises(Invalid) as refused:
        client.update("zoo.Watch", str(first.pk), device=str(second.pk))
    assert refused.value.to_json()["fields"]["device"][0]["code"] == "read_only"
    client.update("zoo.Watch", str(first.pk), device=str(first.pk), label="new")
    assert [*Watch.objects.values_list("device", "label")] == [(first.pk, "new")]


def test_a_row_whose_key_has_several_columns_keeps_them(user: Any) -> None:
    Seat.objects.create(row="A", place=1, guest="ann")
    with pytest.raises(Invalid) as refused:
        BindingClient(user).update("zoo.Seat", "A,1", place=2)
    assert refused.value.to_json()["fields"]["place"][0]["code"] == "read_only"
    assert [*Seat.objects.values_list("row", "place")] == [("A", 1)]
