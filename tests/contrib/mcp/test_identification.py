"""As whom a model asks."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from rest_framework.authtoken.models import Token

from channels_binding.contrib.mcp.identification import by_name, by_token, token_classes
from channels_binding.exceptions import Unauthenticated
from tests.contrib.mcp.clients import TOKENS


class AskedOfSocketsAlone:
    accepts_tokens = True

    def get_user(self, consumer: Any) -> None:
        return None


def test_only_classes_that_read_tokens_are_asked(settings: Any) -> None:
    basic = "rest_framework.authentication.SessionAuthentication"
    settings.CHANNELS_BINDING = {
        "AUTHENTICATION_CLASSES": (*TOKENS["AUTHENTICATION_CLASSES"], basic, AskedOfSocketsAlone)
    }
    assert [cls.__name__ for cls in token_classes()] == ["TokenAuthentication"]


async def test_a_token_says_who_asks_until_it_is_revoked(user: Any, settings: Any, transactional_db: None) -> None:
    settings.CHANNELS_BINDING = TOKENS
    token = await Token.objects.acreate(user=user)
    identify = by_token(token.key)
    assert (await identify()).user == user
    await token.adelete()
    with pytest.raises(Unauthenticated):
        await identify()


@pytest.mark.parametrize("token", ["wrong", "", "with space", "x" * 9000, "ä"])
async def test_a_token_that_is_none_is_nobody_s(token: str, settings: Any, transactional_db: None) -> None:
    settings.CHANNELS_BINDING = TOKENS
    with pytest.raises(Unauthenticated):
        await by_token(token)()


async def test_without_a_class_for_tokens_nobody_is_known(user: Any, settings: Any, transactional_db: None) -> None:
    settings.CHANNELS_BINDING = {}
    token = await Token.objects.acreate(user=user)
    with pytest.raises(Unauthenticated):
        await by_token(token.key)()


async def test_a_name_is_a_user_who_is_there_and_active(user: Any, transactional_db: None) -> None:
    assert (await by_name(user.username)()).user == user
    with pytest.raises(Unauthenticated):
        await by_name("nobody")()
    user.is_active = False
    await sync_to_async(user.save)()
    with pytest.raises(Unauthenticated):
        await by_name(user.username)()
