"""One set of settings for every side. ``BENCH_SIDE`` says whose code answers; only that one's app is installed."""

import os

import dj_database_url

SIDE = os.environ.get("BENCH_SIDE", "ours")
SERVED = os.environ.get("BENCH_SERVED", "")
IS_DURABLE = bool(os.environ.get("BENCH_DURABLE"))
"""As Django leaves SQLite, in place of as fast as it can be."""
SECRET_KEY = "benchmarks-only"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
TIME_ZONE = "UTC"
ROOT_URLCONF = "shop.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "channels", "rest_framework", "shop"]
if SIDE == "ours":
    INSTALLED_APPS += ["django_filters", "channels_binding"]
if SIDE == "bolt":
    INSTALLED_APPS += ["django_bolt"]
    BOLT_API = ["shop.bolt:api"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("BENCH_DATABASE", ":memory:"),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "" if IS_DURABLE else "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
        },
    }
}
if os.environ.get("BENCH_DATABASE", "").startswith("postgres:"):
    DATABASES["default"] = dj_database_url.parse(os.environ["BENCH_DATABASE"], conn_max_age=None)
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 25,
}
UNBOUNDED = dict.fromkeys(
    ("MAX_WINDOW_ROWS", "MAX_HELD_BYTES", "MAX_CONNECTIONS_PER_USER", "MAX_CONNECTIONS_PER_ADDRESS"), 10**12
)
"""One user of the benchmark stands for thousands."""
CHANNELS_BINDING = {"ANONYMOUS_CONNECTION_ALLOWED": True, "MESSAGES_PER_SECOND": 1_000_000, **UNBOUNDED}
