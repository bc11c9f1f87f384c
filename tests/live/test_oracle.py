"""The sentence that is the product: after quiescence every client's list equals its query.

A Hypothesis state machine: real consumers, real rows, random reads of three permissions, random writes of every kind,
and a broker between writer and hub that drops, repeats, delays and reorders. At each quiescence every list that a
client has built from its pushes must be, byte for byte, what a fresh query of that user answers; and no push may ever
have carried a row that its reader could not see. A naive hub, which does not look for gaps, must fail.
"""

import asyncio
import os
import random
from collections.abc import Iterator
from typing import Any
from unittest import mock

import hypothesis.strategies as st
import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection, connections, transaction
from django.db.models import Count
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from channels_binding import dispatch, threads
from channels_binding.calls import Call, Reading
from channels_binding.consumers import AsyncBinding
from channels_binding.live.broker import publisher
from channels_binding.live.capture import changes as live_changes
from channels_binding.live.capture import recorder
from channels_binding.live.capture.changes import Changes
from channels_binding.live.hub import Hub
from channels_binding.live.queries import invalidation
from channels_binding.live.transport import make_transport
from channels_binding.protocol import codecs
from channels_binding.testing import BindingCommunicator
from tests.live.test_hub import hold_the_next_round
from tests.live.test_identity import GroupNoteBinding
from tests.project.zoo.models import Label, Note

EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "150" if connection.vendor == "sqlite" else "75"))
"""What ten minutes leave room for; ``make soak`` has the large numbers."""
STEPS = int(os.environ.get("ORACLE_STEPS", "25"))
QUIET_SECONDS = 10.0
USERS = ("ann", "bob")


class EntangledNoteBinding(AsyncBinding):
    """Its rows depend on other rows of the same table, and on how many others there are."""

    stream = "tests.EntangledNote"
    model = Note
    fields = ("id", "title", "rank", "parent")
    filterset_fields = {"parent__rank": ["gte"], "rank": ["exact"]}
    ordering_fields = ("title", "parent__rank", "rank")


class CountedNoteBinding(AsyncBinding):
    """An aggregate, in what is shown and in the order."""

    stream = "tests.CountedNote"
    queryset = Note.objects.annotate(labelled=Count("labels"))
    fields = ("id", "title", "rank")
    filterset_fields = {"rank": ["exact"]}
    ordering_fields = ("title", "labelled", "rank")


class NamedNoteBinding(AsyncBinding):
    """Which rows there are is looked up in another table beforehand."""

    stream = "tests.NamedNote"
    model = Note
    fields = ("id", "title", "rank")
    filterset_fields = {"rank": ["exact"]}

    def get_queryset(self) -> Any:
        names = {*Label.objects.values_list("name", flat=True)}
        return Note.objects.filter(rank__in=[{"x": 1, "y": 2, "z": 3}[name] for name in names])


STREAMS: dict[str, tuple[set[str], set[str]]] = {
    "zoo.Note": (
        {"rank__gte", "rank", "rank__in", "done", "labels__name"},
        {"rank", "-rank", "done", "-id", "weight", "-weight", "title"},
    ),
    "zoo.OwnNote": ({"rank__gte"}, {"-id", "title", "rank", "-rank"}),
    GroupNoteBinding.stream: (set(), {"title", "-id"}),
    EntangledNoteBinding.stream: ({"parent__rank__gte", "rank"}, {"title", "parent__rank", "rank"}),
    CountedNoteBinding.stream: ({"rank"}, {"title", "labelled", "rank"}),
    NamedNoteBinding.stream: ({"rank"}, {"rank", "-id"}),
}
"""Stream → the filters and orders that it takes."""

filters = st.fixed_dictionaries(
    {},
    optional={
        "rank__gte": st.integers(0, 5), "rank": st.integers(0, 3), "rank__in": st.sets(st.integers(0, 6), min_size=1),
        "done": st.booleans(), "labels__name": st.sampled_from("xy"), "parent__rank__gte": st.integers(0, 4),
    },
)  # fmt: skip
orders = st.sampled_from(
    [None, "rank", "-rank", ["done", "-rank"], "-id", "weight", "-weight", "title", "labelled", "parent__rank"]
)
ranks = st.integers(0, 6)
places = st.integers(0, 7)


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


class SilentPublisher(publisher.Publisher):
    """One that does not beat: other tests would hear it, as a process whose messages they have missed."""

    def _next(self) -> dict[str, Any]:
        return self._queue.get()


class FaultyLayer(FaultyBroker):
    """The same faults, and in between the real way from another process: a publisher, Redis, and the hub's broker."""

    sender = SilentPublisher()

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
        heard = self.hub._broker.heard.get(self.sender.id)
        return heard is not None and heard.last >= self.sender.number


