"""A related row that the caller may not see is, wherever its key can be named, as one that is not there: byte for byte."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels_binding.exceptions import BindingError
from channels_binding.testing import BindingClient, BindingCommunicator
from tests.conformance.related import (
    HIDDEN,
    HIDDEN_CHILD,
    HIDING,
    MISSING,
    ROW,
    SEEN,
    SEES_ALL,
    LabelByOthers,
    make_rows,
    served_by,
    stored_rows,
)
from tests.conformance.transports import Answer, DoesNotApply, Http, Question, Rest, Socket, asked_here
from tests.conftest import Connect
from tests.project.zoo.models import Label, Note, Precious

PLAIN, OWN = "related.Plain", "related.Own"


@dataclass(frozen=True)
class Way:
    """One way to name a related row."""

    name: str
    stream: str
    action: str
    data: Callable[[Any], dict[str, Any]]
    hidden: Any = HIDDEN
    missing: Any = MISSING
    code: str | None = "does_not_exist"
    """Of the refusal; None where the answer is none."""

    def question(self, key: Any) -> Question:
        return Question(self.action, self.data(key), stream=self.stream)


def _with_texts(name: str, stream: str, action: str, data: Callable[[Any], dict[str, Any]], code: str) -> Way:
    return Way(name, stream, action, data, hidden="hidden", missing="absent", code=code)


WAYS = (
    Way("create, foreign key", PLAIN, "create", lambda key: {"title": "x", "parent": key}),
    Way("create, key as text", PLAIN, "create", lambda key: {"title": "x", "parent": str(key)}),
    Way("create, many-to-many", PLAIN, "create", lambda key: {"title": "x", "labels": [key]}),
    Way("create, one of several", PLAIN, "create", lambda key: {"title": "x", "labels": [SEEN, key]}),
    Way("update, foreign key", PLAIN, "update", lambda key: {"id": ROW, "parent": key}),
    Way("update, many-to-many", PLAIN, "update", lambda key: {"id": ROW, "labels": [key]}),
    Way("replace", PLAIN, "replace", lambda key: {"id": ROW, "title": "x", "parent": key}),
    Way("save, new", PLAIN, "save", lambda key: {"title": "x", "parent": key}),
    Way("save, stored", PLAIN, "save", lambda key: {"id": ROW, "parent": key}),
    Way("bulk update", PLAIN, "update", lambda key: {"ids": [ROW, SEEN], "parent": key}),
    Way("filter, foreign key", PLAIN, "search", lambda key: {"filters": {"parent": key}}, code="invalid_choice"),
    Way("filter, many-to-many", PLAIN, "list", lambda key: {"filters": {"labels": [key]}}, code="invalid_choice"),
    Way(
        "filter, one of several",
        PLAIN,
        "search",
        lambda key: {"filters": {"parent__in": [SEEN, key]}},
        code="invalid_choice",
    ),
    Way("form, new", PLAIN, "form", lambda key: {"submit": {"title": "x", "parent": key}}, code="invalid_choice"),
    Way("form, stored", PLAIN, "form", lambda key: {"id": ROW, "submit": {"parent": key}}, code="invalid_choice"),
    Way(
        "form, many-to-many", PLAIN, "form", lambda key: {"id": ROW, "submit": {"labels": [key]}}, code="invalid_choice"
    ),
    Way("form, initial", PLAIN, "form", lambda key: {"initial": {"parent": key, "labels": [SEEN, key]}}, code=None),
    Way(
        "formset, a relation of a new row",
        PLAIN,
        "form",
        lambda key: {"id": ROW, "submit": {"children": [{"title": "x", "labels": [key]}]}},
        code="invalid_choice",
    ),
    Way(
        "formset that looks at its forms as it begins, a relation of a new row",
        PLAIN,
        "form",
        lambda key: {"id": ROW, "submit": {"eager": [{"title": "x", "labels": [key]}]}},
        code="invalid_choice",
    ),
    Way(
        "formset, a row",
        PLAIN,
        "form",
        lambda key: {"id": ROW, "submit": {"children": [{"id": key, "title": "x"}]}},
        hidden=HIDDEN_CHILD,
        code="not_found",
    ),
    Way(
        "formset, a row of a proxy",
        PLAIN,
        "form",
        lambda key: {"id": ROW, "submit": {"loud": [{"id": key, "title": "x"}]}},
        hidden=HIDDEN_CHILD,
        code="not_found",
    ),
    Way("event", OWN, "naming", lambda key: {"label": key}),
    Way("own field of a foreign key", OWN, "create", lambda key: {"title": "x", "elder": key}),
    Way("nested", OWN, "create", lambda key: {"title": "x", "part": {"label": key}}),
    Way("nested in a list", OWN, "create", lambda key: {"title": "x", "parts": [{"label": key}]}),
    Way("hyperlink", OWN, "create", lambda key: {"title": "x", "link": f"/api/zoo.Label/{key}/"}),
    Way("list of keys", OWN, "create", lambda key: {"title": "x", "keys": [key]}),
    _with_texts("slug", OWN, "create", lambda text: {"title": "x", "named": [text]}, "does_not_exist"),
    _with_texts("slug, update", OWN, "update", lambda text: {"id": ROW, "named": [text]}, "does_not_exist"),
    _with_texts(
        "slug, nested", OWN, "create", lambda text: {"title": "x", "parts": [{"others": [text]}]}, "does_not_exist"
    ),
    Way(
        "own form, by another column",
        OWN,
        "form",
        lambda key: {"submit": {"title": "x", "parent": key}},
        code="invalid_choice",
    ),
    Way(
        "own form, hidden input",
        OWN,
        "form",
        lambda key: {"submit": {"title": "x", "tucked": key}},
        code="invalid_choice",
    ),
    _with_texts(
        "own form, text", OWN, "form", lambda text: {"submit": {"title": "x", "labels": [text]}}, "invalid_choice"
    ),
    _with_texts("own form, initial", OWN, "form", lambda text: {"initial": {"labels": [text]}}, None),  # type: ignore[arg-type]
    Way("own filter", OWN, "search", lambda key: {"filters": {"under": key}}, code="invalid_choice"),
    Way(
        "own filter of several",
        OWN,
        "search",
        lambda key: {"filters": {"with_labels": [SEEN, key]}},
        code="invalid_choice",
    ),
    _with_texts("own filter by text", OWN, "search", lambda text: {"filters": {"called": [text]}}, "invalid_choice"),
)


class SocketBatch(Socket):
    """Each question as the only operation of a ``cb.batch``, its key by a reference to an earlier one's answer."""

    async def ask(self, question: Question, stream: str, user: Any) -> Answer:
        return await super().ask(Question("batch", _batch(question), stream="cb"), stream, user)


