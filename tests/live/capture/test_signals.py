"""Capture: every kind of write is told at commit, once for each transaction, and what is rolled back is not."""

import itertools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, transaction
from django.db.models import F
from django.db.models.signals import post_save

from channels_binding.live.capture import recorder
from channels_binding.live.capture.changes import Changes
from channels_binding.live.capture.recorder import WRITTEN, publish_with
from channels_binding.live.capture.signals import notify
from tests.project.zoo.models import Cafe, Guard, Label, LoudNote, Note, Place, Precious, Token

pytestmark = pytest.mark.django_db(transaction=True)

NOTE, LABEL, TAGGED = "zoo.Note", "zoo.Label", "zoo.Note_labels"
PLACE, CAFE = "zoo.Place", "zoo.Cafe"


class Told:
    """What was published, one entry for each publication."""

    def __init__(self) -> None:
        self.publications: list[dict[str, set[Any] | None]] = []

    def __call__(self, changes: Changes) -> int:
        self.publications.append({label: keys if keys is None else {*keys} for label, keys in changes.keys.items()})
        return len(self.publications)

    def clear(self) -> None:
        self.publications.clear()

    def once(self) -> dict[str, set[Any] | None]:
        """The only publication; of many-to-many tables that are told by their sides nothing is left."""
        assert len(self.publications) == 1, self.publications
        return {label: keys for label, keys in self.publications[0].items() if keys != set()}


@contextmanager
def listening() -> Iterator[Told]:
    collected = Told()
    publish_with(collected)
    yield collected
    recorder._publishers.remove(collected)


@pytest.fixture
def told() -> Iterator[Told]:
    with listening() as collected:
        yield collected


class Zoo:
    """Rows to write to."""

    def __init__(self) -> None:
        self.owner = get_user_model().objects.create(username="ann")
        self.note = Note.objects.create(title="a", owner=self.owner)
        self.other = Note.objects.create(title="b", rank=1)
        self.child = Note.objects.create(title="c", parent=self.note)
        self.labels = [Label.objects.create(name=name) for name in "xyz"]
        self.note.labels.set(self.labels[:2])
        self.cafe = Cafe.objects.create(name="here", seats=3)
        self.token = Token.objects.create(name="t")
        self.precious = Precious.objects.create(name="p")


@pytest.fixture
def zoo(told: Told) -> Zoo:
    made = Zoo()
    told.clear()
    return made


# Every kind of write, and what is told of it. A set is exact; ANY means that any row may have changed.

ANY = None
Expected = Callable[[Zoo, Any], dict[str, set[Any] | None]]


def note_keys(*names: str) -> Expected:
    return lambda zoo, _: {NOTE: {getattr(zoo, name).pk for name in names}}


def raw(sql: str) -> Callable[[Zoo], Any]:
    def run(zoo: Zoo) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql.format(pk=zoo.note.pk))

    return run


def raw_with(sql: str, *params: str) -> Callable[[Zoo], Any]:
    def run(zoo: Zoo) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, [getattr(zoo, name).pk for name in params])

    return run


def save_note(zoo: Zoo) -> None:
    zoo.note.title = "new"
    zoo.note.save()


def save_some_fields(zoo: Zoo) -> None:
    zoo.note.title = "new"
    zoo.note.save(update_fields=["title"])


def save_as_proxy(zoo: Zoo) -> None:
    loud = LoudNote.objects.get(pk=zoo.note.pk)
    loud.title = "LOUD"
    loud.save()


def bulk_update(zoo: Zoo) -> None:
    zoo.note.rank, zoo.other.rank = 7, 8
    Note.objects.bulk_update([zoo.note, zoo.other], ["rank"])


def executemany(zoo: Zoo) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            'UPDATE "zoo_note" SET "rank" = %s WHERE "zoo_note"."id" = %s', [(1, zoo.note.pk), (2, zoo.other.pk)]
        )


def cafe_save(zoo: Zoo) -> None:
    zoo.cafe.name, zoo.cafe.seats = "there", 4
    zoo.cafe.save()


