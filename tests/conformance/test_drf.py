# mypy: disable-error-code="misc"
"""A DRF project's own classes, as they are: in its viewset and in a binding, over HTTP and a socket, the same answers."""

import re
from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client
from django.urls import include, path
from django_filters import BooleanFilter, CharFilter, FilterSet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import serializers
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.routers import SimpleRouter
from rest_framework.throttling import UserRateThrottle
from rest_framework.validators import UniqueTogetherValidator
from rest_framework.viewsets import ModelViewSet

from channels_binding.consumers import AsyncBinding, Binding
from tests.conftest import Connect
from tests.project.zoo.models import Label, Note

# What the project has


class LegacyLabelSerializer(serializers.ModelSerializer[Label]):
    class Meta:
        model = Label
        fields = ("id", "name")
        extra_kwargs = {"name": {"min_length": 2}}


class LegacyNoteSerializer(serializers.ModelSerializer[Note]):
    owner = serializers.HiddenField(default=serializers.CurrentUserDefault())
    owner_name = serializers.CharField(source="owner.username", read_only=True)
    labels = LegacyLabelSerializer(many=True, required=False)
    link = serializers.SerializerMethodField()
    secret_code = serializers.CharField(write_only=True, required=False)

    class Meta:
        model = Note
        fields = ("id", "title", "rank", "owner", "owner_name", "labels", "link", "secret_code")
        validators = (UniqueTogetherValidator(queryset=Note.objects.all(), fields=["title", "owner"]),)

    def get_link(self, note: Note) -> str:
        request, view = self.context["request"], self.context["view"]
        return f"{self.context['site']}/{note.pk}?user={request.user.username}&seen_by={view.action}"

    def validate_rank(self, value: int) -> int:
        if value < 0:
            raise serializers.ValidationError("Ranks begin at zero.", code="negative")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("title") == "top" and attrs.get("rank", 0) > 1:
            raise serializers.ValidationError({"rank": "The top has rank one."})
        return attrs

    def create(self, validated_data: dict[str, Any]) -> Note:
        labels = validated_data.pop("labels", [])
        note = super().create(validated_data)
        note.labels.set([Label.objects.create(**label) for label in labels])
        return note


class LegacyNoteFilter(FilterSet):
    mine = BooleanFilter(method="of_whoever_asks")
    starts = CharFilter(field_name="title", lookup_expr="startswith")

    class Meta:
        model = Note
        fields = {"rank": ["exact", "gte"]}

    def of_whoever_asks(self, queryset: Any, name: str, value: bool) -> Any:
        assert self.request is not None
        return queryset.filter(owner=self.request.user) if value else queryset.exclude(owner=self.request.user)


class LegacyPermission(BasePermission):
    message = "Not with this one."

    def has_permission(self, request: Any, view: Any) -> bool:
        if view.action == "destroy":
            return bool(request.user.is_staff)
        if view.kwargs.get("pk") == "9003" and request.method not in SAFE_METHODS:
            return False
        return request.data.get("title") != "banned" if request.method == "POST" else True

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return request.method in SAFE_METHODS or obj.owner == request.user


class LegacyThrottle(UserRateThrottle):
    rate = "3/min"

    def get_cache_key(self, request: Any, view: Any) -> str | None:
        return f"legacy-{type(view).__name__}-{request.user.pk}" if view.action == "create" else None


class Shared:
    """What a viewset and a binding both declare."""

    queryset = Note.objects.order_by("pk")
    serializer_class = LegacyNoteSerializer
    permission_classes = (LegacyPermission,)
    throttle_classes = (LegacyThrottle,)
    filterset_class = LegacyNoteFilter
    search_fields = ("title",)
    ordering_fields = ("title", "rank")

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "site": "https://example.com"}


class LegacyViewSet(Shared, ModelViewSet):  # type: ignore[type-arg]
    filter_backends = (DjangoFilterBackend, SearchFilter, OrderingFilter)


class LegacyBinding(Shared, AsyncBinding):
    stream = "legacy.Note"


class SyncLegacyBinding(Shared, Binding):
    stream = "legacy.SyncNote"


router = SimpleRouter()
router.register("legacy", LegacyViewSet)
urlpatterns = [path("drf/", include(router.urls)), path("api/", include("channels_binding.urls"))]


# Three ways to ask the same

STATUS = {"create": 201, "destroy": 204}


