"""The shortest way to a socket: ``URLRouter(websocket_urlpatterns)`` serves it at ``/`` and at ``/ws/``.

application = ProtocolTypeRouter({
    "http": get_asgi_application(),
    "websocket": SessionMiddlewareStack(URLRouter(websocket_urlpatterns)),
})
"""

from typing import Any

from django.urls import path

from channels_binding.websocket.consumer import AsyncConsumer

_endpoint: Any = AsyncConsumer.as_asgi()

websocket_urlpatterns = [path("", _endpoint), path("ws/", _endpoint)]
