"""Types that everything shares: JSON, hooks, and the protocols by which bindings and live queries see a connection."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, MutableMapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias

JSON: TypeAlias = dict[str, "JSON"] | list["JSON"] | str | int | float | bool | None
Pk: TypeAlias = int | str
"""A primary key as it travels: integers up to 2^53 as they are, everything else as text."""

Audience: TypeAlias = Hashable
"""What an answer depends on besides the query: ``("user", 7)``, ``("team", 3)``, ``("all",)``."""

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

TransportName: TypeAlias = Literal["websocket", "http", "code"]
"""What a call came by."""

Dialect: TypeAlias = Literal["seed", "cb.1"]
"""How a connection speaks: ``seed`` knows ``{event, data}`` only, ``cb.1`` asked for the subprotocol."""


class Subscriber(Protocol):
    """A connection as the hub sees it. A consumer's socket satisfies it, and so does an SSE stream."""

    id: str
    dialect: Dialect
    user: Any
    revision: int
    """How many times it has become known anew whose connection this is: another user, another token, or the user read again."""
    session_key: str | None
    scope: Mapping[str, Any]
    streams: dict[str, str]
    """Streams whose dispatched events this connection is sent, each with the action that it was admitted for."""

    @property
    def auth(self) -> Any:
        """What an authentication class has found beside the user (DRF's ``request.auth``): a token's row, a JWT."""

    @property
    def transport(self) -> TransportName:
        """What its calls come by."""

    @property
    def has_token(self) -> bool:
        """Whether a token says who this is."""

    async def identify(self) -> bool:
        """Ask again who this is, where a token says it. Returns whether the token says something else than before.

        Raises:
            Unauthenticated: The token is no longer good.
        """

    def refresh_user(self, user: Any) -> None:
        """The same user, read again; what was begun before is to be compared with it (``revision``)."""

    @property
    def subscriptions(self) -> Sequence[Any]:
        """Its live reads (``live.queries.Subscription``)."""

    @property
    def held_bytes(self) -> int:
        """What is kept in memory for it: what its live reads show, and what waits to be sent."""

    def drop(self, subscription: Any) -> None:
        """One of its live reads is over."""

    def push(self, frames: Sequence[bytes]) -> None:
        """Take messages (each one JSON object) of one batch. Never blocks, never raises; call it on the loop only."""

    @property
    def congested(self) -> bool:
        """Whether too much is unacknowledged; the hub then only marks this connection's reads as stale."""

    def overflow(self, event: str) -> None:
        """A message that is not repeated was not sent, because the connection is congested: report it to the client, once."""

    def end(self, code: int, reason: str) -> None:
        """Close the connection with a 44xx or 45xx code."""

    def go_away(self, reason: str, after_seconds: float) -> None:
        """Tell the client to come back elsewhere after a while."""

    async def retire(self, code: int, reason: str) -> None:
        """Close the connection once what it has asked for is answered."""


class HandlerMessages(Protocol):
    """Where a handler's own messages go. Each takes plain data, may be called from any thread, and never blocks."""

    def admitted(self, stream: str, action: str) -> None:
        """The caller passed the permissions of ``stream`` for ``action``: send what its handlers dispatch from now on."""

    def become(self, user: Any) -> None:
        """``login`` and ``logout``: once the call is answered, what it came by is this user's; None for nobody's."""

    def reflect(self, event: str, data: Mapping[str, Any]) -> None:
        """To the caller alone; ``event`` is the full name."""

    def dispatch(self, stream: str, event: str, data: Mapping[str, Any]) -> None:
        """To every connection that was admitted to ``stream``."""

    def broadcast(self, event: str, data: Mapping[str, Any]) -> None:
        """To every connection."""

    def send_to(self, user_pk: Any, event: str, data: Mapping[str, Any]) -> None:
        """To every connection of one user."""
