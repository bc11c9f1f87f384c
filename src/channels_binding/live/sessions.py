"""Stored sessions, many by one statement, where Django's own code keeps and finds them in the database."""

from collections.abc import Collection
from functools import cache
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends import db
from django.db import connections, router
from django.db.models import Manager, Model, QuerySet
from django.utils import timezone

from channels_binding.classes import overrides

_OF_MODELS = frozenset({"get_model_class", "create_model_instance", "model"})
"""What a session store of a project may say itself: which table it is."""


@cache
def stored_label() -> str | None:
    """The model that sessions are rows of, a project's own too; None where they are kept elsewhere, or not at all."""
    find = getattr(import_module(settings.SESSION_ENGINE).SessionStore, "get_model_class", None)
    try:
        return str(find()._meta.label) if find else None
    except (ImportError, RuntimeError):  # the app with the model is not installed
        return None


def read_sessions(keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """What sessions hold, by their keys; nothing where there is none by that key. In a worker thread."""
    if not keys:
        return {}  # a project that knows people by tokens alone may have no sessions at all
    store_class = import_module(settings.SESSION_ENGINE).SessionStore
    store = store_class()
    if is_stored_by_django(store):
        found = stored(store, keys)
        return {key: found.get(key, {}) for key in keys}
    return {key: store_class(key).load() for key in keys}


def stored(store: Any, keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """What those of the sessions hold that are in the table of a store (``is_stored_by_django``) and not over."""
    rows = store.model._default_manager.filter(session_key__in=keys, expire_date__gt=timezone.now()) if keys else ()
    return {row.session_key: store.decode(row.session_data) for row in rows}


def is_stored_by_django(store: Any) -> bool:
    """Whether a store reads a table, by Django's code alone."""
    if not isinstance(store, db.SessionStore) or type(store).load is not db.SessionStore.load:
        return False  # that of cached_db asks the cache
    is_stock = {name for name, _ in overrides(type(store), ("django", "builtins"))} <= _OF_MODELS
    return is_stock and is_read_by_django(store.model)


def is_read_by_django(model: type[Model]) -> bool:
    """Whether rows of a model are found by Django's code alone, so that it does not matter who asks for them, and when."""
    manager = model._default_manager
    is_stock = type(manager).get_queryset is Manager.get_queryset and type(manager.get_queryset()) is QuerySet
    is_routed = any(hasattr(each, "db_for_read") for each in router.routers)
    return is_stock and not is_routed and type(connections[manager.db]).__module__.startswith("django.db.backends.")
