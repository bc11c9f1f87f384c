"""What is published of nested transactions, savepoints, commit hooks and handlers that fail."""

import itertools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models.signals import post_save

from channels_binding.live.capture import recorder
from channels_binding.live.capture.changes import Changes
from channels_binding.live.capture.recorder import WRITTEN, publish_with
from channels_binding.live.capture.signals import notify
from tests.live.capture.test_signals.published import ANY, LABEL, NOTE, Published, covers
from tests.live.capture.test_signals.writes import Zoo
from tests.project.zoo.models import Label, Note, Precious

pytestmark = pytest.mark.django_db(transaction=True)

# Every tree of at most three nested blocks: a write before, in and after each, each committed or rolled back


class Undone(Exception):
    pass


def nest(fates: tuple[bool, ...], keys: Iterator[int]) -> set[int]:
    """Blocks in blocks, notified keys before and after each inner one → the keys that survive."""
    mine: set[int] = set()
    try:
        with transaction.atomic():
            mine.add(_notified(next(keys)))
            if fates[1:]:
                mine |= nest(fates[1:], keys)
                mine.add(_notified(next(keys)))
                mine |= nest(fates[1:], keys)
            mine.add(_notified(next(keys)))
            if not fates[0]:
                raise Undone
    except Undone:
        return set()
    return mine


def _notified(key: int) -> int:
    notify(Note, [key])
    return key


@pytest.mark.parametrize("fates", [f for n in (1, 2, 3) for f in itertools.product([True, False], repeat=n)], ids=str)
def test_what_survives_nested_savepoints_is_published_exactly(fates: tuple[bool, ...], published: Published) -> None:
    for _ in range(2):
        survived = nest(fates, itertools.count(1))
        assert published.publications == ([{NOTE: survived}] if survived else [])
        published.clear()
        notify(Note, [1000])
        assert published.publications == [{NOTE: {1000}}]
        published.clear()


@pytest.mark.parametrize("fates", [*itertools.product([True, False], repeat=3)], ids=str)
def test_rows_written_in_nested_savepoints_are_published_as_they_are_stored(
    fates: tuple[bool, ...], published: Published
) -> None:
    def level(rest: tuple[bool, ...]) -> None:
        try:
            with transaction.atomic():
                Note.objects.create(title="before")
                if rest[1:]:
                    level(rest[1:])
                Note.objects.create(title="after")
                if not rest[0]:
                    raise Undone
        except Undone:
            pass

    level(fates)
    stored = set(Note.objects.values_list("pk", flat=True))
    assert published.publications == ([{NOTE: stored}] if stored else [])


def test_a_block_without_a_savepoint_shares_the_fate_of_the_one_around_it(published: Published) -> None:
    with transaction.atomic():
        notify(Note, [1])
        with pytest.raises(Undone), transaction.atomic():
            with transaction.atomic(savepoint=False):
                notify(Note, [2])
            raise Undone
        with transaction.atomic(savepoint=False):
            notify(Note, [3])
    assert published.publications == [{NOTE: {1, 3}}]


def test_savepoints_by_hand_are_followed_too(published: Published) -> None:
    with transaction.atomic():
        notify(Note, [1])
        sid: Any = connection.savepoint()
        connection.savepoint_rollback(sid)
        sid = connection.savepoint()
        connection.savepoint_commit(sid)
        notify(Note, [2])
    assert published.publications == [{NOTE: {1, 2}}]


def test_a_transaction_that_is_marked_for_rollback_is_not_published(published: Published) -> None:
    with transaction.atomic():
        notify(Note, [1])
        transaction.set_rollback(True)
    notify(Note, [2])
    assert published.publications == [{NOTE: {2}}]


def test_a_transaction_that_only_reads_is_not_published(published: Published, zoo: Zoo) -> None:
    with transaction.atomic():
        list(Note.objects.select_related("owner").prefetch_related("labels"))
        Note.objects.select_for_update().first()
        assert Note.objects.filter(rank=1).exists()
    assert published.publications == []


