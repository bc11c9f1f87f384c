from typing import Any

from django.contrib.auth import get_user_model
from django.forms import inlineformset_factory
from rest_framework.permissions import BasePermission, IsAuthenticated

from channels_binding.consumers import AsyncBinding, bind
from channels_binding_conformance.profile.models import Chapter, Label, Note, Novel


class UserBinding(AsyncBinding):
    stream = "auth.User"
    model = get_user_model()
    fields = ("id", "username", "first_name", "last_name", "email")
    extra_kwargs = {"username": {"validators": []}}  # the recorded "Changed Username" has a space
    permission_classes = (IsAuthenticated,)


class LabelBinding(AsyncBinding):
    stream = "zoo.Label"
    model = Label
    fields = ("id", "name")
    permission_classes = (IsAuthenticated,)


class NoteBinding(AsyncBinding):
    stream = "zoo.Note"
    model = Note
    fields = ("id", "title", "rank", "weight", "done", "owner", "labels")
    filterset_fields = {"rank": ["exact", "gte", "lte"], "done": ["exact"], "title": ["exact", "icontains"]}
    search_fields = ("title",)
    expandable = {"owner": {}, "note_set": {"limit": 2}}
    aggregates = {"rank": ("sum",), "weight": ("sum",)}
    group_by = ("done", "rank")
    presence = True
    permission_classes = (IsAuthenticated,)


class OwnNoteBinding(AsyncBinding):
    """Of each caller, that caller's notes alone."""

    stream = "zoo.OwnNote"
    model = Note
    fields = ("id", "title", "rank", "owner")
    aggregates = {"rank": ("sum",)}
    permission_classes = (IsAuthenticated,)

    def get_queryset(self) -> Any:
        return Note._default_manager.filter(owner=self.user)


class IsNotLocked(BasePermission):
    """Rows titled ``locked`` are nobody's business."""

    def has_object_permission(self, request: Any, view: Any, obj: Note) -> bool:
        return obj.title != "locked"


class GuardedNoteBinding(AsyncBinding):
    stream = "zoo.GuardedNote"
    model = Note
    fields = ("id", "title", "rank")
    permission_classes = (IsAuthenticated, IsNotLocked)


class SerialBinding(AsyncBinding):
    stream = "zoo.Serial"
    model = Novel
    fields = ("id", "title")
    formsets = {"chapters": inlineformset_factory(Novel, Chapter, fields=("title",), max_num=4, validate_max=True)}
    permission_classes = (IsAuthenticated,)


class CustomBinding(AsyncBinding):
    stream = "custom_stream"

    @bind("custom_event")
    async def custom_event(self, data: dict[str, Any]) -> None:
        sender = data["sender"]
        await self.reflect("custom_event", {"msg": f"This a reflected response for {sender}"})
        told = f"This a dispatched response to the custom_stream subscriber from {sender}"
        await self.dispatch("custom_group_event", {"msg": told})
        await self.broadcast("custom_all_event", {"msg": f"This a dispatched response to the all layers from {sender}"})
