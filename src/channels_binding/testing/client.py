"""``BindingClient``: the calls of one user as plain functions, without a server or a socket."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser

from channels_binding.calls.call import Call, Reading
from channels_binding.dispatch.perform import perform
from channels_binding.exception_handler import as_error
from channels_binding.exceptions import Internal
from channels_binding.protocol import codecs
from channels_binding.protocol.messages import split_event


@dataclass(frozen=True)
class Message:
    """What a handler has sent: ``Message("dispatch", "app.Order.closed", {"id": 7})``."""

    kind: str
    """``reflect``, ``dispatch``, ``broadcast`` or ``send_to``."""
    event: str
    """Its whole name: ``app.Order.closed``."""
    data: Any
    """What was sent."""
    user: Any = None
    """The key of the user to whom it was sent, with ``send_to``."""


class BindingClient:
    """Calls of one user, as plain functions and as coroutines, performed as those of a socket are.

    >>> client = BindingClient(user)
    >>> page = client.search("app.Order", filters={"status": "open"}, page=2)
    >>> page["rows"][0]["title"]
    >>> await client.acall("app.Order.close", {"id": 7})

    Answers are what a client would see of them, as plain data. What is refused raises (``exceptions.Forbidden`` …).
    It runs where the test runs, so it sees the test's own transaction.
    """

    def __init__(self, user: Any = None) -> None:
        self.user = AnonymousUser() if user is None else user
        self.sent: list[Message] = []
        """What handlers have sent so far, in order."""

    def call(self, event: str, data: Mapping[str, Any] | None = None, **members: Any) -> Any:
        """Answer ``app.Order.close`` with its data.

        Args:
            **members: Of the Call: ``key``, ``if_version``, ``files``.
        """
        stream, action, hash_ = split_event(event)
        handler_messages = _RecordedMessages(self, f"{stream}.{action}")
        call = Call(
            stream, action, _plain(data or {}), self.user, hash=hash_, handler_messages=handler_messages, **members
        )
        try:
            answer = perform(call)
        except Exception as exception:
            error = as_error(exception)
            raise (exception if isinstance(error, Internal) else error) from exception
        return (handler_messages.reflected or {}) if answer is None else _plain(answer)

    def search(self, stream: str, **data: Any) -> Any:
        """``search("app.Order", page=2, order="-amount")`` → ``{"page": 2, "count": …, "rows": […]}``."""
        return self.call(f"{stream}.search", data)

    def list(self, stream: str, **data: Any) -> Any:
        """Every row that matches."""
        return self.call(f"{stream}.list", data)

    def retrieve(self, stream: str, id: Any, **data: Any) -> Any:
        """One row."""
        return self.call(f"{stream}.retrieve", {"id": id, **data})

    def create(self, stream: str, **fields: Any) -> Any:
        """A new row."""
        return self.call(f"{stream}.create", fields)

    def update(self, stream: str, id: Any, **fields: Any) -> Any:
        """Some fields of a row."""
        return self.call(f"{stream}.update", {"id": id, **fields})

    def save(self, stream: str, **fields: Any) -> Any:
        """``update`` with an ``id``, ``create`` without."""
        return self.call(f"{stream}.save", fields)

    def delete(self, stream: str, id: Any) -> Any:
        """A row, away."""
        return self.call(f"{stream}.delete", {"id": id})

    def form(self, stream: str, id: Any = None, submit: Mapping[str, Any] | None = None) -> Any:
        """The form of a row or a new one; with ``submit`` it is validated and saved."""
        given = {"id": id, "submit": submit}
        return self.call(f"{stream}.form", {name: value for name, value in given.items() if value is not None})

    def describe(self, stream: str) -> Any:
        """What a UI needs to know of the stream."""
        return self.call(f"{stream}.describe")

    async def acall(self, event: str, data: Mapping[str, Any] | None = None, **members: Any) -> Any:
        """``call`` for coroutine tests. Every other method has such a twin: ``await client.asearch("app.Order")``."""
        return await sync_to_async(self.call)(event, data, **members)

    async def asearch(self, stream: str, **data: Any) -> Any:
        return await sync_to_async(self.search)(stream, **data)

    async def alist(self, stream: str, **data: Any) -> Any:
        return await sync_to_async(self.list)(stream, **data)

    async def aretrieve(self, stream: str, id: Any, **data: Any) -> Any:
        return await sync_to_async(self.retrieve)(stream, id, **data)

    async def acreate(self, stream: str, **fields: Any) -> Any:
        return await sync_to_async(self.create)(stream, **fields)

    async def aupdate(self, stream: str, id: Any, **fields: Any) -> Any:
        return await sync_to_async(self.update)(stream, id, **fields)

    async def asave(self, stream: str, **fields: Any) -> Any:
        return await sync_to_async(self.save)(stream, **fields)

    async def adelete(self, stream: str, id: Any) -> Any:
        return await sync_to_async(self.delete)(stream, id)

    async def aform(self, stream: str, id: Any = None, submit: Mapping[str, Any] | None = None) -> Any:
        return await sync_to_async(self.form)(stream, id, submit)

    async def adescribe(self, stream: str) -> Any:
        return await sync_to_async(self.describe)(stream)


class _RecordedMessages:
    """Notes what a handler sends, for the test to look at."""

    def __init__(self, client: BindingClient, event: str) -> None:
        self.client, self.event = client, event
        self.reflected: Any = None

    def admitted(self, stream: str, action: str) -> None:
        """Nothing stays open behind a call."""

    def become(self, user: Any) -> None:
        self.client.user = AnonymousUser() if user is None else user

    def reflect(self, event: str, data: Mapping[str, Any]) -> None:
        if event == self.event and self.reflected is None:
            self.reflected = _plain(data)
        self._note("reflect", event, data)

    def dispatch(self, stream: str, event: str, data: Mapping[str, Any]) -> None:
        self._note("dispatch", event, data)

    def broadcast(self, event: str, data: Mapping[str, Any]) -> None:
        self._note("broadcast", event, data)

    def send_to(self, user_pk: Any, event: str, data: Mapping[str, Any]) -> None:
        self._note("send_to", event, data, user_pk)

    def _note(self, kind: str, event: str, data: Mapping[str, Any], user: Any = None) -> None:
        self.client.sent.append(Message(kind, event, _plain(data), user))


def _plain(value: Any) -> Any:
    """What JSON makes of a value."""
    return codecs.parse(value.data if isinstance(value, Reading) else codecs.encode(value))
