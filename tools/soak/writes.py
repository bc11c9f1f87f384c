"""A process that writes, in every way that Django has. ``pause``, ``go`` and ``end`` come by standard input, a line each.

It answers ``pause`` and ``end`` with how often it has written in which way, as one line of JSON.
"""

import json
import random
import select
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.auth.models import Group  # noqa: E402
from django.db import Error, close_old_connections, connection, transaction  # noqa: E402
from tests.project.zoo.models import Label, Note  # noqa: E402

SECONDS_BETWEEN = 0.01
MOST_ROWS = 300
LABELS = 3


class Undone(Exception):
    """Rolls a transaction back."""


class Writer:
    """One way of writing each."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.users = [*get_user_model().objects.filter(username__in=("ann", "bob"))]
        self.labels = [
            *Label.objects.order_by("pk")[:LABELS]
        ]  # those of the writer before, whatever they are called by now
        self.labels += [Label.objects.create(name=f"l{number}") for number in range(len(self.labels), LABELS)]
        self.team = Group.objects.get_or_create(name="team")[0]

    def note(self) -> Note:
        return Note.objects.order_by("?").first() or self.fresh()

    def fresh(self, **values: Any) -> Note:
        given = {
            "title": f"w{self.chance.randrange(1_000)}",
            "rank": self.rank(),
            "owner": self.chance.choice(self.users),
        }
        return Note(**(given | values))

    def rank(self) -> int:
        chosen: int = self.chance.choice([*range(10), 77])
        return chosen

    def create(self) -> None:
        self.fresh().save()
        if Note.objects.count() > MOST_ROWS:
            Note.objects.filter(pk__in=Note.objects.order_by("pk").values("pk")[:50]).delete()

    def save(self) -> None:
        note = self.note()
        note.rank, note.title, note.done = self.rank(), f"s{self.chance.randrange(1_000)}", self.chance.random() < 0.5
        note.save()

    def save_of_one_field(self) -> None:
        note = self.note()
        note.owner = self.chance.choice(self.users)
        note.save(update_fields=["owner"])

    def update(self) -> None:
        Note.objects.filter(rank=self.rank()).update(done=self.chance.random() < 0.5, weight=self.rank())

    def update_then_save(self) -> None:
        self.update()
        self.save()

    def bulk_create(self) -> None:
        Note.objects.bulk_create(self.fresh() for _ in range(self.chance.randrange(1, 5)))

    def bulk_update(self) -> None:
        notes = [*Note.objects.order_by("?")[:5]]
        for note in notes:
            note.rank = self.rank()
        Note.objects.bulk_update(notes, ["rank"])

    def delete(self) -> None:
        Note.objects.filter(pk=self.note().pk).delete()

    def many_to_many(self) -> None:
        self.note().labels.set(self.chance.sample(self.labels, self.chance.randrange(3)))

    def related(self) -> None:
        label = self.chance.choice(self.labels)
        label.name = f"l{self.chance.randrange(9)}"
        label.save()

    def raw_sql(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE zoo_note SET weight = rank WHERE rank > %s", [self.chance.randrange(10)])

    def transaction(self) -> None:
        with transaction.atomic():
            self.save()
            self.update()
            self.create()

    def rolled_back(self) -> None:
        try:
            with transaction.atomic():
                self.save()
                self.delete()
                raise Undone
        except Undone:
            pass

    def permission(self) -> None:
        user = self.chance.choice(self.users)
        (user.groups.add if self.chance.random() < 0.5 else user.groups.remove)(self.team)


WAYS: dict[str, int] = {
    "create": 8, "save": 20, "save_of_one_field": 6, "update": 4, "update_then_save": 4, "bulk_create": 3, "bulk_update": 3,
    "delete": 8, "many_to_many": 6, "related": 1, "raw_sql": 2, "transaction": 3, "rolled_back": 2, "permission": 1,
}  # fmt: skip
"""How often each is chosen, compared with the others."""


def main(seed: int) -> None:
    chance, counted, is_paused = random.Random(seed), Counter[str](), False
    writer = _begun(chance)
    print("writing", flush=True)
    while True:
        if select.select([sys.stdin], [], [], None if is_paused else SECONDS_BETWEEN)[0]:
            command = sys.stdin.readline().strip()
            if command != "go":
                print(json.dumps(counted), flush=True)
            if command not in ("go", "pause"):
                return
            is_paused = command == "pause"
        elif _has_written(getattr(writer, way := chance.choices([*WAYS], [*WAYS.values()])[0])):
            counted[way] += 1


def _begun(chance: random.Random) -> Writer:
    while True:
        try:
            return Writer(chance)
        except Error:  # the database is restarting still
            close_old_connections()
            time.sleep(0.1)


def _has_written(way: Callable[[], None]) -> bool:
    try:
        way()
    except Error:  # the database is restarting
        close_old_connections()
        time.sleep(0.1)
        return False
    return True


if __name__ == "__main__":
    main(int(sys.argv[1]))
