"""What a binding says of presence: whether it offers it, what is shown of a user, which rooms there are."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser, Permission

from channels_binding.bindings.presence import member_key
from channels_binding.calls import Call
from channels_binding.consumers import AsyncBinding, PresenceBinding, bind
from channels_binding.dispatch import perform
from channels_binding.exceptions import BadRequest, MethodNotAllowed
from channels_binding.registry import registry
from tests.conftest import Connect
from tests.project.zoo.models import Note


class Shopper:
    """As a project's own user, who signs in by an e-mail address."""

    USERNAME_FIELD = "email"
    pk, is_authenticated = 7, True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_username(self) -> str:
        return "ann@example.com"

    def get_short_name(self) -> str:
        return self.name

    @classmethod
    def get_email_field_name(cls) -> str:
        return "email"


@pytest.mark.parametrize(("name", "shown"), [("Ann", "Ann"), ("", "#7")])
def test_an_email_address_is_shown_to_nobody_who_is_there(name: str, shown: str) -> None:
    binding = PlainNoteBinding(Call("zoo.PlainNote", "presence", {}, Shopper(name)))
    assert binding.get_presence_user() == {"id": 7, "username": shown}


class PlainNoteBinding(AsyncBinding):
    stream = "zoo.PlainNote"
    model = Note


class OwnEventBinding(AsyncBinding):
    stream = "zoo.ownPresence"

    @bind("presence")
    async def presence_event(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"mine": data}


class NoRetrieveBinding(AsyncBinding):
    stream = "zoo.NoRetrieve"
    model = Note
    actions = ("search",)
    presence = True


class CoroutineBinding(PresenceBinding):
    stream = "zoo.coroutine"

    async def may_enter(self, name: str) -> bool:  # type: ignore[override]
        return name == "in"

    async def get_presence_user(self) -> Any:  # type: ignore[override]
        return {"name": "N. N."}


def test_only_who_declares_it_offers_it() -> None:
    assert "presence" in registry.get("zoo.Note").get_actions()
    assert "presence" in registry.get("zoo.lobby").get_actions()
    assert "presence" not in PlainNoteBinding.get_actions()
    assert "presence" not in registry.get("custom_stream").get_actions()


async def test_describe_says_whether_a_stream_offers_it(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    for stream, offers in (("zoo.Note", True), ("zoo.PlainNote", False)):
        assert ("presence" in (await socket.call(f"{stream}.describe"))["data"]["actions"]) is offers


async def test_an_event_of_that_name_stays_the_project_s(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    assert (await socket.call("zoo.ownPresence.presence", {"x": 1}))["data"] == {"mine": {"x": 1}}
    assert (await socket.call("zoo.ownPresence.presence", {"meta": 1}))["data"] == {"mine": {"meta": 1}}


async def test_where_retrieve_is_not_offered_nobody_may_know_who_is_there(connect: Connect, user: Any) -> None:
    note = await sync_to_async(Note.objects.create)(title="one")
    socket = await connect(user)
    asked: list[dict[str, Any]] = [{}, {"meta": {}}]
    for data in asked:
        answer = await socket.call("zoo.NoRetrieve.presence", {"id": note.pk, **data})
        assert answer["error"]["code"] == "method_not_allowed"


async def test_hooks_may_be_coroutines(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    assert (await socket.call("zoo.coroutine.presence#p", {}))["error"]["code"] == "not_found"
    await socket.call("zoo.coroutine.presence#p", {"id": "in"})
    await socket.call("zoo.coroutine.presence", {"id": "in", "meta": {}})
    assert (await socket.receive())["data"]["put"][0][1]["user"] == {"name": "N. N."}


@pytest.mark.django_db
def test_code_cannot_be_present_and_is_told_so(user: Any) -> None:
    note = Note.objects.create(title="one")
    with pytest.raises(BadRequest):
        perform(Call("zoo.Note", "presence", {"id": note.pk}, user))
    with pytest.raises(MethodNotAllowed):
        perform(Call("zoo.PlainNote", "presence", {"id": note.pk}, user))


@pytest.mark.django_db
def test_tabs_are_one_by_the_user_s_key(user: Any) -> None:
    assert member_key(user, "t") == str(user.pk)
    assert member_key(AnonymousUser(), "t") == "~t"
    assert member_key(Permission(pk=3), "t") == "Permission:3"
