import asyncio
import time
from typing import Any

from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import BasePermission

from channels_binding.consumers import AsyncBinding, Binding, bind
from tests.project.zoo.models import Cafe, Label, Note, Place, Precious, Token


class LabelBinding(AsyncBinding):
    model = Label
    fields = ("id", "name")
    search_fields = ("name",)


class NoteBinding(AsyncBinding):
    model = Note
    fields = ("id", "title", "rank", "weight", "done", "owner", "labels")
    filterset_fields = {
        "done": ["exact"],
        "rank": ["exact", "gte", "lte", "in"],
        "title": ["exact", "icontains"],
        "labels": ["exact"],
        "labels__name": ["exact"],
        "weight": ["isnull"],
    }
    search_fields = ("title",)

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
    read_only_fields = ("owner",)
    filterset_fields = {"rank": ["gte"]}

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
    permission_classes = (IsNotLocked,)


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
