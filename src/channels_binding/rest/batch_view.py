"""``/api/batch/``: several operations in one request, each by whom its own route would find."""

from copy import copy
from typing import Any

from django.http import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from channels_binding.calls.call import Call
from channels_binding.calls.requests import django_request, take_over_body
from channels_binding.conf import get_settings
from channels_binding.dispatch import batch as batches
from channels_binding.rest.base_view import BindingView
from channels_binding.rest.callers import authentication_of, authenticators_of, scope_of


class BatchView(BindingView):
    """``/api/batch/``: several operations in one request."""

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        """Whom Django's middleware has found is kept: DRF writes there whom it finds."""
        self._came_as: Any = getattr(request, "user", None)
        return super().initialize_request(request, *args, **kwargs)

    def post(self, request: Request) -> HttpResponseBase:
        batch = self.call("batch", self.body(), stream="cb")
        answer = batches.run_batch(batch, lambda operation, data: self._operation(batch, operation, data))
        handler_messages: Any = batch.handler_messages
        self._hand_over(handler_messages.successor)
        return self.respond(answer)

    def _operation(self, batch: Call, operation: batches.Operation, data: dict[str, Any]) -> Call:
        call = batch.operation(operation.stream, operation.action, data, batch.handler_messages)
        if authentication_of(operation.stream) is None:
            return call
        request = self._authenticated(operation.stream)
        return call.by(request.user, scope_of(request), request)

    def _authenticated(self, stream: str) -> Any:
        """This request as the route of a stream would take it, whose binding has authentication classes of its own.

        Raises:
            AuthenticationFailed: Its credentials are wrong there.
        """
        came, like = copy(django_request(self.request)), self.request
        came.user = self._came_as
        found: Any = Request(came, like.parsers, authenticators_of(stream), like.negotiator, like.parser_context)
        take_over_body(found, like)
        for name in ("accepted_renderer", "accepted_media_type", "version", "versioning_scheme"):
            setattr(found, name, getattr(like, name))
        return found

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return self.respond({"max_ops": get_settings().MAX_BATCH_OPS})
