"""Django's handler on the package's threads, for the addresses of bindings: every middleware, and one hop a request.

application = ProtocolTypeRouter({"http": serve_bindings(get_asgi_application()), "websocket": …})

Django's own ASGI handler asks each synchronous middleware and each synchronous view on a thread that is started for the
request: some five hops. Here it is the chain that a WSGI server has, from its beginning to its end on one thread of ours.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_started
from django.db import close_old_connections
from django.http import HttpRequest
from django.urls import ResolverMatch, URLPattern, URLResolver, get_resolver, set_script_prefix
from django.urls.resolvers import RoutePattern
from django.utils.translation import get_language

from channels_binding.fair_queue import working_for
from channels_binding.rest.asgi import ThreadedView, asks_for_events, caller_of
from channels_binding.threads import run_coroutine, run_request
from channels_binding.types import Scope

Application = Callable[..., Awaitable[None]]


def serve_bindings(application: Application) -> Application:
    """An ASGI application that answers what bindings answer, and hands everything else on: to ``get_asgi_application()``.

    Below the addresses of bindings that is every request but those for pages and for server-sent events.
    """
    return BindingHandler(application)


class BindingHandler(ASGIHandler):
    """Django's ASGI handler with the synchronous chain of middleware, as in its WSGI handler."""

    def __init__(self, application: Application) -> None:
        super().__init__()
        self._application = application

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        found = _found(scope) if scope["type"] == "http" else None
        if found is None:
            await self._application(scope, receive, send)
        else:
            await self._answer(scope, receive, send, found)

    async def _answer(self, scope: Any, receive: Any, send: Any, found: "Found") -> None:
        """Answer one request. Where the client leaves meanwhile, the work is done to its end and nobody is sent it."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        request: Any
        response: Any
        request, response = self.create_request(scope, body)
        if request is not None:
            request._channels_binding_found = found
            with working_for(caller_of(request)):
                response = await run_request(self._respond, request, scope)
        body.close()
        if response.streaming:
            await run_coroutine(self._stream, response, send)
        else:
            await self.send_response(response, send)

    async def _stream(self, response: Any, send: Any) -> None:
        """What is read on a thread while it is sent is read, as with Django's handler, on one of this response's own."""
        try:
            await self.send_response(response, send)
        finally:
            await sync_to_async(response.close, thread_sensitive=True)()

    def resolve_request(self, request: Any) -> Any:
        """As Django's, which was asked already; once more where a middleware has chosen another path, URLconf or language."""
        found: Found = request._channels_binding_found
        if hasattr(request, "urlconf") or (request.path_info, get_language()) != (found.path, found.language):
            return super().resolve_request(request)
        request.resolver_match = found.match
        return found.match

    def make_view_atomic(self, view: Any) -> Any:
        """Views of bindings are so by themselves (``ThreadedView.atomic``), and no coroutines here."""
        return view.atomic if isinstance(view, ThreadedView) else super().make_view_atomic(view)

    def _respond(self, request: HttpRequest, scope: Scope) -> Any:
        """The response, through all middleware. On one thread, which is done with it when this returns."""
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=ASGIHandler, scope=scope)
        response: Any = self.get_response(request)
        response._handler_class = ASGIHandler  # the sender of request_finished
        if response.streaming:
            close_old_connections()  # as request_finished would; that is sent where the response is read
        else:
            response.close()
        return response


PAGE = "text/html"
"""Of ``Accept``: a page of the browsable API, which is rendered on a thread of Django's."""


class Found(NamedTuple):
    """Where a request leads, and what that was told from."""

    match: ResolverMatch
    path: str
    language: str | None


def _found(scope: Scope) -> Found | None:
    """Where a request leads, if a binding answers it on one thread that waits for no other."""
    path = scope["path"].removeprefix(get_script_prefix(scope).rstrip("/"))
    try:
        resolver = get_resolver()
        match = resolver.resolve(path) if path.startswith(_prefixes(resolver)) else None
    except Exception:  # no such address, or a URLconf that is broken: Django's handler says so
        return None
    is_ours = match is not None and isinstance(match.func, ThreadedView) and _takes_json(scope)
    return Found(match, path, get_language()) if match is not None and is_ours else None


def _takes_json(scope: Scope) -> bool:
    """Whether a request is neither for a page nor for events."""
    accept = b",".join(value for name, value in scope["headers"] if name == b"accept").decode("latin-1")
    return PAGE not in accept and not asks_for_events(accept, scope.get("query_string", b"").decode("latin-1"))


@lru_cache(maxsize=8)
def _prefixes(resolver: URLResolver) -> tuple[str, ...]:
    """What paths of bindings begin with, up to their first variable part: ``("/api/",)``. Only those are resolved twice."""
    return tuple({*_beginnings(resolver.url_patterns, "/")})


def _beginnings(patterns: Iterable[Any], start: str) -> Iterator[str]:
    for each in patterns:
        route = str(each.pattern) if isinstance(each.pattern, RoutePattern) else "<"
        fixed, variable, _ = route.partition("<")
        if isinstance(each, URLPattern):
            found: Iterable[str] = [start + fixed] if isinstance(each.callback, ThreadedView) else []
        else:
            found = _beginnings(each.url_patterns, start + fixed)
        yield from ([start + fixed] if variable and [*found] else found)
