"""What all views are: a request becomes a Call, and what that answers a response."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from io import SEEK_END
from typing import Any

from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from rest_framework.authentication import SessionAuthentication
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.utils.formatting import dedent as dedent_docstring
from rest_framework.utils.formatting import markup_description
from rest_framework.views import APIView, set_rollback

from channels_binding.bindings.actions import Action
from channels_binding.bindings.base import BaseBinding
from channels_binding.bodies import announced_bytes
from channels_binding.calls.call import Call, Reading
from channels_binding.calls.posted import PostedForm
from channels_binding.calls.requests import django_request
from channels_binding.conf import get_settings
from channels_binding.dispatch.perform import perform
from channels_binding.exception_handler import as_error
from channels_binding.exceptions import BadRequest, BindingError, NotFound, TooLarge, Unauthenticated
from channels_binding.live.handler_messages import BaseHandlerMessages
from channels_binding.protocol import codecs
from channels_binding.registry import registry
from channels_binding.rest import events, headers
from channels_binding.rest.asgi import ThreadedView
from channels_binding.rest.callers import authenticators_of, scope_of
from channels_binding.rest.events import EventStreamRenderer
from channels_binding.rest.http import (
    Encoded,
    WireParser,
    WireRenderer,
    as_page,
    body_data,
    idempotency_key,
    is_json,
    is_known,
    matched_version,
)
from channels_binding.rest.negotiation import RememberingNegotiation
from channels_binding.security.authentication import header_words
from channels_binding.security.refusals import other_word

_NEGOTIATION = RememberingNegotiation()


class HttpMessages(BaseHandlerMessages):
    """Where a handler's messages go over HTTP: the reflected one is the answer, the others reach sockets."""

    def __init__(self, event: str, request: Request) -> None:
        self.event = event
        self.request = request
        self.reflected: Mapping[str, Any] | None = None
        self.successor: Any = None
        """Whom the handler has signed in; AnonymousUser if it has signed the caller out."""

    def admitted(self, stream: str, action: str) -> None:
        """Nothing stays open behind a request."""

    def become(self, user: Any) -> None:
        """Whom a page signs in must be somebody who has seen it: as Django's own login page, this asks for its CSRF token.

        Except of JSON, which a page of another site cannot send, and of who brings a token and no cookie.

        Raises:
            Forbidden: The token is missing, or wrong.
        """
        if self.request.auth is None and not is_json(self.request.content_type):
            SessionAuthentication().enforce_csrf(self.request)
        self.successor = AnonymousUser() if user is None else user

    def reflect(self, event: str, data: Mapping[str, Any]) -> None:
        if event == self.event and self.reflected is None:
            self.reflected = data


