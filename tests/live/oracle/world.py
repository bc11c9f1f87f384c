"""The oracle's state machine: what may happen, and what must be true when all of it has arrived."""

import asyncio
import datetime
import itertools
import random
from contextlib import suppress
from typing import Any

import hypothesis.strategies as st
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from rest_framework.authtoken.models import Token

from channels_binding.live.capture import recorder
from channels_binding.live.hub import Hub
from tests.live.identity.test_checks import GroupNoteBinding
from tests.live.oracle.brokers import FaultyBroker, FaultyLayer, FaultyTable
from tests.live.oracle.clients import Client, Feed, Mirror
from tests.live.oracle.comparison import ALL
from tests.live.oracle.over_http import TRANSPORTS
from tests.live.oracle.readers import Readers
from tests.live.oracle.streams import (
    AROUND_MIDNIGHT,
    EXPANDS,
    FEEDS,
    STREAMS,
    aggregates,
    counts,
    expands,
    filters,
    orders,
    transports,
)
from tests.live.test_hub.shown import hold_the_next_round
from tests.project.zoo.models import Label, Moment, Note, Precious

USERS = ("ann", "bob")
MOST_READS = 5
"""Of a client."""

BY_HAND = [
    "UPDATE zoo_note SET weight = rank WHERE rank > %s",
    "/* by hand */ UPDATE zoo_note SET weight = rank WHERE rank > %s",
    "WITH chosen AS (SELECT id FROM zoo_note WHERE rank > %s) UPDATE zoo_note SET done = true"
    " WHERE id IN (SELECT id FROM chosen)",
]
if connection.vendor == "postgresql":
    BY_HAND += [
        "SELECT 1; UPDATE zoo_note SET weight = rank WHERE rank > %s",
        "EXPLAIN ANALYZE UPDATE zoo_note SET weight = rank WHERE rank > %s",
    ]

ranks = st.integers(0, 6)
places = st.integers(0, 7)
readers = st.integers(0, 2)
"""Ann with a session; bob, and ann once more, with tokens."""


