"""A check never raises: what fails while it looks is a finding of its own, and the other checks go on."""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.checks import CheckMessage, Warning


def guarded(check: Callable[..., Iterable[CheckMessage]], *args: Any) -> list[CheckMessage]:
    """What ``check(*args)`` finds; where it raises, W017.

    A FilePathField whose folder is missing → ``Warning("ShelfBinding cannot be checked: FileNotFoundError: … '/shelf'")``. It
    is a warning, so that ``migrate`` and what else runs checks first can put right what is missing.
    """
    obj = args[0] if args else None
    try:
        return [*check(*args)]
    except Exception as error:
        subject = getattr(obj, "__name__", "CHANNELS_BINDING")
        message = f"{subject} cannot be checked: {type(error).__name__}: {error}"
        hint = "Its calls fail in the same way. Correct what it names, or leave the field out ('fields', 'exclude')."
        return [Warning(message, hint=hint, obj=obj, id="channels_binding.W017")]


def without_repetitions(messages: Iterable[CheckMessage]) -> list[CheckMessage]:
    """One of each: several checks fail in the same way."""
    return [*{(each.id, each.msg, each.obj): each for each in messages}.values()]
