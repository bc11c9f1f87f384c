"""What is measured, against whom, and what was aimed at."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks.clients import HttpSide, Make, SocketSide, some_id
from benchmarks.databases import Database
from benchmarks.measuring import Comparison, Cost, compare
from benchmarks.servers import Server

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


HTTP_SIDES = {
    "ours": ("ours", "/api/shop.Item/", "/", "rows"),
    "serve_bindings": ("ours serve_bindings", "/api/shop.Item/", "/", "rows"),
    "DRF": ("drf", "/items/", "/", "results"),
    "DRF gunicorn": ("drf gunicorn", "/items/", "/", "results"),
    "ninja": ("ninja", "/items/", "/", "items"),
    "ninja gunicorn": ("ninja gunicorn", "/items/", "/", "items"),
    "bolt": ("bolt", "/items", "", "items"),
}
"""Who is asked over HTTP: server, address of the list, how that of a row ends, and the member of a page that holds the rows."""
HTTP_PEERS = ("DRF", "DRF gunicorn", "ninja", "ninja gunicorn", "bolt")


def http_list(servers: "Servers", rounds: int) -> list[Comparison]:
    """A page of 25 over HTTP."""

    def side(name: str) -> HttpSide:
        server, address, _, member = HTTP_SIDES[name]
        return HttpSide(name, servers[server], lambda: address, lambda page: len(page[member]) == 25, 60)

    return _over_http("HTTP list of 25", side, (None, 3.0, None, 2.5, 0.5), rounds)


def http_retrieve(servers: "Servers", rounds: int) -> list[Comparison]:
    """One row over HTTP."""

    def side(name: str) -> HttpSide:
        server, address, end, _ = HTTP_SIDES[name]
        rows = f"{address.rstrip('/')}/%d{end}"
        return HttpSide(name, servers[server], lambda: rows % some_id(ROWS), lambda row: row["id"] > 0, 100)

    return _over_http("HTTP retrieve", side, (None, 2.5, None, 2.0, 0.5), rounds)


def _over_http(
    case: str, side: Callable[[str], HttpSide], targets: tuple[float | None, ...], rounds: int
) -> list[Comparison]:
    sides = {name: side(name) for name in HTTP_PEERS}
    return compare(
        case, [side("ours"), side("serve_bindings")], dict(zip(HTTP_PEERS, targets, strict=True)), sides, rounds
    )


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

        name = "by hand, checked" if action.endswith("-checked") else "by hand"
        return self.side(name, "hand", make, lambda answer: bool(answer.get("data")))


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
    return compare("socket retrieve", ours, {"dcrf": 3.5, "by hand": 1.2}, sides, rounds)


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
    return compare("socket search of 50", ours, {"dcrf": 4.0, "by hand": 1.0}, sides, rounds)


def socket_create(servers: "Servers", rounds: int) -> list[Comparison]:
    """A new row over a socket."""
    to = Sockets(servers, 15)
    new = {"name": "new", "price": 7, "note": "made by the benchmark"}
    sides = {
        "dcrf": to.dcrf("create", lambda: {"data": new}),
        "by hand": to.handwritten("create", lambda: dict(new)),
        "by hand, checked": to.handwritten("create-checked", lambda: dict(new)),
    }
    ours = [to.ours("ours", "create", lambda: new)]
    return compare("socket create", ours, {"dcrf": 3.0, "by hand": None, "by hand, checked": 0.9}, sides, rounds)


def socket_update(servers: "Servers", rounds: int) -> list[Comparison]:
    """A changed row over a socket."""
    to = Sockets(servers, 15)
    ours = [to.ours("ours", "update", lambda: {"id": some_id(ROWS), "price": some_id(10**6)})]
    sides = {
        "dcrf": to.dcrf("patch", lambda: {"pk": some_id(ROWS), "data": {"price": some_id(10**6)}}),
        "by hand": to.handwritten("update", lambda: {"id": some_id(ROWS), "price": some_id(10**6)}),
        "by hand, checked": to.handwritten("update-checked", lambda: {"id": some_id(ROWS), "price": some_id(10**6)}),
    }
    return compare("socket update", ours, {"dcrf": 3.0, "by hand": None, "by hand, checked": 0.9}, sides, rounds)


def socket_echo(servers: "Servers", rounds: int) -> list[Comparison]:
    """A handler of one's own that answers what it was sent: what the way there and back costs."""
    to = Sockets(servers, 60)
    said = {"text": "hello", "numbers": [1, 2, 3]}
    sides = {"dcrf": to.dcrf("echo", lambda: {"data": said}), "by hand": to.handwritten("echo", lambda: said)}
    return compare(
        "socket echo", [to.ours("ours", "echo", lambda: said)], {"dcrf": None, "by hand": None}, sides, rounds
    )


class Starting:
    """A side that is started anew each time, and asked for a row."""

    def __init__(self, name: str, database: Database) -> None:
        self.name = name
        self._database = database

    def round(self) -> Cost:
        server, address, end, _ = HTTP_SIDES[self.name]
        started = time.perf_counter()
        with Server(server, self._database) as running:
            path = f"{address.rstrip('/')}/1{end}"
            HttpSide(self.name, running, lambda: path, lambda row: row["id"] > 0, 1).close()
            return Cost(time.perf_counter() - started)

    def close(self) -> None:
        """It has ended already."""


def start_up(servers: "Servers", rounds: int) -> list[Comparison]:
    """From no process to the first answer."""
    sides = {name: Starting(name, servers.database) for name in ("DRF", "DRF gunicorn", "ninja", "bolt")}
    return compare("start-up", [Starting("ours", servers.database)], dict.fromkeys(sides), sides, min(rounds, 5))


CASES: dict[str, Callable[["Servers", int], list[Comparison]]] = {
    "rows": rows_to_bytes,
    "http-list": http_list,
    "http-retrieve": http_retrieve,
    "socket-retrieve": socket_retrieve,
    "socket-search": socket_search,
    "socket-create": socket_create,
    "socket-update": socket_update,
    "socket-echo": socket_echo,
    "start-up": start_up,
}


class Servers:
    """The servers of a run, each started when a case first wants it."""

    def __init__(self, database: Database, stack: ExitStack, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.database = database
        self._stack = stack
        self._running: dict[str, Server] = {}

    def __getitem__(self, side: str) -> Server:
        if side not in self._running:
            self._running[side] = self._stack.enter_context(Server(side, self.database))
        return self._running[side]


@contextmanager
def servers(database: Database) -> Iterator[Servers]:
    loop = asyncio.new_event_loop()
    with ExitStack() as stack:
        yield Servers(database, stack, loop)
    loop.close()
