"""What reads answer: section 2."""

from typing import Any

from channels_binding_conformance.checking import Failure, expect, expect_equal, expect_error, point
from channels_binding_conformance.connection import Server
from channels_binding_conformance.live_list import version_of


def keys(data: dict[str, Any]) -> list[Any]:
    return [row["id"] for row in data["rows"]]


@point("read.page", "§2")
async def page(server: Server) -> None:
    """search answers the page that was asked for, in its order, with the count of all."""
    async with server.connect() as socket:
        data = await socket.value("zoo.Note.search", {"order": "-rank", "page": 2, "limit": 2})
        expect_equal([3, 2], keys(data), "keys of page 2")
        beside = {name: data.get(name) for name in ("page", "limit", "count", "order")}
        expect_equal({"page": 2, "limit": 2, "count": 5, "order": "-rank"}, beside)


@point("read.nulls-last", "§2")
async def nulls_last(server: Server) -> None:
    """NULLs stand last, ascending and descending."""
    async with server.connect() as socket:
        for order, first in (("weight", [4, 2]), ("-weight", [2, 4])):
            data = await socket.value("zoo.Note.search", {"order": [order, "id"], "live": False})
            expect_equal([*first, 1, 3, 5], keys(data), f"keys by {order}")


@point("read.filter", "§2")
async def filters(server: Server) -> None:
    """filters and query leave in what matches, and the count is of that."""
    async with server.connect() as socket:
        data = await socket.value("zoo.Note.search", {"filters": {"rank__gte": 20}, "query": "o", "order": "id"})
        expect_equal([2, 4, 5], keys(data), "keys")
        expect_equal(3, data["count"], "count")


@point("read.undeclared", "§2")
async def undeclared(server: Server) -> None:
    """What a binding does not declare is invalid: filters, orders, fields, params."""
    async with server.connect() as socket:
        for asked in (
            {"filters": {"secret_code": "x"}},
            {"order": "secret_code"},
            {"fields": ["secret_code"]},
            {"params": {"tenant": 1}},
            {"nonsense": 1},
        ):
            reply = await socket.call("zoo.Note.search", asked)
            if "error" not in reply:
                raise Failure(f"{asked} to be invalid", reply)
            expect_error("invalid", reply)


@point("read.fields", "§2")
async def fields(server: Server) -> None:
    """fields narrows rows to what was asked for, and the key; nobody is sent what a binding does not show."""
    async with server.connect() as socket:
        data = await socket.value("zoo.Note.search", {"fields": ["title"], "live": False, "order": "id"})
        expect_equal({"id": 1, "title": "one"}, data["rows"][0], "the first row")
        whole = await socket.value("zoo.Note.retrieve", {"id": 1, "live": False})
        expect_equal(["id", "title", "rank", "weight", "done", "owner", "labels"], [*whole], "names of a row")


@point("read.hidden-rows", "§1")
async def hidden_rows(server: Server) -> None:
    """Rows that the caller may not see are neither shown nor counted, by whatever read."""
    async with server.connect() as socket:
        for event, data in (("search", {}), ("list", {}), ("search", {"count": False}), ("search", {"after": ""})):
            answer = await socket.value(f"zoo.OwnNote.{event}", {**data, "live": False})
            expect_equal([1, 3, 5], sorted(keys(answer)), f"keys of {event} {data}")
            expect(answer.get("count", 3) == 3, "count 3", answer.get("count"))
        several = await socket.value("zoo.OwnNote.retrieve", {"ids": [3, 2, 1], "live": False})
        expect_equal([3, 1], keys(several), "keys of retrieve, of several")
        groups = await socket.value("zoo.OwnNote.aggregate", {"measures": ["count", "sum:rank"], "live": False})
        expect_equal([3, 90], [groups["rows"][0][name] for name in ("count", "sum:rank")], "count and sum")