class World:
    def __init__(self, user: Any, socket: Any) -> None:
        self.client = Client()
        self.client.force_login(user)
        self.socket = socket
        self.make()

    def make(self) -> None:
        """The same rows for whoever is asked."""
        cache.clear()
        Note.objects.all().delete()
        Label.objects.all().delete()
        users = {user.username: user for user in get_user_model().objects.all()}
        for key, title, owner in ((9001, "one", "ann"), (9002, "two", "bob"), (9003, "three", "ann")):
            note = Note.objects.create(pk=key, title=title, rank=key - 9000, owner=users[owner])
            note.labels.add(Label.objects.create(pk=key, name=f"label {key}"))

    def drf(self, method: str, where: str, body: Any = None) -> tuple[int, Any]:
        response = self.client.generic(method, f"/drf/legacy/{where}", orjson.dumps(body or {}), "application/json")
        return response.status_code, orjson.loads(response.content or b"null")

    def http(self, stream: str, method: str, where: str, body: Any = None) -> tuple[int, Any]:
        response = self.client.generic(method, f"/api/{stream}/{where}", orjson.dumps(body or {}), "application/json")
        return response.status_code, response.json()

    async def by_socket(self, event: str, data: Any) -> tuple[int, Any]:
        answer = await self.socket.call(
            event, {"live": False, **data} if event.endswith(("search", "retrieve")) else data
        )
        return (answer["error"]["status"], answer["error"]) if "error" in answer else (200, answer["data"])


@pytest.fixture
async def world(connect: Connect, user: Any, stranger: Any, settings: Any) -> World:
    settings.ROOT_URLCONF = __name__
    return await sync_to_async(World)(user, await connect(user))


BINDINGS = ("legacy.Note", "legacy.SyncNote")


def messages(fields: Any) -> Any:
    """Ours as DRF says it: ``[{"code": …, "message": "x"}]`` → ``["x"]``; ``__all__`` → ``non_field_errors``."""
    if isinstance(fields, list):
        return [each["message"] for each in fields]
    return {"non_field_errors" if name == "__all__" else name: messages(value) for name, value in fields.items()}


QUERIES = {
    "": {},
    "?ordering=-rank": {"order": "-rank"},
    "?mine=true": {"filters": {"mine": True}},
    "?mine=false&ordering=title": {"filters": {"mine": False}, "order": "title"},
    "?rank__gte=2": {"filters": {"rank__gte": 2}},
    "?starts=t": {"filters": {"starts": "t"}},
    "?search=hre": {"query": "hre"},
    "?search='": {"query": "'"},  # a quoted phrase of nothing: every row
    '?search="hre" t,h': {"query": '"hre" t,h'},
}


@pytest.mark.parametrize("stream", BINDINGS)
@pytest.mark.parametrize("query", QUERIES)
async def test_lists_are_filtered_ordered_and_shown_alike(query: str, stream: str, world: World) -> None:
    status, rows = await sync_to_async(world.drf)("GET", query)
    ours = query.replace("ordering=", "order=").replace("search=", "query=")
    by_http = await sync_to_async(world.http)(stream, "GET", ours)
    by_socket = await world.by_socket(f"{stream}.search", QUERIES[query])
    assert (status, len(rows) > 0) == (200, True)
    assert by_http[1]["rows"] == by_socket[1]["rows"] == rows


@pytest.mark.parametrize("stream", BINDINGS)
async def test_a_row_is_shown_alike(stream: str, world: World) -> None:
    _, row = await sync_to_async(world.drf)("GET", "9001/")
    assert row["link"] == "https://example.com/9001?user=ann&seen_by=retrieve"
    assert await sync_to_async(world.http)(stream, "GET", "9001/") == (200, row)
    assert await world.by_socket(f"{stream}.retrieve", {"id": 9001}) == (200, row)


CREATED: dict[str, tuple[int, dict[str, Any]]] = {
    "valid": (201, {"title": "new", "rank": 3}),
    "valid, nested, write only": (201, {"title": "new", "labels": [{"name": "ab"}], "secret_code": "x"}),
    "required": (400, {}),
    "a field's validator": (400, {"title": "new", "rank": -1}),
    "validate()": (400, {"title": "top", "rank": 5}),
    "nested": (400, {"title": "new", "labels": [{"name": "ab"}, {"name": "a"}, {}]}),
    "unique together, with a hidden field": (400, {"title": "one"}),
    "unique together, another's": (201, {"title": "two"}),
    "wrong type": (400, {"title": "new", "rank": "many"}),
    "permission by data": (403, {"title": "banned"}),
}


