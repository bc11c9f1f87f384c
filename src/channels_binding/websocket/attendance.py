"""The rooms that one socket is in: ``presence`` with ``meta`` (spec/protocol.md §2.4)."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from channels_binding.calls.call import Call
from channels_binding.dispatch.perform import find
from channels_binding.exceptions import Invalid, LimitExceeded, NotFound
from channels_binding.live.rooms.rooms import Stay
from channels_binding.protocol import codecs
from channels_binding.protocol.messages import Request
from channels_binding.protocol.session import Rate
from channels_binding.serializers.keys import as_pk
from channels_binding.websocket.socket import Socket


class Attendance:
    """Where one socket is."""

    def __init__(self, socket: Socket) -> None:
        settings = socket.settings
        self.socket = socket
        self.tab = secrets.token_urlsafe(9)
        """What the socket is called in rooms: nobody else is told the name of its connection."""
        self._rate = Rate(settings.PRESENCE_UPDATES_PER_SECOND, burst=settings.MAX_PRESENCE_ROOMS)

    async def answer(self, request: Request, make_call: Callable[[], Call]) -> Mapping[str, Any] | None:
        """Enter a room, change what is shown there, or leave it. None if the socket is gone.

        Args:
            make_call: The call, by whoever the socket belongs to at that moment.

        Raises:
            BindingError: Whatever refuses it.
        """
        meta = read_meta(request.data, self.socket.settings.MAX_PRESENCE_BYTES)
        asked = _without_meta(make_call())
        binding, _ = find(asked)
        stay = self._stay((asked.stream, as_pk(binding.key_of(asked.data))))
        if meta is None:
            if stay is not None:
                self._leave(stay)
            return {"success": True}
        self._rate.take(self.socket.hub.loop.time())
        if stay is not None:
            if stay.group.reading is None:
                raise NotFound()
            self.socket.hub.rooms.change(stay, meta)
        else:
            stay = await self._enter(request, meta, lambda: _without_meta(make_call()))
        return None if stay is None else {"success": True, "user": stay.user_key, "tab": self.tab}

    async def _enter(self, request: Request, meta: Mapping[str, Any], make_call: Callable[[], Call]) -> Stay | None:
        """As whoever the socket belongs to once that is found out; from then on nothing is awaited."""
        hub, socket = self.socket.hub, self.socket
        counted: list[Call] = []  # throttles count it once

        def asked() -> Call:
            counted.append(replace(make_call(), is_counted=any(each.is_counted for each in counted)))
            return counted[-1]

        while True:
            presence = hub.subscribers.presence(socket)
            opened = await hub.open_for(socket, asked)
            if opened is None:
                return None
            group, call = opened
            if group.reading is None:
                raise NotFound()
            user = await hub.rooms.describe(call)
            await hub.until_checked(socket)
            if hub.subscribers.is_present(presence):
                break
            if socket not in hub.subscribers:
                return None
        if group.reading is None:
            raise NotFound()
        kept = replace(call, user=socket.user, handler_messages=None)
        event = request.event.partition("#")[0]
        key = (kept.stream, *(group.keys or ()))
        name = f"{event}/{key[-1]}"  # by the key: an id that is null is no room of that name
        present = self._stay(key)
        if present is not None:  # entered meanwhile
            hub.rooms.change(present, meta)
            return present
        self._check_room(name)
        stay = hub.rooms.enter(group, socket, event, kept, tab=self.tab, meta=meta, user=user)
        socket.session.reads[name] = stay
        return stay

    def _check_room(self, name: str) -> None:
        self.socket.session.check_room(name, 0)
        most = self.socket.settings.MAX_PRESENCE_ROOMS
        if sum(isinstance(each, Stay) for each in self.socket.subscriptions) >= most:
            raise LimitExceeded(f"This connection is in {most} rooms (MAX_PRESENCE_ROOMS).", limit=most)

    def _stay(self, key: Any) -> Stay | None:
        return self.socket.hub.rooms.find(self.socket, key)

    def _leave(self, stay: Stay) -> None:
        self.socket.drop(stay)
        self.socket.hub.delivery.unsubscribe(stay)


def read_meta(data: Mapping[str, Any], most_bytes: int) -> dict[str, Any] | None:
    """``{"id": 7, "meta": {"editing": "title"}}`` → ``{"editing": "title"}``; None for who leaves.

    Raises:
        Invalid: It is no object, or too large.
    """
    meta = data["meta"]
    if meta is None:
        return None
    if not isinstance(meta, dict):
        raise Invalid.field("meta", "invalid", "'meta' is an object, or null to leave.")
    text = codecs.encode(meta)
    if len(text) > most_bytes:
        raise Invalid.field("meta", "max_length", f"'meta' may have {most_bytes} bytes; this one has {len(text)}.")
    plain: dict[str, Any] = codecs.parse(text)
    return plain


def _without_meta(call: Call) -> Call:
    return replace(
        call, data={name: value for name, value in call.data.items() if name != "meta"}, hash=None, have=None
    )
