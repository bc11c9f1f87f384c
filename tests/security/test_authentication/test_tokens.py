"""Where a token is found, when it expires, and that no log shows it."""

import logging
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BasicAuthentication, SessionAuthentication, TokenAuthentication
from rest_framework_simplejwt.authentication import JWTAuthentication
from uvicorn.logging import AccessFormatter

from channels_binding.live.hub import Hub
from channels_binding.security.authentication import (
    Identity,
    _redact,
    expiry_of,
    redacted,
    takes_tokens,
    token_of,
    without_token,
)
from channels_binding.testing import session_cookie
from tests.conftest import Connect
from tests.security.test_authentication.sockets import BOTH, ByTicket, header, in_thread, socket, token


def test_where_a_token_stands_in_a_handshake() -> None:
    assert token_of({"subprotocols": ["cb.1.json", "bearer.abc"]}) == "abc"
    assert token_of({"query_string": b"a=1&token=a%2Bc"}) == "a+c"
    assert token_of({"query_string": b"", "subprotocols": ["cb.1.json"]}) is None
    assert token_of({"query_string": b"%74oken=abc"}) is None, "what looks for tokens in addresses would not know it"


def test_a_scope_is_shown_without_its_token() -> None:
    shown = without_token(
        {
            "query_string": b"a=1&token=abc&b=2",
            "subprotocols": ["cb.1.json", "bearer.abc"],
            "headers": [(b"sec-websocket-protocol", b"bearer.abc"), (b"authorization", b"Token abc"), (b"host", b"x")],
        }
    )
    assert shown == {"query_string": b"a=1&b=2", "subprotocols": ["cb.1.json"], "headers": [(b"host", b"x")]}


def test_which_classes_take_tokens() -> None:
    found = [takes_tokens(cls) for cls in (TokenAuthentication, JWTAuthentication, BasicAuthentication, ByTicket)]
    assert found == [True] * 4
    assert not takes_tokens(SessionAuthentication)


def test_when_a_token_is_over() -> None:
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    assert expiry_of({"exp": 7}) == 7.0
    assert expiry_of(SimpleNamespace(payload={"exp": 8})) == 8.0
    assert expiry_of(SimpleNamespace(expires=moment)) == moment.timestamp()
    assert expiry_of(SimpleNamespace(expiry=moment)) == moment.timestamp()
    silent: list[Any] = [None, {}, SimpleNamespace(), SimpleNamespace(expires="soon")]
    assert [expiry_of(each) for each in silent] == [None] * 4


def test_an_identity_does_not_show_its_token() -> None:
    identity = Identity(AnonymousUser(), token="canary")
    assert "canary" not in repr(identity)
    assert identity.key is not None
    assert identity.key != Identity(AnonymousUser(), token="other").key
    assert identity.into({"path": "/"})["auth_key"] == identity.key


def test_a_query_token_is_redacted() -> None:
    assert (
        redacted('"WebSocket /ws/?a=1&token=abc.def&b=2" [accepted]') == '"WebSocket /ws/?a=1&token=***&b=2" [accepted]'
    )
    assert (
        redacted("< Sec-WebSocket-Protocol: cb.1.json, bearer.abc.def, x")
        == "< Sec-WebSocket-Protocol: cb.1.json, bearer.***, x"
    )
    assert redacted("< authorization: Token abc") == "< authorization: Token ***"
    assert redacted("token=abc") == "token=abc"
    assert redacted("GET /ws/?%74oken=abc&t%6Fken=d HTTP/1.1") == "GET /ws/?%74oken=***&t%6Fken=*** HTTP/1.1"


async def test_no_token_is_logged_on_any_way_in(
    connect: Connect, user: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHANNELS_BINDING = BOTH
    given = await in_thread(token)(user)
    ways: list[dict[str, Any]] = [
        {"path": f"/ws/?token={given}"},
        {"path": f"/ws/?token={given}x"},
        {"subprotocols": [f"bearer.{given}"]},
        {"subprotocols": [f"bearer.{given}x"]},
        {"headers": header(f"Token {given}")},
        {"headers": header(f"Token {given}x")},
        {},
    ]
    with caplog.at_level(logging.DEBUG):
        for options in ways:
            opened = socket(**options)
            if await opened.open():
                await opened.send({"event": "cb.auth", "id": 1, "data": {"token": given + "x"}})
                await opened.receive()
                await opened.close()
        logging.getLogger("uvicorn.error").info('%s - "WebSocket %s" [accepted]', "1.2.3.4", f"/ws/?token={given}")
    assert "[accepted]" in caplog.text
    assert given not in caplog.text


async def test_the_session_s_own_user_keeps_its_session_key(connect: Connect, user: Any) -> None:
    key = await in_thread(session_cookie)(user)
    opened = socket(headers=[(b"cookie", f"sessionid={key}".encode())])
    assert await opened.open()
    (subscriber,) = Hub.current().subscribers
    assert (subscriber.session_key, subscriber.has_token) == (key, False)
    await opened.close()


@pytest.mark.parametrize(
    ("message", "args"),
    [
        ('%s - "%s %s HTTP/%s" %d', ("1.2.3.4:5", "GET", "/api/x/?token=canary", "1.1", 200)),
        ("HTTP %(method)s %(path)s", ({"method": "GET", "path": "/api/x/?token=canary"},)),
        ("%s%s", ("/ws/?token=", "canary")),
        ("/ws/?token=canary", ()),
    ],
)
def test_a_redacted_record_is_one_that_a_server_s_own_formatter_can_take_apart(message: str, args: Any) -> None:
    """uvicorn's takes the five arguments of a request by place: without them each such request was a traceback in the log."""
    record = logging.LogRecord("uvicorn.access", logging.INFO, "x", 1, message, args, None)
    assert _redact.filter(record)
    assert "canary" not in record.getMessage()
    assert "token=***" in record.getMessage()


def test_uvicorn_writes_a_request_with_a_token() -> None:
    formatter = AccessFormatter("%(client_addr)s %(request_line)s %(status_code)s", use_colors=False)
    args = ("1.2.3.4:5", "GET", "/api/x/?token=canary", "1.1", 200)
    record = logging.LogRecord("uvicorn.access", logging.INFO, "x", 1, '%s - "%s %s HTTP/%s" %d', args, None)
    _redact.filter(record)
    assert formatter.format(record) == "1.2.3.4:5 GET /api/x/?token=*** HTTP/1.1 200 OK"
