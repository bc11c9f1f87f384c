"""Sockets that bring tokens, and bindings whose answers depend on who is behind a socket."""

import time
from datetime import timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from rest_framework.authentication import TokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.permissions import BasePermission
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.tokens import AccessToken

from channels_binding.consumers import AsyncBinding, bind
from channels_binding.testing import BindingCommunicator
from tests.project.zoo.models import Note

in_thread = sync_to_async
PATHS = ["/ws/", "/sync/"]
JWT = {"AUTHENTICATION_CLASSES": ("rest_framework_simplejwt.authentication.JWTAuthentication",)}
BOTH = {"AUTHENTICATION_CLASSES": (TokenAuthentication, JWTAuthentication)}


class TokenHolder(BasePermission):
    """Knows DRF's ``request.auth``."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return request.auth is not None and request.successful_authenticator is None


class ScopedNoteBinding(AsyncBinding):
    stream = "zoo.ScopedNote"
    model = Note
    fields = ("id", "title")
    permission_classes = (TokenHolder,)


class MineBinding(AsyncBinding):
    """Rows of whoever reads, and events that sign in and out."""

    stream = "zoo.Mine"
    model = Note
    fields = ("id", "title")

    def get_queryset(self) -> Any:
        return Note.objects.filter(owner=self.user).order_by("pk")

    @bind("enter", permission_classes=())
    async def enter(self, data: dict[str, Any]) -> dict[str, Any]:
        await self.login(await get_user_model().objects.aget(username=data["name"]))
        return {"user": self.user.username}

    @bind("leave")
    async def leave(self, data: dict[str, Any]) -> dict[str, Any]:
        await self.logout()
        return {"left": True}

    @bind("shout")
    async def shout(self, data: dict[str, Any]) -> None:
        await self.dispatch("shouted", {"text": data["text"]})


class StaffOnly(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user.is_staff)


class BackstageBinding(AsyncBinding):
    stream = "backstage"
    permission_classes = (StaffOnly,)

    @bind("whisper")
    async def whisper(self, data: dict[str, Any]) -> None:
        await self.dispatch("whispered", {"text": data["text"]})


def token(user: Any) -> str:
    return str(Token.objects.get_or_create(user=user)[0].key)


def jwt(user: Any, seconds: float = 60) -> str:
    made = AccessToken.for_user(user)
    made.set_exp(lifetime=timedelta(seconds=seconds))
    return str(made)


def socket(path: str = "/ws/", **options: Any) -> BindingCommunicator:
    return BindingCommunicator(path, **options)


async def closed(connection: BindingCommunicator, seconds: float = 3) -> int:
    """Wait until the socket is closed; returns the code."""
    while True:
        try:
            await connection.receive(seconds)
        except ConnectionError:
            assert connection.close_code is not None
            return connection.close_code


async def told(connection: BindingCommunicator) -> list[str | None]:
    """Wait until ``cb.user`` has come, and nothing else; returns what it has said."""
    for _ in range(100):
        if connection.users:
            return connection.users
        assert await connection.silent(0.1)
    raise AssertionError("cb.user did not come")


def header(value: str) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", value.encode())]


class ByTicket:
    """An authentication class of the first release's kind that takes tokens."""

    accepts_tokens = True

    async def get_user(self, consumer: Any) -> Any:
        if consumer.token != "ticket-for-ann":
            return None
        consumer.auth = {"ticket": 1, "exp": time.time() + 50}
        return await get_user_model().objects.aget(username="ann")
