"""Users, teams and customers."""

from typing import Any

from django.contrib.auth.models import Group, User
from rest_framework.validators import UniqueValidator

from channels_binding.consumers import AsyncBinding
from desk.models import MANAGERS, Customer
from desk.permissions import ManagersWrite, StaffWriteUsers


class UserBinding(AsyncBinding):
    """Colleagues. Passwords and rights stay with Django's admin: what ``fields`` does not name does not exist here."""

    model = User
    fields = ("id", "username", "first_name", "last_name", "email", "is_active")
    # Django's own validator allows no spaces; the first release's documentation renames a user to "Changed Username".
    extra_kwargs = {"username": {"validators": [UniqueValidator(User.objects.all())]}}
    filterset_fields = {"is_active": ["exact"], "groups": ["exact"], "username": ["exact", "icontains"]}
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("id",)
    permission_classes = (StaffWriteUsers,)
    actions = ("retrieve", "search", "list", "create", "update", "save", "form", "describe")

    def get_audience(self) -> Any:
        return ("everyone",)  # permissions differ in what one may write; all read the same rows


class GroupBinding(AsyncBinding):
    """The teams a ticket can belong to."""

    model = Group
    queryset = Group.objects.exclude(name=MANAGERS).order_by("name")
    fields = ("id", "name")
    search_fields = ("name",)
    permission_classes = (ManagersWrite,)
    actions = ("retrieve", "search", "list", "describe")

    def get_audience(self) -> Any:
        return ("everyone",)


class CustomerBinding(AsyncBinding):
    """Customers belong to all teams."""

    model = Customer
    fields = ("id", "name", "email", "company", "city", "vip", "since")
    filterset_fields = {"city": ["exact"], "vip": ["exact"], "company": ["exact", "icontains"], "since": ["gte", "lte"]}
    search_fields = ("name", "email", "company", "city")
    permission_classes = (ManagersWrite,)

    def get_audience(self) -> Any:
        return ("everyone",)
