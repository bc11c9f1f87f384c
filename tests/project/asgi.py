"""The seed's asgi.py: the consumer class itself in the URLconf, under a bare SessionMiddlewareStack."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.project.settings")
django.setup()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.sessions import SessionMiddlewareStack  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.urls import path  # noqa: E402

from channels_binding.consumers import AsyncConsumer, Consumer  # noqa: E402
from channels_binding.live.broker import listener  # noqa: E402

if seconds := os.environ.get("TEST_DEAF_SECONDS"):
    listener.DEAF_SECONDS = float(seconds)

root = path("", AsyncConsumer, name="root")  # type: ignore[arg-type]  # Django's stubs know of views only
sockets = [
    path("", SessionMiddlewareStack(URLRouter([root]))),
    path("ws/", AuthMiddlewareStack(AsyncConsumer.as_asgi())),
    path("sync/", AuthMiddlewareStack(Consumer.as_asgi())),
]
application = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": URLRouter(sockets)})
