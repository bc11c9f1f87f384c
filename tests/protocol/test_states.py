"""The table of the session: it is whole, it is drawn in the documentation, and each cell is what a socket does."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from channels_binding.exceptions import BadRequest
from channels_binding.protocol.messages import Malformed, read_message
from channels_binding.protocol.states import CONNECTION, Act, Event, State, arrival
from channels_binding.testing import BindingCommunicator
from channels_binding.websocket.connection import Connection
from tests.conftest import Connect
from tests.security.test_authentication.sockets import JWT, in_thread, jwt

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "server-states.md"
ARRIVALS = [*Event][: [*Event].index(Event.CALL) + 1]


def test_every_state_has_a_cell_for_every_event() -> None:
    assert set(CONNECTION) == set(State)
    for state, row in CONNECTION.items():
        assert [*row] == [*Event], state


def test_every_state_but_the_first_ones_is_reached_and_nothing_leads_out_of_the_last() -> None:
    reached = {after for state, row in CONNECTION.items() for _, after in row.values() if after is not state}
    assert reached == {State.OPEN, State.CLOSING, State.CLOSED}
    assert {after for _, after in CONNECTION[State.CLOSED].values()} == {State.CLOSED}
    assert {act for act, _ in CONNECTION[State.CLOSED].values()} == {Act.NOTHING}


def test_every_act_is_somewhere_and_has_who_does_it() -> None:
    acts = {act for row in CONNECTION.values() for act, _ in row.values()}
    assert acts == set(Act)
    arrived = {CONNECTION[state][event][0] for state in State for event in ARRIVALS}
    assert arrived - {Act.NOTHING, Act.SERVE} == set(Connection._ACTS)


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ("cb.auth", Event.AUTH),
        ("cb.locale", Event.LOCALE),
        ("cb.ping", Event.PING),
        ("cb.pong", Event.PONG),
        ("cb.batch", Event.BATCH),
        ("cb.hello", Event.UNHEARD_OF),
        ("cb.auth#h1", Event.UNHEARD_OF),
        ("desk.Ticket.search#h1", Event.CALL),
        ("cb", Event.MALFORMED),
    ],
)
def test_what_arrives_is_told_by_its_name(event: str, found: Event) -> None:
    assert arrival(read_message({"event": event})) is found


def drawn() -> str:
    """The table as the documentation shows it: what is done, and where the connection stands then, unless it stays."""

    def cell(state: State, event: Event) -> str:
        act, after = CONNECTION[state][event]
        return " → ".join(filter(None, [act, "" if after is state else f"`{after}`"]))

    lines = [["event", *(f"`{state}`" for state in State)], ["---"] * (len(State) + 1)]
    lines += [[event, *(cell(state, event) for state in State)] for event in Event]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def test_it_is_drawn_in_the_documentation() -> None:
    assert drawn() in PAGE.read_text(), f"{PAGE.name} has to say:\n{drawn()}"


# Each cell, on a socket of a running server

ERRORS = {
    Act.REFUSE: "bad_request",
    Act.ASK_WHO: "unauthenticated",
    Act.NEEDS_PROTOCOL: "bad_request",
    Act.NO_SUCH_NAME: "bad_request",
}
"""What is refused, and how."""
ANSWERS = {Act.AUTHENTICATE: "cb.auth", Act.SPEAK: "cb.locale", Act.ANSWER_PING: "cb.pong"}
"""What is answered, under which name."""


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[Connection]:
    """What the server knows of each socket that is opened."""
    found: list[Connection] = []
    opened = Connection.open

    async def remember(self: Connection) -> None:
        found.append(self)
        await opened(self)

    monkeypatch.setattr(Connection, "open", remember)
    return found


@pytest.fixture
async def stand(connect: Connect, user: Any, settings: Any, connections: list[Connection]) -> Any:
    settings.CHANNELS_BINDING = {**JWT, "MAX_REFUSALS": 1000, "AUTHENTICATION_SECONDS": 1000}

    async def make(state: State) -> tuple[BindingCommunicator, Connection]:
        """A socket in this state, and what the server knows of it."""
        if state is State.PENDING:
            socket = BindingCommunicator("/ws/")
            await socket.open()
            connect.opened.append(socket)
        else:
            socket = await connect(user, modern=state is not State.PLAIN)
        connection = connections[-1]
        if state is State.CLOSING:
            connection.session.on(Event.SIGNED_OUT)
        elif state is State.CLOSED:
            connection.end(4503, "over")
        assert connection.session.state is state
        return socket, connection

    return make


def message(event: Event, token: str) -> Any:
    """What a client sends, whose id is the name of the event."""
    names = {Event.MALFORMED: 7, Event.UNHEARD_OF: "cb.hello", Event.CALL: "zoo.Note.list"}
    data = {
        Event.AUTH: {"token": token},
        Event.LOCALE: {"timezone": "Europe/Berlin"},
        Event.BATCH: {"ops": [{"event": "zoo.Note.list"}]},
    }
    return {"event": names.get(event, event), "id": event.name, "data": data.get(event, {})}


@pytest.mark.parametrize("state", State)
async def test_a_socket_answers_what_arrives_as_the_table_says(state: State, stand: Any, user: Any) -> None:
    token = await in_thread(jwt)(user)
    for event in ARRIVALS:
        act, _ = CONNECTION[state][event]
        socket, connection = await stand(state)
        sent = message(event, token)
        if act in (Act.NOTHING, Act.ACKNOWLEDGE):
            before = connection.hub.totals.sent
            await connection._arrived(read_message(sent))
            assert connection.hub.totals.sent == before, event
        else:
            await socket.send(sent)
            answer = await socket.receive()
            while answer.get("id") != event.name:  # cb.hello comes before the answer to cb.auth
                answer = await socket.receive()
            assert answer.get("error", {}).get("code") == ERRORS.get(act), event
            if act in ANSWERS:
                assert answer["event"] == ANSWERS[act]
        admitted = state is State.PENDING and event is Event.AUTH
        assert connection.session.state is (State.OPEN if admitted else state), event


@pytest.mark.parametrize("state", State)
async def test_a_socket_goes_where_the_table_says(state: State, stand: Any, user: Any) -> None:
    token = await in_thread(jwt)(user)

    async def ended(connection: Connection) -> None:
        connection.end(4503, "over")

    def auth(text: str) -> Callable[[Connection], Awaitable[None]]:
        return lambda connection: connection._authenticate(read_message(message(Event.AUTH, text)))  # type: ignore[arg-type]

    plays: dict[Event, Callable[[Connection], Awaitable[None]]] = {
        Event.KNOWN: auth(token),
        Event.UNKNOWN: auth("wrong"),
        Event.LATE: lambda connection: connection._happened(Event.LATE, "late"),
        Event.SIGNED_OUT: lambda connection: connection._happened(Event.SIGNED_OUT, "signed out"),
        Event.ENDED: ended,
    }
    assert {*plays, *ARRIVALS} == {*Event}
    for event, play in plays.items():
        act, after = CONNECTION[state][event]
        _, connection = await stand(state)
        before = connection.closed_with
        await play(connection)
        if act is Act.SAY_GOODBYE:  # and that is what it does at once
            assert connection.closed_with is not None, event
            assert connection.closed_with[0] == 4401, event
            assert connection.session.state is State.CLOSED, event
        elif act is Act.CLOSE:
            assert connection.closed_with == (4503, "over"), event
        else:
            assert connection.closed_with == before, event
            assert connection.session.state is after, event


async def test_who_was_closed_while_its_token_was_asked_about_does_not_come_in(
    stand: Any, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, connection = await stand(State.PENDING)
    asked, goes_on = asyncio.Event(), asyncio.Event()
    identified = connection._identified

    async def slowly(request: Any) -> Any:
        asked.set()
        await goes_on.wait()
        return await identified(request)

    monkeypatch.setattr(connection, "_identified", slowly)
    token = await in_thread(jwt)(user)
    task = asyncio.ensure_future(connection._arrived(read_message(message(Event.AUTH, token))))
    await asked.wait()
    connection.end(4503, "over")
    goes_on.set()
    await task
    assert connection not in connection.hub.subscribers


async def test_a_frame_that_is_none_is_answered_while_it_is_open_and_never_after(stand: Any) -> None:
    for state in State:
        _, connection = await stand(state)
        before = connection.hub.totals.sent
        await connection._arrived(Malformed(BadRequest("No.")))
        assert connection.hub.totals.sent - before == (CONNECTION[state][Event.MALFORMED][0] is Act.REFUSE), state
