"""Where a project has put its socket, as its ``ASGI_APPLICATION`` says it: ``["/ws/", "/"]``."""

import logging
from collections.abc import Iterator
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter, get_default_application
from django.urls import get_script_prefix
from django.urls.resolvers import RoutePattern

from channels_binding.websocket.consumer import BaseConsumer

logger = logging.getLogger("channels_binding")
USUAL = ("ws/", "")
"""Of ``channels_binding.routing``."""
MOST_LAYERS = 20
"""Of middleware around a router, and of routers in routers."""
_INNER = ("inner", "application", "app")
"""What middleware of Channels, and of others, calls the application that it is around."""


def paths() -> list[str]:
    """Paths at which the socket may be, the likeliest first: those that are found, ``/ws/`` and the longest before others."""
    prefix = get_script_prefix()
    found = sorted(_found(), key=lambda path: (path != USUAL[0], -len(path)))
    return [*dict.fromkeys([*(prefix + path for path in (*found, *USUAL)), *(f"/{path}" for path in found)])]


def _found() -> list[str]:
    try:
        application = get_default_application()
    except Exception:  # none is set, or it cannot be imported: the server says so itself
        logger.debug("ASGI_APPLICATION names no application in which the socket could be found", exc_info=True)
        return []
    return [*_below(application, "", MOST_LAYERS)]


def _below(application: Any, path: str, layers: int) -> Iterator[str]:
    """Paths of our consumers below an application, through whatever middleware is around it."""
    if layers == 0 or application is None:
        return
    if isinstance(application, ProtocolTypeRouter):
        yield from _below(application.application_mapping.get("websocket"), path, layers - 1)
    elif isinstance(application, URLRouter):
        for route in application.routes:
            if isinstance(route.pattern, RoutePattern) and "<" not in str(route.pattern):
                yield from _below(route.callback, path + str(route.pattern).lstrip("/"), layers - 1)
    elif _is_ours(application):
        yield path
    else:
        inner = (getattr(application, name, None) for name in _INNER)
        yield from _below(next((each for each in inner if callable(each)), None), path, layers - 1)


def _is_ours(application: Any) -> bool:
    cls = getattr(application, "consumer_class", application)
    return isinstance(cls, type) and issubclass(cls, BaseConsumer)
