"""Settings of the help desk. What a deployment changes comes from the environment:

``DATABASE_URL`` (else SQLite at ``SQLITE_PATH``), ``REDIS_URL`` (else one process, in memory), ``MEDIA_ROOT``,
``ALLOWED_HOSTS`` and ``SECRET_KEY`` (needed together), ``DEBUG=1``, and ``DEMO=1`` with it (helpdesk/demo.py).
"""

import os
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
FRONTEND_DIST = BASE_DIR.parent / "frontend" / "dist"
"""Where Vite writes the built page; its ``base`` is ``/static/app/``."""

DEBUG = os.environ.get("DEBUG") == "1"

# --- Who may call, and under which name ---------------------------------------------------------------------------

_hosts = os.environ.get("ALLOWED_HOSTS", "")
ALLOWED_HOSTS = _hosts.split(",") if _hosts else ["localhost", "127.0.0.1", "[::1]"]
SECRET_KEY = os.environ.get("SECRET_KEY", "")
if not SECRET_KEY:
    if _hosts:
        raise ImproperlyConfigured(
            "ALLOWED_HOSTS opens the help desk to others; it then needs a SECRET_KEY of its own."
        )
    SECRET_KEY = "only-for-this-machine: anyone can read this key in the example's source"
DEMO = DEBUG and os.environ.get("DEMO") == "1"
"""Whether helpdesk/demo.py gives tokens, and ends the server for whoever asks on this machine."""
if DEMO and _hosts:
    raise ImproperlyConfigured("DEMO gives everybody a token: not with ALLOWED_HOSTS.")

# --- Applications -------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.admin",
    "channels",
    "rest_framework",
    "django_filters",
    "channels_binding",
    "desk",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "helpdesk.urls"
ASGI_APPLICATION = "helpdesk.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
}
CHANNELS_BINDING: dict[str, Any] = {"DEFAULT_PAGE_SIZE": 25, "ANONYMOUS_CONNECTION_ALLOWED": False}
if DEMO:  # a token, else the session
    _by_token = ["helpdesk.demo.DemoTokens", *REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"]]
    REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"] = _by_token
    CHANNELS_BINDING["AUTHENTICATION_CLASSES"] = _by_token[:1]
    CHANNELS_BINDING["DEFAULT_AUTHENTICATION_CLASSES"] = _by_token

# --- Data ---------------------------------------------------------------------------------------------------------


def _database() -> dict[str, Any]:
    """``DATABASE_URL``, else SQLite. Connections stay open: each thread of the pool holds one, checked before use."""
    path = os.environ.get("SQLITE_PATH", BASE_DIR / "helpdesk.sqlite3")
    url = os.environ.get("DATABASE_URL") or f"sqlite:///{path}"
    database: dict[str, Any] = {**dj_database_url.parse(url), "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    if database["ENGINE"] == "django.db.backends.sqlite3":
        # Readers never wait for the writer (WAL), and a transaction asks for the one write lock when it begins: there
        # it can wait, where an upgrade halfway through fails at once with "database is locked".
        database["OPTIONS"] = {
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
        }
    return database


def _channel_layer() -> dict[str, Any]:
    """``REDIS_URL``, else memory (enough for one process)."""
    url = os.environ.get("REDIS_URL")
    if not url:
        return {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    # redis-py 8 gives every connection a socket timeout, which ends channels_redis' blocking reads after seconds, and
    # a pool of 100 connections, which one process with many channels exceeds.
    host = {"address": url, "socket_timeout": None, "max_connections": 10_000}
    return {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [host]}}


def _cache() -> dict[str, Any]:
    """``REDIS_URL``, else memory: where throttles count and answers of writes are kept."""
    url = os.environ.get("REDIS_URL")
    if not url:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    return {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url}


# Without REDIS_URL the help desk is one process, and memory is enough.
SILENCED_SYSTEM_CHECKS = [] if os.environ.get("REDIS_URL") else ["channels_binding.I002", "channels_binding.W009"]
DATABASES = {"default": _database()}
CACHES = {"default": _cache()}
CHANNEL_LAYERS = {"default": _channel_layer()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Sign-in, languages, files ------------------------------------------------------------------------------------

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
MEDIA_URL = "/attachments/"
MEDIA_ROOT = os.environ.get("MEDIA_ROOT", BASE_DIR / "media")
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"django": {"handlers": ["console"], "level": "WARNING", "propagate": False}},
}

# --- The contract -------------------------------------------------------------------------------------------------

SPECTACULAR_SETTINGS = {
    "TITLE": "Help desk",
    "DESCRIPTION": "Tickets, and who works on them.",
    "CONTACT": {"name": "Channels Binding"},
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
}
"""What ``/api/schema/`` says of itself, as drf-spectacular's own documents do."""