def test_a_failed_statement_is_not_published(published: Published, zoo: Zoo) -> None:
    with pytest.raises(IntegrityError):
        Precious.objects.create(name="p")
    assert published.publications == []
    with transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic():
            Precious.objects.create(name="p")
        notify(Note, [1])
    assert published.publications == [{NOTE: {1}}]


def test_an_insert_by_hand_is_published_even_after_a_save_that_failed(published: Published, zoo: Zoo) -> None:
    with pytest.raises(IntegrityError):
        Precious.objects.create(name="p")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO zoo_precious (name) VALUES ('q')")
    assert published.publications == [{"zoo.Precious": ANY}]


def test_a_transaction_is_published_even_after_a_save_whose_signal_handler_failed(
    published: Published, zoo: Zoo
) -> None:
    def fail(**_: Any) -> None:
        raise ZeroDivisionError

    post_save.connect(fail, sender=Label, weak=False)
    post_save.receivers.insert(0, post_save.receivers.pop())
    post_save.sender_receivers_cache.clear()
    try:
        with pytest.raises(ZeroDivisionError):
            Label.objects.create(name="stored all the same")
    finally:
        post_save.disconnect(fail, sender=Label)
    published.clear()
    with transaction.atomic():
        made = Note.objects.create(title="n")
    assert len(published.publications) == 1
    assert covers(published.once(), {NOTE: {made.pk}})


def test_what_a_commit_hook_writes_is_published_after_what_was_committed(published: Published, zoo: Zoo) -> None:
    with transaction.atomic():
        transaction.on_commit(lambda: notify(Label, [1]))
        notify(Note, [1])
        transaction.on_commit(lambda: notify(Label, [2]))
    assert published.publications == [{NOTE: {1}}, {LABEL: {1}}, {LABEL: {2}}]


def test_a_commit_hook_that_fails_keeps_nothing_from_being_published(published: Published, zoo: Zoo) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        transaction.on_commit(fail)
        notify(Note, [1])
    assert published.publications == [{NOTE: {1}}]


