"""Live reads: section 3."""

import random
import time
from collections.abc import Callable
from typing import Any

from channels_binding_conformance.checking import Failure, expect, expect_equal, expect_error, point
from channels_binding_conformance.comparing import differences
from channels_binding_conformance.connection import Server, Socket
from channels_binding_conformance.live_list import LiveList

LIST = "zoo.Note.search#h"
REPLY_SECONDS = 0.25
"""After so long the reply to a write may come before the diffs that the write causes."""


async def opened(socket: Socket, data: dict[str, Any], event: str = LIST) -> LiveList:
    """A live list, as its reply shows it."""
    kept = LiveList()
    kept.apply(await socket.call(event, data))
    return kept


def drain(socket: Socket, kept: LiveList, event: str = LIST) -> int:
    """Apply the pushes that came before a reply; returns how many."""
    mine = [each for each in socket.pushes if each["event"] == event]
    socket.pushes.clear()
    for each in mine:
        expect("error" not in each, "a list that stays live", each)
        kept.apply(each)
    return len(mine)


@point("live.exact", "§3")
async def exact(server: Server) -> None:
    """Whatever is written, each diff leads from version to version, and the list equals its query once it is answered."""
    asked = {"filters": {"rank__gte": 15}, "order": ["-rank", "id"], "limit": 3}
    async with server.connect() as socket:
        kept = await opened(socket, asked)
        for event, data in _writes():
            reply = await socket.call(f"zoo.Note.{event}", data)
            expect("data" in reply, f"{event} {data} to be done", reply)
            drain(socket, kept)
            fresh = await socket.value("zoo.Note.search#fresh", {**asked, "live": False})
            await _until(socket, kept, f"the rows after {event} {data}", fresh["rows"], lambda: kept.rows)
            await _until(socket, kept, "count", fresh["count"], lambda: kept.beside.get("count"))


def _writes() -> list[tuple[str, dict[str, Any]]]:
    """Entering, leaving, moving, changing, the same twice; then at random, but always the same."""
    chance = random.Random(7)  # noqa: S311 (to be repeatable)
    found: list[tuple[str, dict[str, Any]]] = [
        ("update", {"id": 5, "rank": 1}),
        ("update", {"id": 1, "rank": 35}),
        ("update", {"id": 1, "rank": 45}),
        ("update", {"id": 1, "title": "ONE"}),
        ("create", {"title": "six", "rank": 42}),
        ("delete", {"id": 4}),
        ("update", {"id": 3, "title": "three"}),
    ]
    for number in range(12):
        pk = chance.choice([1, 2, 3, 5])
        found.append(("update", {"id": pk, "rank": chance.randint(0, 60), "title": f"t{number}"}))
    return found


@point("live.reply-after-diffs", "§3")
async def reply_after_diffs(server: Server) -> None:
    """The reply to a write comes after the diffs that it causes on its connection."""
    async with server.connect() as socket:
        kept = await opened(socket, {"order": "id"})
        began = time.monotonic()
        await socket.value("zoo.Note.update", {"id": 1, "title": "ONE"})
        took, came = time.monotonic() - began, drain(socket, kept)
        expect(came == 1 or took >= REPLY_SECONDS, "the diff before the reply, once", f"then {kept.rows[0]}")
        if not came:
            kept.apply(await socket.push())
        expect_equal("ONE", kept.rows[0]["title"], "title")
        await socket.is_silent()


@point("live.others", "§3")
async def others(server: Server) -> None:
    """What one connection writes, the lists of another show."""
    async with server.connect() as reader, server.connect("bob") as writer:
        kept = await opened(reader, {"order": "id"})
        await writer.value("zoo.Note.update", {"id": 2, "title": "TWO"})
        kept.apply(await reader.push())
        expect_equal("TWO", kept.rows[1]["title"], "title")


