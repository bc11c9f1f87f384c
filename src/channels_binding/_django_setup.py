"""Lets an ``asgi.py`` import the consumers first thing, as the first release's documentation has it: sets Django up.

Does nothing while Django is being set up, or once it is. Bindings import ``channels_binding.consumers``; so where that
module itself is what began the set-up, they are imported only once it is complete.
"""

import os
from collections.abc import Callable

import django
from django.apps import apps

_waiting: list[Callable[[], None]] = []
_is_booting = False


def begin() -> None:
    """Called first thing by ``consumers``."""
    global _is_booting
    if apps.models_ready or getattr(apps, "loading", False) or not os.environ.get("DJANGO_SETTINGS_MODULE"):
        return
    _is_booting = True
    django.setup()


def end() -> None:
    """Called last thing by ``consumers``."""
    global _is_booting
    _is_booting = False
    while _waiting:
        _waiting.pop(0)()


def when_complete(task: Callable[[], None]) -> None:
    """Run ``task`` once ``consumers`` can be imported: now, or at its end."""
    if _is_booting:
        _waiting.append(task)
    else:
        task()
