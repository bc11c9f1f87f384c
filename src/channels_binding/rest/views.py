"""The views of a stream: its rows, its aggregate, one row or event, and its form."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django.db.models import CompositePrimaryKey
from django.http import HttpResponseBase
from rest_framework.request import Request

from channels_binding.bindings.actions import Action
from channels_binding.calls.call import Reading
from channels_binding.exceptions import Invalid, MethodNotAllowed, NotFound
from channels_binding.protocol.names import AGGREGATE, PRESENCE, READS
from channels_binding.registry import registry
from channels_binding.rest import headers
from channels_binding.rest.base_view import BindingView
from channels_binding.rest.converters import address_of
from channels_binding.rest.http import (
    aggregate_data,
    ids_asked,
    read_data,
    search_data,
)
from channels_binding.threads import settle

SOCKET_ONLY = ("subscribe", "unsubscribe")


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


class AggregateView(BindingView):
    """``/api/<stream>/aggregate/``: measures by groups; POST takes the same in a body."""

    method_actions = {"GET": AGGREGATE, "POST": AGGREGATE}

    def offers_events(self) -> bool:
        """In a body as in an address."""
        return self.request.method in ("GET", "POST")

    def get(self, request: Request, stream: str) -> HttpResponseBase:
        return self.read(AGGREGATE, aggregate_data(request.query_params, self._params()))

    def post(self, request: Request, stream: str) -> HttpResponseBase:
        return self.of_body(AGGREGATE)


class RowView(BindingView):
    """``/api/<stream>/<id>/``: retrieve, replace, update, delete; and, as POST, the event of that name."""

    serves_events = True
    method_actions = {"GET": "retrieve", "PUT": "replace", "PATCH": "update", "DELETE": "delete"}

    @classmethod
    def action_of(cls, method: str, name: str) -> str:
        return name if method == "POST" else super().action_of(method, name)

    def offers(self, method: str) -> bool:
        """An event's name takes POST alone, unless keys of the model are text and it could be one."""
        if method == "POST":
            return self._named is not None and self._named.name not in SOCKET_ONLY
        return method == "OPTIONS" or (not self._is_event and super().offers(method))

    @cached_property
    def _named(self) -> Action | None:
        """The action of the name that stands where a key does."""
        return self._action(self.kwargs.get("name", ""))

    @cached_property
    def _is_event(self) -> bool:
        """Of what is called by POST, bound or built in; where keys are text, the word may be one."""
        return self._named is not None and not self._is_key(self.kwargs["name"])

    def _is_key(self, name: str) -> bool:
        cls = registry.get(self.kwargs["stream"])
        return cls.find_model() is not None and cls.takes_key(name)

    def offers_events(self) -> bool:
        """A read in a body (``POST …/search/``) stays live as one in an address does."""
        is_read = self.request.method == "POST" and self.kwargs["name"] in (*READS, PRESENCE)
        return is_read or super().offers_events()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method not in ("POST", "OPTIONS") and not self.offers(str(request.method)):
            raise MethodNotAllowed(
                f"{self._named.name!r} is called by POST." if self._named and self._is_event else None
            )

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
        return self.of_body(name)


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


class NowhereView(BindingView):
    """``/api/<stream>/<id>/<event>/``: where routers of others have the actions of a row, there is nothing."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound('Nothing is here. An event is called by POST at <stream>/<event>/, with {"id": …} in its body.')


def _key_of(answer: Any) -> Any:
    """Of a row that was made, whether it is shown or not."""
    if isinstance(answer, Reading):
        return answer.rows[0].pk
    return answer.get("id") if isinstance(answer, Mapping) else None
