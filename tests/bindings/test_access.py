"""Who may: what DRF's permission classes see, and what they decide."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated

from channels_binding.calls import Call
from channels_binding.consumers import Binding, bind
from channels_binding.dispatch import perform
from channels_binding.exceptions import Forbidden
from channels_binding.testing import BindingCommunicator
from tests.bindings.test_base import MixedBinding, SeesWhatDrfSees
from tests.conftest import Connect
from tests.project.zoo.models import Note
from tests.throwaway import throwaway


async def test_an_event_may_have_permissions_of_its_own(connect: Connect, user: Any, stranger: Any) -> None:
    ann, bob = await connect(user), await connect(stranger)
    assert (await bob.call(f"{MixedBinding.stream}.for_bob"))["data"] == {"hello": "bob"}
    refused = (await ann.call(f"{MixedBinding.stream}.for_bob"))["error"]
    assert (refused["code"], refused["message"]) == ("forbidden", "Only bob.")


async def test_who_was_refused_does_not_hear_the_stream(connect: Connect, user: Any) -> None:
    socket = await connect(user)
    await socket.call(f"{MixedBinding.stream}.for_bob")
    from channels_binding.live.handler_messages import send

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


# Where a binding names no permissions

ADMINS = {"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"]}


@pytest.fixture
def bare() -> Iterator[type[Binding]]:
    with throwaway():

        class Bare(Binding):
            stream, model, fields = "test.bare", Note, ("id", "title")

            @bind
            def ring(self, data: Any) -> Any:
                return {}

            @bind(permission_classes=[AllowAny])
            def open(self, data: Any) -> Any:
                return {}

            @bind(permission_classes=[])
            def unsaid(self, data: Any) -> Any:
                return {}

            @bind(permission_classes=[OfRows])
            def of_rows(self, data: Any) -> Any:
                return {}

            @bind(permission_classes=[IsAuthenticated | AllowAny])
            def either(self, data: Any) -> Any:
                return {}

        yield Bare


class OfRows(BasePermission):
    """Judges rows alone: its ``has_permission`` is DRF's, and true."""

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return True


def post(user: Any, path: str) -> int:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client.post(f"/api/{path}", "{}", "application/json").status_code


@pytest.mark.parametrize("action", ["search", "create", "form", "describe", "ring"])
@override_settings(REST_FRAMEWORK=ADMINS)
def test_the_permissions_of_rest_framework_hold_where_nothing_names_any(bare: Any, action: str, user: Any) -> None:
    with pytest.raises(Forbidden):
        perform(Call("test.bare", action, {}, user))
    assert post(user, f"test.bare/{action}/") == 403
    user.is_staff = True
    perform(Call("test.bare", action if action != "create" else "search", {}, user))


@override_settings(REST_FRAMEWORK=ADMINS)
async def test_they_hold_on_sockets_and_for_what_follows(bare: Any, connect: Connect, user: Any) -> None:
    socket = await connect(user)
    for name in ("test.bare.search#a", "test.bare.subscribe", "test.bare.ring"):
        assert (await socket.call(name))["error"]["code"] == "forbidden"


@override_settings(REST_FRAMEWORK=ADMINS)
def test_they_hold_for_uploads(user: Any) -> None:
    client = Client()
    client.force_login(user)
    assert client.post("/api/upload/", {"file": SimpleUploadedFile("a.txt", b"x")}).status_code == 403


@pytest.mark.parametrize(
    ("own", "status"), [([], 200), (["rest_framework.permissions.IsAuthenticated"], 200), (None, 403)]
)
@override_settings(REST_FRAMEWORK=ADMINS)
def test_ours_stand_before_them(bare: Any, user: Any, own: Any, status: int) -> None:
    with override_settings(CHANNELS_BINDING={"DEFAULT_PERMISSION_CLASSES": own}):
        assert post(user, "test.bare/ring/") == status


@override_settings(REST_FRAMEWORK={"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.DjangoModelPermissions"]})
def test_an_upload_is_of_no_model_and_so_asks_no_permissions_of_one(user: Any) -> None:
    client = Client()
    assert client.post("/api/upload/", {"file": SimpleUploadedFile("a.txt", b"x")}).status_code == 401
    client.force_login(user)
    assert client.post("/api/upload/", {"file": SimpleUploadedFile("a.txt", b"x")}).status_code == 201


@override_settings(REST_FRAMEWORK=ADMINS)
def test_the_binding_s_and_the_event_s_own_stand_before_both(bare: Any, user: Any) -> None:
    assert post(user, "test.bare/open/") == 200
    bare.permission_classes = ()
    assert post(user, "test.bare/ring/") == 200


# Events that nobody in particular may call


@pytest.mark.parametrize(
    ("event", "status"),
    [("open", 200), ("either", 200), ("unsaid", 401), ("of_rows", 401), ("ring", 401), ("search", 401)],
)
def test_an_event_is_open_to_who_is_not_signed_in_only_if_its_own_permissions_say_so(
    bare: Any, event: str, status: int, transactional_db: None
) -> None:
    assert post(None, f"test.bare/{event}/") == status


async def test_a_socket_is_not_opened_by_such_an_event(bare: Any, transactional_db: None, hub_ended: None) -> None:
    assert not await BindingCommunicator("/ws/").open()
