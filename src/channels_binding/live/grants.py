"""What users may do, as it is stored: to be noticed when it has become another. Of many users by three statements, where
Django's own backend decides it."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_backends
from django.contrib.auth.backends import AllowAllUsersModelBackend, ModelBackend
from django.contrib.auth.models import Group, Permission, PermissionsMixin

from channels_binding.live.sessions import is_read_by_django


@dataclass(slots=True)
class Grants:
    """Permissions and groups of a user."""

    read_at: float
    """Seconds of the monotonic clock before they were read."""
    permissions: frozenset[str]
    groups: frozenset[Any]
    fingerprint: Any = None
    """The last one made of them: equal ones of a user's many connections are one object, which takes 2 KiB."""

    def shared_by(self, fingerprint: Any) -> Any:
        """A fingerprint, or the one that equals it."""
        if fingerprint != self.fingerprint:
            self.fingerprint = fingerprint
        return self.fingerprint


def grants_of(user: Any) -> Grants:
    """Of one user, as Django answers it, which keeps the answers on the user. In a worker thread."""
    read_at = time.monotonic()
    permissions = frozenset(user.get_all_permissions()) if hasattr(user, "get_all_permissions") else frozenset()
    groups = frozenset(user.groups.values_list("pk", flat=True)) if hasattr(user, "groups") else frozenset()
    return Grants(read_at, permissions, groups)


def read_grants(users: Sequence[Any]) -> dict[Any, Grants]:
    """Of users of one class, by their keys: what ``grants_of`` says of each. In a worker thread."""
    if len(users) > 1 and _are_granted_by_django(type(users[0])):
        return _read_together(users)
    return {user.pk: grants_of(user) for user in users}


def _are_granted_by_django(model: Any) -> bool:
    if {type(each) for each in get_backends()} - {ModelBackend, AllowAllUsersModelBackend}:
        return False
    if getattr(model, "get_all_permissions", None) is not PermissionsMixin.get_all_permissions:
        return False
    related = [model._meta.get_field(name).related_model for name in ("groups", "user_permissions")]
    return related == [Group, Permission] and is_read_by_django(model) and is_read_by_django(Group)


def _read_together(users: Sequence[Any]) -> dict[Any, Grants]:
    read_at = time.monotonic()
    everyone = type(users[0])._default_manager.filter(pk__in=[user.pk for user in users])
    groups = _gathered(everyone.filter(groups__isnull=False).values_list("pk", "groups__pk"))
    direct = _gathered(_permissions(everyone, "user_permissions"))
    theirs = Group.objects.filter(pk__in={key for keys in groups.values() for key in keys})
    by_group = _gathered(_permissions(theirs, "permissions"))
    found = {}
    for user in users:
        if user.is_superuser:
            permissions = frozenset(user.get_all_permissions())  # all there are
        else:
            names = direct[user.pk].union(*(by_group[key] for key in groups[user.pk])) if user.is_active else ()
            permissions = frozenset(names)
        found[user.pk] = Grants(read_at, permissions, frozenset(groups[user.pk]))
    return found


def _permissions(holders: Any, relation: str) -> Iterable[tuple[Any, str]]:
    """(key of who holds it, ``"app.codename"``) of each permission of these users, or groups."""
    names = (f"{relation}__content_type__app_label", f"{relation}__codename")
    rows = holders.filter(**{f"{relation}__isnull": False}).values_list("pk", *names)
    return ((key, f"{app_label}.{codename}") for key, app_label, codename in rows)


def _gathered(pairs: Iterable[tuple[Any, Any]]) -> defaultdict[Any, set[Any]]:
    """``[(1, "a"), (1, "b")]`` → ``{1: {"a", "b"}}``."""
    found = defaultdict[Any, set[Any]](set)
    for key, value in pairs:
        found[key].add(value)
    return found
