"""What is read again later because it failed: how long to wait, and what those are told who show it meanwhile."""

import time
import traceback
from typing import Any

from channels_binding.exception_handler import as_error, foreseen
from channels_binding.exceptions import BindingError, Internal
from channels_binding.live.queries.store import jitter

RETRY_SECONDS = (0.5, 1.0, 2.0, 5.0)
LOGGED_SECONDS = 60.0
MOST_TOLD = 100
_told: dict[tuple[object, ...], tuple[float, str | None, dict[str, Any]]] = {}
"""Type and frames of what was raised → when the log was told, and message and facts of the answer."""


def delay_seconds(failures: int) -> float:
    """How long to wait after so many failures before this one."""
    return RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)] * jitter()


def passing(exception: BaseException) -> BindingError:
    """The error of something that is tried again by itself: ``{"code": "internal", "retry": true, …}``. It is logged."""
    error = as_error(exception)
    error.facts["retry"] = True
    return error


def for_returning(exception: Exception, have: object) -> Exception:
    """What a read is answered with that fails: a client that shows it already (``have``) keeps it, and asks again."""
    known = foreseen(exception)
    if have is None or not (known is None or isinstance(known, Internal)):
        return exception
    return _logged_once(exception)


def _logged_once(exception: Exception) -> BindingError:
    """Each of many clients asks again and again: the log is told of the same failure once a minute."""
    now, frames = time.monotonic(), traceback.walk_tb(exception.__traceback__)
    where = (type(exception), *((frame.f_code.co_filename, line) for frame, line in frames))
    told_at, message, facts = _told.get(where, (float("-inf"), None, {}))
    if now - told_at > LOGGED_SECONDS:
        error = passing(exception)
        message, facts = error.message, error.facts
        if len(_told) >= MOST_TOLD:
            _told.clear()
        _told[where] = now, message, facts
    return Internal(message, **facts)  # a new one each time: an error keeps the frames of wherever it is raised
