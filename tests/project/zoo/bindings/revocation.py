"""Somebody loses a permission, in whatever process answers; and a stream whose rows depend on groups."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model, logout
from django.contrib.auth.models import Group
from django.http import HttpRequest

from channels_binding.consumers import AsyncBinding, Binding, bind
from channels_binding.testing import session_cookie
from tests.project.zoo.models import Note


class TeamNoteBinding(AsyncBinding):
    """Notes of the team named ``team``, for its members."""

    stream = "zoo.TeamNote"
    model = Note
    fields = ("id", "title", "rank")

    def get_queryset(self) -> Any:
        is_member = self.user.groups.filter(name="team").exists()
        return Note.objects.filter(rank=77) if is_member else Note.objects.none()


class RevocationBinding(Binding):
    stream = "zoo.revocation"

    @bind("grant")
    def grant(self, data: dict[str, Any]) -> dict[str, Any]:
        """A user, signed in, that may see one note, both as its owner and as a member of the team."""
        user = get_user_model().objects.create_user(data["user"], password="secret")
        user.groups.add(Group.objects.get_or_create(name="team")[0])
        note = Note.objects.create(title="visible", rank=77, owner=user)
        return {"note": note.pk, "session": session_cookie(user)}

    @bind("revoke")
    def revoke(self, data: dict[str, Any]) -> dict[str, Any]:
        user = get_user_model().objects.get(username=data["user"])
        getattr(self, f"_revoke_{data['how']}")(user, data)
        return {"success": True}

    @bind("whisper")
    def whisper(self, data: dict[str, Any]) -> dict[str, Any]:
        """A message that nobody may receive who has lost the permission."""
        Note.objects.filter(pk=data["note"]).update(title=data["text"])
        return {"success": True}

    def _revoke_deactivate(self, user: Any, data: dict[str, Any]) -> None:
        user.is_active = False
        user.save()

    def _revoke_deactivate_by_update(self, user: Any, data: dict[str, Any]) -> None:
        get_user_model().objects.filter(pk=user.pk).update(is_active=False)

    def _revoke_delete(self, user: Any, data: dict[str, Any]) -> None:
        user.delete()

    def _revoke_change_password(self, user: Any, data: dict[str, Any]) -> None:
        user.set_password("another")
        user.save()

    def _revoke_log_out(self, user: Any, data: dict[str, Any]) -> None:
        request = HttpRequest()
        request.session = import_module(settings.SESSION_ENGINE).SessionStore(data["session"])
        request.user = user
        logout(request)

    def _revoke_flush_session(self, user: Any, data: dict[str, Any]) -> None:
        import_module(settings.SESSION_ENGINE).SessionStore(data["session"]).flush()

    def _revoke_leave_team(self, user: Any, data: dict[str, Any]) -> None:
        user.groups.clear()

    def _revoke_delete_team(self, user: Any, data: dict[str, Any]) -> None:
        Group.objects.filter(name="team").delete()

    def _revoke_change_owner(self, user: Any, data: dict[str, Any]) -> None:
        Note.objects.filter(pk=data["note"]).update(owner=None, rank=1)
