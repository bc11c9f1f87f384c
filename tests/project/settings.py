"""Settings of the test project. TEST_DATABASE_URL and TEST_REDIS_URL switch SQLite and memory to the real things."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import dj_database_url

FOLDER = Path(tempfile.gettempdir()) / f"channels-binding-tests-{os.getpid()}"
SECRET_KEY = "tests-only, and long enough to sign tokens with"
DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
USE_TZ = True
TIME_ZONE = "UTC"
ROOT_URLCONF = "tests.project.urls"
ASGI_APPLICATION = "tests.project.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_URL = "/static/"
MEDIA_ROOT = FOLDER / "media"
MEDIA_URL = "/media/"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "rest_framework.authtoken",
    "django_filters",
    "channels_binding",
    "tests.project.zoo",
]
if os.environ.get("TEST_DATABASE_URL", "").startswith("postgres"):
    INSTALLED_APPS += ["django.contrib.postgres", "tests.project.zoo_postgres"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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

FOLDER.mkdir(exist_ok=True)
_MADE_BY = os.getpid()


@atexit.register
def _remove_folder() -> None:
    if os.getpid() == _MADE_BY:  # a fork has the same one
        shutil.rmtree(FOLDER, ignore_errors=True)


if os.environ.get("TEST_DATABASE_URL"):
    DATABASES = {"default": dj_database_url.parse(os.environ["TEST_DATABASE_URL"], conn_max_age=None)}
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": FOLDER / "db.sqlite3",
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
            },
            "TEST": {"NAME": FOLDER / "test.sqlite3"},
        }
    }

DATABASES["archive"] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": FOLDER / "archive.sqlite3",
    "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL;"},
    "TEST": {"NAME": FOLDER / "test-archive.sqlite3"},
}
DATABASE_ROUTERS = ["tests.project.routers.ArchiveRouter"]

if os.environ.get("TEST_REDIS_URL"):
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {
                "prefix": os.environ.get("PYTEST_XDIST_WORKER", "asgi"),  # processes of pytest-xdist share one Redis
                "capacity": int(os.environ.get("TEST_LAYER_CAPACITY", "100")),
                "hosts": [{"address": os.environ["TEST_REDIS_URL"], "socket_timeout": None, "max_connections": 10_000}],
            },
        }
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

CHANNELS_BINDING: dict[str, Any] = {"DEFAULT_PAGE_SIZE": 25, "ANONYMOUS_CONNECTION_ALLOWED": False}
for name in ("DRAIN_SECONDS", "SLOW_SECONDS", "PING_SECONDS", "PRESENCE_SECONDS"):
    if value := os.environ.get(f"TEST_{name}"):
        CHANNELS_BINDING[name] = float(value)
if os.environ.get("TEST_TRIGGERS_DATABASE"):
    CHANNELS_BINDING["TRIGGERS_DATABASE"] = os.environ["TEST_TRIGGERS_DATABASE"]
if os.environ.get("TEST_TOKENS"):
    CHANNELS_BINDING["AUTHENTIFICATION_CLASSES"] = ["rest_framework.authentication.TokenAuthentication"]
if os.environ.get("TEST_BROKER") == "redis_streams":
    CHANNELS_BINDING |= {"BROKER": "redis_streams", "BROKER_OPTIONS": {"url": os.environ["TEST_REDIS_URL"]}}
    if size := os.environ.get("TEST_STREAM_MESSAGES"):
        CHANNELS_BINDING["BROKER_OPTIONS"]["max_messages"] = int(size)
if os.environ.get("TEST_BROKER") == "postgres":
    CHANNELS_BINDING["BROKER"] = "postgres"


class _NoMigrations:
    """Tables are made from the models at once: faster, and the zoo needs no migrations."""

    def __contains__(self, app: str) -> bool:
        return True

    def __getitem__(self, app: str) -> None:
        return None


MIGRATION_MODULES = _NoMigrations()
