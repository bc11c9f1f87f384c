"""Clients without a subprotocol: section 7."""

from channels_binding_conformance.checking import expect, expect_equal, expect_error, point
from channels_binding_conformance.connection import Server


@point("legacy.keys", "§7")
async def keys(server: Server) -> None:
    """A client that only knows {event, data} is answered with exactly these, and is not greeted."""
    async with server.connect(is_modern=False) as socket:
        await socket.send({"event": "zoo.Note.search#h", "data": {"filters": {"rank": 10}}})
        reply = await socket.receive()
        expect_equal(["event", "data"], [*reply], "names of the reply")
        expect_equal(["page", "limit", "count", "rows"], [*reply["data"]], "names of data")


@point("legacy.id", "§7")
async def echoed_id(server: Server) -> None:
    """An id that such a client sends is echoed."""
    async with server.connect(is_modern=False) as socket:
        await socket.send({"event": "zoo.Note.describe", "id": 9, "data": {}})
        expect_equal(9, (await socket.receive()).get("id"), "id")


@point("legacy.error", "§7")
async def error(server: Server) -> None:
    """What such a client may not, it is told as {event, error}."""
    async with server.connect(is_modern=False) as socket:
        await socket.send({"event": "zoo.Note.retrieve", "data": {"id": 424242}})
        reply = await socket.receive()
        expect_equal(["event", "error"], [*reply], "names of the reply")
        expect_error("not_found", reply)


@point("legacy.whole-pushes", "§7")
async def whole_pushes(server: Server) -> None:
    """The reply to a write comes first, then the whole list, then the key of a row that is gone."""
    async with server.connect(is_modern=False) as socket:
        for data in (
            {"event": "zoo.Note.search#h", "data": {"order": "rank"}},
            {"event": "zoo.Note.retrieve", "data": {"id": 1}},
        ):
            await socket.send(data)
            await socket.receive()
        await socket.send({"event": "zoo.Note.update", "data": {"id": 1, "rank": 99}})
        expect_equal({"event": "zoo.Note.update", "data": {"success": True}}, await socket.receive(), "the reply")
        pushed = {each["event"]: each["data"] for each in (await socket.receive(), await socket.receive())}
        expect_equal(
            [2, 3, 4, 5, 1],
            [row["id"] for row in pushed.get("zoo.Note.search#h", {}).get("rows", [])],
            "keys of the list",
        )
        expect_equal({"id": 1, "rank": 99, "<rest>": True}, pushed.get("zoo.Note.retrieve"), "the row")
        await socket.send({"event": "zoo.Note.delete", "data": {"id": 1}})
        came = [await socket.receive() for _ in range(3)]
        expect({"event": "zoo.Note.delete", "data": {"id": 1}} in came, "zoo.Note.delete with the key", came)


@point("legacy.subscribe", "§7")
async def subscribe(server: Server) -> None:
    """subscribe on a stream sends each row that the subscriber may see, and no other."""
    async with server.connect(is_modern=False) as socket, server.connect("bob") as writer:
        await socket.send({"event": "zoo.OwnNote.subscribe", "data": {}})
        expect_equal({"event": "zoo.OwnNote.subscribe", "data": {"success": True}}, await socket.receive())
        await writer.value("zoo.Note.update", {"id": 2, "title": "canary"})
        await writer.value("zoo.Note.update", {"id": 1, "title": "ONE"})
        came = await socket.receive()
        expect_equal({"event": "zoo.OwnNote.retrieve", "data": {"id": 1, "title": "ONE", "<rest>": True}}, came)
        await socket.is_silent()
