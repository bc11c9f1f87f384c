import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
django.setup()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.urls import path  # noqa: E402


def socket() -> Any:
    if settings.SIDE == "ours":
        from channels_binding.consumers import AsyncConsumer

        return AsyncConsumer.as_asgi()
    if settings.SIDE == "dcrf":
        from shop.dcrf import ItemConsumer

        return ItemConsumer.as_asgi()
    from shop.handwritten import application

    return application


def http() -> Any:
    if settings.SERVED != "serve_bindings":
        return get_asgi_application()
    from channels_binding.asgi import serve_bindings

    return serve_bindings(get_asgi_application())


application = ProtocolTypeRouter({"http": http(), "websocket": URLRouter([path("ws/", socket())])})
