"""Any exception → BindingError: Django's, DRF's and the database's become errors of ``spec/errors.json``."""

import logging
import re
import secrets
import sqlite3
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core import exceptions as django_exceptions
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404
from rest_framework import exceptions as drf

from channels_binding import exceptions as ours
from channels_binding.exceptions import BindingError
from channels_binding.repeated import Repeated

logger = logging.getLogger("channels_binding")

NON_FIELD = "__all__"


def as_error(exception: BaseException) -> BindingError:
    """``Http404()`` → ``NotFound()``; what nobody foresaw → ``Internal(ref=…)``, with its traceback in the log."""
    error = foreseen(exception)
    return _unforeseen(exception) if error is None else error


def foreseen(exception: BaseException) -> BindingError | None:
    """As ``as_error``, but None for what nobody foresaw."""
    if isinstance(exception, BindingError):
        return exception
    for kind, convert in _CONVERSIONS:
        if isinstance(exception, kind):
            error: BindingError | None = convert(exception)
            return error
    return None


def _unforeseen(exception: BaseException) -> BindingError:
    ref = secrets.token_hex(6)
    logger.error("A call failed (ref %s)%s", ref, _way_out(exception), exc_info=exception)
    return ours.Internal(_in_debug(exception), ref=ref)


def _in_debug(exception: BaseException) -> str | None:
    """While one develops, the answer names what was raised and where to read on; a stranger is told neither."""
    if not settings.DEBUG:
        return None
    return f"{ours.Internal.default_message} It raised {type(exception).__name__}: see the server's log, at this ref."


def _way_out(exception: BaseException) -> str:
    """Of what everybody forgets once: an ``await``, or a migration, by far the likeliest of what the database does not have."""
    if isinstance(exception, django_exceptions.SynchronousOnlyOperation):
        return ". In an async def the ORM is awaited (aget(), acount(), asave(), async for); or make the handler a plain def"
    if isinstance(exception, TypeError | AttributeError) and "'coroutine'" in str(exception):
        return ". An await is missing: what a coroutine function returns is a coroutine until it is awaited"
    cause = exception.__cause__
    lacks = getattr(cause, "sqlstate", None) in ("42P01", "42703") or _NO_SUCH.match(str(cause))
    if not (isinstance(exception, DatabaseError) and lacks):
        return ""
    return ". The database lacks a table or a column: manage.py makemigrations, then manage.py migrate"


_NO_SUCH = re.compile(r"no such (?:table|column)|table \S+ has no column")
"""SQLite's words; PostgreSQL has a code for each."""


def _drf_validation(exception: drf.ValidationError) -> BindingError:
    details = exception.get_full_details()
    return ours.Invalid(fields=_fields(details if isinstance(details, Mapping) else {NON_FIELD: details}))


def _fields(details: Mapping[str, Any]) -> dict[str, Any]:
    """DRF's ``get_full_details()`` with non-field errors under ``__all__``, as Django names them."""
    return {NON_FIELD if name == "non_field_errors" else str(name): _member(value) for name, value in details.items()}


