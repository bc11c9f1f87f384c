"""Handshakes, who it is, and system messages: section 4."""

from channels_binding_conformance.checking import Failure, expect, expect_equal, expect_error, point
from channels_binding_conformance.connection import PROTOCOL, Server


@point("session.hello", "§4")
async def hello(server: Server) -> None:
    """With cb.1.json the server says cb.hello first, chooses cb.1.json, and says nobody's token."""
    async with server.connect(greets=False) as socket:
        greeting = await socket.receive()
        expect_equal("cb.hello", greeting.get("event"), "the first message")
        expect_equal(PROTOCOL, socket.subprotocol, "the subprotocol")
        expect_equal("cb.1", greeting["data"]["proto"], "proto")
        expect_equal(str(server.users["ann"]), str(greeting["data"]["user"]), "user, the key of ann")


@point("session.wrong-token", "§4")
async def wrong_token(server: Server) -> None:
    """A handshake whose token is not accepted is let in and closed at once with 4401."""
    async with server.connect(token="tok-nobody", greets=False) as socket:  # noqa: S106
        expect_equal(4401, await socket.closed(), "close code")


@point("session.refused-plain", "§4")
async def refused_plain(server: Server) -> None:
    """Without a subprotocol, who is nobody is refused by HTTP 403."""
    expect_equal(403, await server.refusal(is_modern=False), "status of the handshake")


@point("session.origin", "§4.1")
async def origin(server: Server) -> None:
    """A page of a foreign Origin is refused by HTTP 403, token or not."""
    came = await server.refusal("ann", is_modern=True, origin="https://elsewhere.example")
    expect_equal(403, came, "status of the handshake")


@point("session.before-auth", "§4.1")
async def before_auth(server: Server) -> None:
    """Before cb.auth every call is unauthenticated."""
    async with server.connect(None) as socket:
        for event in ("zoo.Note.search", "zoo.Note.create", "cb.batch"):
            expect_error("unauthenticated", await socket.call(event))


@point("session.another-user", "§4.1")
async def another_user(server: Server) -> None:
    """After cb.auth as somebody else, live reads are that user's, and rows of the first have left before the reply."""
    async with server.connect() as socket:
        shown = await socket.value("zoo.OwnNote.search#h", {"order": "id"})
        expect_equal([1, 3, 5], [row["id"] for row in shown["rows"]], "the rows of ann")
        reply = await socket.call("cb.auth", {"token": "tok-bob"})
        expect_equal(str(server.users["bob"]), str(reply.get("data", {}).get("user")), "user")
        pushed = [each for each in socket.pushes if each["event"] == "zoo.OwnNote.search#h"]
        expect(pushed, "what the list is as bob, before the reply", "nothing")
        left = {key for each in pushed for key in each["data"].get("remove", [])}
        is_new = any(each["type"] == "snapshot" for each in pushed)
        expect(is_new or left == {1, 3, 5}, "the rows of ann to leave", pushed)


@point("session.ping", "§4")
async def ping(server: Server) -> None:
    """A cb.ping is answered with cb.pong and its n."""
    async with server.connect() as socket:
        await socket.send({"event": "cb.ping", "data": {"n": 41}})
        answer = await socket.receive()
        expect_equal({"event": "cb.pong", "n": 41}, {"event": answer["event"], "n": answer["data"].get("n")})


@point("session.locale", "§4.2")
async def locale(server: Server) -> None:
    """cb.locale takes a time zone, and one that there is not is invalid."""
    async with server.connect() as socket:
        said = await socket.value("cb.locale", {"timezone": "Europe/Berlin"})
        expect_equal("Europe/Berlin", said.get("timezone"), "timezone")
        expect_error("invalid", await socket.call("cb.locale", {"timezone": "Mars/Olympus"}))


@point("session.refusals", "§4")
async def refusals(server: Server) -> None:
    """After `refusals` messages in a row that are none, the connection is closed with 4429."""
    async with server.connect(greets=False) as socket:
        most = (await socket.receive())["data"]["limits"]["refusals"]
        for _ in range(most - 1):
            await socket.send("{")
            expect_error("bad_request", await socket.receive())
        await socket.send("{")
        try:
            expect_error("bad_request", await socket.receive())
        except Failure as failure:
            expect("was closed with 4429" in failure.came, "close code 4429", failure.came)
            return
        expect_equal(4429, await socket.closed(), "close code")


@point("session.system-name", "§1")
async def system_name(server: Server) -> None:
    """An event that begins with cb. and is none of the protocol's is refused, and no project's."""
    async with server.connect() as socket:
        reply = await socket.call("cb.nothing")
        expect("error" in reply, "an error", reply)
