"""What writes answer, and do: section 2, the keys ``if`` and ``key``, and batches."""

from channels_binding_conformance.checking import expect, expect_equal, expect_error, point
from channels_binding_conformance.connection import Server

ETAG = "<etag>"


@point("write.create", "§2")
async def create(server: Server) -> None:
    """create answers success, the key and the row as retrieve would, and its version as v."""
    async with server.connect() as socket:
        reply = await socket.call("zoo.Note.create", {"title": "six", "rank": 60})
        expect_equal({"success": True, "id": "<int>", "title": "six", "<rest>": True}, reply.get("data"))
        row = await socket.call("zoo.Note.retrieve", {"id": reply["data"]["id"]})
        brought = {name: value for name, value in reply["data"].items() if name != "success"}
        expect_equal(row["data"], brought, "the row of the reply")
        expect_equal(row["v"], reply.get("v"), "v")


@point("write.update", "§2")
async def update(server: Server) -> None:
    """update changes what it names and nothing else, and answers the key and the new version."""
    async with server.connect() as socket:
        before = await socket.value("zoo.Note.retrieve", {"id": 2, "live": False})
        reply = await socket.call("zoo.Note.update", {"id": 2, "title": "TWO"})
        expect_equal({"success": True, "id": 2}, reply.get("data"), "data of the reply")
        after = await socket.call("zoo.Note.retrieve", {"id": 2})
        expect_equal({**before, "title": "TWO"}, after["data"], "the row")
        expect_equal(after["v"], reply.get("v"), "v")


@point("write.delete", "§2")
async def delete(server: Server) -> None:
    """A row that was deleted is not there any more."""
    async with server.connect() as socket:
        expect_equal({"success": True, "id": 4}, await socket.value("zoo.Note.delete", {"id": 4}))
        expect_error("not_found", await socket.call("zoo.Note.retrieve", {"id": 4}))


@point("write.invalid", "§5")
async def invalid(server: Server) -> None:
    """What does not validate is invalid, with the errors of each field, and nothing is written."""
    async with server.connect() as socket:
        error = expect_error("invalid", await socket.call("zoo.Note.create", {"title": "", "rank": "many"}))
        names = [*error.get("fields", {})]
        expect({"title", "rank"} <= {*names}, "errors of title and rank in fields", error)
        expect_equal(5, (await socket.value("zoo.Note.search", {"live": False}))["count"], "count")


@point("write.if", "§1")
async def if_unchanged(server: Server) -> None:
    """With `if`, a row that has changed since is left alone: precondition_failed, with the row as it is and its version."""
    async with server.connect() as socket:
        seen = (await socket.call("zoo.Note.retrieve#r", {"id": 1, "live": False}))["v"]
        await socket.value("zoo.Note.update", {"id": 1, "rank": 11}, if_=seen)
        error = expect_error(
            "precondition_failed", await socket.call("zoo.Note.update", {"id": 1, "rank": 12}, if_=seen)
        )
        expect_equal({"id": 1, "rank": 11, "<rest>": True}, error.get("current"), "error.current")
        now = await socket.call("zoo.Note.retrieve", {"id": 1})
        expect_equal(now["v"], error.get("v"), "error.v")
        expect_equal(11, now["data"]["rank"], "rank")


@point("write.key", "§1")
async def key(server: Server) -> None:
    """A write that is repeated with its key is made once; the same key with other data is a conflict."""
    async with server.connect() as socket:
        made = await socket.value("zoo.Note.create", {"title": "once"}, key="k-1")
        again = await socket.value("zoo.Note.create", {"title": "once"}, key="k-1")
        expect_equal(made, again, "the repeated reply")
        expect_equal(6, (await socket.value("zoo.Note.search", {"live": False}))["count"], "count")
        expect_error("conflict", await socket.call("zoo.Note.create", {"title": "twice"}, key="k-1"))


@point("write.hidden", "§2")
async def hidden(server: Server) -> None:
    """A write that takes its row out of what the caller may see is answered with the key alone."""
    async with server.connect() as socket:
        reply = await socket.call("zoo.GuardedNote.create", {"title": "locked", "rank": 9})
        expect_equal({"success": True, "id": "<int>"}, reply.get("data"), "data of the reply")
        expect("v" not in reply, "no version", reply)


@point("write.related", "§5")
async def related(server: Server) -> None:
    """A related row that is not there is invalid."""
    async with server.connect() as socket:
        expect_error("invalid", await socket.call("zoo.Note.update", {"id": 1, "labels": [424242]}))


@point("write.independent-batch", "§4")
async def independent_batch(server: Server) -> None:
    """Operations of a batch that is not atomic stand for themselves."""
    async with server.connect() as socket:
        ops = [
            {"event": "zoo.Note.update", "data": {"id": 1, "rank": 77}},
            {"event": "zoo.Note.update", "data": {"id": 424242, "rank": 1}},
        ]
        data = await socket.value("cb.batch", {"atomic": False, "ops": ops})
        expect_equal(
            {
                "success": False,
                "results": [
                    {"data": {"success": True, "id": 1}, "v": ETAG},
                    {"error": {"code": "not_found", "<rest>": True}},
                ],
            },
            data,
        )
        expect_equal(77, (await socket.value("zoo.Note.retrieve", {"id": 1}))["rank"], "rank")


@point("write.atomic-batch", "§4")
async def atomic_batch(server: Server) -> None:
    """Of an atomic batch that fails nothing stays, and error.op is the place of the operation."""
    async with server.connect() as socket:
        ops = [
            {"event": "zoo.Note.create", "data": {"title": "lost"}},
            {"event": "zoo.Note.create", "data": {"title": ""}},
        ]
        error = expect_error("invalid", await socket.call("cb.batch", {"ops": ops}))
        expect_equal(1, error.get("op"), "error.op")
        expect_equal(5, (await socket.value("zoo.Note.search", {"live": False}))["count"], "count")
