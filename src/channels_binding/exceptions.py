"""The one tree of errors. Each class is one code of ``spec/errors.json``; a test holds the two equal.

An error is raised where it happens and caught by the transport only. It carries facts and makes the sentence in ``__str__``.

    BindingError
     ├─ BadRequest, Invalid, Unauthenticated, Forbidden, NotFound, MethodNotAllowed, NotAcceptable, Conflict, Gone,
     │  PreconditionFailed, TooLarge, UnsupportedMediaType, Throttled, LimitExceeded
     └─ Internal, Unavailable, Timeout
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

FieldErrors = Mapping[str, Any]
"""``{"amount": [{"code": "min_value", "message": "…"}]}``; nested serializers nest the same way."""


class BindingError(Exception):
    """An error that a client is sent, in the contract's words (spec/protocol.md §5).

    >>> NotFound().to_json()
    {'code': 'not_found', 'status': 404, 'message': 'Not found.', 'retry': False}
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    retry: ClassVar[bool] = False
    default_message: ClassVar[str] = "Something went wrong on the server."

    def __init__(self, message: str | None = None, *, fields: FieldErrors | None = None, **facts: Any) -> None:
        super().__init__(str(message or self.default_message))  # now: a lazy text would be another language's later
        self.fields = fields
        self.facts = facts
        """Further members of the error object: ``retry_after`` (seconds), ``limit``, ``ref``."""

    @property
    def message(self) -> str:
        return str(self.args[0])

    def to_json(self) -> dict[str, Any]:
        """The ``error`` member of a message, and the body of an HTTP answer."""
        body: dict[str, Any] = {"code": self.code, "status": self.status, "message": self.message}
        if self.fields is not None:
            body["fields"] = self.fields
        return body | {"retry": self.retry} | self.facts


class BadRequest(BindingError):
    """The message is not one: not JSON, not an object, a member of the wrong type."""

    code, status, default_message = "bad_request", 400, "This is not a message."


class Invalid(BindingError):
    """The message is one, but its data does not validate. ``fields`` says where."""

    code, status, default_message = "invalid", 400, "The data is not valid."

    @classmethod
    def field(cls, name: str, code: str, message: str) -> "Invalid":
        """One error at one field: ``Invalid.field("order", "unknown", "…")``."""
        return cls(message, fields={name: [{"code": code, "message": message}]})


class Unauthenticated(BindingError):
    code, status, default_message = "unauthenticated", 401, "Sign in first."


class Forbidden(BindingError):
    code, status, default_message = "forbidden", 403, "You may not do this."


class NotFound(BindingError):
    """No such stream or row, or one that the caller may not know of."""

    code, status, default_message = "not_found", 404, "Not found."


REFUSALS = (Unauthenticated, Forbidden, NotFound)
"""What depends on who asks: the same question of somebody else may be answered."""


class MethodNotAllowed(BindingError):
    code, status, default_message = "method_not_allowed", 405, "This stream has no such action."


class NotAcceptable(BindingError):
    code, status, default_message = "not_acceptable", 406, "None of the accepted media types can be served."


class Conflict(BindingError):
    code, status, default_message = "conflict", 409, "This collides with what is stored."


class Gone(BindingError):
    code, status, default_message = "gone", 410, "This is no longer there."


class PreconditionFailed(BindingError):
    code, status, default_message = "precondition_failed", 412, "The row has changed since you last saw it."


class TooLarge(BindingError):
    code, status, default_message = "too_large", 413, "The message is too large."

    @classmethod
    def than(cls, most: int) -> "TooLarge":
        """A frame, or a body, of more than ``most`` bytes."""
        return cls(f"A message may hold {most} bytes.", limit=most)


class UnsupportedMediaType(BindingError):
    code, status, default_message = "unsupported_media_type", 415, "This media type is not understood."


class Throttled(BindingError):
    code, status, retry, default_message = "throttled", 429, True, "Too many requests; try again later."


class LimitExceeded(BindingError):
    code, status, default_message = "limit_exceeded", 429, "A limit is reached."


class Internal(BindingError):
    """Unforeseen. ``ref`` stands in the server's log beside the traceback, which never leaves."""

    code, status = "internal", 500


class Unavailable(BindingError):
    code, status, retry, default_message = "unavailable", 503, True, "The service is not available; try again."


class Timeout(BindingError):
    code, status, retry, default_message = "timeout", 504, True, "This took too long."


def all_errors() -> Sequence[type[BindingError]]:
    """Every code there is, each once."""
    return BindingError.__subclasses__()


MOST_UNKNOWN = 20
"""So many unknown names are answered with an error each."""


def unknown_names(given: Iterable[str], known: Sequence[str], sentence: str = "Unknown.") -> dict[str, Any]:
    """Errors for the names that are not known, as ``fields`` of ``Invalid``; empty if all are.

    ``{"titel"}`` of ``["id", "title"]`` → ``{"titel": [{"code": "unknown", "message": "Unknown. Possible: id, title."}]}``
    """
    possible = f" Possible: {', '.join(known)}." if known else ""
    error = {"code": "unknown", "message": f"{sentence}{possible}"}
    return {name[:100]: [error] for name in sorted({*given} - {*known})[:MOST_UNKNOWN]}