def token_save(zoo: Zoo) -> None:
    zoo.token.name = "new"
    zoo.token.save()


WRITES: dict[str, tuple[Callable[[Zoo], Any], Expected]] = {
    "create": (lambda zoo: Note.objects.create(title="n"), lambda zoo, made: {NOTE: {made.pk}}),
    "create with a key": (lambda zoo: Note.objects.create(pk=99_999, title="n"), lambda zoo, made: {NOTE: {99_999}}),
    "create of a proxy": (lambda zoo: LoudNote.objects.create(title="n"), lambda zoo, made: {NOTE: {made.pk}}),
    "create with a uuid": (lambda zoo: Token.objects.create(name="n"), lambda zoo, made: {"zoo.Token": {made.pk}}),
    "get_or_create": (lambda zoo: Note.objects.get_or_create(title="n")[0], lambda zoo, made: {NOTE: {made.pk}}),
    "save": (save_note, note_keys("note")),
    "save of some fields": (save_some_fields, note_keys("note")),
    "save of a proxy": (save_as_proxy, note_keys("note")),
    "update_or_create": (
        lambda zoo: Note.objects.update_or_create(title="a", defaults={"rank": 5})[0],
        note_keys("note"),
    ),
    "update by key": (lambda zoo: Note.objects.filter(pk=zoo.note.pk).update(rank=F("rank") + 1), note_keys("note")),
    "update by keys": (
        lambda zoo: Note.objects.filter(pk__in=[zoo.note.pk, zoo.other.pk]).update(rank=5),
        note_keys("note", "other"),
    ),
    "update otherwise": (lambda zoo: Note.objects.filter(rank=1).update(rank=2), lambda zoo, _: {NOTE: ANY}),
    "update by key and more": (
        lambda zoo: Note.objects.filter(pk=zoo.note.pk, done=False).update(rank=2),
        lambda zoo, _: {NOTE: ANY},
    ),
    "update of all": (lambda zoo: Note.objects.update(rank=2), lambda zoo, _: {NOTE: ANY}),
    "delete": (lambda zoo: zoo.other.delete(), lambda zoo, _: {NOTE: {zoo.gone}}),  # type: ignore[attr-defined]
    "delete with cascades": (lambda zoo: zoo.owner.delete(), lambda zoo, _: {}),
    "delete by query": (lambda zoo: Note.objects.filter(rank=1).delete(), lambda zoo, _: {}),
    "bulk_create of several": (
        lambda zoo: Note.objects.bulk_create([Note(title="n"), Note(title="m")]),
        lambda zoo, _: {NOTE: ANY},
    ),
    "bulk_create of one": (lambda zoo: Note.objects.bulk_create([Note(title="n")]), lambda zoo, _: {NOTE: ANY}),
    "bulk_create with conflicts": (
        lambda zoo: Precious.objects.bulk_create([Precious(name="p"), Precious(name="q")], ignore_conflicts=True),
        lambda zoo, _: {"zoo.Precious": ANY},
    ),
    "bulk_update": (bulk_update, note_keys("note", "other")),
    "m2m add": (
        lambda zoo: zoo.note.labels.add(zoo.labels[2]),
        lambda zoo, _: {NOTE: {zoo.note.pk}, LABEL: {zoo.labels[2].pk}},
    ),
    "m2m add of two": (
        lambda zoo: zoo.other.labels.add(*zoo.labels[:2]),
        lambda zoo, _: {NOTE: {zoo.other.pk}, LABEL: {label.pk for label in zoo.labels[:2]}},
    ),
    "m2m add from the other side": (
        lambda zoo: zoo.labels[2].note_set.add(zoo.note),
        lambda zoo, _: {NOTE: {zoo.note.pk}, LABEL: {zoo.labels[2].pk}},
    ),
    "m2m remove": (
        lambda zoo: zoo.note.labels.remove(zoo.labels[0]),
        lambda zoo, _: {NOTE: {zoo.note.pk}, LABEL: {zoo.labels[0].pk}},
    ),
    "m2m remove from the other side": (
        lambda zoo: zoo.labels[0].note_set.remove(zoo.note),
        lambda zoo, _: {NOTE: {zoo.note.pk}, LABEL: {zoo.labels[0].pk}},
    ),
    "m2m set": (
        lambda zoo: zoo.note.labels.set(zoo.labels[1:]),
        lambda zoo, _: {NOTE: {zoo.note.pk}, LABEL: {zoo.labels[0].pk, zoo.labels[2].pk}},
    ),
    "m2m set from the other side": (
        lambda zoo: zoo.labels[0].note_set.set([zoo.other]),
        lambda zoo, _: {NOTE: {zoo.note.pk, zoo.other.pk}, LABEL: {zoo.labels[0].pk}},
    ),
    "m2m clear": (lambda zoo: zoo.note.labels.clear(), lambda zoo, _: {NOTE: {zoo.note.pk}, LABEL: ANY}),
    "m2m clear from the other side": (
        lambda zoo: zoo.labels[0].note_set.clear(),
        lambda zoo, _: {NOTE: ANY, LABEL: {zoo.labels[0].pk}},
    ),
    "m2m create": (
        lambda zoo: zoo.note.labels.create(name="w"),
        lambda zoo, made: {NOTE: {zoo.note.pk}, LABEL: {made.pk}},
    ),
    "m2m through": (lambda zoo: Note.labels.through.objects.filter(note=zoo.note).delete(), lambda zoo, _: {TAGGED: ANY}),
    "inheritance save": (cafe_save, lambda zoo, _: {PLACE: {zoo.cafe.pk}, CAFE: {zoo.cafe.pk}}),
    "inheritance update": (
        lambda zoo: Cafe.objects.filter(pk=zoo.cafe.pk).update(seats=9),
        lambda zoo, _: {CAFE: {zoo.cafe.pk}},
    ),
    "inheritance delete": (  # Django also asks the table of the child class, which may continue the row
        lambda zoo: zoo.cafe.delete(),
        lambda zoo, _: {label: {zoo.cafe_pk} for label in (PLACE, CAFE, "zoo.EspressoBar")},  # type: ignore[attr-defined]
    ),
    "save with a uuid": (token_save, lambda zoo, _: {}),
    "raw by key": (
        raw_with('UPDATE "zoo_note" SET "rank" = 5 WHERE "zoo_note"."id" = %s', "note"),
        note_keys("note"),
    ),
    "raw executemany": (executemany, note_keys("note", "other")),
    "raw update": (raw("UPDATE zoo_note SET rank = 5 WHERE id = {pk}"), lambda zoo, _: {NOTE: ANY}),
    "raw lower case": (raw("update zoo_note set rank = 5 where id = {pk}"), lambda zoo, _: {NOTE: ANY}),
    "raw delete": (raw("DELETE FROM zoo_guard WHERE id = {pk}"), lambda zoo, _: {"zoo.Guard": ANY}),
    "raw insert": (raw("INSERT INTO zoo_label (name) VALUES ('w')"), lambda zoo, _: {LABEL: ANY}),
    "raw insert of several": (raw("INSERT INTO zoo_label (name) VALUES ('w'), ('v')"), lambda zoo, _: {LABEL: ANY}),
    "raw insert of a query": (raw("INSERT INTO zoo_label (name) SELECT title FROM zoo_note"), lambda zoo, _: {LABEL: ANY}),
    "raw with a comment": (raw("/* by hand */ UPDATE zoo_note SET rank = 5"), lambda zoo, _: {NOTE: ANY}),
    "raw with a common table": (
        raw("WITH x AS (SELECT 1) UPDATE zoo_note SET rank = 5 WHERE id IN (SELECT {pk} FROM x)"),
        lambda zoo, _: {NOTE: ANY},
    ),
    "notify with keys": (lambda zoo: notify(Note, [7, 9]), lambda zoo, _: {NOTE: {7, 9}}),
    "notify of any row": (lambda zoo: notify(LoudNote), lambda zoo, _: {NOTE: ANY}),
}  # fmt: skip