@pytest.mark.parametrize("stream", BINDINGS)
@pytest.mark.parametrize("case", CREATED)
async def test_rows_are_made_and_refused_alike(case: str, stream: str, world: World) -> None:
    expected, body = CREATED[case]
    status, theirs = await sync_to_async(world.drf)("POST", "", body)
    assert status == expected
    await sync_to_async(world.make)()
    by_http = await sync_to_async(world.http)(stream, "POST", "", body)
    await sync_to_async(world.make)()
    by_socket = await world.by_socket(f"{stream}.create", body)
    assert by_http[0] == expected
    assert by_socket[0] == (200 if expected == 201 else expected)
    for (_, ours), beside in ((by_http, {}), (by_socket, {"success": True})):
        if expected == 201:
            assert varying(ours) == varying({**beside, **as_retrieved(theirs)})
        elif expected == 400:
            assert messages(ours["fields"]) == theirs
        else:
            assert ours["message"] == theirs["detail"]


def as_retrieved(row: dict[str, Any]) -> dict[str, Any]:
    """A row as ``retrieve`` shows it, which is how writes are answered: a serializer that asks ``view.action`` sees that."""
    return {**row, "link": re.sub(r"seen_by=\w+", "seen_by=retrieve", row["link"])}


def varying(row: dict[str, Any]) -> dict[str, Any]:
    """A row without the keys that the database has given."""
    labels = [{**label, "id": 0} for label in row["labels"]]
    return {**row, "id": 0, "link": row["link"].replace(str(row["id"]), "0"), "labels": labels}


UPDATED: dict[str, tuple[str, str, int, dict[str, Any]]] = {
    "partly": ("PATCH", "9001", 200, {"rank": 7}),
    "wholly": ("PUT", "9001", 200, {"title": "all", "rank": 7}),
    "wholly, with something missing": ("PUT", "9001", 400, {"rank": 7}),
    "refused by a validator": ("PATCH", "9001", 400, {"rank": -7}),
    "another's": ("PATCH", "9002", 403, {"rank": 7}),
    "refused by view.kwargs": ("PATCH", "9003", 403, {"rank": 7}),
    "missing": ("PATCH", "424242", 404, {"rank": 7}),
    "deleted by who is no staff": ("DELETE", "9001", 403, {}),
}
ACTIONS = {"PATCH": "update", "PUT": "replace", "DELETE": "delete"}


@pytest.mark.parametrize("stream", BINDINGS)
@pytest.mark.parametrize("case", UPDATED)
async def test_rows_are_changed_and_refused_alike(case: str, stream: str, world: World) -> None:
    method, key, expected, body = UPDATED[case]
    stored = []
    for way in ("drf", "http", "socket"):
        await sync_to_async(world.make)()
        if way == "drf":
            status, theirs = await sync_to_async(world.drf)(method, f"{key}/", body)
        elif way == "http":
            status, ours = await sync_to_async(world.http)(stream, method, f"{key}/", body)
        else:
            status, ours = await world.by_socket(f"{stream}.{ACTIONS[method]}", {"id": int(key), **body})
        assert status == expected, way
        if way == "http" and method != "DELETE" and expected == 200:
            assert ours == as_retrieved(theirs)
        if way != "drf" and expected == 400:
            assert messages(ours["fields"]) == theirs
        if way != "drf" and expected == 403:
            assert ours["message"] == theirs["detail"]
        stored.append(await sync_to_async(lambda: [*Note.objects.order_by("pk").values()])())
    assert stored[0] == stored[1] == stored[2]


@pytest.mark.parametrize("stream", BINDINGS)
async def test_requests_are_throttled_alike(stream: str, world: World) -> None:
    for number in range(3):
        assert (await sync_to_async(world.drf)("POST", "", {"title": f"d{number}"}))[0] == 201
        assert (await world.by_socket(f"{stream}.create", {"title": f"s{number}"}))[0] == 200
    assert (await sync_to_async(world.drf)("POST", "", {"title": "d"}))[0] == 429
    assert (await world.by_socket(f"{stream}.create", {"title": "s"}))[0] == 429
    assert (await sync_to_async(world.http)(stream, "POST", "", {"title": "h"}))[0] == 429
    assert (await world.by_socket(f"{stream}.search", {}))[0] == 200