class HttpBatch(Http):
    name = "http batch"

    def route(self, question: Question) -> tuple[str, str, Any]:
        return "POST", "", _batch(question)

    async def ask(self, question: Question, stream: str, user: Any) -> Answer:
        return await sync_to_async(self._send)("POST", "/api/batch/", _batch(question), question, user)


def _batch(question: Question) -> dict[str, Any]:
    return {"ops": [{"event": question.event(""), "data": question.data}]}


class Multipart(Http):
    """A create as browsers post it."""

    name = "multipart"

    def route(self, question: Question) -> tuple[str, str, Any]:
        if question.action != "create" or not all(isinstance(each, str | int) for each in question.data.values()):
            raise DoesNotApply("a browser posts text")
        return "POST", "", question.data

    def _send(self, method: str, path: str, body: Any, question: Question, user: Any) -> Answer:
        client = Client()
        client.force_login(user)
        response = client.post(path, body)
        return Answer(response.status_code, response.content)


TRANSPORTS = asked_here(
    Socket("async consumer", "/ws/"),
    Socket("sync consumer", "/sync/"),
    SocketBatch("socket batch", "/ws/"),
    Http(),
    HttpBatch(),
    Rest(),
    Multipart(),
)


@pytest.fixture(scope="module")
def transactional_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """In place of pytest-django's, which would empty every table after each test."""
    with django_db_blocker.unblock():
        yield
        for model in (Note, Label, Precious, Session, get_user_model()):
            model._default_manager.all().delete()


@pytest.fixture(params=HIDING)
def hidden_by(request: Any) -> Iterator[str]:
    with served_by(*HIDING[request.param]):
        yield request.param


def caller(name: str = "ann") -> Any:
    make_rows()
    return get_user_model().objects.get_or_create(username=name)[0]


def _like(body: bytes, way: Way) -> bytes:
    """An answer with one key in place of all: of several that are wrong, Django names whichever comes first in a set."""
    body = body.replace(str(way.hidden).encode(), str(way.missing).encode()).replace(b"%d" % SEEN, b"%d" % MISSING)
    try:
        return orjson.dumps(_with_sorted_choices(orjson.loads(body)))
    except ValueError:
        return body


