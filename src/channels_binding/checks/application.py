"""System check of ``asgi.py``: whether anything in it answers sockets."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register
from django.core.handlers.asgi import ASGIHandler
from django.utils.module_loading import import_string

from channels_binding.checks.guarded import guarded
from channels_binding.documentation import page


@register("channels_binding")
def check_application(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """W028."""
    return [*guarded(_application)]


def _application() -> Iterator[CheckMessage]:
    """Django's own handler, as ``startproject`` leaves it: sockets are refused with an exception in the log."""
    path = getattr(settings, "ASGI_APPLICATION", None)
    if path is None or not settings.DEBUG:
        return
    try:
        application = import_string(path)
    except Exception:
        return  # whoever starts the server is told what is wrong with it
    if type(application) is ASGIHandler:
        yield Warning(
            f"ASGI_APPLICATION ({path}) is Django's own handler, which answers no sockets.",
            hint='ProtocolTypeRouter({"http": get_asgi_application(), "websocket": '
            f"SessionMiddlewareStack(URLRouter(websocket_urlpatterns))}}); see {page('howto/first-mistakes.md')}",
            id="channels_binding.W028",
        )