def perform(name: str, zoo: Zoo) -> dict[str, set[Any] | None]:
    """Do the write; returns what is to be told of it, at least."""
    write, expected = WRITES[name]
    zoo.gone, zoo.cafe_pk = zoo.other.pk, zoo.cafe.pk  # type: ignore[attr-defined]
    owned, children, labelled = zoo.note.pk, zoo.child.pk, zoo.owner.pk
    made = write(zoo)
    if name == "delete with cascades":
        return {NOTE: {owned, children}, "auth.User": {labelled}}
    if name == "delete by query":
        return {NOTE: {zoo.other.pk}}
    if name == "save with a uuid":
        return {"zoo.Token": {zoo.token.pk}}
    return expected(zoo, made)


EXACT = {"m2m through", "delete with cascades", "delete by query", "delete"}
"""Django chooses how it deletes; more than the keys may be told."""


def covers(told: dict[str, set[Any] | None], expected: dict[str, set[Any] | None]) -> bool:
    return all(
        label in told and (told[label] is None or (keys is not None and keys <= (told[label] or set())))
        for label, keys in expected.items()
    )


@pytest.mark.parametrize("name", WRITES)
def test_a_write_in_autocommit_mode_is_told(name: str, told: Told, zoo: Zoo) -> None:
    expected = perform(name, zoo)
    merged = Changes()
    for publication in told.publications:
        merged.merge(Changes({label: keys for label, keys in publication.items() if keys != set()}))
    if name in EXACT or name == "save with a uuid":
        assert covers(_portable(merged.keys), _portable(expected))
    else:
        assert merged.keys == expected


