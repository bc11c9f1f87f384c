import asyncio
import time
from typing import Any

from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import BasePermission

from channels_binding.consumers import AsyncBinding, Binding, PresenceBinding, bind
from tests.project.zoo.models import Cafe, Label, Note, Place, Precious, Token


class LabelBinding(AsyncBinding):
    model = Label
    fields = ("id", "name")
    search_fields = ("name",)


class NoteBinding(AsyncBinding):
    model = Note
    fields = ("id", "title", "rank", "weight", "done", "owner", "labels")
    presence = True
    filterset_fields = {
        "done": ["exact"],
        "rank": ["exact", "gte", "lte", "in"],
        "title": ["exact", "icontains"],
        "labels": ["exact"],
        "labels__name": ["exact"],
        "weight": ["isnull"],
    }
    search_fields = ("title",)
    expandable = {"labels": {"limit": 3, "order": "-name"}, "owner": {}, "parent.labels": {}, "note_set": {"limit": 2}}
    aggregates = {"rank": ("sum", "avg", "min", "max"), "weight": ("sum", "count"), "owner": ("count_distinct",)}
    group_by = ("done", "owner", "rank")

    @bind("slow")
    def slow(self, data: dict[str, Any]) -> dict[str, Any]:
        """A handler that keeps its thread busy."""
        time.sleep(data.get("seconds", 1.0))
        return {"slept": True}

    @bind("drowsy")
    async def drowsy(self, data: dict[str, Any]) -> dict[str, Any]:
        """A handler that keeps nothing busy."""
        await asyncio.sleep(data.get("seconds", 1.0))
        return {"slept": True}

    @bind("burst")
    def burst(self, data: dict[str, Any]) -> dict[str, Any]:
        """Saves one row many times."""
        note = Note.objects.get(pk=data["id"])
        for rank in range(data["count"]):
            note.rank = rank
            note.save()
        return {"rank": note.rank}

    @bind("fail")
    async def fail(self, data: dict[str, Any]) -> None:
        raise RuntimeError("canary-traceback")


class OwnNoteBinding(Binding):
    """Only the owner's rows; the sync twin."""

    stream = "zoo.OwnNote"
    model = Note
    fields = ("id", "title", "rank", "owner")
    presence = True
    read_only_fields = ("owner",)
    filterset_fields = {"rank": ["gte"]}
    aggregates = {"rank": ("sum",)}
    group_by = ("rank", "owner")

    def get_queryset(self) -> Any:
        return Note.objects.filter(owner=self.user)

    def perform_create(self, serializer: Any) -> None:
        serializer.save(owner=self.user)


class IsNotLocked(BasePermission):
    """An object permission: rows titled ``locked`` are nobody's business."""

    def has_object_permission(self, request: Any, view: Any, obj: Note) -> bool:
        return obj.title != "locked"


class GuardedNoteBinding(AsyncBinding):
    stream = "zoo.GuardedNote"
    model = Note
    fields = ("id", "title", "rank")
    presence = True
    permission_classes = (IsNotLocked,)
    aggregates = {"rank": ("sum",)}
    group_by = ("rank",)


class LobbyBinding(PresenceBinding):
    """Rooms without rows."""

    stream = "zoo.lobby"
    rooms = ("quiet",)


class TwoPerPage(PageNumberPagination):
    page_size = 2
    page_size_query_param = "size"


class PagedNoteBinding(AsyncBinding):
    """DRF's own pages over HTTP."""

    stream = "zoo.PagedNote"
    model = Note
    fields = ("id", "title", "rank")
    filterset_fields = ("done",)
    ordering_fields = ("rank",)
    pagination_class = TwoPerPage
    max_page_size = 3


class TokenBinding(AsyncBinding):
    model = Token
    fields = ("id", "name")


class PlaceBinding(AsyncBinding):
    model = Place


class CafeBinding(AsyncBinding):
    model = Cafe


class PreciousBinding(AsyncBinding):
    model = Precious
    fields = ("id", "name")