def test_a_publisher_that_fails_breaks_no_write_and_no_other_publisher(
    published: Published, zoo: Zoo, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(changes: Changes) -> int:
        raise ZeroDivisionError

    publish_with(fail)
    recorder._publishers.insert(0, recorder._publishers.pop())
    try:
        with caplog.at_level(logging.ERROR), transaction.atomic():
            zoo.note.save()
        zoo.note.save()
    finally:
        recorder._publishers.remove(fail)
    assert published.publications == [{NOTE: {zoo.note.pk}}] * 2
    assert "could not be published" in caplog.text


def test_a_call_learns_the_numbers_of_what_it_published(published: Published, zoo: Zoo) -> None:
    others = [publisher for publisher in recorder._publishers if publisher is not published]
    written: list[int] = []
    token = WRITTEN.set(written)
    try:
        recorder._publishers[:] = [published]
        zoo.note.save()
        with transaction.atomic():
            zoo.note.save()
            assert written == [1]
    finally:
        recorder._publishers[:] = [*others, published]
        WRITTEN.reset(token)
    assert written == [1, 2]


@pytest.mark.django_db(transaction=True, databases=["default", "archive"])
def test_each_database_has_transactions_of_its_own(published: Published) -> None:
    with pytest.raises(Undone), transaction.atomic():
        Precious.objects.create(name="undone")
        with transaction.atomic(using="archive"):
            kept = Precious.objects.using("archive").create(name="kept")
        assert published.publications == [{"zoo.Precious": {kept.pk}}]
        raise Undone
    assert published.publications == [{"zoo.Precious": {kept.pk}}]
    with pytest.raises(Undone), transaction.atomic(using="archive"):
        Precious.objects.using("archive").filter(pk=kept.pk).update(name="undone")
        stored = Precious.objects.create(name="stored")
        raise Undone
    assert published.publications[1:] == [{"zoo.Precious": {stored.pk}}]


def test_outside_of_a_testcase_everything_is_noted_whoever_listens(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody may come between a write and its commit."""
    monkeypatch.setattr(recorder, "has_listeners", lambda: False)
    with transaction.atomic():
        note = Note.objects.create(title="a")
        assert published.publications == []
    assert published.once() == {NOTE: {note.pk}}


@pytest.mark.parametrize("delete", [lambda note: note.delete(), lambda note: Note.objects.filter(pk=note.pk).delete()])
def test_a_row_that_is_deleted_and_made_again_in_one_transaction_is_not_a_new_one(zoo: Zoo, delete: Any) -> None:
    """A list that counts its rows would count it twice."""
    published: list[Changes] = []
    publish_with(published.append)
    key = zoo.other.pk
    try:
        with transaction.atomic():
            delete(zoo.other)
            Note.objects.create(pk=key, title="again")
            Note.objects.create(title="new")
    finally:
        recorder._publishers.remove(published.append)
    (changes,) = published
    facts = {found: fact.is_new for found, fact in changes.facts["zoo.Note"].items()}
    assert facts == {key: False, Note.objects.latest("pk").pk: True}


def _by_hand(cursor: Any) -> Callable[[], object]:
    cursor.execute("SAVEPOINT by_hand")
    return lambda: cursor.execute("rollback to by_hand")


def _by_django(_: Any) -> Callable[[], object]:
    place = str(connection.savepoint())
    return lambda: connection.savepoint_rollback(place)


@pytest.mark.parametrize("begin", [_by_hand, _by_django])
def test_what_a_savepoint_without_atomic_has_undone_is_not_known_of_a_row(begin: Any, zoo: Zoo) -> None:
    """A list of what is done would be sure that the row is not in it."""
    published: list[Changes] = []
    publish_with(published.append)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            zoo.note.done = True
            zoo.note.save()
            undo = begin(cursor)
            zoo.note.done = False
            zoo.note.save()
            undo()
            Label.objects.create(name="after")
    finally:
        recorder._publishers.remove(published.append)
    (changes,) = published
    assert changes.keys[NOTE] == {zoo.note.pk}
    assert [fact.values for fact in changes.facts[NOTE].values()] == [{}]
    assert Note.objects.get(pk=zoo.note.pk).done


# Without autocommit


def test_what_is_written_without_autocommit_is_published_by_commit_and_not_before(
    zoo: Zoo, published: Published
) -> None:
    transaction.set_autocommit(False)
    try:
        Note.objects.filter(pk=zoo.note.pk).update(done=True)
        with transaction.atomic():
            made = Label.objects.create(name="made")
        assert published.publications == []
        transaction.commit()
        assert published.once() == {NOTE: {zoo.note.pk}, LABEL: {made.pk}}
        published.clear()
        Note.objects.filter(pk=zoo.note.pk).update(done=False)
        transaction.rollback()
        Label.objects.filter(pk=made.pk).update(name="other")
        transaction.commit()
        assert published.once() == {LABEL: {made.pk}}
        published.clear()
        Label.objects.filter(pk=made.pk).update(name="third")
        transaction.commit()
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)
    assert published.once() == {LABEL: {made.pk}}


# Begun by SQL


@contextmanager
def begun_by_sql(end: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        yield
        cursor.execute(end)


@pytest.mark.parametrize("end", ["COMMIT", "SELECT 1; COMMIT", "ROLLBACK"])
def test_what_a_transaction_of_sql_has_written_is_published_again_once_it_is_over(
    end: str, zoo: Zoo, published: Published
) -> None:
    """Who was told at the statement has read what was there before."""
    if ";" in end and connection.vendor == "sqlite":
        end = "END"  # one statement at a time
    with begun_by_sql(end):
        Note.objects.filter(pk=zoo.note.pk).update(done=True)
        Label.objects.filter(pk=zoo.labels[0].pk).update(name="other")
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        assert published.publications == [{NOTE: {zoo.note.pk}}, {LABEL: {zoo.labels[0].pk}}]
    assert published.publications[2:] == [{NOTE: {zoo.note.pk}, LABEL: {zoo.labels[0].pk}}]
    Note.objects.filter(pk=zoo.note.pk).update(done=False)
    assert published.publications[3:] == [{NOTE: {zoo.note.pk}}]


def test_one_that_ends_past_django_is_published_again_by_the_next_statement(zoo: Zoo, published: Published) -> None:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        Note.objects.filter(pk=zoo.note.pk).update(done=True)
        connection.connection.execute("COMMIT")
        cursor.execute("SELECT 1")
    assert published.publications == [{NOTE: {zoo.note.pk}}] * 2


def test_one_whose_connection_is_closed_is_published_again(zoo: Zoo, published: Published) -> None:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
    Note.objects.filter(pk=zoo.note.pk).update(done=True)
    connection.connection.execute("COMMIT")
    connection.close()
    assert published.publications == [{NOTE: {zoo.note.pk}}] * 2


# A connection that fails


def failing(call: Callable[..., Any], error: Exception) -> Callable[..., Any]:
    """Does what it is to do; then the connection is lost before the server's answer is there."""

    def fail(*args: Any) -> NoReturn:
        call(*args)
        raise error

    return fail


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("gone")])
def test_what_may_have_been_committed_when_the_connection_was_lost_is_published(
    error: Exception, zoo: Zoo, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(type(error)), transaction.atomic():
        Note.objects.filter(pk=zoo.note.pk).update(done=True)
        with pytest.raises(Undone), transaction.atomic():
            Label.objects.create(name="undone")
            raise Undone
        database: Any = connection
        monkeypatch.setattr(database, "_commit", failing(database._commit, error))
    assert Note.objects.get(pk=zoo.note.pk).done
    assert published.once() == {NOTE: {zoo.note.pk}}


def test_what_the_database_refuses_to_commit_is_not_published(
    zoo: Zoo, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> NoReturn:
        raise IntegrityError

    with pytest.raises(IntegrityError), transaction.atomic():
        Note.objects.filter(pk=zoo.note.pk).update(done=True)
        monkeypatch.setattr(connection, "_commit", refuse)
    monkeypatch.undo()
    assert published.publications == []


WRITES: dict[str, Callable[[Note], Any]] = {
    "update": lambda note: Note.objects.filter(pk=note.pk).update(done=True),
    "create": lambda note: Note.objects.create(title="new"),
    "save": lambda note: note.save(),
    "delete": lambda note: Note.objects.filter(pk=note.pk)._raw_delete("default"),
}


@pytest.mark.parametrize("write", [*WRITES])
def test_a_statement_whose_connection_was_lost_is_published(write: str, zoo: Zoo, published: Published) -> None:
    def lose(execute: Any, *args: Any) -> Any:
        result = execute(*args)
        if args[0].startswith(("UPDATE", "INSERT", "DELETE")):
            raise OperationalError("gone")
        return result

    connection.execute_wrappers.append(lose)  # inside of the one that captures
    try:
        with pytest.raises(OperationalError):
            WRITES[write](zoo.other)
    finally:
        connection.execute_wrappers.remove(lose)
    assert NOTE in published.once()


@pytest.mark.django_db(transaction=True, databases=["default", "archive"])
def test_what_another_database_than_the_triggers_one_has_is_known_to_be_elsewhere(settings: Any) -> None:
    heard: list[Changes] = []
    publish_with(heard.append)
    try:
        for triggers in (None, "default"):
            settings.CHANNELS_BINDING = {"TRIGGERS_DATABASE": triggers}
            Precious.objects.using("archive").create(name="a")
            Precious.objects.create(name="b")
            with transaction.atomic(using="archive"):
                Precious.objects.using("archive").all().delete()
            Precious.objects.all().delete()
    finally:
        recorder._publishers.remove(heard.append)
    assert [each.is_elsewhere for each in heard] == [False] * 4 + [True, False, True, False]
