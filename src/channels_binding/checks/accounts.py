"""System check of who may write the rows by which Django knows people, and what they may."""

from collections.abc import Iterator

from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Warning
from django.core.exceptions import ImproperlyConfigured
from rest_framework.permissions import SAFE_METHODS, AllowAny

from channels_binding.bindings.base import BaseBinding
from channels_binding.checks.exposure import chooses_permissions
from channels_binding.checks.serializers import serializer_of
from channels_binding.conf import get_settings
from channels_binding.documentation import page
from channels_binding.querysets.tables import row_models
from channels_binding.security.permissions import USER_BLIND

_APPS = {"auth", "sessions", "authtoken", "admin", "contenttypes"}
_RIGHTS = {"is_superuser", "is_staff", "is_active", "groups", "user_permissions", "permissions", "password"}
"""Columns by which whoever writes them gets more rights, or somebody else's."""


def takeover(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """W030: accounts, rights, sessions or tokens that everybody, or everybody who is signed in, may write.

    Where nothing says who may, or where what may be written are rights.
    """
    if not _is_of_accounts(cls) or not _lets_everybody(cls):
        return
    written = sorted(_written(cls))
    rights = sorted(_RIGHTS & {*_writable(cls)})
    if not written or (_says_who(cls) and not rights):
        return
    who = "everybody" if _is_open_to_strangers(cls) else "every signed-in user"
    what = f" ({', '.join(rights)} among its fields)" if rights else ""
    yield Warning(
        f"{cls.__name__} lets {who} {', '.join(written)} rows of {cls.get_model()._meta.label}{what}: "
        "who may do what is decided by them.",
        hint='actions = ("search", "retrieve"), or permission_classes = (IsAdminUser,); '
        f"see {page('howto/decide-who-may.md')}.",
        obj=cls,
        id="channels_binding.W030",
    )


def _is_of_accounts(cls: type[BaseBinding]) -> bool:
    models = {*row_models(cls.get_model())}
    try:
        is_user = get_user_model() in models
    except ImproperlyConfigured:
        is_user = False
    return is_user or any(model._meta.app_label in _APPS for model in models)


def _lets_everybody(cls: type[BaseBinding]) -> bool:
    """Whether its permissions tell no two signed-in users apart."""
    is_chosen_by_call = cls.get_permissions is not BaseBinding.get_permissions
    return not is_chosen_by_call and {*cls.get_permission_classes()} <= {*USER_BLIND}


def _says_who(cls: type[BaseBinding]) -> bool:
    return chooses_permissions(cls) or cls.permission_classes is not None or cls.permission_class is not None


def _is_open_to_strangers(cls: type[BaseBinding]) -> bool:
    return get_settings().ANONYMOUS_CONNECTION_ALLOWED and {*cls.get_permission_classes()} <= {AllowAny}


def _written(cls: type[BaseBinding]) -> set[str]:
    """Its built-in actions that write, but for ``form``, which stands for some of them."""
    offered = cls.get_actions().items()
    return {name for name, action in offered if action.is_builtin and action.method not in SAFE_METHODS} - {"form"}


def _writable(cls: type[BaseBinding]) -> Iterator[str]:
    for name, field in getattr(serializer_of(cls), "fields", {}).items():
        if not field.read_only:
            yield (field.source or name).partition(".")[0]