def _with_sorted_choices(value: Any) -> Any:
    """Users have no order: PostgreSQL gives the row last that was written last, and a caller who signs in is written."""
    if isinstance(value, list):
        return [_with_sorted_choices(each) for each in value]
    if not isinstance(value, dict):
        return value
    inner = {name: _with_sorted_choices(each) for name, each in value.items()}
    return {**inner, "choices": sorted(inner["choices"], key=str)} if isinstance(inner.get("choices"), list) else inner


def _apart(hidden: bytes, missing: bytes) -> tuple[bytes, bytes]:
    """Where two answers begin to differ."""
    apart = (place for place, (one, other) in enumerate(zip(hidden, missing, strict=False)) if one != other)
    same = next(apart, min(len(hidden), len(missing)))
    return hidden[max(0, same - 60) : same + 200], missing[max(0, same - 60) : same + 200]


@pytest.mark.parametrize("transport", TRANSPORTS, ids=lambda transport: transport.name)
async def test_a_hidden_related_row_is_answered_as_a_missing_one(
    transport: Any, hidden_by: str, transactional_db: None, hub_ended: None
) -> None:
    wrong: list[Any] = []
    asked = 0
    user = await sync_to_async(caller)()
    before = await sync_to_async(stored_rows)()
    for way in WAYS:
        try:
            missing = await transport.ask(way.question(way.missing), way.stream, user)
        except DoesNotApply:
            continue
        asked += 1
        hidden = await transport.ask(way.question(way.hidden), way.stream, user)
        answers = [_like(each.body, way) for each in (hidden, missing)]
        if hidden.status != missing.status or answers[0] != answers[1]:
            wrong.append((way.name, hidden.status, missing.status, *_apart(*answers)))
        if await sync_to_async(stored_rows)() != before:
            wrong.append((way.name, "was written"))
            await sync_to_async(make_rows)()
    assert wrong == []
    assert asked >= 3


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_hidden_related_row_costs_as_many_statements_as_a_missing_one(
    way: Way, hidden_by: str, transactional_db: None
) -> None:
    user = caller()
    counts = []
    for key in (way.missing, way.hidden):
        with CaptureQueriesContext(connection) as statements:
            answer = _answer(BindingClient(user), way, key)
        assert way.code is None or f'"code":"{way.code}"'.encode() in answer
        counts.append(len(statements))
    assert counts[0] == counts[1]


def _answer(client: BindingClient, way: Way, key: Any) -> bytes:
    try:
        answer = client.call(f"{way.stream}.{way.action}", way.data(key))
    except BindingError as error:
        answer = error.to_json()
    return orjson.dumps(answer)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_who_may_see_the_row_may_name_it(way: Way, hidden_by: str, transactional_db: None) -> None:
    answer = _answer(BindingClient(caller(SEES_ALL)), way, way.hidden)
    assert b'"does_not_exist"' not in answer
    assert b'"invalid_choice"' not in answer
    assert b'"not_found"' not in answer


def test_a_reference_to_an_earlier_answer_names_no_hidden_row_either(hidden_by: str, transactional_db: None) -> None:
    client = Client()
    client.force_login(caller())
    answers = []
    for key in (HIDDEN, MISSING):
        ops = [
            {"event": f"{PLAIN}.create", "data": {"title": "x", "rank": key}, "as": "first"},
            {"event": f"{PLAIN}.create", "data": {"title": "y", "parent": {"$ref": "first.rank"}}},
        ]
        answers.append(client.post("/api/batch/", {"ops": ops}, "application/json").content)
    assert b'"does_not_exist"' in answers[1]
    assert answers[0].replace(b"%d" % HIDDEN, b"%d" % MISSING) == answers[1]


# Texts


@pytest.mark.parametrize("ask", ["search", "list", "form", "own form", "initial"])
def test_the_text_of_a_hidden_row_is_shown_to_nobody_else(ask: str, hidden_by: str, transactional_db: None) -> None:
    def asked(client: BindingClient) -> bytes:
        note = Note.objects.get(pk=SEEN)
        note.parent_id = HIDDEN
        note.save()
        note.labels.set([HIDDEN])
        if ask == "initial":
            return orjson.dumps(client.call(f"{PLAIN}.form", {"initial": {"parent": HIDDEN, "labels": [HIDDEN]}}))
        if ask in ("form", "own form"):
            return orjson.dumps(client.form(PLAIN if ask == "form" else OWN, SEEN)["fields"])
        return orjson.dumps(client.call(f"{PLAIN}.{ask}", {"labels": True, "fields": ["parent", "labels"]}))

    assert b'"hidden' in asked(BindingClient(caller(SEES_ALL)))
    found = asked(BindingClient(caller()))
    if ask == "own form":  # whose keys are those texts: what stands in the caller's own row
        found = found.replace(b'"value":["hidden"]', b"").replace(b'"initial":["hidden"]', b"")
    assert b'"hidden' not in found


