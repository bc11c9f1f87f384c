"""Clients of the oracle: a socket, requests beside it, and the lists that they show, built from messages alone."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from channels_binding.calls.locales import Locale
from channels_binding.testing import BindingCommunicator
from tests.live.oracle.diffs import apply_diff
from tests.live.oracle.over_http import TRANSPORTS, OverHttp, make_application

BESIDE = ("page", "limit", "count", "count_is", "truncated", "has_next", "has_previous", "start", "end", "labels")
OFFSETS = {"UTC": "Z", "Asia/Tokyo": "+09:00", "Etc/GMT+5": "-05:00"}
"""Time zone → how each of its times ends."""
PLAIN = Locale("en-us", "UTC")
"""Of a client that has asked for nothing else."""

CLOSED_SECONDS = 30.0
"""How long it is waited for the server to end a connection."""

Judge = Callable[["Client", str, dict[str, Any]], bool]
"""Whether a client may be sent this row of this stream now."""


class Mirror:
    """One live list or aggregate as a client shows it, built from messages alone."""

    def __init__(self, stream: str, data: dict[str, Any], client: "Client", action: str = "search") -> None:
        self.stream, self.data, self.client, self.action = stream, data, client, action
        self.rows: list[dict[str, Any]] = []
        self.etags: dict[Any, str] = {}
        self.v = ""
        self.meta: dict[str, Any] = {}
        """What stands beside the rows: how many there are, whether more follow, places."""
        self.is_over = False
        """Whether it has ended with an error."""
        self.line: OverHttp | None = None
        """What it is kept by; None for the socket."""

    @property
    def have(self) -> dict[str, Any]:
        """What a client that comes back says that it has. What was polled has no etags of rows."""
        tagged = [[row["id"], self.etags[row["id"]]] for row in self.rows if row["id"] in self.etags]
        return {"v": self.v, "rows": tagged}

    def show(self, data: dict[str, Any], v: str) -> None:
        """Show an answer that is no message, and replaces what was there."""
        self.rows, self.etags, self.v = data["rows"], {}, v
        self.meta = {name: value for name, value in data.items() if name in BESIDE}
        self._judge()

    def _judge(self) -> None:
        for row in self.rows if self.action == "search" else ():
            self.client.judge(self.stream, row)

    def take(self, message: dict[str, Any]) -> None:
        data = message.get("data", {})
        getattr(self, f"_{message['type']}")(message, data)
        self.v = message["v"]
        self.meta |= {name: value for name, value in data.items() if name in BESIDE}
        self._judge()

    def _snapshot(self, message: dict[str, Any], data: dict[str, Any]) -> None:
        self.rows = data["rows"]
        self.etags = {row["id"]: tag for row, tag in zip(data["rows"], message["etags"], strict=True)}

    def _same(self, message: dict[str, Any], data: dict[str, Any]) -> None:
        assert message["v"] == self.v

    def _delta(self, message: dict[str, Any], data: dict[str, Any]) -> None:
        known = {row["id"]: row for row in (*self.rows, *data["rows"])}
        self.etags |= {row["id"]: tag for row, tag in zip(data["rows"], message["etags"], strict=True)}
        self.rows = [known[pk] for pk in data["order"]]

    def _diff(self, message: dict[str, Any], data: dict[str, Any]) -> None:
        assert message["from"] == self.v
        self.rows = apply_diff(self.rows, self.etags, data)


class Feed:
    """A stream that a client has subscribed to: the rows that it has been told of."""

    def __init__(self, stream: str, client: "Client", rows: dict[Any, dict[str, Any]]) -> None:
        """``rows`` are those that there were when it began."""
        self.stream, self.client, self.rows = stream, client, rows
        self.is_complete = True
        """Whether all that is visible has been told. Not so for one who sees others, or the same otherwise, from now on."""

    def begin_anew(self) -> None:
        """Its client sees other rows from now on, or the same otherwise."""
        self.rows, self.is_complete = {}, False

    def take(self, name: str, row: dict[str, Any]) -> None:
        if name == "delete":
            self.rows.pop(row["id"], None)
        else:
            self.client.judge(self.stream, row)
            self.rows[row["id"]] = row


class PatientCommunicator(BindingCommunicator):
    """It is asked here what a list shows, not how soon on a busy machine; ``World.run`` waits for 30 seconds."""

    async def receive(self, seconds: float = 60.0) -> Any:
        return await super().receive(seconds)


class Client:
    """A socket of one user and the lists on it, and those that are asked for by requests."""

    def __init__(self, user: Any, may_see: Judge, token: str | None = None) -> None:
        """``token`` is how it says who it is; None for one that comes with a session."""
        self.user, self.token, self.may_see = user, token, may_see
        self.locale = PLAIN
        self.mirrors: dict[str, Mirror] = {}
        self.tiles: list[list[Mirror]] = []
        """Windows that lie side by side."""
        self.feeds: dict[str, Feed] = {}
        self.socket = self._socket()
        self.session: str | None = None
        """Its cookie."""
        self.application = make_application()
        self._is_changing = False
        """Whether it has asked to be somebody else, or for another language: it may be sent either's until it is told."""

    def _socket(self) -> PatientCommunicator:
        if self.token is None:
            return PatientCommunicator("/ws/", user=self.user)
        return PatientCommunicator(f"/ws/?token={self.token}")

    def judge(self, stream: str, row: dict[str, Any]) -> None:
        """Refuse a row that is nothing for this client."""
        assert self._is_changing or self.may_see(self, stream, row), f"{row} of {stream} reached {self.user}"

    async def connect(self) -> None:
        """Where it is refused what it has shown, it shows that no more."""
        self.socket = self._socket()
        assert await self.socket.open()
        if self.locale != PLAIN:
            await self._ask("cb.locale", {"language": self.locale.language, "timezone": self.locale.timezone})
        self.session = self.socket.session_key
        for name, mirror in [*self.mirrors.items()]:
            await self._read_again(name, mirror)

    async def read(self, name: str, mirror: Mirror, transport: str = "socket") -> None:
        self.mirrors[name] = mirror
        await self._begin(name, mirror, transport)

    async def _begin(self, name: str, mirror: Mirror, transport: str) -> None:
        kind = TRANSPORTS[transport]
        mirror.line = None if kind is None else kind(mirror, self.application)
        await self._read_again(name, mirror)

    async def _read_again(self, name: str, mirror: Mirror) -> None:
        if mirror.line is not None:
            await mirror.line.begin()
            return
        have = {"have": mirror.have} if mirror.v else {}
        answer = await self._ask(f"{mirror.stream}.{mirror.action}#{name}", mirror.data, **have)
        if "error" in answer:
            self.end(mirror, answer)
        else:
            mirror.take(answer)

    async def move(self, which: int, transport: str) -> None:
        """Keep one of the lists by another transport from now on, with what is shown of it already."""
        name, mirror = [*self.mirrors.items()][which % len(self.mirrors)]
        if mirror.line is None:
            await self._ask(f"{mirror.stream}.unsubscribe#{name}", {})
        else:
            await mirror.line.leave()
        if not mirror.is_over:
            await self._begin(name, mirror, transport)

    @property
    def lines(self) -> list[OverHttp]:
        return [mirror.line for mirror in self.mirrors.values() if mirror.line is not None]

    async def lose_lines(self) -> None:
        """Streams of events are broken off, with what was on its way."""
        for line in self.lines:
            await line.leave()

    async def follow(self) -> None:
        """What is kept by requests is asked for, or followed, until now."""
        for line in self.lines:
            await line.follow()

    async def leave(self) -> None:
        await self.lose_lines()
        await self.socket.close()

    async def subscribe(self, stream: str) -> bool:
        """Be told of the rows of a stream; returns whether that is allowed."""
        answer = await self._ask(f"{stream}.subscribe", {})
        assert "error" not in answer or answer["error"]["code"] == "forbidden", answer
        return "error" not in answer

    async def speak(self, language: str, zone: str) -> None:
        """Want another language and time zone."""
        await self._change("cb.locale", {"language": language, "timezone": zone})
        if self.locale != Locale(language, zone):
            self.locale = Locale(language, zone)
            self._begin_feeds_anew()
            await self._ask_as_it_is_now()

    async def become(self, user: Any, token: str) -> None:
        """Be somebody else."""
        await self._change("cb.auth", {"token": token})
        self.user, self.token = user, token
        self._begin_feeds_anew()
        await self._ask_as_it_is_now()
        for mirror in self.mirrors.values():
            for row in mirror.rows if mirror.action == "search" else ():
                self.judge(mirror.stream, row)  # what the other has shown has left by now

    async def _change(self, event: str, data: dict[str, Any]) -> Any:
        self._is_changing = True
        try:
            answer = await self._ask(event, data)
        finally:
            self._is_changing = False
        assert "error" not in answer, answer
        return answer

    async def _ask_as_it_is_now(self) -> None:
        """A request says anew who asks, and in which words."""
        for line in self.lines:
            await line.leave()
            await line.begin()

    def _begin_feeds_anew(self) -> None:
        for feed in self.feeds.values():
            feed.begin_anew()

    async def _ask(self, event: str, data: Any, **members: Any) -> Any:
        """The reply. What has come before it is taken in first: pushes of other lists, since this one's begin with it."""
        answer = await self.socket.call(event, data, **members)
        before, self.socket._waiting = self.socket._waiting, []
        for push in before:
            self.take(push)
        return answer

    def take(self, push: dict[str, Any]) -> None:
        event, _, name = push["event"].partition("#")
        stream, _, action = event.rpartition(".")
        if "error" in push:
            mirror = self.mirrors.get(name)
            if mirror is not None:
                self.end(mirror, push)
            else:
                self.feeds.pop(stream, None)
        elif name in self.mirrors and self.mirrors[name].line is None:
            self.mirrors[name].take(push)
        elif not name and stream in self.feeds:
            self.feeds[stream].take(action, push["data"])

    def end(self, mirror: Mirror, answer: dict[str, Any]) -> None:
        """It was refused."""
        assert answer["error"]["code"] == "forbidden", answer
        mirror.is_over = True
        self.mirrors = {name: each for name, each in self.mirrors.items() if each is not mirror}

    async def drain(self) -> None:
        """Take what has arrived. ``cb.user`` may be all of it, which the communicator keeps to itself."""
        while not self.socket.socket.output_queue.empty() or self.socket._waiting:
            with suppress(TimeoutError):
                self.take(await self.socket.receive(0.01))
        for line in self.lines:
            await line.drain()

    async def until_closed(self) -> int | None:
        """Take what arrives until the server ends the connection; returns the code, or None where it does not.

        Requests are refused from then on.
        """
        with suppress(ConnectionError, TimeoutError):
            while True:
                self.take(await self.socket.receive(CLOSED_SECONDS))
        for line in self.lines:
            assert await line.until_refused()
        return self.socket.close_code
