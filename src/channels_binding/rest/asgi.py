"""A view that a WSGI handler calls and an ASGI handler awaits; its work is done on the package's own threads.

Django's ASGI handler gives each request a thread that nothing outlives, so each synchronous view would open a database
connection of its own and close it again, whatever ``CONN_MAX_AGE`` says. The package's threads keep theirs.
"""

import asyncio
import contextvars
import functools
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

from asgiref.sync import SyncToAsync, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from channels_binding.exception_handler import as_error
from channels_binding.exceptions import BindingError
from channels_binding.fair_queue import working_for
from channels_binding.protocol import codecs
from channels_binding.rest.http import WireRenderer
from channels_binding.threads import all_atomic, atomic_requests, is_any_atomic, restore_context, run

View = Callable[..., HttpResponseBase]
EVENTS = "event-stream"
"""Of ``Accept: text/event-stream``, and of DRF's ``?format=event-stream``."""


async def _nothing() -> None:
    """What coroutine functions are known by is read off this one."""


_MARKS = vars(markcoroutinefunction(_nothing))


class ThreadedView:
    """A synchronous view. Where a loop is running (Django's asynchronous handler), it is a coroutine function."""

    login_required = False
    """To ``LoginRequiredMiddleware``: the view finds out itself who asks, by a token perhaps, and answers a stranger by 401."""

    def __init__(self, view: View) -> None:
        self._view = view
        functools.update_wrapper(self, view)

    def __getattr__(self, name: str) -> Any:
        if _is_on_a_loop() and name in _MARKS:
            return _MARKS[name]
        if (
            name == "_non_atomic_requests"
        ):  # Django lets no coroutine be ATOMIC_REQUESTS, and knows no handlers: see atomic
            return {*connections}
        raise AttributeError(f"A view has no attribute {name!r}.")

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if _is_on_a_loop():
            return self._awaited(request, *args, **kwargs)
        return self.atomic(request, *args, **kwargs)

    async def _awaited(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with working_for(caller_of(request)):
            if _is_for_djangos_thread(request):
                response = await sync_to_async(self.atomic, thread_sensitive=True)(request, *args, **kwargs)
            else:
                response, context = await run(_with_context, self.atomic, request, *args, **kwargs)
                restore_context(context)  # as Django's handler does: what a view has activated, middleware finds
        if isinstance(getattr(response, "accepted_renderer", None), WireRenderer):
            _render_on_the_loop(response)
        return response

    def atomic(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The view, in a transaction where requests are one (``ATOMIC_REQUESTS``)."""
        if not is_any_atomic():
            return self._view(request, *args, **kwargs)
        handler_of: Callable[..., Any] = getattr(getattr(self._view, "cls", None), "handler_of", _no_handler)
        response = None
        try:
            with all_atomic(atomic_requests(handler_of(request.method, **kwargs))):
                response = self._view(request, *args, **kwargs)
        except Exception as exception:
            if response is None:
                raise
            return _not_committed(as_error(exception))
        return response


def _not_committed(error: BindingError) -> HttpResponse:
    """What is answered where the database refuses the transaction of a request when the view is done: by a deferred constraint,
    which foreign keys are."""
    body = codecs.encode(error.to_json())
    headers = {"Cache-Control": "private, no-cache"}
    return HttpResponse(body, status=error.status, content_type=WireRenderer.media_type, headers=headers)


def _no_handler(method: str | None, **kwargs: Any) -> None:
    """Of a view that stands for no action of a binding."""


def _with_context(view: View, *args: Any, **kwargs: Any) -> tuple[HttpResponseBase, contextvars.Context]:
    """The response, and the context that the view has left."""
    return view(*args, **kwargs), contextvars.copy_context()


def _is_for_djangos_thread(request: HttpRequest) -> bool:
    """A test client's request sees the test's transaction there. One that asks for events waits for work of our threads while
    it is opened, and must hold none of them meanwhile."""
    is_test = SyncToAsync.thread_sensitive_context.get(None) is None
    return is_test or asks_for_events(request.META.get("HTTP_ACCEPT", ""), request.META.get("QUERY_STRING", ""))


async def give_back_connections() -> None:
    """Close the database connections of the thread that Django has given a request which goes on: it serves no other request,
    and a stream of events may be open for hours."""
    if SyncToAsync.thread_sensitive_context.get(None) is not None:
        await sync_to_async(connections.close_all, thread_sensitive=True)()


def asks_for_events(accept: str, query: str) -> bool:
    """Whether a request may be one for server-sent events, in whatever way it says so.

    Args:
        accept: The header ``Accept``.
        query: The query string, as it came: ``format=event%2Dstream``.
    """
    accepted = accept.lower()
    return EVENTS in accepted or "text/*" in accepted or EVENTS in unquote_plus(query)


def caller_of(request: HttpRequest) -> tuple[str, ...]:
    """For whom threads work, as far as that is known before anybody is authenticated: token, session, address."""
    token, session = request.META.get("HTTP_AUTHORIZATION"), request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if token or session:
        return ("token", token) if token else ("session", str(session))
    return ("address", str(request.META.get("REMOTE_ADDR", "")))


def _is_on_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _render_on_the_loop(response: Any) -> None:
    """JSON of an answer that is there already is made faster than a thread is woken."""
    render = response.render

    async def rendered() -> HttpResponseBase:
        response.render = render
        made: HttpResponseBase = render()
        return made

    response.render = rendered