# What is stored already


@pytest.mark.parametrize("stream", [PLAIN, OWN])
def test_what_is_stored_already_may_stay(stream: str, hidden_by: str, transactional_db: None) -> None:
    client = BindingClient(caller())
    note = Note.objects.get(pk=ROW)
    note.parent_id = HIDDEN
    note.save()
    note.labels.set([HIDDEN])
    given = {"parent": HIDDEN, "labels": [HIDDEN]} if stream == PLAIN else {"elder": HIDDEN, "named": ["hidden"]}
    client.update(stream, ROW, title="left out")
    client.update(stream, ROW, title="sent back", **given)
    assert client.form(stream, ROW, {"title": "submitted"})["success"]
    note.refresh_from_db()
    assert (note.title, note.parent_id, [each.pk for each in note.labels.all()]) == ("submitted", HIDDEN, [HIDDEN])


def test_what_another_row_leads_to_may_not_be_taken_over(hidden_by: str, transactional_db: None) -> None:
    client = BindingClient(caller())
    Note.objects.filter(pk=SEEN).update(parent=HIDDEN)
    for data in ({"title": "x", "parent": HIDDEN}, {"id": ROW, "parent": HIDDEN}):
        with pytest.raises(BindingError) as refused:
            client.call(f"{PLAIN}.save", data)
        assert refused.value.to_json()["fields"]["parent"][0]["code"] == "does_not_exist"


# Pushes


@pytest.fixture
async def opened(transactional_db: None, hub_ended: None) -> Any:
    factory = Connect()
    yield factory
    for socket in factory.opened:
        await socket.close()


async def _list_of_labelled(opened: Connect) -> BindingCommunicator:
    """A socket with a live list of one row, which shows the text of one label."""
    socket = await opened(await sync_to_async(caller)())
    note = await Note.objects.aget(pk=ROW)
    await note.labels.aset([SEEN])
    answer = await socket.call(f"{PLAIN}.search#a", {"labels": True, "limit": 1, "fields": ["labels"]})
    assert answer["data"]["labels"]["labels"] == {str(SEEN): "seen"}
    return socket


@pytest.mark.parametrize("how", ["queryset", "object permission"])
async def test_a_text_is_taken_back_when_its_row_is_hidden(how: str, opened: Connect) -> None:
    with served_by(*HIDING[how]):
        socket = await _list_of_labelled(opened)
        await Label.objects.filter(pk=SEEN).aupdate(name="hidden by now")
        assert (await socket.receive())["data"]["labels"]["labels"] == {}
        await Label.objects.filter(pk=SEEN).aupdate(name="hidden still")
        assert await socket.silent()


async def test_a_text_is_taken_back_when_what_its_permission_looks_at_has_changed(opened: Connect) -> None:
    with served_by(HIDING["queryset"][0], LabelByOthers):
        socket = await _list_of_labelled(opened)
        await Precious.objects.acreate(name="seen")
        assert (await socket.receive())["data"]["labels"]["labels"] == {}


async def test_a_text_that_was_read_before_is_not_shown_once_the_caller_is_refused(opened: Connect) -> None:
    with served_by(*HIDING["queryset"]):
        socket = await _list_of_labelled(opened)
    with served_by(*HIDING["class permission"]):  # as if the permission had looked at the clock
        await Note.objects.filter(pk=ROW).aupdate(rank=1)
        assert (await socket.receive())["data"]["labels"] == {"labels": {}}


@pytest.mark.parametrize("how", ["queryset", "object permission"])
async def test_a_live_list_that_is_filtered_by_a_row_ends_as_it_would_begin_when_that_is_hidden(
    how: str, opened: Connect
) -> None:
    with served_by(*HIDING[how]):
        socket = await opened(await sync_to_async(caller)())
        note = await Note.objects.aget(pk=ROW)
        await note.labels.aset([SEEN])
        answer = await socket.call(f"{PLAIN}.search#a", {"filters": {"labels": [SEEN]}})
        assert answer["data"]["count"] == 1
        await Label.objects.filter(pk=SEEN).aupdate(name="hidden by now")
        assert (await socket.receive())["error"]["fields"]["filters"]["labels"][0]["code"] == "invalid_choice"
