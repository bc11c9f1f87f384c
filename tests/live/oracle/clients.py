"""Clients of the oracle: a socket, and the lists that it shows, built from messages alone."""

from contextlib import suppress
from typing import Any

from channels_binding.testing import BindingCommunicator
from tests.live.oracle.diffs import apply_diff

BESIDE = ("page", "limit", "count", "count_is", "truncated", "has_next", "has_previous", "start", "end")


class Mirror:
    """One live list or aggregate as a client shows it, built from messages alone."""

    def __init__(self, stream: str, data: dict[str, Any], user: Any, action: str = "search") -> None:
        self.stream, self.data, self.user, self.action = stream, data, user, action
        self.rows: list[dict[str, Any]] = []
        self.etags: dict[Any, str] = {}
        self.v = ""
        self.meta: dict[str, Any] = {}
        """What stands beside the rows: how many there are, whether more follow, places."""

    @property
    def have(self) -> dict[str, Any]:
        return {"v": self.v, "rows": [[row["id"], self.etags[row["id"]]] for row in self.rows]}

    def take(self, message: dict[str, Any]) -> None:
        data = message.get("data", {})
        getattr(self, f"_{message['type']}")(message, data)
        self.v = message["v"]
        self.meta |= {name: value for name, value in data.items() if name in BESIDE}
        for row in self.rows:
            owner = row.get("owner", self.user.pk)
            assert self.stream != "zoo.OwnNote" or owner == self.user.pk, f"{row} reached {self.user}"

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


class PatientCommunicator(BindingCommunicator):
    """It is asked here what a list shows, not how soon on a busy machine; ``World.run`` waits for 30 seconds."""

    async def receive(self, seconds: float = 60.0) -> Any:
        return await super().receive(seconds)


class Client:
    """A socket of one user and the lists on it."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.mirrors: dict[str, Mirror] = {}
        self.tiles: list[list[Mirror]] = []
        """Windows that lie side by side."""
        self.socket = PatientCommunicator("/ws/", user=user)

    async def connect(self) -> None:
        self.socket = PatientCommunicator("/ws/", user=self.user)
        assert await self.socket.open()
        for name, mirror in self.mirrors.items():
            await self.read(name, mirror, have=mirror.have)

    async def read(self, name: str, mirror: Mirror, **members: Any) -> None:
        answer = await self.socket.call(f"{mirror.stream}.{mirror.action}#{name}", mirror.data, **members)
        assert "error" not in answer, answer
        self.mirrors[name] = mirror
        before, self.socket._waiting = self.socket._waiting, []
        for push in before:  # of other lists; this one's began with the answer
            self.take(push)
        mirror.take(answer)

    def take(self, push: dict[str, Any]) -> None:
        name = push["event"].partition("#")[2]
        assert "error" not in push, push
        if name in self.mirrors:
            self.mirrors[name].take(push)

    async def drain(self) -> None:
        """Take what has arrived. ``cb.user`` may be all of it, which the communicator keeps to itself."""
        while not self.socket.socket.output_queue.empty() or self.socket._waiting:
            with suppress(TimeoutError):
                self.take(await self.socket.receive(0.01))