def _member(value: Any) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"message", "code"} and isinstance(value["code"], str):
            return [{"code": str(value["code"]), "message": str(value["message"])}]
        return _fields(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        members = [_member(member) for member in value]
        return [error for member in members for error in (member if isinstance(member, list) else [member])]
    return value


def _django_validation(exception: django_exceptions.ValidationError) -> BindingError:
    return ours.Invalid(fields=django_field_errors(exception))


def django_field_errors(exception: django_exceptions.ValidationError) -> dict[str, Any]:
    """Django's ValidationError → ``{"title": [{"code": "required", "message": "…"}]}``."""
    by_field = exception.error_dict if hasattr(exception, "error_dict") else {NON_FIELD: exception.error_list}
    return {
        name: [{"code": error.code or "invalid", "message": " ".join(error.messages)} for error in errors]
        for name, errors in by_field.items()
    }


def _protected(exception: ProtectedError | RestrictedError) -> BindingError:
    return ours.Conflict("Other rows depend on this one.")


def _api_exception(exception: drf.APIException) -> BindingError:
    """Any APIException of a project's own: its status decides the code."""
    by_status = {kind.status: kind for kind in reversed(ours.all_errors())}
    kind = by_status.get(exception.status_code)
    if kind is None or kind is ours.Internal:
        return _unforeseen(exception)
    return kind(_text(exception.detail))


def _text(detail: Any) -> str:
    """DRF's ``detail`` as a sentence: of simplejwt's ``{"detail": "…", "code": "…", "messages": […]}`` the first."""
    if isinstance(detail, Mapping):
        return _text(detail["detail"]) if "detail" in detail else " ".join(map(_text, detail.values()))
    return " ".join(map(_text, detail)) if isinstance(detail, list | tuple) else str(detail)


def _denied(text: str) -> str:
    """While one develops, where the token is that DRF misses."""
    if not (settings.DEBUG and text.startswith("CSRF Failed")):
        return text
    return f"{text} Send the cookie csrftoken, or what GET hello/ says as csrf, as the header X-CSRFToken."


def _throttled(exception: drf.Throttled) -> BindingError:
    wait = getattr(exception, "wait", None)
    facts = {} if wait is None else {"retry_after": wait}
    return ours.Throttled(_text(exception.detail), **facts)


def _suspicious(exception: django_exceptions.SuspiciousOperation) -> BindingError:
    """As Django answers it, and in the log that Django keeps of these."""
    logging.getLogger(f"django.security.{type(exception).__name__}").error("%s", exception, exc_info=exception)
    return ours.BadRequest()


def _unavailable(exception: BaseException) -> BindingError:
    _no_answer(exception)
    return ours.Unavailable()


_no_answer = Repeated(logger, "The database did not answer: %s")


_NOT_NULL = re.compile(r"NOT NULL constraint failed: (?P<table>.+)\.(?P<column>.+)")
"""SQLite's words; PostgreSQL names table and column beside them."""


def lacking_value(exception: IntegrityError, model: Any) -> BindingError | None:
    """Which field of a model the database lacks a value of; None where it refuses something else."""
    cause: Any = exception.__cause__
    if getattr(cause, "sqlstate", None) == "23502":
        table, column = cause.diag.table_name, cause.diag.column_name
    else:
        match = _NOT_NULL.search(str(cause))
        table, column = (match["table"], match["column"]) if match else (None, None)
    for field in model._meta.concrete_fields:
        if (field.model._meta.db_table, field.column) == (table, column):
            logger.warning("%s has no value for a new row; get_create_values() of the binding can give it", field)
            return ours.Invalid.field(field.name, "required", f"'{field.name}' has no value.")
    return None


def _operational(exception: OperationalError) -> BindingError | None:
    """SQLite has one class for a connection that fails and for a statement that is wrong, as where a table is missing."""
    cause = exception.__cause__
    if getattr(cause, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR:
        return _unavailable(exception)
    said = next((message for words, message in _SQLITE_SAYS.items() if words in str(cause)), None)
    return None if said is None else ours.Invalid(said)


_SQLITE_SAYS = {
    "pattern too complex": "A text is too long to search for.",
    "integer overflow": "A sum is larger than the database can count.",
}
"""What a caller has asked too much of → what is said of it."""


def _overflow(exception: OverflowError) -> BindingError | None:
    """A number of the caller's, on its way to the database, or one that the project's code has made."""
    frames = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(exception.__traceback__)]
    is_ours = not frames or frames[-1].partition(".")[0] in _FRAMEWORKS
    return ours.Invalid("A number does not fit its column.") if is_ours else None


_FRAMEWORKS = {"django", "rest_framework", "django_filters", "psycopg", "sqlite3", "channels_binding"}


_CONVERSIONS: Sequence[tuple[type[BaseException], Any]] = (
    (drf.ValidationError, _drf_validation),
    (drf.NotAuthenticated, lambda error: ours.Unauthenticated(_text(error.detail))),
    (drf.AuthenticationFailed, lambda error: ours.Unauthenticated(_text(error.detail))),
    (drf.PermissionDenied, lambda error: ours.Forbidden(_denied(_text(error.detail)))),
    (drf.NotFound, lambda error: ours.NotFound()),
    (drf.MethodNotAllowed, lambda error: ours.MethodNotAllowed(_text(error.detail))),
    (drf.NotAcceptable, lambda error: ours.NotAcceptable(_text(error.detail))),
    (drf.UnsupportedMediaType, lambda error: ours.UnsupportedMediaType(_text(error.detail))),
    (drf.ParseError, lambda error: ours.BadRequest(_text(error.detail))),
    (drf.Throttled, _throttled),
    (drf.APIException, _api_exception),
    (django_exceptions.ValidationError, _django_validation),
    (django_exceptions.PermissionDenied, lambda error: ours.Forbidden(str(error) or None)),
    (Http404, lambda error: ours.NotFound()),
    (django_exceptions.RequestDataTooBig, lambda error: ours.TooLarge()),
    (django_exceptions.TooManyFieldsSent, lambda error: ours.TooLarge("The form has too many fields.")),
    (django_exceptions.TooManyFilesSent, lambda error: ours.TooLarge("The form has too many files.")),
    (django_exceptions.SuspiciousOperation, _suspicious),
    (django_exceptions.BadRequest, lambda error: ours.BadRequest()),
    (ProtectedError, _protected),
    (RestrictedError, _protected),
    (IntegrityError, lambda error: ours.Conflict()),
    (DataError, lambda error: ours.Invalid("A value does not fit its column.")),
    (OverflowError, _overflow),
    (OperationalError, _operational),
    (InterfaceError, _unavailable),
    (TimeoutError, lambda error: ours.Timeout()),
)