class Mirror:
    """One live list as a client shows it, built from messages alone."""

    def __init__(self, stream: str, data: dict[str, Any], user: Any) -> None:
        self.stream, self.data, self.user = stream, data, user
        self.rows: list[dict[str, Any]] = []
        self.etags: dict[Any, str] = {}
        self.v = ""
        self.count: int | None = None

    @property
    def have(self) -> dict[str, Any]:
        return {"v": self.v, "rows": [[row["id"], self.etags[row["id"]]] for row in self.rows]}

    def take(self, message: dict[str, Any]) -> None:
        data = message.get("data", {})
        getattr(self, f"_{message['type']}")(message, data)
        self.v = message["v"]
        self.count = data.get("count", self.count)
        for row in self.rows:
            assert self.stream != "zoo.OwnNote" or row["owner"] == self.user.pk, f"{row} reached {self.user}"

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
        bodies = {row["id"]: row for row in self.rows}
        self.rows = [row for row in self.rows if row["id"] not in data.get("remove", ())]
        for index, row, *tag in data.get("put", ()):
            self.rows.insert(index, row if isinstance(row, dict) else bodies[row])
            if tag:
                self.etags[row["id"]] = tag[0]
        for pk, changed, tag, *_ in data.get("patch", ()):
            next(row for row in self.rows if row["id"] == pk).update(changed)
            self.etags[pk] = tag


class PatientCommunicator(BindingCommunicator):
    """It is asked here what a list shows, not how soon on a busy machine; ``World.run`` waits for 30 seconds."""

    async def receive(self, seconds: float = 60.0) -> Any:
        return await super().receive(seconds)


