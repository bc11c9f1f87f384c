"""Change lists of Django's admin that stay live: ``class OrderAdmin(LiveChangeListMixin, admin.ModelAdmin)``.

The page is told that something of its models has changed, and nothing of it; it asks for its own address once more, and takes
the list out of the answer. Permissions, ``get_queryset()`` and templates of the admin decide what it shows, each time.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from copy import copy
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.db import models
from django.forms import Media
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import path

from channels_binding.calls.sessions import user_of
from channels_binding.conf import get_settings
from channels_binding.live import shutdown
from channels_binding.live.capture.statements import label_of
from channels_binding.live.hub import Hub
from channels_binding.querysets.tables import row_models
from channels_binding.threads import run

SCRIPT = "channels_binding/live_change_list.js"
KEEP_ALIVE_SECONDS = 25.0
RETRY_MILLISECONDS = 3000
"""How long a page waits before it connects again."""


class LiveChangeListMixin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A change list that follows its rows. Needs an ASGI server; under WSGI it is as it ever was."""

    live_models: Sequence[type[models.Model]] = ()
    """Further models whose changes are to be shown, where columns are computed from their rows."""
    live_seconds: float = 1.0
    """Shortest time between two readings of the list by one page."""

    @property
    def media(self) -> Media:
        return super().media + Media(js=[SCRIPT])

    def get_urls(self) -> list[Any]:
        name = "_".join((self.opts.app_label, str(self.opts.model_name), "live"))
        return [path("live/", self.admin_site.admin_view(self.live_view), name=name), *super().get_urls()]

    def live_view(self, request: HttpRequest) -> HttpResponseBase:
        """Server-sent events without contents, to who may see the change list. In a worker thread."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        if not isinstance(request, ASGIRequest):
            return HttpResponse(status=204)  # to an EventSource: do not come again
        if sum(hub.watchers.count(request.user.pk) for hub in Hub.all()) >= get_settings().MAX_CONNECTIONS_PER_USER:
            return HttpResponse(status=429)
        response = StreamingHttpResponse(self._events(request), content_type="text/event-stream")
        response["X-Accel-Buffering"] = "no"  # nginx would collect it
        return response

    def get_live_models(self) -> Iterator[type[models.Model]]:
        """The model, those that columns of ``list_display`` lead to, and ``live_models``."""
        yield self.model
        yield from self.live_models
        for name in self.list_display:
            related = _related(self.model, name) if isinstance(name, str) else None
            if related is not None:
                yield related

    async def _events(self, request: ASGIRequest) -> AsyncIterator[bytes]:
        hub = Hub.current()
        labels = {label_of(part) for model in self.get_live_models() for part in row_models(model)}
        if hub.watchers.count(request.user.pk) >= get_settings().MAX_CONNECTIONS_PER_USER:
            yield b"event: end\ndata: end\n\n"  # others came at the same moment, before any of them was counted
            return
        with hub.watchers.watch(labels, request.user.pk) as watch:
            shutdown.watch_hub(hub)
            yield b"retry: %d\ndata: open\n\n" % RETRY_MILLISECONDS
            read_at = hub.loop.time()
            while not watch.is_over:
                is_told = await _is_set(watch.changed, KEEP_ALIVE_SECONDS)
                watch.changed.clear()
                if not await run(self._may_still_see, request):
                    yield b"event: end\ndata: end\n\n"
                    return
                is_old = hub.loop.time() - read_at > get_settings().AUDIT_SECONDS
                if watch.is_over or not (is_told or is_old):
                    yield b": keep-alive\n\n"
                    continue
                yield b"data: changed\n\n"
                read_at = hub.loop.time()
                await asyncio.sleep(self.live_seconds)

    def _may_still_see(self, request: HttpRequest) -> bool:
        """Asked of the user as stored now: signed in still, in the staff still, allowed still. In a worker thread."""
        again = copy(request)
        session: Any = getattr(request, "session", None)
        if session is not None and session.session_key:
            again.session = type(session)(session.session_key)
            again.user = user_of(again.session)
        else:
            user: Any = request.user  # whom a middleware has found otherwise
            again.user = type(user)._default_manager.filter(pk=user.pk).first() or AnonymousUser()
        return self.admin_site.has_permission(again) and self.has_view_or_change_permission(again)


async def _is_set(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _related(model: type[models.Model], name: str) -> type[models.Model] | None:
    """The model of a column: ``customer`` and ``customer__name`` lead to ``Customer``; None where a column is the row's own."""
    found: Any = None
    for part in name.split("__"):
        try:
            field = (found or model)._meta.get_field(part)
        except FieldDoesNotExist:
            return found  # type: ignore[no-any-return]
        if not field.is_relation or not isinstance(field.related_model, type):
            return found  # type: ignore[no-any-return]
        found = field.related_model
    return found  # type: ignore[no-any-return]
