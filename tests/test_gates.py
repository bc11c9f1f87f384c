"""Who may: what DRF's permission classes see, and what they decide."""

from typing import Any

import pytest

from tests.conftest import Connect
from tests.test_bindings import MixedBinding, SeesWhatDrfSees


async def test_an_event_may_have_permissions_of_its_own(connect: Connect, user: Any, stranger: Any) -> None:
    ann, bob = await connect(user), await connect(stranger)
    assert (await bob.call(f"{MixedBinding.stream}.for_bob"))["data"] == {"hello": "bob"}
    refused = (await ann.call(f"{MixedBinding.stream}.for_bob"))["error"]
    assert (refused["code"], refused["message"]) == ("forbidden", "Only bob.")


async def test_who_was_refused_does_not_hear_the_stream(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.call(f"{MixedBinding.stream}.for_bob")
    from channels_binding.live.outlet import send

    send(f"{MixedBinding.stream}.news", {"canary": True})
    assert await socket.silent()
    await socket.call(f"{MixedBinding.stream}.rows")
    send(f"{MixedBinding.stream}.news", {"heard": True})
    assert (await socket.receive())["data"] == {"heard": True}


@pytest.mark.parametrize(
    ("action", "data", "seen"),
    [
        ("search", {}, ("GET", "list")),
        ("retrieve", {"id": 1}, ("GET", "retrieve")),
        ("create", {}, ("POST", "create")),
        ("update", {"id": 1, "title": "x"}, ("PATCH", "partial_update")),
        ("save", {"id": 1, "title": "x"}, ("PATCH", "partial_update")),
        ("save", {"title": "x"}, ("POST", "create")),
        ("rows", {}, ("POST", "rows")),
    ],
)
async def test_a_permission_class_sees_a_request_as_drf_has_it(
    action: str, data: dict[str, Any], seen: tuple[str, str], connect: Connect, user: Any
) -> None:
    from channels_binding.testing import BindingCommunicator

    socket = BindingCommunicator("/ws/", user=user, headers=[(b"host", b"testserver")])
    await socket.open()
    SeesWhatDrfSees.seen = ()
    await socket.call(f"{MixedBinding.get_stream()}.{action}", data)
    kwargs = {"pk": "1"} if "id" in data else {}  # as DRF's router makes them of a path
    assert SeesWhatDrfSees.seen == (*seen, "ann", kwargs, "testserver")
    await socket.close()
