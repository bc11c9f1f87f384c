"""Models of Django and of well-known packages, each bound in three lines: the answers of REST framework, and live lists.

Run by ``test_foreign.py``, in a process of its own, since it needs these packages in ``INSTALLED_APPS``.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache
from io import StringIO
from typing import Any
from unittest import mock

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection
from django.test import Client

from channels_binding.bindings.one_statement import OneStatement
from channels_binding.testing import BindingClient, BindingCommunicator
from tests.foreign.project.shop.bindings import BINDINGS, IN_THREE_LINES
from tests.foreign.subjects import SUBJECTS, Subject

pytestmark = [
    pytest.mark.backends,
    # what model_utils says of its manager until it is changed
    pytest.mark.filterwarnings("ignore:.*model manager will include soft-deleted:DeprecationWarning"),
]


@pytest.fixture(scope="session", autouse=True)
def _database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Rows are committed, and each test takes away its own."""
    with django_db_blocker.unblock():
        get_user_model().objects.create_superuser("ann")
        yield


@pytest.fixture(params=SUBJECTS, ids=str)
def subject(request: Any) -> Iterator[Subject]:
    found: Subject = request.param
    before = set(found.model._base_manager.values_list("pk", flat=True))
    yield found
    for row in found.model._base_manager.exclude(pk__in=before):
        found.taken_away(row)


class Asked:
    """REST framework's view of a model, and ours, asked the same by the same user."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.client = Client(raise_request_exception=False)
        self.client.force_login(get_user_model().objects.get(username="ann"))

    def drf(self, method: str, where: str = "", body: Any = None) -> tuple[int, Any]:
        return self._ask(method, f"/drf/{self.subject.stream}/{where}", body)

    def ours(self, method: str, where: str = "", body: Any = None) -> tuple[int, Any]:
        return self._ask(method, f"/api/{self.subject.stream}/{where}", body)

    def ordinary(self, method: str, where: str = "", body: Any = None) -> tuple[int, Any]:
        """Ours, with a serializer's and a model's ``save()``."""
        with mock.patch.object(OneStatement, "stock_writes", return_value=None):
            return self.ours(method, where, body)

    def _ask(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        response = self.client.generic(method, path, json.dumps(body or {}), "application/json")
        return response.status_code, response.json() if response.content else None

    def settled(self, row: dict[str, Any]) -> dict[str, Any]:
        """Without what is made for each row."""
        left_out = {*self.subject.moving, "id", self.subject.model._meta.pk.name}
        return {name: value for name, value in row.items() if name not in left_out}


@pytest.mark.django_db  # one test must say so, or pytest-django makes no database
def test_every_bound_model_is_swept() -> None:
    assert {subject.model for subject in SUBJECTS} == {*BINDINGS}


def test_rows_are_shown_as_rest_framework_shows_them(subject: Subject) -> None:
    rows, asked = [subject.made(n) for n in (1, 2, 3)], Asked(subject)
    status, theirs = asked.drf("GET")
    found, ours = asked.ours("GET", f"?limit={len(theirs)}")
    assert (found, [alike(subject, row) for row in ours["rows"]]) == (status, [alike(subject, row) for row in theirs])
    for row in rows:
        status, theirs = asked.drf("GET", f"{row.pk}/")
        found, ours = asked.ours("GET", f"{row.pk}/")
        assert (found, alike(subject, ours)) == (status, alike(subject, theirs))


def alike(subject: Subject, row: dict[str, Any]) -> dict[str, Any]:
    """A row without ``id`` where that is not REST framework's."""
    is_theirs = subject.model._meta.pk.name == "id" or subject.stream == "shop.Dog"
    return {name: value for name, value in row.items() if name != "id" or is_theirs}


def sent(subject: Subject, asked: Asked, n: int) -> dict[str, Any]:
    """What a client sends to make the n-th row: a stored one as it is shown, which is then taken away."""
    row = subject.made(n)
    shown: dict[str, Any] = asked.drf("GET", f"{row.pk}/")[1]
    subject.taken_away(row)
    return shown


def test_rows_are_written_as_rest_framework_writes_them(subject: Subject) -> None:
    asked = Asked(subject)
    body = sent(subject, asked, 5)
    answers = []
    for ask in (asked.drf, asked.ours, asked.ordinary):
        status, row = ask("POST", body=body)
        assert status == 201, row
        key = row.get(subject.model._meta.pk.name) or row["id"]
        name, value = subject.change
        again = ask("PATCH", f"{key}/", {name: value})
        refused = ask("PATCH", f"{key}/", {name: {"no": ["such"]}})[0]
        assert again[0] == 200, again
        read = ask("GET", f"{key}/")
        answers.append([status, asked.settled(row), asked.settled(again[1]), asked.settled(read[1]), refused])
        subject.taken_away(subject.model._base_manager.get(pk=key))
    assert answers[1] == answers[0]
    assert answers[2] == answers[0]


def test_forms_show_what_is_stored_and_save_it(subject: Subject) -> None:
    row = subject.made(7)
    client = BindingClient(get_user_model().objects.get(username="ann"))
    assert client.form(subject.stream)["fields"]
    shown = {field["name"]: field["initial"] for field in client.form(subject.stream, row.pk)["fields"]}
    before = client.retrieve(subject.stream, row.pk)
    answer = client.form(subject.stream, row.pk, submit=shown)
    assert answer.get("errors", {}) == {}, answer
    after = client.retrieve(subject.stream, row.pk)
    moving = {*subject.moving}
    assert {k: v for k, v in after.items() if k not in moving} == {k: v for k, v in before.items() if k not in moving}