class BindingView(APIView):
    """What all views share: authentication, content negotiation, errors in the contract's words."""

    permission_classes = (AllowAny,)  # the binding asks its own, for every action
    parser_classes: Sequence[Any] = (WireParser, MultiPartParser, FormParser)
    throttle_classes: Sequence[Any] = ()
    schema = None
    serves_events = False
    """Whether a GET may stay live, as server-sent events."""
    method_actions: Mapping[str, str] = {}
    """HTTP method → the action behind it."""

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """As DRF's; under ASGI its work is done on the package's threads."""
        return ThreadedView(super().as_view(**initkwargs))

    @classmethod
    def handler_of(cls, method: str | None, stream: str = "", name: str = "", **others: Any) -> Any:
        """The handler of a binding that a request leads to, where it leads to one."""
        try:
            action = registry.get(stream).find_action(cls.action_of(str(method), name))
        except NotFound:
            return None
        return action and action.handler

    @classmethod
    def action_of(cls, method: str, name: str) -> str:
        """``GET`` → ``search``; the empty text where there is none."""
        return cls.method_actions.get("GET" if method == "HEAD" else method, "")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a body by what is announced, before anything else is done for the request."""
        _measure_chunks(django_request(request))
        most = self.most_bytes(request)
        if announced_bytes(request.META.get("CONTENT_LENGTH")) > most:
            raise TooLarge.than(most)
        super().initial(request, *args, **kwargs)

    def most_bytes(self, request: Request) -> int:
        """How large a body may be."""
        settings = get_settings()
        return settings.MAX_FRAME_BYTES if is_json(request.content_type or "") else settings.MAX_BODY_BYTES

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """A browser that asks what a foreign page may (CORS's preflight) does so as nobody, and needs no more than "yes"."""
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return HttpResponse(status=204)
        return super().dispatch(request, *args, **kwargs)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """An answer is its caller's: no proxy may keep it, and a browser asks with its ETag whether it is still so."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if not answer.has_header("Cache-Control"):
            answer["Cache-Control"] = "private, no-cache"
        return answer

    def get_authenticators(self) -> list[Any]:
        return authenticators_of(self.kwargs.get("stream", ""))

    def get_content_negotiator(self) -> Any:
        own: Any = super().get_content_negotiator()
        return _NEGOTIATION if type(own) is DefaultContentNegotiation else own

    def get_renderers(self) -> list[BaseRenderer]:
        """Ours for JSON, DRF's own for whatever else the project has configured (the browsable API)."""
        configured: Any = api_settings.DEFAULT_RENDERER_CLASSES
        others = [cls for cls in configured if cls.format != "json"]
        live = [EventStreamRenderer] if self.offers_events() else []
        return [WireRenderer(), *(cls() for cls in (*others, *live))]

    def offers_events(self) -> bool:
        """Whether what is asked for may stay live, as server-sent events."""
        return self.serves_events and self.request.method == "GET"

    def get_view_name(self) -> str:
        """The browsable API is headed by the stream."""
        return str(self._kwargs.get("stream") or super().get_view_name())

    def get_view_description(self, html: bool = False) -> Any:
        """What the binding's docstring says. Of a stream that is none, nothing."""
        try:
            text = dedent_docstring(registry.get(self._kwargs.get("stream", "")).__doc__ or "")
        except NotFound:
            return ""
        return markup_description(text) if html else text

    @property
    def _kwargs(self) -> Mapping[str, Any]:
        """Of the URL; a view that only stands in the breadcrumbs has none."""
        return getattr(self, "kwargs", {})

    def handle_exception(self, exc: Exception) -> Response:
        set_rollback()  # as DRF does, where the database has ATOMIC_REQUESTS
        error = self._of_another_word(as_error(exc))
        if isinstance(getattr(self.request, "accepted_renderer", None), EventStreamRenderer):
            self.request.accepted_renderer = WireRenderer()
        response = Response(error.to_json(), status=error.status)
        if error.status == 401:
            response["WWW-Authenticate"] = self.get_authenticate_header(self.request) or "Session"
        if "retry_after" in error.facts:
            response["Retry-After"] = str(int(error.facts["retry_after"]) + 1)
        return response

    def _of_another_word(self, error: BindingError) -> BindingError:
        """Who is nobody, and has sent a token under a word that no class takes, is told which to use: ``Bearer``, ``Token``."""
        if not isinstance(error, Unauthenticated):
            return error
        sent = {
            "headers": [(b"authorization", self.request.headers.get("Authorization", "").encode("latin-1", "replace"))]
        }
        words = header_words(sent, map(type, self.get_authenticators()))
        return error if words is None else Unauthenticated(other_word(*words))

    def call(self, action: str, data: dict[str, Any], stream: str | None = None, **members: Any) -> Call:
        """A Call of this request."""
        request = self.request
        stream = self.kwargs["stream"] if stream is None else stream
        return Call(
            stream=stream,
            action=action,
            data=data,
            user=request.user,
            transport="http",
            scope=scope_of(request),
            request=request,
            handler_messages=HttpMessages(f"{stream}.{action}", request),
            key=idempotency_key(request.META.get("HTTP_IDEMPOTENCY_KEY")),
            if_version=matched_version(request.META.get("HTTP_IF_MATCH")),
            shows_rows=True,
            files=request.FILES.dict() if request.META.get("CONTENT_LENGTH") else {},
            **members,
        )

    def answer(self, call: Call) -> Any:
        """What the binding answers, or what its handler has reflected."""
        answer = perform(call)
        handler_messages: Any = call.handler_messages
        self._hand_over(handler_messages.successor)
        return handler_messages.reflected or {} if answer is None else answer

    def _hand_over(self, user: Any) -> None:
        """The handler has signed somebody in or out: only an HTTP answer can set the session's cookie."""
        if user is None:
            return
        if user.is_authenticated:
            auth.login(django_request(self.request), user)
        else:
            auth.logout(django_request(self.request))

    def read(self, action: str, data: dict[str, Any], *, is_page: bool = False) -> HttpResponseBase:
        """A Reading with its version as ETag, 304 for a client that has it; or a stream of events."""
        if isinstance(self.request.accepted_renderer, EventStreamRenderer):
            return events.respond(self.request, self.call(action, data), self.get_authenticators)
        answer = self.answer(self.call(action, data, takes_pages=True))
        answer = as_page(answer) if is_page and isinstance(answer, Reading) else answer
        if isinstance(answer, Response):
            for name, value in headers.of_drfs_page(answer).items():
                answer[name] = value
            return answer
        tag = headers.entity_tag(answer) if isinstance(answer, Reading) else ""
        if tag and is_known(tag, self.request.META.get("HTTP_IF_NONE_MATCH", "")):
            return Response(status=304, headers=headers.of_reading(answer, self.request))
        return self.respond(answer)

    def of_body(self, action: str) -> HttpResponseBase:
        """The answer to an action whose data is the body; of a read that is to stay live, a stream of events."""
        call = self.call(action, self.body())
        if isinstance(self.request.accepted_renderer, EventStreamRenderer):
            return events.respond(self.request, call, self.get_authenticators)
        answer = self.answer(call)
        return self.respond(
            answer if isinstance(answer, Reading) or not self._is_ours() else Encoded(codecs.encode(answer))
        )

    def _is_ours(self) -> bool:
        return isinstance(self.request.accepted_renderer, WireRenderer)

    def _params(self) -> Sequence[str]:
        """Query parameters that the binding declares for its own use."""
        return registry.get(self.kwargs["stream"]).get_query_params()

    @property
    def allowed_methods(self) -> list[str]:
        """What stands in ``Allow``: methods whose action the stream offers."""
        return [method for method in super().allowed_methods if self.offers(method)]

    def offers(self, method: str) -> bool:
        """Whether the stream has the action behind an HTTP method of this view."""
        needed = self.action_of(method, "")
        return not needed or self._action(needed) is not None

    def _action(self, name: str) -> Action | None:
        """The stream's action of that name; None where the stream, or it, is none."""
        return None if self._served is None else self._served.find_action(name)

    @cached_property
    def _served(self) -> type[BaseBinding] | None:
        try:
            return registry.get(self.kwargs.get("stream", ""))
        except NotFound:
            return None

    def respond(self, answer: Any, status: int = 200, **others: str) -> Response:
        """The answer with its headers, and with ``others``."""
        data = answer if self._is_ours() or not isinstance(answer, Reading) else _plain(answer)
        own = headers.of_reading(answer, self.request) if isinstance(answer, Reading) else {}
        response = Response(data, status=status, headers={**own, **others})
        patch_vary_headers(response, ("Cookie",))
        return response

    def body(self, **others: Any) -> dict[str, Any]:
        """The body as plain data, with what the address says beside it."""
        data = body_data(self.request.data, self.request.FILES)
        return data.beside(**others) if isinstance(data, PostedForm) else {**data, **others}

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """What a UI needs to know of the stream (``describe``)."""
        return self.respond(self.answer(self.call("describe", {})))


def _measure_chunks(request: Any) -> None:
    """Say how long a body is that came without a length (in chunks, by HTTP/2): REST framework would take it for an empty one,
    and a write of nothing would succeed.

    Raises:
        BadRequest: Under WSGI, where Django reads none.
    """
    if request.META.get("CONTENT_LENGTH"):
        return
    if isinstance(request, ASGIRequest) and request._stream.seekable():  # its handler has read the body to its end
        stream = request._stream
        begun = stream.tell()
        length = stream.seek(0, SEEK_END)
        stream.seek(begun)
        if length:
            request.META["CONTENT_LENGTH"] = str(length)
    elif "HTTP_TRANSFER_ENCODING" in request.META:
        raise BadRequest("A body needs a Content-Length here.")


def _plain(reading: Reading) -> Any:
    return codecs.parse(reading.data)
