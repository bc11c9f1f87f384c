"""Whether each client of the oracle shows what its query answers, once all consequences have arrived."""

import asyncio
from typing import Any

from django.contrib.auth import get_user_model
from hypothesis.stateful import rule

from channels_binding import dispatch
from channels_binding.calls import Call, Reading
from channels_binding.live.hub import Hub
from channels_binding.protocol import codecs
from channels_binding.protocol.names import CURSORS
from channels_binding.rest.events import EventStream
from tests.live.oracle.brokers import FaultyBroker
from tests.live.oracle.clients import BESIDE, Client, Feed, Mirror

QUIET_SECONDS = 10.0
ALL = 1000
"""More rows than there ever are."""


def _is_written(subscriber: Any) -> bool:
    """Whether the server has taken all that is for one who reads."""
    if isinstance(subscriber, EventStream):
        return subscriber._queued == 0
    return bool(subscriber.outbox.is_written)


class Comparison:
    """What must be true whenever nothing is under way any more."""

    loop: asyncio.AbstractEventLoop
    hub: Hub
    broker: FaultyBroker
    clients: list[Client]

    def is_refused(self, shown: Mirror | Feed) -> bool:
        """Whether a client may not read what it shows."""
        raise NotImplementedError

    def run(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(coroutine, 30))

    @rule()
    def quiet(self) -> None:
        self.run(self._settle())
        self.run(self._ask_again())
        for client in self.clients:
            client.user = get_user_model().objects.get(pk=client.user.pk)
            shown: list[Mirror | Feed] = [*client.mirrors.values(), *client.feeds.values()]
            refused = [each.stream for each in shown if self.is_refused(each)]
            assert not refused, f"{refused} of {client.user} have not ended"
            for mirror in client.mirrors.values():
                self.compare(mirror)
            client.tiles = [tiles for tiles in client.tiles if not any(mirror.is_over for mirror in tiles)]
            for tiles in client.tiles:
                self.compare_tiles(tiles)
            for feed in client.feeds.values():
                self.compare_feed(feed)

    async def _hear(self) -> None:
        """Until all that was sent has arrived."""
        while not self.broker.is_heard():
            await asyncio.sleep(0.002)
        for _ in range(3):
            await asyncio.sleep(0)

    async def _ask_again(self) -> None:
        for client in self.clients:
            await client.follow()

    async def _settle(self) -> None:
        self.broker.recover()
        deadline = self.loop.time() + QUIET_SECONDS
        while self.loop.time() < deadline:
            for _ in range(3):
                await asyncio.sleep(0)
            if self._is_at_rest():
                for client in self.clients:
                    await client.drain()
                if self._is_followed():
                    break
            await asyncio.sleep(0.002)
        else:
            raise AssertionError(f"The hub never came to rest: {self._restless()}")

    def _is_followed(self) -> bool:
        """Whether clients have seen each stream of events end that has ended here."""
        open_here = sum(isinstance(each, EventStream) for each in self.hub.subscribers)
        return open_here == sum(line.is_open for client in self.clients for line in client.lines)

    def _is_at_rest(self) -> bool:
        """Whether every consequence is computed, sent and handed to the sockets."""
        groups = self.hub.groups.values()
        is_read = all(group.is_free.is_set() for group in groups)
        is_told = not any((group.is_stale or group.is_unsent) and group.subscriptions for group in groups)
        # A query slower than a round is told when it is ready: its task is there until then.
        beside = [str(task.get_coro()) for task in self.hub._tasks]
        is_late = any("_refresh" in each or "_send_late" in each for each in beside)
        is_written = all(map(_is_written, self.hub.subscribers))
        is_idle = self.hub.rounds.is_idle and self.hub.invalidation.is_at_rest
        return is_read and is_told and not is_late and is_written and is_idle and self.broker.is_heard()

    def _restless(self) -> str:
        groups = [
            (group.key[:16], group.is_stale, group.is_unsent, group.is_free.is_set(), group.failures)
            for group in self.hub.groups.values()
            if group.subscriptions
        ]
        tasks = [str(task) for task in self.hub._tasks]
        return (
            f"{groups} {tasks} idle={self.hub.rounds.is_idle} {vars(self.hub.identity.pending)}"
            f" invalidation={self.hub.invalidation.is_at_rest}"
        )

    def fresh(self, mirror: Mirror, *without: str) -> Reading:
        """What it would be answered now."""
        data = {name: value for name, value in mirror.data.items() if name not in without}
        client = mirror.client
        scope = {"locale": client.locale}
        found = dispatch.perform(Call(mirror.stream, mirror.action, {**data, "live": False}, client.user, scope=scope))
        assert isinstance(found, Reading)
        return found

    def rows_of(self, stream: str, client: Client) -> dict[Any, dict[str, Any]]:
        """All that a client may see of a stream now."""
        rows = self.fresh(Mirror(stream, {"limit": ALL}, client)).rows
        return {row.pk: codecs.parse(row.body) for row in rows}

    def compare_tiles(self, tiles: list[Mirror]) -> None:
        """Together they are the list, each row once, as it is read by pages."""
        shown = [row["id"] for mirror in tiles for row in mirror.rows]
        whole = [row.pk for row in self.fresh(tiles[0], *CURSORS).rows]
        assert shown == whole, f"{tiles[0].stream} {tiles[0].data} of {tiles[0].client.user}"

    def compare(self, mirror: Mirror) -> None:
        fresh = self.fresh(mirror)
        what = f"{mirror.stream} {mirror.data} of {mirror.client.user} in {mirror.client.locale}"
        shown = codecs.joined(codecs.encode(row) for row in mirror.rows)
        wanted = codecs.joined(row.body for row in fresh.rows)
        assert shown == wanted, what
        assert mirror.v == fresh.version
        beside = {name: value for name, value in {**fresh.meta, **fresh.extra}.items() if name in BESIDE}
        assert mirror.meta == beside, what

    def compare_feed(self, feed: Feed) -> None:
        """Each row that was told is told as it is now; and each that changed was told."""
        wanted = self.rows_of(feed.stream, feed.client)
        told = wanted if feed.is_complete else {pk: row for pk, row in wanted.items() if pk in feed.rows}
        wrong = {pk: (feed.rows.get(pk), told.get(pk)) for pk in feed.rows | told if feed.rows.get(pk) != told.get(pk)}
        assert not wrong, f"{feed.stream} of {feed.client.user} in {feed.client.locale}: told, and to be told: {wrong}"
        feed.rows, feed.is_complete = wanted, True
