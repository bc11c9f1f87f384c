"""System checks: every misconfiguration that can be seen beforehand, with its way out. ``manage.py check`` runs them."""

from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured

from channels_binding.bindings import BaseBinding
from channels_binding.conf import get_settings, load_classes
from channels_binding.live.transport import make_transport
from channels_binding.registry import registry

TAG = "channels_binding"


@register(TAG)
def check_settings(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """E002: ``CHANNELS_BINDING`` does not load. E003: the channel layer would lose its connections."""
    try:
        make_transport()
        load_classes(get_settings().AUTHENTIFICATION_CLASSES)
        load_classes(get_settings().DEFAULT_PERMISSION_CLASSES)
    except (ImproperlyConfigured, ImportError, TypeError) as error:
        return [Error(str(error), hint="See docs/reference/settings.md.", id="channels_binding.E002")]
    return [*_layer()]


def _layer() -> Iterator[CheckMessage]:
    """channels_redis 4.3 reads with a blocking call of 5 s, which redis-py 8 now cuts off after 5 s."""
    layer = getattr(settings, "CHANNEL_LAYERS", {}).get(get_settings().CHANNEL_LAYER, {})
    if layer.get("BACKEND") != "channels_redis.core.RedisChannelLayer" or _major("redis") < 8:
        return
    hosts = layer.get("CONFIG", {}).get("hosts", [None])
    if not all(isinstance(host, dict) and "socket_timeout" in host for host in hosts):
        yield Error(
            "With redis-py 8, channels_redis' core layer loses its connection after five idle seconds.",
            hint='CHANNEL_LAYERS: "hosts": [{"address": url, "socket_timeout": None, "max_connections": 10_000}]',
            id="channels_binding.E003",
        )


def _major(package: str) -> int:
    try:
        return int(version(package).partition(".")[0])
    except PackageNotFoundError:
        return 0


@register(TAG)
def check_bindings(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """E001: two bindings of one stream. E004 to W002: each binding by itself."""
    found: list[CheckMessage] = [message for cls in registry for message in _binding(cls)]
    for present, other in registry.conflicts:
        found.append(
            Error(
                f"{other.__name__} and {present.__name__} both serve the stream {present.get_stream()!r}.",
                hint="Give one of them another 'stream', or derive it from the other.",
                obj=other,
                id="channels_binding.E001",
            )
        )
    return found


def _binding(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    if cls.find_model() is None:
        return
    yield from _names(cls, "search_fields", cls.search_fields)
    yield from _names(cls, "ordering_fields", cls.ordering_fields or ())
    yield from _names(cls, "ordering", cls.ordering)
    if cls.fields is None and cls.serializer_class is None:
        yield Warning(
            f"{cls.__name__} names no 'fields': it shows every field that does not look like a secret.",
            hint='Name them: fields = ("id", …).',
            obj=cls,
            id="channels_binding.W001",
        )
    if not cls.get_permission_classes():
        yield Warning(
            f"{cls.__name__} has no 'permission_classes': every signed-in user may read and write all of its rows.",
            hint="Set them, or DEFAULT_PERMISSION_CLASSES in CHANNELS_BINDING.",
            obj=cls,
            id="channels_binding.W002",
        )


def _names(cls: type[BaseBinding], attribute: str, names: Sequence[str]) -> Iterator[CheckMessage]:
    """E004: a path that the model does not have. Annotations of a queryset cannot be seen; those are let pass."""
    if cls.queryset is not None or cls.get_queryset is not BaseBinding.get_queryset:
        return
    for name in names:
        if not _exists(cls, name.lstrip("-^=@$")):
            yield Error(
                f"{cls.__name__}.{attribute} names {name!r}, which {cls.get_model().__name__} does not have.",
                obj=cls,
                id="channels_binding.E004",
            )


def _exists(cls: type[BaseBinding], path: str) -> bool:
    model: Any = cls.get_model()
    for part in path.split("__"):
        if part == "pk":
            continue
        try:
            field = model._meta.get_field(part)
        except FieldDoesNotExist:
            return False
        if field.related_model is None:
            return True  # what follows is a lookup or a transform
        model = field.related_model
    return True
