"""The views: one for a stream, one for a row, one for a form, one for an event. Each makes a Call and answers it."""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.db.models import CompositePrimaryKey
from django.http import HttpResponse, HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers
from rest_framework.authentication import SessionAuthentication
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.utils.formatting import dedent as dedent_docstring
from rest_framework.utils.formatting import markup_description
from rest_framework.views import APIView, set_rollback

from channels_binding.bindings.access import default_permission_classes
from channels_binding.bindings.actions import Action
from channels_binding.bodies import announced_bytes
from channels_binding.calls.call import Call, Reading
from channels_binding.calls.posted import PostedForm
from channels_binding.calls.requests import django_request, take_over_body
from channels_binding.conf import get_settings
from channels_binding.dispatch import batch as batches
from channels_binding.dispatch.perform import perform
from channels_binding.exception_handler import as_error
from channels_binding.exceptions import Invalid, MethodNotAllowed, NotFound, TooLarge, Unauthenticated
from channels_binding.forms import uploads
from channels_binding.live.handler_messages import BaseHandlerMessages
from channels_binding.protocol import codecs
from channels_binding.registry import registry
from channels_binding.rest import events, headers
from channels_binding.rest.asgi import ThreadedView
from channels_binding.rest.callers import authentication_of, authenticators_of, scope_of
from channels_binding.rest.converters import address_of
from channels_binding.rest.events import EventStreamRenderer
from channels_binding.rest.http import (
    WireParser,
    WireRenderer,
    as_page,
    body_data,
    idempotency_key,
    ids_asked,
    is_json,
    is_known,
    matched_version,
    read_data,
    search_data,
)
from channels_binding.threads import settle

BESIDE_FILE_BYTES = 65_536
"""What a multipart body may hold beside the file that it brings."""
SOCKET_ONLY = ("subscribe", "unsubscribe")


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
        most = self.most_bytes(request)
        if announced_bytes(request.headers.get("Content-Length")) > most:
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
            patch_cache_control(answer, private=True, no_cache=True)
        return answer

    def get_authenticators(self) -> list[Any]:
        return authenticators_of(self.kwargs.get("stream", ""))

    def get_renderers(self) -> list[BaseRenderer]:
        """Ours for JSON, DRF's own for whatever else the project has configured (the browsable API)."""
        configured: Any = api_settings.DEFAULT_RENDERER_CLASSES
        others = [cls for cls in configured if cls.format != "json"]
        live = [EventStreamRenderer] if self.serves_events and self.request.method == "GET" else []
        return [WireRenderer(), *(cls() for cls in (*others, *live))]

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
        error = as_error(exc)
        if isinstance(getattr(self.request, "accepted_renderer", None), EventStreamRenderer):
            self.request.accepted_renderer = WireRenderer()
        response = Response(error.to_json(), status=error.status)
        if error.status == 401:
            response["WWW-Authenticate"] = self.get_authenticate_header(self.request) or "Session"
        if "retry_after" in error.facts:
            response["Retry-After"] = str(int(error.facts["retry_after"]) + 1)
        return response

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
            key=idempotency_key(request.headers.get("Idempotency-Key")),
            if_version=matched_version(request.headers.get("If-Match")),
            shows_rows=True,
            files=request.FILES.dict(),
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
        if tag and is_known(tag, self.request.headers.get("If-None-Match", "")):
            return Response(status=304, headers=headers.of_reading(answer, self.request))
        return self.respond(answer)

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
        return not needed or needed in self._actions()

    def _actions(self) -> Mapping[str, Action]:
        try:
            return registry.get(self.kwargs.get("stream", "")).get_actions()
        except NotFound:
            return {}

    def respond(self, answer: Any, status: int = 200, **others: str) -> Response:
        """The answer with its headers, and with ``others``."""
        is_ours = isinstance(self.request.accepted_renderer, WireRenderer)
        data = answer if is_ours or not isinstance(answer, Reading) else _plain(answer)
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


class StreamView(BindingView):
    """``/api/<stream>/``: search and create; and, of several rows by ``ids``, retrieve, update and delete."""

    serves_events = True
    method_actions = {"GET": "search", "POST": "create", "PATCH": "update", "DELETE": "delete"}

    def offers(self, method: str) -> bool:
        """Several rows can be written where the binding has ``bulk``."""
        return super().offers(method) and (method not in ("PATCH", "DELETE") or self._has_bulk())

    def _has_bulk(self) -> bool:
        return registry.get(self.kwargs["stream"]).bulk is not None  # it offers an action, so it is there

    def get(self, request: Request, stream: str) -> HttpResponseBase:
        ids = self._ids_asked()
        if ids is not None:  # pages, order and filters are refused as what retrieve does not know
            data = {**search_data(request.query_params, params=self._params()), "ids": ids}
            return self.read("retrieve", data, is_page=True)
        data = search_data(request.query_params, self._paginator_names(stream), self._params())
        return self.read("search", {**data, **self._range(data)})

    def _range(self, data: dict[str, Any]) -> dict[str, Any]:
        """Page and limit, where ``Range`` asks for rows of pages of ours."""
        cls = registry.get(self.kwargs["stream"])
        if headers.range_asked(self.request) is None or cls.get_pagination_class() is not None or not cls.find_model():
            return {}
        binding = cls(self.call("search", data))
        return headers.page_of_range(self.request, settle(binding.get_max_page_size()))

    def _ids_asked(self) -> list[str] | None:
        model = registry.get(self.kwargs["stream"]).find_model()
        are_composite = model is not None and isinstance(model._meta.pk, CompositePrimaryKey)
        return ids_asked(self.request.query_params, are_composite=are_composite)

    def _paginator_names(self, stream: str) -> set[str]:
        """Query parameters that belong to the binding's ``pagination_class`` and are no filters."""
        paginator = registry.get(stream).get_pagination_class()
        if paginator is None:
            return set()
        return {parameter["name"] for parameter in paginator().get_schema_operation_parameters(self)}

    def patch(self, request: Request, stream: str) -> HttpResponseBase:
        return self.respond(self.answer(self.call("update", self._several())))

    def delete(self, request: Request, stream: str) -> HttpResponseBase:
        return self.respond(self.answer(self.call("delete", self._several())))

    def _several(self) -> dict[str, Any]:
        if not self.offers(str(self.request.method)):
            raise MethodNotAllowed("The binding of this stream has no 'bulk'.")
        data = self.body()
        ids = self._ids_asked()
        if "ids" not in data and ids is None:
            raise Invalid.field("ids", "required", "'ids' is missing: in the body, or as ?ids=1,2.")
        return data if ids is None else self.body(ids=ids)

    def post(self, request: Request, stream: str) -> HttpResponseBase:
        answer = self.answer(self.call("create", self.body()))
        key = _key_of(answer)
        address = None if key is None else address_of(request.path, key)
        others = {} if address is None else {"Location": request.build_absolute_uri(address)}
        return self.respond(answer, 201, **others)


