"""A project with LocaleMiddleware, a middleware that chooses a time zone, and a Django view beside our streams. No database."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.integration.locale_settings"

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

django = get_asgi_application()

from channels_binding.consumers import AsyncConsumer  # noqa: E402

application = ProtocolTypeRouter({"http": django, "websocket": AsyncConsumer.as_asgi()})