@point("live.row", "§3")
async def row(server: Server) -> None:
    """A live row is patched, and gone, without a word of it, when it is deleted."""
    async with server.connect() as socket:
        shown = await socket.call("zoo.Note.retrieve#r", {"id": 2})
        expect_equal("snapshot", shown.get("type"), "type")
        await socket.value("zoo.Note.update", {"id": 2, "title": "TWO"})
        recorded: dict[str, Any] = {"event": "zoo.Note.retrieve#r", "type": "diff", "from": shown["v"], "v": "<etag>",
                    "data": {"patch": [[2, {"title": "TWO"}, "<etag>"]]}}  # fmt: skip
        expect_equal(recorded, await socket.push())
        await socket.value("zoo.Note.delete", {"id": 2})
        expect_equal({"event": "zoo.Note.retrieve#r", "type": "gone"}, await socket.push())


@point("live.leaves", "§3")
async def leaves(server: Server) -> None:
    """A row that its reader may no longer see leaves a list by its key, and a live row is gone: never with its new contents."""
    async with server.connect() as reader, server.connect("bob") as writer:
        kept = await opened(reader, {"order": "id"}, "zoo.OwnNote.search#h")
        await reader.call("zoo.OwnNote.retrieve#r", {"id": 3})
        await writer.value("zoo.Note.update", {"id": 3, "owner": server.users["bob"], "title": "canary"})
        pushed = [await reader.push(), await reader.push()]
        expect("canary" not in str(pushed), "nothing of the row as it is now", pushed)
        by_event = {each["event"]: each for each in pushed}
        expect_equal({"event": "zoo.OwnNote.retrieve#r", "type": "gone"}, by_event.get("zoo.OwnNote.retrieve#r"))
        kept.apply(by_event["zoo.OwnNote.search#h"])
        expect_equal([1, 5], kept.keys, "keys")
        expect_equal(2, kept.beside["count"], "count")


@point("live.hidden-changes", "§3")
async def hidden_changes(server: Server) -> None:
    """A change of rows that a reader may not see is not told."""
    async with server.connect() as reader, server.connect("bob") as writer:
        await opened(reader, {"order": "id"}, "zoo.OwnNote.search#h")
        await writer.value("zoo.Note.update", {"id": 2, "title": "canary"})
        await reader.is_silent()


@point("live.audience", "§3")
async def audience(server: Server) -> None:
    """Two users who ask for the same list are answered, and told, each of their own rows alone."""
    async with server.connect() as ann, server.connect("bob") as bob:
        lists = [await opened(each, {"order": "id"}, "zoo.OwnNote.search#h") for each in (ann, bob)]
        expect_equal([[1, 3, 5], [2, 4]], [each.keys for each in lists], "keys of ann's list, and of bob's")
        await ann.value("zoo.Note.update", {"id": 2, "title": "TWO"})
        lists[1].apply(await bob.push())
        expect_equal("TWO", lists[1].rows[0]["title"], "title in bob's list")
        await ann.is_silent()


@point("live.one-frame", "§3")
async def one_frame(server: Server) -> None:
    """The diffs that one transaction causes on one connection come in one frame."""
    async with server.connect() as reader, server.connect("bob") as writer:
        for name in ("a", "b"):
            await opened(reader, {"order": "rank"}, f"zoo.Note.search#{name}")
        reader.frames.clear()
        ops = [{"event": "zoo.Note.update", "data": {"id": pk, "rank": pk}} for pk in (3, 4)]
        await writer.value("cb.batch", {"ops": ops})
        await reader.push()
        expect(len(reader.frames[0]) == 2, "one array frame with the diffs of both lists", reader.frames[0])
        await reader.push()
        await reader.is_silent()


@point("live.unsubscribe", "§3")
async def unsubscribe(server: Server) -> None:
    """After unsubscribe with a hash, that read is silent; others go on."""
    async with server.connect() as socket:
        await opened(socket, {"order": "id"}, "zoo.Note.search#a")
        await opened(socket, {"order": "id"}, "zoo.Note.search#b")
        await socket.value("zoo.Note.unsubscribe#a")
        await socket.value("zoo.Note.update", {"id": 1, "title": "ONE"})
        expect_equal("zoo.Note.search#b", (await socket.push())["event"], "event of the push")
        await socket.is_silent()


