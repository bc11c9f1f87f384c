"""One list of behaviours, asked over every transport and of every kind of binding: the same bytes, whoever is asked how.

What a transport cannot be asked at all is a test of its own whose name says why.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session

from tests.conformance.behaviours import BEHAVIOURS, Behaviour
from tests.conformance.bindings import STREAMS
from tests.conformance.transcripts import differences
from tests.conformance.transports import IS_EVERY_ONE_ASKED, READS, TRANSPORTS, Answer, DoesNotApply, Socket
from tests.project.zoo.models import Label, Note

SOCKETS = {each.name for each in TRANSPORTS if isinstance(each, Socket)}
VARYING = re.compile(rb'(?<="id":)(?!900[1-6]\b)\d+|(?<="ref":)"[0-9a-f]{12}"|(?<=this one has )\d+')
"""Keys that the database has given, references into the log, the size of a message with what is around its data."""


def make_rows() -> dict[str, Any]:
    """The same rows under the same keys, each time."""
    users = get_user_model()
    Note.objects.all().delete()
    if not users.objects.exists():
        for key, name in ((9001, "ann"), (9002, "bob"), (9003, "mallory")):
            users.objects.create(pk=key, username=name)
        Label.objects.create(pk=9101, name="red")
    titles = (("alpha", None), ("beta", 5), ("gamma", None), ("fixed", 1), ("last", None), ("hidden", None))
    owners = {"alpha": 9001, "beta": 9002}
    Note.objects.bulk_create(
        Note(pk=9000 + place, title=title, rank=place, weight=weight, done=title == "beta", owner_id=owners.get(title))
        for place, (title, weight) in enumerate(titles, start=1)
    )
    Note.labels.through._base_manager.create(note_id=9001, label_id=9101)
    return {user.username: user for user in users.objects.all()}


@pytest.fixture(scope="module")
def transactional_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """In place of pytest-django's: emptying every table after each line of the list would take most of the time."""
    with django_db_blocker.unblock():
        yield
        for model in (Note, Label, Session, get_user_model()):
            model._default_manager.all().delete()


@pytest.fixture(autouse=True)
def _anybody_may_connect(settings: Any) -> None:
    settings.CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}


def is_as_expected(expected: Any, answer: Answer) -> list[str]:
    """What is wrong with an answer, as sentences."""
    value = answer.value
    if isinstance(expected, str):
        return differences({"code": expected, "<rest>": True}, value)
    if isinstance(expected, tuple):
        code, fields = expected
        shape = {"code": code, "status": "<int>", "message": "<string>", "fields": fields, "retry": False}
        return differences(shape, value)
    return differences(expected, value)


async def answers(behaviour: Behaviour, stream: str) -> dict[str, Answer]:
    """What each transport answers, from the same rows."""
    found: dict[str, Answer] = {}
    users: dict[str, Any] = {}
    for transport in TRANSPORTS:
        if not users or behaviour.question.action not in READS:
            users = await sync_to_async(make_rows)()
        try:
            found[transport.name] = await transport.ask(behaviour.question, stream, users.get(behaviour.user or ""))
        except DoesNotApply:
            continue
    return found


def kinds_asked(number: int) -> tuple[str, ...]:
    """All kinds of binding; of PostgreSQL two, so that each behaviour is asked of a coroutine and of a plain function, of an
    asynchronous binding and of another, and each kind by every other behaviour. ``make soak`` asks it of all."""
    asynchronous_plain, asynchronous_coroutine, plain, coroutine = STREAMS
    if IS_EVERY_ONE_ASKED:
        return STREAMS
    return (asynchronous_plain, coroutine) if number % 2 else (asynchronous_coroutine, plain)


ASKED = [
    pytest.param(behaviour, stream, id=f"{behaviour.name}-{stream}")
    for number, behaviour in enumerate(BEHAVIOURS)
    for stream in kinds_asked(number)
]


@pytest.mark.parametrize(("behaviour", "stream"), ASKED)
async def test_every_door_answers_alike(
    behaviour: Behaviour, stream: str, transactional_db: None, hub_ended: None
) -> None:
    found = await answers(behaviour, stream)
    assert set(found) >= SOCKETS
    bodies: dict[str, set[bytes]] = {}
    for transport in TRANSPORTS:
        answer = found.get(transport.name)
        if answer is not None:
            expected = behaviour.expected_by(transport)
            assert is_as_expected(expected, answer) == [], f"{transport.name}: {answer}"
            assert b"canary" not in answer.body
            bodies.setdefault(repr(expected), set()).add(VARYING.sub(b"0", answer.body))
    assert all(len(alike) == 1 for alike in bodies.values()), bodies
    assert len({answer.status for answer in found.values()}) == 1
    for name in ("http", "rest"):
        if f"{name} in front" in found:
            is_read = behaviour.question.action in READS
            told, expected = (headers_of(found[each], is_read=is_read) for each in (f"{name} in front", name))
            assert told == expected


def headers_of(answer: Answer, *, is_read: bool) -> dict[str, str]:
    """Those of an answer over HTTP, but for what tells of a key that the database has given to a new row."""
    of_keys = () if is_read else ("content-length", "etag", "location")
    return {name: "…" if name in of_keys else value for name, value in answer.headers.items()}


# What does not apply, and why


def refusals() -> Iterator[tuple[Any, Behaviour, str]]:
    """Every behaviour that a transport cannot be asked, with the transport's own reason."""
    for behaviour in BEHAVIOURS:
        for transport in TRANSPORTS:
            try:
                transport.check(behaviour.question)
            except DoesNotApply as reason:
                yield transport, behaviour, str(reason)


NOT_APPLICABLE = [
    pytest.param(transport, behaviour, id=f"{transport.name} cannot be asked '{behaviour.name}': {reason}")
    for transport, behaviour, reason in refusals()
]


@pytest.mark.parametrize(("transport", "behaviour"), NOT_APPLICABLE)
def test_what_does_not_apply_is_asked_by_another_transport_of_http_or_by_sockets(
    transport: Any, behaviour: Behaviour
) -> None:
    """Nothing is left out: what one form of HTTP cannot say, the other says (a form by its own route only)."""
    others = [each for each in TRANSPORTS if each is not transport]
    answering = []
    for each in others:
        try:
            each.check(behaviour.question)
        except DoesNotApply:
            continue
        answering.append(each.name)
    assert set(answering) >= SOCKETS
    assert {"http", "rest"} & set(answering) or behaviour.question.action == "form"


SOCKET_ONLY = [
    ("http", "POST", "/api/zoo.AsyncPlain/subscribe/"),
    ("http", "POST", "/api/zoo.AsyncPlain/unsubscribe/"),
]


@pytest.mark.parametrize(("name", "method", "path"), SOCKET_ONLY, ids=lambda value: str(value))
def test_subscribe_and_unsubscribe_do_not_apply_to_http_because_nothing_stays_open(
    name: str, method: str, path: str, transactional_db: None, client: Any
) -> None:
    client.force_login(make_rows()["ann"])
    refused = client.generic(method, path, b"{}", "application/json")
    assert (refused.status_code, refused.json()["code"]) == (405, "method_not_allowed")
