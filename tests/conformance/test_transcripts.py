"""The recorded conversations, replayed against both consumers."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from rest_framework.authtoken.models import Token

from tests.conformance.transcripts import differences, load
from tests.conftest import Connect
from tests.project.zoo.models import Chapter, Note, Novel
from tests.security.test_authentication.sockets import told


def _make(fixture: dict[str, Any], caller: Any) -> None:
    users = get_user_model()
    named = fixture.get("user")
    if named:
        users.objects.create(**named)
    missing = fixture.get("users", 0) - users.objects.count()
    users.objects.bulk_create(users(username=f"user{i}", email=f"user{i}@example.com") for i in range(missing))
    for token, name in fixture.get("tokens", {}).items():
        Token.objects.create(key=token, user=users.objects.get_or_create(username=name)[0])
    for note in fixture.get("notes", ()):
        Note.objects.create(**note)
    for novel in fixture.get("novels", ()):
        made = Novel.objects.create(id=novel["id"], title=novel["title"])
        for chapter in novel["chapters"]:
            Chapter.objects.create(novel=made, **chapter)


@pytest.mark.parametrize("path", ["/", "/ws/", "/sync/"])
@pytest.mark.parametrize("transcript", load(), ids=lambda transcript: str(transcript["name"]))
async def test_the_conversation_goes_as_recorded(
    transcript: dict[str, Any], path: str, connect: Connect, user: Any, settings: Any
) -> None:
    await sync_to_async(_make)(transcript["fixture"], user)
    if "tokens" in transcript["fixture"]:
        settings.CHANNELS_BINDING = {"AUTHENTICATION_CLASSES": ("rest_framework.authentication.TokenAuthentication",)}
        user = None
    modern = transcript["subprotocol"] == "cb.1.json"
    sockets = {}
    for name in dict.fromkeys(step.get("connection", "a") for step in transcript["steps"]):
        sockets[name] = await connect(user, path=path, modern=modern)
    for number, step in enumerate(transcript["steps"]):
        socket = sockets[step.get("connection", "a")]
        if "send" in step:
            await socket.send(step["send"])
        elif "close" in step:
            with pytest.raises(ConnectionError):
                await socket.receive()
            assert socket.close_code == step["close"]
        else:
            if step["receive"]["event"] == "cb.user":
                arrived = {"event": "cb.user", "data": {"user": (await told(socket)).pop(0)}}
                assert differences(step["receive"], arrived) == [], f"step {number}"
                continue
            is_greeting = step["receive"]["event"] == "cb.hello" and socket.hello is not None
            arrived = socket.hello if is_greeting else await socket.receive()
            assert differences(step["receive"], arrived) == [], f"step {number}: {arrived}"
    assert all([await socket.silent(0.1) for socket in sockets.values() if socket.close_code is None])
    assert not any(socket.users for socket in sockets.values())


def test_the_comparison_notices_a_wrong_value_name_kind_and_order() -> None:
    recorded = {"a": 1, "b": "<int>", "c": ["<each>", {"d": "<string>"}]}
    assert differences(recorded, {"a": 1, "b": 2, "c": [{"d": "x"}, {"d": "y"}]}) == []
    for wrong in (
        {"a": 2, "b": 2, "c": [{"d": "x"}]},
        {"b": 2, "a": 1, "c": [{"d": "x"}]},
        {"a": 1, "b": "2", "c": [{"d": "x"}]},
        {"a": 1, "b": 2, "c": []},
        {"a": 1, "b": 2, "c": [{"d": "x", "e": 1}]},
    ):
        assert differences(recorded, wrong)