@point("live.replaced", "§3")
async def replaced(server: Server) -> None:
    """A second read under the same name takes the place of the first."""
    async with server.connect() as socket:
        await opened(socket, {"order": "id"})
        kept = await opened(socket, {"order": "id", "filters": {"rank__gte": 30}})
        await socket.value("zoo.Note.update", {"id": 1, "title": "ONE"})
        await socket.is_silent()  # the row is not in the second list
        await socket.value("zoo.Note.update", {"id": 3, "title": "THREE"})
        kept.apply(await socket.push())
        await socket.is_silent()


@point("live.not-live", "§3")
async def not_live(server: Server) -> None:
    """A read with live: false is answered, and nothing more."""
    async with server.connect() as socket:
        await socket.value(LIST, {"live": False})
        await socket.value("zoo.Note.update", {"id": 1, "title": "ONE"})
        await socket.is_silent()


@point("live.back-same", "§3")
async def back_same(server: Server) -> None:
    """Who comes back with have is told same where nothing has changed."""
    asked = {"order": "id"}
    async with server.connect() as socket:
        kept = await opened(socket, asked)
    async with server.connect() as socket:
        reply = await socket.call(LIST, asked, have=kept.have)
        expect_equal("same", reply.get("type"), "type")
        expect("rows" not in reply.get("data", {}), "no rows", reply)
        kept.apply(reply)
        await _stays_live(socket, kept)


@point("live.back-changed", "§3")
async def back_changed(server: Server) -> None:
    """Who comes back with have is brought to the list as it is now, by a delta of what has changed or a snapshot."""
    asked = {"order": "rank"}
    async with server.connect() as socket:
        kept = await opened(socket, asked)
    async with server.connect() as socket:
        await socket.value("zoo.Note.update", {"id": 1, "rank": 25})
        await socket.value("zoo.Note.delete", {"id": 4})
        reply = await socket.call(LIST, asked, have=kept.have)
        kept.apply(reply)
        expect_equal([2, 1, 3, 5], kept.keys, "keys")
        if reply["type"] == "delta":
            expect_equal(
                [1], [each["id"] for each in reply["data"]["rows"]], "rows of the delta: those that the client lacks"
            )
        await _stays_live(socket, kept)


async def _stays_live(socket: Socket, kept: LiveList) -> None:
    await socket.value("zoo.Note.update", {"id": 5, "title": "still"})
    kept.apply(await socket.push())
    expect_equal("still", kept.rows[-1]["title"], "title")


@point("live.back-row", "§3")
async def back_row(server: Server) -> None:
    """A row that is asked for with have is the same, or a snapshot."""
    async with server.connect() as socket:
        v = (await socket.call("zoo.Note.retrieve#r", {"id": 1}))["v"]
    async with server.connect() as socket:
        same = await socket.call("zoo.Note.retrieve#r", {"id": 1}, have={"v": v})
        expect_equal("same", same.get("type"), "type")
        other = await socket.call("zoo.Note.retrieve#s", {"id": 1}, have={"v": "0" * 12})
        expect_equal("snapshot", other.get("type"), "type")


@point("live.why", "§3")
async def why(server: Server) -> None:
    """Who is no member of the staff may not ask why."""
    async with server.connect() as socket:
        expect_error("forbidden", await socket.call(LIST, {"why": True}))


@point("live.count", "§3")
async def count(server: Server) -> None:
    """A row that leaves another page changes the count of a list that does not show it."""
    async with server.connect() as socket:
        kept = await opened(socket, {"order": "id", "limit": 2})
        await socket.value("zoo.Note.delete", {"id": 5})
        await _until(socket, kept, "count", 4, lambda: kept.beside.get("count"))


async def _until(socket: Socket, kept: LiveList, name: str, value: Any, shown: Callable[[], Any]) -> None:
    """Counts may follow up to a second later, and diffs their reply where the server took longer than ``REPLY_SECONDS``."""
    drain(socket, kept)
    while differences(value, shown()):
        try:
            kept.apply(await socket.push())
        except Failure as failure:
            raise Failure(f"{name}: {value}", f"{shown()}, and then: {failure.came}") from None
