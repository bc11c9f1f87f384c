"""Related rows in rows: as their own streams show them to this caller, in few statements, and nothing that is not declared."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.permissions import AllowAny

from channels_binding import dispatch
from channels_binding.bindings import expansions, sharing
from channels_binding.bindings.expansions import asked_paths, declared_paths
from channels_binding.calls import Call
from channels_binding.consumers import Binding
from channels_binding.exceptions import Invalid, LimitExceeded
from channels_binding.registry import registry
from tests.conformance.related import HIDDEN, HIDDEN_CHILD, HIDING, ROW, SEEN, SEES_ALL, make_rows, served_by
from tests.project.zoo.models import Label, Note
from tests.throwaway import throwaway

pytestmark = pytest.mark.django_db
STREAM = "tests.Expanding"


@pytest.fixture
def stream() -> Iterator[type[Binding]]:
    with throwaway():

        class Expanding(Binding):
            stream, model, fields = STREAM, Note, ("id", "title")
            expandable = {
                "parent.labels": {}, "parent.parent": {}, "labels": {"limit": 2, "order": "-name"},
                "note_set": {"limit": 3}, "owner": {},
            }  # fmt: skip
            permission_classes = (AllowAny,)

        yield Expanding


def rows_of(user: Any, *paths: str, action: str = "search", **data: Any) -> list[Any]:
    reading: Any = dispatch.perform(
        Call(
            STREAM,
            action,
            {"order": "id", "expand": [*paths], **data} if action != "retrieve" else {"expand": [*paths], **data},
            user,
        )
    )
    return [json.loads(row.body) for row in reading.rows]


def retrieved(user: Any, stream: str, key: Any) -> Any:
    return json.loads(dispatch.perform(Call(stream, "retrieve", {"id": key}, user)).rows[0].body)  # type: ignore[union-attr]


@pytest.fixture
def family(stream: Any) -> list[Note]:
    labels = [Label.objects.create(name=name) for name in "xyz"]
    first = Note.objects.create(title="first", secret_code="canary")
    second = Note.objects.create(title="second", parent=first)
    third = Note.objects.create(title="third", parent=second)
    first.labels.set(labels)
    second.labels.set(labels[:1])
    return [first, second, third]


def test_related_rows_stand_in_the_row_as_their_own_streams_show_them(family: list[Note], user: Any) -> None:
    first, second, third = family
    top, middle, low = rows_of(user, "parent.labels", "parent.parent", "labels", "note_set")
    assert [*low] == ["id", "title", "expand"]
    assert [*low["expand"]] == ["parent", "labels", "note_set"]
    parent = low["expand"]["parent"]
    below = parent.pop("expand")
    assert parent == retrieved(user, "zoo.Note", second.pk)
    assert below["labels"] == [retrieved(user, "zoo.Label", label.pk) for label in second.labels.all()]
    assert below["parent"] == retrieved(user, "zoo.Note", first.pk)
    assert (top["expand"]["parent"], middle["expand"]["parent"]["expand"]["parent"]) == (None, None)
    assert [label["name"] for label in top["expand"]["labels"]] == ["z", "y"]
    assert [note["title"] for note in top["expand"]["note_set"]] == ["second"]
    assert (low["expand"]["labels"], low["expand"]["note_set"]) == ([], [])
    assert "canary" not in json.dumps([top, middle, low])
    [alone] = rows_of(user, "parent", action="retrieve", id=third.pk, fields=["title"])
    assert alone["expand"] == {"parent": retrieved(user, "zoo.Note", second.pk)}


def test_the_number_of_statements_does_not_grow_with_the_rows(family: list[Note], user: Any) -> None:
    paths = ("parent.labels", "parent.parent", "labels", "note_set")
    with CaptureQueriesContext(connection) as few:
        rows_of(user, *paths)
    for number in range(20):
        note = Note.objects.create(title=f"n{number}", parent=family[number % 3])
        note.labels.set(Label.objects.all()[: number % 3])
    with CaptureQueriesContext(connection) as many:
        rows_of(user, *paths)
    assert len(many) == len(few)


HIDDEN_IN = [*HIDING]


@pytest.mark.parametrize("way", HIDDEN_IN)
def test_a_hidden_row_is_a_missing_one_byte_for_byte(way: str, stream: Any, user: Any) -> None:
    make_rows()
    boss = get_user_model().objects.create_user(SEES_ALL)
    hidden, seen = Note.objects.get(pk=HIDDEN), Note.objects.get(pk=SEEN)
    row = Note.objects.get(pk=ROW)
    row.parent = hidden
    row.save()
    row.labels.set(Label.objects.all())
    data = {"id": ROW, "expand": ["parent", "labels", "note_set"]}

    def body(caller: Any) -> bytes:
        return dispatch.perform(Call(STREAM, "retrieve", data, caller)).rows[0].body  # type: ignore[union-attr]

    with served_by(*HIDING[way]):
        shown, of_boss = body(user), json.loads(body(boss))
        assert (of_boss["expand"]["parent"]["id"], len(of_boss["expand"]["labels"])) == (HIDDEN, 2)
        assert [note["id"] for note in of_boss["expand"]["note_set"]] == [HIDDEN_CHILD]
        assert json.loads(shown)["expand"]["parent"] is None
        row.parent = None
        row.save()
        row.labels.set(Label.objects.filter(name="seen"))
        Note.objects.filter(pk=HIDDEN_CHILD).delete()
        assert body(user) == shown
        row.parent = seen
        row.save()
        sees = way != "class permission"
        assert (json.loads(body(user))["expand"]["parent"] is not None) is sees


@pytest.mark.parametrize("way", ["queryset", "object permission"])
def test_hidden_rows_do_not_count_among_the_several_that_are_shown(way: str, stream: Any, user: Any) -> None:
    make_rows()
    for number in range(9):
        Note.objects.create(pk=100 + number, title="hidden" if number < 7 else f"seen{number}", parent_id=SEEN)
    Note.objects.create(pk=110, title="seen too", parent_id=SEEN)
    with served_by(*HIDING[way]), CaptureQueriesContext(connection) as statements:
        [row] = rows_of(user, "note_set", action="retrieve", id=SEEN)
    assert [note["id"] for note in row["expand"]["note_set"]] == [107, 108, 110]
    assert len(statements) < 15


UNDECLARED: list[Any] = [
    ["nothing"], ["labels.note_set"], ["parent.parent.parent"], "labels", [7], {}, ["secret_code"],
    ["labels", "owner.password"], [""], ["owner.groups"], ["expand"], ["pk"], ["parent_id"],
]  # fmt: skip


@pytest.mark.parametrize("expand", UNDECLARED, ids=str)
def test_what_is_not_declared_is_refused_before_any_sql(expand: Any, family: list[Note], user: Any) -> None:
    for action, data in (("search", {}), ("list", {}), ("retrieve", {"id": family[0].pk}), ("retrieve", {"ids": [1]})):
        with CaptureQueriesContext(connection) as statements, pytest.raises(Invalid):
            dispatch.perform(Call(STREAM, action, {**data, "expand": expand}, user))
        assert len(statements) == 0


def test_a_stream_that_declares_nothing_expands_nothing(user: Any) -> None:
    with pytest.raises(Invalid):
        dispatch.perform(Call("zoo.OwnNote", "search", {"expand": ["owner"]}, user))


def test_what_is_declared_and_served_by_no_stream_is_refused(stream: Any, user: Any) -> None:
    with served_by(), pytest.raises(Invalid):
        dispatch.perform(Call(STREAM, "search", {"expand": ["parent"]}, user))


def test_one_answer_holds_so_many_related_rows(family: list[Note], user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansions, "MAX_RELATED", 2)
    with pytest.raises(LimitExceeded):
        rows_of(user, "labels")


@pytest.mark.parametrize(
    "asked", [{"count": False}, {"count": "estimate"}, {"after": ""}, {"before": "", "order": "-id"}], ids=str
)
@pytest.mark.parametrize("is_distinct", [False, True])
def test_the_row_behind_the_page_does_not_count(
    asked: Any, is_distinct: bool, family: list[Note], user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_distinct:
        monkeypatch.setattr(registry.get(STREAM), "get_queryset", lambda self: Note.objects.distinct())
    monkeypatch.setattr(expansions, "MAX_RELATED", 2)
    asked = {"order": "id", **asked}
    reading: Any = dispatch.perform(Call(STREAM, "search", {**asked, "limit": 1, "expand": ["labels"]}, user))
    (row,) = [json.loads(each.body) for each in reading.rows]
    assert (row["title"], len(row["expand"]["labels"])) == ("first", 2)
    assert reading.meta.get("has_next", reading.meta.get("has_previous")) is True


def test_a_related_row_counts_as_often_as_it_stands_in_the_answer(
    family: list[Note], user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _, third = family
    third.parent = first
    third.save()  # both children have the first as their parent, and that has three labels
    monkeypatch.setattr(expansions, "MAX_RELATED", 8)
    assert [len(row["expand"]["parent"]["expand"]["labels"]) for row in rows_of(user, "parent.labels")[1:]] == [3, 3]
    monkeypatch.setattr(expansions, "MAX_RELATED", 7)
    with pytest.raises(LimitExceeded):
        rows_of(user, "parent.labels")


def test_over_http_names_are_joined_by_commas_and_the_etag_is_of_all(family: list[Note], user: Any) -> None:
    client = Client()
    client.force_login(user)
    address = f"/api/{STREAM}/{family[0].pk}/?expand=labels,note_set"
    answer = client.get(address)
    assert [*answer.json()["expand"]] == ["labels", "note_set"]
    Label.objects.filter(name="z").update(name="zz")
    assert client.get(address)["ETag"] != answer["ETag"]
    assert client.get(f"/api/{STREAM}/?expand=secret_code").status_code == 400


def test_paths_are_declared_with_those_that_they_lead_along() -> None:
    assert declared_paths(("a.b.c", "d")) == {"a": {}, "a.b": {}, "a.b.c": {}, "d": {}}
    assert declared_paths({"a.b": {"limit": 3}, "a": {"limit": 1}}) == {"a": {"limit": 1}, "a.b": {"limit": 3}}
    assert asked_paths({"expand": ["a.b", "x", 7]}, declared_paths(("a.b",))) == ["a", "a.b"]
    assert asked_paths({"expand": "a"}, declared_paths(("a",))) == []


def test_an_answer_is_shared_by_those_to_whom_each_related_stream_shows_the_same(stream: Any, user: Any) -> None:
    def audiences(*paths: str) -> list[Any]:
        binding = stream(Call(STREAM, "search", {"expand": [*paths]}, user))
        assert sharing.reasons(binding) == []
        return [each.get_audience() for each in binding.streams_asked()]

    assert audiences() == []
    for others in HIDING.values():
        with served_by(*others):
            assert audiences("labels") == [Call(STREAM, "search", {}, user).caller]
            assert len(audiences("parent.labels")) == 2
    with throwaway():

        class Open(Binding):
            stream, model, fields, permission_classes = "tests.Open", Label, ("id", "name"), (AllowAny,)

        with served_by(Open):
            assert audiences("labels") == [("all",)]