@pytest.mark.parametrize("name", WRITES)
def test_a_write_in_a_transaction_is_told_once_and_at_commit(name: str, told: Told, zoo: Zoo) -> None:
    with transaction.atomic():
        expected = perform(name, zoo)
        assert told.publications == []
    if name in EXACT or name == "save with a uuid":
        assert covers(_portable(told.once()), _portable(expected))
    else:
        assert told.once() == expected


def _portable(keys: dict[str, set[Any] | None]) -> dict[str, set[Any] | None]:
    """SQLite is given UUIDs as 32 hex digits, and that is what the wrapper sees."""
    return {label: found and {str(key).replace("-", "") for key in found} for label, found in keys.items()}


@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_is_rolled_back_is_never_told(name: str, told: Told, zoo: Zoo) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        perform(name, zoo)
        raise ZeroDivisionError
    notify(Precious, [1])
    with transaction.atomic():
        notify(Precious, [2])
    assert told.publications == [{"zoo.Precious": {1}}, {"zoo.Precious": {2}}]


@pytest.mark.parametrize("name", WRITES)
def test_a_write_whose_savepoint_is_rolled_back_is_not_told_with_the_rest(name: str, told: Told, zoo: Zoo) -> None:
    with transaction.atomic():
        notify(Precious, [1])
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            perform(name, zoo)
            raise ZeroDivisionError
        notify(Precious, [2])
    assert told.publications == [{"zoo.Precious": {1, 2}}]


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("is_savepoint", [False, True])
def test_several_writes_of_one_transaction_are_one_publication(
    durable: bool, is_savepoint: bool, told: Told, zoo: Zoo
) -> None:
    with transaction.atomic(durable=durable):
        Note.objects.filter(pk=zoo.note.pk).update(rank=1)
        with transaction.atomic(savepoint=is_savepoint):
            made = Note.objects.create(title="n")
            zoo.cafe.save()
        zoo.labels[0].save()
    assert told.once() == {
        NOTE: {zoo.note.pk, made.pk},
        LABEL: {zoo.labels[0].pk},
        PLACE: {zoo.cafe.pk},
        CAFE: {zoo.cafe.pk},
    }


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
def test_what_survives_nested_savepoints_is_told_exactly(fates: tuple[bool, ...], told: Told) -> None:
    for _ in range(2):
        survived = nest(fates, itertools.count(1))
        assert told.publications == ([{NOTE: survived}] if survived else [])
        told.clear()
        notify(Note, [1000])
        assert told.publications == [{NOTE: {1000}}]
        told.clear()


