"""The two transports: HTTP to Django, WebSocket (at ``/`` and ``/ws/``) to the consumer."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.sessions import SessionMiddlewareStack
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
django_application = get_asgi_application()  # loads the apps, which the next import needs

from channels_binding.asgi import serve_bindings  # noqa: E402
from channels_binding.consumers import AsyncConsumer  # noqa: E402

sockets = URLRouter(
    [  # Django's type stubs know of views only
        path("", AsyncConsumer, name="root"),  # type: ignore[arg-type]
        path("ws/", AsyncConsumer.as_asgi()),  # type: ignore[arg-type]
    ]
)
application = ProtocolTypeRouter(
    {"http": serve_bindings(django_application), "websocket": SessionMiddlewareStack(sockets)}
)
