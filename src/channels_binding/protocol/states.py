"""What follows what on a socket: connection × event, as one table, which ``Session`` goes by.

docs/reference/server-states.md shows it.
"""

from collections.abc import Mapping
from enum import StrEnum

from channels_binding.protocol.messages import Malformed, Request


class State(StrEnum):
    """Where a connection stands."""

    PENDING = "pending"
    """Nobody knows yet whose it is: with ``cb.1``, and only where tokens are taken."""
    OPEN = "open"
    PLAIN = "plain"
    """Open, without a subprotocol."""
    CLOSING = "closing"
    """It is closed with 4401 once what was sent before has left."""
    CLOSED = "closed"


class Event(StrEnum):
    """What arrives (up to ``CALL``), and what else happens."""

    MALFORMED = "malformed"
    """A frame or a message that is none."""
    AUTH = "cb.auth"
    LOCALE = "cb.locale"
    PING = "cb.ping"
    PONG = "cb.pong"
    BATCH = "cb.batch"
    UNHEARD_OF = "cb.…"
    """Another name of the protocol."""
    CALL = "call"
    KNOWN = "known"
    """A token is good."""
    UNKNOWN = "unknown"
    """A token is not."""
    LATE = "late"
    """The time for ``cb.auth`` is over."""
    SIGNED_OUT = "signed out"
    """It is nobody's any more, where that is not allowed."""
    ENDED = "ended"
    """Either side has closed it."""


class Act(StrEnum):
    """What is done about it."""

    NOTHING = ""
    REFUSE = "refuse"
    """What is wrong with it is answered."""
    ASK_WHO = "unauthenticated"
    NEEDS_PROTOCOL = "bad_request: needs cb.1.json"
    NO_SUCH_NAME = "bad_request: no such message"
    AUTHENTICATE = "authenticate"
    """What follows in the frame, and later ones, wait for it."""
    SPEAK = "locale"
    """Likewise."""
    ANSWER_PING = "cb.pong"
    ACKNOWLEDGE = "acknowledge"
    SERVE = "serve"
    ADMIT = "hello"
    """Be whoever the token says, and begin."""
    BECOME = "become"
    """Be whoever the token says, and evaluate every live read as that user."""
    SAY_GOODBYE = "4401"
    CLOSE = "close"


Step = tuple[Act, State]
"""What is done, and where the connection stands then."""


def _over(state: State, ended: Step) -> dict[Event, Step]:
    """Of a connection that nothing is said on any more."""
    return dict.fromkeys(Event, (Act.NOTHING, state)) | {Event.ENDED: ended}


CONNECTION: Mapping[State, Mapping[Event, Step]] = {
    State.PENDING: {
        Event.MALFORMED: (Act.REFUSE, State.PENDING),
        Event.AUTH: (Act.AUTHENTICATE, State.PENDING),
        Event.LOCALE: (Act.ASK_WHO, State.PENDING),
        Event.PING: (Act.ASK_WHO, State.PENDING),
        Event.PONG: (Act.ASK_WHO, State.PENDING),
        Event.BATCH: (Act.ASK_WHO, State.PENDING),
        Event.UNHEARD_OF: (Act.ASK_WHO, State.PENDING),
        Event.CALL: (Act.ASK_WHO, State.PENDING),
        Event.KNOWN: (Act.ADMIT, State.OPEN),
        Event.UNKNOWN: (Act.SAY_GOODBYE, State.CLOSING),
        Event.LATE: (Act.SAY_GOODBYE, State.CLOSING),
        Event.SIGNED_OUT: (Act.NOTHING, State.PENDING),
        Event.ENDED: (Act.CLOSE, State.CLOSED),
    },
    State.OPEN: {
        Event.MALFORMED: (Act.REFUSE, State.OPEN),
        Event.AUTH: (Act.AUTHENTICATE, State.OPEN),
        Event.LOCALE: (Act.SPEAK, State.OPEN),
        Event.PING: (Act.ANSWER_PING, State.OPEN),
        Event.PONG: (Act.ACKNOWLEDGE, State.OPEN),
        Event.BATCH: (Act.SERVE, State.OPEN),
        Event.UNHEARD_OF: (Act.NO_SUCH_NAME, State.OPEN),
        Event.CALL: (Act.SERVE, State.OPEN),
        Event.KNOWN: (Act.BECOME, State.OPEN),
        Event.UNKNOWN: (Act.NOTHING, State.OPEN),
        Event.LATE: (Act.NOTHING, State.OPEN),
        Event.SIGNED_OUT: (Act.SAY_GOODBYE, State.CLOSING),
        Event.ENDED: (Act.CLOSE, State.CLOSED),
    },
    State.PLAIN: {
        Event.MALFORMED: (Act.REFUSE, State.PLAIN),
        Event.AUTH: (Act.NEEDS_PROTOCOL, State.PLAIN),
        Event.LOCALE: (Act.NEEDS_PROTOCOL, State.PLAIN),
        Event.PING: (Act.NEEDS_PROTOCOL, State.PLAIN),
        Event.PONG: (Act.NEEDS_PROTOCOL, State.PLAIN),
        Event.BATCH: (Act.NEEDS_PROTOCOL, State.PLAIN),
        Event.UNHEARD_OF: (Act.NEEDS_PROTOCOL, State.PLAIN),
        Event.CALL: (Act.SERVE, State.PLAIN),
        Event.KNOWN: (Act.NOTHING, State.PLAIN),
        Event.UNKNOWN: (Act.NOTHING, State.PLAIN),
        Event.LATE: (Act.NOTHING, State.PLAIN),
        Event.SIGNED_OUT: (Act.SAY_GOODBYE, State.CLOSING),
        Event.ENDED: (Act.CLOSE, State.CLOSED),
    },
    State.CLOSING: _over(State.CLOSING, (Act.CLOSE, State.CLOSED)),
    State.CLOSED: _over(State.CLOSED, (Act.NOTHING, State.CLOSED)),
}

_NAMED = {event.value: event for event in (Event.AUTH, Event.LOCALE, Event.PING, Event.PONG, Event.BATCH)}


def arrival(message: Request | Malformed) -> Event:
    """What has arrived: ``cb.ping`` → ``Event.PING``; ``desk.Ticket.search#h1`` → ``Event.CALL``."""
    if isinstance(message, Malformed):
        return Event.MALFORMED
    return _NAMED.get(message.event, Event.UNHEARD_OF) if message.is_system else Event.CALL
