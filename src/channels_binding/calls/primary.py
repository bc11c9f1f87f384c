"""Which of several databases is to be asked: a replica may lack what live reads were just told of, and what is written to."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_is_live: ContextVar[bool] = ContextVar("channels_binding_is_live", default=False)
_is_writing: ContextVar[bool] = ContextVar("channels_binding_is_writing", default=False)


def needs_primary() -> bool:
    """Whether what is read now decides what live reads show, who may go on reading, or what is written: then a replica is not
    good enough.

    A database router asks it in ``db_for_read``: ``return "default" if needs_primary() else "replica"``. Else a list that is
    read before the replica has the change stays as it was until the next one, and so does a right that is lost; and a row that
    is changed is written as the replica had it.
    """
    return _is_live.get() or _is_writing.get()


def is_live() -> bool:
    """Whether what is asked now is asked for a live read, or to find out who may go on reading."""
    return _is_live.get()


def ask_primary() -> None:
    """From now on ``is_live()``, in this context."""
    _is_live.set(True)


@contextmanager
def asking_primary() -> Iterator[None]:
    """Meanwhile ``is_live()``, in this task or thread and in what it hands to others."""
    with _set(_is_live):
        yield


@contextmanager
def writing() -> Iterator[None]:
    """Around a call that may write: meanwhile ``needs_primary()``, as in ``asking_primary``."""
    with _set(_is_writing):
        yield


@contextmanager
def _set(variable: ContextVar[bool]) -> Iterator[None]:
    token = variable.set(True)
    try:
        yield
    finally:
        variable.reset(token)
