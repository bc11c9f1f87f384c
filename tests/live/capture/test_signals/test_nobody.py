"""While nobody would be sent it, nothing is noted; and nothing is lost to whoever comes in the middle of a transaction."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection, transaction
from django.db.models import signals as django_signals

from channels_binding.live import hub, notify, unheard
from channels_binding.live.broker import publisher
from channels_binding.live.capture import recorder, signals
from channels_binding.live.capture.recorder import publish_with
from channels_binding.live.hub import Hub
from channels_binding.testing import BindingCommunicator
from channels_binding.testing.communicator import session_cookie
from tests.live.capture.test_signals.published import ANY, LABEL, NOTE, TAGGED, Published, covers
from tests.live.test_hub.shown import in_thread
from tests.live.transports import FakeTransport
from tests.project.zoo.models import Label, Note


class Undone(Exception):
    """Rolls back."""


class Listener(Published):
    """Comes and goes."""

    def __init__(self) -> None:
        super().__init__()
        self.is_there = False


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    """The only one there is, and away at first."""
    signals.connect()
    listener = Listener()
    monkeypatch.setattr(recorder, "_publishers", [])
    publish_with(listener, lambda: listener.is_there, lambda: listener.is_there)
    return listener


@pytest.fixture
def note(transactional_db: None, listener: Listener) -> Note:
    note = Note.objects.create(title="n")
    note.labels.add(Label.objects.create(name="x"))
    recorder.recorder("default").by_savepoint.clear()  # of other tests, rolled back
    return note


def raw(note: Note) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE zoo_note SET title = 'raw' WHERE rank >= 0")


def many(note: Note) -> None:
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE zoo_note SET title = %s", [["a"], ["b"]])


WRITES: dict[str, tuple[Callable[[Note], object], dict[str, Any]]] = {
    "save": (lambda note: note.save(), {NOTE: ANY}),
    "create": (lambda note: Note.objects.create(title="new"), {NOTE: ANY}),
    "update": (lambda note: Note.objects.update(rank=3), {NOTE: ANY}),
    "bulk_create": (lambda note: Note.objects.bulk_create([Note(title="a"), Note(title="b")]), {NOTE: ANY}),
    "delete": (lambda note: Note.objects.get(pk=note.pk).delete(), {NOTE: ANY, TAGGED: ANY}),
    "many to many": (lambda note: note.labels.clear(), {TAGGED: ANY}),
    "raw": (raw, {NOTE: ANY}),
    "executemany": (many, {NOTE: ANY}),
    "notify": (lambda note: notify(Note, [note.pk]), {NOTE: ANY}),
}
each_write = pytest.mark.parametrize(("write", "expected"), [*WRITES.values()], ids=[*WRITES])


def test_a_write_that_nobody_hears_of_is_not_even_read(note: Note, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(signals, "written", lambda sql: pytest.fail("This takes time."))
        for name in ("save", "create", "update", "raw", "executemany"):
            WRITES[name][0](note)
    assert recorder.recorder("default").by_savepoint == {}


def test_in_a_transaction_it_leaves_no_commit_hook(note: Note) -> None:
    with transaction.atomic():
        for write, _ in WRITES.values():
            write(note)
            note = Note.objects.create(title="n")
        assert connection.run_on_commit == []
    assert recorder.recorder("default").by_savepoint == {}


@each_write
def test_who_comes_before_the_commit_is_published_that_any_row_may_have_changed(
    write: Callable[[Note], object], expected: dict[str, Any], note: Note, listener: Listener
) -> None:
    with transaction.atomic():
        write(note)
        listener.is_there = True
        assert listener.publications == []
    assert covers(listener.once(), expected)


@each_write
def test_so_is_who_comes_between_a_savepoint_and_the_commit(
    write: Callable[[Note], object], expected: dict[str, Any], note: Note, listener: Listener
) -> None:
    with transaction.atomic():
        with pytest.raises(Undone), transaction.atomic():
            write(note)
            raise Undone
        with transaction.atomic():
            write(note)
        listener.is_there = True
    assert covers(listener.once(), expected)


@contextmanager
def without_autocommit() -> Iterator[None]:
    transaction.set_autocommit(False)
    try:
        yield
        transaction.commit()
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)


@contextmanager
def ended_by_autocommit() -> Iterator[None]:
    """What ``atomic`` has written there is stored when the block ends its transaction."""
    transaction.set_autocommit(False)
    try:
        with transaction.atomic():
            yield
        transaction.commit()
    finally:
        transaction.set_autocommit(True)


@contextmanager
def begun_by_sql() -> Iterator[None]:
    by_hand("BEGIN")
    yield
    by_hand("COMMIT")


def by_hand(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("begun", [without_autocommit, ended_by_autocommit, begun_by_sql])
@each_write
def test_so_is_who_comes_before_the_commit_of_a_transaction_by_hand(
    write: Callable[[Note], object], expected: dict[str, Any], begun: Any, note: Note, listener: Listener
) -> None:
    if begun is begun_by_sql and write in (WRITES["delete"][0], WRITES["bulk_create"][0], WRITES["many to many"][0]):
        write = raw  # those are atomic, which SQLite refuses within a transaction that it does not know of
        expected = {NOTE: ANY}
    with begun():
        write(note)
        listener.is_there = True
        assert listener.publications == []
    assert covers(listener.once(), expected)


def test_who_comes_after_a_transaction_by_hand_is_published_nothing(note: Note, listener: Listener) -> None:
    with without_autocommit():
        raw(note)
    with pytest.raises(Undone), without_autocommit():
        raw(note)
        raise Undone
    listener.is_there = True
    by_hand("SELECT 1")
    assert listener.publications == []


def test_what_comes_before_and_after_it_is_all_published(note: Note, listener: Listener) -> None:
    with transaction.atomic():
        Label.objects.create(name="before")
        listener.is_there = True
        note.save()
    published = {label: keys for each in listener.publications for label, keys in each.items()}
    assert published == {LABEL: ANY, NOTE: {note.pk}}


def test_what_was_rolled_back_is_not_published(note: Note, listener: Listener) -> None:
    with pytest.raises(Undone), transaction.atomic():
        note.save()
        listener.is_there = True
        raise Undone
    assert listener.publications == []


def test_who_comes_after_the_commit_is_published_nothing(note: Note, listener: Listener) -> None:
    with transaction.atomic():
        note.save()
    note.save()
    listener.is_there = True
    assert [*Note.objects.values_list("pk", flat=True)] == [note.pk]
    assert listener.publications == []


@pytest.mark.parametrize("signal", [django_signals.pre_save, django_signals.post_save, django_signals.m2m_changed])
def test_who_comes_in_the_middle_of_a_save_is_published_enough(signal: Any, note: Note, listener: Listener) -> None:
    def come(**_: Any) -> None:
        listener.is_there = True

    signal.connect(come, weak=False, dispatch_uid="come")
    try:
        made = Note.objects.create(title="made")
        made.labels.set([Label.objects.create(name="y")])
    finally:
        signal.disconnect(dispatch_uid="come")
    listener.clear()
    made.save()
    made.labels.clear()
    keys = {label: keys for each in listener.publications for label, keys in each.items() if keys != set()}
    assert covers(keys, {NOTE: {made.pk}, LABEL: {*Label.objects.filter(name="y").values_list("pk", flat=True)}})


def test_who_leaves_in_the_middle_of_a_save_holds_back_nothing_of_the_next(note: Note, listener: Listener) -> None:
    """An INSERT waits for the key that ``post_save`` gives; then nobody asks for it."""

    def leave(**_: Any) -> None:
        listener.is_there = False

    listener.is_there = True
    django_signals.post_save.connect(leave, weak=False, dispatch_uid="leave")
    django_signals.post_save.receivers.insert(0, django_signals.post_save.receivers.pop())
    django_signals.post_save.sender_receivers_cache.clear()
    try:
        Note.objects.create(title="nobody is told")
    finally:
        django_signals.post_save.disconnect(dispatch_uid="leave")
    listener.is_there = True
    Note.objects.bulk_create([Note(title="at once")])
    assert covers(listener.publications[-1], {NOTE: ANY})


def test_a_question_that_fails_breaks_no_write_and_counts_as_a_listener(
    note: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> bool:
        raise ZeroDivisionError

    published = Published()
    monkeypatch.setattr(recorder, "_publishers", [])
    publish_with(published, fail, fail)
    note.save()
    assert published.once() == {NOTE: {note.pk}}


# Who hears


@pytest.fixture
def alone(transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """A process with no hub and no broker that has said that nobody hears it."""
    assert not Hub.all()
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    monkeypatch.setattr(unheard, "_is_over", True)


def test_nobody_hears_where_there_is_neither_hub_nor_broker(alone: None) -> None:
    assert not hub.is_heard()


async def test_a_hub_hears(alone: None, hub_ended: None) -> None:
    Hub.current()
    assert hub.is_heard()


def test_other_processes_hear_by_a_broker(alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "_publisher", publisher.Publisher())
    monkeypatch.setattr(publisher, "make_transport", FakeTransport)
    assert hub.is_heard()


def test_by_the_setting_of_the_moment(alone: None, settings: Any) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer"}}
    assert hub.is_heard()
    settings.CHANNELS_BINDING = {"CHANNEL_LAYER": "another"}
    assert not hub.is_heard()


def test_the_log_is_yet_to_say_that_nobody_does(alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unheard, "_is_over", False)
    assert not hub.is_heard(), "in a project's tests it says nothing"
    monkeypatch.delattr(mail, "outbox")
    assert hub.is_heard()


async def test_a_list_opened_while_a_transaction_writes_shows_what_it_commits(user: Any, hub_ended: None) -> None:
    cookie = f"{settings.SESSION_COOKIE_NAME}={await in_thread(session_cookie)(user)}"
    assert not Hub.all(), "this list is the first"
    has_written, may_commit = threading.Event(), threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                Note.objects.create(title="written before, committed after")
                has_written.set()
                may_commit.wait(10)
        finally:
            connection.close()

    writing = asyncio.ensure_future(asyncio.to_thread(write))
    await asyncio.to_thread(has_written.wait, 10)
    socket = BindingCommunicator("/ws/", headers=[(b"cookie", cookie.encode())])
    assert await socket.open()
    try:
        assert (await socket.call("zoo.Note.search#h", {}))["data"]["rows"] == []
        may_commit.set()
        await writing
        assert (await socket.receive())["data"]["count"] == 1
    finally:
        may_commit.set()
        await socket.close()
