"""DRF's Request for any Call and any question that it raises: one place, so that all who ask see the same caller.

Of a call over HTTP it is the request as it came, restated where the question is another one than its method says. Elsewhere it
is made of the ASGI scope. Who asks, META, session and query parameters are those of the call; ``method``, ``data`` are those
of the question.
"""

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any

from django.http import HttpRequest, QueryDict
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request, clone_request

from channels_binding.calls.call import Call, forgetful
from channels_binding.calls.scopes import HostlessRequest, request_of_scope
from channels_binding.calls.sessions import fresh
from channels_binding.protocol.names import AGGREGATE, AGGREGATE_NAMES, FILTER_PREFIX, READS, RESERVED_NAMES

_BODY = ("_data", "_files", "_full_data")
"""Where DRF's Request keeps the body once it is parsed."""


def request_of(call: Call, method: str) -> Request:
    """DRF's Request for a call, as if it had come with ``method``, so that DRF's classes work unchanged."""
    if call.request is None:
        return _made(call, method)
    asked = call.origin or call
    is_as_it_came = call.origin is None and not call.is_operation and _is_like(call.request.method, method)
    if is_as_it_came and call.request.user is call.user:
        return call.request  # type: ignore[no-any-return]
    query = query_of(asked) if _is_read_in_a_body(asked) else None
    return _restated(call.request, method, call, query)


def django_request(request: Request) -> HttpRequest:
    """Django's request in DRF's: whatever DRF's does not know, it passes on to this one."""
    return request._request


def take_over_body(request: Request, other: Request) -> None:
    """Let a request have the body that another one has read: it can be read once."""
    for name in _BODY:
        setattr(request, name, getattr(other, name))


def is_of(request: Request, call: Call, method: str) -> bool:
    """Whether a request that was made for a call is good for the same question with ``method``."""
    return request.user is call.user and _is_like(request.method, method)


def _is_like(asked: str | None, method: str) -> bool:
    """Whether permissions would answer both methods alike: ``HEAD`` and ``GET``."""
    return asked == method or {asked, method} <= {*SAFE_METHODS}


def _is_read_in_a_body(call: Call) -> bool:
    """Whether a read came otherwise than as a GET: in a batch, or as ``POST /api/app.Order/search/``."""
    return call.action in READS and (call.is_operation or call.request.method not in SAFE_METHODS)


def _restated(request: Request, method: str, call: Call, query: QueryDict | None) -> Request:
    """An HTTP request as if it had come with another method, body, and query string."""
    other = clone_request(request, method)
    if query is not None:
        other._request = copy(request._request)
        other._request.META = {**request.META, "QUERY_STRING": query.urlencode()}
        other._request.GET = query  # type: ignore[assignment]
    other._full_data = other._data = call.data  # type: ignore[attr-defined]
    if other.user is not call.user:
        other.user, other.auth = call.user, forgetful(other.auth)
    return other


def _made(call: Call, method: str) -> Request:
    """A Request that nobody has sent, of the scope of a connection."""
    query = query_of(call.origin or call).urlencode().encode()
    django_request = request_of_scope(call.scope, HostlessRequest, method, query_string=query)
    django_request.user = call.user
    django_request.session = fresh(call.scope.get("session"))
    django_request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
    request = Request(django_request)
    request.user = call.user
    request.auth = forgetful(call.scope.get("auth"))
    request.version = request.versioning_scheme = None
    request._full_data = request._data = call.data  # type: ignore[attr-defined]
    request._files = {}  # type: ignore[attr-defined]
    return request


def query_of(call: Call) -> QueryDict:
    """The query string that the same read would have over HTTP; empty for anything else.

    ``{"page": 2, "filters": {"status": "open"}, "order": "-x"}`` → ``page=2&order=-x&status=open``
    """
    query = QueryDict(mutable=True)
    if call.action in READS:
        data = call.data
        reserved = AGGREGATE_NAMES if call.action == AGGREGATE else RESERVED_NAMES
        for name in reserved:
            if name != "format" and data.get(name) is not None:
                query[name] = ",".join(_texts(data[name]))
        for name, values in _named(data.get("filters")):
            query.setlist(f"{FILTER_PREFIX}{name}" if name in reserved else name, values)
        for name, values in _named(data.get("params")):
            query.setlist(name, values)
    query._mutable = False
    return query


def _named(value: Any) -> Iterable[tuple[str, list[str]]]:
    if isinstance(value, QueryDict):
        yield from value.lists()
    elif isinstance(value, Mapping):
        yield from ((str(name), _texts(each)) for name, each in value.items() if each is not None)


def _texts(value: Any) -> list[str]:
    """``[True, 7]`` → ``["true", "7"]``: values as they stand in a query string."""
    values = value if isinstance(value, (list, tuple)) else [value]
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in values]
