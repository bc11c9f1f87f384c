"""When a round begins and what it does when something fails: which changes need one, who waits for it, what is read again."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from django.db import OperationalError

from channels_binding.consumers import AsyncBinding
from channels_binding.exceptions import Forbidden
from channels_binding.live import failures, rounds
from channels_binding.live.capture.changes import Changes
from channels_binding.live.hub import Hub
from channels_binding.live.queries import evaluation, store
from channels_binding.live.queries.group import AudienceChanged
from channels_binding.live.writer import Writer
from tests.conftest import Connect
from tests.live.test_hub.shown import Shown, make_notes
from tests.project.zoo.models import Label, Note


async def test_changes_that_concern_nobody_begin_no_round(connect: Connect, user: Any) -> None:
    await connect(user)
    hub = Hub.current()
    await at_rest(hub)
    for label in ("zoo.Note", "zoo.Label"):
        hub.receive_changes(Changes({label: {1}}), hub.rounds.noted + 1)
        assert hub.rounds.is_idle
        assert hub.rounds.settled == hub.rounds.noted, "nobody need wait for what follows: nothing does"


@pytest.mark.parametrize(
    ("asked", "label"),
    [
        ("zoo.Note.search#h", "zoo.Note"),
        ("zoo.Note.search#h", "zoo.Note_labels"),  # shown with it
        ("zoo.Note.subscribe", "zoo.Note"),
        (None, "auth.User"),
        (None, "auth.Group"),
        (None, "sessions.Session"),
        (None, "authtoken.Token"),
    ],
)
async def test_changes_that_concern_somebody_begin_one(
    connect: Connect, user: Any, asked: str | None, label: str
) -> None:
    await make_notes(1)
    socket = await connect(user)
    if asked is not None:
        await socket.call(asked, {})
    hub = Hub.current()
    await at_rest(hub)
    hub.receive_changes(Changes({label: {1}}), hub.rounds.noted + 1)
    assert not hub.rounds.is_idle
    assert hub.rounds.settled < hub.rounds.noted


async def test_what_concerns_nobody_does_not_pass_by_what_does(connect: Connect, user: Any) -> None:
    await make_notes(1)
    socket = await connect(user)
    await socket.call("zoo.Note.search#h", {})
    hub = Hub.current()
    await at_rest(hub)
    hub.receive_changes(Changes({"zoo.Note": None}), hub.rounds.noted + 1)
    hub.receive_changes(Changes({"zoo.Token": {"x"}}), hub.rounds.noted + 1)
    assert hub.rounds.settled < hub.rounds.noted - 1


async def test_while_anything_is_read_for_the_first_time_any_change_may_concern_it(connect: Connect, user: Any) -> None:
    await connect(user)
    hub = Hub.current()
    await at_rest(hub)
    group: Any = object()
    hub.invalidation._reading[group] = Changes()
    assert hub.rounds.concern_anybody(Changes({"zoo.Token": {"x"}}))
    del hub.invalidation._reading[group]
    assert not hub.rounds.concern_anybody(Changes({"zoo.Token": {"x"}}))


async def at_rest(hub: Hub) -> None:
    while not hub.rounds._has_nothing_before():
        await asyncio.sleep(0.01)


async def test_a_round_that_fails_is_logged_and_everything_read_again(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    socket = await connect(user)
    await socket.call("zoo.Note.search#h", {})
    hub = Hub.current()
    refresh, failed = hub.identity.refresh, list[int]()

    async def failing() -> None:
        if not failed:
            failed.append(1)
            raise ZeroDivisionError
        await refresh()

    monkeypatch.setattr(hub.identity, "refresh", failing)
    await make_notes(1)
    assert (await socket.receive(5))["data"]["count"] == 1
    assert "A round failed" in caplog.text


async def test_a_query_that_its_reader_may_no_longer_read_ends_with_an_error(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await connect(user)
    await socket.call("zoo.Note.search#h", {})

    async def refused(*_: object) -> None:
        raise Forbidden()

    monkeypatch.setattr(store.QueryStore, "evaluate", refused)
    await make_notes(1)
    ended = await socket.receive()
    assert (ended["event"], ended["error"]["code"]) == ("zoo.Note.search#h", "forbidden")
    (subscriber,) = Hub.current().subscribers
    assert subscriber.subscriptions == []
    assert Hub.current().groups == {}


async def test_who_belongs_to_another_audience_meanwhile_is_looked_up_again(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await connect(user)
    await socket.call("zoo.Note.search#h", {})
    evaluate, failed = store.QueryStore.evaluate, list[int]()

    async def moved(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not failed:
            failed.append(1)
            raise AudienceChanged
        return await evaluate(self, *args, **kwargs)

    monkeypatch.setattr(store.QueryStore, "evaluate", moved)
    await make_notes(1)
    assert (await socket.receive(5))["data"]["count"] == 1


async def test_a_database_that_does_not_answer_delays_a_push_and_loses_nothing(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_notes(1)
    socket = await connect(user)
    shown = await Shown(socket, "zoo.Note.search#h").open(order="id")
    real = evaluation.evaluate
    fails = iter([True, True, False])

    def evaluate(*args: Any) -> Any:
        if next(fails, False):
            raise OperationalError("gone away")
        return real(*args)

    monkeypatch.setattr(store, "evaluate", evaluate)
    monkeypatch.setattr(failures, "RETRY_SECONDS", (0.05,))
    await make_notes(2)
    await shown.take()
    assert shown.column("rank") == [1, 2]


@pytest.mark.parametrize(("took", "rest"), [(0.0, 0.05), (0.001, 0.049), (0.02, 0.03), (0.04, 0.04), (2.0, 2.0)])
def test_rounds_begin_50_ms_apart_and_rest_as_long_as_they_took(took: float, rest: float) -> None:
    assert rounds.rest_seconds(took, 0.05) == pytest.approx(rest)


async def test_the_next_round_waits_until_what_the_last_one_sent_is_written(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await connect(user)
    shown = await Shown(socket, "zoo.Note.search#h").open(order="id")
    hub = Hub.current()
    await at_rest(hub)
    asked, is_written = asyncio.Event(), asyncio.Event()

    async def written(self: Any) -> None:
        asked.set()
        await is_written.wait()

    monkeypatch.setattr(Writer, "written", written)
    await make_notes(1)
    await shown.take()
    await asyncio.wait_for(asked.wait(), 5)
    before = hub.totals.evaluations
    await make_notes(2)
    await make_notes(3)
    assert not hub.rounds.is_idle
    assert hub.totals.evaluations == before
    is_written.set()
    await shown.take()
    assert shown.column("rank") == [1, 2, 3]
    assert hub.totals.evaluations == before + 1, "both commits together"


class WritesLabelsBinding(AsyncBinding):
    stream = "tests.WritesLabels"
    model = Note
    fields = ("id", "title")

    def get_queryset(self) -> Any:
        Label.objects.create(name="read")
        return Note.objects.all()


class WritesNotesBinding(AsyncBinding):
    stream = "tests.WritesNotes"
    model = Label
    fields = ("id", "name")

    def get_queryset(self) -> Any:
        Note.objects.create(title="read")
        return Label.objects.all()


@pytest.mark.parametrize("action", ["search#a", "subscribe"])
async def test_lists_that_write_what_the_other_shows_do_not_read_each_other_without_rest(
    action: str, connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rounds, "ECHO_SECONDS", 3600.0)
    socket = await connect(user)
    for stream in ("WritesLabels", "WritesNotes"):
        await socket.call(f"tests.{stream}.{action}", {"limit": 1} if "#" in action else {})
    async with asyncio.timeout(20):
        while "Live reads write what others show" not in caplog.text:
            with suppress(TimeoutError):
                await socket.receive(0.1)
    assert "tests.WritesLabels writes zoo.Label" in caplog.text or "tests.WritesNotes writes zoo.Note" in caplog.text
    with suppress(TimeoutError):
        while True:
            await socket.receive(0.2)
    await Note.objects.acreate(title="another")  # what somebody writes is told at once
    await socket.receive()
    assert caplog.text.count("Live reads write what others show") == 1
