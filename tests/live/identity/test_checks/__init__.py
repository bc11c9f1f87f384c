"""Permissions in time: once a reader has lost one, not one byte of a forbidden row is sent any more."""

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.models import Permission
from rest_framework.permissions import BasePermission

from channels_binding.consumers import AsyncBinding
from channels_binding.testing import BindingCommunicator
from tests.project.zoo.models import Note


class IsEditor(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user.has_perm("zoo.view_note"))


class EditorNoteBinding(AsyncBinding):
    """For those whom a permission of Django's lets in."""

    stream = "zoo.EditorNote"
    model = Note
    fields = ("id", "title")
    permission_classes = (IsEditor,)


class GroupNoteBinding(AsyncBinding):
    """Rows whose title names a group of the reader; readers of the same groups share an audience."""

    stream = "zoo.GroupNote"
    model = Note
    fields = ("id", "title")

    def get_queryset(self) -> Any:
        return Note.objects.filter(title__in=[group.name for group in self.user.groups.all()]).order_by("title")

    def get_audience(self) -> Any:
        return ("groups", tuple(sorted(group.name for group in self.user.groups.all())))


def in_thread(function: Any) -> Any:
    return sync_to_async(function, thread_sensitive=True)


async def closed(socket: BindingCommunicator) -> int:
    """Wait until the socket is closed; returns the code. What arrives before it must not show anything."""
    while True:
        try:
            message = await socket.receive(3)
        except ConnectionError:
            assert socket.close_code is not None
            return socket.close_code
        assert "canary" not in str(message)


def deactivate(user: Any) -> None:
    user.is_active = False
    user.save()


def view_permission() -> Permission:
    from django.contrib.contenttypes.models import ContentType

    kind = ContentType.objects.get_for_model(Note)
    return Permission.objects.get_or_create(codename="view_note", content_type=kind, defaults={"name": "view"})[0]
