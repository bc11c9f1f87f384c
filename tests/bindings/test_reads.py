"""The built-in actions, as a client sees them."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db.models import Count
from django.test import Client

from channels_binding.bindings.trace import Trace
from channels_binding.calls import Call, Row
from channels_binding.exceptions import Invalid, LimitExceeded
from channels_binding.registry import registry
from channels_binding.testing import BindingClient
from tests.conftest import Connect
from tests.project.zoo.models import Guard, Label, Note, Precious

in_thread = sync_to_async


async def make(*ranks: int, **fields: Any) -> list[Note]:
    return [await Note.objects.acreate(title=f"n{rank}", rank=rank, **fields) for rank in ranks]


async def test_retrieve_takes_one_id_or_several_in_the_order_asked_for(connect: Connect, user: Any) -> None:
    first, second, third = await make(1, 2, 3)
    socket = await connect(user)
    one = await socket.call("zoo.Note.retrieve", {"id": str(second.pk), "fields": ["rank"]})
    assert one["data"] == {"id": second.pk, "rank": 2}
    several = await socket.call(
        "zoo.Note.retrieve", {"ids": [third.pk, 424242, first.pk, third.pk], "fields": ["rank"]}
    )
    assert several["data"] == {"rows": [{"id": third.pk, "rank": 3}, {"id": first.pk, "rank": 1}]}


async def test_search_pages_orders_filters_searches_and_narrows(connect: Connect, user: Any) -> None:
    await make(5, 3, 8, 1)
    await Note.objects.acreate(title="other", rank=7)
    socket = await connect(user)
    page = (await socket.call("zoo.Note.search", {"order": ["-rank"], "limit": 2, "page": 2, "query": "n"}))["data"]
    assert ([row["rank"] for row in page["rows"]], page["count"], page["order"]) == ([3, 1], 4, ["-rank"])
    beyond = (await socket.call("zoo.Note.search", {"page": 99}))["data"]
    assert (beyond["rows"], beyond["count"]) == ([], 5)
    filtered = (await socket.call("zoo.Note.search", {"filters": {"rank__in": [3, 8], "done": False}}))["data"]
    assert filtered["count"] == 2
    assert (await socket.call("zoo.Note.search", {"limit": 10**6}))["data"]["limit"] == 1000


async def test_list_has_no_pages_and_says_when_there_is_too_much(connect: Connect, user: Any, settings: Any) -> None:
    await make(2, 1, 3)
    socket = await connect(user)
    listed = (await socket.call("zoo.Note.list", {"order": "rank", "fields": ["rank"]}))["data"]
    assert (listed["count"], [row["rank"] for row in listed["rows"]]) == (3, [1, 2, 3])
    settings.CHANNELS_BINDING = {"MAX_PAGE_SIZE": 2}
    error = (await socket.call("zoo.Note.list", {"order": "-rank"}))["error"]
    assert (error["code"], error["limit"]) == ("limit_exceeded", 2)


async def test_create_update_save_and_delete(connect: Connect, user: Any) -> None:
    label = await Label.objects.acreate(name="red")
    socket = await connect(user)
    made = (await socket.call("zoo.Note.create", {"title": "a", "labels": [label.pk]}))["data"]
    assert (made["success"], made["title"], made["labels"]) == (True, "a", [label.pk])
    changed = await socket.call("zoo.Note.update", {"id": made["id"], "labels": []})
    assert changed["data"] == {"success": True, "id": made["id"]}
    assert (await socket.call("zoo.Note.save", {"id": made["id"], "rank": 4}))["data"]["id"] == made["id"]
    saved = (await socket.call("zoo.Note.save", {"id": None, "title": "b"}))["data"]
    assert saved["title"] == "b"
    note = await Note.objects.aget(pk=made["id"])
    assert (note.title, note.rank, await note.labels.acount()) == ("a", 4, 0)
    assert (await socket.call("zoo.Note.delete", {"id": note.pk}))["data"] == {"success": True, "id": note.pk}
    assert (await socket.call("zoo.Note.delete", {"id": note.pk}))["error"]["code"] == "not_found"


async def test_a_failed_write_leaves_nothing_behind(connect: Connect, user: Any) -> None:
    precious = await Precious.objects.acreate(name="x")
    await Guard.objects.acreate(precious=precious)
    socket = await connect(user)
    assert (await socket.call("zoo.Precious.delete", {"id": precious.pk}))["error"]["code"] == "conflict"
    error = (await socket.call("zoo.Precious.create", {"name": "x"}))["error"]
    assert error["fields"] == {"name": [{"code": "unique", "message": "precious with this name already exists."}]}
    assert await Precious.objects.acount() == 1


async def test_a_write_with_an_outdated_version_is_refused(connect: Connect, user: Any) -> None:
    (note,) = await make(1)
    socket = await connect(user)
    version = (await socket.call("zoo.Note.retrieve", {"id": note.pk, "live": False}))["v"]
    assert "data" in await socket.call("zoo.Note.update", {"id": note.pk, "rank": 2}, **{"if": version})
    refused = await socket.call("zoo.Note.update", {"id": note.pk, "rank": 3}, **{"if": version})
    assert refused["error"]["code"] == "precondition_failed"
    assert (await socket.call("zoo.Note.delete", {"id": note.pk}, **{"if": version}))["error"]["status"] == 412


async def test_replace_needs_every_required_field(connect: Connect, user: Any) -> None:
    (note,) = await make(1)
    socket = await connect(user)
    assert (await socket.call("zoo.Note.replace", {"id": note.pk, "rank": 2}))["error"]["code"] == "invalid"
    assert "data" in await socket.call("zoo.Note.replace", {"id": note.pk, "title": "x"})


@pytest.mark.parametrize(
    "data",
    [{"ids": 7}, {"ids": [7] * 1001}, {"ids": ["x"]}, {"id": 7, "page": 1}, {"id": 7, "params": {"a": 1}}, {}],
    ids=["no list", "too many", "no key", "a page", "undeclared params", "nothing"],
)
def test_what_is_no_retrieve_is_refused(data: dict[str, Any], user: Any) -> None:
    with pytest.raises(Invalid):
        BindingClient(user).call("zoo.Note.retrieve", data)


@pytest.mark.django_db
def test_a_list_of_exactly_as_many_rows_as_a_page_may_have_is_answered(user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {"MAX_PAGE_SIZE": 2}
    Note.objects.bulk_create(Note(title=str(rank), rank=rank) for rank in range(2))
    client = BindingClient(user)
    assert [row["rank"] for row in client.list("zoo.Note", order="-rank")["rows"]] == [1, 0]
    Note.objects.create(title="more")
    with pytest.raises(LimitExceeded):
        client.list("zoo.Note")


@pytest.mark.django_db(transaction=True)
def test_a_pagination_class_of_drf_s_pages_over_http_and_is_limited_as_ours(user: Any) -> None:
    Note.objects.bulk_create(Note(title=str(rank), rank=rank) for rank in range(5))
    client = Client()
    client.force_login(user)
    page = client.get("/api/zoo.PagedNote/?page=2&order=rank").json()
    assert (page["count"], len(page["results"])) == (5, 2)
    assert page["next"].startswith("http://testserver/api/zoo.PagedNote/?")
    assert len(client.get("/api/zoo.PagedNote/?size=100").json()["results"]) == 3
    assert BindingClient(user).search("zoo.PagedNote")["limit"] == 3, "a socket has our pages"


def evaluated(user: Any, unchanged: Any, **data: Any) -> tuple[Any, list[str]]:
    """A search of a live query that was evaluated before, and the querysets that it has traced."""
    seen: list[str] = []
    binding = registry.get("zoo.Note")(Call("zoo.Note", "search", data, user))
    binding.trace = Trace(lambda queryset: seen.append(queryset.model.__name__), unchanged)
    return binding.perform("search", data), seen


@pytest.mark.django_db
def test_of_a_live_query_only_what_changed_is_read_again(user: Any) -> None:
    first, second, third = (Note.objects.create(title=str(rank), rank=rank) for rank in range(3))
    kept = Row.of(second.pk, {"id": second.pk, "title": "as it was"})
    reading, seen = evaluated(user, {second.pk: kept}, order="rank", limit=2)
    assert [row.pk for row in reading.rows] == [first.pk, second.pk]
    assert (reading.rows[1], reading.meta["count"]) == (kept, 3)
    assert json.loads(reading.rows[0].body)["title"] == "0"
    assert seen == ["Note"]
    beyond, _ = evaluated(user, {}, order="rank", limit=2, page=2)
    assert [row.pk for row in beyond.rows] == [third.pk]


@pytest.mark.django_db
def test_rows_that_are_made_of_others_are_all_read_again(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    note = Note.objects.create(title="x")
    note.labels.add(Label.objects.create(name="red"))
    kept = Row.of(note.pk, {"id": note.pk, "title": "as it was"})
    reading, _ = evaluated(user, {note.pk: kept}, filters={"labels__name": "red"})
    assert [json.loads(row.body)["title"] for row in reading.rows] == [
        "as it was"
    ]  # a condition is not part of the row
    counted = Note.objects.annotate(number=Count("labels"))
    monkeypatch.setattr(registry.get("zoo.Note"), "get_queryset", lambda self: counted.all())
    reading, _ = evaluated(user, {note.pk: kept}, filters={"labels__name": "red"})
    assert [json.loads(row.body)["title"] for row in reading.rows] == ["x"]


@pytest.mark.django_db
def test_a_retrieve_of_a_live_query_says_which_rows_it_reads(user: Any) -> None:
    note = Note.objects.create(title="x")
    seen: list[Any] = []
    for data in ({"id": note.pk}, {"ids": [note.pk]}):
        binding = registry.get("zoo.Note")(Call("zoo.Note", "retrieve", data, user))
        binding.trace = Trace(seen.append)
        (row,) = binding.perform("retrieve", data).rows
        assert row.pk == note.pk
    assert [queryset.model for queryset in seen] == [Note, Note]
