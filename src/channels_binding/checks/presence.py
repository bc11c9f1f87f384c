"""System check of rooms that nobody can enter."""

from collections.abc import Iterator

from django.core.checks import CheckMessage, Error

from channels_binding.bindings.base import BaseBinding
from channels_binding.bindings.presence import RoomMixin


def unattended(cls: type[BaseBinding]) -> Iterator[CheckMessage]:
    """E031: ``presence`` of a stream without rows, or of rows that may not be retrieved."""
    if not cls.presence or issubclass(cls, RoomMixin):
        return
    if cls.find_model() is None:
        why, hint = "but no model", "Set 'model', or derive it from PresenceBinding: its rooms have names."
    elif cls.find_action("retrieve") is None:
        why, hint = "but offers no 'retrieve', which decides who may be there", "Add 'retrieve' to its 'actions'."
    else:
        return
    yield Error(
        f"{cls.__name__} has presence, {why}: nobody can be there.", hint=hint, obj=cls, id="channels_binding.E031"
    )
