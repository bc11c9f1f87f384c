# mypy: disable-error-code="misc"
"""One stream four times: both kinds of binding, with plain hooks and with coroutine hooks."""

from typing import Any, ClassVar

from django import forms
from django_filters import CharFilter, FilterSet
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated

from channels_binding.consumers import AsyncBinding, Binding, bind
from channels_binding.exceptions import Conflict
from tests.project.zoo.models import Note

STREAMS = ("zoo.AsyncPlain", "zoo.AsyncCoroutine", "zoo.SyncPlain", "zoo.SyncCoroutine")


class PlainPermission(BasePermission):
    """Mallory may nothing, and nobody writes what is titled ``fixed``."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user.username != "mallory")

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return request.method in SAFE_METHODS or obj.title != "fixed"


class CoroutinePermission(BasePermission):
    async def has_permission(self, request: Any, view: Any) -> bool:  # type: ignore[override]
        return bool(request.user.username != "mallory")

    async def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:  # type: ignore[override]
        return request.method in SAFE_METHODS or obj.title != "fixed"


class NoteFilter(FilterSet):
    prefix_of_title = CharFilter(method="by_prefix")

    class Meta:
        model = Note
        fields = {"rank": ["exact", "gte", "in"], "done": ["exact"]}

    def by_prefix(self, queryset: Any, name: str, value: str) -> Any:
        assert self.request is not None
        return queryset.filter(title__startswith=value) if self.request.user.is_authenticated else queryset.none()


class LineSerializer(serializers.Serializer[Any]):
    amount = serializers.IntegerField(min_value=1)
    unit = serializers.CharField(max_length=3)


class NoteSerializer(serializers.ModelSerializer[Note]):
    lines = LineSerializer(many=True, write_only=True, required=False)
    shout = serializers.SerializerMethodField()

    class Meta:
        model = Note
        fields = ("id", "title", "rank", "weight", "done", "owner", "labels", "lines", "shout")
        read_only_fields = ("owner",)

    def get_shout(self, note: Note) -> str:
        return f"{note.title.upper()} to {self.context['request'].user.username}"

    def validate_title(self, value: str) -> str:
        if value == "forbidden":
            raise serializers.ValidationError("Not this one.", code="taboo")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs.pop("lines", None)
        if attrs.get("rank", 0) > 10 and attrs.get("done"):
            raise serializers.ValidationError("Too high to be done.", code="too_high")
        return attrs


class NoteForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Note
        fields = ("title", "rank")


class Declared:
    model = Note
    search_fields = ("title",)
    ordering_fields = ("title", "rank", "weight")
    aggregates: ClassVar = {"rank": ("sum", "avg"), "weight": ("max",)}
    group_by = ("done", "owner")

    def visible(self) -> Any:
        return Note.objects.exclude(title="hidden")


class PlainHooks(Declared):
    """Every hook as a function."""

    user: Any

    def get_queryset(self) -> Any:
        return self.visible()

    def get_serializer_class(self) -> Any:
        return NoteSerializer

    def get_permissions(self) -> Any:
        return [(IsAuthenticated & PlainPermission)()]

    def get_audience(self) -> Any:
        return ("user", self.user.pk)

    def get_filterset_class(self) -> Any:
        return NoteFilter

    def get_search_fields(self) -> Any:
        return self.search_fields

    def get_ordering_fields(self) -> Any:
        return self.ordering_fields

    def get_ordering(self) -> Any:
        return ("id",)

    def get_aggregates(self) -> Any:
        return self.aggregates

    def get_group_by(self) -> Any:
        return self.group_by

    def get_page_size(self) -> int:
        return 3

    def get_max_page_size(self) -> int:
        return 4

    def get_form_class(self) -> Any:
        return NoteForm

    def get_throttles(self) -> Any:
        return []

    def perform_create(self, serializer: Any) -> None:
        serializer.save(owner=self.user)

    def perform_update(self, serializer: Any) -> None:
        serializer.save(owner=self.user)

    def perform_destroy(self, instance: Any) -> None:
        instance.delete()

    def perform_form(self, form: Any) -> Any:
        form.instance.owner = self.user
        return form.save()


class CoroutineHooks(Declared):
    """Every hook as a coroutine."""

    user: Any

    async def get_queryset(self) -> Any:
        return self.visible()

    async def get_serializer_class(self) -> Any:
        return NoteSerializer

    async def get_permissions(self) -> Any:
        return [(IsAuthenticated & CoroutinePermission)()]

    async def get_audience(self) -> Any:
        return ("user", self.user.pk)

    async def get_filterset_class(self) -> Any:
        return NoteFilter

    async def get_search_fields(self) -> Any:
        return self.search_fields

    async def get_ordering_fields(self) -> Any:
        return self.ordering_fields

    async def get_ordering(self) -> Any:
        return ("id",)

    async def get_aggregates(self) -> Any:
        return self.aggregates

    async def get_group_by(self) -> Any:
        return self.group_by

    async def get_page_size(self) -> int:
        return 3

    async def get_max_page_size(self) -> int:
        return 4

    async def get_form_class(self) -> Any:
        return NoteForm

    async def get_throttles(self) -> Any:
        return []

    async def perform_create(self, serializer: Any) -> None:
        await _in_thread(serializer.save, owner=self.user)

    async def perform_update(self, serializer: Any) -> None:
        await _in_thread(serializer.save, owner=self.user)

    async def perform_destroy(self, instance: Any) -> None:
        await instance.adelete()

    async def perform_form(self, form: Any) -> Any:
        form.instance.owner = self.user
        return await _in_thread(form.save)


async def _in_thread(function: Any, **values: Any) -> Any:
    from asgiref.sync import sync_to_async

    return await sync_to_async(function)(**values)


class AsyncEvents(AsyncBinding):
    """Coroutine handlers."""

    @bind("echo")
    async def echo(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"action": self.action, "method": self.request.method, "user": self.user.username, **data}

    @bind("mirror")
    async def mirror(self, data: dict[str, Any]) -> None:
        await self.reflect("mirror", {"seen": data})

    @bind("quiet")
    async def quiet(self, data: dict[str, Any]) -> None:
        """Answers nothing."""

    @bind("look", method="GET")
    async def look(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"method": self.request.method}

    @bind("row")
    async def row(self, data: dict[str, Any]) -> dict[str, Any]:
        note = await self.aget_object(data.get("id"))
        return {"title": note.title}

    @bind("fails")
    async def fails(self, data: dict[str, Any]) -> None:
        raise RuntimeError("canary-traceback")

    @bind("conflicts")
    async def conflicts(self, data: dict[str, Any]) -> None:
        raise Conflict("Closed already.")


class SyncEvents(Binding):
    """The same as plain functions."""

    @bind("echo")
    def echo(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"action": self.action, "method": self.request.method, "user": self.user.username, **data}

    @bind("mirror")
    def mirror(self, data: dict[str, Any]) -> None:
        self.reflect("mirror", {"seen": data})

    @bind("quiet")
    def quiet(self, data: dict[str, Any]) -> None:
        """Answers nothing."""

    @bind("look", method="GET")
    def look(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"method": self.request.method}

    @bind("row")
    def row(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"title": self.get_object(self.key_of(data)).title}

    @bind("fails")
    def fails(self, data: dict[str, Any]) -> None:
        raise RuntimeError("canary-traceback")

    @bind("conflicts")
    def conflicts(self, data: dict[str, Any]) -> None:
        raise Conflict("Closed already.")


class AsyncPlain(PlainHooks, AsyncEvents):
    stream = "zoo.AsyncPlain"


class AsyncCoroutine(CoroutineHooks, AsyncEvents):
    stream = "zoo.AsyncCoroutine"


class SyncPlain(PlainHooks, SyncEvents):
    stream = "zoo.SyncPlain"


class SyncCoroutine(CoroutineHooks, SyncEvents):
    stream = "zoo.SyncCoroutine"
