"""The same over HTTP: section 6."""

import json
from typing import Any

from channels_binding_conformance.checking import Failure, expect, expect_equal, point
from channels_binding_conformance.connection import Server

EVENTS = {"Accept": "text/event-stream"}


def answered(response: Any, status: int) -> Any:
    """The body of a response with that status."""
    if response.status_code != status:
        raise Failure(f"status {status}", f"{response.status_code} {response.text[:300]}")
    return response.json() if response.content else None


def expect_code(response: Any, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = answered(response, status)
    expect_equal(
        {"code": code, "status": status, "<rest>": True},
        {name: body.get(name) for name in ("code", "status", "message", "retry")},
    )
    return body


@point("http.same", "§6")
async def same(server: Server) -> None:
    """GET of a list and of a row answers what the socket answers."""
    async with server.http() as client, server.connect() as socket:
        listed = answered(await client.get("zoo.Note/?order=-rank&limit=2&rank__lte=40"), 200)
        asked = {"order": "-rank", "limit": 2, "filters": {"rank__lte": 40}, "live": False}
        expect_equal(await socket.value("zoo.Note.search", asked), listed, "the list")
        row = answered(await client.get("zoo.Note/1/"), 200)
        expect_equal(await socket.value("zoo.Note.retrieve", {"id": 1, "live": False}), row, "the row")


@point("http.etag", "§6")
async def etag(server: Server) -> None:
    """Rows and lists have an ETag, and are not sent again (304) while it is the same."""
    async with server.http() as client:
        for address in ("zoo.Note/1/", "zoo.Note/?order=rank"):
            tag = (await client.get(address)).headers.get("ETag")
            expect(tag, f"an ETag of {address}", "none")
            expect_equal(304, (await client.get(address, headers={"If-None-Match": tag})).status_code, address)
            await client.patch("zoo.Note/1/", json={"title": f"changed {len(address)}"})
            expect_equal(
                200, (await client.get(address, headers={"If-None-Match": tag})).status_code, f"{address}, changed"
            )


@point("http.create", "§6")
async def create(server: Server) -> None:
    """POST answers 201, Location, ETag and the row, byte for byte as GET of its address."""
    async with server.http() as client:
        made = await client.post("zoo.Note/", json={"title": "six", "rank": 60})
        row = answered(made, 201)
        expect(
            made.headers.get("Location", "").endswith(f"/zoo.Note/{row['id']}/"),
            "Location of the row",
            dict(made.headers),
        )
        got = await client.get(f"zoo.Note/{row['id']}/")
        expect_equal(got.text, made.text, "the row")
        expect_equal(got.headers.get("ETag"), made.headers.get("ETag"), "ETag")


@point("http.write", "§6")
async def write(server: Server) -> None:
    """PATCH answers the row, DELETE success and the key."""
    async with server.http() as client:
        row = answered(await client.patch("zoo.Note/1/", json={"rank": 11}), 200)
        expect_equal({"id": 1, "title": "one", "rank": 11, "<rest>": True}, row)
        expect_equal({"success": True, "id": 1}, answered(await client.delete("zoo.Note/1/"), 200))
        expect_code(await client.get("zoo.Note/1/"), 404, "not_found")


@point("http.if-match", "§6")
async def if_match(server: Server) -> None:
    """With If-Match a row that has changed is left alone: 412, with the row as it is."""
    async with server.http() as client:
        tag = (await client.get("zoo.Note/1/")).headers["ETag"]
        answered(await client.patch("zoo.Note/1/", json={"rank": 11}, headers={"If-Match": tag}), 200)
        refused = await client.patch("zoo.Note/1/", json={"rank": 12}, headers={"If-Match": tag})
        body = expect_code(refused, 412, "precondition_failed")
        expect_equal(11, body.get("current", {}).get("rank"), "rank in current")


@point("http.key", "§6")
async def key(server: Server) -> None:
    """With Idempotency-Key a repeated POST makes one row."""
    async with server.http() as client:
        headers = {"Idempotency-Key": "k-http"}
        made = [
            answered(await client.post("zoo.Note/", json={"title": "once"}, headers=headers), 201) for _ in range(2)
        ]
        expect_equal(made[0], made[1], "the repeated answer")
        expect_equal(6, answered(await client.get("zoo.Note/"), 200)["count"], "count")


@point("http.refusals", "§6")
async def refusals(server: Server) -> None:
    """Errors are the body: 401 to nobody, 404 to a stream that is not there, 400 to a filter that is not declared."""
    async with server.http(None) as client:
        expect_code(await client.get("zoo.Note/"), 401, "unauthenticated")
    async with server.http() as client:
        expect_code(await client.get("zoo.Nothing/"), 404, "not_found")
        expect_code(await client.get("zoo.Note/?secret_code=x"), 400, "invalid")


@point("http.hidden", "§6")
async def hidden(server: Server) -> None:
    """A row that the caller may not see is answered as one that is not there, and no list has it."""
    async with server.http() as client:
        bodies = [answered(await client.get(f"zoo.OwnNote/{pk}/"), 404) for pk in (2, 424242)]
        expect_equal(bodies[1], bodies[0], "the answer to a hidden row")
        listed = answered(await client.get("zoo.OwnNote/"), 200)
        expect_equal([1, 3, 5], sorted(row["id"] for row in listed["rows"]), "keys")


@point("http.pages", "§6")
async def pages(server: Server) -> None:
    """A list names the pages beside its own in Link, and its count in X-Total-Count."""
    async with server.http() as client:
        response = await client.get("zoo.Note/?limit=2&page=2")
        expect_equal("5", response.headers.get("X-Total-Count"), "X-Total-Count")
        expect({"prev", "next"} <= {*response.links}, 'rel="prev" and rel="next" in Link', response.headers.get("Link"))


@point("http.hello", "§6")
async def hello(server: Server) -> None:
    """hello/ says who the caller is, and refuses nobody with 401."""
    async with server.http() as client:
        said = answered(await client.get("hello/"), 200)
        expect_equal(
            {"proto": "cb.1", "user": str(server.users["ann"])},
            {"proto": said.get("proto"), "user": str(said.get("user"))},
        )
    async with server.http(None) as client:
        expect_code(await client.get("hello/"), 401, "unauthenticated")


@point("http.batch", "§6")
async def batch(server: Server) -> None:
    """POST batch/ is cb.batch; an operation that writes is answered with its row and v."""
    async with server.http() as client:
        ops = [{"event": "zoo.Note.update", "data": {"id": 1, "rank": 11}}]
        body = answered(await client.post("batch/", json={"ops": ops}), 200)
        expect_equal({"success": True, "results": [{"data": {"id": 1, "<rest>": True}, "v": "<etag>"}]}, body)


@point("http.bound", "§6")
async def bound(server: Server) -> None:
    """POST of an action's name is that action, with the data as its body."""
    async with server.http() as client:
        body = answered(await client.post("zoo.Note/search/", json={"filters": {"rank": 10}}), 200)
        expect_equal([1], [row["id"] for row in body["rows"]], "keys")


@point("http.events", "§6")
async def events(server: Server) -> None:
    """With Accept: text/event-stream the same live read comes as server-sent events, whose id is v."""
    async with server.http() as client, client.stream("GET", "zoo.Note/?order=id", headers=EVENTS) as response:
        expect_equal(200, response.status_code, "status")
        expect(
            response.headers["Content-Type"].startswith("text/event-stream"),
            "text/event-stream",
            dict(response.headers),
        )
        lines = response.aiter_lines()
        number, snapshot = await _event(lines)
        expect_equal(
            {"type": "snapshot", "v": number, "<rest>": True}, {"type": snapshot.get("type"), "v": snapshot.get("v")}
        )
        async with server.connect() as socket:
            await socket.value("zoo.Note.update", {"id": 1, "title": "ONE"})
        number, diff = await _event(lines)
        expect_equal([[1, {"title": "ONE"}, "<etag>"]], diff["data"].get("patch"), "patch")
        expect_equal(diff["v"], number, "id:, and v")


async def _event(lines: Any) -> tuple[str | None, dict[str, Any]]:
    """The next event: its ``id`` and its message."""
    number = None
    async for line in lines:
        name, _, value = line.partition(":")
        if name == "id":
            number = value.strip()
        if name == "data":
            return number, json.loads(value)
    raise Failure("an event", "the stream has ended")
