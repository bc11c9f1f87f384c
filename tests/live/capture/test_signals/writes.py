"""Every kind of write, and what is published of it. A set of keys is exact; ANY means that any row may have changed."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import F

from channels_binding.live.capture.signals import notify
from channels_binding.live.capture.statements import any_label
from tests.live.capture.test_signals.published import ANY, CAFE, LABEL, NOTE, PLACE, TAGGED
from tests.project.zoo.models import Cafe, Label, LoudNote, Note, Precious, Token


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


POSTGRES: dict[str, tuple[Callable[[Zoo], Any], Expected]] = {
    "raw in several statements": (
        raw("UPDATE zoo_note SET rank = 5; UPDATE zoo_label SET name = 'w'"),
        lambda zoo, _: {NOTE: ANY, LABEL: ANY},
    ),
    "raw behind a read": (raw("SELECT 1; UPDATE zoo_note SET rank = 5"), lambda zoo, _: {NOTE: ANY}),
    "raw while it is explained": (raw("EXPLAIN ANALYZE UPDATE zoo_note SET rank = 5"), lambda zoo, _: {NOTE: ANY}),
    "raw in a common table": (
        raw("WITH x AS (UPDATE zoo_note SET rank = 5 RETURNING 1) SELECT * FROM x"),
        lambda zoo, _: {NOTE: ANY},
    ),
    "raw merge": (
        raw("MERGE INTO zoo_note USING (SELECT 1) x ON true WHEN MATCHED THEN UPDATE SET rank = 5"),
        lambda zoo, _: {NOTE: ANY},
    ),
    "raw in a block": (
        raw("DO $$ BEGIN UPDATE zoo_note SET rank = 5; END $$"),
        lambda zoo, _: dict.fromkeys(any_label()),
    ),
}
"""What only PostgreSQL takes."""
if connection.vendor != "postgresql":
    POSTGRES.clear()

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
    "raw change of a key": (
        raw_with('UPDATE "zoo_precious" SET "id" = 99 WHERE "zoo_precious"."id" = %s', "precious"),
        lambda zoo, _: {"zoo.Precious": ANY},
    ),
    "update of a key": (
        lambda zoo: Precious.objects.filter(pk=zoo.precious.pk).update(id=99),
        lambda zoo, _: {"zoo.Precious": ANY},
    ),
    **POSTGRES,
    "notify with keys": (lambda zoo: notify(Note, [7, 9]), lambda zoo, _: {NOTE: {7, 9}}),
    "notify of any row": (lambda zoo: notify(LoudNote), lambda zoo, _: {NOTE: ANY}),
}  # fmt: skip


def perform(name: str, zoo: Zoo) -> dict[str, set[Any] | None]:
    """Do the write; returns what is to be published of it, at least."""
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
"""Django chooses how it deletes; more than the keys may be published."""
