"""The streams that a caller may use, and what is prepared to be sent to them."""

from collections.abc import Iterator
from typing import Any, Literal, TypedDict

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory
from rest_framework import serializers
from rest_framework.permissions import BasePermission

from channels_binding.consumers import AsyncBinding, bind
from channels_binding.exceptions import NotFound
from channels_binding.explorer import offers
from tests.project.zoo.models import Note
from tests.throwaway import throwaway

pytestmark = pytest.mark.one_backend("permissions are asked, and no rows")


@pytest.fixture(autouse=True)
def _few_streams() -> Iterator[None]:
    with throwaway("zoo.Note"):
        yield


def by(user: Any) -> HttpRequest:
    request = RequestFactory().get("/api/explorer/streams/")
    request.user = user
    return request


class ReadOnly(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.method == "GET")


class Nobody(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return False


class Close(TypedDict):
    id: int
    how: Literal["well", "badly"]


class Start(serializers.Serializer[Any]):
    per_second = serializers.IntegerField(min_value=1, default=5)
    least = serializers.IntegerField(min_value=3)
    name = serializers.CharField()
    shown = serializers.CharField(read_only=True)
    tags = serializers.ListField(child=serializers.CharField())
    close = serializers.DictField()


def test_a_stream_is_listed_with_what_its_rows_are_called(user: Any) -> None:
    assert offers.streams(by(user)) == [{"stream": "zoo.Note", "label": "notes", "model": True}]


def test_nobody_is_told_of_no_stream(db: None) -> None:
    assert offers.streams(by(AnonymousUser())) == []


def test_what_is_refused_is_not_named(user: Any) -> None:
    class ReadBinding(AsyncBinding):
        stream = "tests.Read"
        model = Note
        fields = ("id", "title")
        permission_classes = (ReadOnly,)

    class HiddenBinding(AsyncBinding):
        stream = "tests.Hidden"
        model = Note
        fields = ("id",)
        permission_classes = (Nobody,)

    assert "tests.Hidden" not in [each["stream"] for each in offers.streams(by(user))]
    with pytest.raises(NotFound):
        offers.stream(by(user), "tests.Hidden")
    names = {each["name"] for each in offers.stream(by(user), "tests.Read")["actions"]}
    assert {"search", "retrieve", "describe"} <= names
    assert names.isdisjoint({"create", "update", "delete"})


def test_a_permission_that_fails_hides_its_own_stream_alone(user: Any, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(BasePermission):
        def has_permission(self, request: Any, view: Any) -> bool:
            raise KeyError("tenant")

    class BrokenBinding(AsyncBinding):
        stream = "tests.Broken"
        model = Note
        fields = ("id",)
        permission_classes = (Broken,)

    assert [each["stream"] for each in offers.streams(by(user))] == ["zoo.Note"]
    assert "A permission of tests.Broken.describe has failed" in caplog.text


def test_what_a_stream_does_not_offer_is_not_named(user: Any) -> None:
    class FewBinding(AsyncBinding):
        stream = "tests.Few"
        model = Note
        fields = ("id",)
        actions = ("create",)

    assert [each["name"] for each in offers.stream(by(user), "tests.Few")["actions"]] == [
        "create",
        "subscribe",
        "unsubscribe",
    ]


def test_an_event_of_ones_own_comes_with_an_example_of_its_data(user: Any) -> None:
    class OwnBinding(AsyncBinding):
        """What it is for."""

        stream = "tests.Own"

        @bind("close")
        async def close(self, data: Close) -> None:
            """Closes it.

            In detail.
            """

        @bind("plain", method="GET")
        async def plain(self, data: dict[str, Any]) -> None: ...

    offered = offers.stream(by(user), "tests.Own")
    assert (offered["doc"], offered["model"], offered["label"]) == ("What it is for.", False, "tests.Own")
    own = {each["name"]: each for each in offered["actions"] if not each["builtin"]}
    closing = {"name": "close", "method": "POST", "builtin": False, "live": False, "doc": "Closes it."}
    assert own["close"] == {**closing, "data": {"id": 0, "how": "well"}}
    assert (own["plain"]["method"], own["plain"]["data"], own["plain"]["doc"]) == ("GET", {}, "")


def test_reads_are_said_to_stay_live(user: Any) -> None:
    actions = {each["name"]: each for each in offers.stream(by(user), "zoo.Note")["actions"]}
    assert actions["search"]["live"]
    assert actions["retrieve"]["live"]
    assert not actions["create"]["live"]


def test_the_class_behind_a_stream_is_told_to_the_staff_alone(user: Any) -> None:
    assert "binding" not in offers.stream(by(user), "zoo.Note")
    user.is_staff = True
    told = offers.stream(by(user), "zoo.Note")["binding"]
    assert told["binding"] == "tests.project.zoo.bindings.notes.NoteBinding"
    assert "live reads" in told


def test_an_example_begins_with_what_the_server_would_take() -> None:
    assert offers.example_of(Start) == {"per_second": 5, "least": 3, "name": "", "tags": [], "close": {}}
    assert offers.example_of(None) == {}
