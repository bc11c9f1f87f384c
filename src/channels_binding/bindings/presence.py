"""Who is at a row, or in a room: what may be asked, and what others see of a user. Who is there is known in ``live.rooms``.

A hub holds a live read of these actions for each connection that watches a room or is in it. What they answer shows nothing: it
says that the caller may, still.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.contrib.auth import get_user_model

from channels_binding.bindings.actions import builtin
from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.options import Answer, Data, refuse_unknown
from channels_binding.calls.call import Reading, Row
from channels_binding.exceptions import BadRequest, Invalid, NotFound
from channels_binding.protocol.names import PRESENCE
from channels_binding.serializers.keys import as_pk
from channels_binding.threads import settle

MAX_NAME = 128
"""Longest name of a room, in characters."""
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class PresenceMixin(BaseBinding):
    """presence, of rows."""

    def get_presence_user(self) -> Mapping[str, Any] | None:
        """What others who are there see of the caller: ``{"id": 7, "username": "ann"}``. None of nobody in particular.

        Where people sign in by an e-mail address, which is not for everybody, ``username`` is their short name, or ``#7``.
        Override it to show more. Everybody who may see the row sees it.
        """
        key = getattr(self.user, "pk", None)
        return None if key is None else {"id": as_pk(key), "username": _name_among_others(self.user)}

    @builtin(PRESENCE, is_read=True, view_action="retrieve")
    def watch_presence(self, data: Data) -> Answer:
        """Who is at a row: ``{"id": 7}``. With ``meta`` (on a socket) be there, too."""
        self._check_asked(data)
        key = self.key_of(data)
        reader = self.asked("retrieve", {"id": data["id"]})
        reader.trace = self.trace
        action = reader.get_action("retrieve")
        reader.check_permissions()
        settle(action.handler(reader, reader.call.data))
        return _admission(as_pk(key))

    def _check_asked(self, data: Data) -> None:
        refuse_unknown(data, {"id", "live", "meta"})
        if "meta" in data:
            raise BadRequest("Being there needs a WebSocket with the subprotocol cb.1.json; an event stream may watch.")
        if self.trace is None:
            raise BadRequest("Who is there is a live read: on a socket, or with Accept: text/event-stream.")


class RoomMixin(PresenceMixin):
    """presence, of rooms that have names."""

    presence = True
    rooms: ClassVar[Sequence[str]] = ()
    """Names of its rooms, beside the one without a name."""

    def may_enter(self, name: str) -> bool:
        """Whether there is such a room, for this caller. Override it where names are not known beforehand.

        What it reads from the database is followed: when that changes, it is asked again.
        """
        return not name or name in self.rooms

    @builtin(PRESENCE, is_read=True, view_action="retrieve")
    def watch_presence(self, data: Data) -> Answer:
        """Who is in a room: ``{"id": "lobby"}``. With ``meta`` (on a socket) be there, too."""
        self._check_asked(data)
        name = self.key_of(data)
        if not settle(self.may_enter(name)):
            raise NotFound()
        return _admission(name)

    def shows_host(self) -> bool:
        return False

    def key_of(self, data: Mapping[str, Any]) -> str:
        """The name of the room that is meant.

        Raises:
            Invalid: It is no text, or too long.
        """
        name = data.get("id")
        if name is None:
            return ""
        if not isinstance(name, str) or len(name) > MAX_NAME or _NO_TEXT.search(name):
            raise Invalid.field("id", "invalid", f"'id' is the name of a room: text of at most {MAX_NAME} characters.")
        return name


def _name_among_others(user: Any) -> str:
    email_field = getattr(type(user), "get_email_field_name", lambda: None)()
    if email_field is None or email_field != user.USERNAME_FIELD:
        return str(user.get_username())
    return getattr(user, "get_short_name", lambda: "")() or f"#{as_pk(user.pk)}"


def _admission(key: Any) -> Reading:
    """The caller may see who is there: nothing of the row, so that no change of it is a change of this."""
    return Reading((Row.of(key, {"id": key}),), is_single=True)


def member_key(user: Any, tab: str) -> str:
    """By which tabs of one user are one: the user's key. Who is nobody in particular is as many as there are tabs."""
    key = getattr(user, "pk", None)
    if key is None:
        return f"~{tab}"
    return str(as_pk(key)) if isinstance(user, get_user_model()) else f"{type(user).__name__}:{as_pk(key)}"
