"""How messages travel between processes. Which way is taken is a setting; publisher and broker do not know it."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from channels_binding.conf import get_settings

Message = Mapping[str, Any]
"""``{"kind": "changes", "from": "3f2a…", "n": 7, …}``: plain data, in JSON or msgpack."""

ALIASES = {
    "channel_layer": "channels_binding.live.broker.channel_layer.LayerTransport",
    "redis_streams": "channels_binding.contrib.redis_streams.RedisStreams",
    "postgres": "channels_binding.contrib.postgres_broker.PostgresBroker",
}
EXTRAS = {"redis": "redis", "psycopg": "postgres"}
"""Package that a transport needs → the extra of ours that brings it."""


class Transport(ABC):
    """One end of the way. It belongs to one event loop: a publisher and a broker each have their own.

    Its constructor takes ``BROKER_OPTIONS`` and does no I/O.
    """

    retried: ClassVar[tuple[type[BaseException], ...]] = ()
    """Failures of ``send`` after which the same message is worth another attempt. Else it is dropped: a gap, noticed."""

    drops_when_full: ClassVar[bool] = True
    """Whether a listener that does not keep up loses messages, those of whoever has ended since without a trace."""

    def reaches_others(self) -> bool:
        """Whether there are other processes to reach this way at all."""
        return True

    @abstractmethod
    async def send(self, message: Message) -> None:
        """Hand over one message; raises if it was not taken."""

    @abstractmethod
    async def listen(self, receive: Callable[[Message], None], joined: Callable[[bool], None]) -> None:
        """Call ``receive`` for every message of every process, in order, until something fails. Then it may be called again.

        It calls ``joined(complete)`` once messages arrive, and may again at any time: whether nothing was missed since the last
        call. The first time it is False: what was sent before is not known.
        """

    @abstractmethod
    async def close(self) -> None:
        """Give connections back."""


def is_cancelled() -> bool:
    """Whether the running task was cancelled, for loops to ask: ``asyncio.wait_for``, psycopg's as well, may swallow a
    cancellation before Python 3.12.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def make_transport() -> Transport:
    """A new end of the way that ``BROKER`` names.

    Raises:
        ImproperlyConfigured: It is no transport, lacks a package, or does not know an option.
    """
    settings = get_settings()
    path = ALIASES.get(settings.BROKER, settings.BROKER)
    try:
        transport = import_string(path)(**(settings.BROKER_OPTIONS or {}))
    except (ImportError, TypeError, ValueError) as error:
        extra = EXTRAS.get(error.name or "") if isinstance(error, ModuleNotFoundError) else None
        names = ", ".join(map(repr, ALIASES))
        way_out = (
            f'pip install "channels-binding[{extra}]"'
            if extra
            else f"It is one of {names}, or the dotted path of a Transport."
        )
        raise ImproperlyConfigured(
            f"The BROKER {settings.BROKER!r} of CHANNELS_BINDING cannot be used: {error}. {way_out}"
        ) from error
    if not isinstance(transport, Transport):
        raise ImproperlyConfigured(f"The BROKER {settings.BROKER!r} of CHANNELS_BINDING is no Transport.")
    return transport
