"""System checks of the project around the bindings: databases, layer, hosts, caches, middleware. ``checks`` has the rest."""

import sys
from collections.abc import Iterator
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Info, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.core.management import get_commands, load_command_class
from django.db import router
from django.utils.module_loading import import_string
from rest_framework.settings import api_settings

from channels_binding.calls.primary import asking_primary
from channels_binding.checks.guarded import guarded
from channels_binding.conf import get_settings
from channels_binding.documentation import page
from channels_binding.registry import registry

LOCAL_CACHE = "django.core.cache.backends.locmem.LocMemCache"
LOCAL_LAYER = "channels.layers.InMemoryChannelLayer"
REDIS_LAYER = "channels_redis.core.RedisChannelLayer"
LEAST = {"channels_redis": (4, 2), "daphne": (4, 2, 2)}
"""Oldest versions that the package is tried with, of what is optional and so has no pin."""
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"


SETTINGS = ("CHANNELS_BINDING", "CHANNEL_LAYERS")
"""Settings that are read here, or by Channels; one that is almost called so is read by nobody."""


@register("channels_binding")
def check_surroundings(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """W007 to W015, W023, W024, W029, E012, E021, I002."""
    try:
        get_settings()
    except ImproperlyConfigured:
        return guarded(_names)  # E002 says so
    parts = (
        _names,
        _databases,
        _replicas,
        _layer,
        _server,
        _hosts,
        _caches,
        _versions,
        _middleware,
        _documents,
        _storage,
    )
    return [message for part in parts for message in guarded(part)]


def _warning(number: int, message: str, hint: str) -> CheckMessage:
    return Warning(message, hint=hint, id=f"channels_binding.W{number:03}")


def _names() -> Iterator[CheckMessage]:
    """A setting that nobody reads, and that is called almost as one that we do: ``CHANNELS_BINDINGS``."""
    for name in dir(settings):
        meant = get_close_matches(name, SETTINGS, n=1, cutoff=0.9) if name.isupper() and name not in SETTINGS else []
        if meant:
            yield _warning(29, f"The setting {name} is read by nothing.", f"Did you mean {meant[0]}?")


def _databases() -> Iterator[CheckMessage]:
    """The package's threads live as long as the process, and so may their connections; or a pool lends them."""
    if settings.DEBUG:
        return
    for alias, database in settings.DATABASES.items():
        if database.get("OPTIONS", {}).get("pool"):
            continue
        if database.get("CONN_MAX_AGE", 0) == 0:
            yield _warning(
                7,
                f"DATABASES[{alias!r}] has no CONN_MAX_AGE: each call opens a connection, which costs more than the call.",
                '"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True; or, on PostgreSQL, "OPTIONS": {"pool": True}',
            )
        elif not database.get("CONN_HEALTH_CHECKS"):
            yield _warning(
                8,
                f"DATABASES[{alias!r}] keeps connections unchecked: after a restart of the database each fails once.",
                '"CONN_HEALTH_CHECKS": True',
            )


def _replicas() -> Iterator[CheckMessage]:
    """W031: rows of live reads come from another database than the one of which capture tells."""
    models = {model for cls in registry if (model := cls.find_model()) is not None} | {get_user_model()}
    with asking_primary():
        apart = {model._meta.label for model in models if router.db_for_read(model) != router.db_for_write(model)}
    if apart:
        yield _warning(
            31,
            f"A database router has {', '.join(sorted(apart))} read elsewhere than written: while a replica lags, live "
            "lists stay as they were, and rights that were lost go on.",
            'In db_for_read: return "default" if channels_binding.live.needs_primary() else "replica"; '
            f"see {page('howto/scale-out.md')}.",
        )


def _layer() -> Iterator[CheckMessage]:
    """E021: there is none to be had. W009, I002: it reaches nobody else. W023: it would lose its connections."""
    if get_settings().BROKER != "channel_layer":
        return
    alias = get_settings().CHANNEL_LAYER
    layers = getattr(settings, "CHANNEL_LAYERS", {})
    if not layers:
        yield _local("There is no channel layer (CHANNEL_LAYERS)")
        return
    problem = _broken(layers, alias)
    if problem is not None:
        yield Error(problem[0], hint=problem[1], id="channels_binding.E021")
    elif layers[alias]["BACKEND"] == LOCAL_LAYER:
        yield _local("The channel layer is in memory")
    elif _loses_connections(layers[alias]):
        yield _warning(
            23,
            "With redis-py 8, channels_redis' core layer loses its connection after five idle seconds.",
            'CHANNEL_LAYERS: "hosts": [{"address": url, "socket_timeout": None, "max_connections": 10_000}]',
        )


def _local(what: str) -> CheckMessage:
    """A single process needs no more, and while one develops there mostly is one."""
    seconds = f"{get_settings().AUDIT_SECONDS:g}"
    message = f"{what}: what another process writes is seen by the sockets of this one up to {seconds} s later."
    hint = (
        f'Fine for a single process. Else pip install "channels-binding[redis]", and "BACKEND": "{REDIS_LAYER}"; '
        f'or, with PostgreSQL and no Redis, CHANNELS_BINDING = {{"BROKER": "postgres"}}; see {page("howto/broker.md")}.'
    )
    if settings.DEBUG:
        return Info(message, hint=hint, id="channels_binding.I002")
    return _warning(9, message, hint)


def _broken(layers: Any, alias: str) -> tuple[str, str] | None:
    """What is wrong with the layer, and the way out."""
    if alias not in layers:
        known = ", ".join(map(repr, layers))
        return (
            f"CHANNEL_LAYERS has no {alias!r}.",
            f'It has {known}; CHANNELS_BINDING: "CHANNEL_LAYER" says which to use.',
        )
    backend = layers[alias].get("BACKEND")
    if not backend:
        return (
            f"CHANNEL_LAYERS[{alias!r}] has no BACKEND.",
            f'"BACKEND": "{LOCAL_LAYER}" for one process, "{REDIS_LAYER}" for several.',
        )
    try:
        import_string(backend)
    except ImportError as error:
        missing = backend.startswith("channels_redis.") and not find_spec("channels_redis")
        hint = 'pip install "channels-binding[redis]"' if missing else "Correct the path, or install its package."
        return f"CHANNEL_LAYERS[{alias!r}] cannot be used: {error}", hint
    return None


def _loses_connections(layer: Any) -> bool:
    """channels_redis 4.3 reads with a blocking call of 5 s, which redis-py 8 cuts off after 5 s."""
    hosts = layer.get("CONFIG", {}).get("hosts", [None])
    is_told = all(isinstance(host, dict) and "socket_timeout" in host for host in hosts)
    return layer["BACKEND"] == REDIS_LAYER and (_version("redis") or (0,))[0] >= 8 and not is_told


def _server() -> Iterator[CheckMessage]:
    """W024: Django's runserver answers sockets with 404."""
    command = get_commands().get("runserver")
    cls = type(load_command_class(command, "runserver") if isinstance(command, str) else command)
    is_djangos = all(base.__module__.partition(".")[0] in (*_PLAIN_SERVERS, "builtins") for base in cls.__mro__)
    others = [name for name in ASGI_SERVERS if name != "daphne" and find_spec(name)]
    if not is_djangos or (others and "runserver" not in sys.argv[1:2]):
        return
    if settings.DEBUG:
        yield _warning(
            24,
            "runserver serves no sockets: Django's own answers them with 404.",
            'pip install daphne; INSTALLED_APPS = ["daphne", …], first; ASGI_APPLICATION = "mysite.asgi.application". '
            f"Or start another ASGI server{f' ({others[0]} is installed)' if others else ''}.",
        )


ASGI_SERVERS = ("daphne", "uvicorn", "hypercorn", "granian")
_PLAIN_SERVERS = ("django", "whitenoise", "servestatic")
"""Packages whose runserver is WSGI's."""


def _hosts() -> Iterator[CheckMessage]:
    if "*" in settings.ALLOWED_HOSTS and get_settings().ALLOWED_ORIGINS is None:
        yield _warning(
            10,
            "ALLOWED_HOSTS has '*', and ALLOWED_ORIGINS follows it: a page of any site may open a socket as its visitor.",
            'CHANNELS_BINDING: "ALLOWED_ORIGINS": ["https://app.example.com"]',
        )


def _caches() -> Iterator[CheckMessage]:
    """Counts and stored answers that each process keeps for itself."""
    if settings.DEBUG:
        return
    if _is_local("default") and _throttles():
        yield _warning(
            11,
            "Throttles count in the cache 'default', which is in memory: every process counts for itself.",
            "Use a cache that the processes share (Redis, Memcached, the database).",
        )


def _is_local(alias: str) -> bool:
    caches = getattr(settings, "CACHES", {})
    return bool(caches.get(alias, {}).get("BACKEND", "") == LOCAL_CACHE)


def _throttles() -> bool:
    return bool(api_settings.DEFAULT_THROTTLE_CLASSES) or any(
        getattr(cls, "throttle_classes", None) for cls in registry
    )


def _versions() -> Iterator[CheckMessage]:
    for package, least in LEAST.items():
        present = _version(package)
        if present is not None and present < least:
            yield _warning(
                13,
                f"{package} {'.'.join(map(str, present))} is older than what this package is tried with.",
                f'pip install "{package}>={".".join(map(str, least))}"',
            )


def _version(package: str) -> tuple[int, ...] | None:
    try:
        found = version(package)
    except PackageNotFoundError:
        return None
    return tuple(int(part) for part in found.split(".")[:3] if part.isdigit())


def _middleware() -> Iterator[CheckMessage]:
    """DRF's SessionAuthentication reads what Django's middleware has found."""
    names = [getattr(cls, "__name__", "") for cls in api_settings.DEFAULT_AUTHENTICATION_CLASSES]
    if "SessionAuthentication" not in names:
        return
    for needed in (SESSION, AUTHENTICATION):
        if not any(_is_kind_of(name, needed) for name in settings.MIDDLEWARE):
            yield _warning(
                14,
                f"MIDDLEWARE lacks {needed.rpartition('.')[2]}: over HTTP nobody who has signed in is known.",
                f"Add {needed!r}, or take SessionAuthentication out of REST_FRAMEWORK.",
            )


def _is_kind_of(name: str, needed: str) -> bool:
    found, wanted = import_string(name), import_string(needed)
    return found is wanted or (isinstance(found, type) and issubclass(found, wanted))


def _documents() -> Iterator[CheckMessage]:
    if find_spec("drf_spectacular") and not find_spec("drf_spectacular_sidecar"):
        yield _warning(
            15,
            "docs/ has no page to show: drf-spectacular-sidecar is not installed.",
            'pip install "channels-binding[openapi]"',
        )


def _storage() -> Iterator[CheckMessage]:
    alias = get_settings().UPLOAD_STORAGE
    if alias not in settings.STORAGES:
        yield Error(
            f"UPLOAD_STORAGE is {alias!r}, which STORAGES does not have.",
            hint=f"STORAGES has {', '.join(sorted(settings.STORAGES))}.",
            id="channels_binding.E012",
        )
