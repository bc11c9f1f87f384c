"""The recorded conversations of ``spec/transcripts/``, each a point."""

from contextlib import AsyncExitStack
from typing import Any

from channels_binding_conformance.checking import Check, expect_equal, point
from channels_binding_conformance.connection import Server
from channels_binding_conformance.specification import transcripts


def _player(transcript: dict[str, Any]) -> Check:
    async def play(server: Server) -> None:
        is_modern = transcript["subprotocol"] is not None
        user = None if "tokens" in transcript["fixture"] else "ann"
        async with AsyncExitStack() as stack:
            sockets = {}
            for name in dict.fromkeys(step.get("connection", "a") for step in transcript["steps"]):
                connection = server.connect(user, is_modern=is_modern, greets=False)
                sockets[name] = await stack.enter_async_context(connection)
            for number, step in enumerate(transcript["steps"]):
                socket = sockets[step.get("connection", "a")]
                if "send" in step:
                    await socket.send(step["send"])
                elif "close" in step:
                    expect_equal(step["close"], await socket.closed(), f"step {number}, close code")
                else:
                    expect_equal(step["receive"], await socket.receive(), f"step {number}")

    play.__doc__ = f"{transcript['about'][0].upper()}{transcript['about'][1:]}."
    return play


for _name, _transcript in transcripts().items():
    _fixture = {name: value for name, value in _transcript["fixture"].items() if name != "tokens"}
    point(f"transcript.{_name}", f"transcripts/{_name}.json", fixture=_fixture)(_player(_transcript))
