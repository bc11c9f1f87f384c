"""Commits, threads and connections of the tests of projects."""

from typing import Any

from django.contrib.auth import get_user_model
from django.test import TestCase

from channels_binding import threads
from channels_binding.live.hub import Hub
from channels_binding.testing import BindingCommunicator, committed, finish
from tests.project.zoo.models import Note


class CommittedTests(TestCase):
    """In a transaction that never commits."""

    def setUp(self) -> None:
        self.ann = get_user_model().objects.create_user("ann")

    async def test_a_socket_sees_the_transaction_and_hears_of_what_counts_as_committed(self) -> None:
        await Note.objects.acreate(title="before")
        socket = BindingCommunicator("/ws/", user=self.ann)
        assert await socket.open()
        notes = await socket.live("zoo.Note.search#a", {"order": "title"})
        assert [row["title"] for row in notes.rows] == ["before"]
        async with committed():
            await Note.objects.acreate(title="after")
        await socket.assert_live(notes)
        async with committed():
            await socket.call("zoo.Note.create", {"title": "by socket"})
            await Note.objects.filter(title="before").adelete()
        await socket.assert_live(notes)
        assert [row["title"] for row in notes.rows] == ["after", "by socket"]
        await socket.close()
        assert threads._borrowed == 0


async def test_finish_ends_the_hub_and_gives_the_connections_back(hub_ended: None, user: Any) -> None:
    socket = BindingCommunicator("/ws/", user=user)
    assert await socket.open()
    await socket.close()
    hub = Hub.current()
    await finish()
    assert hub not in Hub.all()
    assert threads._pool is None
