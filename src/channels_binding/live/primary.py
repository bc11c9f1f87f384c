"""Which of several databases is to be asked: a replica may lack what live reads were just told of."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_is_needed: ContextVar[bool] = ContextVar("channels_binding_needs_primary", default=False)


def needs_primary() -> bool:
    """Whether what is read now decides what live reads show, or who may go on reading: then a replica is not good enough.

    A database router asks it in ``db_for_read``: ``return "default" if needs_primary() else "replica"``. Else a list that is
    read before the replica has the change stays as it was until the next one, and so does a right that is lost.
    """
    return _is_needed.get()


def ask_primary() -> None:
    """From now on ``needs_primary()``, in this context."""
    _is_needed.set(True)


@contextmanager
def asking_primary() -> Iterator[None]:
    """Meanwhile ``needs_primary()``, in this task or thread and in what it hands to others."""
    token = _is_needed.set(True)
    try:
        yield
    finally:
        _is_needed.reset(token)
