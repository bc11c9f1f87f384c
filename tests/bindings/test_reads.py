"""The built-in actions, as a client sees them."""

from typing import Any

from asgiref.sync import sync_to_async

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
