"""Brokers between the writer's commit and the hub that drop, repeat, delay and reorder messages."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from unittest import mock

from django.test import override_settings

from channels_binding.live.broker import publisher
from channels_binding.live.capture.changes import Changes
from channels_binding.live.hub import Hub


class FaultyBroker:
    """Between the writer's commit and the hub: numbers messages as a publisher does, then mistreats them."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.number = 0
        self.rng = random.Random(0)
        self.drop = self.repeat = self.delay = 0.0
        self.late: list[dict[str, Any]] = []

    def publish(self, changes: Changes) -> None:
        self.number += 1
        message = {"kind": "changes", "changes": changes.to_message(), "from": "writer", "n": self.number}
        if self.rng.random() < self.drop:
            self.lose()
            return
        if self.rng.random() < self.delay:
            self.late.append(message)
            return
        for _ in range(2 if self.rng.random() < self.repeat else 1):
            self.deliver(message)
        while self.late and self.rng.random() < 0.3:
            self.deliver(self.late.pop(self.rng.randrange(len(self.late))))

    def lose(self) -> None:
        """A message was said, and is lost on the way: its number will be missed."""

    def deliver(self, message: dict[str, Any]) -> None:
        self.hub.loop.call_soon(self.hub._broker.take, message)

    def recover(self) -> None:
        """The faults end; what was late arrives, and the publisher beats."""
        self.drop = self.repeat = self.delay = 0.0
        while self.late:
            self.deliver(self.late.pop())
        self.number += 1
        self.deliver({"kind": "beat", "from": "writer", "n": self.number})

    def is_heard(self) -> bool:
        """Whether all that was sent has arrived."""
        return True


class EndingPublisher(publisher.Publisher):
    """One that ends with its test, and gives its connection back."""

    is_over = False

    def end(self) -> None:
        self.is_over = True
        self._queue.put({})
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        with suppress(SystemExit):
            super()._run()

    def _next(self) -> dict[str, Any]:
        found = super()._next()
        if self.is_over:
            raise SystemExit
        return found


class SilentPublisher(EndingPublisher):
    """One without heartbeats: other tests would receive them, as of a process whose messages they have missed."""

    def _next(self) -> dict[str, Any]:
        found = self._queue.get()
        if self.is_over:
            raise SystemExit
        return found


class FaultyLayer(FaultyBroker):
    """The same faults, and in between the real way from another process: a publisher, Redis, and the hub's broker."""

    sender: SilentPublisher = SilentPublisher()

    def deliver(self, message: dict[str, Any]) -> None:
        self.sender.publish({"kind": "changes", "changes": message["changes"]})

    def lose(self) -> None:
        self.sender.number += 1

    def recover(self) -> None:
        self.drop = self.repeat = self.delay = 0.0
        while self.late:
            self.deliver(self.late.pop())
        self.sender.publish({"kind": "hello"})

    def is_heard(self) -> bool:
        heard = self.hub._broker.sequences.get(self.sender.id)
        return heard is not None and heard.last >= self.sender.number


class FaultyTable(FaultyLayer):
    """The same by a table of PostgreSQL."""


@contextmanager
def by_postgres(settings: Mapping[str, Any]) -> Iterator[None]:
    """All messages go by a table of the tests' database meanwhile, with publishers that end afterwards."""
    own = EndingPublisher()
    FaultyTable.sender = SilentPublisher()
    with (
        override_settings(CHANNELS_BINDING={**settings, "BROKER": "postgres"}),
        mock.patch.object(publisher, "_publisher", own),
    ):
        try:
            yield
        finally:
            own.end()
            FaultyTable.sender.end()
