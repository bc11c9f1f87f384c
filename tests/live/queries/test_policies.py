"""Where PostgreSQL's own policies say whose a row is, a live list is what they show its reader."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.backends.signals import connection_created
from rest_framework.permissions import BasePermission

from channels_binding import threads
from channels_binding.consumers import AsyncBinding
from channels_binding.live.queries import policies
from channels_binding.live.queries.policies import labels_of_policies
from tests.conftest import Connect
from tests.live.test_hub.shown import in_thread
from tests.live.test_hub.test_unusual import shows_the_truth
from tests.project.zoo.models import Label, Note, Precious


class Knows(BasePermission):
    """Tells the database who asks, before each action and each evaluation."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if connection.vendor == "postgresql":
            run(f"SELECT set_config('app.user', '{request.user.pk}', false)")
        return True


class GuardedBinding(AsyncBinding):
    stream = "tests.GuardedNote"
    model = Note
    fields = ("id", "title", "rank")
    filterset_fields = ("title", "rank")
    permission_classes = (Knows,)


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


def plain_role(connection: Any) -> str:
    """A role is the server's: each database has one of its own, since other processes test on the same server."""
    return f'"reader_of_{connection.settings_dict["NAME"]}"'


def as_plain_role(connection: Any, **_: Any) -> None:
    """The owner of the tests' database passes by all policies."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {plain_role(connection)}")


@pytest.fixture
def guarded(transactional_db: None) -> Iterator[None]:
    """Notes are their owner's, and everybody's while there is something precious. On SQLite nothing of it is so."""
    policies._policies.cache_clear()
    if connection.vendor != "postgresql":
        yield
        return
    reader = plain_role(connection)
    run(
        f"DO $$ BEGIN CREATE ROLE {reader}; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {reader}",
        f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {reader}",
        "ALTER TABLE zoo_note ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY owned ON zoo_note USING (owner_id::text = current_setting('app.user', true)"
        " OR EXISTS (SELECT 1 FROM zoo_precious)) WITH CHECK (true)",
    )
    connection_created.connect(as_plain_role)
    threads.shut_down()
    connections.close_all()
    yield
    connection_created.disconnect(as_plain_role)
    threads.shut_down()
    connections.close_all()
    run("DROP POLICY owned ON zoo_note", "ALTER TABLE zoo_note DISABLE ROW LEVEL SECURITY")
    run(f"DROP OWNED BY {reader}", f"DROP ROLE {reader}")
    policies._policies.cache_clear()


def as_somebody(user: Any, write: Any) -> None:
    if connection.vendor == "postgresql":
        run(f"SELECT set_config('app.user', '{user.pk}', false)")
    write()


async def test_a_row_enters_the_list_of_whom_the_database_shows_it(
    guarded: None, connect: Connect, user: Any, stranger: Any
) -> None:
    """Of two lists at least one is not of whoever's the connection was before."""
    notes = {each: Note(title="a", owner=each) for each in (user, stranger)}
    for each, note in notes.items():
        await in_thread(as_somebody)(each, note.save)
    others = await connect(stranger)
    theirs = await others.live("tests.GuardedNote.search", {"filters": {"rank": 2}})

    def write() -> None:
        with transaction.atomic():
            for rank, (each, note) in enumerate(notes.items(), start=1):
                as_somebody(each, lambda key=note.pk, rank=rank: Note.objects.filter(pk=key).update(rank=rank))

    rows, _ = await shows_the_truth(await connect(user), "tests.GuardedNote", write, filters={"rank": 1})
    theirs.apply(await others.receive())
    if connection.vendor == "postgresql":
        assert [[row["id"] for row in each] for each in (rows, theirs.rows)] == [[note.pk] for note in notes.values()]


@pytest.mark.parametrize("action", ["search#a", "subscribe"])
async def test_what_a_policy_looks_up_counts(
    action: str, guarded: None, connect: Connect, user: Any, stranger: Any
) -> None:
    if connection.vendor != "postgresql":
        assert labels_of_policies({Note}, "default") is None
        return
    await in_thread(as_somebody)(user, Note(title="a", owner=user).save)
    socket = await connect(stranger)
    await socket.call(f"tests.GuardedNote.{action}")
    await Precious.objects.acreate(name="it")
    push = await socket.receive()
    row = push["data"]["put"][0][1] if action == "search#a" else push["data"]
    assert row["title"] == "a"


def test_tables_without_policies_are_no_matter(guarded: None) -> None:
    assert labels_of_policies({Label, Precious}, "default") is None
    found = labels_of_policies({Label, Note}, "default")
    assert found == ({"zoo.Precious"} if connection.vendor == "postgresql" else None)
