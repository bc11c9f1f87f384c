"""Rows of a stream that come and go by other rows than themselves are told to who has subscribed to it."""

import asyncio
from typing import Any

import pytest
from django.db.models import Exists, OuterRef
from rest_framework.permissions import BasePermission

from channels_binding.consumers import AsyncBinding
from channels_binding.live import stream_group, streams
from channels_binding.live.hub import Hub
from tests.conftest import Connect
from tests.live.test_hub.shown import in_thread
from tests.project.zoo.models import Label, Note


class TopNoteBinding(AsyncBinding):
    """Rows that are there only as long as no other rows push them out."""

    stream, model, fields = "tests.TopNote", Note, ("id", "title")

    def get_queryset(self) -> Any:
        return Note.objects.order_by("-rank")[:2]


class LabelledNoteBinding(AsyncBinding):
    """Rows that another table decides of, which no row names."""

    stream, model, fields = "tests.LabelledNote", Note, ("id", "title")

    def get_queryset(self) -> Any:
        return Note.objects.filter(Exists(Label.objects.filter(name=OuterRef("title"))))


class AskedNoteBinding(AsyncBinding):
    """Rows that a statement of the hook's decides of."""

    stream, model, fields = "tests.AskedNote", Note, ("id", "title")

    def get_queryset(self) -> Any:
        return Note.objects.filter(title__in=[*Label.objects.values_list("name", flat=True)])


class JudgedNoteBinding(AsyncBinding):
    """Rows that an object permission decides of, by another table."""

    class Named(BasePermission):
        def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
            return bool(Label.objects.filter(name=obj.title).exists())

    stream, model, fields, permission_classes = "tests.JudgedNote", Note, ("id", "title"), (Named,)


async def test_a_row_that_another_row_pushes_out_leaves_and_comes_back(connect: Connect, user: Any) -> None:
    first, second = await in_thread(lambda: [Note.objects.create(title=t, rank=r) for r, t in ((1, "a"), (2, "b"))])()
    socket = await connect(user)
    await socket.call("tests.TopNote.subscribe")
    third = await in_thread(Note.objects.create)(title="c", rank=3)
    told = [await socket.receive() for _ in range(2)]
    assert [(each["event"], each["data"]["id"]) for each in told] == [
        ("tests.TopNote.retrieve", third.pk),
        ("tests.TopNote.delete", first.pk),
    ]
    await in_thread(Note.objects.filter(pk=second.pk).delete)()
    told = [await socket.receive() for _ in range(2)]
    assert {(each["event"], each["data"]["id"]) for each in told} == {
        ("tests.TopNote.delete", second.pk),
        ("tests.TopNote.retrieve", first.pk),
    }
    assert await socket.silent()


@pytest.mark.parametrize("stream", ["tests.LabelledNote", "tests.AskedNote", "tests.JudgedNote"])
async def test_a_row_comes_and_leaves_by_a_row_of_another_table(connect: Connect, user: Any, stream: str) -> None:
    note = await in_thread(Note.objects.create)(title="a")
    socket = await connect(user)
    await socket.call(f"{stream}.subscribe")
    label = await in_thread(Label.objects.create)(name="a")
    assert await socket.receive() == {"event": f"{stream}.retrieve", "data": {"id": note.pk, "title": "a"}}
    await in_thread(Label.objects.filter(pk=label.pk).update)(name="other")
    assert await socket.receive() == {"event": f"{stream}.delete", "data": {"id": note.pk}}
    assert await socket.silent()


async def test_a_row_that_goes_while_the_stream_is_loaded_is_told(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which other tables matter is known once it is loaded; what they are told meanwhile is not lost."""
    note, label = await in_thread(Note.objects.create)(title="a"), await in_thread(Label.objects.create)(name="a")
    socket = await connect(user)
    known_to = stream_group.known_to

    async def slowly(call: Any) -> Any:
        found = await known_to(call)
        await in_thread(label.delete)()
        await asyncio.sleep(0.1)  # the round that follows comes before it is loaded
        return found

    monkeypatch.setattr(streams, "known_to", slowly)
    await socket.call("tests.LabelledNote.subscribe")
    assert await socket.receive() == {"event": "tests.LabelledNote.delete", "data": {"id": note.pk}}


async def test_of_more_rows_than_are_remembered_none_is_told_as_gone_that_is_there(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_group, "MAX_KEYS", 2)
    notes = await in_thread(lambda: [Note.objects.create(title="a") for _ in range(4)])()
    await in_thread(Label.objects.create)(name="a")
    socket = await connect(user)
    await socket.call("tests.LabelledNote.subscribe")
    await in_thread(Note.objects.filter(pk=notes[3].pk).update)(rank=2)
    assert (await socket.receive())["data"]["id"] == notes[3].pk
    await in_thread(Label.objects.create)(name="b")
    assert await socket.silent()
    await in_thread(Label.objects.filter(name="a").delete)()
    told = [(await socket.receive())["data"] for _ in range(3)]
    assert told == [{"id": each.pk} for each in (*notes[:2], notes[3])]


async def test_what_the_clock_decides_is_told_by_the_audit(
    connect: Connect, user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = await in_thread(Note.objects.create)(title="a")
    socket = await connect(user)
    await socket.call("tests.AskedNote.subscribe")
    monkeypatch.setattr(AskedNoteBinding, "get_queryset", lambda self: Note.objects.all())  # nothing was written
    Hub.current().stream_groups.maintain(float("inf"))
    assert (await socket.receive())["data"] == {"id": note.pk, "title": "a"}
