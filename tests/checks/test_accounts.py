"""Who may write users, rights, sessions and tokens is said by somebody, or a check says that nobody has."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from rest_framework.authtoken.models import Token
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated

from channels_binding.checks.accounts import takeover
from channels_binding.checks.bindings import check_bindings
from channels_binding.consumers import Binding
from tests.project.zoo.models import Note

READS = {"actions": ("search", "retrieve")}
NAMES = {"model": User, "fields": ("id", "username")}
RIGHTS = {"model": User, "fields": ("id", "username", "is_superuser")}


class Proxy(User):
    class Meta:
        proxy = True
        app_label = "zoo"


def found(members: dict[str, Any]) -> list[str]:
    return [str(message.msg) for message in takeover(type("Checked", (Binding,), {"stream": "x.Accounts", **members}))]


@pytest.mark.parametrize("model", [User, Group, Session, Token, ContentType, Proxy])
def test_where_nothing_says_who_may_write_them_it_is_said(model: Any, settings: Any) -> None:
    (message,) = found({"model": model, "fields": (model._meta.pk.name,)})
    assert message.startswith("Checked lets every signed-in user create, delete, replace, save, update rows of ")
    settings.REST_FRAMEWORK = {"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"]}
    settings.CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}
    assert len(found({"model": model, "fields": (model._meta.pk.name,)})) == 1


@pytest.mark.parametrize(
    ("members", "is_told"),
    [
        (NAMES, True),
        (NAMES | READS, False),
        (NAMES | {"permission_classes": (IsAdminUser,)}, False),
        (NAMES | {"permission_class": IsAdminUser}, False),
        (NAMES | {"permission_classes": (IsAuthenticated,)}, False),
        (NAMES | {"permission_classes": (AllowAny,), "actions": ("create",)}, False),
        (NAMES | {"get_permissions": lambda self: [IsAdminUser()]}, False),
        (RIGHTS | {"permission_classes": (IsAuthenticated,)}, True),
        (RIGHTS | {"permission_classes": (IsAuthenticated,), "read_only_fields": ("is_superuser",)}, False),
        (RIGHTS | {"permission_classes": (IsAuthenticated & IsAdminUser,)}, False),
        (RIGHTS | READS, False),
        ({"model": Note, "fields": ("id", "title")}, False),
    ],
)
def test_who_says_it_is_believed_unless_rights_are_given_away(members: dict[str, Any], is_told: bool) -> None:
    assert bool(found(members)) == is_told


def test_it_is_said_which_rights_and_to_whom(settings: Any) -> None:
    settings.CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True}
    (message,) = found({"model": get_user_model(), "fields": ("id", "is_staff", "groups"), "actions": ("update",)})
    assert message == (
        "Checked lets everybody update rows of auth.User (groups, is_staff among its fields): "
        "who may do what is decided by them."
    )


def test_manage_py_check_says_it() -> None:
    type("Accounts", (Binding,), {"stream": "x.AccountsChecked", **RIGHTS})
    assert "channels_binding.W030" in {message.id for message in check_bindings()}
