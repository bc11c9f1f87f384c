"""Frames, ids and errors: sections 1 and 5."""

from typing import Any

from channels_binding_conformance.checking import expect, expect_equal, expect_error, point
from channels_binding_conformance.connection import Server

MISSING = 424242
"""A key that no fixture has."""


@point("envelope.echo", "§1")
async def echo(server: Server) -> None:
    """A reply has the event, its hash and the id of its call, whether that is a number or a text."""
    async with server.connect() as socket:
        for number in (7, "seven"):
            await socket.send({"event": "zoo.Note.describe#h-1_x", "id": number})
            reply = await socket.receive()
            came = {name: reply.get(name) for name in ("event", "id")}
            expect_equal({"event": "zoo.Note.describe#h-1_x", "id": number}, came)


@point("envelope.one-reply", "§1")
async def one_reply(server: Server) -> None:
    """A call has one reply."""
    async with server.connect() as socket:
        await socket.value("zoo.Note.search", {"live": False})
        await socket.is_silent()


@point("envelope.array", "§1")
async def array(server: Server) -> None:
    """Of a frame that holds an array, every message is answered."""
    async with server.connect() as socket:
        calls = [{"event": "zoo.Note.retrieve", "id": pk, "data": {"id": pk, "live": False}} for pk in (1, 2, 3)]
        await socket.send(calls)
        answered = [await socket.receive() for _ in calls]
        expect({each.get("id") for each in answered} == {1, 2, 3}, "replies to the ids 1, 2 and 3", answered)


@point("envelope.no-message", "§1")
async def no_message(server: Server) -> None:
    """A frame that is no JSON, is binary or holds no message is answered with cb.error, and the connection stays."""
    async with server.connect() as socket:
        for frame in ("{", b"{}", '"text"'):
            await socket.send(frame)
            answer = await socket.receive()
            expect_equal("cb.error", answer.get("event"), f"event of the answer to {frame!r}")
            expect_error("bad_request", answer)
        await socket.value("zoo.Note.describe")


@point("envelope.refused", "§1")
async def refused(server: Server) -> None:
    """A frame that holds a name twice or the character U+0000 is refused for each of its messages, with its event and id."""
    call = '{"event": "zoo.Note.search", "id": "%s", "data": %s}'
    async with server.connect() as socket:
        for number, data in enumerate(('{"query": "a", "query": "b"}', '{"query": "a\\u0000"}')):
            await socket.send(f"[{call % (f'one{number}', data)}, {call % (f'two{number}', '{}')}]")
            for name in ("one", "two"):
                expect_error("bad_request", await socket.reply(f"{name}{number}", "zoo.Note.search"))
        await socket.value("zoo.Note.describe")


@point("envelope.data", "§1")
async def data(server: Server) -> None:
    """Data that is null means {}, and data that is no object is bad_request."""
    async with server.connect() as socket:
        await socket.send({"event": "zoo.Note.search", "id": "n", "data": None})
        expect("data" in await socket.reply("n", "zoo.Note.search"), "a list", "none")
        await socket.send({"event": "zoo.Note.search", "id": "x", "data": [1]})
        expect_error("bad_request", await socket.reply("x", "zoo.Note.search"))


@point("envelope.unknown-keys", "§1")
async def unknown_keys(server: Server) -> None:
    """Top-level keys that the server does not know mean nothing."""
    async with server.connect() as socket:
        await socket.value("zoo.Note.retrieve", {"id": 1}, of_the_future=True)


@point("error.stream", "§5")
async def stream(server: Server) -> None:
    """An unknown stream is not_found, an unknown action of a known one method_not_allowed."""
    async with server.connect() as socket:
        expect_error("not_found", await socket.call("zoo.Nothing.search"))
        expect_error("method_not_allowed", await socket.call("zoo.Note.fly"))


@point("error.hidden-is-missing", "§5")
async def hidden_is_missing(server: Server) -> None:
    """A row that the caller may not see is answered exactly as one that is not there."""
    async with server.connect() as socket:
        for name in ("zoo.OwnNote.retrieve", "zoo.OwnNote.update", "zoo.OwnNote.delete"):
            hidden, missing = [_bare(await socket.call(name, {"id": pk})) for pk in (2, MISSING)]
            expect_error("not_found", missing)
            expect_equal(missing, hidden, f"{name} of a hidden row")
        guarded = _bare(await socket.call("zoo.GuardedNote.retrieve", {"id": 5}))
        expect_equal(
            _bare(await socket.call("zoo.GuardedNote.retrieve", {"id": MISSING})),
            guarded,
            "a row that an object permission hides",
        )


def _bare(message: dict[str, Any]) -> dict[str, Any]:
    """A refusal without what tells calls apart, and without its key in the words."""
    error = {name: value for name, value in message.get("error", {}).items() if name != "ref"}
    return {**{name: value for name, value in message.items() if name != "id"}, "error": error}


@point("error.refused-stays-open", "§5")
async def refused_stays_open(server: Server) -> None:
    """A refused call does not end the connection."""
    async with server.connect() as socket:
        for _ in range(3):
            expect_error("not_found", await socket.call("zoo.Note.retrieve", {"id": MISSING}))
        await socket.value("zoo.Note.retrieve", {"id": 1})