@pytest.mark.parametrize("fates", [*itertools.product([True, False], repeat=3)], ids=str)
def test_rows_written_in_nested_savepoints_are_told_as_they_are_stored(fates: tuple[bool, ...], told: Told) -> None:
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
    assert told.publications == ([{NOTE: stored}] if stored else [])


def test_a_block_without_a_savepoint_shares_the_fate_of_the_one_around_it(told: Told) -> None:
    with transaction.atomic():
        notify(Note, [1])
        with pytest.raises(Undone), transaction.atomic():
            with transaction.atomic(savepoint=False):
                notify(Note, [2])
            raise Undone
        with transaction.atomic(savepoint=False):
            notify(Note, [3])
    assert told.publications == [{NOTE: {1, 3}}]


def test_savepoints_by_hand_are_followed_too(told: Told) -> None:
    with transaction.atomic():
        notify(Note, [1])
        sid: Any = connection.savepoint()
        connection.savepoint_rollback(sid)
        sid = connection.savepoint()
        connection.savepoint_commit(sid)
        notify(Note, [2])
    assert told.publications == [{NOTE: {1, 2}}]


def test_a_transaction_that_is_marked_for_rollback_is_not_told(told: Told) -> None:
    with transaction.atomic():
        notify(Note, [1])
        transaction.set_rollback(True)
    notify(Note, [2])
    assert told.publications == [{NOTE: {2}}]


def test_a_transaction_that_only_reads_is_not_told(told: Told, zoo: Zoo) -> None:
    with transaction.atomic():
        list(Note.objects.select_related("owner").prefetch_related("labels"))
        Note.objects.select_for_update().first()
        assert Note.objects.filter(rank=1).exists()
    assert told.publications == []


def test_a_failed_statement_is_not_told(told: Told, zoo: Zoo) -> None:
    with pytest.raises(IntegrityError):
        Precious.objects.create(name="p")
    assert told.publications == []
    with transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic():
            Precious.objects.create(name="p")
        notify(Note, [1])
    assert told.publications == [{NOTE: {1}}]


def test_an_insert_by_hand_is_told_even_after_a_save_that_failed(told: Told, zoo: Zoo) -> None:
    with pytest.raises(IntegrityError):
        Precious.objects.create(name="p")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO zoo_precious (name) VALUES ('q')")
    assert told.publications == [{"zoo.Precious": ANY}]


def test_a_transaction_is_told_even_after_a_save_whose_signal_handler_failed(told: Told, zoo: Zoo) -> None:
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
    told.clear()
    with transaction.atomic():
        made = Note.objects.create(title="n")
    assert len(told.publications) == 1
    assert covers(told.once(), {NOTE: {made.pk}})


def test_what_a_commit_hook_writes_is_told_after_what_was_committed(told: Told, zoo: Zoo) -> None:
    with transaction.atomic():
        transaction.on_commit(lambda: notify(Label, [1]))
        notify(Note, [1])
        transaction.on_commit(lambda: notify(Label, [2]))
    assert told.publications == [{NOTE: {1}}, {LABEL: {1}}, {LABEL: {2}}]


def test_a_commit_hook_that_fails_keeps_nothing_from_being_told(told: Told, zoo: Zoo) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        transaction.on_commit(fail)
        notify(Note, [1])
    assert told.publications == [{NOTE: {1}}]


