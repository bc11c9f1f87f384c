"""Which models say whose a connection is: users, what holds their memberships and permissions, sessions, and tokens."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Model

from channels_binding.live.capture.statements import label_of
from channels_binding.live.sessions import stored_label
from channels_binding.querysets.tables import row_models
from channels_binding.types import Subscriber

token_labels: set[str] = {"authtoken.Token"}
"""Models of which some connection's token is a row."""


@lru_cache(maxsize=1)
def labels() -> tuple[str, frozenset[str], str | None]:
    """Labels of the user model, of its parents and what holds memberships and permissions, and of sessions."""
    user = get_user_model()
    related = [field.remote_field for field in user._meta.many_to_many]
    models = {relation.through for relation in related if relation} | {
        relation.model for relation in related if relation
    }
    models |= {*row_models(user)[1:]}  # a user may be a row of several tables
    if apps.is_installed("django.contrib.auth"):
        group = apps.get_model("auth.Group")
        models |= {group, group.permissions.through}
    return label_of(user), frozenset(label_of(model) for model in models if isinstance(model, type)), stored_label()


def watched_models() -> set[type[Model]]:
    """Models whose changes may make somebody lose or gain a permission: users, groups, memberships."""
    user_label, membership_labels, _ = labels()
    return {apps.get_model(label) for label in (user_label, *membership_labels)}


def heeds(label: str) -> bool:
    """Whether rows of a model say whose a connection is, or what its user may do."""
    return label in all_labels()


def all_labels() -> set[str]:
    """Labels of all these models."""
    user_label, membership_labels, session_label = labels()
    return {user_label, *membership_labels, *token_labels} | ({session_label} if session_label else set())


def watch(auth: Any) -> None:
    """From now on, notice at once when a token that is a row is changed or deleted."""
    if isinstance(auth, Model):
        token_labels.add(label_of(type(auth)))


def holds(subscriber: Subscriber, label: str, keys: Iterable[Any] | None) -> bool:
    """Whether a connection's token is one of these rows."""
    auth = getattr(subscriber, "auth", None)
    if not isinstance(auth, Model) or label_of(type(auth)) != label:
        return False
    return keys is None or str(auth.pk) in {str(key) for key in keys}
