"""The test project's server, broken on purpose by ``SOAK_SABOTAGE``: what the soak must find."""

import os
import random
from collections.abc import Callable
from typing import Any


def drop_a_push() -> None:
    """One push in five is lost between the hub and the socket."""
    _send_otherwise(lambda frames: [] if random.random() < 0.2 else frames)


def apply_a_diff_twice() -> None:
    """One push in five is sent two times."""
    _send_otherwise(lambda frames: frames * 2 if random.random() < 0.2 else frames)


def widen_an_audience() -> None:
    """A list of one's own rows is evaluated once for all."""
    from tests.project.zoo.bindings.notes import OwnNoteBinding

    OwnNoteBinding.get_audience = lambda self: ("all",)  # type: ignore[method-assign]


def _send_otherwise(change: Callable[[list[bytes]], list[bytes]]) -> None:
    from channels_binding.live.delivery import Delivery, Frames

    send = Delivery.send

    def sending(self: Delivery, frames: Frames) -> None:
        send(self, {subscriber: changed for subscriber, added in frames.items() if (changed := change(added))})

    Delivery.send = sending  # type: ignore[method-assign]


SABOTAGES: dict[str, Callable[[], None]] = {
    "drop": drop_a_push,
    "twice": apply_a_diff_twice,
    "audience": widen_an_audience,
}


def __getattr__(name: str) -> Any:
    """The ASGI application, once a server asks for it."""
    if name != "application":
        raise AttributeError(name)
    from tests.project.asgi import application

    SABOTAGES[os.environ["SOAK_SABOTAGE"]]()
    return application
