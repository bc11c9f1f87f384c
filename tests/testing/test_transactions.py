"""Commits, threads and connections of the tests of projects."""

from typing import Any

from django.contrib.auth import get_user_model
from django.test import TestCase

from channels_binding import threads
from channels_binding.bindings import AsyncBinding, bind
from channels_binding.calls import Call
from channels_binding.dispatch.batch import run_batch
from channels_binding.live.hub import Hub
from channels_binding.testing import BindingClient, BindingCommunicator, committed, finish
from tests.project.zoo.models import Note
from tests.throwaway import throwaway


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


class AwaitedHelpersTests(TestCase):
    """What a coroutine awaits of a binding sees the transaction in which it runs, however it was called."""

    def setUp(self) -> None:
        self.ann = get_user_model().objects.create_user("ann")
        self.note = Note.objects.create(title="x")
        throwaway_ = throwaway()
        throwaway_.__enter__()
        self.addCleanup(throwaway_.__exit__, None, None, None)

        class Closing(AsyncBinding):
            stream = "test.closing"
            model = Note
            fields = ("id", "title")

            @bind("close")
            async def close(self, data: Any) -> Any:
                note = await self.aget_object(data["id"])
                await self.update({"id": note.pk, "title": f"{note.title} closed"})
                reading = await self.retrieve({"id": note.pk})
                return {"title": self.decoded(reading.rows[0])["title"]}

        self.binding = Closing

    def test_a_handler_called_by_code(self) -> None:
        assert BindingClient(self.ann).call("test.closing.close", {"id": self.note.pk}) == {"title": "x closed"}

    async def test_a_handler_awaited_by_a_test(self) -> None:
        data = {"id": self.note.pk}
        assert await BindingClient(self.ann).acall("test.closing.close", data) == {"title": "x closed"}
        binding = self.binding(Call("test.closing", "close", data, self.ann))
        assert await binding.close(data) == {"title": "x closed closed"}
        assert (await binding.aget_object(self.note.pk)).title == "x closed closed"

    async def test_a_handler_over_http(self) -> None:
        await self.async_client.aforce_login(self.ann)
        answer = await self.async_client.post(
            "/api/test.closing/close/", {"id": self.note.pk}, content_type="application/json"
        )
        assert answer.json() == {"title": "x closed"}

    def test_an_operation_of_an_atomic_batch_after_a_create(self) -> None:
        ops = [
            {"event": "test.closing.create", "data": {"title": "new"}, "as": "note"},
            {"event": "test.closing.close", "data": {"id": {"$ref": "note.id"}}},
        ]
        batch = Call("cb", "batch", {"ops": ops}, self.ann)
        answer = run_batch(
            batch, lambda operation, data: batch.operation(operation.stream, operation.action, data, None)
        )
        assert answer["results"][1] == {"data": {"title": "new closed"}}
