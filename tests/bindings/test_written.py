# mypy: disable-error-code="misc"
"""What a write is answered with: the row as its writer may read it now, and no byte that the writer may not see."""

import json
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Upper
from django.test import Client
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission

from channels_binding.calls import Call
from channels_binding.consumers import AsyncBinding, Binding, bind
from channels_binding.dispatch import perform
from channels_binding.testing import BindingClient
from tests.conftest import Connect
from tests.project.zoo.models import Article, Booking, Note
from tests.throwaway import throwaway

pytestmark = pytest.mark.django_db(transaction=True)


class NobodyReads(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return request.method not in SAFE_METHODS


class NoCanaries(BasePermission):
    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return request.method not in SAFE_METHODS or "canary" not in obj.title


class OfNotes:
    """What the streams here have in common."""

    model = Note
    fields = ("id", "title", "rank")


def bindings() -> dict[str, type[Binding]]:
    """Each way in which a writer may be one who does not see the row."""

    class LeavesQueryset(OfNotes, Binding):
        stream = "test.written"

        def get_queryset(self) -> Any:
            return Note.objects.exclude(title__contains="canary")

    class RaisesInQueryset(OfNotes, Binding):
        stream = "test.written"

        def get_queryset(self) -> Any:
            if self.call.action == "retrieve":
                raise PermissionDenied("canary")
            return Note.objects.all()

    class NoPermission(OfNotes, Binding):
        stream = "test.written"
        permission_classes = (NobodyReads,)

    class NoObjectPermission(OfNotes, Binding):
        stream = "test.written"
        permission_classes = (NoCanaries,)

    class NoAction(OfNotes, Binding):
        stream = "test.written"
        actions = ("create", "update", "replace", "save", "form")
        bulk = "atomic"

    found = (LeavesQueryset, RaisesInQueryset, NoPermission, NoObjectPermission, NoAction)
    return {cls.__name__: cls for cls in found}


HIDDEN = ("LeavesQueryset", "RaisesInQueryset", "NoPermission", "NoObjectPermission", "NoAction")


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    return client.generic(method, path, json.dumps(body or {}), "application/json", headers=headers)


@pytest.fixture(params=HIDDEN)
def hidden(request: pytest.FixtureRequest) -> Any:
    """A stream of notes, one of which is being made a canary by somebody who may not see it then."""
    with throwaway():
        yield bindings()[request.param]


def test_a_row_that_its_writer_may_not_see_is_not_in_the_answer_over_http(hidden: Any, user: Any) -> None:
    client, note = signed_in(user), Note.objects.create(title="x", rank=4)
    written = {"title": "a canary"}
    for method, path, status in (
        ("POST", "/api/test.written/", 201),
        ("POST", "/api/test.written/create/", 200),
        ("POST", "/api/test.written/save/", 200),
        ("PATCH", f"/api/test.written/{note.pk}/", 200),
        ("PUT", f"/api/test.written/{note.pk}/", 200),
    ):
        Note.objects.filter(pk=note.pk).update(title="x")
        answer = send(client, method, path, written)
        assert answer.status_code == status, (method, path, answer.content)
        made = Note.objects.latest("pk").pk if method == "POST" else note.pk
        assert answer.json() == {"success": True, "id": made}
        assert "ETag" not in answer
        assert Note.objects.get(pk=made).title == "a canary"


def test_nor_in_that_of_a_batch_nor_in_a_form(hidden: Any, user: Any) -> None:
    client, note = signed_in(user), Note.objects.create(title="x", rank=4)
    ops = [{"event": "test.written.update", "data": {"id": note.pk, "title": "a canary"}}]
    answer = send(client, "POST", "/api/batch/", {"ops": ops})
    assert answer.json() == {"success": True, "results": [{"data": {"success": True, "id": note.pk}}]}
    Note.objects.filter(pk=note.pk).update(title="x")
    saved = send(client, "POST", f"/api/test.written/{note.pk}/form/", {"title": "a canary", "rank": 1}).json()
    assert (saved["success"], saved["object"]) == (True, {"id": note.pk})


async def test_nor_on_a_socket(hidden: Any, user: Any, connect: Connect) -> None:
    socket, note = await connect(user), await Note.objects.acreate(title="x", rank=4)
    for action, data in (("create", {}), ("update", {"id": note.pk}), ("replace", {"id": note.pk})):
        await Note.objects.filter(pk=note.pk).aupdate(title="x")
        reply = await socket.call(f"test.written.{action}", {**data, "title": "a canary"})
        assert set(reply) == {"event", "id", "data"}
        assert set(reply["data"]) == {"success", "id"}


async def test_on_a_socket_update_says_the_version_which_is_that_of_the_next_read(user: Any, connect: Connect) -> None:
    socket, note = await connect(user), await Note.objects.acreate(title="x")
    for action in ("update", "replace", "save"):
        reply = await socket.call(f"zoo.Note.{action}", {"id": note.pk, "title": action})
        assert reply["data"] == {"success": True, "id": note.pk}
        assert reply["v"] == (await socket.call("zoo.Note.retrieve", {"id": note.pk, "live": False}))["v"]
        again = await socket.call("zoo.Note.update", {"id": note.pk, "rank": 3}, **{"if": reply["v"]})
        assert again["data"] == {"success": True, "id": note.pk}
    made = await socket.call("zoo.Note.create", {"title": "new"})
    read = await socket.call("zoo.Note.retrieve", {"id": made["data"]["id"], "live": False})
    assert (made["v"], made["data"]) == (read["v"], {"success": True, **read["data"]})


async def test_clients_without_a_subprotocol_are_answered_as_ever(user: Any, connect: Connect) -> None:
    socket, note = await connect(user, modern=False), await Note.objects.acreate(title="x")
    reply = await socket.call("zoo.Note.update", {"id": note.pk, "title": "y"})
    assert (reply["data"], "v" in reply) == ({"success": True}, False)


def test_the_row_is_as_the_database_has_it_and_not_as_the_instance_in_memory(user: Any) -> None:
    with throwaway():

        class Shouts(Binding):
            stream, model, fields = "test.shouts", Note, ("id", "title", "rank")

            def perform_create(self, serializer: Any) -> None:
                serializer.save(title=Upper(F("title")) if serializer.instance else "made", rank=7)
                Note.objects.filter(pk=serializer.instance.pk).update(title="by a trigger")

            def perform_update(self, serializer: Any) -> None:
                serializer.save(rank=F("rank") + 1)

        client = signed_in(user)
        made = send(client, "POST", "/api/test.shouts/", {"title": "x"}).json()
        assert made == {"id": made["id"], "title": "by a trigger", "rank": 7}
        patched = send(client, "PATCH", f"/api/test.shouts/{made['id']}/", {"title": "y"})
        assert patched.json() == {"id": made["id"], "title": "y", "rank": 8}


def test_what_is_answered_by_its_action_is_as_post_or_patch_of_its_address(user: Any) -> None:
    client, note = signed_in(user), Note.objects.create(title="x")
    for action in ("update", "replace", "save"):
        answer = send(client, "POST", f"/api/zoo.Note/{action}/", {"id": note.pk, "title": action})
        read = client.get(f"/api/zoo.Note/{note.pk}/")
        assert (answer.status_code, answer.content, answer["ETag"]) == (200, read.content, read["ETag"])


def test_a_batch_over_http_shows_each_row_with_its_version(user: Any) -> None:
    client = signed_in(user)
    ops = [
        {"event": "zoo.Note.create", "data": {"title": "a"}, "as": "one"},
        {"event": "zoo.Note.update", "data": {"id": {"$ref": "one.id"}, "rank": 5}},
    ]
    first, second = send(client, "POST", "/api/batch/", {"ops": ops}).json()["results"]
    read = client.get(f"/api/zoo.Note/{first['data']['id']}/")
    assert (first["data"]["title"], first["data"]["rank"], "success" in first["data"]) == ("a", 0, False)
    assert (second["data"], f'"{second["v"]}"') == (read.json(), read["ETag"])


@pytest.mark.parametrize(("stream", "model"), [("zoo.Article", Article), ("zoo.Booking", Booking)])
def test_several_rows_over_http_are_each_shown_with_its_version(stream: str, model: Any, user: Any) -> None:
    client = signed_in(user)
    several: list[dict[str, Any]] = [{"room": 1, "day": "2026-01-01"}] if model is Booking else [{"headline": "x"}] * 2
    rows = [model.objects.create(**data) for data in several]
    change = {"name": "y"} if model is Booking else {"headline": "y"}
    answer = send(client, "PATCH", f"/api/{stream}/", {"ids": [row.pk for row in rows], **change}).json()
    for row, result in zip(rows, answer["results"], strict=True):
        read = client.get(f"/api/{stream}/{row.pk}/")
        assert result == {"id": row.pk, "success": True, "data": read.json(), "v": read["ETag"].strip('"')}
    gone = client.delete(f"/api/{stream}/?ids={rows[0].pk}").json()
    assert gone["results"] == [{"id": rows[0].pk, "success": True}]


def test_of_several_rows_those_that_the_writer_may_not_see_are_not_shown(user: Any) -> None:
    with throwaway():

        class Leaving(OfNotes, Binding):
            stream, bulk = "test.leaving", "atomic"

            def get_queryset(self) -> Any:
                return Note.objects.exclude(title__contains="canary", rank=9)

        stays, leaves = Note.objects.create(title="a", rank=1), Note.objects.create(title="b", rank=9)
        body = {"ids": [stays.pk, leaves.pk], "title": "canary"}
        first, second = send(signed_in(user), "PATCH", "/api/test.leaving/", body).json()["results"]
    assert first["data"] == {"id": stays.pk, "title": "canary", "rank": 1}
    assert second == {"id": leaves.pk, "success": True}


def test_many_rows_are_read_by_one_statement_for_five_hundred(user: Any) -> None:
    with throwaway():

        class Many(OfNotes, Binding):
            stream, bulk, max_bulk = "test.many", "independent", 1200

            def perform_update(self, serializer: Any) -> None:
                """Of these rows nothing is to be written."""

        keys = [note.pk for note in Note.objects.bulk_create(Note(title=str(place)) for place in range(501))]
        call = Call("test.many", "update", {"ids": keys, "rank": 1}, user, "http", shows_rows=True)
        with connection.execute_wrapper(counted := Counting("IN (")):
            answer: Any = perform(call)
    assert [result["data"]["title"] for result in answer["results"]] == [str(place) for place in range(501)]
    assert counted.statements == 2


class Counting:
    """Counts the statements that hold a text."""

    def __init__(self, text: str) -> None:
        self.text, self.statements = text, 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.statements += self.text in sql
        return execute(sql, params, many, context)


def test_handlers_that_write_are_answered_with_what_is_written_as_ever(user: Any) -> None:
    with throwaway():

        class Handling(OfNotes, AsyncBinding):
            stream = "test.handling"

            @bind("rename")
            async def rename(self, data: Any) -> Any:
                return await self.update({"id": data["id"], "title": "renamed"})

            async def create(self, data: Any) -> Any:
                made = await super().create(data)
                return {**made, "welcome": True}

            async def replace(self, data: Any) -> Any:
                answer = await super().replace(data)
                answer["replaced"] = True
                return answer

        client, note = signed_in(user), Note.objects.create(title="x")
        answer = send(client, "POST", "/api/test.handling/rename/", {"id": note.pk})
        assert (answer.json(), "ETag" in answer) == ({"success": True, "id": note.pk}, False)
        made = send(client, "POST", "/api/test.handling/", {"title": "y"}).json()
        assert (made["success"], made["welcome"], made["title"]) == (True, True, "y")
        put = send(client, "PUT", f"/api/test.handling/{note.pk}/", {"title": "z"}).json()
        assert put == {"success": True, "id": note.pk, "replaced": True}


def test_a_bug_in_reading_undoes_the_write(user: Any) -> None:
    with throwaway():

        class Buggy(OfNotes, Binding):
            stream = "test.buggy"

            def retrieve(self, data: Any) -> Any:
                raise RuntimeError("a bug")

        client, note = signed_in(user), Note.objects.create(title="x")
        assert send(client, "PATCH", f"/api/test.buggy/{note.pk}/", {"title": "y"}).status_code == 500
    assert Note.objects.get().title == "x"


def test_a_retrieve_of_the_project_s_own_is_what_writes_answer(user: Any) -> None:
    with throwaway():

        class Own(OfNotes, Binding):
            stream = "test.own"

            def retrieve(self, data: Any) -> Any:
                return {"id": int(data["id"]), "own": True}

        client, note = signed_in(user), Note.objects.create(title="x")
        patched = send(client, "PATCH", f"/api/test.own/{note.pk}/", {"title": "y"})
        assert patched.json() == client.get(f"/api/test.own/{note.pk}/").json() == {"id": note.pk, "own": True}
        made = BindingClient(user).create("test.own", title="z")
        assert made == {"success": True, "id": made["id"], "own": True}


def test_a_row_just_written_is_read_where_it_was_written(user: Any, settings: Any) -> None:
    settings.DATABASE_ROUTERS = [Replicas()]
    note = Note.objects.create(title="x")
    with throwaway():

        class Replicated(OfNotes, Binding):
            stream = "test.replicated"

        binding = Replicated(Call("test.replicated", "update", {"id": note.pk}, user, "http"))
        assert binding.reading_queryset().db == "elsewhere"
        answer = binding.answer_of_write(note.pk)
    assert answer.version is not None


class Replicas:
    """Reads from a database that lacks what was just written."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "elsewhere" if model is Note else None


@pytest.mark.parametrize("row", ["a\u00a0b", "\U00054610", "👩\u200d💻"])
def test_a_row_whose_key_is_unusual_text_is_answered_and_found_again(row: str, user: Any) -> None:
    client = BindingClient(user)
    created = client.call("zoo.Seat.create", {"row": row, "place": 1})
    assert created == {"success": True, "id": f"{row},1", "row": row, "place": 1, "guest": None}
    assert client.call("zoo.Seat.retrieve", {"id": created["id"]})["row"] == row


def test_a_row_whose_key_cannot_be_asked_for_is_answered_by_its_key(user: Any) -> None:
    assert BindingClient(user).call("zoo.Seat.create", {"row": "a\x01", "place": 1}) == {
        "success": True,
        "id": "a\x01,1",
    }