class World(Readers, RuleBasedStateMachine):
    """Everything that may happen."""

    is_naive = False
    broker_class: type[FaultyBroker] = FaultyBroker

    @initialize(
        seed=st.integers(0, 10_000),
        drop=st.sampled_from([0, 0.3, 0.8]),
        given=st.lists(st.tuples(filters, orders), min_size=2, max_size=3),
        asked=st.lists(aggregates, min_size=1, max_size=2),
    )
    def begin(self, seed: int, drop: float, given: list[tuple[Any, Any]], asked: list[Any]) -> None:
        recorder._publishers.clear()
        self.loop = asyncio.new_event_loop()
        self.names = 0
        for model in (Note, Label, Moment, Precious, Group, Token, get_user_model()):
            model.objects.all().delete()
        self.users = [get_user_model().objects.create_user(name) for name in USERS]
        self.labels = [Label.objects.create(name=name) for name in "xy"]
        self.teams = [Group.objects.create(name=name) for name in ("n1", "n2", "n3")]
        for rank in range(4):
            Note.objects.create(title=f"n{rank}", rank=rank, owner=self.users[rank % 2])
        for instant in AROUND_MIDNIGHT:
            Moment.objects.create(instant=instant, day=instant.date(), hour=instant.time())
        self.begin_readers()
        self.run(self._start_hub())
        self.broker.rng.seed(seed)
        (ann, bob), (of_ann, of_bob) = self.users, self.tokens
        self.clients = [
            Client(ann, self.may_see), Client(bob, self.may_see, of_bob), Client(ann, self.may_see, of_ann)
        ]  # fmt: skip
        for user, team in zip(self.users, self.teams, strict=False):
            user.groups.add(team)
        for which, client in enumerate(self.clients):
            self.connect(client)
            ways = itertools.cycle(random.Random(seed + which).sample([*TRANSPORTS], len(TRANSPORTS)))
            for (chosen, order), stream in zip(given, self.streams(seed, which), strict=False):
                self.read(which, stream, chosen, order, 3, 1, transport=next(ways))
            for question in asked:
                self.measure(which, question, next(ways))
        self.broker.drop = drop

    def streams(self, seed: int, which: int) -> list[str]:
        """All of them, in an order of chance, so that each is among the first lists of some run."""
        return random.Random(seed + which).sample([*STREAMS], len(STREAMS))

    async def _start_hub(self) -> None:
        self.hub = Hub.current()
        await self.hub.ready()
        self.broker = self.broker_class(self.hub)
        recorder._publishers[:] = [self.broker.publish]
        if self.is_naive:
            self.hub.lost = lambda: None  # type: ignore[method-assign]
            self.broker.drop = 0.8  # so that few examples show it

    # Readers

    @rule(
        who=readers,
        stream=st.sampled_from([*STREAMS]),
        given=filters,
        order=orders,
        limit=st.integers(1, 4),
        page=st.integers(1, 2),
        count=counts,
        expand=expands,
        transport=transports,
    )
    def read(
        self, who: int, stream: str, given: Any, order: Any, limit: int, page: int, count: Any = None, expand: Any = (),
        transport: str = "socket",
    ) -> None:  # fmt: skip
        client = self.clients[who]
        if len(client.mirrors) < MOST_READS:
            data = {**self.asked(stream, given, order, expand), "limit": limit, "page": page, "count": count}
            self.open(client, Mirror(stream, data, client), transport)

    def asked(self, stream: str, given: Any, order: Any, expand: Any = ()) -> dict[str, Any]:
        """Of what is drawn, what the stream takes."""
        filterable, orderable = STREAMS[stream]
        names = [order] if isinstance(order, str) else order or []
        chosen = {name: [*value] if isinstance(value, set) else value for name, value in given.items()}
        return {
            "filters": {name: value for name, value in chosen.items() if name in filterable},
            "order": order if {*names} <= orderable else None,
            "labels": stream == "zoo.Note",
            "expand": [path for path in expand if path in EXPANDS.get(stream, ())],
        }

    def open(self, client: Client, mirror: Mirror, transport: str = "socket") -> None:
        self.names += 1
        self.run(client.read(f"r{self.names}", mirror, transport))
        assert mirror.is_over == self.is_refused(mirror)

    @rule(
        who=readers,
        stream=st.sampled_from([*STREAMS]),
        given=filters,
        order=orders,
        limit=st.integers(1, 3),
        way=st.sampled_from(["after", "before", "until"]),
        transport=transports,
    )
    def read_a_window(
        self, who: int, stream: str, given: Any, order: Any, limit: int, way: str, transport: str
    ) -> None:
        """The rows behind a place, in front of it, or up to it."""
        client = self.clients[who]
        if len(client.mirrors) < MOST_READS:
            data = self.asked(stream, given, order)
            place = [*self.cursors(client, stream, data, limit), ""][0]
            self.open(client, Mirror(stream, {**data, way: place, "limit": limit}, client), transport)

    @rule(who=readers, stream=st.sampled_from([*STREAMS]), given=filters, order=orders, most=st.integers(1, 3))
    def read_side_by_side(self, who: int, stream: str, given: Any, order: Any, most: int) -> None:
        """Windows between places, that have every row of the list together."""
        client = self.clients[who]
        if len(client.mirrors) + 3 > MOST_READS:
            return
        data = {**self.asked(stream, given, order), "limit": ALL}
        borders = self.cursors(client, stream, data, most)[:2]
        spans = [{"after": after, "until": until} for after, until in itertools.pairwise(["", *borders])]
        last = {"after": borders[-1] if borders else ""}
        tiles = [Mirror(stream, {**data, **span}, client) for span in (*spans, last)]
        for mirror in tiles:
            self.open(client, mirror)
        client.tiles.append(tiles)

    def cursors(self, client: Client, stream: str, data: dict[str, Any], most: int) -> list[str]:
        """Places of the first rows of a list as it is now, in order."""
        client.user = get_user_model().objects.get(pk=client.user.pk)
        found = [""]
        while len(found) <= most:
            window = {**data, "after": found[-1], "limit": 1}
            first = Mirror(stream, window, client)
            place = None if self.is_refused(first) else self.fresh(first).meta["end"]
            if place is None:
                break
            found.append(place)
        return found[1:]

    @rule(who=readers, question=aggregates, transport=transports)
    def measure(self, who: int, question: tuple[str, dict[str, Any]], transport: str = "socket") -> None:
        client = self.clients[who]
        if len(client.mirrors) < MOST_READS:
            stream, data = question
            self.open(client, Mirror(stream, data, client, "aggregate"), transport)

    @rule(who=readers, which=st.integers(0, 4), transport=transports)
    def move(self, who: int, which: int, transport: str) -> None:
        """A list is kept by another transport from now on."""
        if self.clients[who].mirrors:
            self.run(self.clients[who].move(which, transport))

    @rule(who=readers)
    def lose_lines(self, who: int) -> None:
        """Its streams of events break off, and are taken up again by ``resume``, or when all is quiet."""
        self.run(self.clients[who].lose_lines())

    @rule(who=readers)
    def resume(self, who: int) -> None:
        self.run(self.clients[who].follow())

    @rule(stream=st.sampled_from([*STREAMS]), given=filters, order=orders, limit=st.integers(1, 4))
    def read_together(self, stream: str, given: Any, order: Any, limit: int) -> None:
        """Who may share an answer does."""
        for who in range(len(self.clients)):
            self.read(who, stream, given, order, limit, 1)

    @rule(question=aggregates)
    def measure_together(self, question: tuple[str, dict[str, Any]]) -> None:
        for who in range(len(self.clients)):
            self.measure(who, question)

    @rule(who=readers, stream=st.sampled_from(FEEDS))
    def subscribe(self, who: int, stream: str) -> None:
        client = self.clients[who]
        if self.run(client.subscribe(stream)):
            client.feeds[stream] = Feed(stream, client, self.rows_of(stream, client))

    @rule(who=readers)
    def reconnect(self, who: int) -> None:
        client = self.clients[who]
        self.run(self._disconnect([client]))
        self.connect(client)

    def connect(self, client: Client) -> None:
        self.run(client.connect())
        feeds, client.feeds = client.feeds, {}
        for stream in feeds:
            self.subscribe(self.clients.index(client), stream)

    async def _disconnect(self, clients: list[Client]) -> None:
        for client in clients:
            await client.drain()
            await client.leave()

    @rule()
    def restart_the_process(self) -> None:
        """The hub and all that it knew are gone; clients come back to another one."""
        self.run(self._restart())
        for client in self.clients:
            self.connect(client)

    async def _restart(self) -> None:
        await self._disconnect(self.clients)
        number = self.broker.number
        await self.hub.stop()
        await self._start_hub()
        self.broker.number = number

    # Rounds

    @rule(seconds=st.sampled_from([0.02, 0.1]))
    def hold_the_next_round(self, seconds: float) -> None:
        """Whatever is written and read before it is over falls between the same two rounds."""
        hold_the_next_round(self.hub, seconds)

    # The broker

    @rule(drop=st.sampled_from([0, 0.3, 0.8]), repeat=st.sampled_from([0, 0.4]), delay=st.sampled_from([0, 0.4]))
    def faults(self, drop: float, repeat: float, delay: float) -> None:
        self.broker.drop, self.broker.repeat, self.broker.delay = drop, repeat, delay

    # Writers

    def note(self, place: int) -> Note:
        notes = [*Note.objects.order_by("pk")]
        return notes[place % len(notes)] if notes else Note.objects.create(title="n1", rank=place)

    @rule(rank=ranks, who=st.integers(0, 1), weight=st.none() | ranks)
    def create(self, rank: int, who: int, weight: int | None) -> None:
        Note.objects.create(title=f"n{rank % 4}", rank=rank, weight=weight, owner=self.users[who])

    @rule(place=places, rank=ranks)
    def save(self, place: int, rank: int) -> None:
        note = self.note(place)
        note.rank, note.title = rank, f"n{rank % 4}"
        note.save()

    @rule(place=places, rank=ranks, done=st.booleans(), names=st.sets(st.sampled_from(["rank", "done"])))
    def save_in_a_transaction(self, place: int, rank: int, done: bool, names: set[str]) -> None:
        """A whole save publishes its values; one of single fields may hold old values of the others."""
        note = self.note(place)
        Note.objects.filter(pk=note.pk).update(done=not done, weight=rank)
        note.rank, note.done = rank, done
        with transaction.atomic():
            note.save(update_fields=names) if names else note.save()

    @rule(place=places, parent=st.none() | places)
    def set_parent(self, place: int, parent: int | None) -> None:
        note = self.note(place)
        note.parent = None if parent is None else self.note(parent)
        if note.parent != note:
            note.save()

    @rule(place=places)
    def delete(self, place: int) -> None:
        self.note(place).delete()

    @rule(rank=ranks, done=st.booleans())
    def update_many(self, rank: int, done: bool) -> None:
        Note.objects.filter(rank__lte=rank).update(done=done)

    @rule(place=places, who=st.integers(0, 1))
    def hand_over(self, place: int, who: int) -> None:
        Note.objects.filter(pk=self.note(place).pk).update(owner=self.users[who])

    @rule(rank=ranks, size=st.integers(1, 3))
    def bulk_create(self, rank: int, size: int) -> None:
        Note.objects.bulk_create([Note(title=f"n{i}", rank=rank, owner=self.users[i % 2]) for i in range(size)])

    @rule(place=places, which=st.integers(0, 1), on=st.booleans())
    def label(self, place: int, which: int, on: bool) -> None:
        labels = self.note(place).labels
        (labels.add if on else labels.remove)(self.labels[which])

    @rule(which=st.integers(0, 1), name=st.sampled_from("xyz"))
    def rename_label(self, which: int, name: str) -> None:
        Label.objects.filter(pk=self.labels[which].pk).update(name=name)

    @rule(who=st.integers(0, 1), which=st.sets(st.integers(0, 2)))
    def join_teams(self, who: int, which: set[int]) -> None:
        self.users[who].groups.set([self.teams[each] for each in which])
        for client in self.clients:
            if client.user == self.users[who] and GroupNoteBinding.stream in client.feeds:
                client.feeds[GroupNoteBinding.stream].begin_anew()

    @rule(which=st.integers(0, 2), instant=st.sampled_from(AROUND_MIDNIGHT), hours=st.integers(-2, 2))
    def move_a_moment(self, which: int, instant: Any, hours: int) -> None:
        moments = [*Moment.objects.order_by("pk")]
        moment = moments[which]
        moment.instant = instant + datetime.timedelta(hours=hours)
        moment.save()

    @rule(rank=ranks, sql=st.sampled_from(BY_HAND))
    def raw_sql(self, rank: int, sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, [rank])

    @rule(place=places, rank=ranks)
    def change_key(self, place: int, rank: int) -> None:
        key = self.note(place).pk
        with suppress(IntegrityError), transaction.atomic():  # other rows may refer to it
            Note.objects.filter(pk=key).update(id=key + 1000 + rank, rank=rank)

    @rule(place=places, rank=ranks, inner_fails=st.booleans(), outer_fails=st.booleans())
    def nested(self, place: int, rank: int, inner_fails: bool, outer_fails: bool) -> None:
        class Undone(Exception):
            pass

        note = self.note(place)
        try:
            with transaction.atomic():
                Note.objects.filter(pk=note.pk).update(rank=rank)
                try:
                    with transaction.atomic():
                        Note.objects.create(title="n2", rank=rank, owner=self.users[0])
                        if inner_fails:
                            raise Undone
                except Undone:
                    pass
                if outer_fails:
                    raise Undone
        except Undone:
            pass

    @invariant()
    def nothing_is_shown_to_the_wrong_reader(self) -> None:
        if hasattr(self, "clients"):
            self.run(self._drain_all())

    async def _drain_all(self) -> None:
        for client in self.clients:
            await client.drain()

    def teardown(self) -> None:
        if not hasattr(self, "clients"):
            return
        try:
            self.quiet()
        finally:
            self.run(self._end())
            self.loop.close()

    async def _end(self) -> None:
        for client in self.clients:
            await client.leave()
        await self.hub.stop()


class NaiveWorld(World):
    is_naive = True


class RedisWorld(World):
    broker_class = FaultyLayer


class NaiveRedisWorld(RedisWorld):
    is_naive = True


class PostgresWorld(World):
    broker_class = FaultyTable


class NaivePostgresWorld(PostgresWorld):
    is_naive = True
