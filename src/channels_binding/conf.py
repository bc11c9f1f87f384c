"""Typed settings: ``CHANNELS_BINDING`` in Django's settings, each member with its unit and default."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

ALIASES = {"AUTHENTICATION_CLASSES": "AUTHENTIFICATION_CLASSES"}
"""The first release spelled it AUTHENTIFICATION; both are read."""


@dataclass(frozen=True)
class Settings:
    """What ``CHANNELS_BINDING`` may hold. Unknown names are refused, so that a typing error is seen."""

    AUTHENTIFICATION_CLASSES: Sequence[Any] = ()
    """DRF authentication classes, or classes with ``get_user(consumer)``, asked in order until one returns a user. DRF's serve
    HTTP too."""
    AUTHENTICATION_SECONDS: float = 10.0
    """How long a socket may be open without having said who it is (``cb.auth``)."""
    ANONYMOUS_CONNECTION_ALLOWED: bool = False
    """Whether a connection without a user is accepted, and an HTTP request without one answered."""
    ALLOWED_ORIGINS: Sequence[str] | None = None
    """Origins of pages that may connect, beside the server's own; None: ``ALLOWED_HOSTS``. Without Origin it is no browser."""
    DEFAULT_PAGE_SIZE: int = 25
    """Rows per page of ``search`` where neither the call nor the binding says."""
    MAX_PAGE_SIZE: int = 1000
    """Most rows of one page or list."""
    DEFAULT_PERMISSION_CLASSES: Sequence[Any] | None = None
    """DRF permission classes for bindings that name none; None takes DRF's own setting."""
    DEFAULT_AUTHENTICATION_CLASSES: Sequence[Any] | None = None
    """DRF authentication classes of the HTTP API; None takes those of ``AUTHENTIFICATION_CLASSES``, then DRF's own setting."""
    CHANNEL_LAYER: str = "default"
    """Which of ``CHANNEL_LAYERS`` carries changes between processes."""
    BROKER: str = "channel_layer"
    """What carries them instead: ``"redis_streams"``, or the dotted path of a ``live.transport.Transport``."""
    BROKER_OPTIONS: Mapping[str, Any] | None = None
    """Keyword arguments of the broker, such as ``{"url": "redis://127.0.0.1:6379/0"}``."""
    THREADS: int = 8
    """Size of the package's own thread pool; each thread holds one database connection per alias."""
    THREADS_PER_USER: int = 4
    """Most threads of the pool that work for one user at the same time; always one less than all, where there are several."""
    MAX_FRAME_BYTES: int = 65_536
    """Largest incoming frame, in bytes."""
    MAX_PENDING_FRAME_BYTES: int = 4_096
    """Largest incoming frame of a socket that has not said yet who it is (``cb.auth``), in bytes."""
    MAX_REFUSALS: int = 20
    """Messages in a row that are none, or not allowed before ``cb.auth``, after which a connection is closed with 4429."""
    MAX_BODY_BYTES: int = 33_554_432
    """Largest body of an HTTP request that brings a form, with its files, in bytes. JSON has ``MAX_FRAME_BYTES``."""
    MAX_WAITING_UPLOADS: int = 100
    """Most files of one user that ``upload/`` keeps at a time."""
    MAX_WAITING_BYTES: int = 104_857_600
    """Most bytes that these files have together."""
    MAX_UPLOAD_BYTES: int = 10_485_760
    """Largest file that ``upload/`` keeps for a socket, in bytes."""
    UPLOAD_SECONDS: int = 3600
    """How long such a file, and its token, may wait to be used."""
    UPLOAD_STORAGE: str = "default"
    """Which of ``STORAGES`` it waits in."""
    MAX_DEPTH: int = 16
    """Deepest nesting of an incoming message."""
    MAX_BATCH: int = 256
    """Most messages in one array frame."""
    MAX_SUBSCRIPTIONS: int = 128
    """Most live reads of one connection."""
    MAX_WINDOW_ROWS: int = 1000
    """Most rows that the live reads of one connection show together when they are opened."""
    MAX_HELD_BYTES: int = 33_554_432
    """Most bytes kept in memory for one connection: what its live reads show, and what waits to be sent. The connections of one
    user have it together."""
    MAX_CONNECTIONS_PER_USER: int = 64
    """Most connections of one user at one process, event streams included."""
    MAX_CONNECTIONS_PER_ADDRESS: int = 256
    """Most connections of one address at one process, of anonymous ones, and of those that have not authenticated yet."""
    MAX_CALLS_IN_FLIGHT: int = 64
    """Most unanswered calls of one connection."""
    MESSAGES_PER_SECOND: int = 200
    """Sustained rate of incoming messages of one connection; a burst of the same number is let through."""
    MAX_BATCH_OPS: int = 100
    """Most operations of one ``cb.batch``."""
    PRESENCE_SECONDS: float = 30.0
    """Who is in a room and is not heard of for so long has left it: a client, or a process with all of its clients."""
    MAX_PRESENCE_BYTES: int = 1024
    """Largest ``meta`` of somebody in a room, as JSON, in bytes."""
    MAX_PRESENCE_ROOMS: int = 64
    """Most rooms that one connection is in."""
    MAX_PRESENCE_MEMBERS: int = 1000
    """Most tabs in one room."""
    PRESENCE_UPDATES_PER_SECOND: int = 10
    """Sustained rate at which one connection enters rooms and changes its ``meta``; ``MAX_PRESENCE_ROOMS`` of them at once."""
    IDEMPOTENCY_SECONDS: int = 86_400
    """How long the answer of a write that came with a key is kept."""
    CALL_TIMEOUT_SECONDS: float = 60.0
    """After this long a call is answered with ``timeout`` (its thread goes on to its end)."""
    PING_SECONDS: float = 25.0
    """Silence after which the server pings a ``cb.1`` client."""
    SLOW_SECONDS: float = 60.0
    """Nothing acknowledged for this long: the connection is closed with 4508."""
    UNACKNOWLEDGED_BYTES: int = 262_144
    """Bytes sent without acknowledgement after which a connection's reads are conflated; on a socket at most 8 MiB."""
    DRAIN_SECONDS: float = 10.0
    """On SIGTERM, over how long clients are sent elsewhere before the server shuts down; 0 leaves it to the server."""
    TRIGGERS_DATABASE: str | None = None
    """Alias of a PostgreSQL database whose triggers record changes as well (``manage.py bindings_triggers``)."""
    COALESCE_SECONDS: float = 0.05
    """Shortest time from the beginning of one evaluation of the live reads of a process to that of the next."""
    AUDIT_SECONDS: float = 60.0
    """How often every live read is evaluated again even if no change arrived."""
    IDENTITY_SECONDS: float = 30.0
    """How often the users of open connections are read again, for changes that no signal shows."""
    MCP_STREAMS: Sequence[str] | None = None
    """Streams that ``contrib.mcp`` offers to language models; None: all that the caller may describe."""
    MCP_WRITES: Sequence[str] = ()
    """What they may write besides: ``("shop.Order.create", "shop.Order.close")``."""
    MCP_MAX_ROWS: int = 100
    """Most rows of one answer to them."""
    MCP_MAX_BYTES: int = 65_536
    """Largest answer to them, in bytes."""
    EXPLORER: Any = "staff"
    """Who may open ``explorer/``: ``"staff"``, True (whoever may connect), False (nobody), or a function of the request."""
    IGNORED_MODELS: Sequence[str] = field(
        default=("admin.LogEntry", "contenttypes.ContentType", "migrations.Migration")
    )
    """Models whose changes are not captured unless a binding serves them."""


def _load() -> Settings:
    given: Mapping[str, Any] = getattr(django_settings, "CHANNELS_BINDING", {})
    named = {ALIASES.get(name, name): value for name, value in given.items()}
    known = [known.name for known in fields(Settings)]
    unknown = sorted(set(named) - set(known))
    if unknown:
        meant = [name for wrong in unknown for name in get_close_matches(wrong, known, n=1, cutoff=0.8)]
        way_out = f"Did you mean {' and '.join(meant)}?" if meant else f"It knows: {', '.join(known)}."
        raise ImproperlyConfigured(f"CHANNELS_BINDING does not know {', '.join(unknown)}. {way_out}")
    return Settings(**named)


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings as of now; reloaded when a test overrides ``CHANNELS_BINDING``."""
    return _load()


def load_classes(names: Sequence[Any]) -> list[type]:
    """``["path.to.Class", Class]`` → ``[Class, Class]``."""
    return [import_string(name) if isinstance(name, str) else name for name in names]


def _reload(*, setting: str, **_: Any) -> None:
    if setting == "CHANNELS_BINDING":
        get_settings.cache_clear()


setting_changed.connect(_reload)
