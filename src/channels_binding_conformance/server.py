"""A server that fulfils ``spec/profile.md``, to be run by any ASGI server; it keeps nothing, and lets anybody fill it anew.

uvicorn channels_binding_conformance.server:application
"""

import atexit
import shutil
import tempfile
from pathlib import Path

import django
from django.conf import settings

FOLDER = Path(tempfile.mkdtemp(prefix="channels-binding-conformance-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

settings.configure(
    SECRET_KEY="there to be tried, and to keep nothing",  # noqa: S106
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "rest_framework",
        "rest_framework.authtoken",
        "django_filters",
        "channels_binding",
        "channels_binding_conformance.profile",
    ],
    MIDDLEWARE=[],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": FOLDER / "db.sqlite3",
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
            },
        }
    },
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
    CHANNELS_BINDING={"AUTHENTICATION_CLASSES": ("channels_binding_conformance.profile.views.BearerAuthentication",)},
)
django.setup()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.urls import include, path  # noqa: E402

from channels_binding.routing import websocket_urlpatterns  # noqa: E402
from channels_binding_conformance.profile.views import reset  # noqa: E402

call_command("migrate", run_syncdb=True, verbosity=0)
urlpatterns = [path("api/", include("channels_binding.urls")), path("conformance/", reset)]
application = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": URLRouter(websocket_urlpatterns)})