class RowView(BindingView):
    """``/api/<stream>/<id>/``: retrieve, replace, update, delete; and, as POST, the event of that name."""

    serves_events = True
    method_actions = {"GET": "retrieve", "PUT": "replace", "PATCH": "update", "DELETE": "delete"}

    @classmethod
    def action_of(cls, method: str, name: str) -> str:
        return name if method == "POST" else super().action_of(method, name)

    def offers(self, method: str) -> bool:
        """An event's name takes POST alone, unless keys of the model are text and it could be one."""
        name = self.kwargs.get("name", "")
        action = self._actions().get(name)
        if method == "POST":
            return action is not None and name not in SOCKET_ONLY
        is_event = action is not None and not action.is_builtin and not self._is_key(name)
        return method == "OPTIONS" or (not is_event and super().offers(method))

    def _is_key(self, name: str) -> bool:
        cls = registry.get(self.kwargs["stream"])
        return cls.find_model() is not None and cls.takes_key(name)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method not in ("POST", "OPTIONS") and not self.offers(str(request.method)):
            raise MethodNotAllowed()

    def get(self, request: Request, stream: str, name: str) -> HttpResponseBase:
        return self.read("retrieve", {"id": name, **read_data(request.query_params, self._params())})

    def put(self, request: Request, stream: str, name: str) -> HttpResponseBase:
        return self.respond(self.answer(self.call("replace", self.body(id=name))))

    def patch(self, request: Request, stream: str, name: str) -> HttpResponseBase:
        return self.respond(self.answer(self.call("update", self.body(id=name))))

    def delete(self, request: Request, stream: str, name: str) -> HttpResponseBase:
        return self.respond(self.answer(self.call("delete", {"id": name})))

    def post(self, request: Request, stream: str, name: str) -> HttpResponseBase:
        if name in SOCKET_ONLY:
            raise MethodNotAllowed("Live reads are for sockets, and for GET with Accept: text/event-stream.")
        return self.respond(self.answer(self.call(name, self.body())))


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


class UploadView(BindingView):
    """``/api/upload/``: keeps a file for a socket, and answers with the token that stands for it there."""

    throttle_classes: Sequence[Any] = api_settings.DEFAULT_THROTTLE_CLASSES
    parser_classes = (MultiPartParser,)

    def most_bytes(self, request: Request) -> int:
        return get_settings().MAX_UPLOAD_BYTES + BESIDE_FILE_BYTES

    _ignore_model_permissions = (
        True  # DRF's word for a view without a model, of which DjangoModelPermissions asks nothing
    )

    def get_permissions(self) -> list[Any]:
        """No binding asks its own here."""
        return [cls() for cls in default_permission_classes()]

    def post(self, request: Request) -> HttpResponseBase:
        if not get_settings().ANONYMOUS_CONNECTION_ALLOWED and not request.user.is_authenticated:
            raise Unauthenticated()
        file = request.FILES.get("file")
        if file is None:
            raise Invalid.field("file", "required", "No file was sent.")
        return self.respond(uploads.keep(request.user, file), 201)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204)


class FormView(BindingView):
    """``/api/<stream>/form/`` and ``/api/<stream>/<id>/form/``: the form; POST submits, files included."""

    method_actions = {"GET": "form", "POST": "form"}

    def get(self, request: Request, stream: str, name: str | None = None) -> HttpResponseBase:
        return self.respond(self.answer(self.call("form", self._of(name))))

    def post(self, request: Request, stream: str, name: str | None = None) -> HttpResponseBase:
        answer = self.answer(self.call("form", {**self._of(name), "submit": self.body()}))
        return self.respond(answer, 200 if answer["success"] else 400)

    def _of(self, name: str | None) -> dict[str, Any]:
        return {} if name is None else {"id": name}


def _key_of(answer: Any) -> Any:
    """Of a row that was made, whether it is shown or not."""
    if isinstance(answer, Reading):
        return answer.rows[0].pk
    return answer.get("id") if isinstance(answer, Mapping) else None


def _plain(reading: Reading) -> Any:
    return codecs.parse(reading.data)
