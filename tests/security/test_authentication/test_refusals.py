"""Who is refused: a wrong, forged or expired token, a user who is deactivated, a foreign origin."""

import base64
import json
import logging
import time
from typing import Any

import pytest
from rest_framework.authentication import BaseAuthentication
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from channels_binding.live.hub import Hub
from tests.conftest import Connect
from tests.security.test_authentication.sockets import BOTH, JWT, PATHS, ByTicket, closed, in_thread, jwt, socket, token


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("way", ["subprotocol", "query"])
async def test_a_wrong_token_is_refused_even_with_a_good_session(
    way: str, path: str, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = BOTH
    refused = socket(
        f"{path}?token=wrong" if way == "query" else path,
        user=user,
        subprotocols=["bearer.wrong"] if way == "subprotocol" else [],
    )
    assert not await refused.open()
    assert refused.close_code == 4401
    assert Hub.current().subscribers == set()


def forged(user: Any, head: dict[str, Any], **claims: Any) -> str:
    """A JWT that is signed with nothing."""
    now = int(time.time())
    body = {"user_id": str(user.pk), "token_type": "access", "exp": now + 60, "iat": now, "jti": "x", **claims}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (head, body)]
    return ".".join([*parts, ""])


WRONG_JWTS: dict[str, Any] = {
    "alg none": lambda user: forged(user, {"alg": "none", "typ": "JWT"}),
    "alg None": lambda user: forged(user, {"alg": "None", "typ": "JWT"}),
    "unsigned HS256": lambda user: forged(user, {"alg": "HS256", "typ": "JWT"}),
    "RS256 without a key": lambda user: forged(user, {"alg": "RS256", "typ": "JWT"}),
    "kid path": lambda user: forged(user, {"alg": "HS256", "kid": "../../../../dev/null"}),
    "expired": lambda user: jwt(user, -10),
    "not yet": lambda user: _with(AccessToken.for_user(user), nbf=int(time.time()) + 300),
    "a refresh token": lambda user: str(RefreshToken.for_user(user)),
    "no such user": lambda user: _with(AccessToken.for_user(user), user_id="424242"),
    "cut": lambda user: jwt(user)[:-4],
    "a megabyte": lambda user: "a" * 1_000_000,
    "empty": lambda user: "",
    "two words": lambda user: f"{jwt(user)} x",
    "not ASCII": lambda user: "т" * 40,
    "a newline": lambda user: f"{jwt(user)}\r\nX-Evil: 1",
}


def _with(made: Any, **claims: Any) -> str:
    for name, value in claims.items():
        made[name] = value
    return str(made)


@pytest.mark.parametrize("case", WRONG_JWTS)
async def test_a_wrong_jwt_lets_nobody_in(case: str, connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = {**JWT, "MAX_FRAME_BYTES": 2_000_000, "MAX_PENDING_FRAME_BYTES": 2_000_000}
    given = await in_thread(WRONG_JWTS[case])(user)
    waiting = socket()
    assert await waiting.open()
    await waiting.send({"event": "cb.auth", "id": 1, "data": {"token": given}})
    answer = await waiting.receive()
    assert answer["error"]["code"] == "unauthenticated"
    assert await closed(waiting) == 4401
    if given and given.isascii() and given.isprintable() and len(given) < 5000 and " " not in given:
        assert not await socket(f"/ws/?token={given}").open()


@pytest.mark.parametrize("data", [{}, {"token": None}, {"token": 7}, {"token": ["x"]}, {"token": {}}])
async def test_a_message_without_a_token_is_invalid(data: Any, connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = JWT
    waiting = socket()
    assert await waiting.open()
    await waiting.send({"event": "cb.auth", "id": 1, "data": data})
    assert (await waiting.receive())["error"]["code"] == "invalid"
    assert await closed(waiting) == 4401


async def test_a_deactivated_user_s_token_is_refused(connect: Connect, user: Any, settings: Any) -> None:
    settings.CHANNELS_BINDING = BOTH
    given = await in_thread(token)(user)
    user.is_active = False
    await user.asave()
    assert not await socket(f"/ws/?token={given}").open()


async def test_an_authenticator_of_ones_own_cannot_let_a_deactivated_user_in(
    connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = {"AUTHENTICATION_CLASSES": (ByTicket,)}
    user.is_active = False
    await user.asave()
    assert not await socket("/ws/?token=ticket-for-ann").open()


class Broken(BaseAuthentication):
    def authenticate(self, request: Any) -> Any:
        raise RuntimeError(f"no {request.headers.get('Authorization')}")

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"


async def test_an_authenticator_that_fails_refuses_and_its_token_is_not_logged(
    connect: Connect, user: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHANNELS_BINDING = {"AUTHENTICATION_CLASSES": (Broken,)}
    with caplog.at_level(logging.DEBUG):
        assert not await socket("/ws/?token=canary-token").open()
    assert "RuntimeError" in caplog.text
    assert "canary-token" not in caplog.text


@pytest.mark.parametrize(
    ("origin", "cookie", "bearer", "is_let_in"),
    [
        (None, False, True, True),
        (None, True, True, True),
        ("http://testserver", True, False, True),
        ("http://testserver", True, True, True),
        ("http://evil.example", True, False, False),
        ("http://evil.example", True, True, False),
        ("http://evil.example", False, True, False),
        ("null", True, True, False),
    ],
)
async def test_a_foreign_origin_is_refused_whatever_it_brings(
    origin: str | None, cookie: bool, bearer: bool, is_let_in: bool, connect: Connect, user: Any, settings: Any
) -> None:
    settings.CHANNELS_BINDING = BOTH
    given = await in_thread(token)(user)
    headers = [(b"host", b"testserver"), *([(b"origin", origin.encode())] if origin else [])]
    opened = socket(user=user if cookie else None, subprotocols=[f"bearer.{given}"] if bearer else [], headers=headers)
    assert await opened.open() is is_let_in
    if is_let_in:
        await opened.close()
