"""Over streamable HTTP: the official client, and what no client of that kind sends."""

import json
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, RequestFactory
from rest_framework.authtoken.models import Token

from channels_binding.contrib.mcp import views
from channels_binding.exceptions import BadRequest
from tests.contrib.mcp.clients import TOKENS, answered, connected, served
from tests.project.zoo.models import Note

pytestmark = pytest.mark.usefixtures("transactional_db", "hub_ended", "only_the_zoo")
ACCEPT = "application/json, text/event-stream"
LIST: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}


@pytest.fixture
async def token(user: Any, settings: Any) -> str:
    settings.CHANNELS_BINDING = TOKENS
    return str((await Token.objects.acreate(user=user)).key)


async def post(token: str | None, body: Any = LIST, **headers: str) -> Any:
    sent = {"Accept": ACCEPT} | headers
    if token:
        sent["Authorization"] = f"Bearer {token}"
    content = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return await AsyncClient().post("/mcp/", content, content_type="application/json", headers=sent)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_official_client_asks_as_the_user_of_its_token(
    mode: str, token: str, user: Any, stranger: Any
) -> None:
    await Note.objects.acreate(title="hers", owner=user)
    await Note.objects.acreate(title="his", owner=stranger)
    his = (await Token.objects.acreate(user=stranger)).key
    async with served() as address, connected(address, token, mode) as one, connected(address, his, mode) as other:
        for client, title in ((one, "hers"), (other, "his"), (one, "hers")):
            found = answered(await client.call_tool("search", {"stream": "zoo.OwnNote"}))
            assert [row["title"] for row in found["rows"]] == [title]


async def test_nobody_is_answered_without_a_token(token: str, user: Any) -> None:
    for wrong in (None, "wrong"):
        response = await post(wrong)
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == "Bearer"
        assert response.json()["code"] == "unauthenticated"
    client = AsyncClient()
    await client.aforce_login(user)  # a cookie says nothing: a page could send it
    response = await client.post("/mcp/", json.dumps(LIST), content_type="application/json", headers={"Accept": ACCEPT})
    assert response.status_code == 401


async def test_a_token_is_enough_where_every_page_wants_somebody_to_be_signed_in(token: str, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    assert (await post(token)).status_code == 200
    assert (await post(None)).status_code == 401


async def test_a_foreign_page_and_a_foreign_host_are_refused_token_or_not(token: str) -> None:
    assert (await post(token)).status_code == 200
    assert (await post(token, Origin="http://testserver")).status_code == 200
    assert (await post(token, Origin="https://elsewhere.example")).status_code == 403
    async with served() as address, httpx.AsyncClient(trust_env=False) as client:
        headers = {"Accept": ACCEPT, "Authorization": f"Bearer {token}", "Host": "rebound.example"}
        assert (await client.post(address, json=LIST, headers=headers)).status_code == 400


async def test_no_stream_is_opened_and_no_session_is_kept(token: str) -> None:
    response = await post(token, {**LIST, "method": "initialize", "params": INITIALIZE})
    assert response.status_code == 200
    assert "mcp-session-id" not in {name.lower() for name in response.headers}
    assert response["Content-Type"].startswith("application/json")
    for method in ("get", "delete", "put"):
        asked = getattr(AsyncClient(), method)
        response = await asked("/mcp/", headers={"Authorization": f"Bearer {token}", "Accept": ACCEPT})
        assert (response.status_code, response["Allow"]) == (405, "POST")


INITIALIZE = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}


async def test_a_session_id_that_a_client_makes_up_leads_nowhere(token: str) -> None:
    response = await post(token, **{"Mcp-Session-Id": "somebody-else-s"})
    assert next(tool["name"] for tool in response.json()["result"]["tools"]) == "streams"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "bad_request"),
        ('{"a":' * 40 + "1" + "}" * 40, 400, "bad_request"),
        (json.dumps({"x": "y" * 70_000}), 413, "too_large"),
        (b"\xff\xfe", 400, "bad_request"),
    ],
    ids=["no JSON", "too deep", "too large", "no text"],
)
async def test_a_body_that_is_none_is_refused_before_anybody_reads_it(
    body: Any, status: int, code: str, token: str
) -> None:
    response = await post(token, body)
    assert (response.status_code, response.json()["code"]) == (status, code)


async def test_what_is_json_and_no_message_is_the_sdk_s_to_refuse(token: str) -> None:
    wrong: tuple[Any, ...] = ([], {"jsonrpc": "2.0"}, {"jsonrpc": "2.0", "id": 1, "method": "fly"})
    for body in wrong:
        response = await post(token, body)
        assert "error" in response.json()


async def test_it_answers_under_wsgi_too(token: str) -> None:
    from django.test import Client

    sent = {"Accept": ACCEPT, "Authorization": f"Bearer {token}"}
    ask = sync_to_async(Client().post, thread_sensitive=False)
    response = await ask("/mcp/", json.dumps(LIST), content_type="application/json", headers=sent)
    assert response.status_code == 200


async def test_a_token_that_is_revoked_is_refused_at_the_next_call(token: str) -> None:
    assert (await post(token)).status_code == 200
    await Token.objects.all().adelete()
    assert (await post(token)).status_code == 401


async def test_no_token_and_no_cookie_reaches_a_log_or_the_sdk(token: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with served() as address, httpx.AsyncClient(trust_env=False) as client:
        headers = {"Accept": ACCEPT, "Authorization": f"Bearer {token}", "Cookie": "sessionid=canary"}
        response = await client.post(address, json=LIST, headers=headers)
    assert response.status_code == 200
    assert token not in caplog.text
    assert "canary" not in caplog.text


def test_a_foreign_host_is_refused_also_where_no_middleware_looks_at_it() -> None:
    views._check(RequestFactory().post("/mcp/"))
    with pytest.raises(BadRequest):
        views._check(RequestFactory().post("/mcp/", headers={"Host": "rebound.example"}))


def test_the_sdk_is_told_no_token_and_no_cookie() -> None:
    sent = {"Authorization": "Bearer canary", "Cookie": "sessionid=canary", "Accept": ACCEPT}
    scope = views._scope(RequestFactory().post("/mcp/?token=canary", headers=sent))
    assert (b"accept", ACCEPT.encode()) in scope["headers"]
    assert "canary" not in str(scope)
