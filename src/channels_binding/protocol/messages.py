"""Messages: what a frame asks for (or exactly what is wrong with it), and the frames that answer. No Django, no I/O.

The words are spec/protocol.md; section numbers below refer to it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from channels_binding.exceptions import BadRequest, BindingError
from channels_binding.protocol import codecs

SUBPROTOCOL = "cb.1.json"

CallId: TypeAlias = int | str
ID_LENGTH = 64
EVENT_LENGTH = 256

_HASH = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")


@dataclass(frozen=True, slots=True)
class Request:
    """One message of a client (§1).

    ``{"event": "app.Order.search#h1", "id": 7, "data": {"page": 2}}`` →
    ``Request(event="app.Order.search#h1", stream="app.Order", action="search", hash="h1", id=7, data={"page": 2})``
    """

    event: str
    stream: str
    action: str
    hash: str | None = None
    id: CallId | None = None
    data: dict[str, Any] = field(default_factory=dict)
    key: str | None = None
    have: dict[str, Any] | None = None
    if_version: str | None = None

    @property
    def is_system(self) -> bool:
        """Whether the name belongs to the protocol (``cb.pong``) and not to a stream."""
        return self.event.startswith("cb.")


@dataclass(frozen=True, slots=True)
class Malformed:
    """A message that is none, with as much of its event and id as could be read, for the answer."""

    error: BindingError
    event: str | None = None
    id: CallId | None = None


def read_frame(value: Any, *, max_batch: int) -> list[Request | Malformed]:
    """A decoded frame → its messages, each valid or not by itself."""
    if not isinstance(value, list):
        return [read_message(value)]
    if len(value) > max_batch:
        return [Malformed(BadRequest(f"A frame may hold {max_batch} messages; this one has {len(value)}."))]
    if not value:
        return [Malformed(BadRequest("The frame is an empty array."))]
    return [read_message(message) for message in value]


def refused_frame(error: BindingError, *, max_batch: int) -> list[Malformed]:
    """A frame that is refused → its messages, each with the same error: without event and id where it is no JSON."""
    value = error.value if isinstance(error, codecs.Unfit) else None
    said = value if isinstance(value, list) and 0 < len(value) <= max_batch else [value]
    return [Malformed(error, *_event_and_id(message)) for message in said]


def _event_and_id(message: Any) -> tuple[str | None, CallId | None]:
    """As much of the event and id of a message as can be read, for the answer."""
    if not isinstance(message, dict):
        return None, None
    event, call_id = message.get("event"), message.get("id")
    is_readable = isinstance(event, str) and len(event) <= EVENT_LENGTH
    return event if is_readable else None, call_id if _is_id(call_id) else None


def read_message(message: Any) -> Request | Malformed:
    """One decoded message → a Request, or what is wrong with it. Never raises."""
    if not isinstance(message, dict):
        return Malformed(BadRequest('A message is an object: {"event": …, "data": {…}}.'))
    try:
        return _request(message, message.get("event"), message.get("id"))
    except BadRequest as error:
        return Malformed(error, *_event_and_id(message))


def _request(message: Mapping[str, Any], event: Any, call_id: Any) -> Request:
    if call_id is not None and not _is_id(call_id):
        raise BadRequest(f"'id' is an integer below 2^53, or text of 1 to {ID_LENGTH} characters.")
    stream, action, hash_ = split_event(event)
    return Request(
        event=event,
        stream=stream,
        action=action,
        hash=hash_,
        id=call_id,
        data=_member(message, "data", dict) or {},
        key=_short_text(message, "key"),
        have=_member(message, "have", dict),
        if_version=_short_text(message, "if"),
    )


def split_event(event: Any) -> tuple[str, str, str | None]:
    """``"app.Order.search#h1"`` → ``("app.Order", "search", "h1")``.

    Raises:
        BadRequest: The name has no stream, no action, or a hash of other characters than ``A-Z a-z 0-9 _ -``.
    """
    if not isinstance(event, str) or len(event) > EVENT_LENGTH:
        raise BadRequest(f"'event' is text of at most {EVENT_LENGTH} characters: \"stream.action\".")
    name, hash_mark, hash_ = event.partition("#")
    if hash_mark and not _HASH.match(hash_):
        raise BadRequest("A hash is 1 to 64 of A-Z, a-z, 0-9, _ and -.")
    stream, dot, action = name.rpartition(".")
    if not dot or not _NAME.match(stream) or not _NAME.match(action):
        raise BadRequest('An event is named "stream.action", with or without "#hash".')
    return stream, action, hash_ or None


def _is_id(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return abs(value) <= codecs.SAFE_INTEGER  # a larger one would be echoed as text
    return isinstance(value, str) and 0 < len(value) <= ID_LENGTH


def _member(message: Mapping[str, Any], name: str, kind: type) -> Any:
    value = message.get(name)
    if value is not None and not isinstance(value, kind):
        raise BadRequest(f"'{name}' is an object.")
    return value


def _short_text(message: Mapping[str, Any], name: str) -> str | None:
    value = message.get(name)
    if value is not None and not (isinstance(value, str) and 0 < len(value) <= 255):
        raise BadRequest(f"'{name}' is text of 1 to 255 characters.")
    return value


# Frames of the server. All are bytes of one JSON object, so that what many connections get is encoded once.


@dataclass(frozen=True, slots=True)
class Body:
    """A message without its ``event`` and ``id``: encoded once, sent to many.

    ``Body(data=b'{"count":3}', type="snapshot", v="8d21f0aa")``
    """

    data: bytes | None = None
    type: str | None = None
    v: str | None = None
    from_v: str | None = None
    etags: tuple[str, ...] | None = None
    error: BindingError | None = None

    def tail(self) -> bytes:
        """Everything after ``event`` and ``id``, closing brace included: ``,"type":"snapshot",…}``."""
        members = [
            _text_member(b"type", self.type),
            _text_member(b"from", self.from_v),
            _text_member(b"v", self.v),
            b"" if self.data is None else b',"data":' + self.data,
            b"" if self.etags is None else b',"etags":' + codecs.encode(self.etags),
            b"" if self.error is None else b',"error":' + codecs.encode(self.error.to_json()),
        ]
        return b"".join(members) + b"}"


def _text_member(name: bytes, value: str | None) -> bytes:
    return b"" if value is None else b',"%s":%s' % (name, codecs.encode(value))


def frame(event: str, tail: bytes, call_id: CallId | None = None) -> bytes:
    """``frame("a.B.search", b',"data":{}}', 7)`` → ``{"event":"a.B.search","id":7,"data":{}}``."""
    head = b'{"event":' + codecs.encode(event)
    return head + (b"" if call_id is None else b',"id":' + codecs.encode(call_id)) + tail


def message(event: str, data: Any, call_id: CallId | None = None) -> bytes:
    """An ordinary reply or push with plain data."""
    return frame(event, b',"data":' + codecs.encode(data) + b"}", call_id)


def failure(error: BindingError, event: str | None = None, call_id: CallId | None = None) -> bytes:
    """An error in answer to ``event``; ``cb.error`` where none could be read."""
    return frame(event or "cb.error", Body(error=error).tail(), call_id)


def batch(frames: Iterable[bytes]) -> bytes:
    """Several messages in one array frame; a single one as it is."""
    messages = list(frames)
    return messages[0] if len(messages) == 1 else codecs.joined(messages)
