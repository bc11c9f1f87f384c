"""Each handshake that is refused is a line of the log, with the reason and the way out; while DEBUG is on one that is seen."""

import logging
from typing import Any

import pytest
from rest_framework.authentication import BaseAuthentication, TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

from channels_binding.consumers import AsyncConsumer
from channels_binding.security.refusals import HandshakeRefused
from channels_binding.testing import BindingCommunicator
from tests.conftest import Connect


class Refusing(BaseAuthentication):
    def authenticate(self, request: Any) -> Any:
        if "Authorization" in request.headers:
            raise AuthenticationFailed(f"No {request.headers['Authorization']} since Monday.")

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"


TOKENS = {"AUTHENTICATION_CLASSES": (Refusing,)}
ELSEWHERE = [(b"origin", b"http://localhost:3000"), (b"host", b"testserver")]
REFUSED: dict[str, Any] = {
    "nobody": ({}, {}, "nobody is signed in. Sign in first"),
    "nobody looked": (
        {},
        {"application": AsyncConsumer.as_asgi()},
        "Nothing has looked who it is: in asgi.py, wrap the URLRouter in SessionMiddlewareStack",
    ),
    "a token that no class takes": ({}, {"subprotocols": ["bearer.abc"]}, "no class takes one: name those of your API"),
    "a wrong token": (
        TOKENS,
        {"subprotocols": ["bearer.abc"]},
        "the token is not accepted. An authentication class says: ",
    ),
    "a token under another word": (
        {"AUTHENTICATION_CLASSES": (TokenAuthentication,)},
        {"headers": [(b"authorization", b"Bearer abc"), (b"host", b"testserver")], "modern": False},
        "No class takes the header 'Authorization: Bearer …'; send 'Authorization: Token …'.",
    ),
    "nobody yet, and not cb.1": (
        TOKENS,
        {"modern": False},
        "A client that says who it is by cb.auth offers the subprotocol cb.1.json. Sign in first",
    ),
    "a page of another host": (
        {},
        {"headers": ELSEWHERE},
        "'http://localhost:3000' may not connect. Name it in CHANNELS_",
    ),
    "a page that the list lacks": (
        {"ALLOWED_ORIGINS": ["http://localhost:5173"]},
        {"headers": ELSEWHERE},
        "'http://localhost:3000' may not connect. CHANNELS_BINDING has ALLOWED_ORIGINS: http://localhost:5173; pages of any",
    ),
}


async def refused(case: str, settings: Any, caplog: pytest.LogCaptureFixture) -> logging.LogRecord:
    given, options, _ = REFUSED[case]
    settings.CHANNELS_BINDING = given
    with caplog.at_level(logging.INFO, "channels_binding"):
        assert not await BindingCommunicator("/ws/", **options).open()
    (record,) = [each for each in caplog.records if "refused" in each.getMessage()]
    return record


@pytest.mark.parametrize("case", REFUSED)
async def test_in_debug_a_warning_says_why_and_names_the_way_out(
    case: str, connect: Connect, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEBUG = True
    record = await refused(case, settings, caplog)
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("A connection to /ws/ was refused: ")
    assert REFUSED[case][2] in record.getMessage()


async def test_in_production_it_is_for_information(
    connect: Connect, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEBUG = False
    assert (await refused("nobody", settings, caplog)).levelno == logging.INFO


async def test_what_a_class_says_is_logged_without_the_token(
    connect: Connect, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEBUG = True
    said = (await refused("a wrong token", settings, caplog)).getMessage()
    assert "No Bearer *** since Monday." in said
    assert "abc" not in said


@pytest.mark.parametrize("header", [f"{40 * 'a'}", f"{40 * '7'}", f"{40 * 'a'} ", f"{40 * 'a'} b", "eyJh.bGci.OiJI x"])
async def test_a_token_without_a_word_before_it_is_not_in_the_log(
    header: str, connect: Connect, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEBUG = True
    settings.CHANNELS_BINDING = {"AUTHENTICATION_CLASSES": (TokenAuthentication,)}
    headers = [(b"authorization", header.encode()), (b"host", b"testserver")]
    assert not await BindingCommunicator("/ws/", headers=headers, modern=False).open()
    assert "was refused" in caplog.text
    assert header[:20] not in caplog.text


def test_what_the_client_is_told_fits_a_close_frame_and_keeps_the_way_out_to_the_log() -> None:
    refusal = HandshakeRefused("nobody is signed in", "Sign in first.", is_unauthenticated=True)
    assert (str(refusal), refusal.code, refusal.way_out) == ("nobody is signed in", "unauthenticated", "Sign in first.")
