"""What one process has open and has done, in numbers."""

import os
from typing import Any

from channels_binding.live import process_figures
from tests.conftest import Connect
from tests.live.test_hub.shown import make_notes


async def test_what_is_open_is_counted_and_what_was_done_grows(connect: Connect, user: Any, stranger: Any) -> None:
    await make_notes(3)
    sockets = [await connect(each) for each in (user, user, stranger)]
    before = process_figures()
    for socket in sockets:
        await socket.call("zoo.Note.search#h", {"query": "something private"})
    await sockets[0].call("zoo.OwnNote.search#h", {})
    found = process_figures()
    assert (found["process"], found["connections"], found["users"]) == (os.getpid(), 3, 2)
    assert (found["live_reads"], found["groups"]) == (4, 2)
    assert found["received"] - before["received"] == 4
    assert found["sent"] - before["sent"] == 4
    assert found["evaluations"] - before["evaluations"] == 2
    assert found["statements"] > before["statements"]
    first = found["largest"][0]
    assert (first["stream"], first["action"], first["readers"], first["whole"]) == ("zoo.Note", "search", 3, True)


async def test_nothing_is_said_of_whose_reads_these_are_and_what_they_ask(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.call("zoo.Note.search#h", {"query": "something private"})
    said = str(process_figures())
    assert "private" not in said
    assert f"'{user.pk}'" not in said
    assert set(process_figures()["largest"][0]) == {"stream", "action", "readers", "took_ms", "statements", "whole"}


async def test_pushes_are_counted_as_messages_that_were_sent(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.call("zoo.Note.search#h", {})
    before = process_figures()
    await make_notes(1)
    await socket.receive()
    after = process_figures()
    assert after["sent"] == before["sent"] + 1
    assert after["evaluations"] > before["evaluations"]
