"""What is measured, against whom, and what was aimed at."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from clients import HttpSide, Make, SocketSide, some_id
from measuring import Comparison, Cost, compare
from servers import Server

ROWS = 1000


class Here:
    """A side that runs in this process."""

    def __init__(self, name: str, work: Callable[[], Any]) -> None:
        self.name = name
        self._work = work

    def round(self) -> Cost:
        started = time.process_time()  # one thread and no waiting: what others do on this machine does not count
        self._work()
        return Cost(time.process_time() - started)

    def close(self) -> None:
        """Nothing is open."""


def rows_to_bytes(servers: "Servers", rounds: int) -> list[Comparison]:
    """1,000 rows of a stock serializer, from the queryset to bytes."""
    from rest_framework.renderers import JSONRenderer

    from channels_binding.bindings.reader import Reader
    from channels_binding.compiled.compiler import plan_of
    from channels_binding.protocol import codecs
    from shop.models import Item
    from shop.serializers import ItemSerializer

    def ours() -> bytes:
        reader = Reader(ItemSerializer, plan_of(ItemSerializer, Item))
        return codecs.joined(row.body for row in reader.rows(Item.objects.all()))

    def drf() -> bytes:
        rendered: bytes = JSONRenderer().render(ItemSerializer(Item.objects.all(), many=True).data)
        return rendered

    assert codecs.parse(ours()) == codecs.parse(drf())
    sides = {"DRF": Here("DRF", drf)}
    return compare("1,000 rows to bytes", [Here("plan", ours)], {"DRF": 6.0}, sides, rounds)


def http_list(servers: "Servers", rounds: int) -> list[Comparison]:
    """A page of 25 over HTTP."""
    ours = HttpSide("ours", servers["ours"], lambda: "/api/shop.Item/", lambda page: len(page["rows"]) == 25, 60)
    sides = {
        "DRF": HttpSide("DRF", servers["drf"], lambda: "/items/", lambda page: len(page["results"]) == 25, 60),
        "ninja": HttpSide("ninja", servers["ninja"], lambda: "/items/", lambda page: len(page["items"]) == 25, 60),
    }
    return compare("HTTP list of 25", [ours], {"DRF": 3.0, "ninja": None}, sides, rounds)


def http_retrieve(servers: "Servers", rounds: int) -> list[Comparison]:
    """One row over HTTP."""

    def side(name: str, prefix: str) -> HttpSide:
        server = servers[name.lower()]
        return HttpSide(name, server, lambda: f"{prefix}/{some_id(ROWS)}/", lambda row: row["id"] > 0, 100)

    sides = {"DRF": side("DRF", "/items"), "ninja": side("ninja", "/items")}
    return compare("HTTP retrieve", [side("ours", "/api/shop.Item")], {"DRF": 1.5, "ninja": None}, sides, rounds)


class Sockets:
    """The sides of a socket case."""

    def __init__(self, servers: "Servers", calls: int) -> None:
        self._servers = servers
        self._calls = calls

    def side(self, name: str, server: str, make: Make, check: Callable[[Any], bool]) -> SocketSide:
        return SocketSide(name, self._servers[server], make, check, calls=self._calls, loop=self._servers.loop)

    def ours(self, name: str, action: str, data: Callable[[], dict[str, Any]]) -> SocketSide:
        def make(number: int) -> dict[str, Any]:
            return {"event": f"shop.Item.{action}", "id": number, "data": data()}

        return self.side(name, "ours", make, lambda answer: "data" in answer)

    def dcrf(self, action: str, data: Callable[[], dict[str, Any]]) -> SocketSide:
        def make(number: int) -> dict[str, Any]:
            return {"action": action, "request_id": number, **data()}

        return self.side("dcrf", "dcrf", make, lambda answer: not answer["errors"])

    def handwritten(self, action: str, data: Callable[[], dict[str, Any]]) -> SocketSide:
        def make(number: int) -> dict[str, Any]:
            return {"action": action, "id": number, "data": data()}

        return self.side("by hand", "hand", make, lambda answer: "data" in answer)


def socket_retrieve(servers: "Servers", rounds: int) -> list[Comparison]:
    """One row over a socket."""
    to = Sockets(servers, 40)
    ours = [
        to.ours("once", "retrieve", lambda: {"id": some_id(ROWS), "live": False}),
        to.ours("live", "retrieve#a", lambda: {"id": some_id(ROWS)}),
    ]
    sides = {
        "dcrf": to.dcrf("retrieve", lambda: {"pk": some_id(ROWS)}),
        "by hand": to.handwritten("retrieve", lambda: {"id": some_id(ROWS)}),
    }
    return compare("socket retrieve", ours, {"dcrf": 3.0, "by hand": 1.0}, sides, rounds)


def socket_search(servers: "Servers", rounds: int) -> list[Comparison]:
    """A page of 50 with its count, over a socket; any of the 20 pages there are."""
    to = Sockets(servers, 15)

    def page() -> int:
        return some_id(ROWS // 50)

    ours = [
        to.ours("once", "search", lambda: {"page": page(), "limit": 50, "live": False}),
        to.ours("live", "search#a", lambda: {"page": page(), "limit": 50}),
    ]
    sides = {
        "dcrf": to.dcrf("list", lambda: {"limit": 50, "offset": 50 * (page() - 1)}),
        "by hand": to.handwritten("search", lambda: {"page": page(), "limit": 50}),
    }
    return compare("socket search of 50", ours, {"dcrf": 5.0, "by hand": 1.0}, sides, rounds)


def socket_create(servers: "Servers", rounds: int) -> list[Comparison]:
    """A new row over a socket."""
    to = Sockets(servers, 15)
    new = {"name": "new", "price": 7, "note": "made by the benchmark"}
    sides = {"dcrf": to.dcrf("create", lambda: {"data": new}), "by hand": to.handwritten("create", lambda: dict(new))}
    ours = [to.ours("ours", "create", lambda: new)]
    return compare("socket create", ours, {"dcrf": 3.0, "by hand": 0.8}, sides, rounds)


def socket_update(servers: "Servers", rounds: int) -> list[Comparison]:
    """A changed row over a socket."""
    to = Sockets(servers, 15)
    ours = [to.ours("ours", "update", lambda: {"id": some_id(ROWS), "price": some_id(10**6)})]
    sides = {
        "dcrf": to.dcrf("patch", lambda: {"pk": some_id(ROWS), "data": {"price": some_id(10**6)}}),
        "by hand": to.handwritten("update", lambda: {"id": some_id(ROWS), "price": some_id(10**6)}),
    }
    return compare("socket update", ours, {"dcrf": 2.5, "by hand": 0.8}, sides, rounds)


CASES: dict[str, Callable[["Servers", int], list[Comparison]]] = {
    "rows": rows_to_bytes,
    "http-list": http_list,
    "http-retrieve": http_retrieve,
    "socket-retrieve": socket_retrieve,
    "socket-search": socket_search,
    "socket-create": socket_create,
    "socket-update": socket_update,
}


class Servers:
    """The servers of a run, each started when a case first wants it."""

    def __init__(self, database: Any, stack: ExitStack, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._database = database
        self._stack = stack
        self._running: dict[str, Server] = {}

    def __getitem__(self, side: str) -> Server:
        if side not in self._running:
            self._running[side] = self._stack.enter_context(Server(side, self._database))
        return self._running[side]


@contextmanager
def servers(database: Any) -> Iterator[Servers]:
    loop = asyncio.new_event_loop()
    with ExitStack() as stack:
        yield Servers(database, stack, loop)
    loop.close()
