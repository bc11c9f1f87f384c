"""Who may write what, as ordinary REST framework permissions: they hold for the socket, for HTTP and for every push."""

from typing import Any

from django.contrib.auth.models import User
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.request import Request

from desk.models import is_manager


class ManagersOnly(IsAuthenticated):
    """Managers alone, who see every ticket."""

    message = "Only managers may know this."

    def has_permission(self, request: Request, view: Any) -> bool:
        return super().has_permission(request, view) and is_manager(request.user)


class ManagersWrite(IsAuthenticated):
    """Everyone who has signed in reads; managers write."""

    message = "Only managers may change this."

    def has_permission(self, request: Request, view: Any) -> bool:
        return super().has_permission(request, view) and (request.method in SAFE_METHODS or is_manager(request.user))


class ManagersDelete(IsAuthenticated):
    """Everyone who has signed in reads and writes what they can see; managers delete."""

    message = "Only managers may delete this."

    def has_permission(self, request: Request, view: Any) -> bool:
        return super().has_permission(request, view) and (request.method != "DELETE" or is_manager(request.user))


class StaffWriteUsers(IsAuthenticated):
    """Everyone who has signed in knows their colleagues; staff changes them, and a superuser only another one."""

    message = "Only staff may change users."

    def has_permission(self, request: Request, view: Any) -> bool:
        return super().has_permission(request, view) and (request.method in SAFE_METHODS or request.user.is_staff)

    def has_object_permission(self, request: Request, view: Any, obj: User) -> bool:
        return request.method in SAFE_METHODS or request.user.is_superuser or not obj.is_superuser


class AuthorsWrite(BasePermission):
    """A comment is changed by its author, and deleted by its author or a manager."""

    message = "Only its author may change a comment."

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        if request.method in SAFE_METHODS or obj.author_id == request.user.pk:
            return True
        return request.method == "DELETE" and is_manager(request.user)