@point("read.ids", "§2")
async def ids(server: Server) -> None:
    """retrieve of several answers in the order asked for, and leaves out what is not there."""
    async with server.connect() as socket:
        data = await socket.value("zoo.Note.retrieve", {"ids": [4, 424242, 1], "live": False})
        expect_equal([4, 1], keys(data), "keys")


@point("read.version", "§1")
async def version(server: Server) -> None:
    """v of a list is the CRC-32 of its keys and etags; v of a row is its etag; both are the same for the same rows."""
    async with server.connect() as socket:
        first = await socket.call("zoo.Note.search#a", {"order": "id"})
        second = await socket.call("zoo.Note.search#b", {"order": "id"})
        rows, etags = first["data"]["rows"], first.get("etags", [])
        computed = version_of(rows, dict(zip([row["id"] for row in rows], etags, strict=False)))
        expect_equal(computed, first.get("v"), "v")
        expect_equal(first.get("v"), second.get("v"), "v of the same list")
        row = await socket.call("zoo.Note.retrieve", {"id": 1})
        expect_equal(etags[0], row.get("v"), "v of the row, and its etag in the list")


@point("read.no-count", "§2")
async def no_count(server: Server) -> None:
    """Without a count the reply says whether rows follow, and counts nothing."""
    async with server.connect() as socket:
        for number, follows in ((1, True), (3, False)):
            data = await socket.value("zoo.Note.search", {"count": False, "limit": 2, "page": number, "live": False})
            expect_equal(["page", "limit", "has_next", "order", "rows"], [*data], "names")
            expect_equal(follows, data["has_next"], f"has_next of page {number}")


@point("read.cursors", "§2")
async def cursors(server: Server) -> None:
    """Windows from cursor to cursor have every row once, forwards and backwards."""
    async with server.connect() as socket:
        for name, end, more, step in (("after", "end", "has_next", 1), ("before", "start", "has_previous", -1)):
            seen: list[Any] = []
            place = ""
            for _ in range(6):
                asked = {name: place, "limit": 2, "order": "-rank", "live": False}
                data = await socket.value("zoo.Note.search", asked)
                seen = seen + keys(data) if step == 1 else keys(data) + seen
                place = data[end]
                if not data[more]:
                    break
            expect_equal([5, 4, 3, 2, 1], seen, f"keys of all windows by {name}")


@point("read.labels", "§2")
async def labels(server: Server) -> None:
    """With labels a list has the texts of related rows."""
    async with server.connect() as socket:
        data = await socket.value("zoo.Note.search", {"labels": True, "filters": {"rank": 20}, "live": False})
        expect_equal({str(server.users["bob"]): "bob"}, data.get("labels", {}).get("owner"), "labels of owner")


@point("read.describe", "§2.2")
async def describe(server: Server) -> None:
    """describe says what a UI needs: key, fields and their types, orders, actions, rights."""
    async with server.connect() as socket:
        said = await socket.value("zoo.Note.describe")
        known = {each["name"]: each["type"] for each in said["fields"]}
        expect_equal(
            {"id": "integer", "title": "string", "done": "boolean", "owner": "relation", "<rest>": True}, known
        )
        expect_equal(["zoo.Note", "id"], [said["stream"], said["pk"]], "stream and pk")
        expect({"search", "update"} <= {*said["actions"]}, "search and update among the actions", said["actions"])
        expect_equal({"create": True, "update": True, "delete": True}, said["can"], "can")


@point("read.form", "§2.1")
async def form(server: Server) -> None:
    """form describes its fields with their values, and refuses a submission by reply, with errors by field."""
    async with server.connect() as socket:
        asked = await socket.value("zoo.Note.form", {"id": 1})
        expect("one" in [each["value"] for each in asked["fields"]], "the value of the title", asked["fields"])
        refused = await socket.value("zoo.Note.form", {"id": 1, "submit": {"title": ""}})
        expect_equal(False, refused["success"], "success")
        expect_equal("required", refused["errors"].get("title", [{}])[0].get("code"), "code of the title's error")
