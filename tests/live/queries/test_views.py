"""A model whose table is a view is read again when what the view reads is written."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from channels_binding.consumers import AsyncBinding
from channels_binding.live.queries import views
from channels_binding.live.queries.views import labels_behind
from tests.conftest import Connect
from tests.live.test_hub.shown import in_thread
from tests.live.test_hub.test_unusual import shows_the_truth
from tests.project.zoo.models import Label, Note, Precious, Tiny


class TinyViewBinding(AsyncBinding):
    stream = "tests.TinyView"
    model = Tiny
    fields = ("id", "name")
    filterset_fields = ("name",)


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


@pytest.fixture
def view(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """``Tiny`` is no table for a while, but what a view of a view shows of notes."""
    views._behind.cache_clear()
    monkeypatch.setattr(Tiny._meta, "managed", False)
    monkeypatch.setattr(Precious._meta, "managed", False)
    run(
        "ALTER TABLE zoo_tiny RENAME TO kept_tiny",
        "ALTER TABLE zoo_precious RENAME TO kept_precious",
        "CREATE VIEW zoo_precious AS SELECT id, title AS name FROM zoo_note WHERE done",
        "CREATE VIEW zoo_tiny AS SELECT id, name FROM zoo_precious",
    )
    yield
    run(
        "DROP VIEW zoo_tiny",
        "DROP VIEW zoo_precious",
        "ALTER TABLE kept_precious RENAME TO zoo_precious",
        "ALTER TABLE kept_tiny RENAME TO zoo_tiny",
    )
    views._behind.cache_clear()


def test_the_tables_behind_a_view_are_found_through_views(view: None) -> None:
    assert labels_behind({Tiny, Label}, "default") == {"zoo.Precious", "zoo.Note"}


@pytest.mark.django_db
def test_of_a_table_nothing_is_asked_and_of_one_that_django_does_not_manage_once(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    views._behind.cache_clear()
    with django_assert_num_queries(0):
        assert labels_behind({Tiny, Label}, "default") == set()
    views._behind.cache_clear()
    monkeypatch.setattr(Tiny._meta, "managed", False)
    with django_assert_num_queries(1):
        assert labels_behind({Tiny}, "default") == labels_behind({Tiny}, "default") == set()
    views._behind.cache_clear()


@pytest.mark.parametrize("data", [{}, {"filters": {"name": "new"}}, {"order": "-name"}], ids=str)
async def test_a_live_list_of_a_view_follows_its_tables(
    data: dict[str, Any], view: None, connect: Connect, user: Any
) -> None:
    socket = await connect(user)
    rows, _ = await shows_the_truth(
        socket, "tests.TinyView", lambda: Note.objects.create(title="new", done=True), **data
    )
    assert [row["name"] for row in rows] == ["new"]
    await shows_the_truth(socket, "tests.TinyView", lambda: Note.objects.filter(title="new").update(done=False), **data)


async def test_who_subscribes_to_a_view_is_sent_what_changes_there(view: None, connect: Connect, user: Any) -> None:
    note = await in_thread(Note.objects.create)(title="a", done=True)
    socket = await connect(user)
    await socket.call("tests.TinyView.subscribe")
    await in_thread(Note.objects.filter(pk=note.pk).update)(title="b")
    assert (await socket.receive())["data"] == {"id": note.pk, "name": "b"}
    await in_thread(Note.objects.filter(pk=note.pk).update)(done=False)
    assert await socket.receive() == {"event": "tests.TinyView.delete", "data": {"id": note.pk}}
