"""While messages of other processes may have been lost, whoever is sent something is looked up first, and is sent it."""

import asyncio
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from rest_framework.authtoken.models import Token

from channels_binding.consumers import AsyncBinding
from channels_binding.live.capture import recorder
from channels_binding.live.hub import Hub
from channels_binding.live.identity import checks
from channels_binding.testing import BindingCommunicator
from tests.conftest import Connect
from tests.live.identity.test_checks import closed, deactivate, in_thread
from tests.project.zoo.models import Note


@pytest.mark.parametrize("way", ["session", "token"])
async def test_while_the_broker_is_silent_whoever_is_sent_something_is_looked_up_first(
    way: str, connect: Connect, user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has withdrawn what this one knows; it was not notified, and itself writes."""
    settings.CHANNELS_BINDING = {"AUTHENTIFICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"]}
    if way == "session":
        socket = await connect(user)
    else:
        token = await Token.objects.acreate(user=user)
        socket = BindingCommunicator(f"/ws/?token={token.key}")
        await socket.open()
    await socket.call("zoo.Note.search#h")
    await socket.call("zoo.Note.subscribe")
    hub = Hub.current()
    monkeypatch.setattr(hub.identity, "misses_messages", lambda: True)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(recorder, "_publishers", [])
        await in_thread(lambda: Token.objects.all().delete() if way == "token" else deactivate(user))()
    hub.identity.pending.checked_at = float("-inf")  # a second later
    await Note.objects.acreate(title="canary")
    assert await closed(socket) == 4401


async def test_who_may_stay_is_sent_everything_while_the_broker_is_silent(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await connect(user)
    shown = await socket.live("zoo.Note.search#h", {})
    hub = Hub.current()
    monkeypatch.setattr(hub.identity, "misses_messages", lambda: True)
    for title in ("a", "b"):
        hub.identity.pending.checked_at = float("-inf")
        await Note.objects.acreate(title=title)
        await socket.assert_live(shown)


@pytest.mark.parametrize("slow", ["checks", "reads", "reads that a round does not wait for"])
async def test_whoever_may_stay_is_sent_everything_in_silence_however_long_it_takes(
    slow: str, connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check that is outdated before anything can be sent would be made again for ever."""
    socket = await connect(user)
    shown = await socket.live("zoo.Note.search#h", {})
    hub = Hub.current()
    monkeypatch.setattr(checks, "SILENT_CHECK_SECONDS", 0.05)
    monkeypatch.setattr(hub.identity, "misses_messages", lambda: True)
    if slow == "checks":
        delay(monkeypatch, hub.identity, "_check_these", 0.1)
    else:
        delay(monkeypatch, hub.store, "evaluate", 0.2)
    if slow == "reads that a round does not wait for":
        monkeypatch.setattr("channels_binding.live.rounds.ROUND_PATIENCE_SECONDS", 0.02)
    for title in ("a", "b"):
        await Note.objects.acreate(title=title)
        while title not in [row["title"] for row in shown.rows]:
            shown.apply(await socket.receive(5))
    assert [row["title"] for row in shown.rows] == ["a", "b"]


class StaffNoteBinding(AsyncBinding):
    """Staff sees more; the audience, a project's own, does not say so."""

    stream = "tests.StaffNote"
    model = Note
    fields = ("id", "title")

    def get_queryset(self) -> Any:
        return Note.objects.all() if self.user.is_staff else Note.objects.exclude(title="canary")

    def get_audience(self) -> Any:
        return self.user.pk


async def test_what_was_read_before_the_last_check_in_silence_is_not_sent_after_it(
    connect: Connect, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    user.is_staff = True
    await user.asave()
    socket = await connect(user)
    shown = await socket.live("tests.StaffNote.search#h", {})
    hub = Hub.current()
    monkeypatch.setattr(checks, "SILENT_CHECK_SECONDS", 0.05)
    monkeypatch.setattr(hub.identity, "misses_messages", lambda: True)
    evaluate = hub.store.evaluate

    def lose_the_right_quietly() -> None:
        with monkeypatch.context() as quiet:
            quiet.setattr(recorder, "_publishers", [])
            get_user_model().objects.filter(pk=user.pk).update(is_staff=False)

    async def read_and_then_lose_it(*args: Any, **kwargs: Any) -> Any:
        await evaluate(*args, **kwargs)
        await in_thread(lose_the_right_quietly)()
        await asyncio.sleep(0.1)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(hub.store, "evaluate", read_and_then_lose_it)
        await Note.objects.acreate(title="canary")
        await asyncio.sleep(0.5)
    await Note.objects.acreate(title="seen")
    while not shown.rows:
        message = await socket.receive(5)
        assert "canary" not in str(message)
        if message["event"] == shown.event:
            shown.apply(message)
    assert [row["title"] for row in shown.rows] == ["seen"]


def delay(monkeypatch: pytest.MonkeyPatch, of: Any, name: str, seconds: float) -> None:
    made = getattr(of, name)

    async def delayed(*args: Any) -> Any:
        await asyncio.sleep(seconds)
        return await made(*args)

    monkeypatch.setattr(of, name, delayed)
