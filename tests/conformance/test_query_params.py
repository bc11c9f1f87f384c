"""Parameters of the project's own, which permissions and hooks of reads find in ``request.query_params`` on every transport."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.core.checks import run_checks
from django.test import Client, RequestFactory
from rest_framework.permissions import BasePermission

from channels_binding.consumers import Binding
from channels_binding.contract.asyncapi import document as asyncapi
from channels_binding.contract.openapi import document as openapi
from channels_binding.testing import session_cookie
from tests.conftest import Connect
from tests.project.zoo.models import Label, Note
from tests.streams import Stream, fleeting_connections
from tests.throwaway import throwaway

pytestmark = pytest.mark.django_db(transaction=True)

STREAM = "test.tenants"


class NamesTenant(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.query_params.get("tenant") != "forbidden")


@pytest.fixture(autouse=True)
def _streams(transactional_db: None) -> Iterator[None]:
    with throwaway():

        class Tenants(Binding):
            stream, model, fields = STREAM, Note, ("id", "title")
            permission_classes = (NamesTenant,)
            query_params = ("tenant", "also")
            filterset_fields = ("rank",)

            def get_queryset(self) -> Any:
                named = self.request.query_params.getlist("tenant")
                return Note.objects.filter(title__in=named).order_by("id")

        yield


@pytest.fixture
def rows(user: Any) -> dict[str, int]:
    return {tenant: Note.objects.create(title=tenant).pk for tenant in ("one", "two")}


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def titles(answer: Any) -> list[str]:
    return [row["title"] for row in answer["rows"]]


QUERIES = [({}, ""), ({"tenant": "one"}, "tenant=one"), ({"tenant": ["one", "two"]}, "tenant=one&tenant=two")]
SHOWN = [[], ["one"], ["one", "two"]]


@pytest.mark.parametrize(("params", "query", "shown"), [(*each, SHOWN[at]) for at, each in enumerate(QUERIES)])
async def test_a_list_is_the_same_on_every_transport(
    params: Any, query: str, shown: list[str], rows: Any, user: Any, connect: Connect
) -> None:
    data = {"params": params} if params else {}
    socket, client = await connect(user), await sync_to_async(signed_in)(user)
    assert titles((await socket.call(f"{STREAM}.search", data))["data"]) == shown
    assert titles((await socket.call(f"{STREAM}.list", {**data, "live": False}))["data"]) == shown
    batch = {"ops": [{"event": f"{STREAM}.search", "data": data}]}
    assert titles((await socket.call("cb.batch", batch))["data"]["results"][0]["data"]) == shown
    post = sync_to_async(lambda path, body: client.post(path, json.dumps(body), "application/json").json())
    assert titles(await post(f"/api/{STREAM}/search/", data)) == shown
    assert titles((await post("/api/batch/", batch))["results"][0]["data"]) == shown
    assert titles((await sync_to_async(client.get)(f"/api/{STREAM}/?{query}")).json()) == shown
    with fleeting_connections():
        cookie = await sync_to_async(session_cookie)(user)
        stream = Stream(f"/api/{STREAM}/?{query}", headers={"cookie": f"sessionid={cookie}"})
        await stream.open()
        assert titles((await stream.event())[1]["data"]) == shown
        await stream.leave()


async def test_a_row_and_rows_by_key_take_them_too(rows: Any, user: Any, connect: Connect) -> None:
    socket, client = await connect(user), await sync_to_async(signed_in)(user)
    key = rows["one"]
    for data in ({"id": key}, {"ids": [key]}):
        named = await socket.call(f"{STREAM}.retrieve", {**data, "params": {"tenant": "one"}})
        assert '"one"' in json.dumps(named["data"])
    assert (await socket.call(f"{STREAM}.retrieve", {"id": key}))["error"]["code"] == "not_found"
    got = sync_to_async(lambda path: client.get(path).status_code)
    assert [await got(f"/api/{STREAM}/{key}/{query}") for query in ("?tenant=one", "?tenant=two", "")] == [
        200,
        404,
        404,
    ]
    found = await sync_to_async(client.get)(f"/api/{STREAM}/?ids={key}&tenant=one")
    assert titles(found.json()) == ["one"]


async def test_they_belong_to_what_a_live_read_is_and_hold_at_every_push(
    rows: Any, user: Any, connect: Connect
) -> None:
    socket = await connect(user)
    for tenant in rows:
        await socket.call(f"{STREAM}.search#{tenant}", {"params": {"tenant": tenant}})
    await Note.objects.acreate(title="two", rank=9)
    push = await socket.receive()
    assert (push["event"], push["data"]["put"][0][1]["title"]) == (f"{STREAM}.search#two", "two")
    assert await socket.silent()


async def test_a_permission_decides_by_them_on_every_transport(rows: Any, user: Any, connect: Connect) -> None:
    socket, client = await connect(user), await sync_to_async(signed_in)(user)
    refused = await socket.call(f"{STREAM}.search", {"params": {"tenant": "forbidden"}})
    assert refused["error"]["code"] == "forbidden"
    assert (await sync_to_async(client.get)(f"/api/{STREAM}/?tenant=forbidden")).status_code == 403


REFUSED: list[tuple[Any, str]] = [
    ({"other": "x"}, "unknown"), ({"page": 1}, "unknown"), ([], "invalid"), ("tenant", "invalid"), ({"tenant": {}}, "invalid"),
    ({"tenant": [["one"]]}, "invalid"),
]  # fmt: skip


@pytest.mark.parametrize(("params", "code"), REFUSED)
async def test_what_is_not_declared_or_no_plain_value_is_refused(
    params: Any, code: str, user: Any, connect: Connect
) -> None:
    socket = await connect(user)
    asked: list[tuple[str, dict[str, Any]]] = [("search", {}), ("list", {}), ("retrieve", {"ids": []})]
    for live in (True, False):
        for action, data in asked:
            answer = await socket.call(f"{STREAM}.{action}", {**data, "params": params, "live": live})
            assert answer["error"]["fields"]["params"][0]["code"] == code


async def test_a_stream_that_declares_none_knows_no_params(user: Any, connect: Connect) -> None:
    socket = await connect(user)
    answer = await socket.call("zoo.Label.search", {"params": {"tenant": "one"}})
    assert answer["error"]["fields"]["params"][0]["code"] == "unknown"
    client = await sync_to_async(signed_in)(user)
    assert (await sync_to_async(client.get)("/api/zoo.Label/?tenant=one")).status_code == 400


def test_the_documents_name_them() -> None:
    request: Any = RequestFactory().get("/")
    request.user = AnonymousUser()
    paths = openapi(request, lambda *names: "/".join(("", *names, "")), lambda stream: [])["paths"]
    for path in [path for path in paths if STREAM in path and "get" in paths[path] and "form" not in path]:
        assert {"tenant", "also"} <= {each["name"] for each in paths[path]["get"]["parameters"]}
    assert '"params"' in json.dumps(asyncapi(request))


def test_a_name_that_reads_take_already_is_an_error() -> None:
    class Doubled(Binding):
        stream, model, fields = "test.doubled", Label, ("id", "name")
        permission_classes = (NamesTenant,)
        filterset_fields = ("name",)
        query_params = ("page", "name", "tenant")

    (found,) = [each for each in run_checks(tags=["channels_binding"]) if each.id == "channels_binding.E014"]
    assert "names name, page," in found.msg