class Client:
    """A socket of one user and the lists on it."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.mirrors: dict[str, Mirror] = {}
        self.socket = PatientCommunicator("/ws/", user=user)

    async def connect(self) -> None:
        self.socket = PatientCommunicator("/ws/", user=self.user)
        assert await self.socket.open()
        for name, mirror in self.mirrors.items():
            await self.read(name, mirror, have=mirror.have)

    async def read(self, name: str, mirror: Mirror, **members: Any) -> None:
        answer = await self.socket.call(f"{mirror.stream}.search#{name}", mirror.data, **members)
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
        while not self.socket.socket.output_queue.empty() or self.socket._waiting:
            self.take(await self.socket.receive())


class World(RuleBasedStateMachine):
    """Everything that may happen."""

    is_naive = False
    broker_class: type[FaultyBroker] = FaultyBroker

    @initialize(
        seed=st.integers(0, 10_000),
        drop=st.sampled_from([0, 0.3, 0.8]),
        given=st.lists(st.tuples(filters, orders), min_size=3, max_size=6),
    )
    def begin(self, seed: int, drop: float, given: list[tuple[Any, Any]]) -> None:
        recorder._publishers.clear()
        self.loop = asyncio.new_event_loop()
        self.names = 0
        for model in (Note, Label, Group, get_user_model()):
            model.objects.all().delete()
        self.users = [get_user_model().objects.create_user(name) for name in USERS]
        self.labels = [Label.objects.create(name=name) for name in "xy"]
        self.teams = [Group.objects.create(name=name) for name in ("n1", "n2", "n3")]
        for rank in range(4):
            Note.objects.create(title=f"n{rank}", rank=rank, owner=self.users[rank % 2])
        self.run(self._start_hub())
        self.broker.rng.seed(seed)
        self.clients = [Client(user) for user in self.users]
        for which, client in enumerate(self.clients):
            client.user.groups.add(self.teams[which])
            self.run(client.connect())
            for (chosen, order), stream in zip(given, self.streams(seed, which), strict=False):
                self.read(which, stream, chosen, order, 3, 1)
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

    def run(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(coroutine, 30))

    # Readers

    @rule(
        who=st.integers(0, 1),
        stream=st.sampled_from([*STREAMS]),
        given=filters,
        order=orders,
        limit=st.integers(1, 4),
        page=st.integers(1, 2),
    )
    def read(self, who: int, stream: str, given: Any, order: Any, limit: int, page: int) -> None:
        client = self.clients[who]
        if len(client.mirrors) >= 8:
            return
        filterable, orderable = STREAMS[stream]
        names = [order] if isinstance(order, str) else order or []
        chosen = {name: [*value] if isinstance(value, set) else value for name, value in given.items()}
        data = {
            "filters": {name: value for name, value in chosen.items() if name in filterable},
            "order": order if {*names} <= orderable else None,
            "limit": limit, "page": page, "labels": stream == "zoo.Note",
        }  # fmt: skip
        self.names += 1
        self.run(client.read(f"r{self.names}", Mirror(stream, data, client.user)))

    @rule(who=st.integers(0, 1))
    def reconnect(self, who: int) -> None:
        self.run(self._reconnect(self.clients[who]))

    async def _reconnect(self, client: Client) -> None:
        await client.drain()
        await client.socket.close()
        await client.connect()

    @rule()
    def restart_the_process(self) -> None:
        """The hub and all that it knew are gone; clients come back to another one."""
        self.run(self._restart())

    async def _restart(self) -> None:
        for client in self.clients:
            await client.drain()
            await client.socket.close()
        number = self.broker.number
        await self.hub.stop()
        await self._start_hub()
        self.broker.number = number
        for client in self.clients:
            await client.connect()

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
        """What is saved whole tells its values; of single fields the others may be old."""
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

    @rule(place=places, rank=ranks)
    def raw_sql(self, place: int, rank: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE zoo_note SET weight = rank WHERE rank > %s", [rank])

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

    # The oracle

    @rule()
    def quiet(self) -> None:
        self.run(self._settle())
        for client in self.clients:
            client.user = get_user_model().objects.get(pk=client.user.pk)
            for mirror in client.mirrors.values():
                self.compare(mirror, client.user)

    async def _settle(self) -> None:
        self.broker.recover()
        deadline = self.loop.time() + QUIET_SECONDS
        while self.loop.time() < deadline:
            for _ in range(3):
                await asyncio.sleep(0)
            if self._is_at_rest():
                break
            await asyncio.sleep(0.002)
        else:
            raise AssertionError(f"The hub never came to rest: {self._restless()}")
        for client in self.clients:
            await client.drain()

    def _is_at_rest(self) -> bool:
        """Whether every consequence is computed, sent and handed to the sockets."""
        groups = self.hub.groups.values()
        is_read = all(group.is_free.is_set() for group in groups)
        is_told = not any((group.is_stale or group.is_unsent) and group.subscriptions for group in groups)
        # A query slower than a round is told when it is ready: its task is there until then.
        is_late = any("_refresh" in str(task.get_coro()) for task in self.hub._tasks)
        is_written = all(each.outbox.is_written.is_set() for each in self.hub.subscribers)  # type: ignore[attr-defined]
        is_idle = not self.hub._wake.is_set() and not self.hub.is_in_round and self.hub.invalidation.is_at_rest
        return is_read and is_told and not is_late and is_written and is_idle and self.broker.is_heard()

    def _restless(self) -> str:
        groups = [
            (group.key[:16], group.is_stale, group.is_unsent, group.is_free.is_set(), group.failures)
            for group in self.hub.groups.values()
            if group.subscriptions
        ]
        tasks = [str(task) for task in self.hub._tasks]
        return (
            f"{groups} {tasks} wake={self.hub._wake.is_set()} round={self.hub.is_in_round} {vars(self.hub.identity.pending)}"
            f" invalidation={self.hub.invalidation.is_at_rest}"
        )

    def compare(self, mirror: Mirror, user: Any) -> None:
        fresh = dispatch.perform(Call(mirror.stream, "search", {**mirror.data, "live": False}, user))
        assert isinstance(fresh, Reading)
        shown = codecs.joined(codecs.encode(row) for row in mirror.rows)
        wanted = codecs.joined(row.body for row in fresh.rows)
        assert shown == wanted, f"{mirror.stream} {mirror.data} of {user}"
        assert mirror.v == fresh.version
        assert mirror.count == fresh.meta["count"], f"{mirror.stream} {mirror.data} of {user}"

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
            await client.socket.close()
        await self.hub.stop()


class NaiveWorld(World):
    is_naive = True


class RedisWorld(World):
    broker_class = FaultyLayer


class NaiveRedisWorld(RedisWorld):
    is_naive = True


@pytest.fixture
def oracle(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    publishers = [*recorder._publishers]
    monkeypatch.setattr(invalidation, "RECOUNT_SECONDS", 0.0)
    monkeypatch.setattr(live_changes, "MAX_KEYS", 2)  # so that a few commits are more than are kept apart
    with override_settings(CHANNELS_BINDING={"COALESCE_SECONDS": 0.0, "IDENTITY_SECONDS": 1e6, "AUDIT_SECONDS": 1e6}):
        yield
    recorder._publishers[:] = publishers
    threads.shut_down()
    asyncio.run(sync_to_async(connections.close_all)())  # asgiref's shared thread, where Channels finds the user


def profile(examples: int) -> settings:
    return settings(
        max_examples=examples, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck), database=None,
        report_multiple_bugs=False,
    )  # fmt: skip


def test_after_quiescence_every_list_equals_its_query(oracle: None) -> None:
    run_state_machine_as_test(World, settings=settings(profile(EXAMPLES), phases=[Phase.generate]))


over_redis = pytest.mark.skipif(
    not make_transport().reaches_others(), reason="the in-memory layer reaches no other process"
)


@over_redis
def test_after_quiescence_every_list_equals_its_query_by_way_of_redis(oracle: None) -> None:
    run_state_machine_as_test(RedisWorld, settings=settings(profile(max(EXAMPLES // 5, 1)), phases=[Phase.generate]))


@pytest.mark.parametrize(
    "world",
    [NaiveWorld, pytest.param(NaiveRedisWorld, marks=over_redis)],
)
def test_a_hub_that_does_not_look_for_gaps_fails_the_same_test(oracle: None, world: type[World]) -> None:
    """Which of its lists is wrong first depends on timing, so Hypothesis may call the failure flaky; it is one."""
    with pytest.raises((AssertionError, Flaky)), mock.patch("sys.stdout"):
        run_state_machine_as_test(world, settings=settings(profile(200), phases=[Phase.generate]))