@cache
def documents() -> tuple[str, str, str]:
    client = Client()
    client.force_login(get_user_model().objects.get(username="ann"))
    out = StringIO()
    call_command("bindings_types", stdout=out, stderr=StringIO())
    found = client.get("/api/schema/", headers={"accept": "application/json"}), client.get("/api/asyncapi/")
    assert [each.status_code for each in found] == [200, 200]
    texts = found[0].content.decode(), found[1].content.decode(), out.getvalue()
    assert not any("cannot be described" in text for text in texts)
    return texts


def test_it_is_described_in_every_document(subject: Subject) -> None:
    openapi, asyncapi, types = documents()
    assert f"/api/{subject.stream}/" in openapi
    assert f"{subject.stream}.search" in asyncapi
    assert f"'{subject.stream}': {{" in types
    client = BindingClient(get_user_model().objects.get(username="ann"))
    described = client.describe(subject.stream)
    row = client.retrieve(subject.stream, subject.made(8).pk)
    assert {field["name"] for field in described["fields"]} >= {*row} - {"id"}


def made_history() -> Any:
    (subject,) = [each for each in SUBJECTS if each.stream == "shop.HistoricalPoll"]
    return subject.made(70)


def test_what_rest_framework_knows_nothing_of_is_shown_as_text_or_told_by_a_check() -> None:
    plain = {model._meta.object_name: cls.get_stream() for model, cls in IN_THREE_LINES.items()}
    client = BindingClient(get_user_model().objects.get(username="ann"))
    place = client.retrieve(plain["Place"], client.create(plain["Place"], name="n", zone="Asia/Tokyo")["id"])
    assert (place["zone"], place["second"]) == ("Asia/Tokyo", None)
    client.update(plain["Place"], place["id"], zone="Europe/Oslo", second="UTC")
    assert client.retrieve(plain["Place"], place["id"]) == {**place, "zone": "Europe/Oslo", "second": "UTC"}
    food = client.create(plain["Food"], name="n")
    assert client.retrieve(plain["Food"], food["id"]) == {"id": food["id"], "name": "n"}
    history = made_history()
    assert client.retrieve(plain["HistoricalPoll"], history.pk)["id"] == history.pk
    told = [each for each in run_checks() if each.id == "channels_binding.W025"]
    assert [each.msg for each in told] == ["FoodBinding leaves out 'tags', of which REST framework knows no field."]
    for model in IN_THREE_LINES:
        model._base_manager.all().delete()


# Live

Write = Callable[[Subject, Any], Any]
"""Of a subject, and of one of its rows."""


def changed(subject: Subject, row: Any, suffix: str = "") -> Any:
    name, value = subject.change
    setattr(row, name, f"{value}{suffix}" if isinstance(value, str) else value + len(suffix))
    return row


def raw(subject: Subject, row: Any) -> None:
    field: Any = subject.model._meta.get_field(subject.change[0])
    table, key, column = map(
        connection.ops.quote_name, (field.model._meta.db_table, field.model._meta.pk.column, field.column)
    )
    value = "888" if isinstance(subject.change[1], int) else "'by hand'"
    with connection.cursor() as cursor:
        cursor.execute(
            f"/* by hand */ UPDATE {table} SET {column} = {value} WHERE {key} = %s",
            [row._meta.pk.get_db_prep_value(row.pk, connection)],
        )


def m2m(subject: Subject, row: Any) -> None:
    assert subject.many is not None
    manager = getattr(row, subject.many)
    if subject.many == "tags":
        manager.add("red", "green")
        manager.remove("green")
    else:
        (target,) = [each for each in SUBJECTS if each.model is manager.model]
        manager.add(target.made(14))


def by_update(subject: Subject, row: Any) -> None:
    name = subject.change[0]
    value = getattr(changed(subject, row, "er"), name)
    subject.model._base_manager.filter(pk=row.pk).update(**{name: value})


WRITES: dict[str, Write] = {
    "create": lambda subject, row: subject.made(12),
    "bulk_create": lambda subject, row: subject.model._base_manager.bulk_create(
        [subject.model(**subject.row(n)) for n in (21, 22)]
    ),
    "save": lambda subject, row: changed(subject, row).save(),
    "update": by_update,
    "bulk_update": lambda subject, row: subject.model._base_manager.bulk_update(
        [changed(subject, row, "est")], [subject.change[0]]
    ),
    "m2m": m2m,
    "raw": raw,
    "delete": lambda subject, row: row.delete(),
    "delete by query": lambda subject, row: subject.model._default_manager.filter(pk=row.pk).delete(),
}


async def test_its_live_list_follows_every_kind_of_write(subject: Subject, hub_ended: None) -> None:
    user = await sync_to_async(get_user_model().objects.get)(username="ann")
    row, other = await sync_to_async(subject.made)(11), await sync_to_async(subject.made)(13)
    socket = BindingCommunicator("/ws/", user=user)
    assert await socket.open()
    live = await socket.live(f"{subject.stream}.search#a", {"limit": 50})
    for name, write in WRITES.items():
        if name in subject.without or (name == "m2m" and subject.many is None):
            continue
        before = [*live.rows]
        await sync_to_async(write)(subject, other if name == "delete by query" else row)
        await socket.assert_live(live)
        assert live.rows != before, name
    await socket.close()
