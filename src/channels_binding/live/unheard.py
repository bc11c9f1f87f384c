"""Says once, in the log, that what this process writes or sends is heard by no socket, since no broker carries it to another.

A command, a task or a WSGI server beside the one with the sockets: with the layer in memory, what it writes is seen when that
one looks by itself (``AUDIT_SECONDS``), and its events never. A process that serves sockets has those at least.
"""

import logging
from collections.abc import Iterable

from django.core import mail

from channels_binding.conf import get_settings
from channels_binding.documentation import page
from channels_binding.live.capture.statements import label_of
from channels_binding.live.transport import make_transport
from channels_binding.registry import registry

logger = logging.getLogger("channels_binding")

_is_over = False
"""Whether it was said, or there is nothing to say: this process serves sockets."""


def serves_sockets() -> None:
    """To be called where an endpoint is made."""
    global _is_over
    _is_over = True


def is_awaited() -> bool:
    """Whether the next write of a model that a binding serves is to be said something about."""
    return not _is_over and get_settings().TRIGGERS_DATABASE is None and not hasattr(mail, "outbox")


def note_changes(labels: Iterable[str]) -> None:
    """Rows of these models were written, and no socket is open here. Triggers, where there are any, tell the others."""
    if is_awaited():
        written = sorted(_served() & {*labels})
        if written:
            seconds = f"{get_settings().AUDIT_SECONDS:g}"
            _say(f"{written[0]} was written, which sockets of another process show up to {seconds} s later")


def note_event() -> None:
    """An event was sent, and no socket is open here."""
    if not _is_over:
        _say("An event was sent, which no socket of another process gets")


def _served() -> set[str]:
    return {label_of(model) for cls in registry if (model := cls.find_model()) is not None}


def _say(what: str) -> None:
    global _is_over
    if hasattr(mail, "outbox") or make_transport().reaches_others():  # Django's test environment has an outbox
        return
    _is_over = True
    logger.warning(
        "%s: the channel layer is in memory, or there is none. Where processes are several, pip install "
        '"channels-binding[redis]" and set CHANNEL_LAYERS; see %s.',
        what,
        page("howto/broker.md"),
    )