def test_a_publisher_that_fails_breaks_no_write_and_no_other_publisher(
    told: Told, zoo: Zoo, caplog: pytest.LogCaptureFixture
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
    assert told.publications == [{NOTE: {zoo.note.pk}}] * 2
    assert "could not be published" in caplog.text


def test_a_call_learns_the_numbers_of_what_it_published(told: Told, zoo: Zoo) -> None:
    others = [publisher for publisher in recorder._publishers if publisher is not told]
    written: list[int] = []
    token = WRITTEN.set(written)
    try:
        recorder._publishers[:] = [told]
        zoo.note.save()
        with transaction.atomic():
            zoo.note.save()
            assert written == [1]
    finally:
        recorder._publishers[:] = [*others, told]
        WRITTEN.reset(token)
    assert written == [1, 2]


def test_a_write_to_what_is_ignored_or_unknown_is_not_told(told: Told) -> None:
    from django.contrib.contenttypes.models import ContentType

    ContentType.objects.create(app_label="x", model="y")
    ContentType.objects.filter(app_label="x")._raw_delete("default")  # without a cascade to zoo.Remark
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE elsewhere (n integer)")
        cursor.execute("INSERT INTO elsewhere (n) VALUES (1)")
        cursor.execute("DROP TABLE elsewhere")
    assert told.publications == []


def test_a_schema_before_the_table_does_not_hide_it(told: Told, zoo: Zoo) -> None:
    schema = "public" if connection.vendor == "postgresql" else "main"
    for table in (f'"{schema}"."zoo_note"', f"{schema}.zoo_note"):
        told.clear()
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET rank = 5")
        assert told.once() == {NOTE: ANY}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="psycopg's own statement objects")
def test_a_statement_that_is_no_text_is_told_as_well(told: Told, zoo: Zoo) -> None:
    from psycopg import sql

    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("UPDATE {} SET rank = 5").format(sql.Identifier("zoo_note")))
        cursor.execute(sql.SQL("SELECT 1 FROM {}").format(sql.Identifier("zoo_label")))
    assert told.publications == [{NOTE: ANY}]


def test_a_new_row_of_an_inheriting_model_is_told_with_its_parent(told: Told) -> None:
    with transaction.atomic():
        made = Cafe.objects.create(name="n")
    assert told.once() == {PLACE: {made.pk}, CAFE: {made.pk}}
    told.clear()
    made = Cafe.objects.create(name="m")
    assert covers(told.publications[0], {PLACE: {made.pk}, CAFE: {made.pk}})


def test_a_protected_row_that_stays_is_not_told(told: Told, zoo: Zoo) -> None:
    from django.db.models import ProtectedError

    Guard.objects.create(precious=zoo.precious)
    told.clear()
    with pytest.raises(ProtectedError):
        zoo.precious.delete()
    assert told.publications == []


def test_the_example_of_the_docstring_is_true(told: Told) -> None:
    notify(Place, [7, 9], using=DEFAULT_DB_ALIAS)
    notify(Place)
    assert told.publications == [{PLACE: {7, 9}}, {PLACE: ANY}]


@pytest.mark.django_db(transaction=True, databases=["default", "archive"])
def test_each_database_has_transactions_of_its_own(told: Told) -> None:
    with pytest.raises(Undone), transaction.atomic():
        Precious.objects.create(name="undone")
        with transaction.atomic(using="archive"):
            kept = Precious.objects.using("archive").create(name="kept")
        assert told.publications == [{"zoo.Precious": {kept.pk}}]
        raise Undone
    assert told.publications == [{"zoo.Precious": {kept.pk}}]
    with pytest.raises(Undone), transaction.atomic(using="archive"):
        Precious.objects.using("archive").filter(pk=kept.pk).update(name="undone")
        stored = Precious.objects.create(name="stored")
        raise Undone
    assert told.publications[1:] == [{"zoo.Precious": {stored.pk}}]


def test_outside_of_a_testcase_everything_is_noted_whoever_listens(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody may come between a write and its commit."""
    monkeypatch.setattr(recorder, "is_heard", lambda: False)
    with transaction.atomic():
        note = Note.objects.create(title="a")
        assert told.publications == []
    assert told.once() == {NOTE: {note.pk}}


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
